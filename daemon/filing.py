"""From a plan to a pli: the documents to file, where, and the sidecar that says everything about them.

The sidecar is written before the database and can rebuild it, so what the plan sets in motion stands in it whole, under
`plan`: the case that it opens or joins, what is said to whom under which key, and where the letter goes in the mailbox.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from archive import names
from archive.incoming import Arrival
from archive.records import Message, Outgoing
from archive.tree import Document, Pli
from daemon.house import House
from daemon.opened import Opened, decision
from daemon.saying import notice, said
from rules.exchange import Enclosed
from rules.letter import Alert, Label, Letter, normalise_address
from rules.plan import (
    Acknowledge,
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

QUARANTINE = ("_ged", "quarantaine")  # the system's own part of the tree


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
    told = said(plan.actions, opened, house)
    record = letter_record(letter, opened.arrivals) | {
        "case": opened.ref,
        "decision": decision(plan),
        "attachment": _attachment(plan.identity, house),
        "plan": _effects(plan, opened.arrivals, house) | {"say": told, "orders": _orders(opened, house)},
        "said": [one["key"] for one in told],
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
    told = [notice(f"quarantine/{letter.digest}", "notice_quarantine", to, details)] if to else []
    opening = {"label": str(Label.COMPLAINT), "due": due, "urgent": False, "to_sort": True, "related": None}
    record = letter_record(letter, arrivals) | {
        "case": broken.ref,
        "state": "quarantined",
        "reason": broken.reason,
        "decision": {"label": "", "flags": [], "alerts": [], "confidence": 0.0, "because": "", "due": due},
        "attachment": _attachment(identity, house),
        "plan": {"open": opening, "say": told, "shelve": shelf(Folder.QUARANTINE, arrivals, house)},
        "said": [one["key"] for one in told],
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
                pass  # said, not done: see daemon/saying.py
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
                    "instead": said(action.instead, opened, house),
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
