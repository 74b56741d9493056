"""Which rows of a table of patterns are met in a text, without trying every row at every character.

Nearly every row begins with one of a few words. Each pattern is read once for the first letters that it can begin with
(`beginnings`); then a row is tried only at the words of the text that begin so. What is found is what `search` finds.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

_SIZE = 3  # first characters by which rows are looked up
_START = re.compile(r"\b\w")
_SIGN = re.compile(r"\(\?(?:[:=!]|<[=!])|\[[^\]]*\]|\\.|(?:[?*+]|\{\d+(?:,\d*)?\})\??|.", re.DOTALL)
_NO_WIDTH = frozenset(["^", "$", r"\b", r"\B"])
_CLASSES = frozenset([".", r"\w", r"\W", r"\s", r"\S", r"\d", r"\D"])
_OPEN = "\0"  # ends a beginning after which anything may follow

Beginnings = frozenset[str]
_NOTHING: Beginnings = frozenset([""])
_ANYTHING: Beginnings = frozenset([_OPEN])


class Finder:
    """The rows of one table, found by their places in it."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        begin = [beginnings(pattern.pattern) for pattern in patterns]
        self._patterns = patterns
        self._begin = begin
        self._anywhere = [place for place, known in enumerate(begin) if known is None]
        self._at = lru_cache(maxsize=20_000)(self._places)

    def _places(self, first: str) -> tuple[int, ...]:
        """The rows that may begin with these characters of a text."""
        could = {first, *(first[:size] + _OPEN for size in range(_SIZE + 1))}
        return tuple(place for place, known in enumerate(self._begin) if known and not known.isdisjoint(could))

    def met(self, text: str) -> list[int]:
        """The places of the rows whose pattern is found in `text`, in order."""
        found = {place for place in self._anywhere if self._patterns[place].search(text)}
        for start in _START.finditer(text):
            at = start.start()
            for place in self._at(text[at : at + _SIZE]):
                if place not in found and self._patterns[place].match(text, at):
                    found.add(place)
        return sorted(found)


# --- the first characters of what a pattern matches


def beginnings(pattern: str) -> Beginnings | None:
    """The first characters (three, or fewer and a mark) of what `pattern` matches.

    None when it may begin inside a word.
    """
    signs = _SIGN.findall(pattern)
    found = frozenset(map(_opened, _alternatives(iter(signs))))
    return found if _begins_a_word(signs) and all(one[0].isalnum() for one in found) else None


def _begins_a_word(signs: list[str]) -> bool:
    """Whether each part between the bars that are in no bracket begins with a word boundary."""
    depth, first = 0, True
    for sign in signs:
        if first and sign != r"\b":
            return False
        depth += sign.startswith("(") - (sign == ")")
        first = sign == "|" and not depth
    return True


def _alternatives(signs: Iterator[str]) -> Beginnings:
    """Of what stands before the end of the bracket, or of the pattern."""
    found: Beginnings = frozenset()
    before = here = _NOTHING
    for sign in signs:
        if sign == ")":
            break
        if sign == "|":
            found |= here
            before = here = _NOTHING
        elif sign[0] in "?*+{":
            here = _repeated(before, here, sign)
        else:
            before, here = here, _joined(here, _of(sign, signs))
    return found | here


def _of(sign: str, signs: Iterator[str]) -> Beginnings:
    if sign.startswith("("):
        inner = _alternatives(signs)
        return inner if sign in {"(", "(?:"} else _NOTHING  # what is only looked at takes no room
    if sign in _NO_WIDTH:
        return _NOTHING
    if sign in _CLASSES:
        return _ANYTHING
    if sign.startswith("["):
        return frozenset(sign[1:-1]) if sign[1:-1].isalnum() else _ANYTHING
    return frozenset(sign[-1])


def _repeated(before: Beginnings, here: Beginnings, quantifier: str) -> Beginnings:
    if quantifier.startswith(("*", "+", "{")):
        here = frozenset(map(_opened, here))
    return here | before if quantifier.startswith(("?", "*", "{0")) else here


def _joined(here: Beginnings, following: Beginnings) -> Beginnings:
    return frozenset(one if _is_full(one) else (one + then)[:_SIZE] for one in here for then in following)


def _opened(beginning: str) -> str:
    return beginning if _is_full(beginning) else beginning + _OPEN


def _is_full(beginning: str) -> bool:
    return len(beginning) == _SIZE or beginning.endswith(_OPEN)
