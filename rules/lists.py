"""The lists of the end of the quittancement: leases at their term, insurances, revisions due, receipts withheld.

Only dates and what is known of the lease: no index is computed here, the law's three series are named (INSEE: the
mainland, Corsica, overseas) and a person looks the value up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from rules import labels
from rules.notice import Lease, Outcome
from rules.period import Period
from rules.receipt import ReceiptKind

NOTICE = {False: 6, True: 3}  # months before the term by which a landlord gives notice: bare, furnished (art. 15, 25-8)
AHEAD = timedelta(days=30)  # an insurance is asked for a month before it ends (law.md A5)


class Subject(StrEnum):
    """The four lists."""

    TERM = "term"
    INSURANCE = "insurance"
    REVISION = "revision"
    RECEIPT = "receipt"


class Why(StrEnum):
    """What makes a lease stand in a list."""

    TERM_REACHED = "term_reached"  # in the month called
    TERM_PASSED = "term_passed"  # and nothing new was recorded
    LANDLORD_NOTICE = "landlord_notice"  # the last month in which a landlord may give notice
    EXPIRED = "expired"
    EXPIRING = "expiring"
    UNKNOWN = "unknown"  # no date of an insurance
    MAINLAND = "mainland"
    CORSICA = "corsica"
    OVERSEAS = "overseas"
    NO_SERIES = "no_series"  # no series of the index is for this place
    CLEARING = "clearing"  # paid, and the payment may still come back
    PART_PAID = "part_paid"  # a receipt for a part, not the quittance
    UNPAID = "unpaid"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list. `day` is what it is about, `until` the day by which something must be done."""

    subject: Subject
    lease: str
    why: Why
    day: date | None = None
    until: date | None = None
    amount: Decimal | None = None
    detail: str = ""


def items(lease: Lease, outcome: Outcome, period: Period, *, furnished: bool, left: bool) -> tuple[Item, ...]:
    """What the lists say of one lease when the term `period` is called. `left`: its tenant has gone."""
    receipts = _receipts(lease, outcome, period)
    if left or lease.start > period.last:
        return tuple(receipts)
    return (
        *_term(lease, period, furnished=furnished),
        *_insurance(lease, period),
        *_revision(lease, period),
        *receipts,
    )


# --- leases at their term


def _term(lease: Lease, period: Period, *, furnished: bool) -> Iterable[Item]:
    if lease.end is None:
        return
    by = months_before(lease.end, NOTICE[furnished])
    if lease.end < period.first:
        yield Item(Subject.TERM, lease.id, Why.TERM_PASSED, lease.end)
    elif lease.end in period:
        yield Item(Subject.TERM, lease.id, Why.TERM_REACHED, lease.end)
    elif by in period:
        yield Item(Subject.TERM, lease.id, Why.LANDLORD_NOTICE, lease.end, by)


def months_before(day: date, count: int) -> date:
    """The same day of an earlier month, its last one when it is shorter."""
    years, number = divmod(day.year * 12 + day.month - 1 - count, 12)
    return same_day(date(years, number + 1, 1), day.day)


def same_day(first: date, number: int) -> date:
    """Day `number` of the month of `first`, its last one when it is shorter."""
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(number, last.day))


# --- insurances (law of 1989, art. 7 g)


def _insurance(lease: Lease, period: Period) -> Iterable[Item]:
    if labels.says(labels.UNLIVED, lease.property):
        return
    until = lease.insurance_until
    if until is None:
        yield Item(Subject.INSURANCE, lease.id, Why.UNKNOWN)
    elif until < period.first:
        yield Item(Subject.INSURANCE, lease.id, Why.EXPIRED, until)
    elif until <= period.last + AHEAD:
        yield Item(Subject.INSURANCE, lease.id, Why.EXPIRING, until)


# --- revisions of the rent (art. 17-1): once a year, from the demand on, lost after a year

_OVERSEAS = ("971", "972", "973", "974", "976")  # Guadeloupe, Martinique, Guyane, La Réunion, Mayotte
_LEFT_OUT = ("975", "977", "978", "98")  # Saint-Pierre, the northern islands, the Pacific: no series of INSEE's


def series(postcode: str) -> Why:
    """Whose index: the series of the rent reference index for a place."""
    if postcode.startswith(("97", "98")):
        if postcode.startswith(("97133", "97150")) or postcode.startswith(_LEFT_OUT):
            return Why.NO_SERIES  # Saint-Barthélemy and Saint-Martin kept Guadeloupe's postcodes
        return Why.OVERSEAS if postcode.startswith(_OVERSEAS) else Why.NO_SERIES
    if not (len(postcode) == 5 and postcode.isdecimal()):  # noqa: PLR2004  a French postcode
        return Why.NO_SERIES
    return Why.CORSICA if postcode.startswith("20") else Why.MAINLAND


def _revision(lease: Lease, period: Period) -> Iterable[Item]:
    """The anniversary of the lease in this month, when no other day was agreed; the contract says which."""
    anniversary = same_day(period.first, lease.start.day)
    if lease.start.month != period.first.month or anniversary <= lease.start:
        return
    last = same_day(anniversary.replace(year=anniversary.year + 1, day=1), lease.start.day)
    yield Item(Subject.REVISION, lease.id, series(lease.postcode), anniversary, last, lease.rent)


# --- receipts


def _receipts(lease: Lease, outcome: Outcome, period: Period) -> Iterable[Item]:
    """Why a past term has no quittance: its payment may come back, or it is paid in part, or not at all."""
    for held in outcome.withheld:
        yield Item(Subject.RECEIPT, lease.id, Why.CLEARING, held.clear_on, None, held.amount, held.period.name)
    notice = outcome.notice
    if notice is None:
        return
    past = period.previous
    for receipt in notice.receipts:
        if receipt.kind is ReceiptKind.PART:
            yield Item(Subject.RECEIPT, lease.id, Why.PART_PAID, None, None, receipt.left, receipt.period.name)
    told = {held.period.name for held in outcome.withheld} | {receipt.period.name for receipt in notice.receipts}
    for due in notice.arrears:
        if due.period is not None and due.period.meets(past) and due.period.name not in told:
            yield Item(Subject.RECEIPT, lease.id, Why.UNPAID, due.since, None, due.left, due.period.name)
