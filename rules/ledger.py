"""The tenant's account: dated lines in and out, their balance, and the debts and payments that they are.

A line is either a sum called (debit) or a sum received or given up (credit), in euros and cents. Nothing is rounded:
what has a third decimal was refused at the door. `rules.allocation` says which payment settled which debt.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import starmap
from re import Pattern

from rules import labels
from rules.labels import Component, Mode
from rules.period import Period, month_of

ZERO = Decimal("0.00")
FORESIGHT = timedelta(days=366)  # a term chosen further ahead is a slip of the pen, and would hold the money for years


class Kind(StrEnum):
    """The nature of a line, as accounting's export names it."""

    CALL = "appel"
    PAYMENT = "reglement"
    REGULARISATION = "regularisation"
    CREDIT_NOTE = "avoir"
    FEES = "frais"


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One line of an account. `order=True` gives the canonical order: by day, then by every other field."""

    day: date
    kind: Kind
    label: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    reference: str = ""

    @property
    def amount(self) -> Decimal:
        """What it adds to the tenant's debt; negative for what lessens it."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Debt:
    """A sum owed. `number` tells two equal ones apart; `period` is set for what belongs to a term."""

    number: int
    component: Component
    due: date
    amount: Decimal
    label: str
    reference: str = ""
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """A sum that settles debts.

    `wish` is the term that its payer chose, `only` the one component of it that a correction is about.
    """

    number: int
    received: date
    amount: Decimal
    mode: Mode
    label: str
    reference: str = ""
    wish: Period | None = None
    only: Component | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """An account, read: `void` are the payments that came back, each with the line that says so."""

    debts: tuple[Debt, ...]
    credits: tuple[Credit, ...]
    void: tuple[tuple[Entry, Entry], ...] = ()


def balance(entries: Iterable[Entry], until: date | None = None) -> Decimal:
    """What the tenant owes on the evening of `until` (of the whole account without it); negative is a credit."""
    return sum((entry.amount for entry in entries if until is None or entry.day <= until), ZERO)


def term_of(entry: Entry) -> Period:
    """The term that a call belongs to.

    The reference's month, which a machine wrote, wins over a label's ("revision, rappel d'octobre"), unless the label
    names a longer term around it (a quarter); a call that names nothing is of its day's month.
    """
    named, coded = labels.period_named(entry.label), labels.period_coded(entry.reference)
    if named and coded:
        return named if named.months > 1 and named.meets(coded) else coded
    return named or coded or month_of(entry.day)


def component_of(entry: Entry) -> Component:
    """What a debit is owed for. The kind wins over the words: TEOM booked as a regularisation is not of the term."""
    match entry.kind:
        case Kind.CALL:
            return labels.component(entry.label)
        case Kind.FEES:
            return Component.FEES
        case Kind.PAYMENT:
            return Component.REFUND if _says(labels.REFUNDED, entry) else Component.UNPAID
        case Kind.REGULARISATION if _says(labels.CARRIED, entry):
            return Component.ARREARS
        case _:
            return Component.REGULARISATION


TERM = frozenset({Component.RENT, Component.CHARGES, Component.OTHER})  # what a receipt is for


def read(entries: Iterable[Entry]) -> Book:
    """An account's lines as debts and credits; the payments that came back are taken out with their reversal."""
    lines = sorted(entries)
    void = _voided(lines)
    for pair in void:
        for line in pair:
            lines.remove(line)
    debts = (line for line in lines if line.amount > 0)
    credits_ = (line for line in lines if line.amount < 0)
    return Book(tuple(starmap(_debt, enumerate(debts))), tuple(starmap(_credit, enumerate(credits_))), void)


def _debt(number: int, entry: Entry) -> Debt:
    component = component_of(entry)
    period = term_of(entry) if component in TERM else None
    return Debt(number, component, entry.day, entry.amount, entry.label, entry.reference, period)


def _credit(number: int, entry: Entry) -> Credit:
    mode = _mode(entry)
    only = None
    if mode is Mode.REBATE and (_says(labels.CANCELLED, entry) or entry.kind is Kind.CALL):
        only = labels.component(entry.label)
    moved = labels.day_named(entry.label) if _says(labels.REASSIGNED, entry) else None
    received = min(moved or entry.day, entry.day)
    wish = _wish(entry, mode, received)
    if wish and wish.first > received + FORESIGHT:
        wish = None
    return Credit(number, received, -entry.amount, mode, entry.label, entry.reference, wish, only)


def _mode(entry: Entry) -> Mode:
    match entry.kind:
        case Kind.PAYMENT:
            return labels.mode(entry.label, entry.reference)
        case Kind.CALL if labels.mode(entry.label) is Mode.AID:
            return Mode.AID  # aid deducted on the call itself
        case Kind.REGULARISATION if _says(labels.REASSIGNED, entry):
            return labels.mode(entry.label, entry.reference)
        case Kind.CREDIT_NOTE | Kind.CALL | Kind.FEES if labels.component(entry.label) is not Component.DEPOSIT:
            return Mode.REBATE
        case _:
            return Mode.OFFSET


def _wish(entry: Entry, mode: Mode, received: date) -> Period | None:
    """The term that the payer chose (C. civ. 1342-10, first sentence), if the line says or implies one."""
    if entry.kind is Kind.REGULARISATION:
        return None  # "regularisation charges 2025" names an exercise, not a term; a moved payment names its day
    if entry.kind is Kind.CALL:
        return term_of(entry)
    if named := labels.period_named(entry.label):
        return named
    if mode is Mode.AID:  # a housing aid is paid for a month
        return labels.aid_month(entry.reference) or month_of(received)
    if mode is Mode.DIRECT_DEBIT or _says(labels.PLANNED, entry):
        return month_of(received)  # the term presented; the current rent of a plan
    return None


def _voided(lines: list[Entry]) -> tuple[tuple[Entry, Entry], ...]:
    """Each payment that came back, or was moved, with its reversal: the latest one before it of that amount."""
    pairs: list[tuple[Entry, Entry]] = []
    free = [line for line in lines if line.kind is Kind.PAYMENT and line.amount < 0]
    for reversal in lines:
        found = _reversed_by(reversal, free) if _reverses(reversal) else None
        if found is not None:
            free.remove(found)
            pairs.append((found, reversal))
    return tuple(pairs)


def _reverses(entry: Entry) -> bool:
    if entry.amount <= 0:
        return False
    if entry.kind is Kind.PAYMENT:
        return _says(labels.REJECTED, entry) and not _says(labels.REFUNDED, entry)
    return entry.kind is Kind.REGULARISATION and _says(labels.REASSIGNED, entry)


def _reversed_by(reversal: Entry, payments: list[Entry]) -> Entry | None:
    day, mode = labels.day_named(reversal.label), labels.mode(reversal.label)
    alike = [
        payment
        for payment in payments
        if payment.day <= reversal.day
        and payment.amount == -reversal.amount
        and (day is None or payment.day == day)
        and (mode is Mode.UNKNOWN or labels.mode(payment.label, payment.reference) is mode)
    ]
    return alike[-1] if alike else None


def _says(pattern: Pattern[str], entry: Entry) -> bool:
    return labels.says(pattern, entry.label, entry.reference)
