"""What our own people have ordered by mail, carried out: each order is one event of its case, or a few.

An order stands in the sidecar of the letter that gave it and in the database; its event goes to the tree, to the
journal, then to the database, in the transaction that marks the order as done. An event that a crash kept from the
database is rolled forward at the next start, and found there when the order comes up again: nothing is done twice.

Answers that we pass on stop the clock when the relay has taken them, and start it again when they come back.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from peewee import fn

from archive import events, index
from archive.database import writing
from archive.events import Happening
from archive.incoming import Arrival
from archive.journal import Op
from archive.records import Case, Contact, Fact, Message, Order, Outgoing, Step
from daemon import log
from daemon.cases import casebook
from daemon.cases.people import likely_person, owner_addresses
from daemon.pipeline import Desk, holding_tree
from daemon.reading.parse import parse
from rules import answer
from rules.calendar import Calendar
from rules.classify import classify
from rules.letter import Label, normalise_address
from rules.plan import Identity, Role
from rules.reading import read

ACTOR = "person"  # in the journal, which holds no names
OPEN = frozenset({"open", "waiting"})
ANSWER_STATES = ("sent", "bounced")


class Refused(Exception):  # noqa: N818  a state of the world, not a mistake
    """An order that can't be carried out any more. The text is for the log and the case."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One order, read. `case` is None for a case that it begins."""

    desk: Desk
    order: Order
    case: Case | None
    details: Mapping[str, Any]

    @property
    def ref(self) -> str:
        return str(self.order.case_id)

    @property
    def day(self) -> date | None:
        told = self.details.get("day")
        return date.fromisoformat(told) if told else None

    @property
    def at(self) -> datetime:
        return cast("datetime", self.order.at)

    @property
    def facts(self) -> dict[str, Any]:
        """What every event of this order says: when, who, and the letter that proves it."""
        return {"at": self.at, "by": str(self.order.by), "message": str(self.order.message)}

    def calendar(self) -> Calendar:
        house = self.desk.house()
        lease = self.case.lease_id if self.case else None
        manager = self.case.manager_id if self.case else None
        site = house.directory.site_of(Identity(lease=lease, manager=manager))
        return house.calendars.get(site, house.calendars[""])

    def evening(self, day: date) -> datetime:
        """The end of that day, by the clock of the office in charge."""
        calendar = self.calendar()
        spans = calendar.spans_on(day)
        return calendar.instant(day, spans[-1].closes if spans else 18 * 60)


Doer = Callable[[_Job], tuple[list[Happening], Callable[[], object]]]


def nothing_more() -> None:
    """What most orders do beside their event."""


def carry_out(desk: Desk) -> int:
    """Do what was ordered and isn't done yet, in the order in which it was given. Returns how many orders."""
    waiting = Order.select().where(Order.state == "waiting", Order.name.in_(list(DOERS)))
    return sum(_carry_out(desk, order) for order in list(waiting.order_by(Order.at, Order.key)))


def _carry_out(desk: Desk, order: Order) -> int:
    case = Case.get_or_none(Case.ref == order.case_id) if order.case_id else None
    job = _Job(desk, order, case, json.loads(order.details))
    refused = ""
    try:
        happenings, also = DOERS[order.name](job)
        with holding_tree(desk):
            for happening in happenings:
                if not _happened(happening):
                    events.record(desk.tree, happening, desk.clock(), ACTOR)
            with writing():
                also()
                _mark(order, "done")
    except (Refused, LookupError, ValueError) as error:
        refused = str(error)
        with writing():
            _mark(order, "refused", refused)
    log.order_done(str(order.name), str(order.message), refused)
    return 1


def _happened(happening: Happening) -> bool:
    """It was recorded before a crash."""
    same = (Step.case == happening.case) & (Step.what == happening.what) & (Step.message == happening.message)
    return bool(Step.select().where(same & (Step.at == happening.at)).exists())


def _mark(order: Order, state: str, error: str = "") -> None:
    Order.update(state=state, error=error).where(Order.key == order.key).execute()


# --- the clock


def _answered(job: _Job, at: datetime | None = None, detail: str = "") -> list[Happening]:
    """The clock stops; on a case that is answered or closed it is one more letter."""
    case, facts = job.case, job.facts | ({"at": at} if at else {})
    if case is None:
        raise Refused("there is no such case")
    return [_answer(case, facts, detail)]


def _answer(case: Case, facts: dict[str, Any], detail: str = "") -> Happening:
    """The first answer stops the clock; a question to the tenant doesn't, nor does one more letter."""
    if case.answered_at is not None or case.waits_for == "tenant":
        return events.note(str(case.ref), what="wrote", detail=detail, **facts)
    happening = events.answer(str(case.ref), facts["at"], facts["by"], facts["message"], detail)
    status = "closed" if case.status == "closed" else answer.status_after(case.waits_for)
    return replace(happening, sets={**happening.sets, "status": status})


def answered(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """The person has the answer."""
    return _answered(job), nothing_more


def told_otherwise(way: str) -> Doer:
    """Answered by telephone, at the counter, by post: the note says what was said."""

    def do(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
        detail = f"{way} {job.details['text']}".strip()
        return _answered(job, _posted(job) if job.day else None, detail), nothing_more

    return do


def _posted(job: _Job) -> datetime:
    """Noon of the day of the stamp, when that lies between the letter and now."""
    noon = job.calendar().instant(job.day or job.at.date(), 12 * 60)
    begun = job.case.received_at if job.case else job.at
    return min(max(noon, begun), job.at)


def close(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    facts = job.facts
    over = {"paused_at": None, "waits_for": "", "remind_at": None}
    closing = events.close(job.ref, facts["at"], facts["by"], message=facts["message"])
    return [replace(closing, sets={**closing.sets, **over})], nothing_more


def wait(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """For the tenant the clock stands still; for anybody else the tenant still wants an answer in time."""
    whom, case = str(job.details["whom"]), job.case
    remind = job.evening(job.day) if job.day else None
    detail = f"{whom} {job.details['reason']}".strip()
    if whom == "tenant":
        since = case.paused_at if case and case.paused_at else job.at
        sets = {"paused_at": since, "waits_for": whom, "remind_at": remind}
        return [events.pause(job.ref, detail=detail, sets=sets, **job.facts)], nothing_more
    return _follow(job, whom, remind, detail), nothing_more


def follow(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    remind = job.evening(job.day) if job.day else None
    return _follow(job, "works", remind, str(job.details["reason"])), nothing_more


def _follow(job: _Job, whom: str, remind: datetime | None, detail: str) -> list[Happening]:
    """Open until it is closed; the first answer is due all the same."""
    sets: dict[str, Any] = {"waits_for": whom, "remind_at": remind}
    if job.case is not None and job.case.answered_at is not None:
        sets["status"] = "waiting"
    return [events.amend(job.ref, what="followed", detail=f"{whom} {detail}".strip(), sets=sets, **job.facts)]


def extend(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    if job.case is None:
        raise Refused("there is no such case")
    days = int(job.details["days"])
    due = job.case.due_at + timedelta(days=days)
    detail = f"+{days} {job.details['reason']}".strip()
    return [events.amend(job.ref, what="extended", detail=detail, sets={"due_at": due}, **job.facts)], nothing_more


def remind(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    at = job.calendar().instant(job.day, 8 * 60) if job.day else None
    sets = {"remind_at": at}
    told = job.day.isoformat() if job.day else ""
    return [events.amend(job.ref, what="reminder", detail=told, sets=sets, **job.facts)], nothing_more


# --- what the case is, and whose


def note(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    return [events.note(job.ref, what="noted", detail=str(job.details["text"]), **job.facts)], nothing_more


def urgent(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    return [events.amend(job.ref, what="urgent", sets={"urgent": True}, **job.facts)], nothing_more


def relabel(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """As when a letter is moved to the folder of that label: the clock that it would have had, and a lesson."""
    case = job.case
    if case is None:
        raise Refused("there is no such case")
    label = Label(str(job.details["whom"]))
    facts = job.facts
    due = casebook.due_with(job.desk, case, label)
    happening = events.relabel(
        job.ref, str(label), due, facts["at"], facts["by"], was=case.label, message=events.opened_by(job.ref),
        learn={"was": case.label, "label": str(label)},
    )  # fmt: skip
    return [happening], nothing_more


def hand(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """A colleague takes over, and has the notice of the case."""
    manager = str(job.details["whom"])
    house = job.desk.house()
    if manager not in house.team:
        raise Refused(f"{manager!r} is no manager")
    to, instead_of = next(iter(house.readers(manager).items()), ("", ""))
    told = {"key": f"handed/{job.order.key}", "kind": "notice", "template": "notice_handed", "to": to}
    details = {"other": _name_of(job, str(job.order.by)), "told": job.details["text"], "urgent": _is_urgent(job)}
    details |= {"instead_of": instead_of}
    row = told | {"details": details, "answers": events.opened_by(job.ref)}
    detail = f"{manager} {job.details['text']}".strip()
    handing = events.amend(job.ref, what="handed", detail=detail, sets={"manager": manager}, **job.facts)
    return [handing], lambda: index.say(row, job.desk.clock(), job.ref)


def _is_urgent(job: _Job) -> bool:
    return bool(job.case and job.case.urgent)


def _name_of(job: _Job, by: str) -> str:
    entry = job.desk.house().directory.managers.get(by)
    return entry.name if entry is not None else by


def attach(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """To a lease; the address that wrote is remembered as one of its people's."""
    number, case = str(job.details["whom"]), job.case
    entry = job.desk.house().directory.lease(number)
    if entry is None or case is None:
        raise Refused(f"{number} is no lease")
    sets: dict[str, Any] = {"lease": number, "party": str(Role.TENANT)}
    if entry.manager:
        sets["manager"] = entry.manager
    attaching = events.amend(job.ref, what="attached", detail=number, sets=sets, **job.facts)
    first = Message.get_or_none(Message.digest == events.opened_by(job.ref))
    name = parse(job.desk.tree.read(first.path), received_at=job.at).sender.name if first is not None else ""
    return [attaching], lambda: _remember(job, number, str(case.sender), name)


def _remember(job: _Job, lease: str, address: str, name: str) -> None:
    person = likely_person(lease, name)
    wanted = normalise_address(address)
    known = (Contact.person == person) & (Contact.value == wanted)
    if person is None or not wanted or Contact.select().where(known).exists():
        return
    Contact.insert(person=person, kind="email", value=wanted, source=str(job.order.by)).execute()
    fact = Fact.insert(name="imported/confirmed", value=str(job.order.key))  # the directory is read again
    fact.on_conflict(conflict_target=[Fact.name], update={Fact.value: str(job.order.key)}).execute()


def merge(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """This case becomes part of another one, which keeps the earlier of both clocks."""
    case, other = job.case, Case.get_or_none(Case.ref == job.details["whom"])
    if case is None or other is None:
        raise Refused("there is no such case")
    sets: dict[str, Any] = {"urgent": bool(case.urgent or other.urgent)}
    running = case.status in OPEN and case.answered_at is None
    if running:
        still = other.status in OPEN and other.answered_at is None
        due = min(case.due_at, other.due_at) if still else case.due_at
        sets |= {"due_at": due, "status": "open", "answered_at": None}
    into = {"status": "closed", "merged": other.ref, "paused_at": None, "waits_for": "", "remind_at": None}
    facts = job.facts
    return [
        events.amend(str(other.ref), what="joined by", detail=job.ref, sets=sets, **facts),
        events.Happening(
            job.ref, Op.CLOSE, facts["at"], facts["by"], "merged", str(other.ref), facts["message"], into
        ),
    ], nothing_more  # fmt: skip


def split(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """The letter that was answered is another matter: a case of its own, on its own clock."""
    letter = Message.get_or_none(Message.digest == job.details.get("letter"))
    if letter is None or job.case is None or letter.digest == events.opened_by(job.ref):
        raise Refused("the letter that opened a case stays in it")
    read_again = parse(job.desk.tree.read(letter.path), received_at=letter.received_at)
    label = classify(read_again).label
    label = Label(job.case.label) if label is Label.OFF_TOPIC else label
    columns = _columns(job, label, letter.received_at, str(letter.sender), str(letter.subject))
    columns |= {"lease": job.case.lease_id, "manager": job.case.manager_id, "party": job.case.party}
    columns["related"] = job.ref
    return [_begun(job, columns, letter)], nothing_more


def new(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """A call or a visit: the manager's own mail is the letter that opens the case."""
    number = str(job.details["whom"])
    entry = job.desk.house().directory.lease(number)
    letter = Message.get_or_none(Message.digest == job.order.message)
    if entry is None or letter is None:
        raise Refused(f"{number} is no lease")
    again = parse(job.desk.tree.read(letter.path), received_at=letter.received_at)
    verdict = classify(again)
    label = Label.REQUEST if verdict.label is Label.OFF_TOPIC else verdict.label
    tenant = next((person for person in entry.people if person.role is Role.TENANT), None)
    sender = normalise_address(next(iter(tenant.emails), "")) if tenant else ""
    subject = next((line for line in read(again).new.splitlines() if line.strip() and not line.startswith("#")), "")
    columns = _columns(job, label, letter.received_at, sender, job.details["reason"] or subject or letter.subject)
    columns |= {"lease": number, "manager": entry.manager, "party": str(Role.TENANT), "urgent": verdict.urgent}
    happening = _begun(job, columns, letter)
    to = str(job.details.get("to") or "")
    row = {"key": f"opened/{job.order.key}", "kind": "notice", "template": "notice_opened", "to": to}
    details = {"name": tenant.name if tenant else "", "party": str(Role.TENANT), "told": job.details["text"]}
    said = row | {"details": details, "answers": letter.digest}
    return [happening], lambda: index.say(said, job.desk.clock(), happening.case) if to else None


def _columns(job: _Job, label: Label, received: datetime, sender: str, subject: str) -> dict[str, Any]:
    columns = {
        "label": str(label),
        "party": str(Role.TENANT),
        "lease": None,
        "owner": None,
        "manager": None,
        "subject": subject,
        "sender": sender,
        "received_at": received,
        "urgent": False,
        "confidence": 1.0,
        "because": "",
    }
    columns["due_at"] = casebook.due_from(job.desk, Case(**columns), label, received)
    return columns


def _begun(job: _Job, columns: dict[str, Any], letter: Message) -> Happening:
    """A case that a crash let begin already keeps its number."""
    step = Step.get_or_none(Step.what == "opened", Step.message == letter.digest, Step.at == job.at)
    if step is not None:
        ref = str(step.case_id)
    else:
        job.desk.numbers.reserve(job.desk.clock(), 1)
        ref = job.desk.numbers.next()
    return events.open_case(ref, columns, job.at, str(job.order.by), str(letter.digest))


# --- others who must act


def agree(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """The owner is asked by mail; what comes back joins the case."""
    case = job.case
    to = owner_addresses(case)[0] if case is not None else ""
    details = {
        "text": job.details["text"],
        "author": _name_of(job, str(job.order.by)),
        "by": str(job.order.by),
        "source": str(job.order.message),
        "copies": [],
        "to": to,
        "owner": True,
        "references": [],
    }
    row = {"key": f"agreement/{job.order.key}", "kind": "answer", "template": "agreement", "to": to}
    said = row | {"details": details | {"as": row["key"]}, "answers": events.opened_by(job.ref)}
    asked = _follow(job, "owner", None, "")
    return asked, lambda: index.say(said, job.desk.clock(), job.ref)


def confirm(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """What was held back goes as if it had been proven from the start."""
    held = Message.get_or_none(Message.digest == job.details["whom"])
    if held is None:
        raise Refused("nothing was held back")
    letter = parse(job.desk.tree.read(held.path), received_at=held.received_at)
    arrival = Arrival("retry", held.received_at, job.desk.clock(), lmtp_id=held.digest)
    heard = job.desk.hear(letter, [arrival], job.desk.house(), confirmed=True)

    def follow_up() -> None:
        if heard is None:
            return
        for number, order in enumerate(heard.orders):
            index.add_order(str(held.digest), number, order, job.desk.clock())
        for said in heard.say:
            index.say(said, job.desk.clock(), heard.case.ref if heard.case else None, str(held.digest))

    if heard is None or heard.case is None:
        return [], follow_up
    return [events.note(heard.case.ref, what="confirmed", **job.facts)], follow_up


DOERS: Mapping[str, Doer] = {
    "answered": answered,
    "close": close,
    "note": note,
    "wait": wait,
    "extend": extend,
    "hand": hand,
    "relabel": relabel,
    "attach": attach,
    "merge": merge,
    "split": split,
    "urgent": urgent,
    "remind": remind,
    "phone": told_otherwise("phone"),
    "counter": told_otherwise("counter"),
    "post": told_otherwise("post"),
    "new": new,
    "follow": follow,
    "agree": agree,
    "confirm": confirm,
}


# --- answers that we pass on


def record_answers(desk: Desk) -> int:
    """Stop the clocks of answers that the relay has taken, and start those again whose answer came back."""
    passed_on = (Outgoing.kind == "answer") & (Outgoing.template == "answer") & Outgoing.state.in_(ANSWER_STATES)
    told = Step.select(Step.id).where((Step.message == Outgoing.digest) & Step.what.in_(("answered", "wrote")))
    back = Step.select(Step.id).where((Step.message == Outgoing.digest) & (Step.what == "reopened"))
    new_ones = passed_on & ~fn.EXISTS(told) & (Outgoing.state == "sent")
    returned = passed_on & ~fn.EXISTS(back) & (Outgoing.state == "bounced")
    light = [
        Outgoing.id,
        Outgoing.key,
        Outgoing.case,
        Outgoing.digest,
        Outgoing.sent_at,
        Outgoing.details,
        Outgoing.recipient,
    ]
    done = 0
    for row in filter(_is_first, list(Outgoing.select(*light).where(new_ones))):
        done += _record_answer(desk, row)
    for row in filter(_is_first, list(Outgoing.select(*light).where(returned))):
        done += _record_return(desk, row)
    return done


def _is_first(row: Outgoing) -> bool:
    """The mail to the writer, and not the same to a co-tenant."""
    return bool(json.loads(row.details).get("as", row.key) == row.key)


def _record_answer(desk: Desk, row: Outgoing) -> int:
    case, details = Case.get_by_id(row.case_id), json.loads(row.details)
    facts = {"at": row.sent_at, "by": str(details.get("by", "")), "message": str(row.digest)}
    with holding_tree(desk):
        events.record(desk.tree, _answer(case, facts), desk.clock(), ACTOR)
    log.case_changed(str(case.ref), "answered", str(row.id))
    return 1


def _record_return(desk: Desk, row: Outgoing) -> int:
    """Nobody has the answer after all: the clock runs on as if it had never been sent."""
    case, now = Case.get_by_id(row.case_id), desk.clock()
    if case.answered_at is None or case.answered_at != row.sent_at:
        return 0
    happening = events.reopen(str(case.ref), case.due_at, now, "", message=str(row.digest))
    with holding_tree(desk):
        events.record(desk.tree, happening, now, ACTOR)
    log.case_changed(str(case.ref), "reopened", str(row.id))
    return 1
