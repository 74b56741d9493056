"""Whether two letters are about one matter: a suggestion for a person, never a decision.

The same kind of thing is named in both (a leak, the lift), or enough of their telling words are the same.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from rules.fold import fold
from rules.spelling import word_set

SOON = timedelta(days=14)  # a second letter about the same thing comes within these
AT_ONCE = timedelta(days=1)  # neighbours who report one failure write within it
STEM = 5  # letters that tell a word, whatever its ending
LIKE = 0.4  # of the shorter letter's words
REMEMBERED = 2000  # texts that were taken apart: each is held against all the others of its building

# What breaks or disturbs, by the words that name it (folded).
_KINDS: tuple[tuple[str, str], ...] = (
    ("water", r"\bfuit\w+|\bplombier|\bdegats? des eaux|\binond\w+|\bevier|\brobinet\w*|\bgoutt\w+|\bsiphon|\btuyau"),
    ("heating", r"\bchauffage|\bchaudiere|\bradiateurs?|\bplus d'eau chaude|\bpas d'eau chaude|\bballon d'eau"),
    ("lift", r"\bascenseurs?"),
    ("power", r"\belectri\w+|\bcourant|\bdisjonct\w+|\bpanne de lumiere|\bminuterie"),
    ("access", r"\bserrures?|\bbadges?|\bdigicode|\binterphone|\bporte d'entree|\bportail|\bvigik"),
    ("damp", r"\bmoisi\w+|\bhumidit\w+|\binfiltrations?"),
    ("noise", r"\bbruits?|\btapage|\bmusique"),
    ("pests", r"\brats?\b|\bsouris\b|\bcafards?|\bpunaises?|\bpigeons?|\bguepes?"),
    ("waste", r"\bpoubelles?|\bencombrants|\blocal poubelles?"),
)
KINDS = tuple((name, re.compile(pattern)) for name, pattern in _KINDS)

_WORD = re.compile(r"[a-z]{4,}")
# Words of every letter, by their first letters: they tell nothing.
_EMPTY = frozenset(
    word[:STEM]
    for word in word_set(
        "bonjour bonsoir madame monsieur merci cordialement appartement logement immeuble residence depuis toujours "
        "encore avec dans pour chez notre votre vous nous sont mais plus cette avoir etre faire pouvez possible "
        "probleme message suite dossier hier jours semaine matin soir demande voici rien tres bien"
    )
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a case tells: its label and lease, who wrote, when, and the words (its subject and its gist)."""

    ref: str
    label: str
    sender: str
    received_at: datetime
    words: str
    place: str = ""  # the building


def alike(first: str, second: str) -> bool:
    """Whether the two texts speak of the same thing."""
    if kinds(first) & kinds(second):
        return True
    one, other = _stems(first), _stems(second)
    shared = one & other
    return len(shared) > 1 and len(shared) >= LIKE * min(len(one), len(other))


@lru_cache(maxsize=REMEMBERED)
def kinds(text: str) -> frozenset[str]:
    """The kinds of things that a text names."""
    folded = fold(text)
    return frozenset(name for name, pattern in KINDS if pattern.search(folded))


@lru_cache(maxsize=REMEMBERED)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in _WORD.findall(fold(text))) - _EMPTY


def same_matter(label: str, words: str, at: datetime, earlier: Iterable[Told]) -> str | None:
    """The case of the same person that a letter seems to go on with, the latest first; None when none fits."""
    fits = (
        case
        for case in sorted(earlier, key=lambda case: case.received_at, reverse=True)
        if case.label == label and abs(at - case.received_at) <= SOON and alike(words, case.words)
    )
    return next((case.ref for case in fits), None)


def clusters(cases: Sequence[Told]) -> tuple[tuple[Told, ...], ...]:
    """Groups of several people of one building who tell of one thing within a day, the earliest case first."""
    found: list[list[Told]] = []
    for case in sorted(cases, key=lambda case: (case.received_at, case.ref)):
        group = next((group for group in found if _joins(case, group)), None)
        if group is None:
            found.append([case])
        else:
            group.append(case)
    return tuple(tuple(group) for group in found if len({case.sender for case in group}) > 1)


def _joins(case: Told, group: Sequence[Told]) -> bool:
    first = group[0]
    same_place = bool(case.place) and case.place == first.place and case.label == first.label
    return same_place and case.received_at - first.received_at <= AT_ONCE and alike(case.words, first.words)
