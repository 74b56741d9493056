"""The learned weights, as the training script wrote them into `weights.bin`, and the sum that reads a letter with them.

Format of the file: one line of JSON (heads, scales, biases, calibration, thresholds, number of features), then for each
feature, in the order of their CRC-32: all the CRC-32 (4 bytes, little-endian), all the rarities (1 byte, 24ths), all
the rows of weights (one signed byte a head; what a flat feature always counts is in its weight already). Two features
with the same CRC-32 share a row; training sees the same collision.
"""

import json
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, sqrt
from pathlib import Path
from struct import unpack
from zlib import crc32

from rules.features import BLOCKS, FLAT

RARITY_UNIT = 1 / 24  # what one step of the rarity byte stands for
_ZERO = 128  # what stands for the weight 0 once the signed bytes are read as unsigned ones
_UNSIGNED = bytes((value + _ZERO) % 256 for value in range(256))
_LANE = 4  # bytes
REMEMBERED = 60_000  # rows, of about 120 bytes each


class Rows(dict[int, int]):
    """The rows of weights by CRC-32, each times its rarity, made when it is first met and kept ready for what comes.

    Common ones are met again at once, so when there are too many all are forgotten.

    A row is one whole number with its heads 32 bits apart, so that one addition of two rows does the work of ten (no
    lane overflows under 65,000 features). Two more lanes add up what is needed afterwards: what was added to make the
    weights positive, and the squares of the rarities.
    """

    def __init__(self, width: int, packed: bytes, keys: Sequence[int], rarity: bytes) -> None:
        super().__init__()
        self._width, self._packed, self._keys, self._rarity = width, packed, keys, rarity

    def __missing__(self, key: int) -> int:
        place, width = bisect_left(self._keys, key), self._width
        rarity = self._rarity[place] if self._rarity else 1
        lanes = bytearray(_LANE * (width + 2))
        lanes[: _LANE * width : _LANE] = self._packed[place * width : (place + 1) * width]
        lanes[_LANE * width], lanes[_LANE * (width + 1)] = 1, rarity
        if len(self) >= REMEMBERED:
            self.clear()
        self[key] = row = int.from_bytes(lanes, "little") * rarity
        return row


@dataclass(frozen=True, slots=True)
class Weights:
    """Rows of weights by CRC-32 of a feature, and the numbers that turn a sum into a score and a probability."""

    heads: tuple[str, ...]
    scales: tuple[float, ...]  # value of one step of a weight, by head
    biases: tuple[float, ...]
    labels: tuple[str, ...]  # the heads that exclude one another, in the order of the calibration
    calibration: tuple[tuple[float, ...], ...]  # by label: a weight for each label's score, then a bias
    thresholds: Mapping[str, float]
    keys: Sequence[int]  # the CRC-32 of each feature, in order
    known: frozenset[int]  # the same
    rarity: bytes
    packed: bytes  # the rows of weights, one byte a head, `_ZERO` more than the weight
    rows: Rows
    flat: Rows  # without their rarity

    def place(self, feature: str) -> int | None:
        """Which row is that of a feature; None when it was never learned."""
        key = crc32(feature.encode())
        return bisect_left(self.keys, key) if key in self.known else None


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
    rarity, packed = rest[4 * count : 5 * count], rest[5 * count :].translate(_UNSIGNED)
    return Weights(
        heads=tuple(head["heads"]),
        scales=tuple(head["scales"]),
        biases=tuple(head["biases"]),
        labels=tuple(head["labels"]),
        calibration=tuple(tuple(row) for row in head["calibration"]),
        thresholds=head["thresholds"],
        keys=keys,
        known=frozenset(keys),
        rarity=rarity,
        packed=packed,
        rows=Rows(width, packed, keys, rarity),
        flat=Rows(width, packed, keys, b""),
    )


@cache
def shipped() -> Weights:
    """The weights that came with this version, read once a process."""
    return parse((Path(__file__).parent / "weights.bin").read_bytes())


def scores(weights: Weights, found: Mapping[str, set[str]]) -> dict[str, float]:
    """One number a head for the features of a letter: above 0 means "rather yes"."""
    totals = list(weights.biases)
    for block, names in found.items():
        for head, value in enumerate(_sums(weights, block, names)):
            totals[head] += value * weights.scales[head]
    return dict(zip(weights.heads, totals, strict=True))


def probabilities(weights: Weights, found: Mapping[str, float]) -> dict[str, float]:
    """The calibrated probability of each label: a softmax over the scores, fitted on letters held out."""
    values = [found[label] for label in weights.labels]
    sums = [sum(w * v for w, v in zip(row, [*values, 1.0], strict=True)) for row in weights.calibration]
    highest = max(sums)
    powers = [exp(value - highest) for value in sums]
    return {label: power / sum(powers) for label, power in zip(weights.labels, powers, strict=True)}


def leaning(weights: Weights, head: str, names: Iterable[str]) -> float:
    """What these features of the words would add to the score of `head`, if they stood alone."""
    place = weights.heads.index(head)
    return _sums(weights, "words", names)[place] * weights.scales[place]


def _sums(weights: Weights, block: str, names: Iterable[str]) -> list[float]:
    """What a block adds to each head.

    Unless it is flat, each row counts by the rarity of its feature, as if the rarities were a vector of length 1.
    """
    rows = weights.flat if block in FLAT else weights.rows
    known = filter(weights.known.__contains__, map(crc32, map(str.encode, names)))
    total = sum(map(rows.__getitem__, known))
    width = len(weights.heads)
    *sums, count, squares = unpack(f"<{width + 2}I", total.to_bytes(_LANE * (width + 2), "little"))
    factor = 1.0 if block in FLAT else BLOCKS[block] / (sqrt(squares) or 1.0)
    return [(value - _ZERO * count) * factor for value in sums]
