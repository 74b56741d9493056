"""The weights can be made again, and mean to the daemon what they meant to the trainer. scikit-learn is only needed here."""

import json
from pathlib import Path

import pytest

import rules

pytest.importorskip("sklearn", reason="training is a development tool")

from rules.features import counting, features
from rules.letter import Label
from rules.reading import read
from rules.tagging import sentences
from rules.weights import parse, probabilities, scores
from training.corpus import HANDS, Example, examples, fingerprint
from training.model import HEADS, calibrate, fit, keyed, table, truth, vocabulary
from training.train import packed

LIMITS = {"leaving": -0.5, "urgent": -0.5, "registered": 0.0, "automated": 0.0}


@pytest.fixture(scope="module")
def some() -> list[Example]:
    """Every fortieth letter of the corpus, with all labels and flags among them."""
    letters = examples()
    flagged = [one for one in letters if one.urgent or one.registered or one.automated]
    return letters[::40] + flagged[::20]


def made(letters: list[Example]) -> bytes:
    found = [keyed(example) for example in letters]
    known = vocabulary(found)
    rows = table(found, known)
    heads = [fit(rows, truth(letters, head), head) for head in HEADS]
    return packed(known, heads, [[2.0] * 7 for _ in Label], LIMITS)


def test_what_is_shipped_was_learned_from_this_corpus() -> None:
    head = (Path(rules.__file__).parent / "weights.bin").read_bytes().partition(b"\n")[0]

    assert json.loads(head)["corpus"] == fingerprint(), "run `python -m training.train`"


def test_the_same_corpus_gives_the_same_file_byte_for_byte(some: list[Example]) -> None:
    assert made(some) == made(some)


def test_the_daemon_computes_what_the_trainer_computed(some: list[Example]) -> None:
    found = [keyed(example) for example in some]
    known = vocabulary(found)
    rows = table(found, known)
    heads = [fit(rows, truth(some, head), head) for head in HEADS]
    weights = parse(packed(known, heads, [[2.0] * 7 for _ in Label], LIMITS))

    for place, example in enumerate(some[:40]):
        reading = read(example.letter)
        here = scores(weights, features(example.letter, reading, sentences(counting(reading))))
        for name, head in zip(HEADS, heads, strict=True):
            there = float((rows[place] @ head.weights)[0]) + head.bias
            assert here[name] == pytest.approx(there, abs=0.03), (example.id, name)


def test_probabilities_sum_to_one_and_keep_the_order_of_the_scores(some: list[Example]) -> None:
    weights = parse(made(some))
    said = {head: place / 10 for place, head in enumerate(HEADS)}

    chances = probabilities(weights, said)

    assert sum(chances.values()) == pytest.approx(1)


def test_every_hand_that_is_held_out_is_in_the_corpus() -> None:
    assert set(HANDS) <= {example.hand for example in examples()}


def test_no_letter_of_the_corpus_stands_there_twice() -> None:
    ids = [example.id for example in examples()]

    assert len(ids) == len(set(ids))


def test_one_slope_makes_the_likeliest_probabilities(some: list[Example]) -> None:
    told = truth(some, Label.WORKS.value)
    labels = [Label.WORKS.value if one else Label.REQUEST.value for one in told]
    sure = [[2.0 if label == other.value else -2.0 for other in Label] for label in labels]

    import numpy as np  # noqa: PLC0415  a development dependency

    rows = calibrate(np.array(sure), labels)

    assert rows[0][0] == rows[1][1] > 1
    assert rows[0][-1] == 0
