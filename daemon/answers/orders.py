"""Carries out what letters ask of us: commands of our own people, documents for a tenant.

An order is a row that the letter's own sidecar wrote, so none is lost; each is done once, whatever a kill interrupts.
What can't be done is refused with its reason: then a person is told, and what the letter's plan kept in reserve (the
acknowledgement, the word to the manager) is said after all.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archive import events, index
from archive.database import writing
from archive.records import Case, NoticeRun, Order, Outgoing, Step
from daemon import desk, log, wording
from daemon.accounting import batches, ledger
from daemon.errors import Permanent
from daemon.notices import page, papers, run, summary
from daemon.notices.room import Room
from daemon.notices.run import Approval
from rules import period as periods
from rules.period import Period

EXCEPT = frozenset({"sauf", "except", "hors"})
WITH = frozenset({"avec", "with"})


def obey(room: Room, now: datetime, should_stop: Callable[[], bool]) -> int:
    """Do every order that waits. Returns how many were done or refused."""
    done = note_answers(room, now)
    mine = (Order.state == "waiting") & Order.name.in_(tuple(ORDERS))  # the others are daemon/cases/casework.py's
    for order in list(Order.select().where(mine).order_by(Order.at, Order.key)):
        if should_stop():
            break
        _carry_out(room, order, now)
        done += 1
    return done


def _carry_out(room: Room, order: Order, now: datetime) -> None:
    try:
        refused = ORDERS[order.name](room, order, now)
    except Permanent as error:
        refused = str(error)
    state = {"state": "refused" if refused else "done", "error": refused}
    with writing():
        Order.update(state).where(Order.key == order.key).execute()
        if refused:
            _refuse(room, order, refused, now)
    log.order_done(order.name, order.message, refused.partition(":")[0])


# --- approving a run


def _send(room: Room, order: Order, now: datetime) -> str:
    """`#envoyer` in answer to the summary: approve what it showed, and nothing else."""
    details = json.loads(order.details)
    prepared = _run(details)
    if prepared is None:
        return run.NO_RUN
    if details["about"] and not _is_last(details["about"], prepared):
        return "outdated"
    said = _leases_in(room, details["words"])
    if said.unknown:
        return f"unknown_lease: {' '.join(said.unknown)}"
    if said.bare:
        return f"bare_lease: {' '.join(said.bare)}"
    period = periods.parse(prepared.period)
    second = order.by == room.config.notices.second_approver.casefold() and order.by != _first(room)
    by = f"mail:{order.message[:16]}"
    approval = run.approve(room, period, now, by, second=second, but=said.but, also=said.also)
    if approval.refused:
        return ": ".join(filter(None, (approval.refused, " ".join(approval.gone))))
    _confirm(room, order, period, approval, now)
    return ""


def _first(room: Room) -> str:
    return room.config.agency.accounting.casefold()


def _run(details: Mapping[str, Any]) -> NoticeRun | None:
    """The run of the summary that was answered; else the one that the words name; else the only one that waits."""
    about = str(details["about"]).split("/")
    if about[0] == "notice_run":
        prepared: NoticeRun | None = NoticeRun.get_or_none(NoticeRun.period == about[1])
        return prepared
    for word in details["words"]:
        prepared = NoticeRun.get_or_none(NoticeRun.period == word)
        if prepared is not None:
            return prepared
    waiting = list(NoticeRun.select().where(NoticeRun.approved_at.is_null(), NoticeRun.summary != "").limit(2))
    return waiting[0] if len(waiting) == 1 else None


def _is_last(about: str, prepared: NoticeRun) -> bool:
    """The figures may have changed since: then only the newer summary's answer approves them."""
    return about == prepared.summary or about.startswith(f"{prepared.summary}/")


@dataclass(slots=True)
class Said:
    """The leases of an `#envoyer`: those after `sauf`, after `avec`, after neither; what is no lease after either."""

    but: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def _leases_in(room: Room, words: list[str]) -> Said:
    known, said = room.house().directory.leases, Said()
    place = said.bare
    for word in words:
        lease = word.strip(" .,;:").upper()
        if word.casefold() in EXCEPT:
            place = said.but
        elif word.casefold() in WITH:
            place = said.also
        elif lease in known:
            place.append(lease)
        elif place is not said.bare and lease not in {"", "ET"}:
            said.unknown.append(lease)
    return said


def _confirm(room: Room, order: Order, period: Period, approval: Approval, now: datetime) -> None:
    due_at = room.due_at(period)
    told = {
        "approved": approval.approved,
        "missing": approval.missing,
        "held": approval.held,
        "month": page.term(period),
        "leaves": wording.moment(due_at.astimezone(room.zone)) if due_at > now else "",
    }
    with writing():
        _tell(f"done/{order.key}", "notice_run_answer", order.by, {"run": told}, now)


# --- documents


def _document(room: Room, order: Order, now: datetime) -> str:
    return papers.provide(room, order, now)


ORDERS: Mapping[str, Callable[[Room, Order, datetime], str]] = {
    "send": _send,
    "document": _document,
    "ledger": ledger.take_in,
    "batch": batches.take_in,
}


def note_answers(room: Room, now: datetime) -> int:
    """The documents that answer a letter whole and have left: their cases are answered, and these mails prove it."""
    sent = (
        Outgoing.select(Outgoing.case, Outgoing.digest, Outgoing.sent_at, Outgoing.details)
        .join(Case, on=(Outgoing.case == Case.ref))
        .where(Outgoing.kind == "document", Outgoing.state == "sent", Case.status.in_(("open", "waiting")))
    )
    new = [row for row in sent if json.loads(row.details).get("answers") and not _is_noted(row)]
    for row in new:
        with desk.holding_tree(room.desk):
            answered = events.answer(str(row.case_id), row.sent_at, "", message=row.digest)
            events.record(room.desk.tree, answered, now, desk.ACTOR)
    return len(new)


def _is_noted(row: Outgoing) -> bool:
    """It was; if the case is open, something came since."""
    told = (Step.case == row.case_id) & (Step.what == "answered") & (Step.message == row.digest)
    return bool(Step.select().where(told).exists())


# --- what can't be done


def _refuse(room: Room, order: Order, why: str, now: datetime) -> None:
    """Inside a write transaction."""
    details = json.loads(order.details)
    if order.name == "document":
        _leave_to_a_person(room, order, details, why, now)
        return
    kind, _, more = why.partition(":")
    _tell(f"done/{order.key}", "notice_run_answer", order.by, {"run": {"refused": kind, "word": more.strip()}}, now)


def _leave_to_a_person(room: Room, order: Order, details: Mapping[str, Any], why: str, now: datetime) -> None:
    """The case stays on its clock; its writer hears the ordinary answer, and the manager why."""
    for said in details["instead"]:
        if said["kind"] == "acknowledgement":
            index.say(said, now, order.case_id, order.message)
    if order.case_id:
        Step.insert(case=order.case_id, at=now, what="not provided", message=order.message, detail=why).execute()
    house = room.house()
    lease = house.directory.lease(order.lease)
    case = Case.get_or_none(Case.ref == order.case_id) if order.case_id else None
    manager = (case.manager_id if case else None) or (lease.manager if lease else None)
    to = house.reader(manager)
    reserved: Mapping[str, Any] = next((one["details"] for one in details["instead"] if one["kind"] == "notice"), {})
    told = {**reserved, "why": papers.why_words(why), "lease": order.lease, "party": "tenant"}
    if to:
        _tell(f"notice_request/{order.key}", "notice_request", to, told, now, order)


def _tell(
    key: str, template: str, to: str, details: Mapping[str, Any], now: datetime, order: Order | None = None
) -> None:  # fmt: skip
    said = summary.notice(key, template, to, details)
    index.say(said, now, order.case_id if order else None, order.message if order else None)
