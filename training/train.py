"""Learns the weights from the corpus and writes `rules/weights.bin`: `python -m training.train`.

The same corpus gives the same file, byte for byte: examples are taken in the order of the files, features in the order
of their CRC-32, the solver's seed is fixed, and what is written is rounded. It takes a few minutes of one core.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.corpus import HANDS, examples, fingerprint
from training.model import (
    HEADS,
    LABELS,
    Array,
    Head,
    Vocabulary,
    calibrate,
    fit,
    held_out,
    keyed,
    table,
    truth,
    vocabulary,
)
from training.thresholds import thresholds

TARGET = Path(__file__).parent.parent / "rules" / "weights.bin"


def main() -> None:
    letters = examples()
    found = [keyed(example) for example in letters]
    known = vocabulary(found)
    rows = table(found, known)
    out = held_out(rows, letters, HANDS)
    judged = np.array([example.hand in HANDS for example in letters])
    heads = [fit(rows, truth(letters, head), head) for head in HEADS]
    labels = [example.label.value for example in letters]
    calibration = calibrate(out[judged], [label for label, told in zip(labels, judged, strict=True) if told])
    limits = thresholds(out[judged], [example for example, told in zip(letters, judged, strict=True) if told])
    TARGET.write_bytes(packed(known, heads, calibration, limits))


def packed(known: Vocabulary, heads: Sequence[Head], calibration: list[list[float]], limits: dict[str, float]) -> bytes:
    """The file, in the format of `rules.weights`."""
    weights = [head.weights * known.counts for head in heads]
    scales = [float(np.abs(row).max()) / 127 for row in weights]
    rows = np.stack([_rounded(row, scale) for row, scale in zip(weights, scales, strict=True)], axis=1)
    kept = np.abs(rows).max(axis=1) > 0  # a feature that rounds to nothing everywhere is not shipped
    keys = np.array(list(known.index), dtype="<u4")[kept]
    rarity = np.array(known.rarity, dtype=np.uint8)[kept]
    head = {
        "corpus": fingerprint(),
        "heads": list(HEADS),
        "labels": list(LABELS),
        "scales": [float(f"{scale:.6g}") for scale in scales],
        "biases": [round(head.bias, 5) for head in heads],
        "calibration": [[round(value, 4) for value in row] for row in calibration],
        "thresholds": {name: round(value, 4) for name, value in limits.items()},
        "count": int(kept.sum()),
    }
    packed: bytes = json.dumps(head).encode() + b"\n" + keys.tobytes() + rarity.tobytes() + rows[kept].tobytes()
    return packed


def _rounded(weights: Array, scale: float) -> Array:
    rounded: Array = np.round(weights / scale).astype(np.int8)
    return rounded


if __name__ == "__main__":
    main()
