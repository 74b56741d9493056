"""Letters out of a real Dovecot into a real `incoming/`, whatever is cut, renumbered, killed or thrown away meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from peewee import Database

from archive.incoming import Arrival, Incoming
from archive.records import Cursor, Errand, Fact, database
from daemon.config import MailboxConfig
from daemon.errors import Permanent, Temporary
from daemon.mailbox.fetch import LONGEST_PAUSE, Watch, backoff, collect
from daemon.mailbox.imap import Disconnected, Session
from tests.dovecot import SECRET, SUNDAY, Dovecot, dovecot, running, user
from tests.office import until

__all__ = ["dovecot", "user"]

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def letter(number: int) -> bytes:
    lines = (f"From: l{number}@exemple.test", f"Subject: Lettre {number}", f"Message-ID: <{number}@exemple.test>")
    return "\r\n".join((*lines, "", "Bonjour", "")).encode()


@pytest.fixture
def incoming(tmp_path: Path, blank: Database) -> Iterator[Incoming]:
    place = Incoming(tmp_path)
    yield place
    place.close()


def kept(incoming: Incoming) -> dict[int, bytes]:
    """The letters that wait, by their UIDs."""
    opened = (incoming.read(digest) for digest in incoming.waiting())
    return {arrival.uid: raw for raw, arrivals in opened for arrival in arrivals}


def work_through(incoming: Incoming) -> None:
    """As the pipeline does: read what waits, and let it leave."""
    kept(incoming)
    incoming.done(incoming.waiting())


# --- letters in


def test_new_letters_are_kept_with_where_they_stand(dovecot: Dovecot, user: str, incoming: Incoming) -> None:
    config = dovecot.config(user)
    with dovecot.person(user) as person, Session(config, password=SECRET) as session:
        person.put(letter(1), letter(2))

        taken = collect(session, config, incoming, NOW)

        validity = session.status("INBOX").uidvalidity
        opened = [incoming.read(digest) for digest in incoming.waiting()]
        assert taken == 2
        assert dict(opened) == {
            letter(uid): (Arrival("imap", SUNDAY, NOW, "gestion", "INBOX", validity, uid),) for uid in (1, 2)
        }
        assert person.flags() == {1: set(), 2: set()}


def test_what_was_taken_is_not_taken_again(dovecot: Dovecot, user: str, incoming: Incoming) -> None:
    config = dovecot.config(user)
    with dovecot.person(user) as person, Session(config, password=SECRET) as session:
        person.put(letter(1))
        collect(session, config, incoming, NOW)
        work_through(incoming)

        again = collect(session, config, incoming, NOW)
        person.put(letter(2))
        then = collect(session, config, incoming, NOW)

        assert (again, then) == (0, 1)
        assert kept(incoming) == {2: letter(2)}


def test_the_last_fetch_is_remembered_also_when_nothing_came(dovecot: Dovecot, user: str, incoming: Incoming) -> None:
    config = dovecot.config(user)
    with Session(config, password=SECRET) as session:
        collect(session, config, incoming, NOW)

    assert Fact.get_by_id("last_fetch_at").value == NOW.isoformat()


class CutAfterward(Incoming):
    """The process dies when the letters are on the disk and the cursor hasn't moved."""

    def receive_many(self, letters: object) -> list[str]:
        super().receive_many(letters)  # type: ignore[arg-type]
        raise KeyboardInterrupt


def test_a_death_between_the_disk_and_the_cursor_reads_again_and_counts_once(
    dovecot: Dovecot, user: str, tmp_path: Path, blank: Database
) -> None:
    config = dovecot.config(user)
    cut = CutAfterward(tmp_path)
    with dovecot.person(user) as person, Session(config, password=SECRET) as session:
        person.put(letter(1), letter(2))
        with pytest.raises(KeyboardInterrupt):
            collect(session, config, cut, NOW)
        cut.close()
        incoming = Incoming(tmp_path)

        collect(session, config, incoming, NOW + timedelta(minutes=1))

        arrivals = [incoming.read(digest)[1] for digest in incoming.waiting()]
        assert sorted(len(each) for each in arrivals) == [1, 1]
        assert kept(incoming) == {1: letter(1), 2: letter(2)}
        incoming.close()


def test_a_mailbox_that_was_renumbered_is_read_again(
    opened: Database, dovecot: Dovecot, user: str, tmp_path: Path
) -> None:
    config = dovecot.config(user, folders={"inbox": "Arrivee"})
    incoming = Incoming(tmp_path)
    with dovecot.person(user) as person, Session(config, password=SECRET) as session:
        person.make("Arrivee")
        person.put(letter(1), letter(2), folder="Arrivee")
        collect(session, config, incoming, NOW)
        work_through(incoming)
        first = Cursor.get().uidvalidity
        person.remove("Arrivee")
        person.make("Arrivee")
        person.put(letter(2), letter(3), folder="Arrivee")

        taken = collect(session, config, incoming, NOW)

        cursor = Cursor.get()
        assert taken == 2
        assert kept(incoming) == {1: letter(2), 2: letter(3)}
        assert (cursor.last_uid, cursor.uidvalidity != first) == (2, True)
    incoming.close()


def test_a_thousand_letters_come_in_one_pass(dovecot: Dovecot, user: str, incoming: Incoming) -> None:
    config = dovecot.config(user)
    dovecot.deliver(user, (letter(number) for number in range(1, 1001)))
    with Session(config, password=SECRET) as session:
        taken = collect(session, config, incoming, NOW)

    assert taken == 1000
    assert kept(incoming) == {uid: letter(uid) for uid in range(1, 1001)}


class KillsTheServer(Incoming):
    """After three batches the mail server dies."""

    def __init__(self, state: Path, server: Dovecot) -> None:
        super().__init__(state)
        self._server = server
        self._batches = 0

    def receive_many(self, letters: object) -> list[str]:
        digests = super().receive_many(letters)  # type: ignore[arg-type]
        self._batches += 1
        if self._batches == 3:
            self._server.kill()
        return digests


def test_a_server_killed_in_the_middle_loses_nothing(user: str, tmp_path: Path, blank: Database) -> None:
    with running() as server:
        config = server.config(user)
        incoming = KillsTheServer(tmp_path, server)
        server.deliver(user, (letter(number) for number in range(1, 301)))
        with pytest.raises(Disconnected), Session(config, password=SECRET) as session:
            collect(session, config, incoming, NOW)
        middle = len(incoming.waiting())
        server.start()

        with Session(config, password=SECRET) as session:
            collect(session, config, incoming, NOW)

        assert 150 <= middle < 300
        assert kept(incoming) == {uid: letter(uid) for uid in range(1, 301)}
        incoming.close()


def test_a_letter_that_the_server_withholds_is_owed_and_asked_for_again(
    opened: Database, dovecot: Dovecot, user: str, tmp_path: Path
) -> None:
    config = dovecot.config(user)
    incoming = Incoming(tmp_path)
    with dovecot.person(user) as person:
        person.put(letter(1), letter(2), letter(3))
        person.letters()
    [sick] = [path for path in (dovecot.root / "mail" / user).glob("cur/*") if b"Lettre 2" in path.read_bytes()]
    sick.chmod(0)
    with Session(config, password=SECRET) as session:
        taken = [collect(session, config, incoming, NOW), collect(session, config, incoming, NOW + timedelta(hours=1))]
        in_the_dark = kept(incoming)
        sick.chmod(0o644)

        soon = collect(session, config, incoming, NOW + timedelta(hours=1, minutes=5))
        later = collect(session, config, incoming, NOW + timedelta(hours=2))
        afterwards = collect(session, config, incoming, NOW + timedelta(hours=4))

    assert taken == [2, 0]
    assert in_the_dark == {1: letter(1), 3: letter(3)}
    assert (soon, later, afterwards) == (0, 1, 0)
    assert kept(incoming)[2] == letter(2)
    incoming.close()


# --- the watch


def test_the_pauses_grow_and_end_somewhere() -> None:
    assert [backoff(failures, 1.0) for failures in (0, 1, 2, 3)] == [2.0, 4.0, 8.0, 16.0]
    assert backoff(10_000, 1.0) == LONGEST_PAUSE
    assert backoff(5, 0.0) == 0.0


class Watching:
    """A watch in its thread, and what it told."""

    def __init__(self, config: MailboxConfig, incoming: Incoming, connect: Callable[[], Session] | None = None) -> None:
        self.letters = threading.Semaphore(0)
        self.watch = Watch(
            config=config,
            connect=connect or (lambda: Session(config, password=SECRET)),
            incoming=incoming,
            bytes_of=lambda _digest: b"",
            on_letters=self.letters.release,
            stop=threading.Event(),
            wake=threading.Event(),
            dice=lambda: 0.05,
        )
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        self.watch.run()
        database.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.watch.stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def told(self) -> bool:
        return self.letters.acquire(timeout=20)


def test_a_watch_tells_of_letters_as_they_come(dovecot: Dovecot, user: str, incoming: Incoming) -> None:
    config = dovecot.config(user)
    with dovecot.person(user) as person, Watching(config, incoming) as watching:
        person.put(letter(1))
        assert watching.told()

        before = time.monotonic()
        person.put(letter(2))

        assert watching.told()
        assert time.monotonic() - before < 5
        assert kept(incoming) == {1: letter(1), 2: letter(2)}


@pytest.mark.parametrize(("poll", "seconds"), [("2m", 120), ("2h", 28 * 60)])
def test_a_watch_looks_again_at_each_poll_and_renews_its_idle_in_time(
    user: str, incoming: Incoming, dovecot: Dovecot, poll: str, seconds: float
) -> None:
    """RFC 2177: a client that idles for more than 29 minutes may be hung up on."""
    idles: list[float] = []

    class Impatient(Session):
        def idle(self, folder: str, seconds: float, interrupted: Callable[[], bool] = lambda: False) -> bool:
            idles.append(seconds)
            return super().idle(folder, 0, interrupted)

    config = dovecot.config(user, poll=poll)
    with Watching(config, incoming, lambda: Impatient(config, password=SECRET)):
        until(lambda: len(idles) > 2)

    assert set(idles) == {seconds}


def test_a_watch_comes_back_to_a_server_that_was_killed(user: str, incoming: Incoming) -> None:
    with running() as server:
        config = server.config(user)
        with server.person(user) as person:
            person.put(letter(1))
        with Watching(config, incoming) as watching:
            assert watching.told()
            server.kill()
            server.start()
            with server.person(user) as person:
                person.put(letter(2))

            assert watching.told()

        assert kept(incoming) == {1: letter(1), 2: letter(2)}


def test_a_watch_survives_whatever_goes_wrong(dovecot: Dovecot, user: str, incoming: Incoming) -> None:
    config = dovecot.config(user)
    troubles: list[BaseException] = [
        Permanent("the password is wrong"),
        Temporary("later"),
        OSError("no route"),
        RuntimeError("a mistake of ours"),
    ]

    def connect() -> Session:
        if troubles:
            raise troubles.pop(0)
        return Session(config, password=SECRET)

    with dovecot.person(user) as person, Watching(config, incoming, connect) as watching:
        person.put(letter(1))

        assert watching.told()

    assert watching.watch.failures == 0


def test_a_watch_does_errands_when_it_is_woken(dovecot: Dovecot, user: str, incoming: Incoming) -> None:
    config = dovecot.config(user)
    with dovecot.person(user) as person, Watching(config, incoming) as watching:
        person.put(letter(1))
        assert watching.told()
        validity = Cursor.get().uidvalidity
        Errand.create(
            key="shelve/1", kind="move", mailbox="gestion", folder="INBOX", uidvalidity=validity, uid=1,
            target="requests", message="0" * 64, message_id="1@exemple.test",
        )  # fmt: skip

        watching.watch.wake.set()

        deadline = time.monotonic() + 20
        while "Demandes" not in person.folders() or not person.flags("Demandes"):
            assert time.monotonic() < deadline
        assert person.flags() == {}


def test_a_watch_stops_at_once_though_it_waits_for_letters(dovecot: Dovecot, user: str, incoming: Incoming) -> None:
    with dovecot.person(user) as person:
        with Watching(dovecot.config(user), incoming) as watching:
            person.put(letter(1))
            assert watching.told()
            before = time.monotonic()

        assert time.monotonic() - before < 3
