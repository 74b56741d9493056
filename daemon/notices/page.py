"""The page of a notice as HTML: the sentences of `templates/notices` filled with one notice and one house.

A name that a template doesn't know is an error, never a blank in a tenant's letter. Everything shown is a function of
the notice and the house.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from daemon import wording
from rules import labels
from rules.house import House
from rules.labels import Component
from rules.ledger import ZERO
from rules.notice import Due, Lease, Notice, Party
from rules.period import Period

NARROW = "\N{NARROW NO-BREAK SPACE}"  # between thousands: in print it is always there, unlike in mail programs
MINUS = "\N{MINUS SIGN}"
LINES = 6  # of an address (La Poste)
# How an address fits the window: class of the style sheet, letters on a line, lines.
SIZES = (("", 44, 5), ("six", 48, 6), ("seven", 52, 7), ("eight", 57, 8))
AT_EASE = SIZES[:2]  # with one name a line; smaller type only when names that share lines need it
# The two tables stand side by side while neither is longer than this; else one under the other, going on overleaf.
MOST_ROWS = 15  # lines of type
# Class of the style sheet, letters on a line of what is called and of the account: the first is the handsomest.
LAYOUTS = (("", 22, 34), ("even", 36, 19))
MOST_TERMS = 3  # unpaid terms listed one by one; more are said in one breath


@dataclass(frozen=True, slots=True)
class Owed:
    """Something unpaid, as the page says it: one term, a run of terms from `first` to `last`, or a line."""

    left: Decimal
    component: Component = Component.RENT
    label: str = ""
    first: Period | None = None
    last: Period | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the tenant needs for paying: the IBAN as printed, the reference to give, the QR code as a data URL."""

    iban: str
    reference: str
    qr: str


def page(notice: Notice, house: House, *, logo: str = "", transfer: Transfer | None = None) -> str:
    """The HTML of a notice. `logo` is a URL. Raises jinja2.TemplateError."""
    lines, size = window(notice.tenants, notice.lease)
    return _environment().get_template("notice.html").render(
        notice=notice,
        house=house,
        logo=logo,
        transfer=transfer,
        address=lines,
        size=size,
        dues=owed(notice.arrears),
        charged=owed(notice.fees),
        receipts=tuple((receipt, _elsewhere(notice, receipt.period)) for receipt in notice.receipts),
        fees=_left(notice.fees),
        insurance=_insurance(notice),
        layout=_layout(notice),
        days=_days(notice),
        first=_first(notice),
    )  # fmt: skip


def paper(template: str, house: House, *, logo: str = "", **facts: Any) -> str:
    """The HTML of another document of a lease. Raises jinja2.TemplateError."""
    return _environment().get_template(f"{template}.html").render(house=house, logo=logo, **facts)


def sheet(colour: str, fonts: str) -> str:
    """The style sheet of a house; `fonts` is the URL of the folder of fonts."""
    return _environment().get_template("notice.css").render(colour=colour, fonts=fonts)


def folder(name: str) -> Path:
    """A folder of `templates`, which is always installed unpacked."""
    return Path(str(files("templates"))) / name


def address(tenants: Iterable[Party], lease: Lease) -> tuple[str, ...]:
    """Who (every tenant), then where, as the post wants it: six lines at most, the town in capitals."""
    names, where = [_named(party) for party in tenants], _where(lease)
    return (*_joined(names, LINES - len(where)), *where)


def destination(lease: Lease) -> tuple[str, str]:
    """The postcode and the town that a letter goes to; the postcode is empty abroad."""
    if not lease.postal:
        return lease.postcode, lease.city
    found = re.match(r"(\d{5})\s+(.+)", lease.postal[-1])
    return (found[1], found[2]) if found else ("", lease.postal[-1])


def window(tenants: Iterable[Party], lease: Lease) -> tuple[tuple[str, ...], str]:
    """The lines in the window, and the class of the largest type in which they stand whole.

    One name a line, else names that share lines, none of them cut; at the last, in one run. Raises ValueError, which
    quotes the address.
    """
    names, where = [_named(party) for party in tenants], _where(lease)
    for name, letters, most in AT_EASE:
        if _height(names, letters) + _height(where, letters) <= most:
            return (*names, *where), name
    for name, letters, most in SIZES:
        room = most - _height(where, letters)
        for lines in (_joined(names, count) for count in range(room, 0, -1)):  # a long name takes two by itself
            whole = all(len(line) <= letters or line in names for line in lines)
            if whole and _height(lines, letters) <= room:
                return (*lines, *where), name
    name, letters, most = SIZES[-1]
    if _height(run := (", ".join(names), *where), letters) <= most:
        return run, name
    raise ValueError(f"the address is too long for the window of an envelope: {' / '.join((*names, *where))}")


def _where(lease: Lease) -> tuple[str, ...]:
    if lease.postal:
        return (*lease.postal[:-1], lease.postal[-1].upper())
    place = lease.property if lease.property != lease.address else ""
    lot = _words()["forms"]["lot"].format(lot=lease.lot) if lease.lot else ""
    building = capitalised(", ".join(filter(None, (place, lot))))
    town = f"{lease.postcode} {lease.city.upper()}".strip()
    return tuple(filter(None, (building, lease.address, town)))


def _layout(notice: Notice) -> str:
    """The class in which the longer table is short; the first where it makes no difference."""
    heights = {name: _tallest(notice, called, moved) for name, called, moved in LAYOUTS}
    best = min(heights, key=lambda name: heights[name])
    return best if heights[best] <= MOST_ROWS else "wide"


def _tallest(notice: Notice, called: int, moved: int) -> int:
    labels_, rows = (line.label for line in notice.lines), (row.label for row in notice.past.rows)
    return max(_height(labels_, called), _height(rows, moved))


def _first(notice: Notice) -> bool:
    """A new lease whose account is empty before its first term: there is no past month to restate."""
    past = notice.past
    return notice.lease.start > past.period.last and not (past.rows or past.opening or past.closing)


def lived(period: Period, lease: Lease) -> Period:
    """The days of a period that the lease covers: a first or a last month is not whole."""
    first, last = max(period.first, lease.start), min(period.last, lease.left_on or period.last)
    return Period(first, last) if first <= last else period


def _days(notice: Notice) -> str:
    """`19 jours sur 30`, beside what the lease itself calls of a part of a term."""
    days = lived(notice.period, notice.lease).days
    if days == notice.period.days:
        return ""
    form = _words()["forms"]["one_day" if days == 1 else "days"]
    return str(form.format(days=days, of=notice.period.days))


def _height(lines: Iterable[str], letters: int) -> int:
    """How many lines of type these take, at so many letters a line."""
    return sum(max(1, ceil(len(line) / letters)) for line in lines)


def _joined(names: Sequence[str], room: int) -> list[str]:
    """One name a line, or in so many lines (one at least), in their order, the shortest that hold them all."""
    if len(names) <= room:
        return list(names)
    widest = len(", ".join(names))
    tries = (_filled(names, width) for width in range(max(map(len, names)), widest + 1))
    return next(lines for lines in tries if len(lines) <= max(room, 1))


def _filled(names: Sequence[str], width: int) -> list[str]:
    lines = [names[0]]
    for name in names[1:]:
        longer = f"{lines[-1]}, {name}"
        lines[-1:] = [longer] if len(longer) <= width else [lines[-1], name]
    return lines


def owed(dues: Iterable[Due]) -> tuple[Owed, ...]:
    """What is unpaid, the terms first: each one, or from the first to the last when they are many."""
    terms = [Owed(due.left, first=due.period) for due in dues if due.period is not None]
    others = [Owed(due.left, due.component, due.label) for due in dues if due.period is None]
    if len(terms) > MOST_TERMS:
        terms = [replace(terms[0], left=_left(terms), last=terms[-1].first)]
    return (*terms, *others)


# --- how values are written


def euros(amount: Decimal) -> str:
    """`1 234,56 €`, with a true minus sign."""
    sign = MINUS if amount < 0 else ""
    figures = f"{abs(amount):,.2f}".replace(",", NARROW).replace(".", ",")
    return f"{sign}{figures}{wording.NO_BREAK}€"


def day(value: date) -> str:
    """`1er décembre 2026`."""
    number = wording.words()["forms"]["first_of_month"] if value.day == 1 else str(value.day)
    return f"{number}{wording.NO_BREAK}{_month(value)} {value.year}"


def time_of_day(local: datetime) -> str:
    """`14:32:05 (+01:00)`: a judge reads seconds and the offset from universal time."""
    return f"{local:%H:%M:%S} ({local.isoformat()[-6:]})"


def duration(length: timedelta) -> str:
    """`45 h 12`: whole minutes."""
    minutes = int(length.total_seconds()) // 60
    return str(wording.words()["forms"]["duration"].format(hours=minutes // 60, minutes=minutes % 60))


def term(period: Period) -> str:
    """`décembre 2026`; `octobre à décembre 2026` for a quarter."""
    last = f"{_month(period.last)} {period.last.year}"
    if period.months == 1:
        return last
    year = f" {period.first.year}" if period.first.year != period.last.year else ""
    return str(_words()["forms"]["terms"].format(first=f"{_month(period.first)}{year}", last=last))


def span(period: Period) -> str:
    """`du 1er au 31 décembre 2026`."""
    same = (period.first.year, period.first.month) == (period.last.year, period.last.month)
    first = day(period.first).split(wording.NO_BREAK)[0] if same else day(period.first)
    return str(_words()["forms"]["span"].format(first=first, last=day(period.last)))


def step(what: str) -> str:
    """What happened to a case, as a judge reads it."""
    return str(_words()["steps"].get(what, what))


def capitalised(text: str) -> str:
    """With a capital letter first, and the others as they are."""
    return text[:1].upper() + text[1:]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder("notices")),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        finalize=_apostrophes,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"euros": euros, "day": day, "short": "{:%d/%m}".format, "term": term, "span": span}
    environment.filters |= {"lived": lived}
    environment.filters |= {"of": wording.of, "capitalised": capitalised, "phone": wording.phone}
    environment.filters |= {"clock": time_of_day, "duration": duration}
    environment.globals["words"] = _words()
    return environment


def _apostrophes(value: Any) -> Any:
    """Typed apostrophes as a printer sets them; a Markup has passed here already."""
    return value.replace("'", "’") if type(value) is str else value


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads((folder("notices") / "words.toml").read_text("utf-8"))


def _month(value: date) -> str:
    return str(wording.words()["months"][value.month - 1])


def _named(party: Party) -> str:
    shown = _environment().get_template("parts.html").module.name(party)  # type: ignore[attr-defined]
    return str(shown.unescape()).strip()


def _elsewhere(notice: Notice, period: Period) -> Decimal:
    """What is unpaid beside a receipt's own term and beside the fees."""
    return _left(due for due in notice.arrears if due.period != period)


def _left(dues: Iterable[Due | Owed]) -> Decimal:
    return sum((due.left for due in dues), ZERO)


def _insurance(notice: Notice) -> str:
    """What the page says of the certificate: nothing for a parking space, which needs none."""
    if labels.says(labels.UNLIVED, notice.lease.property):
        return ""
    until = notice.lease.insurance_until
    if until is None:
        return "unknown"
    return "valid" if until >= notice.period.first else "expired"
