"""Who is away: a line of the agency's calendar, or the automatic answer that an absent manager's mail program sends.

G1  2026-12-21..2027-01-03  # winter holidays
G4  2026-11-27
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from rules.calendar import Closure, parse_closed
from rules.fold import fold
from rules.labels import MONTHS

UNTOLD = timedelta(days=7)  # how long an absence is believed that doesn't say until when
LONGEST = timedelta(days=120)  # a later return is a slip, or another date of the text

ABSENT = re.compile(
    r"^(?:reponse automatique|message d'absence|notification d'absence|absen(?:t|te|ce)\b|en conges?\b"
    r"|conges (?:annuels|d'ete|payes)\b|out of (?:the )?office|automatic reply|auto(?:matic)?[- ]?(?:reply|response)"
    r"|vacances\b)"
)
_UNTIL = r"\b(?:jusqu'(?:au|a)|until|till|through)\b"  # the last day away
_BACK = r"\b(?:de retour|reprend\w*|retour|back|return\w*|des|a (?:compter|partir) d[ue])\b"  # the first day here
_DAY = r"(?P<day>\d{1,2})(?:er|st|nd|rd|th)?"
_NAMED = rf"{_DAY}\s+(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\.?(?:\s+(?P<year>20\d\d))?"
_NUMBERS = r"(?P<day>\d{1,2})[/.](?P<month>\d{1,2})(?:[/.](?P<year>(?:20)?\d\d))?\b"
_FORMS = tuple(
    (re.compile(rf"{before}.{{0,40}}?\b{form}"), back)
    for before, back in ((_BACK, True), (_UNTIL, False))
    for form in (_NAMED, _NUMBERS)
)


@dataclass(frozen=True, slots=True)
class Absence:
    """A manager (an id) is away on these days."""

    manager: str
    days: Closure


def read_calendar(text: str) -> tuple[tuple[Absence, ...], tuple[str, ...]]:
    """The absences of a calendar file, and what is wrong with its other lines (each with its number)."""
    found: list[Absence] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].split()
        if not said:
            continue
        try:
            manager, days = said
            found.append(Absence(manager, parse_closed(days)))
        except ValueError as error:
            cause = str(error) if len(said) == 2 else "write a manager's id and days: G1 2026-12-21..2027-01-03"  # noqa: PLR2004
            faults.append(f"line {number}: {cause}")
    return tuple(found), tuple(faults)


def away(absences: Iterable[Absence], day: date) -> frozenset[str]:
    """Who is away on that day."""
    return frozenset(one.manager for one in absences if day in one.days)


def announces(subject: str) -> bool:
    """Whether an automatic answer's subject says that its sender is away."""
    return ABSENT.match(fold(subject).strip()) is not None


def until(text: str, received: date) -> date:
    """The last day away that such an answer tells; a week when it tells none that makes sense."""
    words = " ".join(fold(text).split())
    for form, back in _FORMS:
        for said in form.finditer(words):
            day = _date(said, received)
            if day is None:
                continue
            last = day - timedelta(days=1) if back else day
            if received <= last <= received + LONGEST:
                return last
    return received + UNTOLD


def _date(said: re.Match[str], received: date) -> date | None:
    month = MONTHS.get(said["month"]) or (int(said["month"]) if said["month"].isdecimal() else 0)
    year = int(said["year"]) % 100 + 2000 if said["year"] else received.year
    try:
        day = date(year, month, int(said["day"]))
        return day.replace(year=year + 1) if not said["year"] and day < received else day
    except ValueError:
        return None
