"""What happens to a case after it was opened: relabelled, answered, paused, closed, opened again.

Each event is a small record in the tree, beside the sidecar of the letter that opened the case, with its line in the
journal; then the database follows, from that record alone. So an event that a power cut kept from the database is
rolled forward, a rebuild restores every case and clock by applying the records again, and nothing is decided twice: a
record holds the columns of the case as they are from then on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archive import sidecar, whereabouts
from archive.database import writing
from archive.journal import Op
from archive.pli import Filed
from archive.records import Case, Correction, Event, InstantField, Lease, Manager, Message, Owner, Step
from archive.tree import Tree
from rules.clocks import BREACH

Record = Mapping[str, Any]

# The columns of a case that an event may set.
CHANGEABLE = frozenset({
    "label", "status", "due_at", "answered_at", "urgent", "to_sort", "related", "manager", "lease", "owner",
    "party", "merged", "paused_at", "paused_seconds", "waits_for", "waits_until", "remind_at",
})  # fmt: skip
# Those that the folder or the marks of its letters show.
SHOWN = frozenset({"label", "status", "due_at", "answered_at", "urgent", "to_sort", "merged", "paused_at"})
_POINTS_AT = {"manager": Manager, "lease": Lease, "owner": Owner}


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a case.

    `what` is the word of the case's history, `message` the digest of the mail that proves it. `sets` are the columns of
    the case from now on; `opens` all of them, of a case that this event begins. `moved` tells where a letter is
    expected from now on, `learn` what a person has taught us by it, `undo` the key of a correction that no longer
    counts.
    """

    case: str
    op: Op
    at: datetime
    by: str
    what: str
    detail: str = ""
    message: str | None = None
    sets: Record = field(default_factory=dict)
    opens: Record | None = None
    moved: Record | None = None
    learn: Record | None = None
    undo: str | None = None


# --- one function for each op


def relabel(ref: str, label: str, due_at: datetime, at: datetime, by: str, *, was: str, **more: Any) -> Happening:
    """The case is about something else, or is what nobody was sure of. `more` are further fields of the happening."""
    sets = {"label": label, "due_at": due_at, "to_sort": False} | more.pop("sets", {})
    return Happening(ref, Op.RELABEL, at, by, "relabelled", f"{was} -> {label}", sets=sets, **more)


def answer(ref: str, at: datetime, by: str, message: str | None = None, detail: str = "") -> Happening:
    """Somebody answered at that time: the clock stops. `message` is the answer's digest, when it was by mail."""
    sets = {"status": "answered", "answered_at": at}
    return Happening(ref, Op.ANSWER, at, by, "answered", detail, message, sets)


def pause(ref: str, at: datetime, by: str, detail: str = "", **more: Any) -> Happening:
    """It waits for somebody outside: the tenant, a supplier."""
    return Happening(ref, Op.PAUSE, at, by, "paused", detail, sets={"status": "waiting"} | more.pop("sets", {}), **more)


def resume(ref: str, due_at: datetime, at: datetime, by: str, **more: Any) -> Happening:
    """What it waited for has come: the clock runs again, to a new time."""
    return Happening(ref, Op.RESUME, at, by, "resumed", sets={"status": "open", "due_at": due_at}, **more)


def breach(ref: str, due_at: datetime, by: str) -> Happening:
    """The answer was due then, and nobody had given one."""
    return Happening(ref, Op.BREACH, due_at, by, BREACH)


def close(ref: str, at: datetime, by: str, **more: Any) -> Happening:
    """Nothing more is to be done."""
    return Happening(ref, Op.CLOSE, at, by, "closed", sets={"status": "closed"}, **more)


def reopen(ref: str, due_at: datetime, at: datetime, by: str, **more: Any) -> Happening:
    """It isn't over after all."""
    sets = {"status": "open", "due_at": due_at, "answered_at": None}
    return Happening(ref, Op.REOPEN, at, by, "reopened", sets=sets, **more)


def open_case(ref: str, columns: Record, at: datetime, by: str, message: str, **more: Any) -> Happening:
    """A case begins with a letter that was filed without one. `columns` are those of the case, keys as their ids."""
    return Happening(ref, Op.OPEN, at, by, "opened", message=message, opens=columns, **more)


def note(ref: str, at: datetime, by: str, what: str, detail: str = "", **more: Any) -> Happening:
    """Something that changes no clock and that a reader of the case must find."""
    return Happening(ref, Op.NOTE, at, by, what, detail, **more)


def amend(ref: str, at: datetime, by: str, what: str, detail: str = "", **more: Any) -> Happening:
    """A person sets something of the case right: who is in charge, whose it is, when to hear of it again."""
    return Happening(ref, Op.AMEND, at, by, what, detail, **more)


def unlearn(ref: str, correction: str, at: datetime, by: str) -> Happening:
    """What that correction taught us no longer counts; the case stays as it is."""
    return Happening(ref, Op.UNLEARN, at, by, "unlearned", correction, undo=correction)


# --- tree first, then database


def record(
    tree: Tree, happening: Happening, now: datetime, actor: str, also: Callable[[], object] = lambda: None
) -> str:
    """File an event, and write it to the database in one transaction with `also`. Returns its key.

    Under the tree's lock. Raises what the tree and the database raise; when the commit fails the record stands, and
    `Tree.recover` returns it.
    """
    filed = tree.add_event(_sidecar_of(happening), happening.op, _told(happening), now, actor)
    with writing():
        apply(filed)
        also()
    tree.settle([filed])
    return key_of(filed)


def is_recorded(happening: Happening) -> bool:
    """Whether the database knows it: a crash came between it and what was to follow."""
    told = {"detail": happening.detail, "by": happening.by}
    same = (Step.case == happening.case) & (Step.what == happening.what) & (Step.at == happening.at)
    same &= (Step.message == happening.message) & (Step.detail == _detail(told))
    return bool(Step.select().where(same).exists())


def key_of(filed: Filed) -> str:
    return f"{filed.id}.e{filed.record['number']}"


def is_event(filed: Filed) -> bool:
    """Whether this record of the tree tells of an event, and isn't the sidecar of a pli."""
    return "event" in filed.record


def in_order(found: Sequence[Filed]) -> list[Filed]:
    """Plis first, then events as they happened."""
    return sorted(found, key=lambda one: (is_event(one), one.record["dates"]["filed"], one.record.get("number", 0)))


def apply(filed: Filed) -> None:
    """Write to the database what an event's record says, once. Inside a write transaction."""
    key, told = key_of(filed), filed.record["event"]
    if Event.select().where(Event.key == key).exists():
        return
    ref, at = filed.record["case"], datetime.fromisoformat(told["at"])
    before = whereabouts.shelves_of(ref)
    if told["opens"] is not None:
        _begin(ref, told)
    Event.insert(key=key, case=ref, op=told["op"], at=at, by=told["by"], sidecar=filed.sidecar).execute()
    Step.insert(case=ref, at=at, what=told["what"], message=told["message"], detail=_detail(told)).execute()
    if told["sets"]:
        Case.update(_columns(told["sets"])).where(Case.ref == ref).execute()
    if told["sets"].get("merged"):
        Message.update(case=told["sets"]["merged"]).where(Message.case == ref).execute()
    if told["moved"]:
        whereabouts.expect(told["message"], **told["moved"])
    _tidy(ref, told, before)
    if told["learn"]:
        taught = {"message": told["message"], "at": at, "by": told["by"], **told["learn"]}
        Correction.insert(key=key, case=ref, **taught).execute()
    if told["undo"]:
        Correction.update(undone_at=at).where(Correction.key == told["undo"]).execute()


def _told(happening: Happening) -> dict[str, Any]:
    strange = happening.sets.keys() - CHANGEABLE
    if strange:
        raise ValueError(f"an event can't set {', '.join(sorted(strange))} of a case")
    said = {
        "op": str(happening.op),
        "at": happening.at,
        "by": happening.by,
        "what": happening.what,
        "detail": happening.detail,
        "message": happening.message,
        "sets": happening.sets,
        "opens": happening.opens,
        "moved": happening.moved,
        "learn": happening.learn,
        "undo": happening.undo,
    }
    told: dict[str, Any] = sidecar.plain({"case": happening.case, "event": said})
    return told


def _sidecar_of(happening: Happening) -> str:
    """That of the letter with which the case began. Raises LookupError when the case has none."""
    digest = happening.message if happening.opens is not None else opened_by(happening.case)
    letter = Message.get_or_none(Message.digest == digest)
    if letter is None:
        raise LookupError(f"{happening.case}: no letter opened this case")
    return str(letter.sidecar)


def opened_by(ref: str) -> str | None:
    """The digest of the letter with which a case began."""
    first = Step.get_or_none(Step.case == ref, Step.what == "opened")
    return None if first is None else first.message


def _begin(ref: str, told: Record) -> None:
    Case.insert(ref=ref, **_columns(told["opens"])).on_conflict_ignore().execute()
    Message.update(case=ref, label=told["opens"]["label"]).where(Message.digest == told["message"]).execute()


def _tidy(ref: str, told: Record, before: tuple[str, str]) -> None:
    """The letters follow their case: where it went, or into the one that it is a part of now."""
    merged = told["sets"].get("merged")
    if merged or told["opens"] is not None:
        before = ("", "")
    elif not SHOWN & told["sets"].keys() and told["what"] != BREACH:
        return
    put = (told["message"], told["moved"]["mailbox"]) if told["moved"] else None
    whereabouts.follow(merged or ref, before, put)


def _detail(told: Record) -> str:
    return " ".join(filter(None, (told["detail"], f"({told['by']})" if told["by"] else "")))


def _columns(said: Record) -> dict[str, Any]:
    """Columns as the database takes them. A record may be older than the agency's lists: then it points at nobody."""
    columns = dict(said)
    for name, value in said.items():
        if isinstance(Case._meta.fields[name], InstantField):  # noqa: SLF001  peewee's way
            columns[name] = value and datetime.fromisoformat(value)
        elif name in _POINTS_AT and value is not None and _POINTS_AT[name].get_or_none(id=value) is None:
            columns[name] = None
    return columns
