"""Learns the weights from the corpus and writes `rules/weights.bin`: `python -m training.train`.

The same corpus gives the same file, byte for byte: examples are taken in the order of the files, features in the order of
their CRC-32, the solver's seed is fixed, and what is written is rounded.
"""

import json
from math import log
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from rules.features import BLOCKS, features
from rules.letter import Label
from rules.reading import read
from rules.weights import RARITY_UNIT
from training.corpus import Example, examples

TARGET = Path(__file__).parent.parent / "rules" / "weights.bin"
FEWEST = 2  # letters in which a feature must stand to be learned


def keyed(example: Example) -> dict[str, set[int]]:
    found = features(example.letter, read(example.letter))
    return {block: {crc32(name.encode()) for name in names} for block, names in found.items()}


def vocabulary(found: list[dict[str, set[int]]]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for blocks in found:
        for key in set().union(*blocks.values()):
            counts[key] = counts.get(key, 0) + 1
    return {key: count for key, count in sorted(counts.items()) if count >= FEWEST}


def matrix(found, index, rarity):
    data, rows, columns = [], [], []
    for row, blocks in enumerate(found):
        for block in BLOCKS:
            places = [index[key] for key in sorted(blocks[block]) if key in index]
            norm = sum(rarity[place] ** 2 for place in places) ** 0.5 or 1.0
            data += [rarity[place] / norm for place in places]
            rows += [row] * len(places)
            columns += places
    return csr_matrix((data, (rows, columns)), shape=(len(found), len(index)))


def main() -> None:
    letters = examples()
    found = [keyed(example) for example in letters]
    counts = vocabulary(found)
    index = {key: place for place, key in enumerate(counts)}
    rarity = [min(255, round((1 + log((1 + len(letters)) / (1 + count))) / RARITY_UNIT)) for count in counts.values()]
    table = matrix(found, index, rarity)
    heads = [*Label, "urgent", "registered", "automated"]
    weights, biases, scales = [], [], []
    for head in heads:
        truth = np.array([e.label == head if isinstance(head, Label) else getattr(e, head) for e in letters])
        model = LinearSVC(C=0.5, random_state=7).fit(table, truth)
        scale = float(np.abs(model.coef_).max()) / 127
        weights.append(np.round(model.coef_[0] / scale).astype(np.int8))
        scales.append(scale)
        biases.append(round(float(model.intercept_[0]), 6))
    head = {"heads": heads, "scales": scales, "biases": biases, "blocks": dict.fromkeys(BLOCKS, 1.0), "calibration": {"labels": [[2.5]]}, "count": len(index)}
    raw = json.dumps(head).encode() + b"\n" + np.array(list(index), dtype="<u4").tobytes() + bytes(rarity)
    TARGET.write_bytes(raw + np.stack(weights, axis=1).tobytes())


if __name__ == "__main__":
    main()
