"""The stretch of time that a call of rent covers: a month for most leases, a quarter for some.

Days are calendar dates of the agency; both ends belong to the period.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From `first` to `last`, both included."""

    first: date
    last: date

    @property
    def name(self) -> str:
        """`2026-12`: the month it begins in, which is how a term is spoken of."""
        return f"{self.first:%Y-%m}"

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def eve(self) -> date:
        """The day before: the account of that evening is what the notice opens with."""
        return self.first - timedelta(days=1)

    @property
    def months(self) -> int:
        """How many calendar months it touches."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def previous(self) -> "Period":
        """The period of the same length before it."""
        years, number = divmod(self.first.year * 12 + self.first.month - 1 - self.months, 12)
        return months_from(date(years, number + 1, 1), self.months)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def within(self, other: "Period") -> bool:
        """All its days are the other's too."""
        return other.first <= self.first and self.last <= other.last

    def shared_days(self, other: "Period") -> int:
        """How many days they have in common."""
        return max(0, (min(self.last, other.last) - max(self.first, other.first)).days + 1)

    def meets(self, other: "Period") -> bool:
        """They share a day at least."""
        return self.first <= other.last and other.first <= self.last


def months_from(first: date, count: int) -> Period:
    """`count` whole months beginning with the month of `first`."""
    year, month = divmod(first.year * 12 + first.month - 1 + count - 1, 12)
    end = date(year, month + 1, monthrange(year, month + 1)[1])
    return Period(first.replace(day=1), end)


def month(year: int, number: int) -> Period:
    return months_from(date(year, number, 1), 1)


def month_of(day: date) -> Period:
    return months_from(day, 1)


def quarter(year: int, number: int) -> Period:
    """The calendar quarter 1 to 4 of a year."""
    return months_from(date(year, 3 * number - 2, 1), 3)


def covering(day: date, months: int) -> Period:
    """The stretch of so many months of the civil year, counted from January, that a day is in."""
    number = (day.month - 1) // months * months + 1
    return months_from(date(day.year, number, 1), months)


def parse(text: str) -> Period:
    """The month that `2026-12` names. Raises ValueError, which quotes the text, for anything else."""
    match = re.fullmatch(r"([12]\d{3})-(0[1-9]|1[0-2])", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not a month such as 2026-12")
    return month(int(match[1]), int(match[2]))
