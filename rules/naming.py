"""Who is named in a letter: people of the rent roll, by their surname first, then by what stands around it.

People write their name at the top, in a signature or in a form; the same words in the middle of a sentence may be a
neighbour's. A surname that is also a first name or an everyday word (Martin, Marie, Prix) proves little alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rules.clues import CIVILITIES, LOT_WORDS, Clues, Line
from rules.fold import fold
from rules.roll import PersonEntry
from rules.spelling import PARTICLES, TYPO_LENGTH, core, one_error_apart, shortened, word_set, words

# What a name is worth, by how much of the surname and of the first name was found.
WORTH = {
    ("whole", "whole"): 0.75,
    ("whole", "part"): 0.55,
    ("whole", "initial"): 0.55,
    ("whole", "none"): 0.4,
    ("whole", "other"): 0.15,
    ("part", "whole"): 0.6,
    ("part", "part"): 0.4,
    ("part", "initial"): 0.3,
    ("part", "none"): 0.15,
    ("part", "other"): 0.05,
}
PLACES = {"display": 1.0, "short": 0.9, "body": 0.7}
TYPO = 0.85  # of the worth, when a letter of the surname is wrong
COMMON = 0.5  # of the worth of a surname that is an everyday word or a first name, and stands alone
MIDDLE = 0.4  # of the worth of a surname alone in the middle of a sentence, without Mme or M.
ANOTHER = 0.3  # of the worth, when the name goes on: Jean-Baptiste Noël isn't Jean Baptiste
RELATIVE = 0.5  # of a surname alone, when the writer bears it with another first name
SWALLOWED = 0.25  # the most, when the same words and more make another person's name
AROUND = 3  # words around a surname in which a first name is looked for
POSTINGS = 12  # bearers of a surname; with more, only those whose first name stands beside it are compared

# Surnames that are also words of any letter, or first names; those of the roll are added to them.
EVERYDAY = word_set(
    "agricole berger blanc bois boucher brun etang fontaine grand leger legrand marchand moulin noir page "
    "parc petit prix rose roux saint sainte adam albert alexandre alexis andre arnaud bastien baptiste benoit "
    "bernard bertrand charles claude clement colin daniel david denis didier etienne fabien florent francois "
    "gabriel georges gerard gilbert gilles guillaume guy henri hubert jacques jean joseph laurent leon louis "
    "luc lucas marc marcel marie martin mathieu maurice michel nicolas noel olivier paul philippe pierre "
    "raymond remy rene richard robert roger roland simon thierry thomas valentin victor vincent xavier yves"
)
# Words that stand beside a name and are none.
NO_NAMES = CIVILITIES | PARTICLES | LOT_WORDS | word_set("and bat et ex fille fils locataire ou pour proprietaire via")


@dataclass(frozen=True, slots=True)
class Bearer:
    """A person of a lease, as words."""

    lease: str
    shown: str
    last: tuple[str, ...]
    first: tuple[str, ...]
    telling: frozenset[str]  # words of the surname, particles apart


@dataclass(frozen=True, slots=True)
class Likely:
    """A person whom the letter seems to name; `span` are the places of the words that say so."""

    bearer: Bearer
    worth: float
    reason: str
    first: str  # how much of the first name was found, as in WORTH
    span: frozenset[tuple[int, int]]


class Names:
    """The people of the roll, found by the words of their surnames, also with one letter wrong."""

    def __init__(self, people: Iterable[tuple[str, PersonEntry]]) -> None:
        bearers = [_bearer(lease, person) for lease, person in people if person.last_name]
        self._first_names = frozenset(word for bearer in bearers for word in bearer.first)
        self._by_surname: dict[str, list[Bearer]] = defaultdict(list)
        self._by_both: dict[tuple[str, str], list[Bearer]] = defaultdict(list)
        for bearer in bearers:
            for word in bearer.telling | {"".join(bearer.last)}:
                self._by_surname[word].append(bearer)
                for first in bearer.first:
                    self._by_both[word, first].append(bearer)
        self._by_error: dict[str, list[str]] = defaultdict(list)
        for word in self._by_surname:
            if len(word) >= TYPO_LENGTH:
                for key in shortened(word):
                    self._by_error[key].append(word)

    def named_in(self, clues: Clues) -> Mapping[str, Likely]:
        """By lease, the person of it whom the letter names best."""
        found: dict[str, Likely] = {}
        relatives: set[Bearer] = set()
        for likely in self._every(clues):
            if likely.first == "other":
                relatives.add(likely.bearer)
            by_relative = likely.first == "none" and likely.bearer in relatives
            weighed = replace(likely, worth=likely.worth * RELATIVE) if by_relative else likely
            best = found.get(likely.bearer.lease)
            if best is None or weighed.worth > best.worth:
                found[likely.bearer.lease] = weighed
        return {lease: _beside_others(likely, found.values()) for lease, likely in found.items()}

    def _every(self, clues: Clues) -> Iterator[Likely]:
        """Everybody named, in the order of the lines: the sender's own name comes first."""
        for number, line in enumerate(clues.lines):
            for index, word in enumerate(line.words):
                yield from self._at(line, number, index, word)

    def _at(self, line: Line, number: int, index: int, word: str) -> Iterator[Likely]:
        for surname in self._spelled(word, line.place):
            said = line if surname == word else replace(line, words=_with(line.words, index, surname))
            for bearer in self._bearers(surname, said, index):
                likely = self._compare(bearer, said, number, index)
                yield likely if surname == word else replace(likely, worth=likely.worth * TYPO)

    def _spelled(self, word: str, place: str) -> Iterable[str]:
        if word in self._by_surname:
            return (word,)
        if place == "body" or len(word) < TYPO_LENGTH:
            return ()
        near = {surname for key in shortened(word) for surname in self._by_error.get(key, ())}
        return sorted(surname for surname in near if one_error_apart(surname, word))

    def _bearers(self, surname: str, line: Line, index: int) -> Iterable[Bearer]:
        bearers = self._by_surname[surname]
        if len(bearers) <= POSTINGS:
            return bearers
        around = line.words[max(0, index - AROUND) : index + AROUND + 1]
        return {id(bearer): bearer for word in around for bearer in self._by_both.get((surname, word), ())}.values()

    def _compare(self, bearer: Bearer, line: Line, number: int, index: int) -> Likely:
        surname, here = _surname_at(bearer, line.words, index)
        first, beside = _first_name_near(bearer, line, here)
        worth = WORTH[surname, first] * PLACES[line.place]
        if first in {"none", "initial"} and len(here) == 1 and self._is_common(line.words[index]):
            worth *= COMMON
        if first == "none" and line.place == "body" and not _is_addressed(line.words, min(here)):
            worth *= MIDDLE
        if first in {"whole", "part"} and self._goes_on(bearer, line, here | beside):
            worth *= ANOTHER
        said = " ".join(line.words[place] for place in sorted(here | beside))
        reason = _REASONS[first].format(said=said, name=bearer.shown)
        return Likely(bearer, worth, reason, first, frozenset((number, place) for place in here | beside))

    def _goes_on(self, bearer: Bearer, line: Line, places: frozenset[int]) -> bool:
        """Another name stands beside this one; in a text, only first names are doubted so: any word may come next."""
        after = line.words[max(places) + 1 : max(places) + 2]
        if line.place == "display":
            after = (*line.words[max(0, min(places) - 1) : min(places)], *after)
        elif not all(self._is_common(line.words[place]) for place in places):
            return False
        return any(_is_name(word) and word not in bearer.last and word not in bearer.first for word in after)

    def _is_common(self, word: str) -> bool:
        return word in EVERYDAY or word in self._first_names


_REASONS = {
    "whole": "nom « {name} »",
    "part": "nom proche de « {name} » (« {said} »)",
    "initial": "nom et initiale de « {name} » (« {said} »)",
    "none": "nom de famille de « {name} » (« {said} »)",
    "other": "même nom de famille que « {name} », autre prénom",
}


def _bearer(lease: str, person: PersonEntry) -> Bearer:
    last, first = words(fold(person.last_name)), words(fold(person.first_name))
    return Bearer(lease, person.name, tuple(last), tuple(first), frozenset(core(last)))


def _surname_at(bearer: Bearer, said: tuple[str, ...], index: int) -> tuple[str, frozenset[int]]:
    """How much of the surname stands there, and in which places."""
    last, size = bearer.last, len(bearer.last)
    for start in range(max(0, index - size + 1), index + 1):
        if said[start : start + size] == last:
            return "whole", frozenset(range(start, start + size))
    alone = said[index] == "".join(last) or bearer.telling == {said[index]}
    return ("whole" if alone else "part"), frozenset((index,))


def _first_name_near(bearer: Bearer, line: Line, here: frozenset[int]) -> tuple[str, frozenset[int]]:
    low, high = max(0, min(here) - AROUND), min(len(line.words), max(here) + AROUND + 1)
    places = [place for place in range(low, high) if place not in here]
    found = frozenset(place for place in places if line.words[place] in bearer.first)
    if bearer.first and len({line.words[place] for place in found}) == len(set(bearer.first)):
        return "whole", found
    glued = frozenset(place for place in places if len(bearer.first) > 1 and line.words[place] == "".join(bearer.first))
    if glued:
        return "whole", glued
    if found:
        return "part", found
    initials = _initials(bearer, line.words, places)
    if initials:
        return "initial", initials
    return ("other" if _is_somebody_else(line, here) else "none"), frozenset()


def _initials(bearer: Bearer, said: tuple[str, ...], places: list[int]) -> frozenset[int]:
    """`J. Achterberg`, `JL Martin`; a lone `m` is rather Monsieur."""
    if not bearer.first:
        return frozenset()
    wanted = {bearer.first[0][0], "".join(word[0] for word in bearer.first)} - {"m"}
    return frozenset(place for place in places if said[place] in wanted)


def _is_somebody_else(line: Line, here: frozenset[int]) -> bool:
    """The name shown by the sender's program holds another first name."""
    if line.place != "display":
        return False
    return any(_is_name(word) for place, word in enumerate(line.words) if place not in here)


def _is_name(word: str) -> bool:
    return len(word) > 1 and word.isalpha() and word not in NO_NAMES


def _is_addressed(said: tuple[str, ...], start: int) -> bool:
    return start > 0 and said[start - 1] in CIVILITIES


def _with(said: tuple[str, ...], index: int, surname: str) -> tuple[str, ...]:
    return (*said[:index], surname, *said[index + 1 :])


def _beside_others(likely: Likely, others: Iterable[Likely]) -> Likely:
    """Jean Baptiste is swallowed by Éric Jean-Baptiste when all three words are there."""
    swallowed = any(likely.span < other.span and other.worth >= likely.worth for other in others)
    return replace(likely, worth=min(likely.worth, SWALLOWED)) if swallowed else likely
