"""What stands in the mail of the morning: in which section a case is shown, and what the figures count. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from rules.calendar import Calendar

DAYS = 30  # of the chart
WEEKS = 4  # of the trend


class Section(StrEnum):
    """In the order in which they are read; a case stands in the first that fits."""

    QUARANTINE = "quarantine"
    OVERDUE = "overdue"
    TODAY = "today"
    RECALL = "recall"
    TO_SORT = "to_sort"
    NEW = "new"
    DEPARTURES = "departures"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Followed:
    """A case that is open or waits for somebody."""

    ref: str
    status: str
    label: str
    received_at: datetime
    due_at: datetime
    to_sort: bool = False
    quarantined: bool = False
    recall_at: datetime | None = None  # a person wants to hear of it again, or it has waited long enough


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was given: on which day of the office, and whether in time."""

    day: date
    label: str
    manager: str
    in_time: bool


def section(case: Followed, calendar: Calendar, now: datetime, since: datetime) -> Section | None:
    """Where a case stands; None for one that needs no look today. `since` is the last digest."""
    running = case.status == "open"
    soon = calendar.local(case.due_at).date() < next_working_day(calendar, now)
    fits = {
        Section.QUARANTINE: case.quarantined,
        Section.OVERDUE: running and case.due_at <= now,
        Section.TODAY: running and soon,
        Section.RECALL: _is_recalled(case, calendar, now, since),
        Section.TO_SORT: case.to_sort,
        Section.NEW: case.received_at > since,
        Section.DEPARTURES: case.label == "depart",
        Section.WAITING: case.status == "waiting",
    }
    return next((section for section in Section if fits[section]), None)


def _is_recalled(case: Followed, calendar: Calendar, now: datetime, since: datetime) -> bool:
    """On its day; one that waits for somebody stays there until a person says what follows."""
    if case.recall_at is None:
        return False
    first, day = calendar.local(since).date(), calendar.local(case.recall_at).date()
    return day <= calendar.local(now).date() and (case.status == "waiting" or day > first)


def next_working_day(calendar: Calendar, now: datetime) -> date:
    """What is due on a Sunday is Friday's to answer."""
    return calendar.working_days_after(calendar.local(now).date(), 1)


def due_time(at: time, calendar: Calendar, now: datetime) -> datetime | None:
    """Today's digest, when it has come: on a working day, from its hour until the office closes."""
    local = calendar.local(now)
    spans = calendar.spans_on(local.date())
    if not spans:
        return None
    due = calendar.instant(local.date(), at.hour * 60 + at.minute)
    return due if due <= local < max(due, calendar.instant(local.date(), spans[-1].closes)) else None


def last_before(due: datetime, calendar: Calendar) -> datetime:
    """The digest before that one: the same hour of the working day before."""
    local = calendar.local(due)
    day = local.date() - timedelta(days=1)
    while not calendar.is_working_day(day) and (local.date() - day).days < DAYS:
        day -= timedelta(days=1)
    return calendar.instant(day, local.hour * 60 + local.minute)


def is_first_of_week(calendar: Calendar, now: datetime) -> bool:
    """Whether today is the first working day of its week."""
    today = calendar.local(now).date()
    monday = today - timedelta(days=today.weekday())
    return not any(calendar.is_working_day(monday + timedelta(days=number)) for number in range(today.weekday()))


def bars(answers: Iterable[Answered], today: date) -> tuple[tuple[int, int], ...]:
    """For each of the last thirty days, yesterday last: how many answers came in time, and how many late."""
    counts = Counter((answer.day, answer.in_time) for answer in answers)
    days = [today - timedelta(days=number) for number in range(DAYS, 0, -1)]
    return tuple((counts[day, True], counts[day, False]) for day in days)


def weeks(answers: Iterable[Answered], today: date) -> tuple[tuple[date, int, int], ...]:
    """For each of the last whole weeks, the latest last: its Monday, how many in time, how many late."""
    found = list(answers)
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=number) for number in range(WEEKS, 0, -1)]
    return tuple((start, *_counted(found, start, start + timedelta(weeks=1))) for start in starts)


def _counted(answers: Iterable[Answered], start: date, end: date) -> tuple[int, int]:
    within = [answer.in_time for answer in answers if start <= answer.day < end]
    return sum(within), len(within) - sum(within)
