"""What the commands print: the cases, the outbox, the quarantine, the counters.

As tables for people or JSON for programs.
"""

import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from archive.records import Case, Fact, Message, Outgoing, Receipt, Step

FOLLOWED = ("open", "waiting")
UNSENT = ("waiting", "sending", "uncertain", "deferred", "held")


def show(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool,
    title: str = "",
    figures: Collection[str] = (),
) -> None:
    """Print rows as a JSON array, or as a table of the named columns; `figures` are those with sums of money."""
    if as_json:
        print_json(list(rows))
        return
    table = Table(title=title or None)
    for column in columns:
        summed = column in figures
        table.add_column(column, overflow="fold", justify="right" if summed else "left", no_wrap=summed)
    for row in rows:
        table.add_row(*(escape(_cell(row[column])) for column in columns))  # a subject may hold rich's own brackets
    Console().print(table)


def print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write("\n")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    return str(value)


def _plain(value: object) -> str:
    """Times as ISO 8601 with an offset; anything else as its text."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


# --- cases


def cases(now: datetime, *, only_open: bool = False, only_overdue: bool = False) -> list[dict[str, Any]]:
    """The cases being followed, soonest due first."""
    query = Case.select().order_by(Case.due_at, Case.ref)
    if only_open or only_overdue:
        query = query.where(Case.status.in_(FOLLOWED))
    if only_overdue:
        query = query.where(late(now))
    return [case_row(case) for case in query]


def late(now: datetime) -> Any:
    """Past its due time with nobody having answered; a clock that stands still is never late."""
    return (Case.due_at < now) & Case.answered_at.is_null() & Case.paused_at.is_null()


def case_row(case: Case) -> dict[str, Any]:
    return {
        "ref": case.ref,
        "label": case.label,
        "status": case.status,
        "lease": case.lease_id,
        "manager": case.manager_id,
        "subject": case.subject,
        "sender": case.sender,
        "received_at": case.received_at,
        "due_at": case.due_at,
        "answered_at": case.answered_at,
        "urgent": case.urgent,
        "party": case.party,
    }


def case(ref: str) -> dict[str, Any] | None:
    """One case with its history, its letters and what was said; None when there is none of that reference."""
    found = Case.get_or_none(Case.ref == ref.upper())
    if found is None:
        return None
    return case_row(found) | {
        "owner": found.owner.name if found.owner else None,
        "to_sort": found.to_sort,
        "confidence": found.confidence,
        "because": found.because,
        "related": found.related,
        "merged": found.merged,
        "waits_for": found.waits_for,
        "paused_at": found.paused_at,
        "paused_seconds": found.paused_seconds,
        "waits_until": found.waits_until,
        "remind_at": found.remind_at,
        "steps": [_step(s) for s in Step.select().where(Step.case == found.ref).order_by(Step.id)],
        "messages": [_message(m) for m in _messages(found)],
        "outgoing": [
            outgoing_row(o) for o in Outgoing.select().where(Outgoing.case == found.ref).order_by(Outgoing.id)
        ],
    }


def _messages(found: Case) -> Iterable[Message]:
    return list(Message.select().where(Message.case == found.ref).order_by(Message.received_at))


def _step(step: Step) -> dict[str, Any]:
    return {"at": step.at, "what": step.what, "message": step.message, "detail": step.detail}


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "digest": message.digest,
        "direction": message.direction,
        "state": message.state,
        "received_at": message.received_at,
        "sender": message.sender,
        "subject": message.subject,
        "path": message.path,
    }


# --- outbox, quarantine, counters


def outgoing_row(row: Outgoing) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "kind": row.kind,
        "template": row.template,
        "case": row.case_id,
        "recipient": row.recipient,
        "state": row.state,
        "tries": row.tries,
        "next_try_at": row.next_try_at,
        "sent_at": row.sent_at,
        "error": row.error,
    }


def outbox() -> list[dict[str, Any]]:
    """What waits and what failed, oldest first."""
    return [outgoing_row(row) for row in Outgoing.select().where(Outgoing.state != "sent").order_by(Outgoing.id)]


def quarantine() -> list[dict[str, Any]]:
    return [
        _message(message) | {"case": message.case_id, "reason": message.reason}
        for message in Message.select().where(Message.state == "quarantined").order_by(Message.received_at)
    ]


def status(now: datetime) -> dict[str, Any]:
    """Counters and health. Every sight of a letter ends in one state: seen = filed + duplicates + quarantined."""
    states = ("filed", "duplicate", "quarantined")
    counted = {state: Receipt.select().where(Receipt.state == state).count() for state in states}
    followed = Case.select().where(Case.status.in_(FOLLOWED))
    return {
        "seen": sum(counted.values()),
        "filed": counted["filed"],
        "duplicates": counted["duplicate"],
        "quarantined": counted["quarantined"],
        "open_cases": followed.count(),
        "overdue": followed.where(late(now)).count(),
        "outbox_waiting": Outgoing.select().where(Outgoing.state.in_(UNSENT)).count(),
        "outbox_failed": Outgoing.select().where(Outgoing.state == "failed").count(),
        "last_fetch_at": fact("last_fetch_at"),
        "first_start": fact("first_start"),
    }


def fact(name: str) -> str | None:
    row = Fact.get_or_none(Fact.name == name)
    return None if row is None else str(row.value)
