"""Everybody the agency knows, read from the database as one value: what identification looks a letter's sender up in.

Read as of one instant, so that an import that is under way is seen whole or not at all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from archive.database import reading
from archive.records import Contact, Lease, Manager, Mandate, Owner, Person, Property, Share
from rules.fold import fold
from rules.identity import Directory, LeaseEntry, ManagerEntry, OwnerEntry, PersonEntry
from rules.labels import UNLIVED
from rules.plan import Role

Addresses = Mapping[int | str | None, Mapping[str, list[str]]]


def load_directory() -> Directory:
    """Read it all; 60 leases take about 10 ms, 10,000 about a second. Raises `Unavailable`."""
    with reading():
        managers = {manager.id: manager for manager in Manager.select().order_by(Manager.id)}
        owners = list(Owner.select().order_by(Owner.id))
        mandates = {mandate.number: mandate for mandate in Mandate.select().order_by(Mandate.number)}
        properties = {row.code: row for row in Property.select()}
        shares = list(Share.select().order_by(Share.manager))
        leases = list(Lease.select().order_by(Lease.id))
        people = list(Person.select().order_by(Person.id))
        contacts = list(Contact.select().order_by(Contact.id))

    sharing: dict[str, list[str]] = defaultdict(list)
    for share in shares:
        sharing[share.property_id].append(share.manager_id)
    of_person = _addresses((contact.person_id, contact) for contact in contacts)
    of_manager = _addresses((contact.manager_id, contact) for contact in contacts)
    named = _named(people, of_person)
    names = {owner.id: owner.name for owner in owners}
    entries = [
        LeaseEntry(
            id=lease.id,
            mandate=lease.mandate_id,
            owner=names[mandates[lease.mandate_id].owner_id],
            lot=lease.lot,
            left_on=lease.left_on,
            people=tuple(named[lease.id]),
            shares=tuple(sharing[lease.property_id]),
            parking=bool(UNLIVED.search(fold(f"{properties[lease.property_id].name} {lease.lot}"))),
            **_place(properties[lease.property_id], managers),
        )
        for lease in leases
    ]
    return Directory.of(
        leases=entries,
        owners=_owners(owners, mandates.values(), entries, people, of_person),
        managers=[_manager(manager, of_manager) for manager in managers.values()],
    )


def _addresses(contacts: Iterable[tuple[int | str | None, Contact]]) -> Addresses:
    found: dict[int | str | None, dict[str, list[str]]] = defaultdict(lambda: {"email": [], "phone": []})
    for key, contact in contacts:
        found[key].setdefault(contact.kind, []).append(contact.value)
    return found


def _named(people: Iterable[Person], addresses: Addresses) -> Mapping[str | None, list[PersonEntry]]:
    """The people of each lease, in the order in which its line names them."""
    named = defaultdict(list)
    for person in people:
        named[person.lease_id].append(
            PersonEntry(
                role=Role(person.role),
                civility=person.civility,
                last_name=person.last_name,
                first_name=person.first_name,
                emails=tuple(addresses[person.id]["email"]),
                phones=tuple(addresses[person.id]["phone"]),
            )
        )
    return named


def _place(building: Property, managers: Mapping[str, Manager]) -> dict[str, Any]:
    manager = managers.get(building.manager_id or "")
    return {
        "property_name": building.name,
        "property_code": building.code,
        "address": building.address,
        "postcode": building.postcode,
        "city": building.city,
        "manager": building.manager_id,
        "site": manager.site if manager else "",
    }


def _owners(
    owners: Iterable[Owner],
    mandates: Iterable[Mandate],
    leases: Iterable[LeaseEntry],
    people: Iterable[Person],
    addresses: Addresses,
) -> list[OwnerEntry]:
    numbers: dict[int, list[str]] = defaultdict(list)
    emails: dict[int | None, list[str]] = defaultdict(list)
    charges: dict[str, list[str | None]] = defaultdict(list)
    for mandate in mandates:
        numbers[mandate.owner_id].append(mandate.number)
    for person in people:
        emails[person.owner_id] += addresses[person.id]["email"]
    for lease in leases:
        charges[lease.owner].append(lease.manager)
    return [
        OwnerEntry(owner.name, tuple(numbers[owner.id]), tuple(emails[owner.id]), _most_in_charge(charges[owner.name]))
        for owner in owners
    ]


def _most_in_charge(managers: Iterable[str | None]) -> str | None:
    """The manager of most of an owner's leases; None between two equals, for the supervisor to say."""
    ranked = Counter(manager for manager in managers if manager).most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _manager(manager: Manager, addresses: Addresses) -> ManagerEntry:
    others = addresses[manager.id]["email"]
    return ManagerEntry(
        id=manager.id,
        name=f"{manager.first_name} {manager.last_name}".strip(),
        emails=tuple(dict.fromkeys([manager.email, *others])),
        site=manager.site,
    )
