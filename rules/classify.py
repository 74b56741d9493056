"""The daemon's judgement of one letter: what it is about, whether anybody is in danger, whether somebody is leaving.

`classify` is pure and never raises. It joins the learned model (`rules.weights`) and the tables (`rules.lexicon`), and says
in one French sentence which words decided.
"""

from math import exp

from rules import lexicon
from rules.features import features, words
from rules.letter import Alert, Label, Letter, Verdict
from rules.reading import Reading, read
from rules.weights import Weights, scores, shipped


def classify(letter: Letter) -> Verdict:
    """The verdict on `letter`. Headers and attachments may be empty."""
    reading = read(letter)
    weights = shipped()
    found = scores(weights, features(letter, reading))
    chances = _chances(weights, found)
    best, second = sorted(chances, key=lambda label: chances[label], reverse=True)[:2]
    return Verdict(
        label=best,
        confidence=round(chances[best], 4),
        urgent=found["urgent"] > 0,
        registered=found["registered"] > 0,
        automated=found["automated"] > 0,
        alerts=(Alert.DEPARTURE,) if best is Label.DEPARTURE or chances[Label.DEPARTURE] > lexicon.PLAUSIBLE else (),
        because=_because(weights, reading, best),
        runner_up=second,
    )


def _chances(weights: Weights, found: dict[str, float]) -> dict[Label, float]:
    slope = weights.calibration["labels"][0][0]
    powers = {label: exp(min(50.0, slope * found[label])) for label in Label}
    total = sum(powers.values())
    return {label: power / total for label, power in powers.items()}


def _because(weights: Weights, reading: Reading, label: Label) -> str:
    told = {word: scores(weights, {"words": {f"w:{word}"}})[label] for word in words(reading.subject + " " + reading.new)}
    chosen = [word for word in sorted(told, key=lambda word: told[word], reverse=True) if len(word) > 3][:3]
    return lexicon.because(label, chosen)
