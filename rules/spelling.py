"""Names as people type them: without accents, glued together, abbreviated, with a letter wrong."""

import re
from collections.abc import Iterator

_WORD = re.compile(r"[^\W_]+")
_SAINT = {"st": "saint", "ste": "sainte"}


def word_set(text: str) -> frozenset[str]:
    """A table of words, written as a line of text."""
    return frozenset(text.split())


# Particles that people drop or glue to the name: Khattabi, NDiaye, Legoff.
PARTICLES = word_set("a al ben bin d da de del der des di dit dite do dos du el l la le les m n o van von y")
TYPO_LENGTH = 6  # letters; in a shorter word one letter makes another name


def words(folded: str) -> list[str]:
    """The words and numbers of a folded text, `st` written in full."""
    return [_SAINT.get(word, word) for word in _WORD.findall(folded)]


def core(name: list[str]) -> list[str]:
    """A surname's words without its particles; all of them when there is nothing else."""
    kept = [word for word in name if word not in PARTICLES]
    return kept or name


def shortened(word: str) -> Iterator[str]:
    """The word, and the word without each of its letters: two words one error apart have one of these in common."""
    yield word
    for index in range(len(word)):
        yield word[:index] + word[index + 1 :]


def one_error_apart(one: str, other: str) -> bool:
    """Whether a single letter added, missing, wrong, or two swapped make one from the other (Damerau-Levenshtein 1)."""
    if len(one) > len(other):
        one, other = other, one
    start = next((index for index, letter in enumerate(one) if letter != other[index]), len(one))
    match len(other) - len(one):
        case 0:
            swapped = one[start : start + 2] == other[start : start + 2][::-1]
            rest = 2 if swapped and one[start + 1 :] != other[start + 1 :] else 1
            return one != other and one[start + rest :] == other[start + rest :]
        case 1:
            return one[start:] == other[start + 1 :]
        case _:
            return False
