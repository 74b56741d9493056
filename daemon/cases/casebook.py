"""What people make of a case after it was opened, written where it belongs: relabelled, closed, opened again, learned.

Each function decides the new clock by the agency's rules and records one event: in the tree, in the journal, then in
the database. `by` says who: a manager's id, the mailbox in which somebody moved a letter, or a command.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

from archive import events, sidecar
from archive.database import reserve_case_numbers
from archive.events import Happening
from archive.records import Case, Correction, Event, Message, Owner, Step
from daemon import log
from daemon.desk import Desk, holding_tree
from rules import deadlines
from rules.calendar import Calendar
from rules.clocks import RENEWS
from rules.decide import time_allowed
from rules.letter import Label
from rules.moves import Close, Meaning, Open, Relabel, Reopen
from rules.plan import Identity

ACTOR = "person"  # in the journal, which holds no names

Also = Callable[[], object]  # what is written to the database in the same transaction


def carry_out(desk: Desk, meaning: Meaning, letter: Message, moved: Mapping[str, Any], also: Also) -> None:
    """Do what a person's move of a letter means. `moved`: where it is expected from now on (whereabouts.expect)."""
    by = str(moved["mailbox"])
    more: dict[str, Any] = {"message": str(letter.digest), "moved": moved}
    match meaning:
        case Open():
            happening = _opening(desk, letter, meaning.label, by, more)
        case Relabel():
            case = Case.get_by_id(letter.case_id)
            happening = _relabelling(desk, case, meaning, by, more, teaches=_opened_by(case, letter))
        case Close():
            happening = events.close(str(letter.case_id), desk.clock(), by, **more)
        case Reopen():
            happening = _reopening(desk, Case.get_by_id(letter.case_id), by, more)
        case _:
            assert_never(meaning)
    _record(desk, happening, also)


def relabel(desk: Desk, ref: str, label: Label, by: str) -> str:
    """A person says what a case is about; the letter that opened it teaches us so. Returns the key of the event."""
    case = Case.get_by_id(ref)
    meaning = Relabel(label, Label(case.label), "closed" if label is Label.OFF_TOPIC else "")
    more: dict[str, Any] = {"message": events.opened_by(ref)}
    return _record(desk, _relabelling(desk, case, meaning, by, more, teaches=True))


def breach(desk: Desk, ref: str, due_at: datetime) -> str:
    """The answer was due then, and nobody had given one. Returns the key of the event."""
    return _record(desk, events.breach(ref, due_at, "clock"))


def close(desk: Desk, ref: str, by: str) -> str:
    """Nothing more is to be done. Returns the key of the event."""
    return _record(desk, events.close(ref, desk.clock(), by))


def reopen(desk: Desk, ref: str, by: str) -> str:
    """It isn't over. Returns the key of the event."""
    return _record(desk, _reopening(desk, Case.get_by_id(ref), by, {}))


def unlearn(desk: Desk, key: str, by: str) -> bool:
    """What a correction taught no longer counts; the case stays as it is. False when no correction counts under it."""
    found = Correction.get_or_none(Correction.key == key, Correction.undone_at.is_null())
    if found is None:
        return False
    _record(desk, events.unlearn(str(found.case_id), key, desk.clock(), by))
    return True


def _record(desk: Desk, happening: Happening, also: Also = lambda: None) -> str:
    with holding_tree(desk):
        key = events.record(desk.tree, happening, desk.clock(), ACTOR, also)
    log.case_changed(happening.case, happening.what, key)
    return key


# --- what is recorded


def _relabelling(
    desk: Desk, case: Case, meaning: Relabel, by: str, more: Mapping[str, Any], *, teaches: bool
) -> Happening:
    was, label = str(meaning.was), str(meaning.label)
    due = due_as(desk, case, meaning.label)
    sets: dict[str, Any] = {"status": meaning.status} if meaning.status else {}
    if meaning.status == "open":
        sets |= {"answered_at": None}
    learn = {"was": was, "label": label} if teaches else None
    return events.relabel(str(case.ref), label, due, desk.clock(), by, was=was, sets=sets, learn=learn, **more)


def _reopening(desk: Desk, case: Case, by: str, more: Mapping[str, Any]) -> Happening:
    """One that was closed by mistake has the clock that it had; one that was answered gets a new one, from now."""
    now = desk.clock()
    due = due_from(desk, case, Label(case.label), now) if case.answered_at else case.due_at
    return events.reopen(str(case.ref), due, now, by, **more)


def _opening(desk: Desk, letter: Message, label: Label, by: str, more: dict[str, Any]) -> Happening:
    """A case for a letter that was put aside: what its sidecar knows, the person's label, a clock from its receipt."""
    record = _sidecar(desk, letter)
    attachment, decision = record["attachment"], record["decision"]
    now = desk.clock()
    (ref,) = reserve_case_numbers(now.astimezone(desk.house().timezone).year, 1)
    owner = Owner.get_or_none(Owner.name == attachment.get("owner"))
    columns: dict[str, Any] = {
        "label": str(label),
        "party": attachment.get("party", "unknown"),
        "lease": attachment.get("lease"),
        "owner": owner and owner.id,
        "manager": attachment.get("manager"),
        "subject": record["subject"],
        "sender": record["from"],
        "received_at": letter.received_at,
        "urgent": "urgent" in decision.get("flags", ()),
        "confidence": decision.get("confidence", 0.0),
        "because": decision.get("because", ""),
    }
    case = Case(ref=ref, **columns)
    columns["due_at"] = due_from(desk, case, label, _start(letter.received_at, record), decision.get("alerts", ()))
    learn = {"was": letter.label or str(Label.OFF_TOPIC), "label": str(label)}
    return events.open_case(ref, columns, now, by, learn=learn, **more)


def _opened_by(case: Case, letter: Message) -> bool:
    """Whether the case began with this letter (or with the one that it is a copy of): only that one teaches."""
    return events.opened_by(str(case.ref)) in {letter.digest, letter.same_as}


# --- clocks


def due_with(desk: Desk, case: Case, label: Label) -> datetime:
    """The clock that the case would have had from the start, had it borne that label."""
    letter = Message.get_or_none(Message.digest == events.opened_by(str(case.ref)))
    if letter is None:
        return due_from(desk, case, label, case.received_at)
    record = _sidecar(desk, letter)
    alerts = record["decision"].get("alerts", ())
    return due_from(desk, case, label, _start(letter.received_at, record), alerts)


def due_after(desk: Desk, case: Case, history: Sequence[Step]) -> datetime:
    """The due time that the case had once that much of its history had happened."""
    set_then = (due for step in reversed(history) if (due := _due_set_by(desk, step)) is not None)
    return next(set_then, None) or due_with(desk, case, Label(case.label))


def _due_set_by(desk: Desk, step: Step) -> datetime | None:
    """By an event, whose record says so, or by a letter that set the clock going again."""
    for event in Event.select().where(Event.case == step.case_id, Event.at == step.at):
        told = sidecar.decode(desk.tree.read(event.sidecar))["event"]
        if told["what"] == step.what and (due := told["sets"].get("due_at")):
            return datetime.fromisoformat(due)
    letter = Message.get_or_none(Message.digest == step.message) if step.what in {"reopened", "resumed"} else None
    joined = (_sidecar(desk, letter)["plan"].get("join") or {}) if letter is not None else {}
    due = joined.get("reopen") if step.what == "reopened" else joined.get("resume")
    return datetime.fromisoformat(due) if due else None


def due_as(desk: Desk, case: Case, label: Label) -> datetime:
    """The due time of a case that bears another label from now on: what was set anew or given besides stays so."""
    due = due_with(desk, case, label)
    history = [step.what for step in Step.select(Step.what).where(Step.case == case.ref)]
    if not RENEWS.union({"resumed"}).isdisjoint(history):
        due = case.due_at + (due - due_with(desk, case, Label(case.label)))
    return due


def resumed(desk: Desk, case: Case, at: datetime) -> datetime:
    """The due time of a clock that stood still and runs again from then on."""
    counting = desk.policy_of(()).counting
    return deadlines.resumed(case.due_at, case.paused_at or at, at, _calendar(desk, case), counting)


def extended(desk: Desk, case: Case, more: timedelta) -> datetime:
    """The due time with so many days more: working days, where the agency counts those."""
    return deadlines.due(case.due_at, more, _calendar(desk, case), desk.policy_of(()).counting)


def _start(received_at: datetime, record: Mapping[str, Any]) -> datetime:
    start, _ = deadlines.starting_at(received_at, datetime.fromisoformat(record["dates"]["filed"]))
    return start


def due_from(desk: Desk, case: Case, label: Label, start: datetime, alerts: tuple[str, ...] = ()) -> datetime:
    policy = desk.policy_of(())
    return deadlines.due(start, time_allowed(label, alerts, policy), _calendar(desk, case), policy.counting)


def _calendar(desk: Desk, case: Case) -> Calendar:
    """Of the office in charge."""
    house = desk.house()
    site = house.directory.site_of(Identity(lease=case.lease_id, manager=case.manager_id))
    return house.calendars.get(site, house.calendars[""])


def _sidecar(desk: Desk, letter: Message) -> dict[str, Any]:
    return sidecar.decode(desk.tree.read(letter.sidecar))
