"""Everything that the agency's records know of one outgoing row, read once (`facts.py` tells it to the templates).

Beside the case, its lease and its manager, a row brings `details` (JSON), which the pipeline fills; every key may be
missing:

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
    alone, help  the others were carried out; nothing is wrong, and the list is wanted
    nowhere, forwarded  why an answer went to nobody: there is no address; it came to ourselves
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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from archive.records import Case, Contact, Lease, Manager, Message, Outgoing, Property
from daemon.config import Config, Office
from rules.letter import normalise_address

NO_CASE = Case(sender="", subject="")


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
