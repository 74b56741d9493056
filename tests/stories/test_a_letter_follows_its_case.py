"""Folders are states: whatever becomes of a case, by a command or by itself, its letters stand where that is seen."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from archive.incoming import Arrival
from archive.records import Errand, Standing
from daemon import clock, turn
from daemon.app import open_app
from daemon.config import load
from daemon.mailbox import accounts
from daemon.mailbox.imap import Session
from tests.answers import TENANT, outlook
from tests.office import Office, letter
from tests.rounds import Rounds, history

WORKS, COMPLAINTS, ACCOUNTS = "R&AOk-clamations/Travaux", "R&AOk-clamations/Autre", "R&AOk-clamations/Comptabilit&AOk-"
FLAG = r"\Flagged"
PLACES = ("INBOX", WORKS, COMPLAINTS, ACCOUNTS, "Demandes", "Clos", "Hors sujet")


def leak(number: int = 1, sender: str = TENANT) -> bytes:
    said = f"Bonjour, il y a une fuite n° {number} sous l'évier de la cuisine depuis hier. Merci d'envoyer un plombier."
    return letter(sender, f"Fuite {number}", said)


def again(office: Office) -> bytes:
    """The tenant writes once more, in the same thread."""
    thread = office.said_to(TENANT)[0]["Message-ID"]
    return letter(TENANT, "Re: Fuite 1", "Bonjour, cela coule encore, merci de revenir.", In_Reply_To=thread)


def where(office: Office, words: bytes) -> str:
    """The one folder in which the letter with these words stands."""
    with office.person() as person:
        there = person.folders()
        (found,) = [
            place for place in PLACES if place in there and any(words in raw for raw in person.letters(place).values())
        ]
    return found


def flags(office: Office, words: bytes) -> set[str]:
    place = where(office, words)
    with office.person() as person:
        return person.flags(place)[uid_of(office, words, place)]


def uid_of(office: Office, words: bytes, place: str) -> int:
    with office.person() as person:
        (uid,) = [uid for uid, raw in person.letters(place).items() if words in raw]
    return uid


def drag(office: Office, words: bytes, source: str, target: str) -> None:
    with office.person() as person:
        person.move([uid_of(office, words, source)], target, source)


def star(office: Office, words: bytes) -> None:
    place = where(office, words)
    with office.person() as person:
        person.mark([uid_of(office, words, place)], FLAG, place)


def steps_by_people(rounds: Rounds, ref: str) -> list[str]:
    return [what for what in history(rounds.case(ref)) if what not in {"commanded", "noted", "received"}]


LEAK = b"Subject: Fuite 1"


def test_a_letter_goes_where_its_case_goes_and_comes_back_with_it(rounds: Rounds) -> None:
    office = rounds.office
    rounds(leak())
    (ref,) = rounds.refs()
    notice = rounds.notice(ref)
    assert where(office, LEAK) == WORKS

    def ordered(text: str) -> str:
        rounds(outlook(notice, text))
        rounds()  # a look at what stands where: our own move is nobody's
        return where(office, LEAK)

    assert ordered("#réclamation comptabilité") == ACCOUNTS
    assert ordered("#urgent") == "INBOX"
    assert flags(office, LEAK) == {FLAG, "urgent"}
    assert ordered("#clos") == "Clos"
    assert flags(office, LEAK) == set()
    rounds(again(office))
    rounds()
    assert where(office, LEAK) == "INBOX", "open again, and urgent"
    assert flags(office, LEAK) == {FLAG, "urgent"}
    assert ordered("Bonjour, le plombier passe ce soir.") == ACCOUNTS
    assert flags(office, LEAK) == set()

    assert steps_by_people(rounds, ref) == [
        "opened",
        "relabelled",
        "urgent",
        "closed",
        "joined",
        "reopened",
        "answered",
    ]
    assert {row.state for row in Errand.select()} == {"done"}
    status = office.json("status")
    assert status["seen"] == status["filed"] + status["duplicates"] + status["quarantined"]


def test_an_overdue_letter_is_marked_until_it_no_longer_is(rounds: Rounds) -> None:
    office = rounds.office
    rounds(leak(1), leak(2, "ewen.legoff@example.org"))
    first, second = (rounds.of(lease)["ref"] for lease in ("L00101", "L00102"))
    star(office, b"Fuite 2")  # somebody's own

    rounds.later(clock.now() + timedelta(hours=80))
    rounds()
    late = [flags(office, words) for words in (b"Subject: Fuite 1", b"Subject: Fuite 2")]
    rounds(
        outlook(rounds.notice(first), "#délai 8 jours la pièce est commandée"),
        outlook(rounds.notice(second), "#tél vu"),
    )

    assert late == [{FLAG, "en_retard"}] * 2
    assert flags(office, b"Subject: Fuite 1") == set(), "there is time again"
    assert flags(office, b"Subject: Fuite 2") == {FLAG}, "answered: what remains is somebody's own star"
    assert where(office, LEAK) == WORKS


def test_the_letters_of_a_case_that_becomes_part_of_another_go_with_it(rounds: Rounds) -> None:
    office = rounds.office
    rounds(leak(1))
    rounds(leak(2))
    one, two = rounds.refs("L00101")
    rounds(outlook(rounds.notice(one), "#réclamation autre"))

    rounds(outlook(rounds.notice(two), f"#fusionner {one}"))
    merged = where(office, b"Subject: Fuite 2")
    rounds(outlook(rounds.notice(one), "#clos"))
    rounds()

    assert merged == COMPLAINTS
    assert {where(office, words) for words in (b"Subject: Fuite 1", b"Subject: Fuite 2")} == {"Clos"}
    assert history(rounds.case(one))[-1] == "closed"


def test_what_people_do_meanwhile_is_theirs(rounds: Rounds) -> None:
    """They move one letter of two, away or to where it belongs: the others follow the case, and theirs stays."""
    office = rounds.office
    rounds(leak())
    (ref,) = rounds.refs()
    rounds(again(office))
    drag(office, LEAK, WORKS, "Demandes")
    rounds()
    rounds()
    assert {where(office, words) for words in (LEAK, b"coule encore")} == {"Demandes"}

    drag(office, b"coule encore", "Demandes", "Clos")
    rounds()
    rounds()
    assert {where(office, words) for words in (LEAK, b"coule encore")} == {"Clos"}

    drag(office, LEAK, "Clos", "INBOX")
    rounds()
    rounds()
    assert [where(office, words) for words in (LEAK, b"coule encore")] == ["INBOX", "Demandes"]
    assert steps_by_people(rounds, ref) == ["opened", "joined", "relabelled", "closed", "reopened"]


def test_a_mailbox_that_is_left_as_it_is_shows_its_stars_only(rounds: Rounds) -> None:
    office = rounds.office
    office.configure(mailbox="move = false\n")
    rounds(leak())
    notice = rounds.notice(rounds.refs()[0])

    rounds(outlook(notice, "#urgent"))
    urgent = where(office, LEAK), flags(office, LEAK)
    rounds(outlook(notice, "#clos"))
    rounds()

    assert urgent == ("INBOX", {FLAG, "urgent"})
    assert (where(office, LEAK), flags(office, LEAK)) == ("INBOX", set())
    assert history(rounds.case(rounds.refs()[0]))[-1] == "closed"


def test_a_mailbox_that_is_only_observed_is_put_right_once_it_is_set_to_act(rounds: Rounds) -> None:
    office = rounds.office
    rounds(leak())
    notice = rounds.notice(rounds.refs()[0])
    office.configure(mailbox='mode = "observe"\n')

    rounds(outlook(notice, "#clos"))
    observed = where(office, LEAK), rounds.case(rounds.refs()[0])["status"]
    office.configure()
    rounds()

    assert observed == (WORKS, "closed")
    assert where(office, LEAK) == "Clos"


@pytest.mark.parametrize("moment", ["before mark", "after mark", "before move", "after move"])
def test_a_death_and_a_change_of_mind_end_where_the_case_stands(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """We die while the letter goes to `Clos`; before the next start somebody has opened the case again."""
    office = rounds.office
    rounds(leak())
    (ref,) = rounds.refs()
    notice = rounds.notice(ref)
    rounds(outlook(notice, "#urgent"))
    when, _, what = moment.partition(" ")

    class Dies(Session):
        def mark(self, *args: Any, **more: Any) -> None:
            self.step("mark", lambda: super(Dies, self).mark(*args, **more))

        def move(self, *args: Any) -> set[int]:
            moved: set[int] = set()
            self.step("move", lambda: moved.update(super(Dies, self).move(*args)))
            return moved

        def step(self, name: str, effect: Callable[[], object]) -> None:
            if (when, name) == ("before", what):
                raise KeyboardInterrupt
            effect()
            if (when, name) == ("after", what):
                raise KeyboardInterrupt

    monkeypatch.setattr(accounts, "Session", Dies)
    with pytest.raises(KeyboardInterrupt):
        rounds(outlook(notice, "#clos"))
    monkeypatch.undo()
    rounds(again(office))
    rounds()

    assert (where(office, LEAK), flags(office, LEAK)) == ("INBOX", {FLAG, "urgent"})
    assert steps_by_people(rounds, ref) == ["opened", "urgent", "closed", "joined", "reopened"]
    assert {row.state for row in Errand.select()} == {"done"}
    assert Standing.select().where(Standing.place == "inbox").count() == 1


def test_a_server_that_is_gone_is_waited_for(rounds: Rounds) -> None:
    office = rounds.office
    rounds(leak())
    notice = rounds.notice(rounds.refs()[0])
    port = office.dovecot.port
    app = open_app(load(office.config))

    raw = outlook(notice, "#clos")
    app.desk.incoming.receive(raw, Arrival("lmtp", clock.now(), clock.now(), lmtp_id="1"))
    office.dovecot.kill()
    assert not turn.run_once(load(office.config))
    office.dovecot.start()
    rounds()
    rounds()

    assert office.dovecot.port == port
    assert where(office, LEAK) == "Clos"
    assert history(rounds.case(rounds.refs()[0]))[-1] == "closed"
