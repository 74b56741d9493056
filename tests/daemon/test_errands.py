"""Errands in a real mailbox, repeated, interrupted and refused; and the person who works in the same mailbox."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.records import Errand
from daemon.mailbox.errands import LOST, MOST_REFUSALS, STAYS, run_errands
from daemon.mailbox.imap import Disconnected, Session
from daemon.mailbox.tidying import GONE
from tests.dovecot import SECRET, Dovecot, Person, dovecot, running, user

__all__ = ["dovecot", "user"]

pytestmark = pytest.mark.usefixtures("blank")
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
WORKS = "R&AOk-clamations/Travaux"


def letter(number: int, message_id: str | None = None) -> bytes:
    written = message_id or f"{number}@exemple.test"
    return f"From: l{number}@exemple.test\r\nMessage-ID: <{written}>\r\n\r\nLettre {number}\r\n".encode()


@pytest.fixture(scope="module")
def old_dovecot() -> Iterator[Dovecot]:
    """A server that has UIDPLUS and no MOVE."""
    with running(more="imap_capability = IMAP4rev1 LITERAL+ IDLE NAMESPACE UIDPLUS") as server:
        yield server


@pytest.fixture
def person(dovecot: Dovecot, user: str) -> Iterator[Person]:
    with dovecot.person(user) as client:
        yield client


@pytest.fixture
def session(dovecot: Dovecot, user: str) -> Iterator[Session]:
    with Session(dovecot.config(user), password=SECRET) as opened:
        yield opened


def errand(session: Session, uid: int, **changes: Any) -> str:
    """A row as the pipeline writes it: a move to the folder of works."""
    said = {
        "key": f"shelve/{uid:04}", "kind": "move", "mailbox": "gestion", "folder": "INBOX", "uid": uid,
        "uidvalidity": session.status("INBOX").uidvalidity, "target": "works", "message": f"{uid:064}",
        "message_id": f"{uid}@exemple.test",
    }  # fmt: skip
    return str(Errand.create(**said | changes).key)


def states() -> dict[int, tuple[str, str]]:
    return {row.uid: (row.state, row.error) for row in Errand.select()}


def no_bytes(digest: str) -> bytes:
    raise KeyError(digest)


def test_letters_go_to_the_folder_of_their_label_unread(
    dovecot: Dovecot, user: str, person: Person, session: Session
) -> None:
    person.put(letter(1), letter(2), letter(3))
    errand(session, 1)
    errand(session, 3, flagged=True)

    done = run_errands(session, dovecot.config(user), no_bytes, NOW)

    assert done == 2
    assert person.flags() == {2: set()}
    assert sorted(person.flags(WORKS).values(), key=len) == [set(), {r"\Flagged", "urgent"}]
    assert states() == {1: ("done", ""), 3: ("done", "")}


def test_an_urgent_letter_is_flagged_where_it_stands(
    dovecot: Dovecot, user: str, person: Person, session: Session
) -> None:
    person.put(letter(1), letter(2))
    errand(session, 2, kind="flag", target="inbox", flagged=True)

    run_errands(session, dovecot.config(user), no_bytes, NOW)

    assert person.flags() == {1: set(), 2: {r"\Flagged", "urgent"}}
    assert states() == {2: ("done", "")}


def test_five_hundred_letters_are_moved_in_one_pass(
    dovecot: Dovecot, user: str, person: Person, session: Session
) -> None:
    dovecot.deliver(user, (letter(number) for number in range(1, 501)))
    for uid in range(1, 501):
        errand(session, uid)

    assert run_errands(session, dovecot.config(user), no_bytes, NOW) == 500
    assert person.flags() == {}
    assert len(person.flags(WORKS)) == 500


def test_a_letter_that_a_person_has_moved_is_left_to_that_person(
    dovecot: Dovecot, user: str, person: Person, session: Session
) -> None:
    person.put(letter(1), letter(2))
    errand(session, 1)
    errand(session, 2)
    person.throw_away([1])

    run_errands(session, dovecot.config(user), no_bytes, NOW)

    assert states() == {1: ("done", GONE), 2: ("done", "")}
    assert list(person.letters(WORKS).values()) == [letter(2)]


def test_after_a_renumbering_a_letter_is_found_by_its_message_id(
    dovecot: Dovecot, user: str, person: Person, session: Session
) -> None:
    person.put(letter(7), letter(8))
    old = session.status("INBOX").uidvalidity - 1
    errand(session, 8, uidvalidity=old)
    errand(session, 9, uidvalidity=old)

    run_errands(session, dovecot.config(user), no_bytes, NOW)

    assert states() == {8: ("done", ""), 9: ("done", LOST)}
    assert list(person.letters().values()) == [letter(7)]
    assert list(person.letters(WORKS).values()) == [letter(8)]


def test_two_copies_of_a_letter_are_both_moved_after_a_renumbering(
    dovecot: Dovecot, user: str, person: Person, session: Session
) -> None:
    person.put(letter(1), letter(1))
    old = session.status("INBOX").uidvalidity - 1
    errand(session, 1, uidvalidity=old)
    errand(session, 2, uidvalidity=old, message_id="1@exemple.test")

    run_errands(session, dovecot.config(user), no_bytes, NOW)

    assert person.flags() == {}
    assert len(person.flags(WORKS)) == 2


def test_a_copy_of_our_answer_is_put_beside_once(dovecot: Dovecot, user: str, person: Person, session: Session) -> None:
    errand(session, 1, kind="append", target="acknowledgements", folder="")

    def bytes_of(_digest: str) -> bytes:
        return letter(1)

    first = run_errands(session, dovecot.config(user), bytes_of, NOW)
    Errand.update(state="doing").execute()  # the process died before it could note that it was done
    again = run_errands(session, dovecot.config(user), bytes_of, NOW)

    assert (first, again) == (1, 1)
    assert list(person.letters("Accus&AOk-s").values()) == [letter(1)]
    assert person.flags("Accus&AOk-s") == {1: {r"\Seen"}}


def test_an_errand_that_fails_holds_up_no_other_and_is_given_up_in_the_end(
    dovecot: Dovecot, user: str, person: Person, session: Session
) -> None:
    person.put(letter(1), letter(2))
    errand(session, 1, target="nowhere")
    errand(session, 2)
    errand(session, 3, kind="append", target="sent")  # its bytes are not to be had

    run_errands(session, dovecot.config(user), no_bytes, NOW)
    after_one = states()
    for _ in range(MOST_REFUSALS - 1):
        run_errands(session, dovecot.config(user), no_bytes, NOW)

    assert after_one[1] == ("waiting", "'nowhere' is no folder of [mailbox.folders]")
    assert after_one[2] == ("done", "")
    assert {uid: state for uid, (state, _) in states().items()} == {1: "failed", 2: "done", 3: "failed"}


def test_a_mailbox_that_is_only_observed_is_not_touched(
    dovecot: Dovecot, user: str, person: Person, session: Session
) -> None:
    person.put(letter(1))
    errand(session, 1, flagged=True)

    assert run_errands(session, dovecot.config(user, mode="observe"), no_bytes, NOW) == 0
    assert person.flags() == {1: set()}
    assert states() == {1: ("waiting", "")}


def test_a_mailbox_that_is_not_sorted_keeps_its_letters_and_gets_its_stars(
    dovecot: Dovecot, user: str, person: Person, session: Session
) -> None:
    person.put(letter(1))
    errand(session, 1, flagged=True)

    run_errands(session, dovecot.config(user, move=False), no_bytes, NOW)

    assert person.flags() == {1: {r"\Flagged", "urgent"}}
    assert states() == {1: ("done", STAYS)}


def test_another_mailboxes_errands_are_not_ours(dovecot: Dovecot, user: str, person: Person, session: Session) -> None:
    person.put(letter(1))
    errand(session, 1, mailbox="compta")

    assert run_errands(session, dovecot.config(user), no_bytes, NOW) == 0
    assert person.flags() == {1: set()}


# --- deaths


class Dies(Session):
    """A session in which the process dies, before or after one of the effects on the server."""

    moment = ""

    def mark(self, folder: str, uids: Collection[int], flags: Collection[str], *, on: bool = True) -> None:
        self._step("flag", lambda: super(Dies, self).mark(folder, uids, flags, on=on))

    def ensure_folder(self, folder: str) -> None:
        self._step("folder", lambda: super(Dies, self).ensure_folder(folder))

    def move(self, folder: str, uids: Collection[int], target: str) -> set[int]:
        moved: set[int] = set()
        self._step("move", lambda: moved.update(super(Dies, self).move(folder, uids, target)))
        return moved

    def _put_off(self, uids: set[int]) -> None:
        self._step("removal", lambda: super(Dies, self)._put_off(uids))

    def _step(self, name: str, effect: Any) -> None:
        if self.moment == f"before {name}":
            raise KeyboardInterrupt
        effect()
        if self.moment == f"after {name}":
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    "moment", [f"{when} {name}" for name in ("flag", "folder", "move", "removal") for when in ("before", "after")]
)
@pytest.mark.parametrize("kind", ["dovecot", "old_dovecot"])
def test_a_death_at_any_moment_ends_in_the_same_mailbox(
    request: pytest.FixtureRequest, kind: str, moment: str, user: str
) -> None:
    server: Dovecot = request.getfixturevalue(kind)
    config = server.config(user)
    with server.person(user) as person:
        person.put(letter(1), letter(2), letter(3))
        person.mark([3], r"\Deleted")
        dying = Dies(config, password=SECRET)
        dying.moment = moment
        with dying:
            errand(dying, 1, flagged=True)
            errand(dying, 2, flagged=True)
            try:
                run_errands(dying, config, no_bytes, NOW)
            except KeyboardInterrupt:
                assert "done" not in {state for state, _ in states().values()}

        with Session(config, password=SECRET) as session:
            run_errands(session, config, no_bytes, NOW)

        assert {state for state, _ in states().values()} == {"done"}
        assert person.flags() == {3: {r"\Deleted"}}
        assert sorted(person.letters(WORKS).values()) == [letter(1), letter(2)]
        assert set(map(frozenset, person.flags(WORKS).values())) == {frozenset({r"\Flagged", "urgent"})}


def test_a_lost_connection_ends_the_pass_and_the_next_one_does_the_rest(user: str) -> None:
    with running() as server:
        config = server.config(user)
        with server.person(user) as person, Session(config, password=SECRET) as session:
            person.put(letter(1))
            errand(session, 1)
            server.kill()

            with pytest.raises(Disconnected):
                run_errands(session, config, no_bytes, NOW)
        server.start()

        with server.person(user) as person, Session(config, password=SECRET) as session:
            run_errands(session, config, no_bytes, NOW)

            assert states() == {1: ("done", "")}
            assert len(person.flags(WORKS)) == 1
