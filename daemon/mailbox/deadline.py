"""A deadline on what may never end, kept from beside by one thread.

A timer for each command would be a thread for each command: a tenth of the work of taking letters in.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from daemon import clock

LONGEST_LOOK = 1.0  # seconds between two looks at the clock
LOOKS = 10  # at least so many within the usual time, so that a deadline is late by a tenth of it at most


class Deadline:
    """Calls `cut`, on a thread of its own and until the block ends, when one under `of` takes longer than it may.

    `usual` is the time in seconds that most blocks may take.
    """

    def __init__(self, cut: Callable[[], None], usual: float) -> None:
        self._cut = cut
        self._look = min(LONGEST_LOOK, usual / LOOKS)
        self._due: float | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="deadline", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        """A block within a block has its own deadline, or the outer one's when that comes first."""
        outer = self._due
        due = clock.monotonic() + seconds
        self._due = due if outer is None else min(outer, due)
        try:
            yield
        finally:
            self._due = outer

    def _keep(self) -> None:
        while not self._closed.wait(self._look):
            due = self._due
            if due is not None and clock.monotonic() >= due:
                self._cut()
