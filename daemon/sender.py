"""The process that makes documents and sends mail, beside the one that takes letters in.

One interpreter does one thing at a time: with both in one, mail waited while letters were read. What is to be done
stands in the database, so the two tell each other nothing but that there is something to look at. Neither outlives the
other: whoever finds the pipe closed ends at once, and the next start recovers.
"""

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

from archive.records import database
from daemon import clock, log
from daemon.answers import orders
from daemon.app import App, open_app
from daemon.cases import passed_on
from daemon.config import Config
from daemon.loops import BROKEN, GRACE, STUCK, Loops
from daemon.notices import work

BEAT = 1.0  # seconds between two signs of life
LOOK_THERE, STOP = b"look", b"stop"  # what it is told
WELL, SENT = b"well", b"sent"  # what it tells
_FORK = get_context("fork")


class Sender:
    """The other process, as the daemon sees it. `on_sent` is called when mail has left."""

    def __init__(self, config: Config, on_sent: Callable[[], None]) -> None:
        self._on_sent = on_sent
        self._stopping = False
        self._heard_at = clock.monotonic()
        self._ours, self._theirs = _FORK.Pipe()
        self._process = _FORK.Process(target=_main, args=(config, self._theirs, self._ours), name="sender")
        self._listener = threading.Thread(target=self._listen, name="sender", daemon=True)

    def start(self) -> None:
        """Fork: what is loaded is shared, and no other thread may run yet. No connection crosses it."""
        if not database.is_closed():
            database.close()
        self._process.start()
        self._theirs.close()
        self._listener.start()

    def wake(self) -> None:
        """There may be something to send."""
        self._tell(LOOK_THERE)

    def is_well(self) -> bool:
        return clock.monotonic() - self._heard_at <= STUCK

    def stop(self) -> None:
        """Let it finish the message in hand."""
        self._stopping = True
        self._tell(STOP)
        self._process.join(GRACE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._ours.close()

    def _tell(self, word: bytes) -> None:
        try:
            self._ours.send_bytes(word)
        except OSError:
            return  # it has ended: `_listen` says so

    def _listen(self) -> None:
        try:
            while True:
                word = self._ours.recv_bytes()
                self._heard_at = clock.monotonic()
                if word == SENT:
                    self._on_sent()
        except (EOFError, OSError):
            if not self._stopping:
                self._process.join(GRACE)
                log.sender_died(self._process.exitcode)
                os._exit(BROKEN)


# --- in the other process


def _main(config: Config, pipe: Connection, ours: Connection) -> None:
    ours.close()  # the daemon's end: when the daemon dies, nobody holds it
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the daemon is told, and tells us
    _Sending(open_app(config), pipe).run()


class _Sending:
    def __init__(self, app: App, pipe: Connection) -> None:
        self._app = app
        self._pipe = pipe
        self._loops = Loops()
        self._mail = threading.Event()
        self._papers = threading.Event()

    def run(self) -> None:
        self._app.outbox.hasten(clock.now())  # what stood in the way may be what the administrator has just mended
        passed_on.record_answers(self._app.desk)
        self._loops.repeat("notices", self._make_notices, self._papers)
        self._loops.repeat("outbox", self._send_mail, self._mail)
        while self._goes_on():
            if self._loops.are_well():
                self._pipe.send_bytes(WELL)
        self._loops.over.set()
        self._wake()
        self._loops.join()
        self._app.outbox.close()

    def _goes_on(self) -> bool:
        """Until the daemon says stop; when it has died, so do we, whatever is in hand."""
        try:
            if self._pipe.poll(BEAT):
                if self._pipe.recv_bytes() == STOP:
                    return False
                self._wake()
        except (EOFError, OSError):
            os._exit(BROKEN)
        return True

    def _wake(self) -> None:
        self._mail.set()
        self._papers.set()

    def _make_notices(self, is_over: Callable[[], bool]) -> None:
        done = orders.obey(self._app.room, clock.now(), is_over)
        done += work.keep(self._app.room, clock.now(), is_over)
        if done:
            self._mail.set()

    def _send_mail(self, is_over: Callable[[], bool]) -> None:
        if self._app.outbox.drain(clock.now(), is_over).sent:
            passed_on.record_answers(self._app.desk)
            self._pipe.send_bytes(SENT)
