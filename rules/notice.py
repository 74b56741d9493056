"""The monthly notice of one lease, as a frozen value: what is called, the past month, what is due, the receipts.

`rules.reckoning` makes it from plain values; a document only shows it. Money is in euros and cents; balances are the
tenant's debt, so a negative one is in their favour. Nothing here is worded: French stands in `templates/notices`, but
for the labels that accounting wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from rules.labels import Component, Mode
from rules.ledger import ZERO, Kind
from rules.period import Period
from rules.plan import Role
from rules.receipt import CLEARANCE, Receipt, ReceiptKind, Withheld


class NoticeKind(StrEnum):
    CALL = "call"  # avis d'échéance
    STATEMENT = "statement"  # a tenant who left and still owes: nothing is called
    ACCOUNT = "account"  # nothing is called either: a month inside a quarter that something is owed of


class Way(StrEnum):
    """How the total is to be settled; only PAY shows an account to pay into, else the tenant would pay twice."""

    PAY = "pay"
    DEBIT = "debit"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Named:
    """A person of the lease, as imported."""

    role: Role
    last: str
    first: str = ""
    civility: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """A tenant as addressed; a couple under one name has two first names."""

    civility: str
    firsts: tuple[str, ...]
    last: str


@dataclass(frozen=True, slots=True)
class Lease:
    """What the notice needs of a lease. `start` and `left_on` are the first and the last day of the occupation."""

    id: str
    start: date
    rent: Decimal
    charges: Decimal = ZERO
    other: Decimal = ZERO
    mandate: str = ""
    owner: str = ""
    property: str = ""
    lot: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""
    end: date | None = None  # the contract's term, which says nothing of the occupation
    left_on: date | None = None
    payment: Mode = Mode.TRANSFER
    mandate_reference: str = ""  # RUM, of the direct debit
    insurance_until: date | None = None
    postal: tuple[str, ...] = ()  # where the tenant's post goes, when not to the property
    term_months: int = 1  # what one call covers; its rent is a month's all the same


@dataclass(frozen=True, slots=True)
class Line:
    """A sum called. An empty label is the component's own name."""

    component: Component
    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """A movement of the past month. An empty label is the month's call, all its lines together."""

    day: date
    kind: Kind
    label: str
    debit: Decimal
    credit: Decimal
    mode: Mode = Mode.UNKNOWN


@dataclass(frozen=True, slots=True)
class Past:
    """The account during the past month: `opening` + `called` - `received` = `closing`."""

    period: Period
    opening: Decimal
    rows: tuple[Row, ...]
    called: Decimal
    received: Decimal
    closing: Decimal


@dataclass(frozen=True, slots=True)
class Due:
    """A sum that was due before this term; `period` is set when it is of a term."""

    component: Component
    label: str
    since: date
    left: Decimal
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One document. `opening_balance` + `term_due` - `received_since` = `total_due`."""

    kind: NoticeKind
    number: str
    lease: Lease
    tenants: tuple[Party, ...]
    period: Period
    issued_on: date
    due_on: date
    lines: tuple[Line, ...]
    past: Past
    opening_balance: Decimal
    term_due: Decimal
    received_since: Decimal
    total_due: Decimal
    arrears: tuple[Due, ...]  # rent, charges, regularisations due before, unpaid
    fees: tuple[Due, ...]  # apart: they never stand before a receipt
    way: Way
    debit_on: date | None = None
    receipts: tuple[Receipt, ...] = ()
    activation_code: str = ""  # of the espace client
    seal: str = ""  # the archive's seal of the day, where the setting prints it
    replaces: str = ""  # number of the notice that this one cancels

    @property
    def receipt(self) -> ReceiptKind:
        """The past term's: what `notices show` says."""
        kinds = (receipt.kind for receipt in self.receipts if receipt.period.meets(self.past.period))
        return next(kinds, ReceiptKind.NONE)


class Odd(StrEnum):
    """What a person should look at before the run goes out."""

    NO_TENANT = "no_tenant"
    ROLE_UNCLEAR = "role_unclear"
    NO_ADDRESS = "no_address"
    RENT_CHANGED = "rent_changed"
    BALANCE_JUMPED = "balance_jumped"
    OVER_BOUND = "over_bound"
    INSURANCE = "insurance"
    LEASE_ENDING = "lease_ending"
    NO_MANDATE = "no_mandate"
    RECEIPT_WITHHELD = "receipt_withheld"
    UNMATCHED_REVERSAL = "unmatched_reversal"
    LEFT_IN_CREDIT = "left_in_credit"
    UNDATED_DEPARTURE = "undated_departure"
    NO_CONSENT = "no_consent"  # by e-mail, and no consent to that address is recorded: it is posted
    NO_EMAIL = "no_email"  # by e-mail, and there is no address: it is posted
    NO_PAGE = "no_page"  # accounting prints the notices, and this lease has none: ours goes
    PAGE_DIFFERS = "page_differs"  # accounting's page asks for another sum than the accounts
    PAGE_UNREAD = "page_unread"  # no sum could be read on it
    BOUNCING = "bouncing"  # the last mail to that address came back


@dataclass(frozen=True, slots=True)
class Oddity:
    what: Odd
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """The agency's settings."""

    clearance: Mapping[Mode, timedelta] = field(default_factory=lambda: CLEARANCE)
    debit_day: int = 5  # of the month, for direct debits
    bound: Decimal = Decimal(5000)  # a total over it, or under its opposite, is odd
    jump: Decimal = Decimal("1.5")  # so many terms more (or less) owed than a month before is odd


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one lease: a notice (None: it gets none this month), and what is odd."""

    notice: Notice | None
    oddities: tuple[Oddity, ...] = ()
    withheld: tuple[Withheld, ...] = ()


def facts(value: Any) -> Any:
    """A notice (or any value of this house) as JSON knows it: dates as ISO text, money as decimal text."""
    match value:
        case Enum():
            return value.value
        case Decimal() | date():
            return str(value)
        case tuple():
            return [facts(item) for item in value]
        case _ if is_dataclass(value):
            return {member.name: facts(getattr(value, member.name)) for member in fields(value)}
        case _:
            return value
