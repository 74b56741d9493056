"""From a plan to a pli: the documents to file, where, and the sidecar that says everything about them.

The sidecar is written before the database and can rebuild it, so what the plan sets in motion stands in it whole, under
`plan`: the case that it opens or joins, what is said to whom under which key, and where the letter goes in the mailbox.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from archive import names
from archive.incoming import Arrival
from archive.records import Message, Outgoing
from archive.tree import Document, Pli
from rules import deadlines
from rules.calendar import Calendar
from rules.exchange import Enclosed
from rules.identity import Directory
from rules.letter import Alert, Label, Letter, normalise_address
from rules.plan import (
    Acknowledge,
    Action,
    Folder,
    Identity,
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
from rules.reminders import Colleague, readers, stand_in

QUARANTINE = ("_ged", "quarantaine")  # the system's own part of the tree


@dataclass(frozen=True, slots=True)
class House:
    """What filing needs to know of the agency. `calendars` are keyed by site, the agency's own under `""`."""

    directory: Directory
    calendars: Mapping[str, Calendar]
    timezone: ZoneInfo
    supervisor: str  # hears what nobody is in charge of; "" when nobody does
    team: Mapping[str, Colleague]  # the managers, by id
    shared: frozenset[str]  # managers who work in the shared mailbox
    moves: Mapping[str, bool]  # mailbox name -> its letters are moved
    away: frozenset[str] = frozenset()  # managers who are away now
    appointments: bool = False  # notices bring the due time for a calendar

    def readers(self, *managers: str | None) -> dict[str, str]:
        """The addresses that read what is for these managers now, and whom each of them replaces."""
        return readers(managers, self.team, self.away, self.supervisor)

    def reader(self, manager: str | None) -> str:
        """The one address that reads what is for a manager now; `''` when nobody does."""
        return next(iter(self.readers(manager)), "")

    def reading_together(self) -> frozenset[str]:
        """The managers of whom whoever reads for them now works in the shared mailbox."""
        return frozenset(one for one in self.team if stand_in(one, self.team, self.away) in self.shared)


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter that was read and decided upon. `ref` is the case that it opens (reserved) or joins."""

    letter: Letter
    raw: bytes
    arrivals: tuple[Arrival, ...]
    plan: Plan
    ref: str | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A letter that broke us: what could be read of it, who wrote it, and the case that makes its deadline run."""

    letter: Letter
    identity: Identity
    reason: str
    ref: str
    due: datetime


def letter_pli(opened: Opened, house: House) -> Pli:
    """The pli of a received letter, attachments extracted."""
    letter, plan = opened.letter, opened.plan
    said = _says(opened, house)
    record = letter_record(letter, opened.arrivals) | {
        "case": opened.ref,
        "decision": _decision(plan),
        "attachment": _attachment(plan.identity, house),
        "plan": _effects(plan, opened.arrivals, house) | {"say": said, "orders": _orders(opened, house)},
        "said": [one["key"] for one in said],
    }
    folder = folder_of(plan.identity, letter.received_at, house)
    return Pli(letter.digest, folder, _title(letter, house), _documents(opened), record)


def copy_pli(letter: Letter, raw: bytes, arrivals: Sequence[Arrival], first: Mapping[str, Any], house: House) -> Pli:
    """The pli of a letter that came again by another way: filed as a copy of the first; it opens and says nothing.

    `first` holds the `case`, `digest`, `label`, `folder` (components) and `shelve` of the letter that it repeats.
    """
    record = letter_record(letter, arrivals) | {
        "case": first["case"],
        "same_as": first["digest"],
        "state": "duplicate",
        "decision": {"label": first["label"]},
        "attachment": {},
        "plan": {"say": [], "shelve": first["shelve"]},
        "said": [],
    }
    return Pli(letter.digest, first["folder"], _title(letter, house), (original(raw),), record)


def quarantine_pli(broken: Broken, raw: bytes, arrivals: Sequence[Arrival], house: House) -> Pli:
    """The pli of a letter that broke us, with the minimal case that makes its deadline run."""
    letter, identity, due = broken.letter, broken.identity, broken.due.isoformat()
    to = house.reader(identity.manager)
    details = {"reason": broken.reason, "party": str(identity.party), "name": identity.name}
    said = [_notice(f"quarantine/{letter.digest}", "notice_quarantine", to, details)] if to else []
    opening = {"label": str(Label.COMPLAINT), "due": due, "urgent": False, "to_sort": True, "related": None}
    record = letter_record(letter, arrivals) | {
        "case": broken.ref,
        "state": "quarantined",
        "reason": broken.reason,
        "decision": {"label": "", "flags": [], "alerts": [], "confidence": 0.0, "because": "", "due": due},
        "attachment": _attachment(identity, house),
        "plan": {"open": opening, "say": said, "shelve": shelf(Folder.QUARANTINE, arrivals, house)},
        "said": [one["key"] for one in said],
    }
    return Pli(letter.digest, QUARANTINE, _title(letter, house), (original(raw),), record)


def sent_pli(mail: Letter, raw: bytes, row: Outgoing, beside: Message | None, house: House) -> Pli:
    """The pli of a mail of ours: beside what it answers or brings, else by day. `mail` is what the bytes say."""
    record = {
        "digest": mail.digest,
        "content_digest": mail.content_digest,
        "direction": "out",
        "state": "sent",
        "same_as": None,
        "source": None,
        "sources": [],
        "dates": {"received": mail.received_at.isoformat(), "header": mail.date.isoformat() if mail.date else None},
        "from": normalise_address(mail.sender.address),
        "to": [row.recipient],
        "subject": mail.subject,
        "message_id": mail.message_id,
        "references": list(mail.references or mail.in_reply_to),
        "case": row.case_id,
        "decision": {},
        "attachment": {},
        "kind": row.template,
        "said": [row.key],
        "plan": {},
        "replaces": None,
        "retention": None,
    }
    local = mail.received_at.astimezone(house.timezone)
    folder = folder_beside(beside) if beside is not None else names.unattached_folder(local.date())
    return Pli(mail.digest, folder, names.title(local, "Envoyé", mail.subject), (original(raw),), record)


def folder_beside(message: Message) -> tuple[str, ...]:
    """The folder where a pli stands, below the agency's."""
    return PurePosixPath(message.path).parts[1:-1]


def folder_of(identity: Identity, received_at: datetime, house: House) -> tuple[str, ...]:
    """Where in the tree: under the lease when it is certain, under the owner, else by day among the unattached."""
    local = received_at.astimezone(house.timezone)
    if identity.lease and house.directory.lease(identity.lease) is not None:
        return lease_place(house, identity.lease, local.year)
    if identity.owner:
        return names.owner_folder(identity.owner, local.year)
    return names.unattached_folder(local.date())


def lease_place(house: House, number: str, year: int) -> tuple[str, ...]:
    """The folder of a lease for a year, below the agency's."""
    lease = house.directory.leases[number]
    tenant = next(iter(lease.people), None)
    label = f"{tenant.last_name.upper()} {tenant.first_name}".strip() if tenant else ""
    return names.lease_folder(lease.property_code, lease.property_name, lease.city, lease.lot, lease.id, label, year)


def _title(letter: Letter, house: House) -> str:
    return names.title(letter.received_at.astimezone(house.timezone), "Reçu", letter.subject)


# --- the sidecar


def letter_record(letter: Letter, arrivals: Sequence[Arrival]) -> dict[str, Any]:
    """What the letter itself says, whatever we think of it."""
    return {
        "digest": letter.digest,
        "content_digest": letter.content_digest,
        "direction": "in",
        "state": "filed",
        "same_as": None,
        "source": source_of(arrivals[0]),
        "sources": [source_of(arrival) for arrival in arrivals],
        "dates": {
            "received": letter.received_at.isoformat(),
            "header": letter.date.isoformat() if letter.date else None,
        },
        "from": normalise_address(letter.sender.address),
        "to": [address.address for address in (*letter.to, *letter.cc)],
        "subject": letter.subject,
        "message_id": letter.message_id,
        "references": list(letter.references or letter.in_reply_to),
        "defects": list(letter.defects),
        "kind": "letter",
        "replaces": None,
        "retention": None,
    }


def source_of(arrival: Arrival) -> dict[str, Any]:
    """An arrival as a sidecar tells it."""
    return {
        "key": arrival.key,
        "received_at": arrival.received_at.isoformat(),
        "mailbox": arrival.mailbox,
        "folder": arrival.folder,
        "uidvalidity": arrival.uidvalidity,
        "uid": arrival.uid,
        "lmtp_id": arrival.lmtp_id,
        "place": arrival.place,
        "put_in": arrival.put_in,
    }


def _decision(plan: Plan) -> dict[str, Any]:
    verdict = plan.verdict
    flags = ("urgent", "registered", "automated")
    opening = _first(plan, OpenCase)
    return {
        "label": str(verdict.label),
        "flags": [flag for flag in flags if getattr(verdict, flag)],
        "alerts": [str(alert) for alert in verdict.alerts],
        "confidence": round(verdict.confidence, 4),
        "because": verdict.because,
        "runner_up": str(verdict.runner_up) if verdict.runner_up else None,
        "due": opening.due_at.isoformat() if opening else None,
        "silence": plan.silence,
    }


def _attachment(identity: Identity, house: House) -> dict[str, Any]:
    """To whom and what the pli is attached, and how sure that is."""
    lease = house.directory.lease(identity.lease) if identity.lease else None
    return {
        "party": str(identity.party),
        "name": identity.name,
        "lease": identity.lease,
        "lot": lease.lot if lease else None,
        "property": lease.property_name if lease else None,
        "owner": identity.owner,
        "manager": identity.manager,
        "method": identity.method,
        "suggestions": [{"lease": s.lease, "score": s.score, "reasons": list(s.reasons)} for s in identity.suggestions],
    }


def _effects(plan: Plan, arrivals: Sequence[Arrival], house: House) -> dict[str, Any]:
    effects: dict[str, Any] = {}
    for action in plan.actions:
        match action:
            case OpenCase():
                effects["open"] = {
                    "label": str(action.label),
                    "due": action.due_at.isoformat(),
                    "urgent": action.urgent,
                    "to_sort": action.to_sort,
                    "related": action.related,
                }
            case JoinCase():
                effects["join"] = {
                    "urgent": action.urgent,
                    "reopen": action.reopen_until.isoformat() if action.reopen_until else None,
                    "resume": action.resume_until.isoformat() if action.resume_until else None,
                    "heard": action.heard,
                }
            case Shelve():
                effects["shelve"] = shelf(action.folder, arrivals, house, flagged=action.flagged)
            case Returned():
                effects["returned"] = {"key": action.key, "case": action.case, "reason": action.reason}
            case Obey() | Provide() | Take():
                pass  # see _orders
            case Acknowledge() | Notify():
                pass  # said, not done: see _says
    return effects


def _orders(opened: Opened, house: House) -> list[dict[str, Any]]:
    """What the letter makes us do beyond the case: commands of our own people, documents for a tenant."""
    orders = []
    for action in opened.plan.actions:
        match action:
            case Obey() if not action.refused and action.command.name is not None:
                details: dict[str, Any] = {"about": action.about, "words": list(action.command.words)}
                orders.append({"name": str(action.command.name), "lease": "", "by": action.by, "details": details})
            case Provide():
                details = {
                    "papers": [str(paper) for paper in action.wanted.papers],
                    "months": [month.name for month in action.wanted.months],
                    "on_paper": action.wanted.on_paper,
                    "answers": action.answers,
                    "instead": _said(action.instead, opened, house),
                }
                orders.append({"name": "document", "lease": action.lease, "by": action.to, "details": details})
            case Take() if not action.refused:
                orders += [_taking(one, action) for one in action.files]
            case _:
                pass
    return orders


def _taking(one: Enclosed, action: Take) -> dict[str, Any]:
    details = {"number": one.number, "name": one.name, "period": one.period}
    return {"name": str(one.what), "lease": "", "by": action.by, "details": details}


def shelf(folder: Folder, arrivals: Sequence[Arrival], house: House, *, flagged: bool = False) -> dict[str, Any]:
    boxes = {arrival.mailbox for arrival in arrivals if arrival.mailbox}
    return {"folder": str(folder), "flagged": flagged, "move": all(house.moves.get(box, True) for box in boxes)}


# --- what is said


def _says(opened: Opened, house: House) -> list[dict[str, Any]]:
    return _said(opened.plan.actions, opened, house)


def _said(actions: Sequence[Action], opened: Opened, house: House) -> list[dict[str, Any]]:
    said = []
    for action in actions:
        match action:
            case Acknowledge():
                said.append(_acknowledgement(action, opened, house))
            case Notify():
                said += _notices_of(action, opened, house)
            case Returned():
                if to := house.reader(action.manager):
                    said.append(_returned(action, to, opened))
            case Obey() if action.refused:
                said.append(_refused(action, opened))
            case Take() if action.refused:
                said += _not_taken(action, opened, house)
            case Obey() | Provide() | Take() | OpenCase() | JoinCase() | Shelve():
                pass
    return said


def _returned(action: Returned, to: str, opened: Opened) -> dict[str, Any]:
    details = {"of": action.row, "recipient": action.recipient, "refused": True, "posted": _is_notice(action.key)}
    return _notice(f"returned/{action.key}/{opened.letter.digest[:16]}", "notice_failed", to, details)


def _is_notice(key: str) -> bool:
    """A monthly notice that came back goes by post."""
    return key.startswith("rent_notice/")


def _refused(action: Obey, opened: Opened) -> dict[str, Any]:
    """To the registered address, whoever wrote in its name."""
    told = {"refused": action.refused, "word": action.command.word}
    return _notice(
        f"refused/{opened.letter.digest}/{action.command.word}", "notice_run_answer", action.by, {"run": told}
    )


def _not_taken(action: Take, opened: Opened, house: House) -> list[dict[str, Any]]:
    """To accounting's registered address and to the supervisor, whoever wrote in accounting's name."""
    told = {"refused": action.refused, "files": [one.name for one in action.files], "from": action.by}
    people = dict.fromkeys(to for to in (action.by, house.supervisor) if to)
    return [
        _notice(f"refused/{opened.letter.digest}/files/{number}", "notice_exchange_refused", to, {"exchange": told})
        for number, to in enumerate(people)
    ]


def _acknowledgement(action: Acknowledge, opened: Opened, house: House) -> dict[str, Any]:
    joined = _first(opened.plan, JoinCase) is not None
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
    identity, told = plan.identity, _first(plan, Notify)
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
    opening = _first(plan, OpenCase)
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
        opening = _first(opened.plan, OpenCase)
        if house.appointments and opening is not None:
            details["appointment"] = {"due": opening.due_at.isoformat(), "sequence": 0, "method": "PUBLISH"}
        yield _notice(key, action.template, to, details)


def _notice_details(action: Notify, opened: Opened) -> dict[str, Any]:
    plan = opened.plan
    return _told(opened) | {
        "urgent": action.urgent,
        "attach": action.attach,
        "silence": plan.silence,
        "decision": _decision(plan),
        "suggestions": [{"lease": s.lease, "reasons": list(s.reasons)} for s in plan.identity.suggestions[:3]],
    }


def _notice(key: str, template: str, to: str, details: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": key, "kind": "notice", "template": template, "to": to, "details": dict(details)}


def _first(plan: Plan, kind: type[Any]) -> Any | None:
    return next((action for action in plan.actions if isinstance(action, kind)), None)


# --- the documents


def original(raw: bytes) -> Document:
    return Document("", "original", "message/rfc822", raw)


def _documents(opened: Opened) -> tuple[Document, ...]:
    """The mail byte for byte, then its attachments as derived copies.

    Pictures shown inside the text stay in the mail, and so does whatever comes with medical or social papers: one place
    less to protect.
    """
    whole = original(opened.raw)
    if Alert.SENSITIVE in opened.plan.verdict.alerts:
        return (whole,)
    return (whole, *extracted(opened.letter))


def extracted(letter: Letter) -> Iterator[Document]:
    """The attachments, as derived copies."""
    return (
        Document(attachment.name, "attachment", attachment.media_type, attachment.content)
        for attachment in letter.attachments
        if attachment.content and not attachment.inline
    )
