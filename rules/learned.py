"""The agency's own layer over the shipped model: what its people have corrected, weighed when the next letter is read.

A correction is a lesson: that letter was about this, and not about that. A new letter is compared with every lesson by
the rare turns of phrase that they share (two or three words in a row, and rare words; how rare, the shipped weights
know). The more lessons it resembles, the more the label that they teach gains and the one that they took away loses:

- one lesson moves little, ten alike move what the model wasn't sure of, and no number of them moves more than `BOUND`;
- a trait that lessons of several labels share (a form's own words, a signature) says nothing;
- a clear departure stays one, nobody's danger is put aside as off topic, and an alert is never taken back.

It is a value: made of the lessons that count, it changes nothing by itself, and without one of them it is as if that
one had never been.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import exp, log

from rules import lexicon
from rules.letter import Alert, Label, Letter, Verdict
from rules.reading import read
from rules.tagging import words
from rules.weights import shipped

EDITION = 1  # of the traits: a change of `traits` makes those that are kept worthless
BOUND = 6.0  # what a label gains or loses at most, in natural logarithms of chances
HALF = 3.0  # lessons wholly alike that make half of it; one makes a tenth
ALIKE = 4.0  # rare traits in common that make two letters wholly alike
LEAST = 0.6  # below this, likeness is chance: one in 250 of the training letters is so like any other
RARE = 110  # the rarity (rules.weights) above which a trait tells something: one letter in a hundred has it
RAREST = 196
MOST = 400  # traits of one letter
CLEAR = 0.6  # a departure at least this probable stays one
SHOWN = 5
SHORTEST = 3  # letters of a word that tells something by itself

_FLOOR = 1e-3  # no chance is less: of what is new to it, the model is surer than it should be


@dataclass(frozen=True, slots=True)
class Lesson:
    """A correction that counts. `was` and `label` are equal when a person said what nobody was sure of."""

    key: str
    was: Label
    label: Label
    traits: frozenset[str]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much a letter resembles a lesson, 0 to 1, and by which words."""

    lesson: Lesson
    degree: float
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """All lessons, by their traits."""

    lessons: tuple[Lesson, ...] = ()
    by_trait: Mapping[str, tuple[tuple[int, float], ...]] | None = None

    @property
    def is_empty(self) -> bool:
        return not self.lessons


NOTHING = Layer()  # that of an agency which has corrected nothing


def layer(lessons: Iterable[Lesson]) -> Layer:
    """The layer that these lessons make."""
    kept = tuple(lessons)
    bearers: dict[str, list[int]] = {}
    for place, lesson in enumerate(kept):
        for trait in lesson.traits:
            bearers.setdefault(trait, []).append(place)
    return Layer(kept, {trait: _weights(trait, places, kept) for trait, places in bearers.items()})


def _weights(trait: str, places: list[int], lessons: tuple[Lesson, ...]) -> tuple[tuple[int, float], ...]:
    """What a trait counts for each lesson that bears it: less when lessons of other labels bear it too."""
    taught = Counter(lessons[place].label for place in places)
    rare = (_rarity(trait) - RARE) / (RAREST - RARE)
    return tuple(
        (place, rare * share) for place in places if (share := 2 * taught[lessons[place].label] / len(places) - 1) > 0
    )


# --- what is read in a letter


def traits(letter: Letter) -> frozenset[str]:
    """The rare turns of phrase of a letter's subject and new text, less the name of whoever wrote it."""
    reading = read(letter)
    name = set(words(f"{letter.sender.name} {letter.sender.address.partition('@')[0]}"))
    found: set[str] = set()
    for text in (reading.subject, reading.new):
        run = ["" if word in name else word for word in words(text)]
        found.update(word for word in run if len(word) >= SHORTEST)
        pairs = ["_".join(pair) if all(pair) else "" for pair in pairwise(run)]
        found.update(filter(None, pairs))
        found.update("_".join(three) for three in zip(run, run[1:], run[2:], strict=False) if all(three))
    telling = sorted((trait for trait in found if _rarity(trait) > RARE), key=lambda t: (-_rarity(t), t))
    return frozenset(telling[:MOST])


def telling(found: Iterable[str]) -> tuple[str, ...]:
    """A few of them for a person to read, rarest and longest first."""
    ordered = sorted(found, key=lambda trait: (-_rarity(trait), -len(trait), trait))
    return tuple(trait.replace("_", " ") for trait in ordered[:SHOWN])


@lru_cache(maxsize=50_000)
def _rarity(trait: str) -> int:
    """As the shipped weights know it; of three words in a row, that of the rarer pair."""
    pairs = ["_".join(pair) for pair in pairwise(trait.split("_"))]
    if len(pairs) > 1:
        return max(map(_rarity, pairs))
    weights = shipped()
    place = weights.place(f"w:{trait}")
    return RAREST if place is None else weights.rarity[place]


# --- what it makes of a verdict


def likenesses(letter: Letter, learned: Layer) -> tuple[Likeness, ...]:
    """The lessons that a letter resembles, most alike first."""
    if learned.is_empty or learned.by_trait is None:
        return ()
    sums: dict[int, float] = {}
    shared: dict[int, list[str]] = {}
    for trait in traits(letter):
        for place, weight in learned.by_trait.get(trait, ()):
            sums[place] = sums.get(place, 0.0) + weight
            shared.setdefault(place, []).append(trait)
    found = [
        Likeness(learned.lessons[place], min(1.0, total / ALIKE), tuple(sorted(shared[place])))
        for place, total in sums.items()
        if total / ALIKE >= LEAST
    ]
    return tuple(sorted(found, key=lambda one: (-one.degree, one.lesson.key)))


def shifts(alike: Iterable[Likeness]) -> dict[Label, float]:
    """What each label gains or loses, in logarithms of chances; bounded by `BOUND` either way."""
    gained: Counter[Label] = Counter()
    lost: Counter[Label] = Counter()
    for one in alike:
        gained[one.lesson.label] += one.degree  # type: ignore[assignment]  # a Counter of parts
        if one.lesson.was is not one.lesson.label:
            lost[one.lesson.was] += one.degree  # type: ignore[assignment]
    return {label: _bounded(gained[label]) - _bounded(lost[label]) for label in Label if gained[label] or lost[label]}


def _bounded(lessons: float) -> float:
    """Few lessons weigh less than their share, many no more than `BOUND`."""
    return BOUND * lessons**2 / (lessons**2 + HALF**2)


def weigh(verdict: Verdict, letter: Letter, learned: Layer) -> Verdict:
    """The verdict with what people have taught. The very same one when they have taught nothing about such a letter."""
    if learned.is_empty or not verdict.chances:
        return verdict
    alike = likenesses(letter, learned)
    return _moved(verdict, alike) if alike else verdict


def _moved(verdict: Verdict, alike: tuple[Likeness, ...]) -> Verdict:
    chances = _shifted(verdict, shifts(alike))
    best, second = _best(verdict, chances)
    alerts = verdict.alerts
    if best is Label.DEPARTURE and Alert.DEPARTURE not in alerts:
        alerts = (Alert.DEPARTURE, *alerts)
    told = [one for one in alike if one.lesson.label is best]
    because = _as_corrected(verdict.because, best, len(told)) if best is not verdict.label else verdict.because
    return replace(
        verdict,
        label=best,
        confidence=round(chances[best], 4),
        runner_up=second,
        alerts=alerts,
        because=because,
        chances=tuple(chances.items()),
    )


def _as_corrected(because: str, label: Label, count: int) -> str:
    """What the model read, and why the agency's own people read it otherwise: in French, fit to show a manager."""
    alike = "une lettre semblable" if count == 1 else f"{count} lettres semblables"
    return f"Rangée comme {lexicon.NAMES[label]} d'après {alike}, reclassées à l'agence. {because}"


def _shifted(verdict: Verdict, shift: Mapping[Label, float]) -> dict[Label, float]:
    """Chances after the shift. The verdict's own label has at least its confidence: rules may have chosen it."""
    before = dict(verdict.chances)
    before[verdict.label] = max(before.get(verdict.label, 0.0), verdict.confidence)
    powers = {label: exp(log(max(before.get(label, 0.0), _FLOOR)) + shift.get(label, 0.0)) for label in Label}
    total = sum(powers.values())
    return {label: power / total for label, power in powers.items()}


def _best(verdict: Verdict, chances: Mapping[Label, float]) -> tuple[Label, Label]:
    """The two likeliest labels, among those that no lesson may take away or bring."""
    ordered = sorted(chances, key=lambda label: chances[label], reverse=True)
    clear = verdict.label is Label.DEPARTURE and verdict.confidence >= CLEAR
    best = verdict.label if clear else ordered[0]
    if best is Label.OFF_TOPIC and best is not verdict.label and (verdict.urgent or verdict.alerts):
        best = verdict.label
    return best, next(label for label in ordered if label is not best)
