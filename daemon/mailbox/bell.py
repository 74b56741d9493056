"""Calls the mailboxes when something is to be put away there.

At once; but while letters are read only now and then, for reading comes first. Many at once also cost the mail server,
and us, a fraction of many one by one.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event

from daemon import clock

AWAY_EVERY = 15.0  # seconds between two calls while letters are read


class Bell:
    """`wakes` are the events that the watches over the mailboxes wait for. Any thread may ring."""

    def __init__(self, wakes: Iterable[Event], monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._wakes = tuple(wakes)
        self._monotonic = monotonic
        self._reading = False
        self._unheard = False
        self._rung_at = monotonic()

    def ring(self) -> None:
        """There is something to put away."""
        self._unheard = True  # before the look at `_reading`: whoever ends the reading at this instant sees one of both
        if not self._reading or self._monotonic() - self._rung_at > AWAY_EVERY:
            self.ring_at_once()

    def ring_at_once(self) -> None:
        self._unheard, self._rung_at = False, self._monotonic()
        for wake in self._wakes:
            wake.set()

    @contextmanager
    def while_reading(self) -> Iterator[None]:
        """What is rung for meanwhile is heard at the end at the latest."""
        self._reading = True
        try:
            yield
        finally:
            self._reading = False
            if self._unheard:
                self.ring_at_once()
