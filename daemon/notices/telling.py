"""What the covering mail of a document tells, as words: the names that `templates/mails/rent_notice` uses.

The amounts are the notice's own; who is to be asked is the manager in charge.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from schwifty import IBAN

from daemon import wording
from daemon.notices import page
from rules.house import House
from rules.notice import Notice, NoticeKind, Party, Way
from rules.people import is_body, is_title
from rules.receipt import ReceiptKind
from rules.roll import LeaseEntry


def title_of(notice: Notice) -> str:
    """`Avis d'échéance de décembre 2026`: the document's name in the tree."""
    forms = wording.words()["documents"]
    form = forms["call"] if notice.kind is NoticeKind.CALL else forms["statement"]
    return str(form.format(months=wording.of(page.term(notice.period))))


def file_name(notice: Notice) -> str:
    """The attachment's, plain enough for every mail program."""
    forms = wording.words()["files"]
    form = forms["notice"] if notice.kind is NoticeKind.CALL else forms["statement"]
    return str(form.format(number=notice.number))


def notice_told(notice: Notice, letterhead: House, lease: LeaseEntry | None) -> dict[str, Any]:
    """The details of a notice's row in the outbox (daemon/sending/dossier.py names the keys)."""
    paying = notice.way is Way.PAY
    bank = letterhead.bank
    told = {
        "greeting": greeting(notice.tenants),
        "statement": notice.kind is not NoticeKind.CALL,
        "month": wording.of(page.term(notice.period)),
        "receipts": _receipts(notice),
        "way": notice.way.value,
        "total": euros(notice.total_due),
        "credit": euros(-notice.total_due) if notice.total_due < 0 else "",
        "due": full_day(notice.due_on),
        "debit": full_day(notice.debit_on) if notice.debit_on else "",
        "debit_past": notice.debit_on is not None
        and notice.debit_on < notice.issued_on,  # nobody knows yet if it was taken
        "mandate": notice.lease.mandate_reference,
        "holder": bank.holder if paying and bank.iban else "",
        "iban": IBAN(bank.iban).formatted.replace(" ", wording.NO_BREAK) if paying and bank.iban else "",
        "bic": bank.bic if paying and bank.iban else "",
        "reference": f"{notice.lease.id}{wording.NO_BREAK}{notice.period.name}" if paying and bank.iban else "",
        "home": _home(notice),
        "replaces": notice.replaces,
    }
    return {
        "told": told,
        "titles": {"month": wording.of(page.term(notice.period))},
        "subject": "call" if notice.kind is NoticeKind.CALL else "statement",
        "file": file_name(notice),
        "party": "tenant",
        "lease": notice.lease.id,
        "person": lease.manager if lease else None,
    }


def greeting(tenants: Sequence[Party]) -> str:
    """`Mme Bonnefoy`, `M. et Mme Traoré`: the tenant whose address it is; the document names every holder.

    `''` for a company, and where no title is known: « Bonjour, » is right for everybody.
    """
    title, name = tenants[0].civility, tenants[0].last
    return f"{title} {name}" if is_title(title) and not is_body(title, name) else ""


def _receipts(notice: Notice) -> list[dict[str, Any]]:
    return [
        {"full": receipt.kind is ReceiptKind.FULL, "month": wording.of(page.term(receipt.period))}
        for receipt in notice.receipts
    ]


def _home(notice: Notice) -> str:
    lease = notice.lease
    return ", ".join(filter(None, (lease.address or lease.property, f"{lease.postcode} {lease.city}".strip())))


def euros(amount: Decimal) -> str:
    """`1 234,56 €` for a mail program, where a narrow space may show as a box."""
    return page.euros(amount).replace(page.NARROW, wording.NO_BREAK)


def full_day(value: date) -> str:
    return wording.day_and_year(value)
