"""The owners: whose the mandates are, and how they are reached.

Owners and leases may come in either order: a lease makes the owner and the mandate that it names, and this file adds
the addresses. An owner is known by the name that both files write.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from archive.records import Contact, Mandate, Owner, Person
from daemon.imports.faults import Findings
from daemon.imports.lines import Line
from daemon.imports.rows import Counts, Owners, name_key, settle, settle_contacts
from rules import cells
from rules.people import split_civility
from rules.plan import Role


@dataclass(frozen=True, slots=True)
class OwnerLine:
    line: int
    name: str
    mandates: tuple[str, ...]
    contacts: tuple[tuple[str, str], ...]


def read(lines: list[Line], findings: Findings, _today: date) -> list[OwnerLine]:
    found = [_owner(line) for line in lines]
    names: dict[str, int] = {}
    mandates: dict[str, int] = {}
    for owner in found:
        _once(names, name_key(owner.name), owner, "owner_name", owner.name, findings)
        for number in owner.mandates:
            _once(mandates, number, owner, "mandates", number, findings)
    return found


def _owner(line: Line) -> OwnerLine:
    emails, phones = line.emails("owner_email"), line.phones("owner_phone")
    return OwnerLine(
        line=line.number,
        name=line.text("owner_name", required=True),
        mandates=cells.parts(line.text("mandates")),
        contacts=tuple(("email", email) for email in emails) + tuple(("phone", phone) for phone in phones),
    )


def _once(seen: dict[str, int], key: str, owner: OwnerLine, column: str, value: str, findings: Findings) -> None:
    first = seen.setdefault(key, owner.line)
    if key and first != owner.line:
        findings.fault(owner.line, column, value, f"it is on line {first} already: keep one of them")


def check(_found: list[OwnerLine], _findings: Findings) -> None:
    """Nothing in the database can contradict an owner."""


def write(found: list[OwnerLine], findings: Findings) -> Counts:
    counts, owners = Counts(), Owners()
    mandates = {mandate.number: mandate for mandate in Mandate.select()}
    imported = (Person.role == Role.OWNER) & (Person.source == "import")
    people = {person.owner_id: person for person in Person.select().where(imported)}
    contacts: dict[int | None, list[Contact]] = defaultdict(list)
    for contact in Contact.select().join(Person).where(imported):
        contacts[contact.person_id].append(contact)
    for line in found:
        owner = owners.take(line.name)
        given = [_mandate(number, owner, line, mandates, findings) for number in line.mandates]
        known = people.get(owner.id)
        reached = _reached(owner, line, known, contacts[known.id] if known else [])
        counts.count(added=known is None, changed=any(given) or reached)
    for name in owners.missing_from(line.name for line in found):
        findings.warn(0, "owner_name", name, "known and no longer in this file: kept")
    return counts


def _mandate(number: str, owner: Owner, line: OwnerLine, mandates: dict[str, Mandate], findings: Findings) -> bool:
    known = mandates.get(number)
    if known is None:
        mandates[number] = Mandate.create(number=number, owner=owner)
        return True
    if known.owner_id == owner.id:
        return False
    advice = f"this mandate was {known.owner.name!r}'s, and is now this owner's: see that the leases say so too"
    findings.warn(line.line, "mandates", number, advice)
    return settle(known, {"owner": owner.id})


def _reached(owner: Owner, line: OwnerLine, known: Person | None, contacts: list[Contact]) -> bool:
    """The owner as somebody who writes and is written to."""
    civility, name = split_civility(line.name)
    wanted = {"role": str(Role.OWNER), "civility": civility, "last_name": name, "wording": line.name}
    person = known or Person.create(owner=owner.id, **wanted)
    changed = settle_contacts({"person": person.id}, contacts, line.contacts)
    return known is None or settle(known, wanted) or changed
