"""The receipts that a tenant is owed: a quittance for a term paid in full, a reçu for a part of one.

Law of 6 July 1989, articles 21 and 3-4: rent and charges apart, the sums as received; an older debt or fees never stand
in the way. A receipt is never conditional: it waits until the payment can no longer come back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from num2words import num2words

from rules.allocation import Term
from rules.labels import Component, Mode
from rules.ledger import Credit
from rules.period import Period


class ReceiptKind(StrEnum):
    """As the commands and the data embedded in the document name them."""

    FULL = "quittance"
    PART = "reçu"
    NONE = "none"


# How long a payment may still come back. Settings replace it; the reasons are ours.
CLEARANCE: Mapping[Mode, timedelta] = {
    Mode.DIRECT_DEBIT: timedelta(days=8),  # SEPA returns (AM04 and the like) come within five working days
    Mode.CHEQUE: timedelta(days=10),  # an unpaid cheque is known within a week or so of its deposit
}


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment on a receipt: `amount` is the part that went to this term, `whole` what was paid that day."""

    received: date
    amount: Decimal
    whole: Decimal
    mode: Mode
    label: str
    reference: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was received for one term; `left` is what is still owed of it (nothing on a quittance)."""

    kind: ReceiptKind
    period: Period
    rent: Decimal
    charges: Decimal
    other: Decimal
    total: Decimal
    words: str
    left: Decimal
    paid: tuple[Paid, ...]
    others: tuple[
        tuple[str, Decimal], ...
    ] = ()  # what `other` is made of: an insurance for account must be told (art. 7 g)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A receipt that waits until `clear_on` for a payment to be certain."""

    period: Period
    amount: Decimal
    clear_on: date


def receipts(
    terms: Iterable[Term], past: Period, since: date, today: date, clearance: Mapping[Mode, timedelta]
) -> tuple[tuple[Receipt, ...], tuple[Withheld, ...]]:  # fmt: skip
    """The receipts to give today, the past term's first, and those withheld.

    The past term's is given whenever it was paid, even in advance; an older term's when a payment became certain from
    `since` on (the day after the last notice was made), so that a late payment gets its receipt too, once.
    """
    given: list[Receipt] = []
    waiting: list[Withheld] = []
    for term in sorted(terms, key=lambda term: term.period, reverse=True):
        clear_on = _owed(term, past, since, clearance)
        if clear_on is None:
            continue
        if clear_on > today:
            waiting.append(Withheld(term.period, term.settled(), clear_on))
        else:
            given.append(receipt(term))
    return tuple(given), tuple(waiting)


def receipt(term: Term) -> Receipt:
    """The receipt for what was paid of a term."""
    total = term.settled()
    return Receipt(
        kind=ReceiptKind.FULL if term.paid else ReceiptKind.PART,
        period=term.period,
        rent=term.settled(Component.RENT),
        charges=term.settled(Component.CHARGES),
        other=term.settled(Component.OTHER),
        total=total,
        words=in_words(total),
        left=term.left(),
        paid=tuple(_paid(credit, amount) for credit, amount in term.payments()),
        others=tuple((debt.label, term.settled_of(debt)) for debt in term.debts if debt.component is Component.OTHER),
    )


def in_words(amount: Decimal) -> str:
    """`huit cent vingt-sept euros et dix-huit centimes`. Raises ValueError for a negative sum or a third decimal."""
    cents = amount * 100
    if amount < 0 or cents != cents.to_integral_value():
        raise ValueError(f"{amount} can't be put in words: not a sum of euros and cents")
    euros, centimes = divmod(int(cents), 100)
    whole = _counted(euros, "euro", of="d'" if euros and euros % 1_000_000 == 0 else "")
    part = _counted(centimes, "centime")
    if not centimes:
        return whole
    return f"{whole} et {part}" if euros else part


def _owed(term: Term, past: Period, since: date, clearance: Mapping[Mode, timedelta]) -> date | None:
    """The day from which a receipt for this term may be given; None when none is owed now."""
    clear_on = term.clear_on(clearance)
    if clear_on is None or term.period.last > past.last:
        return None
    current = term.period.meets(past)
    return clear_on if current or clear_on >= since else None


def _paid(credit: Credit, amount: Decimal) -> Paid:
    return Paid(credit.received, amount, credit.amount, credit.mode, credit.label, credit.reference)


def _counted(number: int, unit: str, of: str = "") -> str:
    plural = "s" if number > 1 else ""  # French: zero and one are singular
    return f"{num2words(number, lang='fr')} {of}{unit}{plural}"
