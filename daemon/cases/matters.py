"""Orders about what a case is, and whose: its label, its lease, its manager, what it is one with."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from archive import events, index
from archive.events import Happening
from archive.journal import Op
from archive.records import Case, Contact, Fact, Message, Step
from daemon.cases import casebook
from daemon.cases.clockwork import OVER, going_on, resuming
from daemon.cases.job import Job, Refused, known, nothing_more
from daemon.cases.people import likely_person
from daemon.reading.parse import parse
from rules import answer
from rules.classify import classify
from rules.commands import Fault
from rules.letter import Label, normalise_address
from rules.plan import Role
from rules.reading import read

OPEN = frozenset({"open", "waiting"})


def note(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    return [events.note(job.ref, what="noted", detail=str(job.details["text"]), **job.facts)], nothing_more


def urgent(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """Reminders no longer wait for the office to open, and who is in charge hears of it."""
    case, ref = known(job), job.ref
    happening = events.amend(ref, what="urgent", sets={"urgent": True}, **job.facts)
    manager = _in_charge(job)

    def follow_up() -> None:
        if manager and manager != job.order.by and not case.urgent:
            tell(job, ref, manager, f"urgent/{job.order.key}", urgent=True)

    return [happening], follow_up


def relabel(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """As when a letter is moved to the folder of that label: the clock that it would have had, and a lesson."""
    case, facts = known(job), job.facts
    label = Label(str(job.details["whom"]))
    happening = events.relabel(
        job.ref, str(label), casebook.due_as(job.desk, case, label), facts["at"], facts["by"], was=case.label,
        message=events.opened_by(job.ref), learn={"was": case.label, "label": str(label)},
    )  # fmt: skip
    return [happening], nothing_more


def hand(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """A colleague takes over, and has the notice of the case."""
    manager = str(job.details["whom"])
    if manager not in job.desk.house().team:
        raise Refused(f"{manager!r} is no manager", Fault.PERSON)
    detail = f"{manager} {job.details['text']}".strip()
    handing = events.amend(job.ref, what="handed", detail=detail, sets={"manager": manager}, **job.facts)
    return [handing], lambda: tell(job, job.ref, manager, f"handed/{job.order.key}", urgent=_is_urgent(job))


def tell(job: Job, ref: str, manager: str, key: str, *, urgent: bool) -> None:
    """The notice of a case to a manager who hasn't had it, with the words of whoever gave the order."""
    to, instead_of = next(iter(job.desk.house().readers(manager).items()), ("", ""))
    if to:
        details = {"other": job.name(), "told": job.details["text"], "urgent": urgent, "about": about(ref)}
        details |= {"instead_of": instead_of, "name": _name_of_sender(job, ref)}
        row = {"key": key, "kind": "notice", "template": "notice_handed", "to": to, "details": details}
        index.say(row | {"answers": events.opened_by(ref)}, job.desk.clock(), ref)


def _name_of_sender(job: Job, ref: str) -> str:
    """The name, in the agency's lists, of whoever wrote from an address of the lease; `''` for anybody else."""
    case = Case.get_by_id(ref)
    holders = job.desk.house().directory.holders.get(normalise_address(case.sender), ())
    return next((holder.name for holder in holders if holder.lease and holder.lease == case.lease_id), "")


def about(ref: str) -> dict[str, str]:
    """Whose matter it is, and how it is called: the letter that opened it may be a colleague's."""
    case = Case.get_by_id(ref)
    return {"sender": case.sender, "subject": case.subject}


def _is_urgent(job: Job) -> bool:
    return bool(job.case and job.case.urgent)


def _in_charge(job: Job) -> str:
    """The manager of the case, else of its lease."""
    case = known(job)
    entry = job.desk.house().directory.lease(case.lease_id) if case.lease_id else None
    return case.manager_id or (entry.manager if entry else None) or ""


def attach(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """To a lease, whose manager has the notice; the address that wrote is remembered as one of its people's."""
    number, case = str(job.details["whom"]), known(job)
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
            tell(job, job.ref, manager, f"handed/{job.order.key}", urgent=_is_urgent(job))

    return [attaching], follow_up


def _remember(job: Job, lease: str, address: str, name: str) -> None:
    person = likely_person(lease, name)
    wanted = normalise_address(address)
    known = (Contact.person == person) & (Contact.value == wanted)
    if person is None or not wanted or Contact.select().where(known).exists():
        return
    Contact.insert(person=person, kind="email", value=wanted, source=str(job.order.by)).execute()
    fact = Fact.insert(name="imported/confirmed", value=str(job.order.key))  # the directory is read again
    fact.on_conflict(conflict_target=[Fact.name], update={Fact.value: str(job.order.key)}).execute()


def merge(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """This case becomes part of another one, which keeps the earlier of both clocks, and runs if one of them runs."""
    case, other = known(job), Case.get_or_none(Case.ref == job.details["whom"])
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
            sets |= going_on(job.desk, other, job.at)
            set_going = resuming(replace(job, case=other), other)
        if _runs(other):
            sets["due_at"] = min(due, sets.get("due_at", other.due_at))
    into = {"status": "closed", "merged": ref, **OVER}
    joined = events.amend(ref, what="joined by", detail=job.ref, sets=sets, **facts)
    merged = Happening(job.ref, Op.CLOSE, facts["at"], facts["by"], "merged", ref, facts["message"], into)
    return [*(replace(one, case=ref) for one in set_going), joined, merged], nothing_more


def _runs(case: Case) -> bool:
    """Whether an answer is still due, now or after a pause."""
    return case.status in OPEN and case.answered_at is None


def split(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """The letter that was answered is another matter: a case of its own, on its own clock."""
    case, letter = known(job), Message.get_or_none(Message.digest == job.details.get("letter"))
    if letter is None or letter.digest == events.opened_by(job.ref):
        raise Refused("the letter that opened a case stays in it", Fault.ONLY_LETTER)
    read_again = parse(job.desk.tree.read(letter.path), received_at=letter.received_at)
    label = classify(read_again).label
    label = Label(case.label) if label is Label.OFF_TOPIC else label
    columns = _columns(job, label, letter.received_at, str(letter.sender), str(letter.subject))
    columns |= {"lease": case.lease_id, "manager": case.manager_id, "party": case.party, "related": job.ref}
    begun = _begun(job, columns, letter)
    return [begun, _parted(job, case, letter, begun.case)], nothing_more


def _parted(job: Job, case: Case, letter: Message, ref: str) -> Happening:
    """What the letter had opened again is as it was before it."""
    history = list(Step.select().where(Step.case == case.ref).order_by(Step.id))
    opened = [number for number, step in enumerate(history) if (step.what, step.message) == ("reopened", letter.digest)]
    before = [step.at for step in history[: opened[-1]] if step.what == "answered"] if opened else []
    if not before or case.answered_at is not None:
        return events.note(job.ref, what="split", detail=ref, **job.facts)
    due = casebook.due_after(job.desk, case, history[: opened[-1]])
    sets = {"status": answer.status_after(case.waits_for), "answered_at": before[-1], "due_at": due}
    return events.amend(job.ref, what="parted", detail=ref, sets=sets, **job.facts)


def new(job: Job) -> tuple[list[Happening], Callable[[], object]]:
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
            said = row | {"details": details | {"about": about(happening.case)}, "answers": letter.digest}
            index.say(said, job.desk.clock(), happening.case)
        if entry.manager and entry.manager != job.order.by:
            tell(job, happening.case, entry.manager, f"handed/{job.order.key}", urgent=verdict.urgent)

    return [happening], follow_up


def _columns(job: Job, label: Label, received: datetime, sender: str, subject: str) -> dict[str, Any]:
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


def _begun(job: Job, columns: dict[str, Any], letter: Message) -> Happening:
    """A case that a crash let begin already keeps its number."""
    step = Step.get_or_none(Step.what == "opened", Step.message == letter.digest, Step.at == job.at)
    if step is not None:
        ref = str(step.case_id)
    else:
        job.desk.numbers.reserve(job.desk.clock(), 1)
        ref = job.desk.numbers.next()
    return events.open_case(ref, columns, job.at, str(job.order.by), str(letter.digest))
