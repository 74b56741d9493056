"""A session with a real Dovecot, and a person at work in the same mailbox."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from daemon.errors import Permanent, Temporary
from daemon.mailbox.imap import Disconnected, Session
from daemon.mailbox.words import BATCH_BYTES, letters_in, uid_set
from tests.dovecot import SECRET, SUNDAY, Dovecot, dovecot, running, user

__all__ = ["dovecot", "user"]

WITHOUT_MOVE = "imap_capability = IMAP4rev1 LITERAL+ IDLE NAMESPACE UIDPLUS"
WITHOUT_UIDPLUS = "imap_capability = IMAP4rev1 LITERAL+ IDLE NAMESPACE"


def letter(number: int, body: str = "Bonjour") -> bytes:
    lines = (f"From: l{number}@exemple.test", f"Subject: Lettre {number}", f"Message-ID: <{number}@exemple.test>")
    return "\r\n".join((*lines, "", body, "")).encode()


def session_of(server: Dovecot, user: str, **changes: object) -> Session:
    return Session(server.config(user, **changes), password=SECRET)


@pytest.fixture(scope="module")
def old_dovecot() -> Iterator[Dovecot]:
    """A server that has UIDPLUS and no MOVE."""
    with running(more=WITHOUT_MOVE) as server:
        yield server


@pytest.fixture(scope="module")
def older_dovecot() -> Iterator[Dovecot]:
    """A server that has neither."""
    with running(more=WITHOUT_UIDPLUS) as server:
        yield server


class Mute:
    """A server that says `lines`, one for each thing it hears, and then nothing more."""

    def __init__(self, *lines: bytes) -> None:
        self._lines = lines
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._listening.accept()
        with client, client.makefile("rb") as heard, suppress(OSError):
            for line in self._lines:
                client.sendall(line)
                if not line.endswith(b"\r\n"):
                    continue
                heard.readline()
            while heard.readline():
                pass

    def close(self) -> None:
        self._thread.join(20)
        self._listening.close()


# --- letters out


def test_a_fetch_gives_the_bytes_and_never_marks_them_read(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        person.put(letter(1), letter(2))

        fetched = [one for batch in session.fetch("INBOX", 0) for one in batch]

        assert [one.raw for one in fetched] == [letter(1), letter(2)]
        assert [one.internal_date for one in fetched] == [SUNDAY, SUNDAY]
        assert person.flags() == {1: set(), 2: set()}


def test_a_fetch_begins_after_a_uid_and_comes_in_batches(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        person.put(*(letter(number) for number in range(1, 8)))

        batches = [[one.uid for one in batch] for batch in session.fetch("INBOX", 2, batch=2)]

        assert batches == [[3, 4], [5, 6], [7]]
        assert list(session.fetch("INBOX", 7)) == []


def test_a_large_letter_comes_alone(dovecot: Dovecot, user: str) -> None:
    large = letter(2, ("x" * 70 + "\r\n") * (BATCH_BYTES // 72))
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        person.put(letter(1), large, letter(3))

        batches = [[one.uid for one in batch] for batch in session.fetch("INBOX", 0)]

        assert batches == [[1], [2], [3]]


def test_a_letter_that_vanishes_during_a_fetch_is_left_out(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        person.put(*(letter(number) for number in range(1, 5)))
        batches = session.fetch("INBOX", 0, batch=2)
        next(batches)

        person.throw_away([3])

        assert [one.raw for one in next(batches)] == [letter(4)]


def test_a_letter_that_the_server_can_not_read_holds_up_no_other(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person:
        person.put(letter(1), letter(2), letter(3))
        person.letters()
        [sick] = [path for path in (dovecot.root / "mail" / user).glob("cur/*") if b"Lettre 2" in path.read_bytes()]
        sick.chmod(0)

        with session_of(dovecot, user) as session:
            fetched = {one.uid: one.raw for batch in session.fetch("INBOX", 0) for one in batch}

        assert fetched == {1: letter(1), 2: None, 3: letter(3)}


def test_a_folder_that_was_renumbered_since_its_status_is_not_fetched(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        person.put(letter(1))
        status = session.status("INBOX")

        with pytest.raises(Temporary, match="renumbered"):
            list(session.fetch("INBOX", 0, uidvalidity=status.uidvalidity + 1))


def test_the_status_tells_the_next_uid(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        before = session.status("INBOX")
        person.put(letter(1))

        after = session.status("INBOX")

        assert (before.uidnext, after.uidnext) == (1, 2)
        assert before.uidvalidity == after.uidvalidity > 0


# --- letters put away


@pytest.mark.parametrize("server", ["dovecot", "old_dovecot", "older_dovecot"])
def test_a_move_expunges_nothing_that_a_person_marked_deleted(
    request: pytest.FixtureRequest, server: str, user: str
) -> None:
    running_server: Dovecot = request.getfixturevalue(server)
    with running_server.person(user) as person, session_of(running_server, user) as session:
        person.put(letter(1), letter(2), letter(3))
        person.mark([1], r"\Deleted")
        session.ensure_folder("Demandes")

        moved = session.move("INBOX", [2], "Demandes")

        assert moved == {2}
        assert {1, 3} <= person.flags().keys()
        assert list(person.letters("Demandes").values()) == [letter(2)]
        assert r"\Seen" not in person.flags("Demandes")[1]


def test_without_uidplus_a_moved_letter_is_only_marked(older_dovecot: Dovecot, user: str) -> None:
    with older_dovecot.person(user) as person, session_of(older_dovecot, user) as session:
        person.put(letter(1))
        session.ensure_folder("Demandes")

        session.move("INBOX", [1], "Demandes")

        assert person.flags() == {1: {r"\Deleted"}}


def test_with_uidplus_a_moved_letter_is_gone(old_dovecot: Dovecot, user: str) -> None:
    with old_dovecot.person(user) as person, session_of(old_dovecot, user) as session:
        person.put(letter(1), letter(2))
        session.ensure_folder("Demandes")

        session.move("INBOX", [1], "Demandes")

        assert person.flags() == {2: set()}


def test_a_move_tells_which_letters_had_left_before(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        person.put(letter(1), letter(2), letter(3))
        person.throw_away([2])
        session.ensure_folder("Demandes")

        assert session.move("INBOX", [1, 2, 3], "Demandes") == {1, 3}
        assert session.move("INBOX", [1, 2, 3], "Demandes") == set()


def test_a_flag_is_a_star_and_nothing_else(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        person.put(letter(1), letter(2), letter(3))
        person.mark([3], r"\Deleted")

        session.mark("INBOX", [1], ["\\Flagged"])

        assert person.flags() == {1: {r"\Flagged"}, 2: set(), 3: {r"\Deleted"}}


def test_a_copy_is_appended_as_read_and_found_by_its_message_id(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        session.append("Sent", letter(12), SUNDAY)
        session.append("Sent", letter(112), SUNDAY, seen=False)

        assert session.find("Sent", "12@exemple.test") == [1]  # and not 112@exemple.test, which contains it
        assert session.find("Sent", "2@exemple.test") == []
        assert session.find("Sent", "") == []
        assert person.flags("Sent") == {1: {r"\Seen"}, 2: set()}


@pytest.mark.parametrize("message_id", ['a"b@exemple.test', "a\\b@exemple.test", "été@exemple.test", "nobrackets"])
def test_odd_message_ids_are_found_too(dovecot: Dovecot, user: str, message_id: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        written = message_id if message_id == "nobrackets" else f"<{message_id}>"
        person.put(f"From: a@exemple.test\r\nMessage-ID: {written}\r\n\r\nBonjour\r\n".encode())

        assert session.find("INBOX", message_id) == [1]


# --- folders


def test_a_folder_is_made_with_accents_and_levels_and_shown_to_people(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        person.put(letter(1))

        session.ensure_folder("Réclamations/Comptabilité & été")
        session.ensure_folder("Réclamations/Comptabilité & été")
        moved = session.move("INBOX", [1], "Réclamations/Comptabilité & été")

        name = "R&AOk-clamations/Comptabilit&AOk- &- &AOk-t&AOk-"
        assert moved == {1}
        assert name in person.folders() & person.subscribed()
        assert list(person.letters(name)) == [1]


def test_a_server_with_another_separator_and_a_prefix_gets_its_own_names(user: str) -> None:
    with (
        running(separator=".", prefix="INBOX.") as server,
        server.person(user) as person,
        session_of(server, user) as session,
    ):
        session.ensure_folder("Réclamations/Travaux")

        assert "INBOX.R&AOk-clamations.Travaux" in person.folders()
        assert session.status("INBOX").uidnext == 1


def test_a_folder_that_somebody_else_makes_meanwhile_is_as_good(dovecot: Dovecot, user: str) -> None:
    with session_of(dovecot, user) as first, session_of(dovecot, user) as second:
        first.ensure_folder("Demandes")

        second.ensure_folder("Demandes")

        assert second.status("Demandes").uidnext == 1


def test_a_folder_that_is_missing_is_refused_with_the_servers_words(dovecot: Dovecot, user: str) -> None:
    with session_of(dovecot, user) as session, pytest.raises(Permanent, match=r"Absent.*doesn't exist"):
        session.status("Absent")


# --- waiting


def test_idle_tells_of_a_new_letter_at_once(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        deliver = threading.Timer(0.3, person.put, [letter(1)])
        deliver.start()
        before = time.monotonic()

        told = session.idle("INBOX", 15)

        deliver.join()
        assert told
        assert time.monotonic() - before < 5


def test_a_letter_that_came_between_the_last_look_and_idle_is_told(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, session_of(dovecot, user) as session:
        session.status("INBOX")
        person.put(letter(1))

        assert session.idle("INBOX", 15)


class Eager(Mute):
    """Tells of a new letter in the same packet that begins the IDLE."""

    def _serve(self) -> None:
        answers = {
            b"EXAMINE": b"* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 5] x\r\n",
            b"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n",
        }
        client, _ = self._listening.accept()
        with client, client.makefile("rb") as heard, suppress(OSError):
            client.sendall(b"* OK ready\r\n")
            while line := heard.readline():
                tag, command, *_ = line.split()
                if command == b"IDLE":
                    client.sendall(b"+ idling\r\n* 5 EXISTS\r\n")
                    heard.readline()
                client.sendall(answers.get(command, b"") + tag + b" OK done\r\n")


def test_a_letter_told_in_the_packet_that_begins_idle_is_heard(dovecot: Dovecot, user: str) -> None:
    eager = Eager()
    before = time.monotonic()
    with Session(dovecot.config(user, port=eager.port), password=SECRET) as session:
        told = session.idle("INBOX", 15)

    eager.close()
    assert told
    assert time.monotonic() - before < 5


def test_idle_ends_when_its_time_is_over_or_somebody_interrupts(dovecot: Dovecot, user: str) -> None:
    with session_of(dovecot, user) as session:
        assert not session.idle("INBOX", 0.3)
        assert not session.idle("INBOX", 600, interrupted=lambda: True)
        assert session.status("INBOX").uidnext == 1


def test_a_server_without_idle_is_waited_for(user: str) -> None:
    with running(more="imap_capability = IMAP4rev1") as server, session_of(server, user) as session:
        before = time.monotonic()

        assert not session.idle("INBOX", 0.2)

        assert time.monotonic() - before >= 0.2


def test_a_server_that_dies_during_idle_is_noticed(user: str) -> None:
    with running() as server, session_of(server, user) as session:
        killer = threading.Timer(0.3, server.kill)
        killer.start()

        with pytest.raises(Disconnected):
            session.idle("INBOX", 20)

        killer.join()


# --- the connection


def test_a_wrong_password_is_told_in_the_servers_words_and_not_in_ours(dovecot: Dovecot, user: str) -> None:
    with pytest.raises(Permanent, match=r"gestion on 127\.0\.0\.1.*login.*AUTHENTICATIONFAILED") as refused:
        Session(dovecot.config(user), password="false-secret").__enter__()

    assert "false-secret" not in str(refused.value)


def test_a_password_with_accents_is_taken(user: str) -> None:
    with running(password="sécret") as server, Session(server.config(user), password="sécret") as session:
        assert session.status("INBOX").uidnext == 1


def test_a_server_that_is_not_there_is_a_lost_connection(user: str, dovecot: Dovecot) -> None:
    config = dovecot.config(user, port=1)

    with pytest.raises(Disconnected, match="Connection refused"):
        Session(config, password=SECRET).__enter__()


@pytest.mark.parametrize(
    "lines",
    [(), (b"* OK ready\r\n",), (b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1\r\n"), (b"* OK re",)],
    ids=["never greets", "greets only", "answers half", "half a greeting"],
)
def test_a_server_that_falls_silent_is_given_up_in_time(dovecot: Dovecot, user: str, lines: tuple[bytes, ...]) -> None:
    mute = Mute(*lines)
    before = time.monotonic()

    with pytest.raises(Disconnected, match="no answer within"):
        Session(dovecot.config(user, port=mute.port, timeout="1s"), password=SECRET).__enter__()

    mute.close()
    assert time.monotonic() - before < 5


class Dripping(Mute):
    """Sends a byte now and then, for ever: each read succeeds, and no answer comes."""

    def _serve(self) -> None:
        client, _ = self._listening.accept()
        with client, client.makefile("rb") as heard, suppress(OSError):
            client.sendall(b"* OK ready\r\n")
            heard.readline()
            while True:
                client.sendall(b"*")
                time.sleep(0.05)


def test_a_server_that_drips_is_cut_at_the_deadline(dovecot: Dovecot, user: str) -> None:
    dripping = Dripping()
    before = time.monotonic()

    with pytest.raises(Disconnected, match="no answer within 1 s"):
        Session(dovecot.config(user, port=dripping.port, timeout="1s"), password=SECRET).__enter__()

    dripping.close()
    assert time.monotonic() - before < 5


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that nobody has signed, its key beside it."""
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    return folder / "cert.pem"


@pytest.fixture(scope="module")
def tls_dovecot(certificate: Path) -> Iterator[Dovecot]:
    files = f"ssl_cert = <{certificate}\nssl_key = <{certificate.with_name('key.pem')}"
    with running(more=f"ssl = yes\n{files}") as server:
        yield server


def test_a_certificate_that_nobody_signed_is_refused(tls_dovecot: Dovecot, user: str) -> None:
    config = tls_dovecot.config(user, host="localhost", security="starttls")

    with pytest.raises(Disconnected, match="CERTIFICATE_VERIFY_FAILED"):
        Session(config, password=SECRET).__enter__()


def test_a_certificate_that_is_trusted_is_taken(tls_dovecot: Dovecot, certificate: Path, user: str) -> None:
    config = tls_dovecot.config(user, host="localhost", security="starttls")
    trust = ssl.create_default_context(cafile=str(certificate))

    with tls_dovecot.person(user) as person, Session(config, password=SECRET, trust=trust) as session:
        person.put(letter(1))

        assert [one.raw for batch in session.fetch("INBOX", 0) for one in batch] == [letter(1)]
        assert not session.idle("INBOX", 0.2)


# --- pure


def test_uids_are_written_as_ranges() -> None:
    assert uid_set([7, 3, 4, 5, 9, 10]) == "3:5,7,9:10"


def test_a_line_about_other_peoples_flags_is_no_letter() -> None:
    answer = [
        b"4 (UID 9 FLAGS (\\Seen))",
        (b'1 (UID 5 INTERNALDATE " 1-Nov-2026 10:00:00 +0100" BODY[] {3}', b"abc"),
        b")",
        (b"2 (BODY[] {3}", b"def"),
        b" UID 6 FLAGS (\\Recent))",
        None,
    ]

    found = {one.uid: (one.raw, one.internal_date and one.internal_date.isoformat()) for one in letters_in(answer)}

    assert found == {5: (b"abc", "2026-11-01T09:00:00+00:00"), 6: (b"def", None)}
