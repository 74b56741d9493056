"""Terms that our own notices called and that accounting has not posted: they stand beside the account, never in it.

The account is accounting's; a notice has told the tenant what falls due. A statement shows both, and their sum, so that
it says no other total than the notice did.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rules.ledger import TERM, ZERO, Entry, Kind, component_of, term_of
from rules.notice import Notice, NoticeKind
from rules.period import Period


@dataclass(frozen=True, slots=True)
class Called:
    """What one notice called and the account doesn't hold. `debit_on` is set where it is collected."""

    period: Period
    number: str
    issued_on: date
    due_on: date
    debit_on: date | None
    amount: Decimal


def last_posted(entries: Iterable[Entry]) -> Period | None:
    """The latest term that the account has a call of."""
    return max((term_of(entry) for entry in entries if _calls(entry)), default=None)


def unposted(notice: Notice, entries: Sequence[Entry]) -> Called | None:
    """What `notice` called that `entries` (the account as shown) lack; None when they have all of it."""
    if notice.kind is not NoticeKind.CALL:
        return None
    term_posted = any(_calls(entry) and term_of(entry).meets(notice.period) for entry in entries)
    shown = Counter((component_of(entry), entry.label, entry.amount) for entry in entries)
    amount = ZERO
    for line in notice.lines:
        known = (line.component, line.label, line.amount)
        shown[known] -= 1
        if shown[known] < 0 and not (term_posted and line.component in TERM):
            amount += line.amount
    if not amount:
        return None
    return Called(notice.period, notice.number, notice.issued_on, notice.due_on, notice.debit_on, amount)


def _calls(entry: Entry) -> bool:
    return entry.kind is Kind.CALL and component_of(entry) in TERM and entry.debit > 0
