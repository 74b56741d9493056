"""The daemon at work: a thread a mailbox, one that reads letters, a process that sends, and a heartbeat over them all.

They tell each other by events only; what is to be done stands in `incoming/` and in the database, so a lost event costs
a few seconds and never a letter. SIGTERM lets each finish the letter or the message in hand; SIGHUP reads the
configuration again, and keeps the old one when the new one is faulty.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

import schedule
import sdnotify

from daemon import __version__, agenda, clock, log, pipeline, report
from daemon.app import App, open_app
from daemon.cases import casework, passed_on
from daemon.checks.advice import warnings
from daemon.config import Config, MailboxConfig
from daemon.errors import ConfigError
from daemon.listen import Listener
from daemon.loops import BROKEN, Loops, die
from daemon.mailbox.bell import Bell
from daemon.mailbox.fetch import Watch
from daemon.mailbox.imap import Session
from daemon.sender import Sender
from daemon.turn import alone, check_secrets

BEAT = 1.0  # seconds between two beats of the heart
_ASKED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(config: Config, read_again: Callable[[], Config]) -> bool:
    """Serve until SIGTERM or SIGINT; with a new configuration after each SIGHUP."""
    check_secrets(config)
    signals, notifier = _Signals(), sdnotify.SystemdNotifier()
    with alone(config.storage.state):
        log.started(__version__, os.getpid())
        served: Config | None = None  # the one before
        following: Config | None = config
        while following is not None:
            config = following
            try:
                following = Service(open_app(config), signals, notifier).serve(partial(_reloaded, config, read_again))
            except ConfigError as error:
                if served is None:
                    raise
                log.reload_refused(error.problems)
                served, following = None, served
            else:
                served = config
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
    """What was asked from outside. Nothing interrupts anybody: signals wait until the heart has time for them.

    Made before any other thread, which inherits that they are blocked.
    """

    def __init__(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _ASKED)

    def wait(self, seconds: float) -> signal.Signals | None:
        """The next one, or None after that time."""
        caught = signal.sigtimedwait(_ASKED, seconds)
        return None if caught is None else signal.Signals(caught.si_signo)


class Service:
    """The threads and the process of one configuration."""

    def __init__(self, app: App, signals: _Signals, notifier: sdnotify.SystemdNotifier) -> None:
        self._app = app
        self._signals = signals
        self._notifier = notifier
        self._loops = Loops()
        self._letters = threading.Event()
        self._wakes = {box.name: threading.Event() for box in app.config.mailbox}
        self._bell = Bell(self._wakes.values())
        self._sender = Sender(app.config, on_sent=self._bell.ring)

    def serve(self, reloaded: Callable[[], Config | None]) -> Config | None:
        """Until a signal: None to stop, or the configuration to go on with."""
        app = self._app
        for warning in warnings(app.config):
            log.configuration_warning(warning)
        pipeline.resume(app.desk)
        listener = self._listener()
        self._sender.start()
        following: Config | None = None
        try:
            if listener:
                listener.start()
            for box in app.config.mailbox:
                self._loops.start(f"imap/{box.name}", self._watch(box).run)
            self._loops.repeat("letters", self._read_letters, self._letters)
            self._notifier.notify("READY=1")
            following = self._beat(reloaded)
        finally:
            self._notifier.notify("RELOADING=1" if following else "STOPPING=1")
            self._end(listener)
        return following

    def _end(self, listener: Listener | None) -> None:
        self._loops.over.set()
        if listener:
            listener.stop()
        self._letters.set()
        self._bell.ring_at_once()
        self._sender.stop()
        if self._loops.join():
            self._app.close()

    def _listener(self) -> Listener | None:
        app = self._app
        if app.config.lmtp is None:
            return None
        return Listener(app.config.lmtp, app.desk.own, app.desk.incoming, on_letters=self._letters.set, on_fatal=die)

    def _watch(self, box: MailboxConfig) -> Watch:
        app = self._app
        return Watch(
            config=box,
            connect=lambda: app.session(box),
            incoming=app.desk.incoming,
            bytes_of=app.bytes_of,
            on_letters=self._letters.set,
            stop=self._loops.over,
            wake=self._wakes[box.name],
            look=partial(self._look, box),
        )

    def _look(self, box: MailboxConfig, session: Session) -> None:
        """At what people moved and sent; what they sent is read at once."""
        self._app.look(box, session)
        if self._app.desk.incoming.waiting(1):
            self._letters.set()

    def _read_letters(self, is_over: Callable[[], bool]) -> None:
        with self._bell.while_reading():
            done = pipeline.work(self._app.desk, is_over, self._wake_followers)
            if done:
                passed_on.record_answers(self._app.desk)  # one may have come back
            if done + casework.carry_out(self._app.desk):
                self._wake_followers()

    def _wake_followers(self) -> None:
        """Letters are recorded: there is something to send, and to put away."""
        self._sender.wake()
        self._bell.ring()

    # --- the heart

    def _beat(self, reloaded: Callable[[], Config | None]) -> Config | None:
        heart = schedule.Scheduler()
        heart.every(agenda.LOOK_EVERY.seconds).seconds.do(self._keep_agenda)
        self._keep_agenda()
        while (asked := self._signals.wait(BEAT)) in {None, signal.SIGHUP}:
            if asked is not None and (new := reloaded()) is not None:
                return new
            heart.run_pending()
            if self._sender.has_died():
                sys.exit(BROKEN)  # after the letters in hand, which have nothing to do with it
            if self._loops.are_well() and self._sender.is_well():
                self._notifier.notify("WATCHDOG=1")
        log.stopping(asked.name if asked else "")
        return None

    def _keep_agenda(self) -> None:
        with self._loops.surviving("agenda"):
            now = clock.now()
            agenda.keep(now, self._app.config.agency.timezone, self._app.watchers)
            counters = report.status(now)
            waits = counters["outbox_waiting"]
            self._notifier.notify(
                f"STATUS={counters['open_cases']} open cases, {counters['overdue']} overdue, {waits} mails to send"
            )
        self._sender.wake()
