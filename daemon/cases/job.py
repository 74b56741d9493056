"""One order of our own people, read: what it is about, when, and whose; what can keep it from being done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from archive.events import Happening
from archive.records import Case, Order
from daemon.desk import Desk
from rules.calendar import Calendar
from rules.commands import Fault
from rules.plan import Identity

ACTOR = "person"  # in the journal, which holds no names


class Refused(Exception):  # noqa: N818  a state of the world, not a mistake
    """An order that can't be carried out any more. The text is for the log, `fault` for whoever gave it."""

    def __init__(self, text: str, fault: Fault = Fault.GONE) -> None:
        super().__init__(text)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Job:
    """One order, read. `case` is None for a case that it begins."""

    desk: Desk
    order: Order
    case: Case | None
    details: Mapping[str, Any]

    @property
    def ref(self) -> str:
        return str(self.order.case_id)

    @property
    def day(self) -> date | None:
        told = self.details.get("day")
        return date.fromisoformat(told) if told else None

    @property
    def at(self) -> datetime:
        return cast("datetime", self.order.at)

    @property
    def facts(self) -> dict[str, Any]:
        """What every event of this order says: when, who, and the letter that proves it."""
        return {"at": self.at, "by": str(self.order.by), "message": str(self.order.message)}

    def calendar(self) -> Calendar:
        house = self.desk.house()
        lease = self.case.lease_id if self.case else None
        manager = self.case.manager_id if self.case else None
        site = house.directory.site_of(Identity(lease=lease, manager=manager))
        return house.calendars.get(site, house.calendars[""])

    def morning(self) -> datetime | None:
        """When the office in charge opens on the day that was named, or next after it; None when none was."""
        calendar = self.calendar()
        return calendar.next_opening(calendar.instant(self.day, 0)) if self.day else None

    def name(self) -> str:
        """Of whoever gave the order."""
        entry = self.desk.house().directory.managers.get(str(self.order.by))
        return entry.name if entry is not None else str(self.order.by)


Doer = Callable[[Job], tuple[list[Happening], Callable[[], object]]]


def nothing_more() -> None:
    """What most orders do beside their event."""


def known(job: Job) -> Case:
    if job.case is None:
        raise Refused("there is no such case", Fault.NO_CASE)
    return job.case
