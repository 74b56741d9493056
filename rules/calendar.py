"""When an office is open: its clock, its week, the holidays of its territory, the days it says it is closed.

A `Calendar` answers for one office. A working day is a day on which its doors open at all: not a public holiday, not a
closed date, and with hours in the week. Dates and hours are those of the clock on its wall; instants must be aware.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from holidays import country_holidays

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
LONGEST_CLOSURE = 366  # days; a longer one is a slip of the pen, and would hide every promise


@dataclass(frozen=True, slots=True)
class Territory:
    """Whose holidays: a subdivision of the `holidays` package (None: the eleven of L3133-1), and days added to it."""

    subdivision: str | None
    added: tuple[tuple[int, int], ...]  # (month, day)
    reason: str


# Code du travail L3133-1: eleven days everywhere; L3422-2: one more in each overseas territory.
# The package (0.109) can't be asked for the latter: it adds mi-Carême, Good Friday and 21 July to Guadeloupe, and
# 21 July to Martinique and Saint-Martin (customs: an office that follows them lists them as `closed`), and has
# Saint-Martin on 28 May.
TERRITORIES = {
    "FR": Territory(None, (), "L3133-1"),
    "FR-GP": Territory(None, ((5, 27),), "L3422-2, Guadeloupe"),
    "FR-MQ": Territory(None, ((5, 22),), "L3422-2, Martinique"),
    "FR-GF": Territory(None, ((6, 10),), "L3422-2, Guyane"),
    "FR-RE": Territory(None, ((12, 20),), "L3422-2, La Réunion"),
    "FR-YT": Territory(None, ((4, 27),), "L3422-2, Mayotte"),
    "FR-BL": Territory(None, ((10, 9),), "L3422-2, Saint-Barthélemy"),
    "FR-MF": Territory(None, ((5, 27),), "L3422-2, Saint-Martin"),
    "FR-PM": Territory(None, (), "L3422-2 names no day for Saint-Pierre-et-Miquelon"),
    # L3134-13: Good Friday (where there is a Protestant church) and 26 December.
    "FR-57": Territory("57", (), "L3134-13, Moselle"),
    "FR-67": Territory("6AE", (), "L3134-13, Bas-Rhin"),
    "FR-68": Territory("6AE", (), "L3134-13, Haut-Rhin"),
    "FR-6AE": Territory("6AE", (), "L3134-13, Alsace"),
    # Territories with a labour law of their own: as the package says.
    "FR-NC": Territory("NC", (), "local law, Nouvelle-Calédonie"),
    "FR-PF": Territory("PF", (), "local law, Polynésie française"),
    "FR-WF": Territory("WF", (), "local law, Wallis-et-Futuna"),
}
# ISO 3166-2 also numbers the overseas departments.
ALIASES = {
    "FR-971": "FR-GP",
    "FR-972": "FR-MQ",
    "FR-973": "FR-GF",
    "FR-974": "FR-RE",
    "FR-976": "FR-YT",
    "FR-977": "FR-BL",
    "FR-978": "FR-MF",
}


def territory_named(code: str) -> Territory:
    """The territory of an ISO 3166-2 code (`FR`, `FR-MQ`, `FR-972`, ...). Raises ValueError, which quotes the code."""
    name = code.strip().upper()
    territory = TERRITORIES.get(ALIASES.get(name, name))
    if territory is None:
        raise ValueError(f"no holidays are known for {code!r}; it is one of {', '.join(TERRITORIES)}")
    return territory


@lru_cache(maxsize=512)
def public_holidays(code: str, year: int) -> frozenset[date]:
    """The public holidays of a territory in one year. Raises ValueError for an unknown code."""
    territory = territory_named(code)
    added = (date(year, month, day) for month, day in territory.added)
    return frozenset(country_holidays("FR", subdiv=territory.subdivision, years=year)).union(added)


@dataclass(frozen=True, slots=True)
class Span:
    """An opening on one day, in minutes after local midnight: 540 to 750 is 09:00-12:30; `closes` may be 1440."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Hours:
    """A week of openings: seven days from Monday, each with its spans in order."""

    week: tuple[tuple[Span, ...], ...]


_DAY_OR_RANGE = r"[a-z]{3}(?:\s*-\s*[a-z]{3})?"
_GROUP = re.compile(rf"({_DAY_OR_RANGE}(?:\s*,\s*{_DAY_OR_RANGE})*)\s+(\S.*)")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


def parse_hours(text: str) -> Hours:
    """Read `mon-thu 09:00-12:30, 14:00-18:00; fri 09:00-12:30` (`sat closed` is allowed too).

    Raises ValueError with the piece that isn't understood, a day said twice, or spans that overlap or run backwards.
    """
    week: dict[int, tuple[Span, ...]] = {}
    for piece in filter(None, (piece.strip() for piece in text.split(";"))):
        days, spans = _read_group(piece)
        for day in days:
            if day in week:
                raise ValueError(f"{DAYS[day]} is said twice in the opening hours {text!r}")
            week[day] = spans
    if not any(week.values()):
        raise ValueError(f"the opening hours {text!r} never open; write for instance 'mon-fri 09:00-12:30'")
    return Hours(tuple(week.get(day, ()) for day in range(7)))


def _read_group(piece: str) -> tuple[list[int], tuple[Span, ...]]:
    found = _GROUP.fullmatch(piece.lower())
    if found is None:
        raise ValueError(f"{piece!r} isn't an opening; write days, then hours: 'mon-thu 09:00-12:30, 14:00-18:00'")
    days = [day for part in found[1].split(",") for day in _read_days(part)]
    return days, _read_spans(found[2])


def _read_days(part: str) -> range:
    first, _, last = (name.strip() for name in part.partition("-"))
    for name in filter(None, (first, last)):
        if name not in DAYS:
            raise ValueError(f"{name!r} isn't a day; it is one of {', '.join(DAYS)}")
    start, end = DAYS.index(first), DAYS.index(last or first)
    if end < start:
        raise ValueError(f"{part.strip()!r} runs backwards; a week begins on Monday")
    return range(start, end + 1)


def _read_spans(text: str) -> tuple[Span, ...]:
    if text == "closed":
        return ()
    spans = tuple(_read_span(part.strip()) for part in text.split(","))
    for before, after in pairwise(spans):
        if after.opens < before.closes:
            raise ValueError(f"the hours {text!r} overlap or aren't in order")
    return spans


def _read_span(part: str) -> Span:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise ValueError(f"{part!r} isn't a span of hours; write for instance '09:00-12:30'")
    span = Span(_minutes(found[1], found[2], part), _minutes(found[3], found[4], part))
    if span.closes <= span.opens:
        raise ValueError(f"{part!r} closes before it opens; a night past 24:00 is two spans on two days")
    return span


def _minutes(hour: str, minute: str, part: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) >= 60 or minutes > 24 * 60:  # noqa: PLR2004  minutes of an hour
        raise ValueError(f"{hour}:{minute} isn't a time of day in {part!r}")
    return minutes


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which an office is closed, both included, besides holidays."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def parse_closed(text: str) -> Closure:
    """Read `2026-12-24` or `2026-08-15..2026-08-31`. Raises ValueError, which quotes what is wrong."""
    first, dots, last = text.partition("..")
    closure = Closure(_read_date(first, text), _read_date(last if dots else first, text))
    if closure.last < closure.first:
        raise ValueError(f"the closed dates {text!r} run backwards")
    if (closure.last - closure.first).days >= LONGEST_CLOSURE:
        raise ValueError(f"the closed dates {text!r} are longer than a year; is it a slip?")
    return closure


def _read_date(part: str, text: str) -> date:
    try:
        return date.fromisoformat(part.strip())
    except ValueError:
        example = "'2026-12-24' or '2026-08-15..2026-08-31'"
        raise ValueError(f"{part.strip()!r} isn't a date in the closed dates {text!r}; write {example}") from None


@dataclass(frozen=True, slots=True)
class Calendar:
    """One office's days and hours. Raises ValueError at once for a territory without known holidays."""

    timezone: ZoneInfo
    territory: str
    hours: Hours
    closed: tuple[Closure, ...] = ()

    def __post_init__(self) -> None:
        territory_named(self.territory)

    def is_working_day(self, day: date) -> bool:
        return bool(self.spans_on(day))

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The openings of that day, none on a holiday or a closed date."""
        if day in public_holidays(self.territory, day.year) or any(day in closure for closure in self.closed):
            return ()
        return self.hours.week[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        """Whether the doors are open at that instant: from the opening minute on, up to the closing minute."""
        local = self.local(at)
        minute = _minute_of_day(local)
        return any(span.opens <= minute < span.closes for span in self.spans_on(local.date()))

    def next_opening(self, at: datetime) -> datetime:
        """The instant at which the office is next open, on its own clock: `at` itself when it is open then."""
        local = self.local(at)
        minute = _minute_of_day(local)
        for span in self.spans_on(local.date()):
            if minute < span.closes:
                return local if minute >= span.opens else self.instant(local.date(), span.opens)
        day = self.working_days_after(local.date(), 1)
        return self.instant(day, self.spans_on(day)[0].opens)

    def working_days_after(self, day: date, count: int) -> date:
        """The `count`th working day after that day, which isn't counted itself; the day itself when `count` is 0."""
        following = self._working_days_from(day)
        for _ in range(count):
            day = next(following)
        return day

    def _working_days_from(self, day: date) -> Iterator[date]:
        while True:
            day += DAY
            if self.is_working_day(day):
                yield day

    def local(self, at: datetime) -> datetime:
        """The same instant on the office's clock. ValueError for a time without zone: it could be any instant."""
        if at.tzinfo is None:
            raise ValueError(f"{at.isoformat()} has no time zone")
        return at.astimezone(self.timezone)

    def instant(self, day: date, minute: int) -> datetime:
        """That minute of that day on the office's clock (see `on_clock`)."""
        return self.on_clock(datetime.combine(day, time()) + timedelta(minutes=minute))

    def on_clock(self, wall: datetime) -> datetime:
        """The instant at which the office's clock shows `wall` (naive).

        RFC 5545 3.3.5 settles the two nights of the year: a time shown twice is the first of both, a time skipped in
        spring is read with the offset before the change, hence an hour later.
        """
        return wall.replace(tzinfo=self.timezone, fold=0).astimezone(UTC).astimezone(self.timezone)


def _minute_of_day(local: datetime) -> int:
    return local.hour * 60 + local.minute
