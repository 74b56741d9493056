"""Which followed cases a letter may belong to: questions to the database, no decision.

The decision (`rules.decide`) takes these views and says which of them counts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from peewee import JOIN

from archive.prepared import Prepared
from archive.records import Case, Contact, Lease, Message, Outgoing, Person
from rules.letter import Label, normalise_address
from rules.matters import AT_ONCE, Told, clusters
from rules.plan import CaseView, Role

REFERENCE = re.compile(r"\bVM-\d{4}-\d{6,}\b", re.IGNORECASE)
MOST_MERGED = 10  # cases merged one into the other
MOST = 3  # views of one kind: a manager reads no longer list
MOST_NEAR = 60  # open cases of one building that are held against each other


def by_reference(refs: Iterable[str]) -> tuple[CaseView, ...]:
    """The cases of these references, in that order; unknown ones are left out."""
    wanted = list(dict.fromkeys(ref.upper() for ref in refs))[:MOST]
    found = {case.ref: case for case in Case.select().where(Case.ref.in_(wanted))} if wanted else {}
    standing = [_standing(found[ref]) for ref in wanted if ref in found]
    return tuple(view(case) for case in {case.ref: case for case in standing}.values())


def _standing(case: Case) -> Case:
    """The case itself, or the one that it has become part of."""
    for _ in range(MOST_MERGED):
        further = Case.get_or_none(Case.ref == case.merged) if case.merged else None
        if further is None:
            break
        case = further
    return case


def by_messages(message_ids: Iterable[str]) -> tuple[CaseView, ...]:
    """The cases of messages that we hold, by Message-ID."""
    wanted = [i for i in dict.fromkeys(message_ids) if i]
    if not wanted:
        return ()
    rows = Message.select(Message.case).where(Message.message_id.in_(wanted), Message.case.is_null(False))
    return by_reference(str(row.case_id) for row in rows)


def in_subject(subject: str) -> tuple[CaseView, ...]:
    """The cases whose reference stands in a subject."""
    return by_reference(REFERENCE.findall(subject))


# The cases that an address has open, newest first, and the building of each.
_OPEN_OF = Prepared(
    lambda sender: (
        Case.select(Case, Lease.property)
        .join(Lease, JOIN.LEFT_OUTER, on=(Case.lease == Lease.id))
        .where(Case.sender == sender, Case.status.in_(["open", "waiting"]))
        .order_by(Case.received_at.desc())
        .limit(MOST)
    ),
    sender=Case.sender,
)


def open_of(sender: str) -> tuple[CaseView, ...]:
    """The cases that an address has open, newest first: for a hint, so who takes part in them isn't asked."""
    found = _OPEN_OF.models(Case, sender=normalise_address(sender)) if sender else ()
    return tuple(replace(_view(case, frozenset()), told=_told(case, building)) for case, (building,) in found)


def told(cases: Sequence[Case]) -> dict[str, Told]:
    """What these cases are about, by their references: the subject, and what we quoted of the letters."""
    places = _places(cases)
    return {case.ref: _told(case, places.get(case.lease_id or "")) for case in cases}


def _told(case: Case, building: object) -> Told:
    return Told(
        ref=case.ref,
        label=case.label,
        sender=case.sender,
        received_at=case.received_at,
        words=f"{case.subject}\n{case.gist}",
        place=str(building or ""),
    )


def _places(cases: Iterable[Case]) -> dict[str, object]:
    """The building of each lease."""
    wanted = [case.lease_id for case in cases if case.lease_id]
    return {str(lease.id): lease.property_id for lease in Lease.select().where(Lease.id.in_(wanted))}


# The open cases of one kind in the building of a lease, between two times, the latest first.
_NEAR = Prepared(
    lambda lease, label, after, before: (
        Case.select(Case, Lease.property)
        .join(Lease, on=(Case.lease == Lease.id))
        .where(
            Lease.property == Lease.select(Lease.property).where(Lease.id == lease),
            Case.status.in_(["open", "waiting"]),
            Case.label == label,
            Case.received_at > after,
            Case.received_at < before,
        )
        .order_by(Case.received_at.desc())
        .limit(MOST_NEAR)
    ),
    lease=Lease.id,
    label=Case.label,
    after=Case.received_at,
    before=Case.received_at,
)


def cluster_of(case: Case) -> tuple[Told, ...]:
    """The other open cases of the building that tell of the same failure, within a day; none for a matter alone."""
    if case.lease_id is None:
        return ()
    at = case.received_at
    near = _NEAR.models(Case, lease=case.lease_id, label=case.label, after=at - AT_ONCE, before=at + AT_ONCE)
    groups = clusters([_told(one, building) for one, (building,) in near])
    found = next((group for group in groups if case.ref in {one.ref for one in group}), ())
    return tuple(one for one in found if one.ref != case.ref)


def was_asked(sender: str) -> bool:
    """This address was asked for its lease reference, in a case that is still open."""
    query = (
        Outgoing.select()
        .join(Case, on=(Outgoing.case == Case.ref))
        .where(
            Outgoing.recipient == sender,
            Outgoing.template == "acknowledgement_unknown",
            Case.status.in_(["open", "waiting"]),
        )
    )
    return bool(query.exists())


def view(case: Case) -> CaseView:
    return _view(case, _participants(case))


def _view(case: Case, participants: frozenset[str]) -> CaseView:
    return CaseView(
        ref=case.ref,
        label=Label(case.label),
        status=case.status,
        lease=case.lease_id,
        urgent=case.urgent,
        participants=participants,
        waits_for=case.waits_for,
        due_at=case.due_at,
        paused_at=case.paused_at,
        answered=case.answered_at is not None,
        manager=case.manager_id,
    )


def _participants(case: Case) -> frozenset[str]:
    """Who wrote in a case, the tenants of its lease, and the owner who was asked."""
    received = (Message.case == case.ref) & (Message.direction == "in")
    wrote = {message.sender for message in Message.select(Message.sender).where(received)}
    tenants = (
        Contact.select(Contact.value)
        .join(Person, on=(Contact.person == Person.id))
        .where(
            Person.lease == case.lease_id,
            Person.role.in_([Role.TENANT, Role.CO_TENANT]),
            Contact.kind == "email",
        )
    )
    named = {c.value for c in tenants} if case.lease_id else set()
    return frozenset(wrote | named | asked_in(case) | {case.sender}) - {""}


def asked_in(case: Case) -> set[str]:
    """The addresses of owners whose agreement was asked in a case."""
    asked = (Outgoing.case == case.ref) & (Outgoing.template == "agreement")
    return {normalise_address(row.recipient) for row in Outgoing.select(Outgoing.recipient).where(asked)}
