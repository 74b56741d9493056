"""Which leases a letter seems to be about, from what it says: a suggestion with its reasons, never acted upon.

Each clue is worth something by itself, and they add up like independent chances. Two people with nearly the same name
are both shown, and neither with much confidence: a wrong file is worse than none.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from rules.clues import Clues, lot_key, number_key, phone_key
from rules.fold import fold
from rules.letter import normalise_address
from rules.naming import Likely, Names
from rules.plan import Suggestion
from rules.roll import LeaseEntry
from rules.spelling import word_set, words

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

SHOWN = 5  # suggestions
FLOOR = 0.12  # a score under it isn't worth a manager's glance
SURE = 0.99  # no text is surer
NAMESAKE = 0.5  # of the best name's worth: one so close is a namesake
APART = 0.25  # of other evidence, which tells namesakes apart
UNSURE = 0.45  # the most that a name is worth beside its namesake's
LEFT = 0.6  # of the score, for a lease that was left
WRONG_KIND = 0.5  # of the score, for a parking place when a flat is meant, and the reverse

# What each clue is worth: the chance that a letter which bears it, and nothing else, is about that lease.
LEASE_NUMBER = 0.9
EMAIL = 0.6  # in the text or as Reply-To: anybody can write it
PHONE = 0.7
LOT_AND_BUILDING = 0.6
LOT_AND_MANDATE = 0.5
LOT = 0.3
BUILDING = 0.25
MANDATE = 0.1

# Words of an address that don't tell one building from another.
GENERIC = word_set(
    "residence immeuble batiment domaine clos cour cours villa villas terrasses jardins jardin parc square avenue "
    "quai route impasse allee boulevard place chemin tour lotissement quartier parking montee passage saint "
    "sainte tours maison grand grande petit petite vieux vieille neuf neuve rouge bleu bleue bleues blanc blanche"
)
# A number, a T3 or F2 flat, m2 and m3, a sheet of A4: as a lot it needs something else beside it.
EVERYDAY_LOT = re.compile(r"^(?:\d+|[tf]\d|m[23]|a[345])$")
MANY = 20  # buildings; a word that tells more of them tells none
ANCHOR = 4  # letters of a word that tells a building


@dataclass(frozen=True, slots=True)
class Facts:
    """A lease in the form in which it is compared; `building` is its property's name."""

    entry: LeaseEntry
    number: str
    lot: str
    mandate: str
    emails: frozenset[str]
    phones: frozenset[str]
    building: str


@dataclass(frozen=True, slots=True)
class Said:
    """The clues, and which buildings they tell."""

    clues: Clues
    reply_to: frozenset[str]
    buildings: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    worth: float
    reason: str


# --- the clues, each `clue(facts, said) -> Evidence | None`


def lease_number(facts: Facts, said: Said) -> Evidence | None:
    return Evidence(LEASE_NUMBER, f"numéro de bail {facts.entry.id}") if facts.number in said.clues.numbers else None


def reply_to(facts: Facts, said: Said) -> Evidence | None:
    known = facts.emails & said.reply_to
    return Evidence(EMAIL, f"adresse de réponse {min(known)}") if known else None


def email_in_text(facts: Facts, said: Said) -> Evidence | None:
    known = facts.emails & said.clues.emails - said.reply_to
    return Evidence(EMAIL, f"adresse {min(known)} dans le texte") if known else None


def phone(facts: Facts, said: Said) -> Evidence | None:
    known = facts.phones & said.clues.phones
    return Evidence(PHONE, f"téléphone 0{min(known)}") if known else None


def place(facts: Facts, said: Said) -> Evidence | None:
    """Lot, building and mandate: a lot alone may be anywhere, a building has many flats."""
    name, lot = facts.entry.property_name or facts.entry.address, facts.entry.lot
    here = facts.building in said.buildings
    if here and facts.lot in said.clues.lots | said.clues.loose:
        return Evidence(LOT_AND_BUILDING, f"lot {lot}, {name}")
    mandated = facts.mandate in said.clues.mandates
    if facts.lot in said.clues.lots and mandated:
        return Evidence(LOT_AND_MANDATE, f"lot {lot}, mandat {facts.entry.mandate}")
    if here or mandated:
        return Evidence(BUILDING, name) if here else Evidence(MANDATE, f"mandat {facts.entry.mandate}")
    elsewhere = bool(said.buildings)  # C12 of another building
    return Evidence(LOT, f"lot {lot}") if facts.lot in said.clues.lots | said.clues.loose and not elsewhere else None


CLUES: tuple[Callable[[Facts, Said], Evidence | None], ...] = (lease_number, reply_to, email_in_text, phone, place)


@dataclass(frozen=True, slots=True)
class Building:
    """The words that tell a property, by its name or by its street, and its leases by lot."""

    by_name: frozenset[str]
    by_street: frozenset[str]
    lots: Mapping[str, tuple[str, ...]]


class Likenesses:
    """Every lease, indexed by what a letter may say of it: asking costs the same for sixty leases and ten thousand."""

    def __init__(self, leases: Iterable[LeaseEntry]) -> None:
        self._facts = {lease.id: _facts(lease) for lease in leases}
        every = self._facts.values()
        self._names = Names((facts.entry.id, person) for facts in every for person in facts.entry.people)
        self._numbers = {facts.number: facts.entry.id for facts in every}
        self._emails = _index((email, facts.entry.id) for facts in every for email in facts.emails)
        self._phones = _index((number, facts.entry.id) for facts in every for number in facts.phones)
        self._lots = _index((facts.lot, facts.entry.id) for facts in every if facts.lot)
        self._mandate_lots = _index(((facts.mandate, facts.lot), facts.entry.id) for facts in every if facts.lot)
        self._buildings = _buildings(every)
        self._anchors = _index(
            (word, name) for name, found in self._buildings.items() for word in found.by_name | found.by_street
        )

    def suggest(self, clues: Clues, day: date, answer_to: Iterable[str] = ()) -> tuple[Suggestion, ...]:
        """The likeliest leases, best first, five at most. A lease left before `day`, the letter's, is less likely."""
        said = self._said(clues, answer_to)
        names = self._names.named_in(clues)
        found = {lease: self._evidence(lease, said) for lease in {*names, *self._told(said)}}
        worth = {lease: _together(evidence) for lease, evidence in found.items()}
        likely = []
        for lease, evidence in found.items():
            name = _beside_namesakes(lease, names, worth)
            score = _together((*evidence, *name)) * self._fit(lease, names, clues, day)
            if score >= FLOOR:
                reasons = tuple(one.reason for one in (*name, *evidence))
                likely.append(Suggestion(lease, round(min(score, SURE), 2), reasons))
        return tuple(sorted(likely, key=lambda one: (-one.score, one.lease))[:SHOWN])

    def bearing(self, leases: Iterable[str], clues: Clues) -> dict[str, float]:
        """What number, lot and building say for each of these leases, 0 to 1, names apart."""
        said = self._said(clues, ())
        return {lease: _together(self._evidence(lease, said)) for lease in leases}

    def _said(self, clues: Clues, answer_to: Iterable[str]) -> Said:
        found = (self._anchors.get(word, ()) for word in clues.words)
        names = {name for buildings in found if len(buildings) <= MANY for name in buildings}
        told = frozenset(name for name in names if _is_told(self._buildings[name], clues.words))
        longest = frozenset(name for name in told if not any(self._swallows(other, name) for other in told))
        return Said(clues, frozenset(normalise_address(address) for address in answer_to), longest)

    def _swallows(self, other: str, name: str) -> bool:
        """`Les Alizés du Rhône` in full isn't `Résidence Les Alizés`."""
        return self._buildings[name].by_name < self._buildings[other].by_name

    def _told(self, said: Said) -> Iterator[str]:
        """The leases that the letter tells by something else than a name."""
        clues = said.clues
        yield from (self._numbers[number] for number in clues.numbers & self._numbers.keys())
        yield from _postings(self._emails, said.reply_to | clues.emails)
        yield from _postings(self._phones, clues.phones)
        yield from _postings(self._mandate_lots, {(mandate, lot) for mandate in clues.mandates for lot in clues.lots})
        for name in said.buildings:
            yield from _postings(self._buildings[name].lots, clues.lots | clues.loose)
        for lot in clues.lots & self._lots.keys():
            if len(self._lots[lot]) == 1 and not EVERYDAY_LOT.match(lot):
                yield from self._lots[lot]

    def _evidence(self, lease: str, said: Said) -> tuple[Evidence, ...]:
        facts = self._facts[lease]
        return tuple(found for clue in CLUES if (found := clue(facts, said)) is not None)

    def _fit(self, lease: str, names: Mapping[str, Likely], clues: Clues, day: date) -> float:
        """Less than 1 for a lease that was left, and for the flat of somebody who means their parking place."""
        entry, wanted = self._facts[lease].entry, clues.parking and not clues.dwelling
        theirs = (other for other in names if lease in names and names[other].bearer.shown == names[lease].bearer.shown)
        wrong = entry.parking != wanted and any(self._facts[other].entry.parking == wanted for other in theirs)
        return (WRONG_KIND if wrong else 1.0) * (LEFT if entry.left_before(day) else 1.0)


def _together(evidence: Iterable[Evidence]) -> float:
    doubt = 1.0
    for one in evidence:
        doubt *= 1 - one.worth
    return 1 - doubt


def _beside_namesakes(lease: str, names: Mapping[str, Likely], worth: Mapping[str, float]) -> tuple[Evidence, ...]:
    """What the name is worth: less when somebody else is named nearly as well, and nothing else tells them apart."""
    mine = names.get(lease)
    if mine is None:
        return ()
    rivals = [
        other.bearer.shown
        for key, other in names.items()
        if other.bearer.shown != mine.bearer.shown
        and mine.bearer.telling & other.bearer.telling
        and min(mine.worth, other.worth) >= NAMESAKE * max(mine.worth, other.worth)
        and worth[lease] - worth[key] < APART
    ]
    if not rivals:
        return (Evidence(mine.worth, mine.reason),)
    return (Evidence(min(mine.worth, UNSURE), f"{mine.reason}, homonyme proche de « {min(rivals)} »"),)


def _is_told(building: Building, said: frozenset[str]) -> bool:
    return any(anchors and anchors <= said for anchors in (building.by_name, building.by_street))


def _facts(lease: LeaseEntry) -> Facts:
    return Facts(
        entry=lease,
        number=number_key(lease.id),
        lot=lot_key(lease.lot),
        mandate=lot_key(lease.mandate),
        emails=frozenset(normalise_address(email) for person in lease.people for email in person.emails),
        phones=frozenset(phone_key(number) for person in lease.people for number in person.phones),
        building=lease.property_code or lease.property_name,
    )


def _buildings(every: Iterable[Facts]) -> dict[str, Building]:
    grouped: defaultdict[str, list[Facts]] = defaultdict(list)
    for facts in every:
        grouped[facts.building].append(facts)
    return {name: _building(found) for name, found in grouped.items() if name}


def _building(found: list[Facts]) -> Building:
    first = found[0].entry
    street = _anchors_of(first.address)
    number = frozenset(word for word in words(fold(first.address))[:1] if word.isdigit())
    lots = _index((facts.lot, facts.entry.id) for facts in found if facts.lot)
    return Building(_anchors_of(first.property_name), street | number if street else street, lots)


def _anchors_of(name: str) -> frozenset[str]:
    return frozenset(word for word in words(fold(name)) if len(word) >= ANCHOR and word not in GENERIC)


def _index(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, tuple[Value, ...]]:
    found: defaultdict[Key, list[Value]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return {key: tuple(values) for key, values in found.items()}


def _postings(index: Mapping[Key, tuple[Value, ...]], keys: Iterable[Key]) -> Iterator[Value]:
    for key in keys:
        yield from index.get(key, ())
