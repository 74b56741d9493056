"""Values put into French words: a day, opening hours, a telephone number, somebody's words between quotation marks.

The words themselves stand in `templates/fr.toml`. No-break spaces are U+00A0 everywhere: the narrow one (U+202F) that
French typography likes before `;`, `!` and `?` shows as a box in some mail programs.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from rules.calendar import Hours, Span, parse_hours

NO_BREAK = "\N{NO-BREAK SPACE}"
LONGEST_QUOTE = 200  # characters

_HIGH_SIGN = re.compile(r" (?=[;:!?»])")
_OPENING_QUOTE = re.compile(r"« ")
# What a mail program makes a link of: an address, a domain with a path, a domain of the commonest kinds.
LINK = re.compile(
    r"(?:https?://|www\.)\S*|\b[\w.-]+\.[a-z]{2,}/\S*|\b[\w-]+\.(?:com|net|org|info|biz|xyz|top|ru|cn|io|ly|me)\b",
    re.IGNORECASE,
)
_OVERSEAS = ("0262", "0263", "0269", "0508", "0590", "0594", "0596")
_PAIRS_AFTER_FOUR = re.compile(r"(?<=\d{4})(?=(?:\d\d)+$)")
_PAIRS = re.compile(r"(?<=\d)(?=(?:\d\d)+$)")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_INNER_QUOTES = str.maketrans({"«": "“", "»": "”", '"': "”"})


@cache
def words() -> dict[str, Any]:
    """The tables of `templates/fr.toml`."""
    text = files("templates").joinpath("fr.toml").read_text("utf-8")
    return tomllib.loads(text.replace("~", NO_BREAK))


def typeset(text: str) -> str:
    """French typography: no line may break before a high sign, or inside quotation marks."""
    return _OPENING_QUOTE.sub(f"«{NO_BREAK}", _HIGH_SIGN.sub(NO_BREAK, text))


# --- times


def day(value: date) -> str:
    """`jeudi 26 novembre`, `mardi 1er décembre`."""
    return _form("day", weekday=words()["days"][value.weekday()], day=_number(value), month=_month(value))


def day_and_year(value: date) -> str:
    weekday = words()["days"][value.weekday()]
    return _form("day_and_year", weekday=weekday, day=_number(value), month=_month(value), year=value.year)


def half_day(value: date, half: str) -> str:
    """What a tenant is told: `jeudi 26 novembre, dans la matinée`. `half` is `morning` or `afternoon`."""
    return _form("promise", day=day(value), half=words()["halves"][half])


def day_and_hour(local: datetime) -> str:
    """`mardi 24 novembre à 14 h 32`, for what is near."""
    return _form("moment", day=day(local), hour=_hour(local.hour, local.minute))


def moment(local: datetime) -> str:
    """`mardi 24 novembre 2026 à 14 h 32`, on the clock of the office that the caller has chosen."""
    return _form("moment", day=day_and_year(local), hour=_hour(local.hour, local.minute))


@lru_cache(maxsize=64)
def opening_hours(text: str) -> str:
    """`mon-thu 09:00-12:30; fri 09:00-12:00`, as it stands on a door. Raises ValueError (see parse_hours)."""
    return " ; ".join(
        _form("opening", days=_days(days), spans=_listed([_span(span) for span in spans]))
        for days, spans in _alike(parse_hours(text))
    )


def _alike(hours: Hours) -> Iterator[tuple[list[int], tuple[Span, ...]]]:
    """Days with the same openings together, in the order in which they first come."""
    order = {spans: index for index, spans in reversed(list(enumerate(hours.week)))}
    by_openings = sorted(range(7), key=lambda index: (order[hours.week[index]], index))
    for spans, days in groupby(by_openings, key=lambda index: hours.week[index]):
        if spans:
            yield list(days), spans


def _days(days: Sequence[int]) -> str:
    names = [words()["days"][index] for index in days]
    if len(days) == 1:
        return _form("day_alone", day=names[0])
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:  # noqa: PLR2004  two days in a row are listed
        return _form("days_in_a_row", first=names[0], last=names[-1])
    return _form("days_listed", days=_listed(names))


def _span(span: Span) -> str:
    return _form("span", opens=_hour(*divmod(span.opens, 60)), closes=_hour(*divmod(span.closes, 60)))


def _hour(hour: int, minute: int) -> str:
    return _form("hour_and_minutes", hour=hour, minute=minute) if minute else _form("hour", hour=hour)


def _number(value: date) -> str:
    return str(words()["forms"]["first_of_month"] if value.day == 1 else value.day)


def _month(value: date) -> str:
    return str(words()["months"][value.month - 1])


def _listed(parts: Sequence[str]) -> str:
    """`a, b et c`."""
    *others, last = parts
    return str(words()["forms"]["and"]).join(filter(None, (", ".join(others), last)))


def _form(name: str, **parts: object) -> str:
    return str(words()["forms"][name].format(**parts))


def count(number: int) -> str:
    """`1 000`."""
    return f"{number:,}".replace(",", NO_BREAK)


# --- people


def phone(text: str) -> str:
    """`0465712011` as it is read aloud: `04 65 71 20 11`, overseas `0596 00 00 99`. One with spaces is kept so."""
    digits = re.sub(r"[.-]", "", text.strip())
    if re.fullmatch(r"0\d{9}", digits):
        return (_PAIRS_AFTER_FOUR if digits.startswith(_OVERSEAS) else _PAIRS).sub(NO_BREAK, digits)
    return NO_BREAK.join(text.split())


def dialled(text: str) -> str:
    """A number as a telephone dials it (RFC 3966), for a link."""
    return re.sub(r"[^\d+]", "", text)


def of(name: str) -> str:
    """A name after the French for "of": `de Clémence`, `d’Ewen`."""
    first = _plain(name.split(" ", 1)[0].casefold())
    table = words()["elision"]
    vowel = first[:1] in set(table["letters"])
    muted = first in {_plain(word) for word in table["mute"]}
    before_consonant = re.match(r"y[^aeiouy]", first) is not None  # d’Yves, but de Yann
    return ("d’" if vowel or muted or before_consonant else "de ") + name


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


# --- their words


def quoted(text: str, limit: int = LONGEST_QUOTE) -> str:
    """Somebody's words, on one line between quotation marks, less their greeting; `''` when nothing is left.

    Links are left out: an automatic answer must not carry a stranger's link to whoever was named as the sender.
    """
    line = tidy(_greeting().sub("", LINK.sub("", text).strip(), count=1)).translate(_INNER_QUOTES).rstrip(" .,;:")
    line = curly(line)
    if not line:
        return ""
    return _form("quote", words=shortened(line, limit))


def curly(text: str) -> str:
    """With the apostrophes of a book in place of those of a keyboard."""
    return _APOSTROPHE.sub("’", text)


@cache
def _greeting() -> re.Pattern[str]:
    table = words()["greetings"]
    return re.compile(r"\A" + table["pattern"].replace("TITLES", table["titles"]), re.IGNORECASE | re.VERBOSE)


def tidy(text: str) -> str:
    """One line of visible characters: no control or invisible ones, single spaces."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())


def shortened(line: str, limit: int) -> str:
    """At most `limit` characters, cut between two words, with an ellipsis when something is missing."""
    if len(line) <= limit:
        return line
    return f"{line[:limit].rsplit(' ', 1)[0].rstrip(' .,;:')}…"
