"""How much the daemon may say by itself: so many automatic answers to one address a day, so many to everybody an hour.

A loop with another automaton, or a forged flood, ends here. Counts are kept in memory and read once from the outbox, so
that a restart forgets nothing that was sent.
"""

from collections import Counter, deque
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from archive.records import Outgoing
from daemon.config import Limits
from rules.letter import normalise_address

HOUR = timedelta(hours=1)


class Cap(StrEnum):
    """Which limit holds an answer back; the value stands in the row's `error`."""

    ADDRESS = "this address has had its automatic answers of the day"
    HOUR = "too many automatic answers in an hour"


class Caps:
    """The two limits of `[limits]`. Days are those of the agency's clock."""

    def __init__(self, limits: Limits, zone: ZoneInfo) -> None:
        self._limits = limits
        self._zone = zone
        self._day: date | None = None
        self._by_address: Counter[str] = Counter()
        self._times: deque[datetime] = deque()

    def forbids(self, recipient: str, now: datetime) -> Cap | None:
        """The limit that one more answer to that address would break."""
        self._turn_to(now)
        if self._by_address[normalise_address(recipient)] >= self._limits.answers_per_address:
            return Cap.ADDRESS
        return Cap.HOUR if self.room(now) <= 0 else None

    def count(self, recipient: str, now: datetime) -> None:
        """One answer is on its way."""
        self._turn_to(now)
        self._by_address[normalise_address(recipient)] += 1
        self._times.append(now)

    def room(self, now: datetime) -> int:
        """How many answers more this hour."""
        self._turn_to(now)
        while self._times and self._times[0] <= now - HOUR:
            self._times.popleft()
        return self._limits.answers_per_hour - len(self._times)

    def full(self, now: datetime) -> list[str]:
        """The addresses that may have no more today, normalised."""
        self._turn_to(now)
        return [address for address, count in self._by_address.items() if count >= self._limits.answers_per_address]

    def _turn_to(self, now: datetime) -> None:
        today = now.astimezone(self._zone).date()
        if self._day is None:
            self._load(today, now)
        elif today != self._day:
            self._by_address.clear()
        self._day = today

    def _load(self, today: date, now: datetime) -> None:
        midnight = datetime.combine(today, time(), self._zone)
        since = min(midnight, now - HOUR)
        said = Outgoing.select(Outgoing.recipient, Outgoing.sent_at).where(
            Outgoing.automatic, Outgoing.sent_at >= since
        )
        for row in said.order_by(Outgoing.sent_at):
            if row.sent_at >= midnight:
                self._by_address[normalise_address(row.recipient)] += 1
            self._times.append(row.sent_at)
