"""The demonstration's agency: a folder with its configuration and its lists, and the daemon at work on it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import daemon
from archive.database import open_database, reading
from archive.lock import locked
from archive.records import Errand, Order, Outgoing
from archive.skeleton import OWN
from daemon import clock, report
from daemon.config import Config, load
from daemon.demo.letters import DATA
from daemon.imports import import_file

LISTS = ("leases", "owners", "managers")
GLANCE = 0.1  # seconds between two looks at what is done
PATIENCE = 60.0  # seconds in which nothing more was done: a busy machine is slow, and never that still
GRACE = 40.0  # seconds that the daemon is given to end
TAIL = 15  # lines of its log that are shown when it dies


class Unfinished(Exception):  # noqa: N818  a state of the world, not a mistake
    """The daemon ended, or did not come to an end with what it had to do; the text holds the end of its log."""


def settle(folder: Path, *, imap_port: int, smtp_port: int, password: str) -> Config:
    """Write the configuration and take in the lists; the database is open afterwards."""
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(f"{password}\n")
    text = DATA.joinpath("agency.toml").read_text("utf-8")
    path = folder / "vaguemestre.toml"
    path.write_text(text.replace("@IMAP@", str(imap_port)).replace("@SMTP@", str(smtp_port)), "utf-8")
    config = load(path)
    open_database(config.storage.database)
    for kind in LISTS:
        file = folder / f"{kind}.csv"
        file.write_bytes(DATA.joinpath(file.name).read_bytes())
        import_file(kind, file, clock.now())
    return config


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the daemon is.

    Letters seen, orders that wait (a document to be made), mails gone of those to be sent, letters and copies put in
    their folders.
    """

    seen: int
    ordered: int
    sent: int
    to_send: int
    shelved: int
    to_shelve: int

    def is_done(self, letters: int) -> bool:
        read = self.seen >= letters and not self.ordered
        return read and self.sent == self.to_send and self.shelved == self.to_shelve


def standing() -> Standing:
    with reading():
        counters = report.status(clock.now())
        return Standing(
            seen=counters["seen"],
            ordered=Order.select().where(Order.state == "waiting").count(),
            sent=Outgoing.select().where(Outgoing.state.in_(("sent", "failed"))).count(),
            to_send=Outgoing.select().count(),
            shelved=Errand.select().where(Errand.state.in_(("done", "failed"))).count(),
            to_shelve=Errand.select().count(),
        )


class AtWork:
    """`vaguemestre run` as a process of its own, its log in the folder."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "vaguemestre.log"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        ours = str(Path(daemon.__file__).parent.parent)  # the same program, however this one was found
        environment = {key: value for key, value in os.environ.items() if key not in _MISLEADING}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", "daemon", "--config", "vaguemestre.toml", "run"]
        with self.log.open("wb") as log, _uninterrupted():
            self._process = subprocess.Popen(  # noqa: S603  ourselves
                command,
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demonstration, which ends it in its own time
            )

    def end(self) -> bool:
        """As systemd does; whether it ended well."""
        if self._process is None:
            return False
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(GRACE) == 0
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False

    def until_done(self, letters: int) -> Iterator[Standing]:
        """How far it is, again and again until all is done. Raises Unfinished."""
        before, since = None, clock.monotonic()
        while not (now := standing()).is_done(letters):
            yield now
            if not self._goes_on():
                raise Unfinished(self._last_words("the daemon ended"))
            if now != before:
                before, since = now, clock.monotonic()
            elif clock.monotonic() - since > PATIENCE:
                raise Unfinished(self._last_words(f"the daemon has done nothing for {PATIENCE:.0f} s: {now}"))
        yield now

    def _goes_on(self) -> bool:
        if self._process is None:
            return False
        try:
            self._process.wait(GLANCE)
        except subprocess.TimeoutExpired:
            return True
        return False

    def _last_words(self, what: str) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()[-TAIL:]
        return "\n".join([what, *lines])


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A process that is being born can't be ended yet: what would interrupt us waits until it can."""
    caught: list[int] = []
    before = {number: signal.signal(number, lambda *_: caught.append(1)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if caught:
        raise KeyboardInterrupt


_MISLEADING = frozenset({"VAGUEMESTRE_CONFIG", "JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_USEC"})


def verify(tree: Path) -> tuple[bool, str]:
    """What a stranger's verifier says of the tree: whether all is well, and its words.

    The daemon is at work beside it, and must not be met halfway between a document and its line in the journal.
    """
    command = ["bash", "_ged/verifier.sh"]
    with locked(tree / OWN / "lock", GRACE):
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)  # noqa: S603  our own
    return done.returncode == 0, (done.stdout + done.stderr).strip()
