"""Documents that a tenant asks for: a receipt, a notice, a statement, a certificate; from the tree, or made now.

They go to the registered address of a holder of the lease and to nobody else. Refusing a receipt is an offence (law of
1989, art. 3-4): what can't be given at once is given back with its reason, for a person to give in time.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import accumulate
from typing import Any

from archive.database import writing
from archive.records import Message, Order, Outgoing, RentNotice
from daemon import desk, wording
from daemon.errors import Permanent
from daemon.notices import channels, page, roll, shelf, telling
from daemon.notices.document import data_of
from daemon.notices.roll import Account
from daemon.notices.room import Room
from rules import period as periods
from rules.allocation import Term, allocate
from rules.called import Called, last_posted, unposted
from rules.house import House
from rules.labels import Component
from rules.ledger import ZERO, Entry, balance
from rules.notice import Notice, NoticeKind, Party
from rules.period import Period
from rules.receipt import ReceiptKind, receipt
from rules.reckoning import compute, departed_on, tenants, term_around
from rules.requests import Paper

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Found:
    """One document to give. `digest` is set for one that stands in the tree, `content` for one that was made now."""

    kind: str
    title: str
    told: str  # how the mail names it
    file: str
    content: bytes = b""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request at work."""

    room: Room
    account: Account
    people: tuple[Party, ...]
    house: House
    today: date
    months: tuple[Period, ...]


class _Missing(Exception):  # noqa: N818  a reason, not a mistake
    """Why a document can't be given: a code of `templates/fr.toml`, then what it is about."""


def provide(room: Room, order: Order, now: datetime) -> str:
    """Send what an order asks for. Returns why something couldn't be sent; `''` when all was."""
    details = json.loads(order.details)
    account = roll.account(order.lease)
    if account is None:
        return "no_lease"
    people = tenants(account.people)
    if not people:
        return "no_tenant"
    if _too_many(room, order, now):
        return "too_many"
    months = tuple(periods.parse(month) for month in details["months"])
    asked = Asked(room, account, people, room.letterheads.of(account.site), room.today(now), months)
    found, missing = _look(asked, [Paper(name) for name in details["papers"]])
    whole = details["answers"] and not missing
    if details["on_paper"]:
        _turn_to_paper(asked, order, now, answers=whole)
    for number, one in enumerate(found):
        _give(asked, order, one, f"document/{order.key}/{number}", now, answers=whole)
    return "; ".join(missing)


def why_words(why: str) -> str:
    """The reasons in French."""
    words = wording.words()["refusals"]
    told = []
    for reason in why.split("; "):
        code, _, more = reason.partition(":")
        told.append(words[code].format(more=more.strip()) if code in words else reason)
    return " ; ".join(told)


def _too_many(room: Room, order: Order, now: datetime) -> bool:
    """A loop, or somebody who plays: an address gets so many a day."""
    today = Outgoing.select().where(
        Outgoing.kind == "document", Outgoing.recipient == order.by, Outgoing.created_at > now - A_DAY
    )
    return today.count() >= room.config.limits.answers_per_address


def _look(asked: Asked, papers: Sequence[Paper]) -> tuple[list[Found], list[str]]:
    found: list[Found] = []
    missing: list[str] = []
    for paper in papers:
        try:
            found += _FINDERS[paper](asked, missing)
        except _Missing as reason:
            missing.append(str(reason))
        except Permanent as error:
            missing.append(f"not_printed: {error}")
    return found, missing


# --- receipts


def _receipt(asked: Asked, missing: list[str]) -> list[Found]:
    """Those of the months named, else the last that was given or may be."""
    terms = {term.period.name: term for term in _terms(asked)}
    wanted = asked.months or _last_paid(asked, terms.values())
    given = [term for month in wanted if (term := _givable(asked, month, terms, missing)) is not None]
    if not given:
        return []
    if len(given) == 1 and (kept := _in_tree(asked, given[0])):
        return [kept]
    return [_new_receipt(asked, given)]


def _terms(asked: Asked) -> tuple[Term, ...]:
    happened = [entry for entry in asked.account.entries if entry.day <= asked.today]
    return allocate(happened).terms()


def _last_paid(asked: Asked, terms: Any) -> tuple[Period, ...]:
    """The last month that is over or paid."""
    settled = [term.period for term in terms if term.settled() > 0 and term.period.first <= asked.today]
    return (max(settled),) if settled else (periods.month_of(asked.today).previous,)


def _givable(asked: Asked, month: Period, terms: Mapping[str, Term], missing: list[str]) -> Term | None:
    term = next((term for term in terms.values() if term.period.meets(month)), None)
    if term is None:
        missing.append(f"unknown_term: {month.name}")
        return None
    clear_on = term.clear_on(asked.room.policy.clearance)
    if clear_on is None:
        missing.append(f"unpaid: {month.name}")
        return None
    if clear_on > asked.today:
        missing.append(f"uncertain: {month.name}")
        return None
    return term


def _in_tree(asked: Asked, term: Term) -> Found | None:
    """The document that gave it already: a receipt is not made twice."""
    if not term.paid:
        return None
    following = periods.month_of(term.period.last + A_DAY)
    row = _made(asked.account.lease.id, following)
    if row is None or row.receipt != ReceiptKind.FULL:
        return None
    return Found("notice", "", _told("receipt", [term]), f"avis-{row.number}.pdf", digest=row.digest)


def _made(lease: str, period: Period | None) -> RentNotice | None:
    n = RentNotice
    rows = n.select().where(n.lease == lease, n.digest != "", n.state != "replaced")
    rows = rows.where(n.period == period.name) if period else rows
    row: RentNotice | None = rows.order_by(n.period.desc(), n.version.desc()).first()
    return row


def _new_receipt(asked: Asked, given: Sequence[Term]) -> Found:
    terms = sorted(given, key=lambda term: term.period)
    receipts = [receipt(term) for term in terms]
    allocation = allocate(entry for entry in asked.account.entries if entry.day <= asked.today)
    fees = sum((allocation.left(d) for d in allocation.book.debts if d.component is Component.FEES), ZERO)
    owed = {term.period: term.left() for term in allocation.terms()}
    full = all(one.kind is ReceiptKind.FULL for one in receipts)
    kind = ("receipt" if full else "part") + ("s" if len(terms) > 1 else "")
    words = wording.words()
    name = words["documents"][kind].format(months=_span(terms))
    content = _printed(
        asked,
        "paper_receipt",
        name,
        receipts=tuple((one, _elsewhere(owed, one.period)) for one in receipts),
        fees=fees,
    )
    return Found("receipt", name, _told(kind, terms), _file("receipt", asked), content)


def _elsewhere(owed: Mapping[Period, Decimal], period: Period) -> Decimal:
    return sum((left for other, left in owed.items() if other != period and left > 0), ZERO)


def _span(terms: Sequence[Term]) -> str:
    """`d'octobre 2026`, `d'août à octobre 2026`; months that don't follow one another are each named."""
    whole = Period(terms[0].period.first, terms[-1].period.last)
    return wording.of(page.term(whole)) if sum(one.period.days for one in terms) == whole.days else _each(terms)


def _each(terms: Sequence[Term]) -> str:
    *others, last = [wording.of(page.term(one.period)) for one in terms]
    return str(wording.words()["forms"]["and"]).join(filter(None, (", ".join(others), last)))


def _told(kind: str, terms: Sequence[Term]) -> str:
    """`votre quittance d'octobre 2026`; for several, each month is named."""
    return str(wording.words()["sent"][kind].format(months=_each(terms)))


# --- the other documents


def _notice(asked: Asked, _missing: list[str]) -> list[Found]:
    """The one that was sent, the whole term's for a month inside it; for a term without one, the same made now."""
    one, month = asked.account, asked.months[-1] if asked.months else None
    term = term_around(one.lease, one.entries, month or periods.month_of(asked.today))
    row = (_made(one.lease.id, term) or _made(one.lease.id, month)) if month else _made(one.lease.id, None)
    if row is not None:
        told = _told_notice(data_of(asked.room.bytes_of(row.digest)))
        return [Found("notice", "", told, f"avis-{row.number}.pdf", digest=row.digest)]
    if term.last < asked.today:
        raise _Missing(f"no_notice: {term.name}")  # its sums would be today's
    begun = periods.month_of(term.first)
    made = compute(one.lease, one.people, one.entries, begun, asked.today, policy=asked.room.policy).notice
    if made is None:
        raise _Missing(f"no_notice: {term.name}")
    made = replace(made, number=_number(asked))  # the month's own notice, made later today, is another document
    from daemon.pdf import render  # noqa: PLC0415  WeasyPrint takes 45 MB: loaded when something is printed

    content = render(made, asked.house)
    return [Found("notice", telling.title_of(made), _told_notice(made), telling.file_name(made), content)]


def _told_notice(notice: Notice) -> str:
    words = wording.words()["sent"]
    if notice.kind is not NoticeKind.CALL:
        return str(words["account"])
    return str(words["notice"].format(months=wording.of(page.term(notice.period))))


def _statement(asked: Asked, _missing: list[str]) -> list[Found]:
    """Every line of the account, with its running balance; then the terms that we called and that it lacks."""
    entries = sorted(entry for entry in asked.account.entries if entry.day <= asked.today)
    sums = accumulate(entry.amount for entry in entries)
    rows = [
        {"day": entry.day, "label": entry.label, "debit": entry.debit, "credit": entry.credit, "balance": sum_}
        for entry, sum_ in zip(entries, sums, strict=True)
    ]
    words = wording.words()
    name = words["documents"]["account"]
    known, due = balance(entries), _called(asked, entries)
    total = known + sum((one.amount for one in due), ZERO)
    content = _printed(asked, "paper_account", name, rows=rows, balance=known, called=due, total=total)
    return [Found("account", name, words["sent"]["account"], _file("account", asked), content)]


def _called(asked: Asked, entries: Sequence[Entry]) -> list[Called]:
    """What our notices called after the last term posted; nothing of a term that a tenant who left doesn't live."""
    n, lease = RentNotice, asked.account.lease
    rows = n.select().where(n.lease == lease.id, n.digest != "", n.state != "replaced", n.kind == NoticeKind.CALL.value)
    if posted := last_posted(entries):
        rows = rows.where(n.period >= posted.name)
    left_on = departed_on(lease, asked.account.entries)
    notices = (data_of(asked.room.bytes_of(row.digest)) for row in rows.order_by(n.period))
    owed = (one for one in notices if left_on is None or one.period.first <= left_on)
    return [one for one in (unposted(notice, entries) for notice in owed) if one is not None]


def _certificate(asked: Asked, _missing: list[str]) -> list[Found]:
    lease = asked.account.lease
    left_on = departed_on(lease, asked.account.entries)
    if left_on is not None and lease.left_on is None:
        raise _Missing("departure")  # read from the account alone: nothing to certify
    words = wording.words()
    name = words["documents"]["certificate"]
    several = len(asked.people) > 1 or len(asked.people[0].firsts) > 1
    content = _printed(asked, "paper_certificate", name, left_on=left_on, several=several)
    return [Found("certificate", name, words["sent"]["certificate"], _file("certificate", asked), content)]


_FINDERS: Mapping[Paper, Callable[[Asked, list[str]], list[Found]]] = {
    Paper.RECEIPT: _receipt,
    Paper.NOTICE: _notice,
    Paper.STATEMENT: _statement,
    Paper.CERTIFICATE: _certificate,
}


def _file(kind: str, asked: Asked) -> str:
    return str(wording.words()["files"][kind].format(number=_number(asked)))


def _number(asked: Asked) -> str:
    return f"{asked.today:%Y%m%d}-{asked.account.lease.id}"


def _printed(asked: Asked, template: str, title: str, **facts: Any) -> bytes:
    lease = asked.account.lease
    window, size = page.window(asked.people, lease)
    from daemon.pdf import render_paper  # noqa: PLC0415  as above

    return render_paper(
        template,
        asked.house,
        _number(asked),
        title=title,
        lease=lease,
        notice={"tenants": asked.people, "issued_on": asked.today},
        address=window,
        size=size,
        **facts,
    )


# --- giving


def _give(asked: Asked, order: Order, found: Found, key: str, now: datetime, *, answers: bool) -> None:
    """The mail with its document: filed first when it is new, in the same transaction as the mail's row."""
    told = {"greeting": telling.greeting(asked.people), "paper": found.told, "on_paper": False}
    details = _details(asked, told, answers=answers) | {"file": found.file}
    if digest := found.digest or _filed(found.content):
        with writing():
            _say(order, key, details, now, digest)
        return
    said = {
        "key": key,
        "kind": "document",
        "template": "document",
        "to": order.by,
        "answers": order.message,
        "bulk": False,
        "not_before": None,
        "details": details,
    }
    document = {"kind": found.kind, "key": key, "number": _number(asked), "lease": asked.account.lease.id}
    house, sender = asked.room.house(), asked.room.config.agency.address
    pli = shelf.paper_pli(found.content, found.title, document, [said], house, sender, now, order.case_id)
    desk.file_documents(asked.room.desk, [pli], lambda _filed: None)


def _filed(content: bytes) -> str:
    """The digest of a document that stands in the tree already: the same was asked for earlier today."""
    digest = sha256(content).hexdigest()
    return digest if Message.select().where(Message.digest == digest).exists() else ""


def _details(asked: Asked, told: Mapping[str, Any], *, answers: bool) -> dict[str, Any]:
    lease = asked.account.lease.id
    return {"told": dict(told), "party": "tenant", "lease": lease, "person": asked.account.manager, "answers": answers}


def _say(order: Order, key: str, details: Mapping[str, Any], now: datetime, digest: str | None) -> None:
    Outgoing.insert(
        key=key,
        kind="document",
        template="document",
        case=order.case_id,
        answers=order.message,
        encloses=digest,
        recipient=order.by,
        filed=True,
        automatic=False,
        created_at=now,
        next_try_at=now,
        details=json.dumps(details, ensure_ascii=False),
    ).on_conflict_ignore().execute()


def _turn_to_paper(asked: Asked, order: Order, now: datetime, *, answers: bool) -> None:
    """No more notices by e-mail, and a word that says so."""
    told = {"greeting": telling.greeting(asked.people), "paper": "", "on_paper": True}
    with writing():
        channels.withdraw(asked.account.lease.id, now, order.message)
        _say(order, f"document/{order.key}/paper", _details(asked, told, answers=answers), now, None)
