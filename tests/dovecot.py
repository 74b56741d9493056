"""A real Dovecot as a child process, and a second client beside ours: the person who works in the same mailbox.

Every user exists, with the password `secret`. Without Dovecot these tests fail and say how to install it: a mailbox that
nobody tested isn't a mailbox that works.
"""

import grp
import imaplib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from daemon.config import MailboxConfig

CONF = Path(__file__).parent / "data" / "dovecot.conf"
SECRET = "secret"
SUNDAY = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dovecot:
    """`more` is added to the configuration; `separator` and `prefix` are those of its namespace."""

    def __init__(
        self, root: Path, *, separator: str = "/", prefix: str = "", password: str = SECRET, more: str = ""
    ) -> None:
        self.root = root
        self.port = free_port()
        self._conf = root / "dovecot.conf"
        self._process: subprocess.Popen[bytes] | None = None
        user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
        values = {"ROOT": str(root), "PORT": str(self.port), "USER": user, "GROUP": group}
        values |= {"SEPARATOR": separator, "PREFIX": prefix, "PASSWORD": password, "MORE": more}
        self._conf.write_text(re.sub(r"@(\w+)@", lambda found: values[found[1]], CONF.read_text()))
        for name in ("run", "mail"):
            (root / name).mkdir()
        self._owner = (user, group)
        shutil.chown(root / "mail", *self._owner)

    def start(self) -> None:
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            pytest.fail("Dovecot is needed: apt-get install dovecot-imapd (Debian, Ubuntu)", pytrace=False)
        self._process = subprocess.Popen([program, "-F", "-c", str(self._conf)], start_new_session=True)
        deadline = time.monotonic() + 20
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Dovecot doesn't start:\n{(self.root / 'log').read_text()}", pytrace=False)
            time.sleep(0.02)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
            return probe.recv(4) == b"* OK"
        return False

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut does: every process of it at once, and every connection with them."""
        self._end(signal.SIGKILL)

    def _end(self, sign: signal.Signals) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, sign)
        self._process.wait(timeout=20)
        self._process = None

    def config(self, user: str, **changes: object) -> MailboxConfig:
        """What our configuration says of a user's mailbox."""
        said = {
            "name": "gestion",
            "address": f"{user}@agence.test",
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "user": user,
            "timeout": "10s",
        }
        return MailboxConfig.model_validate(said | changes)

    def deliver(self, user: str, letters: Iterable[bytes]) -> None:
        """Put many letters in an inbox at once, in this order, as a local delivery agent does (Maildir)."""
        box = self.root / "mail" / user
        for folder in (box, *(box / name for name in ("cur", "new", "tmp"))):
            folder.mkdir(exist_ok=True)
            shutil.chown(folder, *self._owner)
        for number, raw in enumerate(letters):
            path = box / "new" / f"1795334400.M{number:06}P1.localhost"
            path.write_bytes(raw)
            shutil.chown(path, *self._owner)

    def person(self, user: str) -> "Person":
        return Person(self.port, user)


class Person:
    """Somebody with a mail client, on plain imaplib: nothing of ours is between the test and the server."""

    def __init__(self, port: int, user: str) -> None:
        self._client = imaplib.IMAP4("127.0.0.1", port, timeout=20)
        self._client.login(user, SECRET)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(imaplib.IMAP4.error, OSError):
            self._client.logout()
        with suppress(OSError):
            self._client.shutdown()

    def put(self, *letters: bytes, folder: str = "INBOX", flags: str = "", date: datetime = SUNDAY) -> None:
        """Deliver letters, in this order."""
        for raw in letters:
            status, said = self._client.append(folder, flags, date, raw)
            assert status == "OK", said

    def make(self, folder: str) -> None:
        assert self._client.create(folder)[0] == "OK"

    def remove(self, folder: str) -> None:
        assert self._client.delete(folder)[0] == "OK"

    def rename(self, folder: str, name: str) -> None:
        assert self._client.rename(folder, name)[0] == "OK"

    def folders(self) -> set[str]:
        """Those that hold letters, as the server writes them (modified UTF-7)."""
        return _names(self._client.list()[1])

    def subscribed(self) -> set[str]:
        return _names(self._client.lsub()[1])

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        """The flags of each letter by UID; `\\Recent`, which is nobody's, left out."""
        self._open(folder)
        _, lines = self._client.uid("FETCH", "1:*", "(FLAGS)")
        found = (re.search(rb"UID (\d+) FLAGS \(([^)]*)\)", line) for line in lines if isinstance(line, bytes))
        return {int(each[1]): set(each[2].decode().split()) - {"\\Recent"} for each in found if each}

    def letters(self, folder: str = "INBOX") -> dict[int, bytes]:
        self._open(folder)
        _, lines = self._client.uid("FETCH", "1:*", "(BODY.PEEK[])")
        found = ((re.search(rb"UID (\d+)", line[0]), line[1]) for line in lines if isinstance(line, tuple))
        return {int(uid[1]): raw for uid, raw in found if uid}

    def mark(self, uids: Iterable[int], flag: str, folder: str = "INBOX") -> None:
        self._open(folder)
        assert self._client.uid("STORE", ",".join(map(str, uids)), "+FLAGS", f"({flag})")[0] == "OK"

    def move(self, uids: Iterable[int], target: str, folder: str = "INBOX") -> None:
        """As mail clients do; folder names as the server writes them."""
        self._open(folder)
        assert self._client.uid("MOVE", ",".join(map(str, uids)), f'"{target}"')[0] == "OK"

    def copy(self, uids: Iterable[int], target: str, folder: str = "INBOX") -> None:
        self._open(folder)
        assert self._client.uid("COPY", ",".join(map(str, uids)), f'"{target}"')[0] == "OK"

    def throw_away(self, uids: Iterable[int], folder: str = "INBOX") -> None:
        self.mark(uids, r"\Deleted", folder)
        self._client.expunge()

    def _open(self, folder: str) -> None:
        status, said = self._client.select(f'"{folder}"')
        assert status == "OK", said


def _names(lines: list[Any]) -> set[str]:
    found = (re.search(r'("[^"]*"|\S+)$', line.decode()) for line in lines if isinstance(line, bytes))
    return {name[1].strip('"') for name in found if name}


@contextmanager
def running(**settings: str) -> Iterator[Dovecot]:
    """A Dovecot of one's own. Its folder is one that an unprivileged user may walk through, as pytest's isn't."""
    with tempfile.TemporaryDirectory(prefix="vaguemestre-dovecot-") as root:
        Path(root).chmod(0o755)
        server = Dovecot(Path(root), **settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """One server for all; each test takes a user of its own."""
    with running() as server:
        yield server


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """A mailbox that no other test has seen."""
    return re.sub(r"\W+", "-", request.node.name)[-60:] + f"-{time.monotonic_ns()}"
