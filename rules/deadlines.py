"""By when a letter must be answered, and what the tenant is told of it.

Due times are instants, returned in UTC: subtracting two times of one zone in Python counts hours on the wall, not hours
elapsed. A promise is in the words of the office: a day and a half-day on its own clock.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from rules.calendar import Calendar

Counting = Literal["calendar", "business"]
Half = Literal["morning", "afternoon"]

DAY = timedelta(hours=24)
NOTHING = timedelta(0)
LATEST_RECEIPT = timedelta(hours=72)  # older than that at first sight, a receipt time isn't believed
SKEW = timedelta(minutes=5)  # two honest clocks may differ by that much
NOON, LUNCH = 12 * 60, 13 * 60  # minutes of the day: a morning's opening begins before noon, a morning ends by 13:00


@dataclass(frozen=True, slots=True)
class Promise:
    """What a tenant is told: a day, a half-day, and the time `at` on the office's clock (its time zone)."""

    day: date
    half: Half
    at: datetime


def due(received_at: datetime, allowed: timedelta, calendar: Calendar, counting: Counting) -> datetime:
    """When the answer is due, in UTC.

    `calendar`: so many hours elapsed, whatever the clocks do meanwhile. `business`: 24 hours are one working day to the
    same time of day, and a letter that arrives while the office is closed counts from its next opening. What is left
    of a day (12 of 36 hours) runs on through working days, from midnight to midnight.
    """
    if counting == "calendar":
        return received_at.astimezone(UTC) + allowed
    start = calendar.next_opening(received_at).replace(tzinfo=None, fold=0)
    days, rest = divmod(allowed, DAY)
    last = calendar.working_days_after(start.date(), days)
    wall = datetime.combine(last, start.time()) + rest
    if wall.date() > last:
        wall = datetime.combine(calendar.working_days_after(last, 1), wall.time())
    return calendar.on_clock(wall).astimezone(UTC)


def resumed(due_at: datetime, paused_at: datetime, at: datetime, calendar: Calendar, counting: Counting) -> datetime:
    """The new due time, in UTC, of a clock that stood still: what was left of it then is left of it now.

    `business`: what was left is working time, so the working time left is counted on from the resumption, and a pause
    that began and ended on a Sunday cost nothing. What was overdue already is as much overdue.
    """
    if counting == "business":
        left = _left(paused_at, due_at, calendar)
        if left > NOTHING:
            return due(max(at, paused_at), left, calendar, counting)
    return due_at.astimezone(UTC) + max(at - paused_at, NOTHING)


def _left(at: datetime, due_at: datetime, calendar: Calendar) -> timedelta:
    """The working time between them, of which `due` counts 24 hours for each working day."""
    start, end = calendar.next_opening(at).replace(tzinfo=None), calendar.local(due_at).replace(tzinfo=None)
    if end <= start:
        return NOTHING
    if not calendar.is_working_day(end.date()):  # one that closed since: up to the end of the last that was open
        end = datetime.combine(end.date(), time())
    days = (start.date() + timedelta(days=number) for number in range((end.date() - start.date()).days))
    return sum((DAY for day in days if calendar.is_working_day(day)), _of_day(end) - _of_day(start))


def _of_day(wall: datetime) -> timedelta:
    return wall - datetime.combine(wall.date(), time())


def promise(due_at: datetime, calendar: Calendar) -> Promise:
    """The half-day to announce: that of the due time, or of the next opening when the office is closed then.

    The minute of closing still counts as open: an answer is due by it, not after it. `due_at` itself never moves.
    """
    local = calendar.local(due_at)
    minute = local.hour * 60 + local.minute
    on_the_minute = not (local.second or local.microsecond)
    for span in calendar.spans_on(local.date()):
        if span.opens <= minute < span.closes or (minute == span.closes and on_the_minute):
            return Promise(local.date(), _half(span.opens, minute), local)
    at = calendar.next_opening(due_at)
    minute = at.hour * 60 + at.minute
    return Promise(at.date(), _half(minute, minute), at)


def _half(opens: int, minute: int) -> Half:
    return "morning" if opens < NOON and minute <= LUNCH else "afternoon"


def starting_at(received_at: datetime, seen_at: datetime) -> tuple[datetime, bool]:
    """When the clock starts, and whether a person should know that the receipt time wasn't believed.

    A receipt more than 72 hours before first sight (a restored mailbox, a server's wrong date) or in the future starts
    at first sight; so does one a few minutes ahead, in silence: that is two clocks.
    """
    age = seen_at.astimezone(UTC) - received_at.astimezone(UTC)
    if age > LATEST_RECEIPT:
        return seen_at, True
    if age < timedelta(0):
        return seen_at, -age > SKEW
    return received_at, False
