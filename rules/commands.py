"""Commands that our own people write in a mail: a line of its own, `#envoyer`, among the new words of an answer.

French first, accents or none, capitals or none; what stands in a quotation, in a forwarded letter or in a signature is
somebody else's. Reading decides nothing: who may command what is asked elsewhere.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from rules.fold import fold
from rules.letter import Letter
from rules.reading import read


class Name(StrEnum):
    """What can be commanded."""

    SEND = "send"  # approve a month's notices


# The word, folded, what it commands, and why that word.
_WORDS: tuple[tuple[str, Name, str], ...] = (
    ("envoyer", Name.SEND, "what the summary asks for"),
    ("envoyez", Name.SEND, "the same, as one says it"),
    ("envoi", Name.SEND, "the same, as a noun"),
    ("approuver", Name.SEND, "the command line's word"),
)
NAMES = {word: name for word, name, _ in _WORDS}

_LINE = re.compile(r"#\s?([a-z]+)\b[ \t]*(.*)")


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `name` is None for a word that nobody knows; `words` is what follows it, as written."""

    word: str
    name: Name | None
    words: tuple[str, ...] = ()


def commands(letter: Letter) -> tuple[Command, ...]:
    """The commands of a letter, in their order."""
    lines = (line.strip() for line in read(letter).new.splitlines())
    return tuple(found for line in lines if line.startswith("#") and (found := _command(line)) is not None)


def _command(line: str) -> Command | None:
    match = _LINE.match(fold(line))
    if match is None:
        return None
    rest = line[match.start(2) :] if len(fold(line)) == len(line) else match[2]
    return Command(match[1], NAMES.get(match[1]), tuple(rest.replace(",", " ").split()))
