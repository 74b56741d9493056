"""What a mail may tell: everything that the agency's records know of one outgoing row, read once, as plain facts.

The keys of `facts` are the names that the templates use. Beside the case, its lease and its manager, a row brings
`details` (JSON), which the pipeline fills; every key may be missing:

    gist         the sender's own words that say what the matter is
    promise      {"day": ISO date, "half": "morning" | "afternoon"}: what the tenant is told
    urgent       somebody may be in danger
    danger       "gas", "water", "fire", "electricity", "co" (carbon monoxide); "other" when it isn't known
    alerts       values of rules.letter.Alert
    attachments  how many files the letter brought
    stranger     the sender takes no part in the case that the letter joins
    references   Message-IDs of the thread that it stands in
    party, name  who writes (rules.plan.Role), and the name to show
    decision     {"label", "confidence", "because", "alerts"}
    suggestions  [{"lease", "reasons"}]
    silence      why nothing was said to the sender (rules.plan.Plan.silence)
    attach       false: the letter stays where it is
    instead_of   the absent manager whose place the reader takes
    stand_in     the id of whoever answers while the manager in charge is away, `""` when nobody does
    beside       the names of those who have the same notice
    appointment  {"due", "sequence", "method"}: what a calendar is told (rules/appointments.py)
    estimate     what a departure would give, for the manager only
    reason       why a letter is in quarantine
    count        how many letters were moved at once, in the mailbox `mailbox`
    text, author  an answer's own words, and who says them (daemon/answers/hearing.py names the others)
    told, other  somebody's words, and whose, as a notice repeats them
    faults       [{"word", "fault"}]: commands that can't be carried out
    of, refused  the row whose mail didn't arrive, and whether a server refused it (else: given up)
    about        {"sender", "subject"}: whose matter it is and how it is called, where the letter is our own people's
    fresh        an answer that begins a thread: the letter is our own people's
    told         the words of a document's covering mail (daemon/notices/telling.py)
    titles       what its subject names
    subject      which subject of `templates/fr.toml` it has, when not its template's
    file         the name of the attachment
    files        [{"path", "name", "type"}]: files of the state folder to attach
    lease        of a mail without a case; `person` is the id of the manager in charge of it
    exchange     what came of a file that accounting has sent (daemon/accounting/)
    run          what a month's run is, for accounting (daemon/notices/summary.py)
    why          why a document that a tenant asks for couldn't be sent
    digest       what a morning's mail says (daemon/reminders/digest.py)
    reminders    lines of cases (daemon/cases/lines.py), each with its `stage`
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from archive import threads
from archive.records import Case, Contact, Lease, Manager, Message, Outgoing, Property
from daemon.config import Config, Office
from daemon.wording import curly, day, half_day, moment, opening_hours, quoted, shortened, tidy, words
from rules.appointments import Method
from rules.letter import Alert, normalise_address
from rules.plan import Role

COMPLAINTS = "reclamation/"  # how the labels of complaints begin
BREAKER = "notice_breaker"  # the mail that tells of held answers
LONGEST_REPLY = 300  # characters of a server's words that are told

# GRDF's emergency number is the mainland network's: elsewhere gas comes in bottles, or from somebody else.
OFF_THE_NETWORK = {
    "postcode": ("97", "98", "20"),  # overseas, Corsica
    "territory": (
        "FR-GP", "FR-MQ", "FR-GF", "FR-RE", "FR-YT", "FR-BL", "FR-MF", "FR-PM", "FR-NC", "FR-PF", "FR-WF", "FR-97",
    ),
}  # fmt: skip

NO_CASE = Case(sender="", subject="")

# To these, no name of a manager is given: it would tell a stranger who looks after somebody.
STRANGERS = frozenset({Role.UNKNOWN, Role.OTHER, ""})


@dataclass(frozen=True, slots=True)
class Dossier:
    """One outgoing row with all that belongs to it.

    `letter` is the one that the row answers or tells of; `manager` is in charge of the case, `stand_in` answers in that
    one's absence; `phone` is the telephone of whoever wrote, as the imports know it.
    """

    row: Outgoing
    config: Config
    details: Mapping[str, Any]
    case: Case | None = None
    letter: Message | None = None
    lease: Lease | None = None
    manager: Manager | None = None
    phone: str = ""
    stand_in: Manager | None = None

    @property
    def office(self) -> Office:
        """Whose clock, counter and telephones are told."""
        return self.config.office(self.manager.site) if self.manager else self.config.agency

    @property
    def party(self) -> str:
        return str(self.details.get("party") or (self.case.party if self.case else ""))

    @property
    def label(self) -> str:
        return str(self.case.label if self.case else self.decision.get("label", ""))

    @property
    def decision(self) -> Mapping[str, Any]:
        return self.details.get("decision") or {}

    @property
    def alerts(self) -> frozenset[str]:
        return frozenset(self.details.get("alerts") or self.decision.get("alerts") or ())

    @property
    def urgent(self) -> bool:
        return bool(self.details.get("urgent", self.row.urgent))

    @property
    def sender(self) -> str:
        """The bare address of whoever wrote the letter."""
        return _sender(self.details, self.letter, self.case)

    @property
    def subject(self) -> str:
        """The subject as its sender wrote it."""
        about = self.details.get("about") or {}
        return str(about.get("subject") or (self.letter or self.case or NO_CASE).subject)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.office.timezone))


# --- reading the records


def open_dossiers(rows: Sequence[Outgoing], config: Config) -> list[Dossier]:
    """The dossiers of these rows, in their order, by five questions to the database however many they are."""
    cases = _by(Case.ref, (row.case_id for row in rows))
    letters = _by(Message.digest, (row.answers for row in rows))
    details = {row.id: _details(row) for row in rows}
    leases = _leases((*(case.lease_id for case in cases.values()), *(one.get("lease") for one in details.values())))
    named = (one.get(key) for one in details.values() for key in ("person", "stand_in"))
    managers = _by(Manager.id, (*(_in_charge(case, leases) for case in cases.values()), *named))
    phones = phones_of(_sender(details[row.id], letters.get(row.answers), cases.get(row.case_id)) for row in rows)
    dossiers = []
    for row in rows:
        case, letter = cases.get(row.case_id), letters.get(row.answers)
        told = details[row.id]
        manager = managers.get(_in_charge(case, leases) if case else told.get("person"))
        lease = leases.get(case.lease_id if case else told.get("lease"))
        phone = phones.get(normalise_address(_sender(told, letter, case)), "")
        stand_in = managers.get(told.get("stand_in"))
        dossiers.append(Dossier(row, config, told, case, letter, lease, manager, phone, stand_in))
    return dossiers


def phones_of(addresses: Iterable[str]) -> dict[str, str]:
    """The first telephone of the people who write from these addresses (the keys, normalised)."""
    wanted = {normalise_address(address) for address in addresses} - {""}
    if not wanted:
        return {}
    email, phone = Contact.alias(), Contact.alias()
    joined = (
        email.select(email.value, phone.value)
        .join(phone, on=(email.person == phone.person))
        .where(email.kind == "email", phone.kind == "phone", email.value.in_(wanted))
        .order_by(phone.id.desc())
    )
    rows: Any = joined.tuples()
    return dict(rows)


def _by(key: Any, values: Iterable[str | None]) -> dict[str | None, Any]:
    """The rows of the key's table whose key is one of these, by that key."""
    wanted = {value for value in values if value}
    if not wanted:
        return {}
    return {getattr(row, key.name): row for row in key.model.select().where(key.in_(wanted))}


def _leases(ids: Iterable[str | None]) -> dict[str | None, Lease]:
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    return {lease.id: lease for lease in Lease.select(Lease, Property).join(Property).where(Lease.id.in_(wanted))}


def _in_charge(case: Case, leases: Mapping[str | None, Lease]) -> str | None:
    lease = leases.get(case.lease_id)
    return case.manager_id or (lease.property.manager_id if lease else None)


def _sender(details: Mapping[str, Any], letter: Message | None, case: Case | None) -> str:
    about = details.get("about") or {}
    return str(about.get("sender") or (letter or case or NO_CASE).sender)


def _details(row: Outgoing) -> Mapping[str, Any]:
    """Unreadable ones are none: an answer without its quotation is better than no answer."""
    try:
        details = json.loads(row.details or "{}")
    except ValueError:
        return {}
    return details if isinstance(details, dict) else {}


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
    """Who answers."""
    manager = dossier.stand_in if "stand_in" in dossier.details else dossier.manager
    if manager is None:
        return None
    name = " ".join(filter(None, (manager.civility, manager.first_name, manager.last_name)))
    return {"name": name, "phone": manager.phone, "email": manager.email}


def _on_the_network(office: Office, lease: Lease | None) -> bool:
    if lease is not None and lease.property.postcode:
        return not str(lease.property.postcode).startswith(OFF_THE_NETWORK["postcode"])
    return not office.holidays.upper().startswith(OFF_THE_NETWORK["territory"])


def answer_facts(dossier: Dossier) -> dict[str, Any]:
    """What a manager's answer adds, or a question to an owner."""
    details = dossier.details
    text = str(details.get("text") or "")
    return {
        "text": text,
        "paragraphs": [part.splitlines() for part in re.split(r"\n\s*\n", text) if part.strip()],
        "author": tidy(str(details.get("author") or "")),
        "matter": label_words(dossier),
        "lease": _lease(dossier.lease),
    }


# --- facts that only our own people are told


def inside_facts(dossier: Dossier) -> dict[str, Any]:
    """What a notice adds: who writes and how to reach them, the clock, the reasons."""
    details, case = dossier.details, dossier.case
    confidence = dossier.decision.get("confidence")
    return {
        "sender": {"name": tidy(str(details.get("name") or "")), "address": dossier.sender},
        "sender_phone": dossier.phone,
        "role": words()["roles"].get(dossier.party, ""),
        "lease": _lease(dossier.lease),
        "due_at": moment(dossier.local(case.due_at)) if case else "",
        "label_words": label_words(dossier),
        "to_sort": bool(case and case.to_sort),
        "confidence": round(100 * confidence) if confidence else None,
        "because": curly(str(dossier.decision.get("because") or (case.because if case else ""))),
        "alerts": _alerts(dossier),
        "silence": words()["silences"].get(details.get("silence"), ""),
        "suggestions": details.get("suggestions") or (),
        "cluster": [one.ref for one in threads.cluster_of(case)] if case else [],
        "related": (case.related if case else None) or "",
        "estimate": str(details.get("estimate") or ""),
        "sensitive": Alert.SENSITIVE in dossier.alerts,
        "reason": tidy(str(details.get("reason") or "")),
        "other": tidy(str(details.get("other") or "")),
        "told": str(details.get("told") or "").splitlines(),
        "faults": [
            {"word": tidy(one["word"]), "why": words()["faults"][one["fault"]]} for one in details.get("faults") or ()
        ],
        "alone": bool(details.get("alone")),
        "help": bool(details.get("help")),
        "nowhere": bool(details.get("nowhere")),
        "forwarded": bool(details.get("forwarded")),
        "commands": words()["orders"],
        "count": int(details.get("count") or 0),
        "mailbox": tidy(str(details.get("mailbox") or "")),
        "failed": _failed(details),
        "digest": dict(NO_DIGEST) | dict(details.get("digest") or {}),
        "answered": _answered(bars_of(dossier)),
        "reminders": _by_stage(details.get("reminders") or ()),
        "appointment": _appointment(dossier),
        "instead_of": str(details.get("instead_of") or ""),
        "beside": tuple(details.get("beside") or ()),
        "held": _held() if dossier.row.template == BREAKER else 0,
        "limits": dossier.config.limits,
        "damaged": dict(NO_DAMAGE) | _damage(dossier),
        "setting": str(details.get("setting") or ""),
        "run": details.get("run") or {},
        "why": str(details.get("why") or ""),
        "exchange": details.get("exchange") or {},
    }


def _held() -> int:
    """How many automatic answers are held back."""
    return int(Outgoing.select().where(Outgoing.state == "held").count())


def _damage(dossier: Dossier) -> dict[str, Any]:
    told = dossier.details.get("damaged") or {}
    return told and told | {"received": moment(dossier.local(datetime.fromisoformat(told["received"])))}


def _appointment(dossier: Dossier) -> dict[str, Any]:
    told = dossier.details.get("appointment")
    if not told:
        return {"due": "", "stands": False}
    due = moment(dossier.local(datetime.fromisoformat(told["due"])))
    return {"due": due, "stands": told["method"] == Method.PUBLISH}


def _alerts(dossier: Dossier) -> list[str]:
    """What a manager must not miss.

    The notification of an electronic registered letter hides who sent it, and leaves fifteen days to accept it (CPCE
    R53-3).
    """
    flags = dossier.decision.get("flags") or ()
    said = (("stranger", bool(dossier.details.get("stranger"))), ("lre", {"registered", "automated"} <= set(flags)))
    first = [name for name, is_so in said if is_so]
    return [words()["alerts"][one] for one in (*first, *(alert for alert in Alert if alert in dossier.alerts))]


NO_DAMAGE: Mapping[str, Any] = {"id": "", "received": "", "sender": "", "again": False}

# Every name that the templates of a digest use.
NO_DIGEST: Mapping[str, Any] = {
    "sections": (), "bounced": (), "clusters": (), "figures": (), "people": (), "trend": (), "arithmetic": {},
    "head": "", "instead_of": "", "day": "",
}  # fmt: skip


def bars_of(dossier: Dossier) -> Sequence[tuple[int, int]]:
    """The bars of a digest's picture: answered in time and late, day by day; none when there is nothing to show."""
    return [(good, late) for good, late in (dossier.details.get("digest") or {}).get("chart") or ()]


def lines_of(dossier: Dossier) -> list[str]:
    """The cases of which a digest or a reminder has a line."""
    sections = (dossier.details.get("digest") or {}).get("sections") or ()
    lines = [*(dossier.details.get("reminders") or ()), *(line for section in sections for line in section["lines"])]
    return [str(line["ref"]) for line in lines]


def _answered(bars: Sequence[tuple[int, int]]) -> dict[str, int]:
    return {"in_time": sum(good for good, _ in bars), "late": sum(late for _, late in bars), "days": len(bars)}


def _by_stage(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a reminder under the words of their stage, the latest first."""
    titles = words()["stages"]
    groups = [(stage, [line for line in lines if line["stage"] == stage]) for stage in titles]
    return [{"stage": stage, "title": titles[stage], "lines": found} for stage, found in groups if found]


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
        "posted": bool(details.get("posted")),
        "phone": next(iter(phones_of([row.recipient]).values()), ""),
    }


def label_words(dossier: Dossier) -> str:
    """The label as a manager reads it; a case to sort has none yet."""
    to_sort = dossier.case is not None and dossier.case.to_sort
    return str(words()["labels"].get("" if to_sort else dossier.label, ""))


def _lease(lease: Lease | None) -> dict[str, str] | None:
    if lease is None:
        return None
    building = lease.property
    town = f"{building.postcode} {building.city}".strip()
    return {"id": lease.id, "lot": lease.lot, "place": ", ".join(filter(None, (building.name, building.address, town)))}
