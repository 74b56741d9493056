"""What the database knows of everybody, as identification sees it."""

from datetime import date

import pytest
from peewee import Database

from archive.directory import load_directory
from archive.records import Contact, Lease, Property
from rules.letter import Address, Letter
from rules.plan import Role
from tests.agency import NOW, person, take_in


def test_everybody_who_was_imported_is_known_by_their_address(opened: Database) -> None:
    for kind in ("leases", "owners", "managers"):
        take_in(kind)

    directory = load_directory()

    def whose(address: str) -> tuple[Role, str | None, str | None]:
        found = directory.identify(Letter(sender=Address("", address), received_at=NOW), "")
        return found.party, found.lease or found.owner, found.manager

    assert whose("Clemence.Bonnefoy@example.org") == (Role.TENANT, "L00101", "G1")
    assert whose("j.delannoy.travail@example.com") == (Role.TENANT, "L00133", "G3")
    assert whose("sci.balisier@example.org") == (Role.OWNER, "SCI Balisier", "G4")
    assert whose("ml.beauregard@aubrelac.test") == (Role.MANAGER, None, "G4")
    assert whose("inconnu@example.org")[0] == Role.UNKNOWN


@pytest.mark.usefixtures("empty_agency")
def test_a_lease_has_its_place_its_people_and_its_manager() -> None:
    for kind in ("leases", "owners", "managers"):
        take_in(kind)
    Lease.update(left_on=date(2025, 11, 22)).where(Lease.id == "L00139").execute()

    directory = load_directory()

    lease = directory.leases["L00155"]
    assert (lease.property_name, lease.property_code, lease.lot) == ("Résidence Petit-Acajou", "0017", "C13")
    assert (lease.address, lease.postcode, lease.city) == ("Quartier Petit-Acajou, bât. C", "97232", "Le Lamentin")
    assert (lease.manager, lease.site, lease.owner, lease.mandate) == (
        "G5",
        "Martinique",
        "Succession Éloi Privat",
        "2016",
    )
    assert [(one.name, one.role) for one in lease.people] == [
        ("Wendy Cléry", Role.TENANT),
        ("Mégane Cléry", Role.GUARANTOR),
    ]
    assert lease.people[0].phones == ("0639989428",)
    assert directory.leases["L00139"].left_on == date(2025, 11, 22)
    assert [lease.id for lease in directory.leases.values() if lease.parking] == ["L00120", "L00121"]


@pytest.mark.usefixtures("empty_agency")
def test_a_confirmed_address_identifies_too() -> None:
    take_in("leases")
    Contact.create(
        person=person("L00105", "Traoré", "Fatoumata"), kind="email", value="fatoumata@example.org", source="G1"
    )

    found = load_directory().identify(Letter(sender=Address("", "fatoumata@example.org"), received_at=NOW), "")

    assert (found.party, found.lease) == (Role.CO_TENANT, "L00105")


@pytest.mark.usefixtures("empty_agency")
def test_the_manager_of_most_of_an_owners_leases_answers_to_them() -> None:
    for kind in ("leases", "owners", "managers"):
        take_in(kind)

    def in_charge(owner: str) -> str | None:
        entries = (holder.owner for holders in load_directory().holders.values() for holder in holders if holder.owner)
        return next(entry.manager for entry in entries if entry.name == owner)

    assert in_charge("Mme Anne-Sophie Ducrocq") is None  # two leases with G2, two with G3
    Property.update(manager="G3").where(Property.name == "Les Gratte-Nuages").execute()
    assert in_charge("Mme Anne-Sophie Ducrocq") == "G3"


@pytest.mark.usefixtures("empty_agency")
def test_an_agency_without_anybody_is_a_directory_too() -> None:
    assert load_directory().leases == {}
