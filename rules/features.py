"""What the learned model looks at in a letter: words, pairs of words and pieces of words, from each part of it.

A feature is a short string such as `w:fuite` (a word of the new text) or `s:conge` (a word of the subject). Features come in
blocks; each block weighs the same whatever the letter's length. Digits are masked, so that no amount, date or telephone
number is ever learned.
"""

import re

from rules.fold import fold
from rules.letter import Letter
from rules.reading import Reading

BLOCKS = ("words", "pieces")
_WORD = re.compile(r"[a-z]+|\d+")
_READ = 12_000  # characters of each part that the model looks at
_SIZES = (3, 4, 5)


def words(text: str) -> list[str]:
    """The folded words of `text`, every number as `0`."""
    return ["0" if word.isdigit() else word for word in _WORD.findall(fold(text[:_READ]))]


def features(letter: Letter, reading: Reading) -> dict[str, set[str]]:
    """The features of a letter, by block."""
    new, subject = words(reading.new), words(reading.subject)
    plain = {f"w:{word}" for word in subject}
    plain.update(f"q:{word}" for word in words(reading.quoted + " " + reading.forwarded))
    plain.update(f"a:{word}" for word in words(" ".join(item.name for item in letter.attachments)))
    for prefix, found in (("w", new), ("s", subject)):
        framed = ["^", *found, "$"]
        plain.update(f"{prefix}:{word}" for word in framed)
        plain.update(f"{prefix}:{one}_{two}" for one, two in zip(framed, framed[1:], strict=False))
    plain.add(f"n:{min(len(new) // 20, 10)}")
    return {"words": plain, "pieces": _pieces([*subject, ".", *new])}


def _pieces(found: list[str]) -> set[str]:
    pieces: set[str] = set()
    for word in set(found):
        framed = f" {word[:30]} "
        for size in _SIZES:
            pieces.update(framed[start : start + size] for start in range(len(framed) - size + 1))
    return pieces
