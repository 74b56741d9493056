"""Whom a mail of our own people is for: what its headers say, and who has a part in the case."""

from collections.abc import Iterable

from archive.records import Case, Contact, Message, Person
from rules.identity import Directory
from rules.letter import Letter, normalise_address
from rules.plan import Role


def answered_ids(letter: Letter) -> tuple[str, ...]:
    """The Message-IDs that it answers, the nearest first."""
    return (*letter.in_reply_to, *reversed(letter.references))


def recipients(letter: Letter) -> list[str]:
    """Every address that it went to, as its headers and its envelope say."""
    headers = [normalise_address(one.address) for one in (*letter.to, *letter.cc)]
    delivered = [letter.header("delivered-to"), letter.header("x-original-to"), *letter.envelope_recipients]
    return [*headers, *(normalise_address(one.strip("<> ")) for one in delivered if one)]


def addressees(case: Case | None, directory: Directory) -> frozenset[str]:
    """Whom an answer in this case may be for: who wrote first, the people of the lease, the owner, who wrote since."""
    if case is None:
        return frozenset()
    wrote = Message.select(Message.sender).where(Message.case == case.ref, Message.direction == "in")
    theirs = {one.sender for one in wrote if _is_of(one.sender, case, directory)}
    return frozenset({normalise_address(case.sender), *theirs, *_registered(case)}) - {""}


def copied(asked: Letter, case: Case) -> set[str]:
    """The tenants of the lease whom the writer had in copy."""
    return {normalise_address(one.address) for one in (*asked.to, *asked.cc)} & _registered(case)


def lease_of(addresses: Iterable[str], directory: Directory) -> str | None:
    """The one lease whose people a mail went to."""
    leases = {holder.lease for one in addresses for holder in directory.holders.get(one, ()) if holder.lease}
    return leases.pop() if len(leases) == 1 else None


def _is_of(address: str, case: Case, directory: Directory) -> bool:
    holders = directory.holders.get(normalise_address(address), ())
    lease = any(holder.lease == case.lease_id for holder in holders if holder.lease)
    return lease or (case.party == Role.OWNER and any(holder.owner is not None for holder in holders))


def _registered(case: Case) -> set[str]:
    """The addresses of the tenants of its lease."""
    if not case.lease_id:
        return set()
    roles = [Role.TENANT, Role.CO_TENANT]
    rows = (
        Contact.select(Contact.value)
        .join(Person, on=(Contact.person == Person.id))
        .where(Person.lease == case.lease_id, Person.role.in_(roles), Contact.kind == "email")
    )
    return {normalise_address(row.value) for row in rows}
