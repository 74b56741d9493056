"""The daemon's judgement of one letter: what it is about, whether anybody is in danger, whether somebody is leaving.

`classify` is pure and never raises. The learned model (`rules.weights`) reads the words, the notions of the trade
(`rules.notions`) and the turns of phrase (`rules.turns`); the alarms (`rules.alarms`) tell what a person must be told
at once, and `rules.leaving` that somebody leaves. `because` is one French sentence with the passage that decided.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules import alarms, lexicon
from rules.alarms import Alarm, ringing
from rules.automatic import automatic
from rules.features import counting, features
from rules.fold import fold
from rules.leaving import Announcement, announced
from rules.letter import Alert, Label, Letter, Verdict
from rules.passage import PRIVATE, SUBJECT, file_named, named, passage
from rules.reading import Reading, read
from rules.tagging import Sentence, sentence_of, sentences
from rules.weights import Weights, probabilities, scores, shipped

# What a sentence that says it in so many words adds to the score of the whole letter (each chosen on letters held out,
# where half as much and half as much again do nearly as well).
_DANGER_NAMED = 0.3
_DEPARTURE_TOLD = 1.0
_DEPARTURE_TOLD_SURELY = 3.0
_REGISTERED_NAMED = 0.8
# The alarms whose sentence says why a letter is read so: a danger is work to do, a tenant's death ends a lease.
_DECISIVE = {Label.WORKS: alarms.URGENT, Label.COMPLAINT: alarms.URGENT, Label.DEPARTURE: alarms.DEATH}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the learned model says of a letter: a score for each head, a calibrated probability for each label."""

    scores: dict[str, float]
    chances: dict[Label, float]


@dataclass(frozen=True, slots=True)
class Signs:
    """What the tables say of a letter: what rings, what tells of a departure, whether it came against proof."""

    rung: frozenset[Alarm]
    leaving: frozenset[Announcement]
    registered: bool

    @property
    def private(self) -> bool:
        """Whether something in it isn't to be shown around."""
        return not self.rung.isdisjoint(PRIVATE)

    @property
    def departure(self) -> float:
        """What the sentences add to the score of a departure."""
        if any(row.surely for row in self.leaving):
            return _DEPARTURE_TOLD_SURELY
        return _DEPARTURE_TOLD if self.leaving else 0.0


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
    heard_in = [*told, subject_of(reading)]
    heard = signs(letter, heard_in)
    held_against = marks(said.scores, heard)
    raised = frozenset(name for name, limit in weights.thresholds.items() if held_against[name] >= limit)
    rung = heard.rung
    alerts = tuple(_alerts(letter, rung, leaving=best is Label.DEPARTURE or "leaving" in raised))
    decided = deciding(letter, heard_in, heard, best, weights)
    leaving = leaving_words(heard_in, heard, weights) if "leaving" in raised and best is not Label.DEPARTURE else ""
    return Verdict(
        label=best,
        confidence=round(said.chances[best], 4),
        urgent="urgent" in raised,
        registered="registered" in raised,
        automated="automated" in raised or _is_robot(letter),
        alerts=alerts,
        because=lexicon.because(best, second, said.chances[best], decided, alerts, leaving),
        runner_up=second,
        chances=tuple(said.chances.items()),
    )


def subject_of(reading: Reading) -> Sentence:
    """The subject as a sentence; a scanner writes it like a file's name."""
    return sentence_of(reading.subject.replace("_", " "))


def signs(letter: Letter, told: list[Sentence]) -> Signs:
    """What the tables find in a letter's sentences, its subject's among them, and in its files' names."""
    plain = [one.plain for one in told]
    rung = frozenset[Alarm]().union(*map(ringing, plain))
    registered = not rung.isdisjoint(alarms.REGISTERED) or _has_file(letter, alarms.REGISTERED_FILE)
    return Signs(rung, frozenset[Announcement]().union(*map(announced, plain)), registered)


def marks(found: Mapping[str, float], heard: Signs) -> dict[str, float]:
    """What the thresholds are held against: the learned scores, and what the tables add to three of them.

    How near a letter is to a departure: what the alarm's head says of it, half of what the label leads or is behind by
    (its score is the sum of two models), and whether a sentence says so. Either score alone raises half as many false
    alarms again for the same departures.
    """
    others = max(found[label] for label in Label if label is not Label.DEPARTURE)
    danger = found["urgent"] + _DANGER_NAMED * (not heard.rung.isdisjoint(alarms.URGENT))
    lead = (found[Label.DEPARTURE] - others) / 2
    leaving = found["leaving"] + lead + heard.departure
    registered = found["registered"] + _REGISTERED_NAMED * heard.registered
    return {**found, "urgent": danger, "leaving": leaving, "registered": registered}


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
    if not rung.isdisjoint(alarms.SENSITIVE) or _has_file(letter, alarms.SENSITIVE_FILE):
        yield Alert.SENSITIVE


def _is_institution(letter: Letter) -> bool:
    sender = fold(f"{letter.sender.name[:200]} {letter.sender.address[:200].replace('.', ' ').replace('@', ' ')}")
    return alarms.INSTITUTION_SENDER.search(sender) is not None


def _has_file(letter: Letter, names: re.Pattern[str]) -> bool:
    return any(names.search(fold(item.name[:200])) for item in letter.attachments)


# --- the words that decided


def deciding(letter: Letter, told: list[Sentence], heard: Signs, label: Label, weights: Weights) -> str:
    """The writer's words that spoke most for `label`, or a file's name when there are none.

    The last of the sentences `told` is the subject.
    """
    bells = heard.rung.intersection(_DECISIVE.get(label, ()))

    def matter(sentence: Sentence) -> float:
        rings = bool(bells) and not ringing(sentence.plain).isdisjoint(bells)
        says_so = label is Label.DEPARTURE and bool(announced(sentence.plain))
        weight = named(sentence, lexicon.EXPLAINS[label], found=rings or says_so)
        return weight + SUBJECT * (sentence is told[-1])

    found = passage(told, weights, label, matter, private=heard.private)
    files = [item.name for item in letter.attachments[:20]]
    return found or (file_named(files, weights, label) if len(told) <= 1 else "")


def leaving_words(told: list[Sentence], heard: Signs, weights: Weights) -> str:
    """The writer's words that made a departure plausible."""
    return passage(told, weights, "leaving", _says_so, private=heard.private)


def _says_so(sentence: Sentence) -> float:
    return named(sentence, lexicon.EXPLAINS[Label.DEPARTURE], found=bool(announced(sentence.plain)))
