"""Which payment settled which debt, to the cent: what makes "this term is paid" a fact with its proof.

Code civil, article 1342-10: the debtor chooses the debt that they pay. When they say nothing, a payment goes first to
what is due, there first to the debts that they have most interest to pay, then to the oldest, and between equals in
proportion. The interest is `INTEREST`; a housing aid goes to its month and a direct debit to the term that it was
presented for.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import groupby

from rules.labels import Component, Mode
from rules.ledger import TERM, ZERO, Book, Credit, Debt, Entry, read
from rules.period import Period

CENT = Decimal("0.01")

# The order of a tenant's interest: lower is paid first.
INTEREST = {
    Component.REFUND: 0,  # money given back: it uses up the credit that it gives back
    Component.RENT: 1,  # the resolutory clause, the housing aid and the receipt hang on the term
    Component.CHARGES: 1,
    Component.OTHER: 1,
    Component.ARREARS: 1,  # terms whose detail is lost
    Component.UNPAID: 1,  # a payment that came back: it had paid a term
    Component.REGULARISATION: 2,  # payable by twelfths when late (law of 1989, art. 23); no receipt hangs on it
    Component.DEPOSIT: 3,
    Component.FEES: 4,  # open to dispute, no clause hangs on them; so they never stand before a receipt
}


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a credit that went to a debt."""

    credit: Credit
    debt: Debt
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Allocation:
    """An account whose credits have been given to its debts."""

    book: Book
    shares: tuple[Share, ...]

    def left(self, debt: Debt) -> Decimal:
        """What is still owed of a debt."""
        return debt.amount - sum((share.amount for share in self.shares if share.debt is debt), ZERO)

    def unspent(self, credit: Credit) -> Decimal:
        """What of a credit found no debt to settle."""
        return credit.amount - sum((share.amount for share in self.shares if share.credit is credit), ZERO)

    @property
    def balance(self) -> Decimal:
        """The account's balance, once more, from the other side."""
        owed = sum((self.left(debt) for debt in self.book.debts), ZERO)
        return owed - sum((self.unspent(credit) for credit in self.book.credits), ZERO)

    def terms(self) -> tuple["Term", ...]:
        """Every term called, oldest first."""
        debts: dict[Period, list[Debt]] = {}
        shares: dict[Period, list[Share]] = {}
        for debt in self.book.debts:
            if debt.period is not None:
                debts.setdefault(debt.period, []).append(debt)
        for share in self.shares:
            if share.debt.period is not None:
                shares.setdefault(share.debt.period, []).append(share)
        return tuple(Term(period, tuple(debts[period]), tuple(shares.get(period, ()))) for period in sorted(debts))


@dataclass(frozen=True, slots=True)
class Term:
    """The rent and charges of one period, and what settled them."""

    period: Period
    debts: tuple[Debt, ...]
    shares: tuple[Share, ...]

    def called(self, *components: Component) -> Decimal:
        """What is asked, less what the agency gave up."""
        wanted = components or tuple(TERM)
        asked = sum((debt.amount for debt in self.debts if debt.component in wanted), ZERO)
        return asked - self._settled(wanted, rebate=True)

    def settled(self, *components: Component) -> Decimal:
        """What was paid or compensated of it."""
        return self._settled(components or tuple(TERM), rebate=False)

    def settled_of(self, debt: Debt) -> Decimal:
        """What was paid or compensated of one of its lines."""
        shares = (share for share in self.shares if share.debt is debt and share.credit.mode is not Mode.REBATE)
        return sum((share.amount for share in shares), ZERO)

    def left(self, *components: Component) -> Decimal:
        return self.called(*components) - self.settled(*components)

    @property
    def paid(self) -> bool:
        """Rent and charges are paid in full: the tenant is owed a receipt (law of 1989, art. 21)."""
        return self.left() == 0 and self.called() > 0

    def payments(self) -> tuple[tuple[Credit, Decimal], ...]:
        """The credits that settled it, each with its part, oldest first."""
        proof = sorted((s for s in self.shares if s.credit.mode is not Mode.REBATE), key=lambda s: s.credit.number)
        grouped = ((credit, list(shares)) for credit, shares in groupby(proof, key=lambda share: share.credit))
        sums = ((credit, sum((share.amount for share in shares), ZERO)) for credit, shares in grouped)
        return tuple(sorted(sums, key=lambda pair: (pair[0].received, pair[0].number)))

    def clear_on(self, clearance: Mapping[Mode, timedelta]) -> date | None:
        """The day from which its payments can no longer come back; None while nothing was paid."""
        return max((c.received + clearance.get(c.mode, timedelta()) for c, _ in self.payments()), default=None)

    def _settled(self, wanted: tuple[Component, ...], *, rebate: bool) -> Decimal:
        counted = (
            share.amount
            for share in self.shares
            if share.debt.component in wanted and (share.credit.mode is Mode.REBATE) is rebate
        )
        return sum(counted, ZERO)


@dataclass(slots=True)
class _Desk:
    """The work in hand: what is still owed and still to spend, by number."""

    book: Book
    owed: dict[int, Decimal] = field(default_factory=dict)
    purse: dict[int, Decimal] = field(default_factory=dict)
    shares: list[Share] = field(default_factory=list)

    def open_debts(self) -> list[Debt]:
        return [debt for debt in self.book.debts if self.owed.get(debt.number, ZERO) > 0]

    def pay(self, credit: Credit, debts: list[Debt]) -> None:
        """Give what is left of a credit to debts of one rank, in proportion."""
        whole = sum((self.owed[debt.number] for debt in debts), ZERO)
        given = min(self.purse[credit.number], whole)
        for debt, part in zip(debts, _proportion(given, [self.owed[debt.number] for debt in debts]), strict=True):
            self._give(credit, debt, part)

    def _give(self, credit: Credit, debt: Debt, part: Decimal) -> None:
        if part > 0:
            self.owed[debt.number] -= part
            self.purse[credit.number] -= part
            self.shares.append(Share(credit, debt, part))


def allocate(entries: Iterable[Entry]) -> Allocation:
    """Give every credit of an account to its debts, as it would have been done day after day.

    The order in which the lines are given makes no difference.
    """
    book = read(entries)
    desk = _Desk(book)
    for day in sorted({debt.due for debt in book.debts} | {credit.received for credit in book.credits}):
        desk.owed |= {debt.number: debt.amount for debt in book.debts if debt.due == day}
        desk.purse |= {credit.number: credit.amount for credit in book.credits if credit.received == day}
        for credit in _waiting(desk):
            _spend(desk, credit, day)
    return Allocation(book, tuple(desk.shares))


def _waiting(desk: _Desk) -> list[Credit]:
    """The credits with something left; those with a wish first, lest another's general payment take its place."""
    waiting = [credit for credit in desk.book.credits if desk.purse.get(credit.number, ZERO) > 0]
    return sorted(waiting, key=lambda credit: (credit.wish is None, credit.received, credit.number))


def _spend(desk: _Desk, credit: Credit, day: date) -> None:
    for debts in _order(credit, desk, day):
        desk.pay(credit, debts)
        if desk.purse[credit.number] == 0:
            return


def _order(credit: Credit, desk: _Desk, day: date) -> Iterator[list[Debt]]:
    """The debts that a credit settles, group after group: first what it was meant for, then by interest and age."""
    if credit.wish is not None:
        wanted = [debt for debt in desk.open_debts() if _meant(credit, debt)]
        yield from _ranks(wanted)
        if credit.wish.first > day:
            return  # chosen for a term that is not called yet: it waits
    yield from _ranks(desk.open_debts())


def _meant(credit: Credit, debt: Debt) -> bool:
    if credit.wish is None or debt.period is None or not debt.period.meets(credit.wish):
        return False
    return credit.only is None or credit.only is debt.component


def _ranks(debts: list[Debt]) -> Iterator[list[Debt]]:
    def rank(debt: Debt) -> tuple[int, date]:
        return INTEREST[debt.component], debt.due

    for _, group in groupby(sorted(debts, key=rank), key=rank):
        yield list(group)


def _proportion(given: Decimal, owed: list[Decimal]) -> list[Decimal]:
    """`given` shared out in proportion, to the cent: the cents left over go to the largest remainders."""
    whole = sum(owed, ZERO)
    if given == whole:
        return owed
    exact = [given * part / whole for part in owed]
    floors = [part.quantize(CENT, rounding=ROUND_DOWN) for part in exact]
    spare = int((given - sum(floors, ZERO)) / CENT)
    order = sorted(range(len(owed)), key=lambda i: floors[i] - exact[i])
    return [part + (CENT if i in order[:spare] else ZERO) for i, part in enumerate(floors)]
