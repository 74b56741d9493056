"""What a look at a mailbox concludes from what a second client did there, on a real Dovecot, in this process."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from peewee import PeeweeException

from archive import database, events, index
from archive.database import DatabaseTrouble
from archive.pli import filed
from archive.records import Case, Correction, Cursor, Errand, Event, Message, Outgoing, Sighting, Standing, Step, values
from archive.records import database as proxy
from archive.sidecar import decode
from daemon import clock, desk, pipeline
from daemon.app import App, open_app
from daemon.cases import casebook
from daemon.config import MailboxConfig, load
from daemon.mailbox import moves
from daemon.mailbox.errands import run_errands
from daemon.mailbox.fetch import collect
from daemon.mailbox.imap import Fetched, Session
from rules.letter import Label
from tests.dovecot import SECRET, Dovecot
from tests.office import CONFIG, letter
from tests.plis import verify

WORKS, COMPLAINTS, DEPARTURES = "R&AOk-clamations/Travaux", "R&AOk-clamations/Autre", "D&AOk-parts"


class Room:
    """One mailbox, the daemon's parts on it, and a person beside."""

    def __init__(self, folder: Path, dovecot: Dovecot, user: str) -> None:
        self.folder, self._port, self.user = folder, dovecot.port, user
        (folder / "imap-password").write_text(SECRET)
        self.app = self.opened()
        self.person = dovecot.person(user)
        self.session = Session(self.box, password=SECRET).__enter__()

    def opened(self, more: str = "") -> App:
        path = self.folder / "a.toml"
        path.write_text(CONFIG.format(imap_port=self._port, smtp_port=1, user=self.user, mailbox="", more=more))
        return open_app(load(path))

    @property
    def box(self) -> MailboxConfig:
        return self.app.config.mailbox[0]

    def take_in(self) -> None:
        """Letters in and recorded; nothing is moved yet."""
        collect(self.session, self.box, self.app.desk.incoming, clock.now())
        pipeline.work(self.app.desk)

    def shelve(self) -> None:
        run_errands(self.session, self.box, self.app.bytes_of, clock.now())

    def look(self) -> int:
        return self.app.look(self.box, self.session)

    def leak(self, number: int = 1) -> Case:
        """A letter that was taken in, moved to its folder by us, and seen there."""
        self.look()
        self.person.put(letter(subject=f"Fuite {number}", text=f"Il y a une fuite n° {number} sous l'évier, merci."))
        self.take_in()
        self.shelve()
        self.look()
        return Case.select().order_by(Case.ref.desc()).get()

    def drag(self, source: str, target: str) -> None:
        self.person.move(self.person.letters(source), target, source)

    def close(self) -> None:
        self.session.__exit__(None, None, None)
        self.person.__exit__(None, None, None)
        self.app.desk.incoming.close()
        proxy.obj.close()


@pytest.fixture
def room(tmp_path: Path, dovecot: Dovecot, user: str) -> Iterator[Room]:
    opened = Room(tmp_path, dovecot, user)
    yield opened
    opened.close()


def again(case: Case) -> Case:
    return Case.get_by_id(case.ref)


def history() -> list[str]:
    return [step.what for step in Step.select().order_by(Step.id)]


# --- what counts


def test_our_own_moves_are_seen_and_mean_nothing(room: Room) -> None:
    case = room.leak()

    changed = room.look()

    assert (changed, history()) == (0, ["opened"])
    assert again(case).label == "reclamation/travaux"
    standing = Standing.get()
    assert (standing.place, standing.uid) == ("works", 1)
    assert Sighting.select().count() == 0


def test_a_move_of_ours_that_waits_lets_a_person_s_move_wait(room: Room) -> None:
    room.look()
    room.person.put(letter())
    room.take_in()
    room.drag("INBOX", DEPARTURES)  # faster than our own errand

    waiting = room.look()
    room.shelve()
    done = room.look()

    assert (waiting, done) == (0, 1)
    assert Case.get().label == "depart"
    assert Errand.get().error == "no longer there: moved or removed by a person"
    assert len(room.person.letters(DEPARTURES)) == 1


def test_a_letter_that_a_person_moves_before_it_is_recorded_is_understood_afterwards(room: Room) -> None:
    room.look()
    room.person.put(letter())
    collect(room.session, room.box, room.app.desk.incoming, clock.now())
    room.drag("INBOX", DEPARTURES)

    room.look()
    pipeline.work(room.app.desk)
    room.shelve()
    room.look()

    assert Case.get().label == "depart"


def test_a_copy_counts_only_when_the_letter_leaves_its_folder(room: Room) -> None:
    case = room.leak()
    room.person.copy(room.person.letters(WORKS), "Demandes", WORKS)

    beside = room.look()
    room.person.mark(room.person.letters(WORKS), r"\Deleted", WORKS)  # as programs without MOVE do
    alone = room.look()

    assert (beside, alone) == (0, 1)
    assert again(case).label == "demande"


def test_a_letter_that_goes_on_to_a_third_folder_changes_its_case_once(room: Room) -> None:
    case = room.leak()
    room.drag(WORKS, "Demandes")
    room.drag("Demandes", DEPARTURES)

    room.look()

    assert again(case).label == "depart"
    assert history() == ["opened", "relabelled"]


def test_two_letters_with_one_message_id_are_told_apart_by_their_bytes(room: Room) -> None:
    room.look()
    room.person.put(
        letter(
            "a@example.org",
            "Fuite",
            "Il y a une fuite sous l'évier, merci d'envoyer un plombier.",
            Message_ID="<1@x.example>",
        ),
        letter(
            "b@example.org",
            "Chauffage",
            "Mon radiateur est en panne, merci d'envoyer un technicien.",
            Message_ID="<1@x.example>",
        ),
    )
    room.take_in()
    room.shelve()
    room.look()
    second = max(room.person.letters(WORKS))

    room.person.move([second], "Demandes", WORKS)
    room.look()
    stays = {case.sender: case.label for case in Case.select()}
    room.drag(WORKS, DEPARTURES)
    room.look()

    assert stays == {"a@example.org": "reclamation/travaux", "b@example.org": "reclamation/travaux"}, (
        "one of that name is still there: it can't be told yet"
    )
    assert {case.sender: case.label for case in Case.select()} == {
        "a@example.org": "depart",
        "b@example.org": "demande",
    }


def test_a_letter_without_a_message_id_is_known_by_its_bytes(room: Room) -> None:
    room.look()
    raw = letter().replace(b"Message-ID:", b"X-Nothing:")
    room.person.put(raw)
    room.take_in()
    room.shelve()
    room.look()

    room.drag(WORKS, "Demandes")
    room.look()

    assert Case.get().label == "demande"


def test_a_letter_of_somebody_else_s_in_a_label_folder_is_nobody_s_case(room: Room) -> None:
    room.look()
    room.person.put(letter("elsewhere@example.org", "Privé", "Une lettre d'une autre boîte."), folder="Demandes")

    room.look()

    assert [table.select().count() for table in (Case, Event, Sighting)] == [0, 0, 0]


def test_a_follow_up_moves_its_case_and_teaches_nothing(room: Room) -> None:
    case = room.leak()
    room.person.put(letter(subject=f"précision [{case.ref}]", text="Voici une précision : cela vient du siphon."))
    room.take_in()
    room.shelve()
    room.look()
    second = max(room.person.letters(WORKS))

    room.person.move([second], "Demandes", WORKS)
    room.look()

    assert again(case).label == "demande"
    assert Correction.select().count() == 0


def test_what_nobody_was_sure_of_is_sorted_by_a_person(room: Room) -> None:
    case = room.leak()
    Case.update(to_sort=True).execute()
    room.drag(WORKS, "INBOX")
    room.take_in()
    room.look()

    room.drag("INBOX", WORKS)
    room.look()

    assert again(case).to_sort is False
    assert (Correction.get().was, Correction.get().label) == ("reclamation/travaux", "reclamation/travaux")


def test_off_topic_wants_no_answer_and_back_again_it_does(room: Room) -> None:
    case = room.leak()

    room.drag(WORKS, "Hors sujet")
    room.look()
    aside = again(case)
    room.drag("Hors sujet", "Demandes")
    room.look()

    assert (aside.label, aside.status) == ("hors-sujet", "closed")
    assert (again(case).label, again(case).status) == ("demande", "open")


def test_an_answered_case_put_back_in_the_inbox_gets_a_new_clock(room: Room) -> None:
    case = room.leak()
    with desk.holding_tree(room.app.desk):
        events.record(room.app.desk.tree, events.answer(case.ref, clock.now(), "G1"), clock.now(), "person")
    assert again(case).status == "answered"

    room.drag(WORKS, "INBOX")
    room.take_in()
    room.look()

    assert (again(case).status, again(case).answered_at) == ("open", None)
    assert again(case).due_at - clock.now() > timedelta(hours=71)


# --- folders that people and servers change


def test_after_the_server_renumbers_a_folder_nothing_in_it_counts(room: Room) -> None:
    case = room.leak()
    room.drag(WORKS, "Clos")
    raw = room.person.letters("Clos")
    room.person.letters("INBOX")  # leave the folder before it goes
    room.person.remove("Clos")  # a copy is restored: same name, other numbers
    room.person.make("Clos")
    room.person.put(*raw.values(), folder="Clos")

    room.look()
    room.look()

    assert again(case).status == "open"
    assert Sighting.select().count() == 0


def test_a_renumbered_inbox_opens_nothing_again(room: Room) -> None:
    case = room.leak()
    room.drag(WORKS, "Clos")
    room.look()
    Cursor.update(uidvalidity=1, last_uid=0).where(Cursor.folder == "INBOX").execute()
    room.drag("Clos", "INBOX")  # it stands there when everything is read again

    room.take_in()
    room.look()

    assert again(case).status == "closed"


def test_a_removed_folder_is_made_again_for_our_own_moves(room: Room) -> None:
    room.leak(1)
    room.person.remove(WORKS)
    room.person.put(letter(subject="Fuite 2", text="Il y a une fuite n° 2 sous l'évier, merci."))
    room.take_in()

    room.shelve()
    room.look()

    assert len(room.person.letters(WORKS)) == 1
    assert {errand.state for errand in Errand.select()} == {"done"}


# --- too many


def test_twenty_at_once_are_done_and_one_more_holds_them_all(room: Room) -> None:
    room.look()
    leaks = [letter(subject=f"Fuite {n}", text=f"Il y a une fuite n° {n} sous l'évier, merci.") for n in range(41)]
    room.person.put(*leaks)
    room.take_in()
    room.shelve()
    room.look()
    uids = sorted(room.person.letters(WORKS))

    room.person.move(uids[:20], "Demandes", WORKS)
    first = room.look()
    Event.update(at=clock.now() - timedelta(minutes=5)).execute()
    room.person.move(uids[20:], "Demandes", WORKS)
    second = room.look()

    assert (first, second) == (20, 0)
    assert len(moves.held()) == 21
    told = Outgoing.select().where(Outgoing.template == "notice_moves")
    assert [row.recipient for row in told] == ["direction@aubrelac.test"]


def test_held_moves_that_people_take_back_are_forgotten(room: Room) -> None:
    room.look()
    leaks = [letter(subject=f"Fuite {n}", text=f"Il y a une fuite n° {n} sous l'évier, merci.") for n in range(21)]
    room.person.put(*leaks)
    room.take_in()
    room.shelve()
    room.look()
    room.drag(WORKS, "Clos")
    room.look()

    room.drag("Clos", WORKS)
    room.look()

    assert moves.held() == []
    assert moves.confirm() == 0
    assert {case.status for case in Case.select()} == {"open"}


# --- deaths


def test_a_death_after_seeing_concludes_at_the_next_look(room: Room) -> None:
    case = room.leak()
    room.drag(WORKS, "Demandes")
    moves._Watch(room.session, room.box, room.app.desk).see()  # and then the power goes

    room.app.desk.incoming.close()
    room.app = room.opened()
    pipeline.resume(room.app.desk)
    room.look()

    assert again(case).label == "demande"


@pytest.mark.parametrize("restarted", [True, False], ids=["death", "failed commit"])
def test_a_move_recorded_in_the_tree_alone_is_rolled_forward_and_done_once(room: Room, *, restarted: bool) -> None:
    case = room.leak()
    room.drag(WORKS, "Demandes")
    proxy.execute_sql("CREATE TRIGGER broken BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises((PeeweeException, DatabaseTrouble)):
        room.look()
    assert again(case).label == "reclamation/travaux"
    proxy.execute_sql("DROP TRIGGER broken")

    if restarted:
        room.app.desk.incoming.close()
        room.app = room.opened()
        pipeline.resume(room.app.desk)
    room.look()
    room.look()

    assert again(case).label == "demande"
    assert history() == ["opened", "relabelled"]
    assert (Event.select().count(), Correction.select().count(), Sighting.select().count()) == (1, 1, 0)
    assert len(list(room.app.config.storage.archive.rglob("*.e*.json"))) == 1
    assert verify(room.app.config.storage.archive)[0] == 0


# --- the tree alone


def test_the_tree_alone_restores_what_happened_to_every_case(room: Room) -> None:
    case = room.leak(1)
    room.leak(2)
    room.drag(WORKS, "Demandes")
    room.look()
    casebook.relabel(room.app.desk, str(case.ref), Label.ACCOUNTS, "G1")
    casebook.close(room.app.desk, str(case.ref), "G1")
    casebook.reopen(room.app.desk, str(case.ref), "G1")
    casebook.unlearn(room.app.desk, str(Correction.select().order_by(Correction.key).get().key), "cli")
    before = told()
    tree = room.app.config.storage.archive

    proxy.obj.close()
    database.open_database(f"sqlite:///{room.folder}/rebuilt.db")
    plis = []
    for path in sorted(tree.rglob("*.json")):
        where = path.relative_to(tree)
        plis.append(filed(decode(path.read_bytes()), where.parts[:-2], str(where)))
    with database.writing():
        for one in [*events.in_order(plis), *plis]:  # each twice
            if events.is_event(one):
                events.apply(one)
            elif one.record["direction"] == "in":
                index.index_letter(one.record, clock.now())
                index.place(one)

    assert told() == before
    assert len(before["events"]) == 6
    assert verify(tree)[0] == 0


def told() -> dict[str, list[dict[str, object]]]:
    left_out = {"id", "traits"}
    tables = {"cases": Case, "steps": Step, "events": Event, "corrections": Correction, "places": Standing}
    return {
        name: sorted(({k: v for k, v in values(row).items() if k not in left_out} for row in table.select()), key=str)
        for name, table in tables.items()
    }


# --- Sent


def test_what_is_sent_by_people_is_handed_over_once_and_again_after_a_failure(room: Room) -> None:
    handed: list[list[int]] = []
    failures = count()

    def on_sent(box: MailboxConfig, folder: str, uidvalidity: int, batch: Sequence[Fetched]) -> None:
        if next(failures) == 0:
            raise OSError("no room")
        handed.append([one.uid for one in batch])

    if "Sent" not in room.person.folders():
        room.person.make("Sent")
    room.person.put(letter(subject="hier"), folder="Sent")
    room.app.on_sent = on_sent
    room.look()  # first contact: what stands there is old
    room.person.put(letter(subject="Re: Fuite"), folder="Sent")

    with pytest.raises(OSError, match="no room"):
        room.look()
    room.look()
    room.look()

    assert handed == [[2]], "by its UID, once"


def test_without_anybody_to_read_it_what_is_sent_waits(room: Room) -> None:
    room.app.on_sent = None
    room.person.make("Sent")
    room.look()
    room.person.put(letter(subject="Re: Fuite"), folder="Sent")
    room.look()
    handed: list[int] = []

    room.app.on_sent = lambda _box, _folder, _validity, batch: handed.extend(one.uid for one in batch)
    room.look()

    assert handed == [1]


# --- clocks


def test_the_clock_of_a_relabelled_case_counts_from_its_receipt(room: Room) -> None:
    case = room.leak()

    casebook.relabel(room.app.desk, str(case.ref), Label.REQUEST, "G1")
    request = again(case).due_at - case.received_at
    casebook.relabel(room.app.desk, str(case.ref), Label.DEPARTURE, "G1")
    departure = again(case).due_at - case.received_at

    assert isinstance(case.received_at, datetime)
    assert (request.total_seconds() < 0) is False
    assert departure - request == timedelta(hours=24)
    assert Message.get(Message.direction == "in").case_id == case.ref


# --- more than one mailbox


def test_each_mailbox_is_watched_for_itself(room: Room, dovecot: Dovecot) -> None:
    other = f"other-{room.user}"
    room.app.desk.incoming.close()
    room.app = room.opened(more=SECOND.format(port=dovecot.port, user=other))
    second = room.app.config.mailbox[1]
    room.look()
    with Session(second, password=SECRET) as session, dovecot.person(other) as person:
        room.app.look(second, session)
        room.person.put(letter())
        person.put(letter())
        for box, opened in ((room.box, room.session), (second, session)):
            collect(opened, box, room.app.desk.incoming, clock.now())
            pipeline.work(room.app.desk)
            run_errands(opened, box, room.app.bytes_of, clock.now())
            room.app.look(box, opened)

        person.move(person.letters(WORKS), "Demandes", WORKS)
        changed = (room.look(), room.app.look(second, session))

    assert changed == (0, 1)
    assert [case.label for case in Case.select()] == ["demande"]
    assert {row.mailbox: row.place for row in Standing.select()} == {"gestion": "works", "second": "requests"}


SECOND = """
[[mailbox]]
name = "second"
address = "second@aubrelac.test"
host = "127.0.0.1"
port = {port}
security = "none"
user = "{user}"
password_file = "imap-password"
"""
