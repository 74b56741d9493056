"""Fitting: letters to a table of features, heads to weights, scores of held-out letters to probabilities.

The learned model is linear: one row of weights a head. Each head is fitted alone with a support vector machine
(scikit-learn), a label's with least squares beside it; then one slope, chosen on held-out letters, turns the six
labels' scores into probabilities.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any
from zlib import crc32

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge
from sklearn.svm import LinearSVC

from rules.features import BLOCKS, FLAT, counting, features
from rules.letter import Label
from rules.reading import read
from rules.tagging import sentences
from rules.weights import RARITY_UNIT
from training.corpus import Example

LABELS = tuple(label.value for label in Label)
ALERT = "leaving"  # the head of the departure alert: fitted to miss none
FLAGS = ("urgent", "registered", "automated")
HEADS = (*LABELS, ALERT, *FLAGS)
MOST = 1.5  # how much more a telling feature may count
FEWEST = 2  # letters in which a feature must stand to be learned
SQUARES = 0.7  # how much the least squares are held back
SEED = 7
SLOPES = tuple(step / 20 for step in range(20, 161))
# Strength of fit by head, and what a letter that has the flag weighs more than one that hasn't (few letters have one).
FIT: Mapping[str, tuple[float, float]] = {ALERT: (0.2, 2.0), "urgent": (0.5, 3.0), "automated": (0.5, 3.0)}

Keys = dict[str, set[int]]
Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The features learned, in the order of their CRC-32, and how rare each one is (in `RARITY_UNIT`, a byte).

    `counts`: what a flat feature counts in every letter; 1 for the others, which count by rarity and length.
    """

    index: dict[int, int]
    rarity: tuple[int, ...]
    counts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Head:
    weights: Array
    bias: float


def keyed(example: Example) -> Keys:
    """The features of a letter, as CRC-32."""
    reading = read(example.letter)
    found = features(example.letter, reading, sentences(counting(reading)))
    return {block: {crc32(name.encode()) for name in names} for block, names in found.items()}


def vocabulary(letters: Sequence[Keys]) -> Vocabulary:
    counts: dict[int, int] = {}
    for blocks in letters:
        for key in set[int]().union(*blocks.values()):
            counts[key] = counts.get(key, 0) + 1
    kept = {key: count for key, count in sorted(counts.items()) if count >= FEWEST}
    rarity = (round((1 + log((1 + len(letters)) / (1 + count))) / RARITY_UNIT) for count in kept.values())
    flat = {key: FLAT[block] for blocks in letters for block in FLAT for key in blocks[block]}
    return Vocabulary(
        {key: place for place, key in enumerate(kept)},
        tuple(min(255, value) for value in rarity),
        tuple(flat.get(key, 1.0) for key in kept),
    )


def table(letters: Sequence[Keys], known: Vocabulary) -> csr_matrix:
    """One row a letter, one column a feature; the same numbers as `rules.weights.scores` sums."""
    data: list[float] = []
    columns: list[int] = []
    ends = [0]
    for blocks in letters:
        for block, keys in blocks.items():
            places = sorted(known.index[key] for key in keys if key in known.index)
            data += _values(block, [known.rarity[place] for place in places])
            columns += places
        ends.append(len(columns))
    return csr_matrix((data, columns, ends), shape=(len(letters), len(known.index)))


def _values(block: str, rarities: list[int]) -> list[float]:
    if block in FLAT:
        return [FLAT[block]] * len(rarities)
    length = sum(rarity * rarity for rarity in rarities) ** 0.5
    return [BLOCKS[block] * rarity / length for rarity in rarities] if length else []


def truth(examples: Sequence[Example], head: str) -> Array:
    """Whether each letter has that head's label or flag."""
    if head == ALERT:
        return np.array([example.label is Label.DEPARTURE for example in examples])
    if head in LABELS:
        return np.array([example.label == head for example in examples])
    return np.array([getattr(example, head) for example in examples])


def fit(rows: csr_matrix, told: Array, head: str) -> Head:
    """The weights of one head.

    For a label, two models are added up, which err on different letters. In the first, what tells the label from the
    others counts more: each feature is multiplied by how many times likelier it is on one side (Wang and Manning,
    "Baselines and Bigrams", 2012), and the factor goes into its weight. The second is least squares on the features
    as they are.
    """
    strength, heavier = FIT.get(head, (0.5, 1.0))
    factor = _log_ratio(rows, told) if head in LABELS else np.ones(rows.shape[1])
    scaled = csr_matrix(rows.multiply(factor))
    model = LinearSVC(C=strength, class_weight={True: heavier, False: 1.0}, random_state=SEED).fit(scaled, told)
    first = Head(model.coef_[0] * factor, float(model.intercept_[0]))
    return _with_least_squares(first, rows, told) if head in LABELS else first


def _with_least_squares(first: Head, rows: csr_matrix, told: Array) -> Head:
    model = Ridge(alpha=SQUARES, solver="sparse_cg", tol=1e-3).fit(rows, np.where(told, 1.0, -1.0))
    return Head(first.weights + model.coef_, first.bias + float(model.intercept_))


def _log_ratio(rows: csr_matrix, told: Array) -> Array:
    """By feature: the logarithm of its share among the letters that have the label over that among the others.

    No more than `MOST`: a weight is shipped as one byte, and a few large ones would leave the others a coarse grain.
    """
    there = (rows > 0).astype(float)
    having, others = (np.asarray(there[side].sum(axis=0)).ravel() + 1 for side in (told, ~told))
    ratio: Array = np.minimum(np.abs(np.log((having / having.sum()) / (others / others.sum()))), MOST)
    return ratio


def held_out(rows: csr_matrix, examples: Sequence[Example], hands: Sequence[str]) -> Array:
    """The score of each letter for each head, from weights that never saw the hand that wrote it."""
    found = np.zeros((len(examples), len(HEADS)))
    of = np.array([example.hand for example in examples])
    for hand in hands:
        others = of != hand
        for column, head in enumerate(HEADS):
            fitted = fit(rows[others], truth(examples, head)[others], head)
            found[~others, column] = rows[~others] @ fitted.weights + fitted.bias
    return found


def calibrate(scores: Array, labels: Sequence[str]) -> list[list[float]]:
    """By label: a weight for each label's score, then a bias; softmax of these is the probability.

    One slope for all, the one under which the labels are likeliest: it never changes the order of the scores (a
    free matrix fits the shares of labels of these hands, and loses half a point on another one).
    """
    places = np.array([LABELS.index(label) for label in labels])
    slope = min(SLOPES, key=lambda slope: _surprise(scores[:, : len(LABELS)] * slope, places))
    return [[slope if label == other else 0.0 for other in LABELS] + [0.0] for label in LABELS]


def _surprise(sums: Array, places: Array) -> float:
    """Minus the mean logarithm of the probability given to the right label."""
    spread = sums - sums.max(axis=1, keepdims=True)
    chances = spread - np.log(np.exp(spread).sum(axis=1, keepdims=True))
    return -float(chances[np.arange(len(places)), places].mean())
