"""What the cases of a building have to do with one another."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from peewee import Database

from archive.prepared import add
from archive.records import Case, Lease, Mandate, Owner, Property
from archive.threads import cluster_of

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NOTHING = Decimal("0.00")


def building(code: str, leases: int) -> None:
    owner = Owner.create(name=f"SCI {code}")
    add(Mandate, number=code, owner=owner.id)
    add(Property, code=code, name=f"Résidence {code}")
    for number in range(leases):
        money = {"rent": NOTHING, "charges": NOTHING, "other": NOTHING, "deposit": NOTHING}
        add(Lease, id=f"{code}-{number}", mandate=code, property=code, start=NOW.date(), **money)


def failure(ref: str, lease: str, *, hours: int = 0, status: str = "open") -> Case:
    at = NOW + timedelta(hours=hours)
    told = {
        "label": "reclamation/travaux",
        "party": "tenant",
        "subject": "Ascenseur en panne",
        "sender": f"{ref}@example.org",
    }
    add(Case, ref=ref, lease=lease, received_at=at, due_at=at, status=status, **told)
    return Case.get_by_id(ref)


def test_neighbours_who_tell_of_one_failure_within_a_day_are_a_cluster(opened: Database) -> None:
    building("A", 3)
    first = failure("1", "A-0")
    failure("2", "A-1", hours=2)
    failure("3", "A-2", hours=30)

    assert [case.ref for case in cluster_of(first)] == ["2"]


def test_another_building_and_a_case_that_is_closed_are_not_of_it(opened: Database) -> None:
    building("A", 2)
    building("B", 1)
    first = failure("1", "A-0")
    failure("2", "B-0", hours=1)
    failure("3", "A-1", hours=1, status="closed")

    assert cluster_of(first) == ()
