"""The daemon at work: one thread a mailbox, one that reads letters, one that sends, and a heartbeat over them all.

The threads tell each other by events only; what is to be done stands in `incoming/` and in the database, so a lost
event costs a few seconds and never a letter. SIGTERM lets each finish the letter or the message in hand; SIGHUP reads
the configuration again, and keeps the old one when the new one is faulty.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import schedule
import sdnotify

from archive.database import DatabaseTrouble
from archive.durable import FsyncFailed
from archive.records import database
from daemon import __version__, agenda, clock, log, pipeline, report
from daemon.answers import orders
from daemon.app import App, open_app
from daemon.cases import casework, passed_on
from daemon.checks.advice import warnings
from daemon.config import Config, MailboxConfig
from daemon.errors import ConfigError, Permanent, Temporary
from daemon.listen import Listener
from daemon.mailbox.fetch import Watch
from daemon.mailbox.imap import Session
from daemon.notices import work
from daemon.turn import alone, check_secrets

BEAT = 1.0  # seconds between two beats of the heart
LOOK = 20.0  # seconds after which a thread looks at its work though nobody told it to
PAUSE = 10.0  # seconds after a trouble that passes by itself
STUCK = 600.0  # seconds without a sign of life after which the watchdog is left to act
GRACE = 30.0  # seconds that the threads are given to finish what is in hand
BROKEN = 70  # EX_SOFTWARE: the disk lied; systemd starts us again, and the start recovers


def run(config: Config, read_again: Callable[[], Config]) -> bool:
    """Serve until SIGTERM or SIGINT; with a new configuration after each SIGHUP."""
    check_secrets(config)
    signals = _Signals()
    with alone(config.storage.state):
        log.started(__version__, os.getpid())
        following: Config | None = config
        while following is not None:
            config = following
            service = Service(open_app(config), signals)
            following = service.serve(partial(_reloaded, config, read_again))
        log.stopped()
    return True


def _reloaded(config: Config, read_again: Callable[[], Config]) -> Config | None:
    """The new configuration, or None when it can't be used: the old one stays."""
    try:
        new = read_again()
        check_secrets(new)
    except ConfigError as error:
        log.reload_refused(error.problems)
        return None
    if new.storage != config.storage:
        log.reload_refused(["[storage] can't change while the daemon runs; restart it"])
        return None
    log.reloaded()
    return new


class _Signals:
    """What was asked from outside, as events: a handler does nothing else."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.reload = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        log.stopping(signal.Signals(number).name)
        self.stop.set()

    def _reload(self, _number: int, _frame: FrameType | None) -> None:
        self.reload.set()


class Service:
    """The threads of one configuration."""

    def __init__(self, app: App, signals: _Signals) -> None:
        self._app = app
        self._signals = signals
        self._stop = threading.Event()
        self._letters = threading.Event()
        self._mail = threading.Event()
        self._notices = threading.Event()
        self._wakes = {box.name: threading.Event() for box in app.config.mailbox}
        self._alive: dict[str, float] = {}
        self._notifier = sdnotify.SystemdNotifier()

    def serve(self, reloaded: Callable[[], Config | None]) -> Config | None:
        """Until a signal: None to stop, or the configuration to go on with."""
        app = self._app
        for warning in warnings(app.config):
            log.configuration_warning(warning)
        pipeline.resume(app.desk)
        app.outbox.resume(clock.now())
        app.outbox.hasten(clock.now())  # what stood in the way may be what the administrator has just mended
        passed_on.record_answers(app.desk)
        listener = self._listener()
        if listener:
            listener.start()
        threads = self._threads()
        for thread in threads:
            thread.start()
        self._notifier.notify("READY=1")
        try:
            return self._beat(threads, reloaded)
        finally:
            self._notifier.notify("STOPPING=1" if self._signals.stop.is_set() else "RELOADING=1")
            self._stop.set()
            if listener:
                listener.stop()
            self._wake()
            for thread in threads:
                thread.join(GRACE)

    def _threads(self) -> list[threading.Thread]:
        loops = {f"imap/{box.name}": self._watch(box.name).run for box in self._app.config.mailbox}
        loops |= {"letters": self._read_letters, "notices": self._make_notices, "outbox": self._send_mail}
        return [threading.Thread(target=_guarded, args=(loop,), name=name, daemon=True) for name, loop in loops.items()]

    def _listener(self) -> Listener | None:
        app = self._app
        if app.config.lmtp is None:
            return None
        return Listener(app.config.lmtp, app.desk.own, app.desk.incoming, on_letters=self._letters.set, on_fatal=_die)

    def _watch(self, name: str) -> Watch:
        app = self._app
        box = next(box for box in app.config.mailbox if box.name == name)
        return Watch(
            config=box,
            connect=lambda: app.session(box),
            incoming=app.desk.incoming,
            bytes_of=app.bytes_of,
            on_letters=self._letters.set,
            stop=self._stop,
            wake=self._wakes[name],
            look=partial(self._look, box),
        )

    def _look(self, box: MailboxConfig, session: Session) -> None:
        """At what people moved and sent; what they sent is read at once."""
        self._app.look(box, session)
        if self._app.desk.incoming.waiting(1):
            self._letters.set()

    # --- the loops

    def _read_letters(self) -> None:
        while not self._is_over("letters"):
            with self._surviving("letters"):
                done = pipeline.work(self._app.desk, lambda: self._is_over("letters"), self._wake_followers)
                if done:
                    passed_on.record_answers(self._app.desk)  # one may have come back
                if done + casework.carry_out(self._app.desk):
                    self._wake_followers()
            self._letters.wait(LOOK)
            self._letters.clear()

    def _make_notices(self) -> None:
        while not self._is_over("notices"):
            with self._surviving("notices"):
                over = partial(self._is_over, "notices")
                done = orders.obey(self._app.room, clock.now(), over)
                done += work.keep(self._app.room, clock.now(), over)
                if done:
                    self._mail.set()
            self._notices.wait(LOOK)
            self._notices.clear()

    def _send_mail(self) -> None:
        while not self._is_over("outbox"):
            with self._surviving("outbox"):
                counts = self._app.outbox.drain(clock.now(), lambda: self._is_over("outbox"))
                if counts.sent:
                    passed_on.record_answers(self._app.desk)
                    self._wake_mailboxes()
            self._mail.wait(LOOK)
            self._mail.clear()
        self._app.outbox.close()

    def _is_over(self, name: str) -> bool:
        """Whether to stop; asking is also the sign of life of a loop."""
        self._alive[name] = clock.monotonic()
        return self._stop.is_set()

    @contextmanager
    def _surviving(self, name: str) -> Iterator[None]:
        """A loop goes on whatever happens in one turn of it."""
        try:
            yield
        except (Temporary, Permanent, DatabaseTrouble, OSError) as error:
            log.trouble(name, error)
            self._stop.wait(PAUSE)
        except Exception as error:  # noqa: BLE001  the loop's: nobody would notice a dead one for days
            log.crashed(name, error)
            self._stop.wait(PAUSE)

    def _wake_mailboxes(self) -> None:
        for wake in self._wakes.values():
            wake.set()

    def _wake_followers(self) -> None:
        """Letters are recorded: there is something to send, and to put away."""
        self._mail.set()
        self._notices.set()
        self._wake_mailboxes()

    def _wake(self) -> None:
        self._letters.set()
        self._wake_followers()

    # --- the heart

    def _beat(self, threads: list[threading.Thread], reloaded: Callable[[], Config | None]) -> Config | None:
        heart = schedule.Scheduler()
        heart.every(agenda.LOOK_EVERY.seconds).seconds.do(self._keep_agenda)
        self._keep_agenda()
        while not self._signals.stop.wait(BEAT):
            heart.run_pending()
            if all(thread.is_alive() for thread in threads) and not self._stuck():
                self._notifier.notify("WATCHDOG=1")
            if self._signals.reload.is_set():
                self._signals.reload.clear()
                if (new := reloaded()) is not None:
                    return new
        return None

    def _stuck(self) -> bool:
        return any(clock.monotonic() - last > STUCK for last in self._alive.values())

    def _keep_agenda(self) -> None:
        with self._surviving("agenda"):
            now = clock.now()
            agenda.keep(now, self._app.config.agency.timezone, self._app.watchers)
            counters = report.status(now)
            waits = counters["outbox_waiting"]
            self._notifier.notify(
                f"STATUS={counters['open_cases']} open cases, {counters['overdue']} overdue, {waits} mails to send"
            )
        self._mail.set()


def _die(error: BaseException) -> None:
    log.crashed("fsync", error)
    os._exit(BROKEN)


def _guarded(loop: Callable[[], None]) -> None:
    """A failed fsync means that the disk lied: the process must end, not the thread alone."""
    try:
        loop()
    except FsyncFailed as error:
        _die(error)
    finally:
        if not database.is_closed():
            database.close()
