"""Where the notices are made: the places and the parts that a run needs, wired once by `daemon.app`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from daemon.config import Config
from daemon.desk import Desk
from daemon.house import House
from daemon.notices.letterhead import Letterheads
from rules.labels import Mode
from rules.notice import Policy
from rules.period import Period


@dataclass(slots=True)
class Room:
    """`desk` is where letters are worked on too; `bytes_of` reads a pli by its digest."""

    config: Config
    desk: Desk
    bytes_of: Callable[[str], bytes]
    letterheads: Letterheads

    def house(self) -> House:
        """The agency as it stands in the database."""
        return self.desk.house()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.config.agency.timezone)

    def today(self, now: datetime) -> date:
        """The agency's day."""
        return now.astimezone(self.zone).date()

    def due_at(self, period: Period) -> datetime:
        """When the notices of a term leave: the day and the hour that are set, in the month before it."""
        settings = self.config.notices
        hour, minute = map(int, settings.hour.split(":"))
        day = period.previous.first.replace(day=settings.day)
        return datetime.combine(day, time(hour, minute), self.zone).astimezone(UTC)

    @property
    def policy(self) -> Policy:
        settings = self.config.notices
        days = {Mode(name): timedelta(days=count) for name, count in settings.clearance}
        return Policy(days, settings.debit_day, Decimal(settings.bound), Decimal(settings.jump))
