"""Who is meant: a colleague by name, the owner of a lease, the person of a lease who writes from a new address."""

import re

from archive.records import Case, Contact, Lease, Mandate, Person
from rules.clues import CIVILITIES
from rules.fold import fold
from rules.identity import Directory
from rules.letter import normalise_address
from rules.plan import Role
from rules.roll import ManagerEntry


def find_manager(said: str, directory: Directory) -> ManagerEntry | None:
    """The one manager of that id, address or name (any part of it that is theirs alone)."""
    named = managers_named(said, directory)
    return named[0] if len(named) == 1 else None


def managers_named(said: str, directory: Directory) -> list[ManagerEntry]:
    """Every manager who can be meant by an id, an address or a part of a name."""
    wanted = said.strip().strip(".,;")
    by_id = [one for one in directory.managers.values() if one.id.casefold() == wanted.casefold()]
    if by_id:
        return by_id
    words = _words(wanted)
    address = normalise_address(wanted)
    return [
        one
        for one in directory.managers.values()
        if address in map(normalise_address, one.emails) or (words and words <= _words(one.name))
    ]


def owner_addresses(case: Case) -> list[str]:
    """Where the owner of a case's lease can be written to."""
    owner = case.owner_id
    if owner is None and case.lease_id:
        mandate = Mandate.get_or_none(Mandate.number == Lease.get_by_id(case.lease_id).mandate_id)
        owner = mandate.owner_id if mandate is not None else None
    if owner is None:
        return []
    rows = (
        Contact.select(Contact.value)
        .join(Person, on=(Contact.person == Person.id))
        .where(Person.owner == owner, Contact.kind == "email")
        .order_by(Contact.id)
    )
    return [str(row.value) for row in rows]


def likely_person(lease: str, name: str) -> Person | None:
    """Of the people of a lease, the one whose name that is, else its tenant."""
    people = list(Person.select().where(Person.lease == lease).order_by(Person.id))
    words = _words(name)
    named = [one for one in people if words and _words(f"{one.first_name} {one.last_name}") & words]
    if len(named) == 1:
        return named[0]
    return next((one for one in people if one.role == Role.TENANT), people[0] if people else None)


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", fold(name))) - CIVILITIES
