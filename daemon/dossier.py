"""What a mail may tell: everything that the agency's records know of one outgoing row, read once, as plain facts.

The keys of `facts` are the names that the templates use. Beside the case, its lease and its manager, a row brings
`details` (JSON), which the pipeline fills; every key may be missing:

    gist         the sender's own words that say what the matter is
    promise      {"day": ISO date, "half": "morning" | "afternoon"}: what the tenant is told
    urgent       somebody may be in danger
    danger       "gas", "water", "fire", "electricity", "co" (carbon monoxide); "other" when it isn't known
    alerts       values of rules.letter.Alert
    attachments  how many files the letter brought
    references   Message-IDs of the thread that it stands in
    party, name  who writes (rules.plan.Role), and the name to show
    decision     {"label", "confidence", "because", "alerts"}
    suggestions  [{"lease", "reasons"}]
    silence      why nothing was said to the sender (rules.plan.Plan.silence)
    attach       false: the letter stays where it is
    estimate     what a departure would give, for the manager only
    reason       why a letter is in quarantine
    of, refused  the row whose mail didn't arrive, and whether a server refused it (else: given up)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from archive.records import Case, Contact, Lease, Manager, Message, Outgoing, Property
from daemon.config import Config, Office
from daemon.wording import day, half_day, moment, opening_hours, quoted, shortened, tidy, words
from rules.letter import Alert, normalise_address
from rules.plan import Role

COMPLAINTS = "reclamation/"  # how the labels of complaints begin
LONGEST_REPLY = 300  # characters of a server's words that are told

# GRDF's emergency number is the mainland network's: elsewhere gas comes in bottles, or from somebody else.
OFF_THE_NETWORK = {
    "postcode": ("97", "98", "20"),  # overseas, Corsica
    "territory": (
        "FR-GP", "FR-MQ", "FR-GF", "FR-RE", "FR-YT", "FR-BL", "FR-MF", "FR-PM", "FR-NC", "FR-PF", "FR-WF", "FR-97",
    ),
}  # fmt: skip

# To these, no name of a manager is given: it would tell a stranger who looks after somebody.
STRANGERS = frozenset({Role.UNKNOWN, Role.OTHER, ""})


@dataclass
class Dossier:
    """One outgoing row with all that belongs to it; each part is read when it is first asked for."""

    row: Outgoing
    config: Config

    @cached_property
    def details(self) -> Mapping[str, Any]:
        details = json.loads(self.row.details or "{}")
        return details if isinstance(details, dict) else {}

    @cached_property
    def case(self) -> Case | None:
        return Case.get_or_none(Case.ref == self.row.case_id) if self.row.case_id else None

    @cached_property
    def letter(self) -> Message | None:
        """The letter that the row answers or tells of."""
        return Message.get_or_none(Message.digest == self.row.answers) if self.row.answers else None

    @cached_property
    def lease(self) -> Lease | None:
        if self.case is None or self.case.lease_id is None:
            return None
        joined = Lease.select(Lease, Property).join(Property).where(Lease.id == self.case.lease_id)
        return next(iter(joined), None)

    @cached_property
    def manager(self) -> Manager | None:
        """Who is in charge of the case."""
        if self.case is None:
            return None
        of_lease = self.lease.property.manager_id if self.lease else None
        return Manager.get_or_none(Manager.id == (self.case.manager_id or of_lease or ""))

    @cached_property
    def office(self) -> Office:
        """Whose clock, counter and telephones are told."""
        return self.config.office(self.manager.site) if self.manager else self.config.agency

    @cached_property
    def party(self) -> str:
        return str(self.details.get("party") or (self.case.party if self.case else ""))

    @property
    def label(self) -> str:
        return str(self.case.label if self.case else self.decision.get("label", ""))

    @cached_property
    def decision(self) -> Mapping[str, Any]:
        decision = self.details.get("decision")
        return decision if isinstance(decision, dict) else {}

    @cached_property
    def alerts(self) -> frozenset[str]:
        return frozenset(self.details.get("alerts") or self.decision.get("alerts") or ())

    @property
    def urgent(self) -> bool:
        return bool(self.details.get("urgent", self.row.urgent))

    @cached_property
    def sender(self) -> str:
        """The bare address of whoever wrote the letter."""
        if self.letter is not None:
            return str(self.letter.sender)
        return str(self.case.sender) if self.case else ""

    @property
    def subject(self) -> str:
        """The subject as its sender wrote it."""
        return str(self.letter.subject if self.letter else self.case.subject if self.case else "")

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.office.timezone))


# --- facts for the templates


def facts(dossier: Dossier) -> dict[str, Any]:
    """Every name that a template of an answer or a notice may use."""
    return {**_agency(dossier), **_matter(dossier), **_answer(dossier)}


def _agency(dossier: Dossier) -> dict[str, Any]:
    agency, office = dossier.config.agency, dossier.office
    return {
        "agency": agency,
        "legal": agency.legal,
        "office": office,
        "office_address": office.postal_address or agency.postal_address or agency.legal.seat,
        "hours": opening_hours(office.hours),
    }


def _matter(dossier: Dossier) -> dict[str, Any]:
    """What is common to an answer and a notice."""
    details, case, letter = dossier.details, dossier.case, dossier.letter
    received = letter.received_at if letter else case.received_at if case else None
    return {
        "ref": dossier.row.case_id or "",
        "label": dossier.label,
        "complaint": dossier.label.startswith(COMPLAINTS),
        "urgent": dossier.urgent,
        "quote": quoted(str(details.get("gist") or "")),
        "received": day(dossier.local(received)) if received else "",
        "received_at": moment(dossier.local(received)) if received else "",
        "attachments": int(details.get("attachments") or 0),
        "known": dossier.party not in STRANGERS,
    }


def _answer(dossier: Dossier) -> dict[str, Any]:
    details, lease = dossier.details, dossier.lease
    promise = details.get("promise")
    mourning = Alert.DEATH in dossier.alerts and Alert.VIOLENCE not in dossier.alerts
    return {
        "manager": _manager(dossier) if dossier.party not in STRANGERS else None,
        "promise": half_day(datetime.fromisoformat(promise["day"]).date(), promise["half"]) if promise else "",
        "danger": str(details.get("danger") or "other"),
        "mainland": _on_the_network(dossier.office, lease),
        "furnished": bool(lease and lease.furnished),
        "condolences": mourning,
    }


def _manager(dossier: Dossier) -> dict[str, str] | None:
    manager = dossier.manager
    if manager is None:
        return None
    name = " ".join(filter(None, (manager.civility, manager.first_name, manager.last_name)))
    return {"name": name, "phone": manager.phone, "email": manager.email}


def _on_the_network(office: Office, lease: Lease | None) -> bool:
    if lease is not None and lease.property.postcode:
        return not str(lease.property.postcode).startswith(OFF_THE_NETWORK["postcode"])
    return not office.holidays.upper().startswith(OFF_THE_NETWORK["territory"])


# --- facts that only our own people are told


def inside_facts(dossier: Dossier) -> dict[str, Any]:
    """What a notice adds: who writes and how to reach them, the clock, the reasons."""
    details, case = dossier.details, dossier.case
    confidence = dossier.decision.get("confidence")
    return {
        "sender": {"name": tidy(str(details.get("name") or "")), "address": dossier.sender},
        "sender_phone": phone_of(dossier.sender),
        "role": words()["roles"].get(dossier.party, ""),
        "lease": _lease(dossier.lease),
        "due_at": moment(dossier.local(case.due_at)) if case else "",
        "label_words": label_words(dossier),
        "to_sort": bool(case and case.to_sort),
        "confidence": round(100 * confidence) if confidence else None,
        "because": str(dossier.decision.get("because") or (case.because if case else "")),
        "alerts": [words()["alerts"][alert] for alert in Alert if alert in dossier.alerts],
        "silence": words()["silences"].get(details.get("silence"), ""),
        "suggestions": details.get("suggestions") or (),
        "related": (case.related if case else None) or "",
        "estimate": str(details.get("estimate") or ""),
        "sensitive": Alert.SENSITIVE in dossier.alerts,
        "reason": tidy(str(details.get("reason") or "")),
        "failed": _failed(details),
        "held": Outgoing.select().where(Outgoing.state == "held").count(),
        "limits": dossier.config.limits,
    }


def _failed(details: Mapping[str, Any]) -> dict[str, Any] | None:
    row = Outgoing.get_or_none(Outgoing.id == details["of"]) if "of" in details else None
    if row is None:
        return None
    return {
        "id": row.id,
        "case": row.case_id or "",
        "recipient": row.recipient,
        "kind": words()["kinds"].get(row.kind, row.kind),
        "error": shortened(tidy(row.error), LONGEST_REPLY),
        "refused": bool(details.get("refused")),
        "phone": phone_of(row.recipient),
    }


def label_words(dossier: Dossier) -> str:
    """The label as a manager reads it; a case to sort has none yet."""
    to_sort = dossier.case is not None and dossier.case.to_sort
    return str(words()["labels"].get("" if to_sort else dossier.label, ""))


def phone_of(address: str) -> str:
    """The telephone of whoever writes from that address, as the imports know it; `''` when they don't."""
    if not address:
        return ""
    writes = (Contact.kind == "email") & (Contact.value == normalise_address(address))
    people = Contact.select(Contact.person).where(writes)
    phones = Contact.select(Contact.value).where(Contact.kind == "phone", Contact.person.in_(people))
    first = phones.order_by(Contact.id).first()
    return str(first.value) if first else ""


def _lease(lease: Lease | None) -> dict[str, str] | None:
    if lease is None:
        return None
    building = lease.property
    town = f"{building.postcode} {building.city}".strip()
    return {"id": lease.id, "lot": lease.lot, "place": ", ".join(filter(None, (building.name, building.address, town)))}
