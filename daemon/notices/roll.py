"""The leases with their people and their accounts, as the rules take them, read some hundreds at a time.

However many leases there are, only one batch of accounts is in memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from peewee import JOIN

from archive import records
from archive.records import Contact, Manager, Mandate, Movement, Owner, Person, Property
from rules.labels import Mode
from rules.ledger import Entry, Kind
from rules.notice import Lease, Named
from rules.plan import Role

BATCH = 500  # leases read at once


@dataclass(frozen=True, slots=True)
class Account:
    """A lease with all that its notice needs. `wish` is the channel that was asked for: email or post."""

    lease: Lease
    people: tuple[Named, ...]
    entries: tuple[Entry, ...]
    wish: str
    consent_on: date | None
    address: str  # the tenant's first e-mail address
    manager: str | None
    site: str


def batches(ids: Iterable[str] | None = None) -> Iterator[list[Account]]:
    """Every account, or those of these leases, in the order of the leases' numbers."""
    wanted = sorted(set(ids)) if ids is not None else _every()
    rest = iter(wanted)
    while some := list(islice(rest, BATCH)):
        yield _read(some)


def account(lease: str) -> Account | None:
    """One account; None when there is no such lease."""
    return next((one for batch in batches([lease]) for one in batch), None)


def _every() -> list[str]:
    return [str(row.id) for row in records.Lease.select(records.Lease.id).order_by(records.Lease.id)]


def _read(ids: list[str]) -> list[Account]:
    people = _people(ids)
    entries = _entries(ids)
    addresses = _addresses(ids)
    return [
        _account(row, people[row.id], entries[row.id], addresses.get(row.id, "")) for row in _leases(ids)
    ]  # fmt: skip


def _leases(ids: list[str]) -> Iterable[records.Lease]:
    table = records.Lease
    joined = (
        table.select(table, Mandate, Owner, Property, Manager)
        .join(Mandate)
        .join(Owner)
        .switch(table)
        .join(Property)
        .join(Manager, JOIN.LEFT_OUTER)
    )
    return list(joined.where(table.id.in_(ids)).order_by(table.id))


def _account(row: records.Lease, people: list[Named], entries: list[Entry], address: str) -> Account:
    building = row.property
    manager = building.manager
    lease = Lease(
        id=row.id,
        start=row.start,
        end=row.end,
        left_on=row.left_on,
        rent=row.rent,
        charges=row.charges,
        other=row.other,
        mandate=row.mandate_id,
        owner=row.mandate.owner.name,
        property=building.name,
        lot=row.lot,
        address=building.address,
        postcode=building.postcode,
        city=building.city,
        payment=Mode(row.payment) if row.payment else Mode.TRANSFER,
        mandate_reference=row.mandate_reference,
        insurance_until=row.insurance_until,
        postal=tuple(part.strip() for part in row.postal.split(",") if part.strip()),
        term_months=row.term_months,
    )
    return Account(
        lease,
        tuple(people),
        tuple(entries),
        row.channel,
        row.consent_on,
        address,
        building.manager_id,
        manager.site if manager else "",
    )


def _people(ids: list[str]) -> dict[str, list[Named]]:
    found: defaultdict[str, list[Named]] = defaultdict(list)
    for row in Person.select().where(Person.lease.in_(ids)).order_by(Person.id):
        found[str(row.lease_id)].append(Named(Role(row.role), row.last_name, row.first_name, row.civility))
    return found


def _entries(ids: list[str]) -> dict[str, list[Entry]]:
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    m = Movement
    rows: Any = m.select(m.lease, m.day, m.kind, m.label, m.debit, m.credit, m.reference)
    for lease, *values in rows.where(m.lease.in_(ids)).order_by(m.lease, m.day, m.id).tuples().iterator():
        day, kind, label, debit, credit, reference = values
        found[lease].append(Entry(day, Kind(kind), label, debit, credit, reference))
    return found


def _addresses(ids: list[str]) -> dict[str, str]:
    """The first address of each lease's tenant: the one that their consent is for."""
    rows: Any = (
        Contact.select(Person.lease, Contact.value)
        .join(Person, on=(Contact.person == Person.id))
        .where(Person.lease.in_(ids), Person.role == Role.TENANT, Contact.kind == "email")
        .order_by(Contact.id.desc())
    )
    return dict(rows.tuples())
