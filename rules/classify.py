"""The daemon's judgement of one letter: what it is about, whether anybody is in danger, whether somebody is leaving.

`classify` is pure and never raises. The learned model (`rules.weights`) reads the words, the notions of the trade
(`rules.notions`) and the turns of phrase (`rules.turns`); the alarms (`rules.alarms`) tell what a person must be told
at once. `because` is one French sentence with the words that decided.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rules import alarms, lexicon
from rules.automatic import automatic
from rules.features import counting, features
from rules.fold import fold
from rules.letter import Alert, Label, Letter, Verdict
from rules.reading import Reading, read
from rules.tagging import Sentence, notions_of, sentence_of, sentences, words
from rules.weights import Weights, probabilities, scores, share, shipped

_EASED = 0.15  # what a danger named in so many words takes off the threshold
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
    raised = frozenset(name for name, limit in weights.thresholds.items() if said.scores[name] >= limit)
    plain = [sentence.plain for sentence in (*told, sentence_of(reading.subject))]
    alerts = tuple(_alerts(letter, plain, leaving=best is Label.DEPARTURE or "leaving" in raised))
    return Verdict(
        label=best,
        confidence=round(said.chances[best], 4),
        urgent="urgent" in raised or _is_danger(said.scores["urgent"], weights, plain),
        registered="registered" in raised,
        automated="automated" in raised or _is_robot(letter),
        alerts=alerts,
        because=lexicon.because(best, second, said.chances[best], deciding(letter, reading, best, weights), alerts),
        runner_up=second,
        chances=tuple(said.chances.items()),
    )


def _is_danger(score: float, weights: Weights, plain: list[str]) -> bool:
    """A danger that the table names needs a lesser score of the whole letter (held out: 95 of 100 raised, 4 false)."""
    return score >= weights.thresholds["urgent"] - _EASED and _any_rings(alarms.URGENT, plain)


def _is_robot(letter: Letter) -> bool:
    signs = automatic(letter, frozenset())
    return signs is not None and signs.robot


def _alerts(letter: Letter, plain: list[str], *, leaving: bool) -> Iterator[Alert]:
    if leaving:
        yield Alert.DEPARTURE
    if _is_institution(letter, plain):
        yield Alert.INSTITUTION
    if _any_rings(alarms.DEATH, plain):
        yield Alert.DEATH
    if _any_rings(alarms.VIOLENCE, plain):
        yield Alert.VIOLENCE
    if _any_rings(alarms.SENSITIVE, plain) or _has_private_file(letter):
        yield Alert.SENSITIVE


def _any_rings(rows: Iterable[alarms.Alarm], plain: list[str]) -> bool:
    whole = "\n".join(plain)
    heard = (row for row in rows if row.pattern.search(whole))  # most rows are silent: one look at the whole letter
    return any(row.rings(sentence) for row in heard for sentence in plain)


def _is_institution(letter: Letter, plain: list[str]) -> bool:
    sender = fold(f"{letter.sender.name[:200]} {letter.sender.address[:200].replace('.', ' ').replace('@', ' ')}")
    return alarms.INSTITUTION_SENDER.search(sender) is not None or _any_rings(alarms.INSTITUTION, plain)


def _has_private_file(letter: Letter) -> bool:
    return any(alarms.SENSITIVE_FILE.search(fold(item.name[:200])) for item in letter.attachments)


def deciding(letter: Letter, reading: Reading, label: Label, weights: Weights) -> list[str]:
    """The writer's words that spoke most for `label`, as they were written; those that name its matter come first."""
    told: dict[str, tuple[bool, float, str]] = {}
    for shown in _written(letter, reading):
        word = next(iter(reversed(words(shown))), "")
        if word and word not in told and not lexicon.is_common(word):
            names_it = not lexicon.EXPLAINS[label].isdisjoint(notions_of(word))
            told[word] = (names_it, share(weights, label, word), shown)
    best = sorted((row for row in told.values() if row[1] > 0), key=lambda row: (not row[0], -row[1]))
    return [shown for _, _, shown in best[:_SHOWN]]


def _written(letter: Letter, reading: Reading) -> Iterator[str]:
    """The words of the text that counts and of the files' names, as written, without what surrounds them."""
    files = " ".join(item.name.replace("_", " ") for item in letter.attachments[:20])
    for word in f"{reading.subject} {counting(reading)[:_LOOKED_AT]} {files}".split():
        shown = _ELISION.sub("", word.strip(_AROUND))
        if len(shown) > _SHORT:
            yield shown
