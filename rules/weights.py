"""The learned weights, as the training script wrote them into `weights.bin`, and the sum that reads a letter with them.

Format of the file: one line of JSON (heads, scales, biases, calibration, number of features), then for each feature, in the
order of their CRC-32: all the CRC-32 (4 bytes, little-endian), all the rarities (1 byte, hundredths of 6), all the rows of
weights (one signed byte a head). Two features with the same CRC-32 share a row; training sees the same collision.
"""

import json
import struct
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

RARITY_UNIT = 1 / 24  # what one step of the rarity byte stands for


@dataclass(frozen=True, slots=True)
class Weights:
    """Rows of weights by CRC-32 of the feature's name, and the numbers that turn a sum into a score."""

    heads: tuple[str, ...]
    scales: tuple[float, ...]  # value of one step of a weight, by head
    biases: tuple[float, ...]
    blocks: dict[str, float]  # weight of each block
    calibration: dict[str, list[list[float]]]
    index: dict[int, int]
    rarity: bytes
    rows: list[tuple[int, ...]]


def parse(raw: bytes) -> Weights:
    """The weights in `raw`; `ValueError` when the file is cut short."""
    line, _, rest = raw.partition(b"\n")
    head = json.loads(line)
    count, width = head["count"], len(head["heads"])
    if len(rest) != count * (5 + width):
        raise ValueError(f"weights file of {len(rest)} bytes, {count * (5 + width)} expected: run `python -m training.train`")
    keys = array("I", rest[: 4 * count])
    return Weights(
        heads=tuple(head["heads"]),
        scales=tuple(head["scales"]),
        biases=tuple(head["biases"]),
        blocks=head["blocks"],
        calibration=head["calibration"],
        index={key: place for place, key in enumerate(keys)},
        rarity=rest[4 * count : 5 * count],
        rows=list(struct.iter_unpack(f"{width}b", rest[5 * count :])),
    )


@cache
def shipped() -> Weights:
    """The weights that came with this version, read once a process."""
    return parse((Path(__file__).parent / "weights.bin").read_bytes())


def scores(weights: Weights, found: dict[str, set[str]]) -> dict[str, float]:
    """One number a head for the features of a letter: above 0 means "rather yes"."""
    totals = list(weights.biases)
    for block, names in found.items():
        places = _places(weights, names)
        sums, norm = _sums(weights, places)
        factor = weights.blocks.get(block, 0.0) / norm if norm else 0.0
        for head, value in enumerate(sums):
            totals[head] += value * factor * weights.scales[head]
    return dict(zip(weights.heads, totals, strict=True))


def _places(weights: Weights, names: Iterable[str]) -> set[int]:
    found = {weights.index.get(crc32(name.encode())) for name in names}
    found.discard(None)
    return found  # type: ignore[return-value]  # None was taken out on the line above


def _sums(weights: Weights, places: set[int]) -> tuple[list[float], float]:
    sums = [0.0] * len(weights.heads)
    square = 0
    for place in places:
        rarity = weights.rarity[place]
        square += rarity * rarity
        for head, weight in enumerate(weights.rows[place]):
            sums[head] += rarity * weight
    return sums, square**0.5
