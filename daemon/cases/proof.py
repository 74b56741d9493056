"""The history of a case's clock as a document for a judge: what started, stopped and paused it, and what proves it.

It is printed from what is recorded, filed in the GED beside the letter that opened the case, and says of itself what it
is and what it isn't. Each letter is named by its id, its path in the tree and its sha256, which anybody can verify.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from posixpath import commonpath, dirname
from typing import Any

from archive import names
from archive.records import Case, Lease, Message, Property
from archive.tree import Document, Pli
from daemon import desk, pdf
from daemon.cases.certificate import choices, listed
from daemon.cases.history import more
from daemon.cases.lines import Lines, names_of
from daemon.filing import folder_beside
from daemon.house import House
from daemon.notices import page
from daemon.notices.room import Room
from daemon.notices.shelf import document_record, place_of
from daemon.reminders.clocks import steps_of
from daemon.wording import shortened, tidy, words
from rules.clocks import BREACH, Step, clock, counted, that_counts
from rules.house import House as Letterhead
from rules.letter import normalise_address

TEMPLATE = "paper_clock"
KIND = "clock_proof"
LONGEST_SUBJECT = 160  # characters; the letter itself bears the whole
MERE_RECEIPTS = frozenset({"commanded", "received"})  # of a colleague's mail


@dataclass(frozen=True, slots=True)
class Proof:
    """The document, where it stands in the tree (relative to its root), and its sha256 (hex)."""

    pdf: bytes
    path: str
    digest: str


def prove(room: Room, ref: str, now: datetime) -> Proof | None:
    """Print the history of a case and file it; None when no case has that reference.

    Raises Permanent when it can't be printed, Temporary when it can't be filed now.
    """
    case = Case.get_or_none(Case.ref == ref.upper())
    if case is None:
        return None
    printed = printed_proof(room, case, now)
    house, opened = room.house(), _opened_by(case)
    filed: list[Any] = []
    desk.file_documents(room.desk, [_pli(case, printed, opened, house, room, now)], filed.extend)
    return Proof(printed, filed[0].path, filed[0].digest)


def printed_proof(room: Room, case: Case, now: datetime) -> bytes:
    """The PDF alone."""
    lines = Lines([case])
    letterhead = room.letterheads.of(lines.site(case))
    told = facts(case, room.house(), lines.site(case), now) | {"head": desk.journal_head(room.desk)}
    return printed_page(told, letterhead)


def printed_page(told: Mapping[str, Any], letterhead: Letterhead) -> bytes:
    """One page, and the list of every fact inside it."""
    facts = dict(told)
    number = facts.pop("number")
    enclosed = pdf.Enclosed(words()["files"][KIND], listed(facts["rows"]), facts["made"])
    return pdf.render_sheet(TEMPLATE, letterhead, number, choices(facts), enclosed)


def facts(case: Case, house: House, site: str, now: datetime) -> dict[str, Any]:
    """What the page says, ready to show."""
    steps = _with_breach(case, steps_of([case.ref])[case.ref], now)
    letters = _letters(steps)
    running = clock(steps, case.due_at, case.received_at, case.status)
    shown = [index for index, step in enumerate(steps) if not _is_told_by_another(step, steps)]
    folder = _folder_of(letters.values())
    people = {entry.id: entry.name for entry in house.directory.managers.values()}
    calendar = house.calendars.get(site, house.calendars[""])
    local = calendar.local
    rows = [
        _row(steps, index, letters, local, folder) | {"detail": pdf.legible(tidy(more(steps[index], people)))}
        for index in shown
    ]
    return {
        "number": f"{case.ref}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        "case": case,
        "subject": shortened(pdf.legible(tidy(case.subject)), LONGEST_SUBJECT) or words()["subjects"]["none"],
        "label": words()["labels"].get(case.label, case.label),
        "writer": pdf.legible(names_of([case.sender]).get(normalise_address(case.sender), "")),
        "sender": pdf.legible(case.sender),
        "home": pdf.legible(_home(case)),
        "made": local(now),
        "received": rows[0]["at"] if rows else local(case.received_at),
        "due": local(case.due_at),
        "rows": rows,
        "folder": pdf.legible(folder),
        "total": counted(_last_run(steps), now),
        "allowed": running.allowed,
        "outcome": _outcome(case, steps),
        "timezone": str(calendar.timezone),
    }


def _is_told_by_another(step: Step, steps: Sequence[Step]) -> bool:
    """A colleague's mail came, and what it made of the case stands there with the same proof."""
    followed = any(one.message == step.message and one.what not in MERE_RECEIPTS for one in steps)
    return step.what in MERE_RECEIPTS and followed


def _with_breach(case: Case, steps: Sequence[Step], now: datetime) -> list[Step]:
    """The history with the time at which the answer was due, when it passed without one and nobody has noted it yet."""
    end = _answered(case, steps) or now
    missing = case.due_at < end and all(step.what != BREACH or step.at != case.due_at for step in steps)
    if missing and (case.paused_at is None or case.answered_at is not None):
        steps = [*steps, Step(case.due_at, BREACH)]
    return sorted(steps, key=lambda step: step.at)


def _answered(case: Case, steps: Sequence[Step]) -> datetime | None:
    """When the clock stopped; a case that was closed without an answer stopped then."""
    answered: datetime | None = case.answered_at
    if answered is not None:
        return answered
    closed = [step.at for step in steps if step.what in {"closed", "merged"}]
    return closed[-1] if case.status == "closed" and closed else None


def _last_run(steps: Sequence[Step]) -> Sequence[Step]:
    """Since the clock was last set anew: what the time allowed is compared with."""
    kept = that_counts(steps)
    starts = [index for index, step in enumerate(kept) if step.what == "reopened"]
    return kept[starts[-1] :] if starts else kept


def _outcome(case: Case, steps: Sequence[Step]) -> str:
    end = _answered(case, steps)
    if end is None:
        return "waiting" if case.status == "waiting" else "running"
    if case.answered_at is None:
        return "merged" if case.merged else "closed"
    if case.answered_at > case.due_at:
        return "late"
    return "in_more_time" if any(step.what == "extended" for step in _last_run(steps)) else "in_time"


def _row(steps: Sequence[Step], index: int, letters: Mapping[str, Message], local: Any, folder: str) -> dict[str, Any]:
    step = steps[index]
    path = letters[step.message].path if step.message in letters else ""
    return {
        "at": local(step.at),
        "what": step.what,
        "told": page.step(step.what),
        "kinds": {},  # what a row sums up: nothing
        "path": path,
        "name": pdf.legible(path.removeprefix(f"{folder}/")),
        "digest": step.message,
        "counted": counted(steps[: index + 1], step.at),
    }


def _letters(steps: Sequence[Step]) -> dict[str, Message]:
    wanted = [step.message for step in steps if step.message]
    return {row.digest: row for row in Message.select().where(Message.digest.in_(wanted))} if wanted else {}


def _folder_of(letters: Iterable[Message]) -> str:
    """The one that holds them all."""
    folders = [dirname(letter.path) for letter in letters if letter.path]
    return commonpath(folders) if folders else ""


def _home(case: Case) -> str:
    lease = Lease.select(Lease, Property).join(Property).where(Lease.id == case.lease_id).first()
    if lease is None:
        return ""
    home = lease.property
    return ", ".join(filter(None, (lease.id, home.name, lease.lot, f"{home.postcode} {home.city}".strip())))


# --- in the tree


def _opened_by(case: Case) -> Message | None:
    found = Message.select().where(Message.case == case.ref, Message.path != "").order_by(Message.received_at)
    return next(iter(found), None)


def _pli(case: Case, printed: bytes, opened: Message | None, house: House, room: Room, now: datetime) -> Pli:
    title = f"{words()['documents'][KIND]} {case.ref}"
    local = now.astimezone(house.timezone)
    record = document_record(printed, title, room.config.agency.address, now, []) | {
        "attachment": place_of(case.lease_id, house) if case.lease_id else {},
        "kind": KIND,
        "document": {"kind": KIND, "key": f"{KIND}/{case.ref}/{sha256(printed).hexdigest()[:16]}", "case": case.ref},
        "case": case.ref,
    }
    folder = folder_beside(opened) if opened is not None else names.unattached_folder(local.date())
    original = Document("", "original", "application/pdf", printed)
    return Pli(record["digest"], folder, names.clean(f"{local:%Y-%m-%d %Hh%M} {title}"), (original,), record)
