"""Answers that we pass on stop the clock when the relay has taken them, and start it again when they come back."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from peewee import fn

from archive import events
from archive.events import Happening
from archive.journal import Op
from archive.records import Case, Outgoing, Step
from daemon import log
from daemon.cases.clockwork import answering, asks
from daemon.cases.job import ACTOR
from daemon.desk import Desk, holding_tree
from rules.clocks import UNDELIVERED

ANSWERED = ("answered", "wrote")
ANSWER_STATES = ("sent", "bounced")


def record_answers(desk: Desk) -> int:
    """Stop the clocks of answers that the relay has taken, and start those again whose answer came back."""
    passed_on = (Outgoing.kind == "answer") & (Outgoing.template == "answer") & Outgoing.state.in_(ANSWER_STATES)
    told = Step.select(Step.id).where((Step.message == Outgoing.digest) & Step.what.in_(ANSWERED))
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
        done += _record(desk, row, ANSWERED, _answer)
    for row in filter(_is_first, list(Outgoing.select(*light).where(returned))):
        done += _record(desk, row, (UNDELIVERED,), _return)
    return done


def _is_first(row: Outgoing) -> bool:
    """The mail to the writer, and not the same to a co-tenant."""
    return bool(json.loads(row.details).get("as", row.key) == row.key)


def _record(
    desk: Desk, row: Outgoing, told: Sequence[str], happened: Callable[[Desk, Case, Outgoing], Happening | None]
) -> int:
    """Under the tree's lock, for whoever reads letters looks too: an answer is told once."""
    with holding_tree(desk):
        if Step.select().where(Step.message == row.digest, Step.what.in_(told)).exists():
            return 0
        case = Case.get_by_id(row.case_id)
        happening = happened(desk, case, row)
        if happening is None:
            return 0
        events.record(desk.tree, happening, desk.clock(), ACTOR)
    log.case_changed(str(case.ref), happening.what, str(row.id))
    return 1


def _answer(desk: Desk, case: Case, row: Outgoing) -> Happening:
    details = json.loads(row.details)
    facts = {"at": row.sent_at, "by": str(details.get("by", "")), "message": str(row.digest)}
    question = details.get("asked") or asks(case, str(details.get("source", "")))
    return events.note(str(case.ref), what="wrote", **facts) if question else answering(desk, case, facts)


def _return(desk: Desk, case: Case, row: Outgoing) -> Happening | None:
    """Nobody has the answer after all: the clock runs on as if it had never been sent. A question comes back too."""
    if case.answered_at is not None and case.answered_at == row.sent_at:
        sets: dict[str, Any] = {"status": "open", "answered_at": None}
    elif case.paused_at is not None and asks(case, str(json.loads(row.details).get("source", ""))):
        sets = {"status": "open", "paused_at": None, "waits_for": "", "waits_until": None}
    else:
        return None
    return Happening(str(case.ref), Op.REOPEN, desk.clock(), "", UNDELIVERED, message=str(row.digest), sets=sets)
