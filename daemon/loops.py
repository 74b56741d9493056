"""Threads that go on whatever happens in one turn of them, and whether they are still at work."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from archive.database import DatabaseTrouble
from archive.durable import FsyncFailed
from archive.records import database
from daemon import clock, log
from daemon.errors import Permanent, Temporary

LOOK = 20.0  # seconds after which a loop looks at its work though nobody told it to
PAUSE = 10.0  # seconds after a trouble that passes by itself
STUCK = 600.0  # seconds without a sign of life after which the watchdog is left to act
GRACE = 30.0  # seconds that the threads are given to finish what is in hand
BROKEN = 70  # EX_SOFTWARE: the disk lied; systemd starts us again, and the start recovers


class Loops:
    """The threads of one process. `over` is set when they are to end."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._alive: dict[str, float] = {}

    def start(self, name: str, loop: Callable[[], None]) -> None:
        thread = threading.Thread(target=_guarded, args=(loop,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def repeat(self, name: str, turn: Callable[[Callable[[], bool]], object], wake: threading.Event) -> None:
        """Take a turn, then another when `wake` is set or some time has passed. A turn asks whether it is over."""

        def is_over() -> bool:
            """Asking is also the sign of life."""
            self._alive[name] = clock.monotonic()
            return self.over.is_set()

        def loop() -> None:
            while not is_over():
                with self.surviving(name):
                    turn(is_over)
                wake.wait(LOOK)
                wake.clear()

        self.start(name, loop)

    def are_well(self) -> bool:
        """Whether every thread lives, and none is stuck."""
        now = clock.monotonic()
        return all(one.is_alive() for one in self._threads) and all(now - at <= STUCK for at in self._alive.values())

    def join(self) -> bool:
        """Wait for what is in hand; `over` is set, and those that wait have been woken. Whether all have ended."""
        for thread in self._threads:
            thread.join(GRACE)
        return not any(thread.is_alive() for thread in self._threads)

    @contextmanager
    def surviving(self, name: str) -> Iterator[None]:
        """Whatever happens in one turn is told, and the next one comes after a pause."""
        try:
            yield
        except (Temporary, Permanent, DatabaseTrouble, OSError) as error:
            log.trouble(name, error)
            self.over.wait(PAUSE)
        except Exception as error:  # noqa: BLE001  the loop's: nobody would notice a dead one for days
            log.crashed(name, error)
            self.over.wait(PAUSE)


def die(error: BaseException) -> None:
    """A failed fsync means that the disk lied: the process must end, not the thread alone."""
    log.crashed("fsync", error)
    os._exit(BROKEN)


def _guarded(loop: Callable[[], None]) -> None:
    try:
        loop()
    except FsyncFailed as error:
        die(error)
    finally:
        if not database.is_closed():
            database.close()
