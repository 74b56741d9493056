"""What accounting's own software should know: the consents, addresses and bounces that changed here.

A line says what changed, since when as far as that is known, and which letter proves it. An address that a person
confirmed here has no day: it is told until accounting's own lists are the same.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from archive.records import Consent, Contact, Outgoing, Person
from daemon.wording import words

IMPORTED = "import"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One change. `what`: consent, withdrawal, email, phone, bounce; `proof`: a letter's digest, a server's words."""

    day: date | None
    lease: str
    person: str
    what: str
    value: str
    proof: str = ""


def changes(since: date | None, timezone: ZoneInfo) -> list[Change]:
    """Everything that changed on that day or later, in the order of the days; undated ones first."""
    every = (*_consents(timezone), *_addresses(), *_bounces(timezone))
    kept = [one for one in every if since is None or one.day is None or one.day >= since]
    return sorted(kept, key=lambda one: (one.day or date.min, one.lease, one.what, one.value))


def rows(found: list[Change]) -> list[tuple[object, ...]]:
    """As a list for a spreadsheet in French, its headings first."""
    said = words()["changes"]
    lines: list[tuple[object, ...]] = [tuple(words()["columns"]["contacts"])]
    lines += [(*astuple(one)[:3], said[one.what], one.value, one.proof) for one in found]
    return lines


def _consents(timezone: ZoneInfo) -> Iterator[Change]:
    names = _tenants()
    for row in Consent.select():
        name = names.get(row.lease_id, "")
        yield Change(row.given_on, row.lease_id, name, "consent", row.address)
        if row.withdrawn_at is not None:
            yield Change(_day(row.withdrawn_at, timezone), row.lease_id, name, "withdrawal", row.address, row.proof)


def _addresses() -> Iterator[Change]:
    """Those that came from a letter and that a person confirmed: accounting doesn't have them."""
    confirmed = Contact.select(Contact, Person).join(Person).where(Contact.source != IMPORTED)
    for row in confirmed:
        person: Any = row.person
        yield Change(None, person.lease_id or "", _name(person), row.kind, row.value)


def _bounces(timezone: ZoneInfo) -> Iterator[Change]:
    """The addresses whose last mail came back or was refused."""
    people = _people_at()
    last: dict[str, Outgoing] = {}
    columns = (Outgoing.id, Outgoing.key, Outgoing.recipient, Outgoing.state, Outgoing.error)
    settled = Outgoing.select(*columns, Outgoing.sent_at, Outgoing.created_at).where(
        Outgoing.state.in_(("sent", "bounced", "failed")), Outgoing.kind != "notice"
    )
    for row in settled.order_by(Outgoing.id):
        last[row.recipient.lower()] = row
    for address, row in last.items():
        if row.state != "sent":
            lease, name = people.get(address, ("", ""))
            at = _told_at(row) or row.sent_at or row.created_at
            yield Change(_day(at, timezone), lease, name, "bounce", address, " ".join(row.error.split()))


def _told_at(row: Outgoing) -> datetime | None:
    """When it came back: when a person was told."""
    told = Outgoing.select(Outgoing.created_at).where(Outgoing.key.startswith(f"returned/{row.key}/"))
    found = told.order_by(Outgoing.created_at.desc()).first()
    return found.created_at if found else None


def _tenants() -> dict[str, str]:
    rows_ = Person.select().where(Person.role == "tenant", Person.lease.is_null(False)).order_by(Person.id.desc())
    return {str(row.lease_id): _name(row) for row in rows_}


def _people_at() -> dict[str, tuple[str, str]]:
    """The lease and the name behind an address."""
    known = Contact.select(Contact, Person).join(Person).where(Contact.kind == "email").order_by(Contact.id.desc())
    people: list[tuple[str, Any]] = [(row.value, row.person) for row in known]
    return {address: (person.lease_id or "", _name(person)) for address, person in people}


def _name(person: Person) -> str:
    return f"{person.last_name} {person.first_name}".strip()


def _day(at: datetime, timezone: ZoneInfo) -> date:
    return at.astimezone(timezone).date()
