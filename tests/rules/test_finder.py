"""A table of patterns is looked through quickly, and finds what it would find slowly."""

import json
import re
from pathlib import Path

import pytest

from rules import alarms, leaving, turns
from rules.finder import Finder, beginnings
from rules.fold import fold

CORPUS = Path(__file__).parents[2] / "training" / "corpus"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    lines = [line for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text("utf-8").split("\n") if line]
    return [fold(json.loads(line)["body"]) for line in lines[::5]]


@pytest.mark.parametrize(
    "rows",
    [
        turns.TURNS,
        leaving.ANNOUNCEMENTS,
        (*alarms.URGENT, *alarms.DEATH, *alarms.VIOLENCE, *alarms.INSTITUTION),
        (*alarms.SENSITIVE, *alarms.REGISTERED, *alarms.MACHINE),
    ],
)
def test_what_is_met_is_what_a_search_for_each_row_finds(
    rows: tuple[turns.Turn | alarms.Alarm | leaving.Announcement, ...], texts: list[str]
) -> None:
    patterns = [row.pattern for row in rows]
    finder = Finder(patterns)

    for text in texts:
        assert finder.met(text) == [place for place, pattern in enumerate(patterns) if pattern.search(text)], text


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"\bfuites?\b", {"fui"}),
        (r"\b(?:je|j')\s?pars", {"je\0", "jep", "j'\0", "j'p"}),
        (r"\b(?:tres )?(?:gros|gra?nd)", {"tre", "gro", "gra", "grn"}),
        (r"\bab*c", {"ab\0", "ac\0"}),
        (r"\bou\b", {"ou\0"}),
        (r"\b[md]on\b|\bla\b", {"mon", "don", "la\0"}),
        (r"\b(?!pas)rien", {"rie"}),
    ],
)
def test_the_first_letters_of_a_pattern_are_read_in_it(pattern: str, expected: set[str]) -> None:
    assert set(beginnings(pattern) or ()) == expected


@pytest.mark.parametrize("pattern", ["fuite", r"\bfuite|panne", r"^objet", r"\b(?:eau)?", r"\b ?ttc", r"\b\w+ment"])
def test_a_pattern_that_may_begin_anywhere_is_looked_for_everywhere(pattern: str) -> None:
    assert beginnings(pattern) is None
    assert Finder([re.compile(pattern)]).met("objet : une panne et une fuite, 0 ttc, vraiment") == [0]


def test_folding_replaces_each_character_as_a_table_would() -> None:
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x11000))))

    assert fold(every) == "".join(map(fold, every.lower()))
