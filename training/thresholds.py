"""Where each flag begins, chosen on scores of letters by hands that the weights never saw."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from rules.classify import Signs, marks, signs, subject_of
from rules.features import counting
from rules.reading import read
from rules.tagging import sentences
from training.corpus import Example
from training.model import ALERT, HEADS, Array, truth

# How many of those that have the flag must be raised.
# A missed departure costs months of rent and a missed danger more; a false registered letter or a false robot costs as
# much as a missed one, so there the count of errors is the judge.
WANTED = {ALERT: 0.985, "urgent": 0.965}
# An error of that kind against one of the other: to answer a robot is worse than to leave a person without
# acknowledgement, for a person's letter is filed and shown to a manager all the same.
DEARER = {"registered": 1.5, "automated": 3.0}


def thresholds(scores: Array, examples: Sequence[Example]) -> dict[str, float]:
    """The least score that raises each flag."""
    told = held_against(scores, examples)
    found = {head: _reaching(told[head], truth(examples, head), part) for head, part in WANTED.items()}
    for head, dearer in DEARER.items():
        found[head] = _cheapest(told[head], truth(examples, head), dearer)
    return found


def held_against(scores: Array, examples: Sequence[Example]) -> dict[str, Array]:
    """What `rules.classify` makes of each letter's scores and of its sentences."""
    rows = [
        marks(dict(zip(HEADS, row, strict=True)), _signs(example))
        for row, example in zip(scores.tolist(), examples, strict=True)
    ]
    return {head: np.array([row[head] for row in rows]) for head in (*WANTED, *DEARER)}


@cache  # a bench asks once for each hand that is held out
def _signs(example: Example) -> Signs:
    reading = read(example.letter)
    return signs(example.letter, [*sentences(counting(reading)), subject_of(reading)])


def _reaching(scores: Array, told: Array, part: float) -> float:
    return float(np.quantile(scores[told], 1 - part))


def _cheapest(scores: Array, told: Array, dearer: float) -> float:
    """The threshold with the fewest errors, a missed one counted `dearer` times."""
    limits = np.linspace(-1.0, 0.5, 151)
    costs = [dearer * (told & (scores < limit)).sum() + (~told & (scores >= limit)).sum() for limit in limits]
    return float(limits[int(np.argmin(costs))])
