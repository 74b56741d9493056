"""Days as people write them beside a word: `demain`, `vendredi 27 novembre`, `27/11`, `dans 3 jours`.

`day_of` takes words as they are written, the readers below folded ones (rules.fold); each tells how many it has read.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from rules.fold import fold
from rules.labels import MONTHS

MOST_DAYS = 366  # that a span may have
_NUMERIC = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_UNITS = {"jour": 1, "jours": 1, "j": 1, "semaine": 7, "semaines": 7, "sem": 7}
_WEEK = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_SOON = {"aujourd'hui": 0, "demain": 1, "apres-demain": 2}
_NUMBERS = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "dix": 10,
    "quinze": 15,
}  # fmt: skip
_SMALL = frozenset({"le", "la", "au", "du", "de", "a", "pour", "avant", "jusqu'au", "d'ici", "vers", "pas"})


def day_of(words: tuple[str, ...], today: date, *, past: bool = False) -> tuple[date | None, tuple[str, ...]]:
    """The day that these words begin with, and the rest of them; none when they begin with no day."""
    start = 0
    while start < len(words) and fold(words[start]) in _SMALL:
        start += 1
    rest = words[start:]
    plain = tuple(fold(word).strip(".;") for word in rest)
    for reader in (_named, _numeric, _month):
        day, used = reader(plain, today, past)
        if day is not None:
            return day, rest[used:]
    return None, words


def span(words: Sequence[str]) -> tuple[int, int]:
    """How many days `3 jours`, `trois jours`, `3j`, `2semaines` are, and how many words say it; none: 0 days."""
    glued = re.fullmatch(r"(\d{1,3})([a-z]+)", words[0]) if words else None
    if glued:
        return int(glued[1]) * _UNITS.get(glued[2], 0), 1
    unit = _UNITS.get(words[1], 0) if len(words) > 1 else 0
    number = _NUMBERS.get(words[0], int(words[0]) if words[0].isdecimal() else 0) if unit else 0
    return number * unit, 2


def _named(words: tuple[str, ...], today: date, past: bool) -> tuple[date | None, int]:
    """`demain`, `vendredi`, `vendredi prochain`, `vendredi 27 novembre`, `dans 3 jours`."""
    first = words[0] if words else ""
    if first == "dans" and not past:
        days, used = span(words[1:])
        return (today + timedelta(days=days), used + 1) if 0 < days <= MOST_DAYS else (None, 0)
    if first in _SOON:
        return today + timedelta(days=-_SOON[first] if past else _SOON[first]), 1
    if first not in _WEEK:
        return None, 0
    for reader in (_numeric, _month):  # the date beside it counts
        day, used = reader(words[1:], today, past)
        if day is not None:
            return day, used + 1
    ahead = (_WEEK.index(first) - today.weekday()) % 7
    if past:
        return today - timedelta(days=(7 - ahead) % 7), 1
    following = len(words) > 1 and words[1] in {"prochain", "prochaine"}
    return today + timedelta(days=ahead or 7), 2 if following else 1


def _numeric(words: tuple[str, ...], today: date, past: bool) -> tuple[date | None, int]:
    first = words[0] if words else ""
    if found := _ISO.fullmatch(first):
        return _real(int(found[1]), int(found[2]), int(found[3])), 1
    found = _NUMERIC.fullmatch(first)
    if found is None:
        return None, 0
    year = int(found[3]) + (0 if len(found[3]) > 2 else 2000) if found[3] else None  # noqa: PLR2004  27/11/26
    return _nearest(int(found[1]), int(found[2]), year, today, past), 1


def _month(words: tuple[str, ...], today: date, past: bool) -> tuple[date | None, int]:
    """`27 novembre`, `1er décembre 2026`."""
    number = re.fullmatch(r"(\d{1,2})(?:er)?", words[0]) if words else None
    if number is None or len(words) < 2 or words[1] not in MONTHS:  # noqa: PLR2004  a number and a month
        return None, 0
    year = int(words[2]) if len(words) > 2 and re.fullmatch(r"20\d\d", words[2]) else None  # noqa: PLR2004
    return _nearest(int(number[1]), MONTHS[words[1]], year, today, past), 3 if year else 2


def _nearest(day: int, month: int, year: int | None, today: date, past: bool) -> date | None:
    """Without a year: the next such day, or the last one."""
    if year:
        return _real(year, month, day)
    this = _real(today.year, month, day)
    if this is None or (this <= today if past else this >= today):
        return this
    return _real(today.year + (-1 if past else 1), month, day)


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
