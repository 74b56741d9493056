"""The process that makes documents and sends mail, beside the one that takes letters in.

One interpreter does one thing at a time: with both in one, mail waited while letters were read. What is to be done
stands in the database, so the two tell each other nothing but that there is something to look at, in single bytes that
nobody waits to get rid of. Neither outlives the other, and the next start recovers: the sender ends at once when the
daemon has died, the daemon after the letters in hand when the sender has.
"""

import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context

from archive.database import DatabaseTrouble
from archive.records import database
from daemon import clock, log
from daemon.answers import orders
from daemon.app import App, open_app
from daemon.cases import passed_on
from daemon.config import Config
from daemon.errors import Permanent, Temporary
from daemon.loops import BROKEN, GRACE, Loops
from daemon.notices import work

BEAT = 1.0  # seconds between two signs of life
TURN = 3.0  # seconds of sending after which what has come meanwhile is looked at: an urgent mail passes a month's run
SILENT = 60.0  # seconds without one after which the watchdog is left to act
LOOK_THERE, STOP = b"l", b"s"  # what it is told
WELL, SENT = b"w", b"m"  # what it tells
_WORDS = 512  # read at once
_FORK = get_context("fork")


class Sender:
    """The other process, as the daemon sees it. `on_sent` is called when mail has left."""

    def __init__(self, config: Config, on_sent: Callable[[], None]) -> None:
        self._on_sent = on_sent
        self._stopping = False
        self._died = False
        self._heard_at = clock.monotonic()
        self._ours, self._theirs = socket.socketpair()
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
        _tell(self._ours, LOOK_THERE)

    def is_well(self) -> bool:
        """Whether it has told so lately: it does each second, unless one of its threads is stuck."""
        return clock.monotonic() - self._heard_at <= SILENT

    def has_died(self) -> bool:
        return self._died

    def stop(self) -> None:
        """Let it finish the message in hand."""
        self._stopping = True
        _tell(self._ours, STOP)
        self._process.join(GRACE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._listener.join()
        self._process.close()
        self._ours.close()

    def _listen(self) -> None:
        while words := _heard(self._ours):
            self._heard_at = clock.monotonic()
            if SENT in words:
                self._on_sent()
        if not self._stopping:
            self._process.join(GRACE)
            log.sender_died(self._process.exitcode)
            if self._process.exitcode == BROKEN:  # the disk lied to it: nothing more is written to that disk
                os._exit(BROKEN)
            self._died = True


def _tell(end: socket.socket, word: bytes) -> None:
    """Without ever waiting: who has so many words unread will look at them all, and who has gone is noticed."""
    with suppress(OSError):
        end.send(word, socket.MSG_DONTWAIT)


def _heard(end: socket.socket) -> bytes:
    """What was said, when something was; nothing: nobody is at the other end."""
    try:
        return end.recv(_WORDS)
    except OSError:
        return b""


# --- in the other process


def _main(config: Config, theirs: socket.socket, ours: socket.socket) -> None:
    ours.close()  # the daemon's end: when the daemon dies, nobody holds it
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the daemon is told, and tells us
    try:
        app = open_app(config)
    except (Temporary, Permanent, DatabaseTrouble, OSError) as error:
        log.trouble("sender", error)
        sys.exit(os.EX_TEMPFAIL)
    _Sending(app, theirs).run()


class _Sending:
    def __init__(self, app: App, daemon: socket.socket) -> None:
        self._app = app
        self._daemon = daemon
        self._loops = Loops()
        self._mail = threading.Event()
        self._papers = threading.Event()
        self._begun = False

    def run(self) -> None:
        self._loops.repeat("notices", self._make_notices, self._papers)
        self._loops.repeat("outbox", self._send_mail, self._mail)
        while self._goes_on():
            if self._loops.are_well():
                _tell(self._daemon, WELL)
        self._loops.over.set()
        self._wake()
        self._loops.join()
        self._app.outbox.close()

    def _goes_on(self) -> bool:
        """Until the daemon says stop; when it has died, so do we, whatever is in hand."""
        if not select.select([self._daemon], (), (), BEAT)[0]:
            return True
        words = _heard(self._daemon)
        if not words:
            os._exit(BROKEN)
        self._wake()
        return STOP not in words

    def _wake(self) -> None:
        self._mail.set()
        self._papers.set()

    def _make_notices(self, is_over: Callable[[], bool]) -> None:
        done = orders.obey(self._app.room, clock.now(), is_over)
        done += work.keep(self._app.room, clock.now(), is_over)
        if done:
            self._mail.set()

    def _begin(self) -> None:
        """What stood in the way may be what the administrator has just mended."""
        self._app.outbox.hasten(clock.now())
        passed_on.record_answers(self._app.desk)
        self._begun = True

    def _send_mail(self, is_over: Callable[[], bool]) -> None:
        if not self._begun:
            self._begin()
        end = clock.monotonic() + TURN
        sent = self._app.outbox.drain(clock.now(), lambda: is_over() or clock.monotonic() >= end).sent
        if clock.monotonic() >= end:
            self._mail.set()  # there may be more
        if sent:
            passed_on.record_answers(self._app.desk)
            _tell(self._daemon, SENT)
