"""Whose letter it is. Only an equal address identifies; text only suggests (see `rules.likeness`).

Reply-To proves nothing: anybody writes anything there, and a web form that writes in our name puts a stranger in it.
An address that two strangers share identifies neither: told the wrong file is worse than asked for a reference.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from rules.clues import CIVILITIES, Clues, gather
from rules.fold import fold
from rules.letter import Letter, normalise_address
from rules.likeness import Likenesses
from rules.plan import Identity, Role, Suggestion
from rules.roll import LeaseEntry, ManagerEntry, OwnerEntry, PersonEntry
from rules.spelling import words

__all__ = ["Directory", "LeaseEntry", "ManagerEntry", "OwnerEntry", "PersonEntry"]

# Of several people of one lease who share an address, the first of these is taken for the one who writes.
RANK = (Role.TENANT, Role.CO_TENANT, Role.OCCUPANT, Role.GUARANTOR, Role.FORMER, Role.UNCLEAR)
SHARED = 0.3  # score of a lease whose address also belongs to strangers
Value = TypeVar("Value")

SHARED_ADDRESS = "adresse partagée par plusieurs personnes"


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has an address; `key` is the name in a form that tells the same person again."""

    role: Role
    name: str
    key: tuple[str, ...]
    lease: str | None = None
    owner: OwnerEntry | None = None
    manager: ManagerEntry | None = None


@dataclass(frozen=True)
class Directory:
    """Everybody whom the agency knows, by address, and every lease by what a letter may say of it."""

    leases: Mapping[str, LeaseEntry]
    managers: Mapping[str, ManagerEntry]
    holders: Mapping[str, tuple[Holder, ...]]
    likenesses: Likenesses

    @classmethod
    def of(
        cls, leases: Iterable[LeaseEntry], owners: Iterable[OwnerEntry] = (), managers: Iterable[ManagerEntry] = ()
    ) -> "Directory":
        leases, managers = tuple(leases), tuple(managers)
        holders: defaultdict[str, list[Holder]] = defaultdict(list)
        for address, holder in _holders(leases, owners, managers):
            holders[address].append(holder)
        return cls(
            leases={lease.id: lease for lease in leases},
            managers={manager.id: manager for manager in managers},
            holders={address: tuple(found) for address, found in holders.items()},
            likenesses=Likenesses(leases),
        )

    def lease(self, number: str) -> LeaseEntry | None:
        return self.leases.get(number)

    def site_of(self, identity: Identity) -> str:
        """The site of the lease that is certain, else of the manager in charge; '' when neither is."""
        lease = self.leases.get(identity.lease or "")
        if lease is not None and lease.site:
            return lease.site
        manager = self.managers.get(identity.manager or "")
        return "" if manager is None else manager.site

    def identify(self, letter: Letter, text: str) -> Identity:
        """Who wrote `letter`, and about which lease; `text` is what was written, the subject included."""
        holders = self.holders.get(normalise_address(letter.sender.address), ())
        manager = next((holder.manager for holder in holders if holder.manager is not None), None)
        if manager is not None:
            return Identity(Role.MANAGER, manager.name, manager=manager.id, method="address")
        owners = [holder for holder in holders if holder.owner is not None]
        tenants = [holder for holder in holders if holder.lease is not None]
        if _are_strangers(tenants) or (tenants and len({holder.key for holder in holders}) > 1 and owners):
            return self._shared(letter, text, tenants)
        if tenants:
            return self._tenant(letter, text, tenants, owners)
        suggestions = self._suggestions(letter, text)
        return _owner(owners, suggestions) if owners else Identity(suggestions=suggestions)

    def _tenant(self, letter: Letter, text: str, tenants: list[Holder], owners: list[Holder]) -> Identity:
        leases = {holder.lease: self.leases[holder.lease] for holder in tenants if holder.lease is not None}
        lease = self._told_apart(tuple(leases.values()), letter, text)
        writers = [holder for holder in tenants if lease is None or holder.lease == lease.id]
        writer = min(writers, key=_rank)
        left = all(entry.left_before(letter.received_at.date()) for entry in ([lease] if lease else leases.values()))
        return Identity(
            party=Role.FORMER if left and writer.role in {Role.TENANT, Role.CO_TENANT} else writer.role,
            name=writer.name if len({holder.key for holder in writers}) == 1 else "",
            lease=lease.id if lease else None,
            leases=tuple(leases),
            owner=owners[0].name if owners else None,
            manager=_in_charge([lease] if lease else leases.values()),
            method="address",
            suggestions=() if lease else self._suggestions(letter, text, among=frozenset(leases)),
        )

    def _told_apart(self, leases: tuple[LeaseEntry, ...], letter: Letter, text: str) -> LeaseEntry | None:
        """Of one person's leases, the one that the letter is about: by number, place or kind, else the dwelling."""
        if len(leases) == 1:
            return leases[0]
        clues = gather(letter, text)
        bearing = self.likenesses.bearing([lease.id for lease in leases], clues)
        best = [lease for lease in leases if bearing[lease.id] == max(bearing.values())]
        kind = _of_kind(best, clues)
        return _only(best) or _only(kind) or _only(_current(kind, letter.received_at.date()))

    def _suggestions(self, letter: Letter, text: str, among: frozenset[str] | None = None) -> tuple[Suggestion, ...]:
        found = self.likenesses.suggest(
            gather(letter, text), letter.received_at.date(), [address.address for address in letter.reply_to]
        )
        return found if among is None else tuple(one for one in found if one.lease in among)

    def _shared(self, letter: Letter, text: str, tenants: list[Holder]) -> Identity:
        """Nothing is certain; their leases are suggested, those first that the text speaks of."""
        found = {one.lease: one for one in self._suggestions(letter, text)}
        leases = dict.fromkeys(holder.lease for holder in tenants if holder.lease is not None)
        merged = [_with_shared_address(found.get(lease, Suggestion(lease, 0.0))) for lease in leases]
        return Identity(
            Role.UNCLEAR,
            manager=_in_charge(self.leases[lease] for lease in leases),
            method="address",
            suggestions=tuple(sorted(merged, key=lambda one: (-one.score, one.lease))),
        )


def _holders(
    leases: Iterable[LeaseEntry], owners: Iterable[OwnerEntry], managers: Iterable[ManagerEntry]
) -> Iterator[tuple[str, Holder]]:
    for lease in leases:
        for person in lease.people:
            yield from _at(person.emails, Holder(person.role, person.name, _key(person.name), lease=lease.id))
    for owner in owners:
        yield from _at(owner.emails, Holder(Role.OWNER, owner.name, _key(owner.name), owner=owner))
    for manager in managers:
        yield from _at(manager.emails, Holder(Role.MANAGER, manager.name, _key(manager.name), manager=manager))


def _at(emails: Iterable[str], holder: Holder) -> Iterator[tuple[str, Holder]]:
    """Each address once; an empty one would be that of every letter without a sender."""
    addresses = dict.fromkeys(map(normalise_address, emails))
    return ((address, holder) for address in addresses if "@" in address)


def _key(name: str) -> tuple[str, ...]:
    return tuple(sorted(word for word in words(fold(name)) if word not in CIVILITIES))


def _rank(holder: Holder) -> int:
    return RANK.index(holder.role) if holder.role in RANK else len(RANK)


def _are_strangers(tenants: list[Holder]) -> bool:
    """Several people, and not all of them in the same leases: a household shares its leases, strangers don't."""
    leases: defaultdict[tuple[str, ...], set[str | None]] = defaultdict(set)
    for holder in tenants:
        leases[holder.key].add(holder.lease)
    return len({frozenset(found) for found in leases.values()}) > 1


def _owner(owners: list[Holder], suggestions: tuple[Suggestion, ...]) -> Identity:
    known = _only([owner.owner for owner in owners if owner.owner is not None])
    if known is None:  # spouses, companies of one family: owners all the same
        return Identity(Role.OWNER, method="address", suggestions=suggestions)
    return Identity(
        Role.OWNER, known.name, owner=known.name, manager=known.manager, method="address", suggestions=suggestions
    )


def _with_shared_address(found: Suggestion) -> Suggestion:
    return replace(found, score=max(found.score, SHARED), reasons=(*found.reasons, SHARED_ADDRESS))


def _of_kind(leases: list[LeaseEntry], clues: Clues) -> list[LeaseEntry]:
    """Parking places when only those are meant, else dwellings."""
    wanted = clues.parking and not clues.dwelling
    return [lease for lease in leases if lease.parking == wanted] or leases


def _current(leases: list[LeaseEntry], day: date) -> list[LeaseEntry]:
    return [lease for lease in leases if not lease.left_before(day)]


def _in_charge(leases: Iterable[LeaseEntry]) -> str | None:
    return _only({lease.manager for lease in leases})


def _only(found: Iterable[Value]) -> Value | None:
    """The one value, when there is exactly one."""
    every = tuple(found)
    return every[0] if len(every) == 1 else None
