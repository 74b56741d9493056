"""The daemon's judgement of one letter: what it is about, whether anybody is in danger, whether somebody is leaving.

`classify` is pure and never raises. The learned model (`rules.weights`) reads the words, the notions of the trade
(`rules.notions`) and the turns of phrase (`rules.turns`); the alarms (`rules.alarms`) tell what a person must be told
at once, and `rules.leaving` that somebody leaves. `because` is one French sentence with the words that decided.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rules import alarms, lexicon
from rules.alarms import Alarm, ringing
from rules.automatic import automatic
from rules.features import counting, features
from rules.fold import fold
from rules.leaving import announced
from rules.letter import Alert, Label, Letter, Verdict
from rules.reading import Reading, read
from rules.tagging import Sentence, notions_of, sentence_of, sentences, words
from rules.weights import Weights, probabilities, scores, share, shipped

# What a sentence that says it in so many words adds to the score of the whole letter (each chosen on letters held out,
# where half as much and half as much again do nearly as well).
_DANGER_NAMED = 0.3
_DEPARTURE_TOLD = 1.0
_SHOWN = 3  # words that a manager is shown
_LOOKED_AT = 4_000  # characters in which they are looked for
_SHORT = 2  # characters of a word that explains nothing
_AROUND = ".,;:!?…()[]«»\"'*_<>-\u00a0\u202f"
_ELISION = re.compile(r"^(?:qu|jusqu|lorsqu|[cdjlmnst])['’](?=\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the learned model says of a letter: a score for each head, a calibrated probability for each label."""

    scores: dict[str, float]
    chances: dict[Label, float]


@dataclass(frozen=True, slots=True)
class Signs:
    """What the tables say of a letter: the alarms that ring, and whether somebody says that they leave."""

    rung: frozenset[Alarm]
    leaving: bool


def classify(letter: Letter) -> Verdict:
    """The verdict on `letter`. Headers and attachments may be empty."""
    weights = shipped()
    reading = read(letter)
    told = sentences(counting(reading))
    return verdict(letter, reading, told, opinion(letter, reading, told, weights), weights)


def opinion(letter: Letter, reading: Reading, told: list[Sentence], weights: Weights) -> Opinion:
    """What the learned model says."""
    return held(scores(weights, features(letter, reading, told)), weights)


def held(found: dict[str, float], weights: Weights) -> Opinion:
    return Opinion(found, {Label(label): chance for label, chance in probabilities(weights, found).items()})


def verdict(letter: Letter, reading: Reading, told: list[Sentence], said: Opinion, weights: Weights) -> Verdict:
    """The opinion and the rules, joined."""
    best, second = sorted(said.chances, key=lambda label: said.chances[label], reverse=True)[:2]
    heard = signs(told, reading.subject)
    held_against = marks(said.scores, heard)
    raised = frozenset(name for name, limit in weights.thresholds.items() if held_against[name] >= limit)
    rung = heard.rung
    alerts = tuple(_alerts(letter, rung, leaving=best is Label.DEPARTURE or "leaving" in raised))
    return Verdict(
        label=best,
        confidence=round(said.chances[best], 4),
        urgent="urgent" in raised,
        registered="registered" in raised,
        automated="automated" in raised or _is_robot(letter),
        alerts=alerts,
        because=lexicon.because(best, second, said.chances[best], deciding(letter, reading, best, weights), alerts),
        runner_up=second,
        chances=tuple(said.chances.items()),
    )


def signs(told: list[Sentence], subject: str) -> Signs:
    """What the tables find in a letter, sentence by sentence, its subject among them."""
    plain = [one.plain for one in (*told, sentence_of(subject))]
    return Signs(frozenset[Alarm]().union(*map(ringing, plain)), any(map(announced, plain)))


def marks(found: Mapping[str, float], heard: Signs) -> dict[str, float]:
    """What the thresholds are held against: the learned scores, and what the tables add to danger and to a departure.

    How near a letter is to a departure: what the alarm's head says of it, half of what the label leads or is behind by
    (its score is the sum of two models), and whether a sentence says so. Either score alone raises half as many false
    alarms again for the same departures.
    """
    others = max(found[label] for label in Label if label is not Label.DEPARTURE)
    danger = found["urgent"] + _DANGER_NAMED * (not heard.rung.isdisjoint(alarms.URGENT))
    lead = (found[Label.DEPARTURE] - others) / 2
    leaving = found["leaving"] + lead + _DEPARTURE_TOLD * heard.leaving
    return {**found, "urgent": danger, "leaving": leaving}


def _is_robot(letter: Letter) -> bool:
    signs = automatic(letter, frozenset())
    return signs is not None and signs.robot


def _alerts(letter: Letter, rung: frozenset[Alarm], *, leaving: bool) -> Iterator[Alert]:
    if leaving:
        yield Alert.DEPARTURE
    if _is_institution(letter) or not rung.isdisjoint(alarms.INSTITUTION):
        yield Alert.INSTITUTION
    if not rung.isdisjoint(alarms.DEATH):
        yield Alert.DEATH
    if not rung.isdisjoint(alarms.VIOLENCE):
        yield Alert.VIOLENCE
    if not rung.isdisjoint(alarms.SENSITIVE) or _has_private_file(letter):
        yield Alert.SENSITIVE


def _is_institution(letter: Letter) -> bool:
    sender = fold(f"{letter.sender.name[:200]} {letter.sender.address[:200].replace('.', ' ').replace('@', ' ')}")
    return alarms.INSTITUTION_SENDER.search(sender) is not None


def _has_private_file(letter: Letter) -> bool:
    return any(alarms.SENSITIVE_FILE.search(fold(item.name[:200])) for item in letter.attachments)


def deciding(letter: Letter, reading: Reading, label: Label, weights: Weights) -> list[str]:
    """The writer's words that spoke most for `label`, as they were written; those that name its matter come first."""
    told: dict[str, tuple[bool, float, str]] = {}
    for shown, word in _written(letter, reading):
        if word not in told:
            names_it = not lexicon.EXPLAINS[label].isdisjoint(notions_of(word))
            told[word] = (names_it, share(weights, label, word), shown)
    best = sorted((row for row in told.values() if row[1] > 0), key=lambda row: (not row[0], -row[1]))
    return [shown for _, _, shown in best[:_SHOWN]]


def _written(letter: Letter, reading: Reading) -> Iterator[tuple[str, str]]:
    """The words of the text that counts and of the files' names that may explain something: as written, and folded."""
    files = " ".join(item.name.replace("_", " ") for item in letter.attachments[:20])
    bare = map(_bare, f"{reading.subject} {counting(reading)[:_LOOKED_AT]} {files}".split())
    return (one for one in bare if one)


@lru_cache(maxsize=4_000)
def _bare(written: str) -> tuple[str, str] | None:
    """A word without what surrounds it, and its last part folded; None when it explains nothing by itself."""
    shown = _ELISION.sub("", written.strip(_AROUND))
    word = next(iter(reversed(words(shown))), "")
    return (shown, word) if len(shown) > _SHORT and word and not lexicon.is_common(word) else None
