"""One complete turn of the work, for `run --once`: letters in, read, what is due, mail out, errands, people's moves.

And the lock over it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from archive.database import DatabaseTrouble
from archive.lock import Locked, locked
from daemon import agenda, clock, log, pipeline
from daemon.answers import orders
from daemon.app import App, open_app
from daemon.cases import casework, passed_on
from daemon.config import Config, MailboxConfig, secret_problems
from daemon.errors import ConfigError, Permanent, Temporary
from daemon.mailbox.fetch import collect, run_errands
from daemon.mailbox.imap import Session
from daemon.notices import work
from daemon.notices.dispatch import never

ENDING = 2.0  # seconds that the processes of a daemon which was killed may still take to end


class AlreadyRunning(Permanent):
    """Another daemon holds this state."""


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Only one daemon works on a state folder; the second is told the first's process id."""
    state.mkdir(parents=True, exist_ok=True)
    try:
        with locked(state / "run.lock", ENDING):
            yield
    except Locked as error:
        raise AlreadyRunning(f"another vaguemestre works on {state} ({error})") from None


def check_secrets(config: Config) -> None:
    """Raises ConfigError with every secret that can't be read."""
    problems = secret_problems(config, os.environ)
    if problems:
        raise ConfigError(problems)


def run_once(config: Config) -> bool:
    """One complete pass. False when something could not be done; the log says what, and the rest was done."""
    check_secrets(config)
    with alone(config.storage.state):
        return _Turn(open_app(config)).take()


class _Turn:
    """What one pass does; a server that is missing holds up no other."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._whole = True
        self._hastened = False

    def take(self) -> bool:
        app = self._app
        with ExitStack() as open_sessions:
            self._try("letters", lambda: pipeline.resume(app.desk))
            sessions = [opened for box in app.config.mailbox for opened in self._opened(box, open_sessions)]
            for box, session in sessions:
                self._try(f"imap/{box.name}", partial(collect, session, box, app.desk.incoming, clock.now()))
            self._try("letters", self._read)
            self._try("agenda", lambda: agenda.keep(clock.now(), app.config.agency.timezone, app.watchers))
            self._try("orders", lambda: orders.obey(app.room, clock.now(), never))
            self._try("notices", lambda: work.keep(app.room, clock.now()))
            self._try("outbox", self._send)
            self._try("orders", lambda: orders.note_answers(app.room, clock.now()))
            for box, session in sessions:
                self._try(f"imap/{box.name}", partial(run_errands, session, box, app.bytes_of, clock.now()))
                self._try(f"imap/{box.name}", partial(app.look, box, session))
            if app.desk.incoming.waiting(1):  # what was sent from the shared mailbox
                self._try("letters", self._read)
                self._try("outbox", self._send)
        return self._whole

    def _opened(self, box: MailboxConfig, open_sessions: ExitStack) -> list[tuple[MailboxConfig, Session]]:
        """The session of a mailbox, or none when it can't be reached."""
        opened: list[tuple[MailboxConfig, Session]] = []

        def connect() -> None:
            opened.append((box, open_sessions.enter_context(self._app.session(box))))

        self._try(f"imap/{box.name}", connect)
        return opened

    def _read(self) -> None:
        """Letters, then what our own people order by them."""
        pipeline.work(self._app.desk)
        casework.carry_out(self._app.desk)

    def _send(self) -> None:
        """The first of a pass tries what a server had put off; what it puts off again waits for the next."""
        if not self._hastened:
            self._app.outbox.hasten(clock.now())
            self._hastened = True
        counts = self._app.outbox.drain(clock.now())
        self._app.outbox.close()
        passed_on.record_answers(self._app.desk)
        if counts.unreachable:
            raise Temporary(counts.unreachable)

    def _try(self, where: str, do: Callable[[], object]) -> None:
        try:
            do()
        except (Temporary, Permanent, DatabaseTrouble, OSError) as error:
            self._whole = False
            log.trouble(where, error)
        except Exception as error:  # noqa: BLE001  one of the loops: a fault of ours in one place stops no other
            self._whole = False
            log.crashed(where, error)
