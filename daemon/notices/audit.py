"""An auditor's look at a term: every amount computed again from the accounts, and looked for in each document.

Nothing of `rules.reckoning` or of what the run stored is used: the lines of the accounts are added up here, by the
plain definition of each sum, and the words of the PDF in the tree are what the tenant holds. A receipt must show what
the payments of its term say. Differences are findings, with the figure expected and what was found.
"""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from archive.records import Lease, Movement, RentNotice
from daemon.errors import Permanent
from daemon.notices import document, page, parts
from daemon.notices.room import Room
from rules import labels
from rules import period as periods
from rules.labels import Component
from rules.notice import Notice, NoticeKind
from rules.period import Period
from rules.receipt import in_words

ZERO = Decimal("0.00")
OF_THE_TERM = (Component.RENT, Component.CHARGES, Component.OTHER)


@dataclass(frozen=True, slots=True)
class Finding:
    lease: str
    number: str
    what: str
    expected: str
    found: str


def audit(room: Room, period: Period) -> tuple[list[dict[str, Any]], int]:
    """The findings, and how many documents were looked at: the latest of each lease, made or not."""
    latest = {row.lease_id: row for row in _rows(period)}
    findings = [finding for row in latest.values() for finding in _audited(room, row, period)]
    return [asdict(finding) for finding in findings], len(latest)


def _rows(period: Period) -> Iterable[RentNotice]:
    made = RentNotice.select().where(RentNotice.period == period.name, RentNotice.digest != "")
    return list(made.order_by(RentNotice.lease, RentNotice.version))


def _audited(room: Room, row: RentNotice, period: Period) -> Iterator[Finding]:
    try:
        pdf = room.desk.tree.read(row.path)
        text, carried = _plain(document.text_of(pdf)), document.data_of(pdf)
    except (OSError, Permanent) as error:
        yield Finding(row.lease_id, row.number, "document", row.path, str(error))
        return
    shown = _supplied(carried, text) if parts.by_key([row.key]) else _shown(row, carried, text)
    for what, expected, found in (*_amounts(row, carried, period), *shown):
        if expected != found:
            yield Finding(row.lease_id, row.number, what, expected, found)


Check = tuple[str, str, str]  # what, expected, found


# --- the sums, from the accounts


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the account's own lines say, as known on the day of the notice."""

    opening: Decimal
    called: Decimal
    received: Decimal

    @property
    def total(self) -> Decimal:
        return self.opening + self.called - self.received


def _amounts(row: RentNotice, carried: Notice, period: Period) -> Iterator[Check]:
    sums = _sums(row, carried, carried.period)
    yield "opening_balance", str(sums.opening), str(carried.opening_balance)
    yield "term_due", str(sums.called), str(carried.term_due)
    yield "total_due", str(sums.total), str(carried.total_due)
    yield "lease", row.lease_id, carried.lease.id
    yield "period", period.name, carried.period.name


def _sums(row: RentNotice, carried: Notice, period: Period) -> _Sums:
    """The account on the eve of the term, its calls of the term apart; what is called; what was paid since."""
    opening = called = received = ZERO
    posted_rent = False
    m = Movement
    lines: Any = m.select(m.day, m.kind, m.label, m.debit, m.credit, m.reference).where(m.lease == row.lease_id)
    for day, kind, label, debit, credit, reference in lines.tuples():
        term = _term(day, label, reference) if kind == "appel" and _of_term(label) else None
        if day > period.last or (term is not None and term.first > period.last):
            continue
        if (day if term is None else term.first) < period.first:
            opening += debit - credit
        elif kind == "reglement":
            received += credit - debit
        else:
            called += debit - credit
            posted_rent |= term is not None and debit > 0
    if carried.kind is NoticeKind.CALL and not posted_rent:
        called += _of_the_lease(Lease.get_by_id(row.lease_id), period)
    return _Sums(opening, called, received)


def _of_term(label: str) -> bool:
    return labels.component(label) in OF_THE_TERM


def _term(day: Any, label: str, reference: str) -> Period:
    named, coded = labels.period_named(label), labels.period_coded(reference)
    if named and coded and named.months == 1:
        return coded
    return named or coded or periods.month_of(day)


def _of_the_lease(lease: Lease, period: Period) -> Decimal:
    """Rent, charges and the rest of each month, by the day in a first or a last one."""
    first = max(lease.start, period.first)
    last = min(lease.left_on or period.last, period.last)
    days = Counter((day.year, day.month) for day in map(first.__add__, map(timedelta, range((last - first).days + 1))))
    share = sum(Fraction(lived, monthrange(*month)[1]) for month, lived in days.items())
    monthly = (lease.rent, lease.charges, lease.other)
    return sum((Decimal(floor(Fraction(sum_) * share * 100 + Fraction(1, 2))).scaleb(-2) for sum_ in monthly), ZERO)


# --- the words, in the document


def _supplied(carried: Notice, text: str) -> Iterator[Check]:
    """Accounting's own page: how it writes is its affair, what it asks for isn't."""
    yield from _said(text, "total", page.euros(abs(carried.total_due)).replace(page.NARROW, "").rstrip(" €"))


def _shown(row: RentNotice, carried: Notice, text: str) -> Iterator[Check]:
    """Each figure that must be readable on the paper."""
    yield from _said(text, "number", carried.number)
    yield from _said(text, "reference", row.lease_id)
    yield from _said(text, "total", page.euros(abs(carried.total_due)))
    if carried.opening_balance:
        yield from _said(text, "opening", page.euros(carried.opening_balance))
    for line in carried.lines:
        yield from _said(text, "line", page.euros(line.amount))
    for receipt in carried.receipts:
        yield from _receipt(receipt, text)


def _receipt(receipt: Any, text: str) -> Iterator[Check]:
    """Its sum in figures and in words, its parts, and that they are what was paid."""
    yield (
        f"receipt {receipt.period.name} parts",
        str(receipt.total),
        str(receipt.rent + receipt.charges + receipt.other),
    )
    yield (
        f"receipt {receipt.period.name} payments",
        str(receipt.total),
        str(sum((p.amount for p in receipt.paid), ZERO)),
    )
    for amount in filter(None, (receipt.total, receipt.rent, receipt.charges)):
        yield from _said(text, f"receipt {receipt.period.name}", page.euros(amount))
    yield from _said(text, f"receipt {receipt.period.name} words", in_words(receipt.total))
    title = "Quittance de loyer" if receipt.kind.value == "quittance" else "Reçu"  # as the law names them
    yield from _said(text, f"receipt {receipt.period.name} title", title)


def _said(text: str, what: str, wanted: str) -> Iterator[Check]:
    plain = _plain(wanted)
    yield what, plain, plain if plain in text else "not on the document"


def _plain(text: str) -> str:
    """Without the blanks that a reader of PDFs may move, and with one kind of minus."""
    return re.sub(r"\s", "", text).replace("\N{MINUS SIGN}", "-").replace("’", "'")
