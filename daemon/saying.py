"""From a plan to the mails that it wants, as the sidecar holds them: to whom, under which key, what they may tell."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from daemon.house import House
from daemon.opened import Opened, decision
from rules import deadlines
from rules.plan import (
    Acknowledge,
    Action,
    JoinCase,
    Notify,
    Obey,
    OpenCase,
    Plan,
    Provide,
    Returned,
    Shelve,
    Take,
)
from rules.reminders import stand_in


def said(actions: Sequence[Action], opened: Opened, house: House) -> list[dict[str, Any]]:
    """The rows of the outbox that these actions of the plan want."""
    rows: list[dict[str, Any]] = []
    for action in actions:
        match action:
            case Acknowledge():
                rows.append(_acknowledgement(action, opened, house))
            case Notify():
                rows += _notices_of(action, opened, house)
            case Returned():
                if to := house.reader(action.manager):
                    rows.append(_returned(action, to, opened))
            case Obey() if action.refused:
                rows.append(_refused(action, opened))
            case Take() if action.refused:
                rows += _not_taken(action, opened, house)
            case Obey() | Provide() | Take() | OpenCase() | JoinCase() | Shelve():
                pass
    return rows


def _returned(action: Returned, to: str, opened: Opened) -> dict[str, Any]:
    details = {"of": action.row, "recipient": action.recipient, "refused": True, "posted": _is_notice(action.key)}
    return notice(f"returned/{action.key}/{opened.letter.digest[:16]}", "notice_failed", to, details)


def _is_notice(key: str) -> bool:
    """A monthly notice that came back goes by post."""
    return key.startswith("rent_notice/")


def _refused(action: Obey, opened: Opened) -> dict[str, Any]:
    """To the registered address, whoever wrote in its name."""
    told = {"refused": action.refused, "word": action.command.word}
    return notice(
        f"refused/{opened.letter.digest}/{action.command.word}", "notice_run_answer", action.by, {"run": told}
    )


def _not_taken(action: Take, opened: Opened, house: House) -> list[dict[str, Any]]:
    """To accounting's registered address and to the supervisor, whoever wrote in accounting's name."""
    told = {"refused": action.refused, "files": [one.name for one in action.files], "from": action.by}
    people = dict.fromkeys(to for to in (action.by, house.supervisor) if to)
    return [
        notice(f"refused/{opened.letter.digest}/files/{number}", "notice_exchange_refused", to, {"exchange": told})
        for number, to in enumerate(people)
    ]


def _acknowledgement(action: Acknowledge, opened: Opened, house: House) -> dict[str, Any]:
    joined = opened.plan.first(JoinCase) is not None
    return {
        "key": f"{'danger' if joined else 'ack'}/{opened.ref}",
        "kind": "acknowledgement",
        "template": action.template,
        "to": action.to,
        "details": _told(opened)
        | {
            "urgent": opened.plan.verdict.urgent,
            "danger": opened.plan.danger,
            "promise": _promise(opened.plan, house),
            "references": list(opened.letter.references),
        }
        | _replaced(opened.plan, house),
    }


def _replaced(plan: Plan, house: House) -> dict[str, str]:
    """Who answers while the manager in charge is away, whom the tenant would telephone in vain."""
    identity, told = plan.identity, plan.first(Notify)
    lease = house.directory.lease(identity.lease) if identity.lease else None
    manager = (told.manager if told else None) or identity.manager or (lease.manager if lease else None)
    if manager not in house.away:
        return {}
    return {"stand_in": stand_in(manager, house.team, house.away) or ""}


def _told(opened: Opened) -> dict[str, Any]:
    """What every mail about this letter may tell (daemon/sending/dossier.py names the keys)."""
    plan = opened.plan
    return {
        "gist": plan.gist,
        "alerts": [str(alert) for alert in plan.verdict.alerts],
        "attachments": sum(not attachment.inline for attachment in opened.letter.attachments),
        "party": str(plan.identity.party),
        "name": plan.identity.name or opened.letter.sender.name,
        "stranger": plan.stranger,
    }


def _promise(plan: Plan, house: House) -> dict[str, str] | None:
    """The day and half-day to announce, on the clock of the office in charge."""
    opening = plan.first(OpenCase)
    if opening is None:
        return None
    calendar = house.calendars.get(house.directory.site_of(plan.identity), house.calendars[""])
    promise = deadlines.promise(opening.due_at, calendar)
    return {"day": promise.day.isoformat(), "half": promise.half}


def _notices_of(action: Notify, opened: Opened, house: House) -> Iterator[dict[str, Any]]:
    """One to each who is to hear of it; who is away is replaced, and whoever replaces them is told so."""
    team = house.team
    readers = house.readers(action.manager, *action.beside)
    named = {team[one].email: team[one].name for one in team}
    for number, (to, instead_of) in enumerate(readers.items()):
        others = [named[one] for one in readers if one != to and one in named]
        key = f"{action.template}/{opened.letter.digest}" + (f"/{to}" if number else "")
        details = _notice_details(action, opened) | {"instead_of": instead_of, "beside": others}
        opening = opened.plan.first(OpenCase)
        if house.appointments and opening is not None:
            details["appointment"] = {"due": opening.due_at.isoformat(), "sequence": 0, "method": "PUBLISH"}
        yield notice(key, action.template, to, details)


def _notice_details(action: Notify, opened: Opened) -> dict[str, Any]:
    plan = opened.plan
    return _told(opened) | {
        "urgent": action.urgent,
        "attach": action.attach,
        "silence": plan.silence,
        "decision": decision(plan),
        "suggestions": [{"lease": s.lease, "reasons": list(s.reasons)} for s in plan.identity.suggestions[:3]],
    }


def notice(key: str, template: str, to: str, details: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": key, "kind": "notice", "template": template, "to": to, "details": dict(details)}
