"""What a letter says of who and where: names, numbers, lots and addresses, picked out once and compared many times.

Only the beginning and the end of a text are read: people say who they are where they greet and where they sign.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rules.fold import fold
from rules.letter import Address, Letter, normalise_address
from rules.spelling import word_set, words

HEAD, TAIL = 3000, 1000  # characters read
LOOSE = 2  # digits that say nothing, even beside a building
SHORT_LINE = 7  # words at most: a signature, a heading, a line of a form

# Words after which a number is a flat's, and those that say which kind of thing is let.
LOT_WORDS = word_set(
    "lot appt appart appartement apt app apartment flat logement porte n no numero num studio villa loft maison "
    "chambre place box parking garage emplacement stationnement"
)
PARKING_WORDS = word_set("parking parkings box garage stationnement emplacement carport")
DWELLING_WORDS = word_set(
    "appartement appart appt apt logement maison studio villa loft apartment flat house chambre cuisine salon "
    "douche chauffage radiateur chaudiere balcon voisin voisins"
)
# « Je rends le box, je garde l'appartement » is about the box.
KEPT_DWELLING = re.compile(
    r"\b(?:garde|gardons|garder|conserve|conservons|conserver|restons? dans|keep|keeping)\b[^.;\n]{0,30}"
    r"\b(?:appart\w*|logement|maison|studio|flat|apartment)"
    r"|\b(?:appart\w*|logement|maison|studio|flat|apartment)\b[^.;\n]{0,25}\b(?:garde|conserve|keep)\b"
)
CIVILITIES = word_set("m mr mme mlle monsieur madame mademoiselle mrs ms famille veuve vve maitre me")

_PHONE = re.compile(r"(?:\+|\b)\d(?:[ .()/\u00a0\u202f-]{0,2}\d){8,14}\b")
_EMAIL = re.compile(r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


@dataclass(frozen=True, slots=True)
class Line:
    """Some words; `place` is "display" (the name of the sender), "short" (a signature, a heading) or "body"."""

    place: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clues:
    """What a letter says. Lots and mandates are as `lot_key` writes them, numbers of leases as `number_key` does.

    A loose number is a lot only beside something else that tells the lease.
    """

    lines: tuple[Line, ...]
    words: frozenset[str]
    lots: frozenset[str]
    loose: frozenset[str]
    numbers: frozenset[str]
    mandates: frozenset[str]
    phones: frozenset[str]
    emails: frozenset[str]
    parking: bool
    dwelling: bool


def gather(letter: Letter, text: str) -> Clues:
    """The clues of a letter; `text` is its subject and its words, as written."""
    read = text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"
    folded = fold(read)
    lines = (Line("display", _display(letter.sender)), *_lines(folded))
    said = [word for line in lines for word in line.words]
    known = frozenset(said)
    parking, dwelling = bool(known & PARKING_WORDS), bool(known & DWELLING_WORDS)
    return Clues(
        lines=lines,
        words=known,
        lots=frozenset(map(lot_key, _lots(said))),
        loose=frozenset(lot_key(word) for word in said if word[0].isdigit() and len(word) > LOOSE) | (known & {"rdc"}),
        numbers=frozenset((*_references(said), *_numbers_after("bail", said))),
        mandates=frozenset(map(lot_key, _numbers_after("mandat", said))),
        phones=frozenset(phone_key(number) for number in _PHONE.findall(read)),
        emails=frozenset(normalise_address(address) for address in _EMAIL.findall(read)),
        parking=parking,
        dwelling=dwelling and not (parking and KEPT_DWELLING.search(folded)),
    )


def _display(sender: Address) -> tuple[str, ...]:
    """The name that the sender's program shows; without one, the words of the address (karim.benaissa2@...)."""
    name = fold(sender.name)
    shown = name if name and "@" not in name else "".join(c for c in fold(sender.address) if not c.isdigit())
    return tuple(words(shown.partition("@")[0]))


def _lines(folded: str) -> Iterator[Line]:
    for line in folded.splitlines():
        found = tuple(words(line))
        if found:
            yield Line("short" if len(found) <= SHORT_LINE else "body", found)


def lot_key(lot: str) -> str:
    """`B 03`, `b03` and `B3` are one lot."""
    return _ZEROS.sub("", "".join(words(fold(lot))))


def number_key(number: str) -> str:
    """`L 00113` and `l-00113` are one lease; zeros count, for `L113` is an article of law."""
    return "".join(words(fold(number)))


def _references(said: list[str]) -> Iterator[str]:
    """Letters and digits together, in one word or in two: D2-14, B 14, Loft 3, L 00113."""
    for before, word in pairwise(["", *said]):
        if not word.isalpha():
            if not word.isdigit():
                yield word
            if before and not before.isdigit():
                yield before + word


def _lots(said: list[str]) -> Iterator[str]:
    """Words that name a lot: a reference, or a number after a word that announces it."""
    yield from _references(said)
    yield from (word for before, word in pairwise(said) if before in LOT_WORDS and (word.isdigit() or word == "rdc"))


def _numbers_after(announced: str, said: list[str]) -> Iterator[str]:
    for index, word in enumerate(said):
        if word.startswith(announced):
            yield from (number for number in said[index + 1 : index + 4] if number[0].isdigit())


def phone_key(number: str) -> str:
    """The nine digits that tell a French number, whether it begins with 0, +33, +596 0 or 0033."""
    digits = "".join(letter for letter in number if letter.isdigit())
    return digits[-9:]
