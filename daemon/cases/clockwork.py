"""Orders about the clock of a case: answered, closed, waiting, followed, extended, recalled."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from archive import events
from archive.events import Happening
from archive.records import Case, Order
from daemon.cases import casebook
from daemon.cases.job import Doer, Job, Refused, known, nothing_more
from daemon.desk import Desk
from rules import answer
from rules.commands import Fault

OVER = {"paused_at": None, "waits_for": "", "waits_until": None, "remind_at": None}  # of a case that is closed


def going_on(desk: Desk, case: Case, at: datetime) -> dict[str, Any]:
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


def resuming(job: Job, case: Case) -> list[Happening]:
    """What makes a clock run that stood still; nothing otherwise."""
    sets = going_on(job.desk, case, job.at)
    if not sets:
        return []
    happening = events.resume(job.ref, sets["due_at"], **job.facts)
    return [replace(happening, sets={**happening.sets, **sets})]


def answering(desk: Desk, case: Case, facts: dict[str, Any], detail: str = "") -> Happening:
    """The first answer stops the clock; one more letter doesn't."""
    if case.answered_at is not None:
        return events.note(str(case.ref), what="wrote", detail=detail, **facts)
    happening = events.answer(str(case.ref), facts["at"], facts["by"], facts["message"], detail)
    resumed = going_on(desk, case, facts["at"])
    waits = "" if resumed else case.waits_for
    status = "closed" if case.status == "closed" else answer.status_after(waits)
    return replace(happening, sets={**happening.sets, **resumed, "status": status})


def asks(case: Case, mail: str) -> bool:
    """Whether that mail of ours was a question to the tenant: it said so itself."""
    waits = Order.select().where(Order.message == mail, Order.name == "wait", Order.case == case.ref)
    return any(json.loads(order.details)["whom"] == "tenant" for order in waits)


def answered(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """The person has the answer, or a question of ours."""
    case = known(job)
    if asks(case, str(job.order.message)):
        return [events.note(job.ref, what="wrote", **job.facts)], nothing_more
    return [answering(job.desk, case, job.facts)], nothing_more


def told_otherwise(way: str) -> Doer:
    """Answered by telephone, at the counter, by post: the note says what was said."""

    def do(job: Job) -> tuple[list[Happening], Callable[[], object]]:
        facts = job.facts | ({"at": _posted(job)} if job.day else {})
        return [answering(job.desk, known(job), facts, f"{way} {job.details['text']}".strip())], nothing_more

    return do


def _posted(job: Job) -> datetime:
    """Noon of the day of the stamp, when that lies between the letter and now."""
    noon = job.calendar().instant(job.day or job.at.date(), 12 * 60)
    begun = job.case.received_at if job.case else job.at
    return min(max(noon, begun), job.at)


def close(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    facts = job.facts
    closing = events.close(job.ref, facts["at"], facts["by"], message=facts["message"])
    return [replace(closing, sets={**closing.sets, **OVER})], nothing_more


def wait(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """For the tenant the clock stands still; for anybody else the tenant still wants an answer in time."""
    whom, case, reason = str(job.details["whom"]), known(job), str(job.details["reason"])
    if whom != "tenant":
        return followed(job, whom, reason), nothing_more
    sets = {"paused_at": case.paused_at or job.at, "waits_for": whom, "waits_until": job.morning()}
    return [events.pause(job.ref, detail=f"{whom} {reason}".strip(), sets=sets, **job.facts)], nothing_more


def follow(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    return followed(job, "works", str(job.details["reason"])), nothing_more


def followed(job: Job, whom: str, reason: str) -> list[Happening]:
    """Open until it is closed; the first answer is due all the same, and a clock that stood still runs."""
    case = known(job)
    sets: dict[str, Any] = {"waits_for": whom, "waits_until": job.morning()}
    if case.answered_at is not None or case.status == "closed":
        sets["status"] = "waiting"
    until = job.day.isoformat() if job.day else ""
    detail = " ".join(filter(None, (whom, until, reason)))
    return [*resuming(job, case), events.amend(job.ref, what="followed", detail=detail, sets=sets, **job.facts)]


def extend(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    case = known(job)
    if case.answered_at is not None or case.status == "closed":
        raise Refused("there is no clock to set", Fault.OVER)
    days = int(job.details["days"])
    due = casebook.extended(job.desk, case, timedelta(days=days))
    detail = f"+{days} {job.details['reason']}".strip()
    return [events.amend(job.ref, what="extended", detail=detail, sets={"due_at": due}, **job.facts)], nothing_more


def remind(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    sets, told = {"remind_at": job.morning()}, job.day.isoformat() if job.day else ""
    detail = f"{told} {job.details['reason']}".strip()
    return [events.amend(job.ref, what="reminder", detail=detail, sets=sets, **job.facts)], nothing_more
