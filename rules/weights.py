"""The learned weights, as the training script wrote them into `weights.bin`, and the sum that reads a letter with them.

Format of the file: one line of JSON (heads, scales, biases, calibration, thresholds, number of features), then for each
feature, in the order of their CRC-32: all the CRC-32 (4 bytes, little-endian), all the rarities (1 byte, 24ths), all
the rows of weights (one signed byte a head). Two features with the same CRC-32 share a row; training sees the same
collision.
"""

import json
import struct
import sys
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import exp, sqrt
from operator import mul
from pathlib import Path
from zlib import crc32

from rules.features import BLOCKS, FLAT

RARITY_UNIT = 1 / 24  # what one step of the rarity byte stands for


@dataclass(frozen=True, slots=True)
class Weights:
    """Rows of weights by CRC-32 of a feature, and the numbers that turn a sum into a score and a probability."""

    heads: tuple[str, ...]
    scales: tuple[float, ...]  # value of one step of a weight, by head
    biases: tuple[float, ...]
    labels: tuple[str, ...]  # the heads that exclude one another, in the order of the calibration
    calibration: tuple[tuple[float, ...], ...]  # by label: a weight for each label's score, then a bias
    thresholds: Mapping[str, float]
    index: Mapping[int, int]
    rarity: bytes
    packed: bytes  # the rows of weights, one signed byte a head


def parse(raw: bytes) -> Weights:
    """The weights in `raw`; `ValueError` when the file is cut short."""
    line, _, rest = raw.partition(b"\n")
    head = json.loads(line)
    count, width = head["count"], len(head["heads"])
    if len(rest) != count * (5 + width):
        expected = count * (5 + width)
        raise ValueError(f"weights of {len(rest)} bytes, {expected} expected: run `python -m training.train`")
    keys = array("I", rest[: 4 * count])
    if sys.byteorder == "big":
        keys.byteswap()
    return Weights(
        heads=tuple(head["heads"]),
        scales=tuple(head["scales"]),
        biases=tuple(head["biases"]),
        labels=tuple(head["labels"]),
        calibration=tuple(tuple(row) for row in head["calibration"]),
        thresholds=head["thresholds"],
        index=dict(zip(keys, range(count), strict=True)),
        rarity=rest[4 * count : 5 * count],
        packed=rest[5 * count :],
    )


@cache
def shipped() -> Weights:
    """The weights that came with this version, read once a process."""
    return parse((Path(__file__).parent / "weights.bin").read_bytes())


def scores(weights: Weights, found: Mapping[str, set[str]]) -> dict[str, float]:
    """One number a head for the features of a letter: above 0 means "rather yes"."""
    totals = list(weights.biases)
    for block, names in found.items():
        sums = _flat(weights, names) if block in FLAT else _weighed(weights, names)
        factor = FLAT[block] if block in FLAT else BLOCKS[block]
        for head, value in enumerate(sums):
            totals[head] += value * factor * weights.scales[head]
    return dict(zip(weights.heads, totals, strict=True))


def probabilities(weights: Weights, found: Mapping[str, float]) -> dict[str, float]:
    """The calibrated probability of each label: a softmax over the scores, fitted on letters held out."""
    values = [found[label] for label in weights.labels]
    sums = [sum(w * v for w, v in zip(row, [*values, 1.0], strict=True)) for row in weights.calibration]
    highest = max(sums)
    powers = [exp(value - highest) for value in sums]
    return {label: power / sum(powers) for label, power in zip(weights.labels, powers, strict=True)}


def share(weights: Weights, head: str, word: str) -> float:
    """What one word of the new text adds to the score of `head`, before the letter's length is taken into account."""
    place = weights.index.get(crc32(f"w:{word}".encode()))
    if place is None:
        return 0.0
    return weights.rarity[place] * _rows(weights, [place])[0][weights.heads.index(head)]


def _places(weights: Weights, names: Iterable[str]) -> set[int]:
    find = weights.index.get
    return {place for name in names if (place := find(crc32(name.encode()))) is not None}


def _rows(weights: Weights, places: Iterable[int]) -> list[tuple[int, ...]]:
    width = len(weights.heads)
    read = struct.Struct(f"{width}b").unpack_from
    return [read(weights.packed, place * width) for place in places]


def _flat(weights: Weights, names: Iterable[str]) -> list[float]:
    rows = _rows(weights, _places(weights, names))
    return [float(sum(column)) for column in zip(*rows, strict=True)] or [0.0] * len(weights.heads)


def _weighed(weights: Weights, names: Iterable[str]) -> list[float]:
    """The sum of the rows, each times the rarity of its feature, as if the rarities were one vector of length 1."""
    places = _places(weights, names)
    rarities = [weights.rarity[place] for place in places]
    length = sqrt(sum(map(mul, rarities, rarities)))
    if not length:
        return [0.0] * len(weights.heads)
    columns = zip(*_rows(weights, places), strict=True)
    return [sum(map(mul, rarities, column)) / length for column in columns]
