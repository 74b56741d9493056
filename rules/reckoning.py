"""Reckons the monthly notice of a lease from its account: a pure function of plain values.

A call that accounting posted wins over the rent of the lease and is never added to it. Whatever the day it is made, the
sums agree: the account on the eve of the term, plus what is called, less what was paid since, is what is due.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from rules import labels
from rules.allocation import CENT, Allocation, allocate
from rules.fold import fold
from rules.labels import Component
from rules.ledger import TERM, ZERO, Entry, Kind, balance, component_of, term_of
from rules.notice import (
    Due,
    Lease,
    Line,
    Named,
    Notice,
    NoticeKind,
    Odd,
    Oddity,
    Outcome,
    Party,
    Past,
    Policy,
    Row,
    Way,
)
from rules.people import is_body
from rules.period import Period, covering, month_of, months_from
from rules.plan import Role
from rules.receipt import Receipt, Withheld, receipts

ADDRESSEES = frozenset({Role.TENANT, Role.CO_TENANT})  # every holder of the lease, and nobody else
ORDER = tuple(Component)  # of the lines: rent, charges, the rest
LONGEST = 12  # months of a term


def compute(
    lease: Lease,
    people: Iterable[Named],
    entries: Iterable[Entry],
    period: Period,
    today: date,
    *,
    policy: Policy | None = None,
    since: date | None = None,
) -> Outcome:
    """The notice of `lease` for the term that begins with `period`, made on `today`.

    `entries` is its whole account as known; lines after the term are left out. `since` is the day after the last
    notice was made: older terms whose payment became certain from then on get their receipts too (default: the first
    day of the past period). A lease that has not begun, or that nothing is called of and that is owed no paper (its
    tenant left, or its quarter is running), gets no notice.
    """
    policy = policy or Policy()
    named, known = tuple(people), sorted(entries)
    parties = tenants(named)
    if lease.start > period.last:
        return Outcome(None)
    if not parties:
        return Outcome(None, (Oddity(Odd.NO_TENANT, lease.id), *_unclear(named)))
    term = called_with(lease, known, period)
    account = _account(lease, known, term or period, today, begins=term is not None)
    past = (term or period).previous
    given, withheld = receipts(account.allocation.terms(), past, since or past.first, today, policy.clearance)
    notice = _notice(lease, parties, account, term or period, today, policy, given)
    odd = (*_unclear(named), *_odd(notice, account, policy), *_odd_receipts(withheld))
    if notice.kind is not NoticeKind.CALL and notice.total_due <= 0 and not given:
        return Outcome(None, odd, withheld)
    return Outcome(notice, odd, withheld)


def tenants(people: Iterable[Named]) -> tuple[Party, ...]:
    """Those whom the notice names: the tenant, then the co-tenants; a couple under one name in one."""
    holders = sorted((one for one in people if one.role in ADDRESSEES), key=lambda one: one.role is not Role.TENANT)
    parties: list[Party] = []
    for one in holders:
        spouse = _couple(parties, one)
        if spouse:
            parties[0] = Party(spouse.civility, (*spouse.firsts, one.first), spouse.last)
        else:
            parties.append(Party(one.civility, (one.first,) if one.first else (), _cased(one)))
    return tuple(parties)


def called_with(lease: Lease, entries: Iterable[Entry], period: Period) -> Period | None:
    """The term that begins with a month; None for a month inside a longer one.

    What accounting called says it, by the rent where there is one (water may be called by the quarter beside it); else
    the lease: its terms of several months are those of the civil year.
    """
    calls = [entry for entry in entries if _of_term(entry) and entry.debit > 0]
    rents = [entry for entry in calls if component_of(entry) is Component.RENT]
    posted = [term_of(entry) for entry in rents or calls]
    if begun := [term for term in posted if term.first == period.first]:
        return max(*begun, period)
    if any(term.first < period.first <= term.last for term in posted):
        return None
    civil = covering(period.first, lease.term_months)
    first = max(civil.first, month_of(lease.start).first)
    return Period(first, max(civil.last, period.last)) if first == period.first else None


def term_around(lease: Lease, entries: Sequence[Entry], month: Period) -> Period:
    """The term that a month is of: what is called with it, or the longer one that it is inside."""
    begun = month
    for _ in range(LONGEST):
        if term := called_with(lease, entries, begun):
            return term if month.within(term) else month
        begun = begun.previous
    return month


def departed_on(lease: Lease, entries: Sequence[Entry]) -> date | None:
    """The tenant's last day: as recorded, or read from a settled account that nothing was called on since."""
    if lease.left_on is not None:
        return lease.left_on
    settled = [entry.day for entry in entries if labels.says(labels.SETTLED, entry.label, entry.reference)]
    called = [term_of(entry).first for entry in entries if _of_term(entry)]
    if not settled or any(first > settled[-1] for first in called):
        return None
    return min(lease.end or settled[-1], settled[-1])


@dataclass(frozen=True, slots=True)
class _Account:
    """The entries known, sorted by what they are to the notice."""

    left_on: date | None
    before: tuple[Entry, ...]  # up to the eve, the calls of later terms apart
    posted: tuple[Entry, ...]  # the call, and whatever else is asked in the period
    paid: tuple[Entry, ...]  # payments of the period itself
    allocation: Allocation
    begins: bool  # a term begins: something is called


def _account(lease: Lease, entries: Iterable[Entry], period: Period, today: date, *, begins: bool) -> _Account:
    known = [entry for entry in entries if entry.day <= period.last and not _later(entry, period)]
    before = tuple(entry for entry in known if not _of_period(entry, period))
    within = [entry for entry in known if _of_period(entry, period)]
    posted = tuple(entry for entry in within if entry.kind is not Kind.PAYMENT)
    paid = tuple(entry for entry in within if entry.kind is Kind.PAYMENT)
    happened = (entry for entry in known if entry.day <= today)  # what is posted ahead has settled nothing yet
    return _Account(departed_on(lease, known), before, posted, paid, allocate(happened), begins)


def _of_term(entry: Entry) -> bool:
    return entry.kind is Kind.CALL and component_of(entry) in TERM


def _later(entry: Entry, period: Period) -> bool:
    """A call for a term after this one, posted early."""
    return _of_term(entry) and term_of(entry).first > period.last


def _of_period(entry: Entry, period: Period) -> bool:
    """A call belongs to its term, on whatever day it was posted; anything else to its day."""
    if _of_term(entry):
        return term_of(entry).first >= period.first
    return entry.day >= period.first


def _notice(
    lease: Lease,
    parties: tuple[Party, ...],
    account: _Account,
    period: Period,
    today: date,
    policy: Policy,
    given: tuple[Receipt, ...],
) -> Notice:
    running = account.left_on is None or account.left_on >= period.first
    lines = _lines(lease, account, period, running=running and account.begins)
    opening = balance(account.before)
    called = sum((line.amount for line in lines), ZERO)
    received = -balance(account.paid)
    total = opening + called - received
    debts = _dues(account.allocation, period)
    way = _way(lease, total)
    return Notice(
        kind=NoticeKind.STATEMENT if not running else NoticeKind.CALL if account.begins else NoticeKind.ACCOUNT,
        number=f"{period.first:%Y%m}-{lease.id}",
        lease=lease,
        tenants=parties,
        period=period,
        issued_on=today,
        due_on=max(period.first, lease.start) if running else today,
        lines=lines,
        past=_past(account.before, period.previous, opening),
        opening_balance=opening,
        term_due=called,
        received_since=received,
        total_due=total,
        arrears=tuple(due for due in debts if due.component is not Component.FEES),
        fees=tuple(due for due in debts if due.component is Component.FEES),
        way=way if running or way is not Way.DEBIT else Way.PAY,
        debit_on=period.first.replace(day=policy.debit_day) if running and way is Way.DEBIT else None,
        receipts=given,
    )


def _lines(lease: Lease, account: _Account, period: Period, *, running: bool) -> tuple[Line, ...]:
    posted = tuple(Line(component_of(entry), entry.label, entry.amount) for entry in account.posted)
    whole = not running or any(_of_term(entry) and entry.debit > 0 for entry in account.posted)
    asked = posted if whole else (*_from_lease(lease, account.left_on, period), *posted)
    return tuple(sorted(asked, key=lambda line: (ORDER.index(line.component), line.label)))


def _from_lease(lease: Lease, left_on: date | None, period: Period) -> tuple[Line, ...]:
    """The call that the lease itself gives, by the day in the first and the last month (Cass. 28 Oct. 2003)."""
    lived = Period(max(lease.start, period.first), min(left_on or period.last, period.last))
    asked = ((Component.RENT, lease.rent), (Component.CHARGES, lease.charges), (Component.OTHER, lease.other))
    return tuple(Line(component, "", _by_the_day(monthly, lived)) for component, monthly in asked if monthly)


def _by_the_day(monthly: Decimal, lived: Period) -> Decimal:
    """A month's sum for each whole month, and its days' share of the others."""
    months = [month_of(months_from(lived.first, number + 1).last) for number in range(lived.months)]
    shares = (monthly * month.shared_days(lived) / month.days for month in months)
    return sum(shares, ZERO).quantize(CENT, rounding=ROUND_HALF_UP)


def _past(before: Sequence[Entry], past: Period, closing: Decimal) -> Past:
    """The account from the first day of the past period to its eve; the month's call stands on one row."""
    movements = [entry for entry in before if entry.day >= past.first]
    calls = [entry for entry in movements if _of_term(entry) and term_of(entry).within(past)]
    rows = [
        Row(e.day, e.kind, e.label, e.debit, e.credit, labels.mode(e.label, e.reference))
        for e in movements
        if e not in calls
    ]
    if calls:
        rows.append(
            Row(calls[0].day, Kind.CALL, "", sum((e.debit for e in calls), ZERO), sum((e.credit for e in calls), ZERO))
        )
    called = sum((entry.amount for entry in movements if entry.kind is not Kind.PAYMENT), ZERO)
    received = -sum((entry.amount for entry in movements if entry.kind is Kind.PAYMENT), ZERO)
    ordered = tuple(sorted(rows, key=lambda row: (row.day, bool(row.label))))
    return Past(past, closing - called + received, ordered, called, received, closing)


def _dues(allocation: Allocation, period: Period) -> tuple[Due, ...]:
    """What was due before this term and is unpaid, oldest first; a term's lines together."""
    dues = [
        Due(Component.RENT, "", term.period.first, term.left(), term.period)
        for term in allocation.terms()
        if term.period.last < period.first and term.left() > 0
    ]
    for debt in allocation.book.debts:
        left = allocation.left(debt)
        if debt.period is None and debt.due < period.first and left > 0:
            dues.append(Due(debt.component, debt.label, debt.due, left))
    return tuple(sorted(dues, key=lambda due: (due.since, due.label)))


def _way(lease: Lease, total: Decimal) -> Way:
    if total <= 0:
        return Way.NOTHING
    return Way.DEBIT if lease.payment is labels.Mode.DIRECT_DEBIT else Way.PAY


def _couple(parties: list[Party], one: Named) -> Party | None:
    """The tenant entered as a couple ("M. et Mme") whose spouse this is."""
    if len(parties) != 1 or not one.first or len(parties[0].firsts) != 1:
        return None
    first = parties[0]
    both = re.search(r"\bet\b|&", fold(first.civility))
    return first if both and fold(first.last) == fold(one.last) else None


def _cased(one: Named) -> str:
    """A name typed in capitals, as it is written in a letter; a company's stays as it is registered."""
    person = one.last.isupper() and not is_body(one.civility, one.last)
    return one.last.title() if person else one.last


def _unclear(people: Iterable[Named]) -> tuple[Oddity, ...]:
    return tuple(
        Oddity(Odd.ROLE_UNCLEAR, f"{one.last} {one.first}".strip()) for one in people if one.role is Role.UNCLEAR
    )


def _odd_receipts(withheld: Iterable[Withheld]) -> tuple[Oddity, ...]:
    return tuple(Oddity(Odd.RECEIPT_WITHHELD, f"{one.period.name} {one.amount} {one.clear_on}") for one in withheld)


def _odd(notice: Notice, account: _Account, policy: Policy) -> tuple[Oddity, ...]:
    """Each check that a person would make, with the figures that made it speak."""
    lease, past = notice.lease, notice.past
    rent = sum((line.amount for line in notice.lines if line.component is Component.RENT), ZERO)
    move = past.closing - past.opening
    month = lease.rent + lease.charges + lease.other
    whole = lease.start <= notice.period.first and account.left_on is None
    call = notice.kind is NoticeKind.CALL
    lived_in = not labels.says(labels.UNLIVED, lease.property)
    expired = lived_in and (lease.insurance_until is None or lease.insurance_until < notice.period.first)
    checks = (
        (Odd.RENT_CHANGED, call and whole and rent != lease.rent * notice.period.months, f"{rent} {lease.rent}"),
        (Odd.BALANCE_JUMPED, abs(move) > month * policy.jump, f"{past.opening} {past.closing}"),
        (Odd.OVER_BOUND, abs(notice.total_due) > policy.bound, f"{notice.total_due}"),
        (Odd.INSURANCE, call and expired, f"{lease.insurance_until or ''}"),
        (Odd.LEASE_ENDING, call and lease.end is not None and lease.end <= notice.period.last, f"{lease.end}"),
        (Odd.NO_MANDATE, notice.way is Way.DEBIT and not lease.mandate_reference, ""),
        (Odd.NO_ADDRESS, _address_missing(notice), lease.address),
        (Odd.UNMATCHED_REVERSAL, any(due.component is Component.UNPAID for due in notice.arrears), ""),
        (Odd.LEFT_IN_CREDIT, notice.kind is NoticeKind.STATEMENT and notice.total_due < 0, f"{notice.total_due}"),
        (Odd.UNDATED_DEPARTURE, account.left_on is not None and lease.left_on is None, f"{account.left_on}"),
    )
    return tuple(Oddity(what, detail) for what, speaks, detail in checks if speaks)


def _address_missing(notice: Notice) -> bool:
    """Nobody lives in a parking space, nor any more in the flat that they left."""
    lease = notice.lease
    if lease.postal:
        return False
    elsewhere = notice.kind is NoticeKind.STATEMENT or labels.says(labels.UNLIVED, lease.property)
    return elsewhere or not (lease.address and lease.city)
