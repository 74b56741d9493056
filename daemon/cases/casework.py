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
from daemon.cases import casebook, flags
from daemon.cases.people import likely_person, owner_addresses
from daemon.pipeline import Desk, holding_tree
from daemon.reading.parse import parse
from rules import answer
from rules.calendar import Calendar
from rules.classify import classify
from rules.clocks import UNDELIVERED
from rules.commands import Fault
from rules.letter import Label, normalise_address
from rules.plan import Identity, Role
from rules.reading import read

ACTOR = "person"  # in the journal, which holds no names
OVER = {"paused_at": None, "waits_for": "", "waits_until": None, "remind_at": None}  # of a case that is closed
OPEN = frozenset({"open", "waiting"})
ANSWER_STATES = ("sent", "bounced")


class Refused(Exception):  # noqa: N818  a state of the world, not a mistake
    """An order that can't be carried out any more. The text is for the log, `fault` for whoever gave it."""

    def __init__(self, text: str, fault: Fault = Fault.GONE) -> None:
        super().__init__(text)
        self.fault = fault


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

    def morning(self) -> datetime | None:
        """When the office in charge opens on the day that was named, or next after it; None when none was."""
        calendar = self.calendar()
        return calendar.next_opening(calendar.instant(self.day, 0)) if self.day else None

    def name(self) -> str:
        """Of whoever gave the order."""
        entry = self.desk.house().directory.managers.get(str(self.order.by))
        return entry.name if entry is not None else str(self.order.by)


Doer = Callable[[_Job], tuple[list[Happening], Callable[[], object]]]


def nothing_more() -> None:
    """What most orders do beside their event."""


def carry_out(desk: Desk) -> int:
    """Do what was ordered and isn't done yet, in the order in which it was given. Returns how many orders."""
    waiting = list(Order.select().where(Order.state == "waiting", Order.name.in_(list(DOERS))))
    given = {order.message: max(one.at for one in waiting if one.message == order.message) for order in waiting}
    return sum(_carry_out(desk, order) for order in sorted(waiting, key=lambda one: (given[one.message], *_place(one))))


def _place(order: Order) -> tuple[str, int]:
    """Its mail, and its number among what that mail orders."""
    message, _, number = str(order.key).rpartition("/")
    return message, int(number)


def _carry_out(desk: Desk, order: Order) -> int:
    case = Case.get_or_none(Case.ref == order.case_id) if order.case_id else None
    job = _Job(desk, order, case, json.loads(order.details))
    refused = ""
    try:
        happenings, also = DOERS[order.name](job)
        with holding_tree(desk):
            for happening in happenings:
                if not events.is_recorded(happening):
                    events.record(desk.tree, happening, desk.clock(), ACTOR)
            with writing():
                also()
                _mark(order, "done")
    except (Refused, LookupError, ValueError) as error:
        refused = str(error)
        with writing():
            _tell_of_refusal(job, error.fault if isinstance(error, Refused) else Fault.GONE)
            _mark(order, "refused", refused)
    log.order_done(str(order.name), str(order.message), refused)
    return 1


def _tell_of_refusal(job: _Job, fault: Fault) -> None:
    """Whoever gave an order that the world has overtaken must not believe that it was carried out."""
    line, to = str(job.details.get("line") or ""), str(job.details.get("to") or "")
    if line and to:
        told = {"faults": [{"word": line, "fault": str(fault)}], "alone": True}
        row = {"key": f"refused/{job.order.key}", "kind": "notice", "template": "notice_commands", "to": to}
        index.say(row | {"details": told}, job.desk.clock(), job.order.case_id, str(job.order.message))


def _mark(order: Order, state: str, error: str = "") -> None:
    Order.update(state=state, error=error).where(Order.key == order.key).execute()


# --- the clock


def _known(job: _Job) -> Case:
    if job.case is None:
        raise Refused("there is no such case", Fault.NO_CASE)
    return job.case


def _going_on(desk: Desk, case: Case, at: datetime) -> dict[str, Any]:
    """The columns of a case whose clock stands still, once it runs again from then on; none of one that runs."""
    if case.paused_at is None:
        return {}
    stood = max(round((at - case.paused_at).total_seconds()), 0)
    return {
        "due_at": casebook.resumed(desk, case, at),
        "paused_at": None,
        "paused_seconds": case.paused_seconds + stood,
        "waits_for": "",
        "waits_until": None,
    }


def _resuming(job: _Job, case: Case) -> list[Happening]:
    """What makes a clock run that stood still; nothing otherwise."""
    sets = _going_on(job.desk, case, job.at)
    if not sets:
        return []
    happening = events.resume(job.ref, sets["due_at"], **job.facts)
    return [replace(happening, sets={**happening.sets, **sets})]


def _answer(desk: Desk, case: Case, facts: dict[str, Any], detail: str = "") -> Happening:
    """The first answer stops the clock; one more letter doesn't."""
    if case.answered_at is not None:
        return events.note(str(case.ref), what="wrote", detail=detail, **facts)
    happening = events.answer(str(case.ref), facts["at"], facts["by"], facts["message"], detail)
    going_on = _going_on(desk, case, facts["at"])
    waits = "" if going_on else case.waits_for
    status = "closed" if case.status == "closed" else answer.status_after(waits)
    return replace(happening, sets={**happening.sets, **going_on, "status": status})


def _asks(case: Case, mail: str) -> bool:
    """Whether that mail of ours was a question to the tenant: it said so itself."""
    waits = Order.select().where(Order.message == mail, Order.name == "wait", Order.case == case.ref)
    return any(json.loads(order.details)["whom"] == "tenant" for order in waits)


def answered(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """The person has the answer, or a question of ours."""
    case = _known(job)
    if _asks(case, str(job.order.message)):
        return [events.note(job.ref, what="wrote", **job.facts)], nothing_more
    return [_answer(job.desk, case, job.facts)], nothing_more


def told_otherwise(way: str) -> Doer:
    """Answered by telephone, at the counter, by post: the note says what was said."""

    def do(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
        facts = job.facts | ({"at": _posted(job)} if job.day else {})
        return [_answer(job.desk, _known(job), facts, f"{way} {job.details['text']}".strip())], nothing_more

    return do


def _posted(job: _Job) -> datetime:
    """Noon of the day of the stamp, when that lies between the letter and now."""
    noon = job.calendar().instant(job.day or job.at.date(), 12 * 60)
    begun = job.case.received_at if job.case else job.at
    return min(max(noon, begun), job.at)


def close(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    facts = job.facts
    closing = events.close(job.ref, facts["at"], facts["by"], message=facts["message"])
    return [replace(closing, sets={**closing.sets, **OVER})], nothing_more


def wait(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """For the tenant the clock stands still; for anybody else the tenant still wants an answer in time."""
    whom, case, reason = str(job.details["whom"]), _known(job), str(job.details["reason"])
    if whom != "tenant":
        return _follow(job, whom, reason), nothing_more
    sets = {"paused_at": case.paused_at or job.at, "waits_for": whom, "waits_until": job.morning()}
    return [events.pause(job.ref, detail=f"{whom} {reason}".strip(), sets=sets, **job.facts)], nothing_more


def follow(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    return _follow(job, "works", str(job.details["reason"])), nothing_more


def _follow(job: _Job, whom: str, reason: str) -> list[Happening]:
    """Open until it is closed; the first answer is due all the same, and a clock that stood still runs."""
    case = _known(job)
    sets: dict[str, Any] = {"waits_for": whom, "waits_until": job.morning()}
    if case.answered_at is not None or case.status == "closed":
        sets["status"] = "waiting"
    until = job.day.isoformat() if job.day else ""
    detail = " ".join(filter(None, (whom, until, reason)))
    return [*_resuming(job, case), events.amend(job.ref, what="followed", detail=detail, sets=sets, **job.facts)]


def extend(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    case = _known(job)
    if case.answered_at is not None or case.status == "closed":
        raise Refused("there is no clock to set", Fault.OVER)
    days = int(job.details["days"])
    due = casebook.extended(job.desk, case, timedelta(days=days))
    detail = f"+{days} {job.details['reason']}".strip()
    return [events.amend(job.ref, what="extended", detail=detail, sets={"due_at": due}, **job.facts)], nothing_more


def remind(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    sets, told = {"remind_at": job.morning()}, job.day.isoformat() if job.day else ""
    detail = f"{told} {job.details['reason']}".strip()
    return [events.amend(job.ref, what="reminder", detail=detail, sets=sets, **job.facts)], nothing_more


# --- what the case is, and whose


def note(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    return [events.note(job.ref, what="noted", detail=str(job.details["text"]), **job.facts)], nothing_more


def urgent(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """Reminders no longer wait for the office to open, the letter has its flag, and who is in charge hears of it."""
    case, ref = _known(job), job.ref
    happening = events.amend(ref, what="urgent", sets={"urgent": True}, **job.facts)
    manager = _in_charge(job)

    def follow_up() -> None:
        flags.raise_for(ref, "urgent")
        if manager and manager != job.order.by and not case.urgent:
            _tell(job, ref, manager, f"urgent/{job.order.key}", urgent=True)

    return [happening], follow_up


def relabel(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """As when a letter is moved to the folder of that label: the clock that it would have had, and a lesson."""
    case, facts = _known(job), job.facts
    label = Label(str(job.details["whom"]))
    happening = events.relabel(
        job.ref, str(label), casebook.due_as(job.desk, case, label), facts["at"], facts["by"], was=case.label,
        message=events.opened_by(job.ref), learn={"was": case.label, "label": str(label)},
    )  # fmt: skip
    return [happening], nothing_more


def hand(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """A colleague takes over, and has the notice of the case."""
    manager = str(job.details["whom"])
    if manager not in job.desk.house().team:
        raise Refused(f"{manager!r} is no manager", Fault.PERSON)
    detail = f"{manager} {job.details['text']}".strip()
    handing = events.amend(job.ref, what="handed", detail=detail, sets={"manager": manager}, **job.facts)
    return [handing], lambda: _tell(job, job.ref, manager, f"handed/{job.order.key}", urgent=_is_urgent(job))


def _tell(job: _Job, ref: str, manager: str, key: str, *, urgent: bool) -> None:
    """The notice of a case to a manager who hasn't had it, with the words of whoever gave the order."""
    to, instead_of = next(iter(job.desk.house().readers(manager).items()), ("", ""))
    if to:
        details = {"other": job.name(), "told": job.details["text"], "urgent": urgent, "about": _about(ref)}
        details |= {"instead_of": instead_of}
        row = {"key": key, "kind": "notice", "template": "notice_handed", "to": to, "details": details}
        index.say(row | {"answers": events.opened_by(ref)}, job.desk.clock(), ref)


def _about(ref: str) -> dict[str, str]:
    """Whose matter it is, and how it is called: the letter that opened it may be a colleague's."""
    case = Case.get_by_id(ref)
    return {"sender": case.sender, "subject": case.subject}


def _is_urgent(job: _Job) -> bool:
    return bool(job.case and job.case.urgent)


def _in_charge(job: _Job) -> str:
    """The manager of the case, else of its lease."""
    case = _known(job)
    entry = job.desk.house().directory.lease(case.lease_id) if case.lease_id else None
    return case.manager_id or (entry.manager if entry else None) or ""


def attach(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """To a lease, whose manager has the notice; the address that wrote is remembered as one of its people's."""
    number, case = str(job.details["whom"]), _known(job)
    entry = job.desk.house().directory.lease(number)
    if entry is None:
        raise Refused(f"{number} is no lease", Fault.LEASE)
    sets: dict[str, Any] = {"lease": number, "party": str(Role.TENANT)}
    if entry.manager:
        sets["manager"] = entry.manager
    attaching = events.amend(job.ref, what="attached", detail=number, sets=sets, **job.facts)
    first = Message.get_or_none(Message.digest == events.opened_by(job.ref))
    name = parse(job.desk.tree.read(first.path), received_at=job.at).sender.name if first is not None else ""
    manager, was = entry.manager or "", _in_charge(job)

    def follow_up() -> None:
        _remember(job, number, str(case.sender), name)
        if manager not in {job.order.by, was}:
            _tell(job, job.ref, manager, f"handed/{job.order.key}", urgent=_is_urgent(job))

    return [attaching], follow_up


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
    """This case becomes part of another one, which keeps the earlier of both clocks, and runs if one of them runs."""
    case, other = _known(job), Case.get_or_none(Case.ref == job.details["whom"])
    if other is None:
        raise Refused("there is no such case", Fault.CASE)
    facts, ref = job.facts, str(other.ref)
    sets: dict[str, Any] = {"urgent": bool(case.urgent or other.urgent)}
    set_going: list[Happening] = []
    if _runs(case):
        due = casebook.resumed(job.desk, case, other.paused_at or job.at)
        if not _runs(other):
            set_going = [events.reopen(ref, due, facts["at"], facts["by"], message=facts["message"])]
        elif case.paused_at is None:
            sets |= _going_on(job.desk, other, job.at)
            set_going = _resuming(replace(job, case=other), other)
        if _runs(other):
            sets["due_at"] = min(due, sets.get("due_at", other.due_at))
    into = {"status": "closed", "merged": ref, **OVER}
    joined = events.amend(ref, what="joined by", detail=job.ref, sets=sets, **facts)
    merged = Happening(job.ref, Op.CLOSE, facts["at"], facts["by"], "merged", ref, facts["message"], into)
    return [*(replace(one, case=ref) for one in set_going), joined, merged], nothing_more


def _runs(case: Case) -> bool:
    """Whether an answer is still due, now or after a pause."""
    return case.status in OPEN and case.answered_at is None


def split(job: _Job) -> tuple[list[Happening], Callable[[], object]]:
    """The letter that was answered is another matter: a case of its own, on its own clock."""
    case, letter = _known(job), Message.get_or_none(Message.digest == job.details.get("letter"))
    if letter is None or letter.digest == events.opened_by(job.ref):
        raise Refused("the letter that opened a case stays in it", Fault.ONLY_LETTER)
    read_again = parse(job.desk.tree.read(letter.path), received_at=letter.received_at)
    label = classify(read_again).label
    label = Label(case.label) if label is Label.OFF_TOPIC else label
    columns = _columns(job, label, letter.received_at, str(letter.sender), str(letter.subject))
    columns |= {"lease": case.lease_id, "manager": case.manager_id, "party": case.party, "related": job.ref}
    begun = _begun(job, columns, letter)
    return [begun, _parted(job, case, letter, begun.case)], nothing_more


def _parted(job: _Job, case: Case, letter: Message, ref: str) -> Happening:
    """What the letter had opened again is as it was before it."""
    history = list(Step.select().where(Step.case == case.ref).order_by(Step.id))
    opened = [number for number, step in enumerate(history) if (step.what, step.message) == ("reopened", letter.digest)]
    before = [step.at for step in history[: opened[-1]] if step.what == "answered"] if opened else []
    if not before or case.answered_at is not None:
        return events.note(job.ref, what="split", detail=ref, **job.facts)
    due = casebook.due_with(job.desk, case, Label(case.label))
    sets = {"status": answer.status_after(case.waits_for), "answered_at": before[-1], "due_at": due}
    return events.amend(job.ref, what="parted", detail=ref, sets=sets, **job.facts)


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

    def follow_up() -> None:
        if to:
            said = row | {"details": details | {"about": _about(happening.case)}, "answers": letter.digest}
            index.say(said, job.desk.clock(), happening.case)
        if entry.manager and entry.manager != job.order.by:
            _tell(job, happening.case, entry.manager, f"handed/{job.order.key}", urgent=verdict.urgent)

    return [happening], follow_up


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
        "author": job.name(),
        "by": str(job.order.by),
        "source": str(job.order.message),
        "copies": [],
        "to": to,
        "owner": True,
        "references": [],
    }
    row = {"key": f"agreement/{job.order.key}", "kind": "answer", "template": "agreement", "to": to}
    said = row | {"details": details | {"as": row["key"]}, "answers": events.opened_by(job.ref)}
    asked = _follow(job, "owner", "")
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
    back = Step.select(Step.id).where((Step.message == Outgoing.digest) & (Step.what == UNDELIVERED))
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
    asks = details.get("asked") or _asks(case, str(details.get("source", "")))
    happening = events.note(str(case.ref), what="wrote", **facts) if asks else _answer(desk, case, facts)
    with holding_tree(desk):
        events.record(desk.tree, happening, desk.clock(), ACTOR)
    log.case_changed(str(case.ref), happening.what, str(row.id))
    return 1


def _record_return(desk: Desk, row: Outgoing) -> int:
    """Nobody has the answer after all: the clock runs on as if it had never been sent. A question comes back too."""
    case, now = Case.get_by_id(row.case_id), desk.clock()
    if case.answered_at is not None and case.answered_at == row.sent_at:
        sets: dict[str, Any] = {"status": "open", "answered_at": None}
    elif case.paused_at is not None and _asks(case, str(json.loads(row.details).get("source", ""))):
        sets = {"status": "open", "paused_at": None, "waits_for": "", "waits_until": None}
    else:
        return 0
    happening = Happening(str(case.ref), Op.REOPEN, now, "", UNDELIVERED, message=str(row.digest), sets=sets)
    with holding_tree(desk):
        events.record(desk.tree, happening, now, ACTOR)
    log.case_changed(str(case.ref), happening.what, str(row.id))
    return 1
