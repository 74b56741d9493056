"""From text to words, sentences and notions: the shapes in which the rules and the learned model read a letter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rules.fold import fold
from rules.marks import CLOSING, GREETING
from rules.notions import NOTIONS, SPELLINGS

_READ = (
    12_000  # characters of a part that are looked at: nobody says more, and a machine that does must not hold others up
)
_PLAIN = 600  # characters of a sentence in which a turn of phrase is looked for
_TOLD = 80  # sentences that are looked at one by one
_WORD = re.compile(r"[a-z]+|\d+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_STOP = re.compile(r"((?<!\bM)(?<!\bn)[.!?…]+(?=[\s»\")]|$)|\n\n+|\n(?=\s*[-*•A-Z]))")
_SHORT = 60  # a line shorter than this ended on purpose; a longer one was wrapped by the mail program

Run = list[tuple[str, ...]]  # the notions met along a sentence, one tuple for each word or phrase that carries any


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: as written, folded (numbers as `0`), its words, the notions met along it, whether it asks."""

    written: str
    plain: str
    words: list[str]
    run: Run
    asks: bool


def words(text: str) -> list[str]:
    """The folded words of `text`, every number as `0`, telephone spelling put right."""
    return _words(fold(text[:_READ]))


def _words(folded: str) -> list[str]:
    spelt = SPELLINGS.get
    return [spelt(word, word) if word.isalpha() else "0" for word in _WORD.findall(folded)]


def sentences(text: str) -> list[Sentence]:
    """The sentences of `text`, without its greeting and closing lines."""
    return [sentence_of(told, asks=asks) for told, asks in cut(text)][:_TOLD]


def sentence_of(text: str, *, asks: bool = False) -> Sentence:
    folded = fold(text[:_READ])
    found = _words(folded)
    plain = folded if len(text) <= _PLAIN else fold(text[:_PLAIN])
    return Sentence(text, _NUMBER.sub("0", plain), found, tagged(found), asks)


def cut(text: str) -> Iterator[tuple[str, bool]]:
    """The sentences of `text` as written, without greeting and closing lines, and whether each asks."""
    pieces = _STOP.split(_unwrapped(text[:_READ]))
    for start in range(0, len(pieces), 2):
        told, stop = pieces[start].strip(), pieces[start + 1] if start + 1 < len(pieces) else ""
        if told:
            yield told, "?" in stop


def _unwrapped(text: str) -> str:
    return "".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    plain = fold(line[:80]).strip()
    if len(line) < 80 and (CLOSING.match(plain) or GREETING.match(plain)):  # noqa: PLR2004  as long as a greeting gets
        return "\n\n"
    return line + ("\n\n" if len(line) < _SHORT else " ")


# --- notions in a run of words


def _entries() -> Iterator[tuple[tuple[str, ...], bool, str]]:
    """Each entry of the table: its words, whether its last word is only a beginning, its notion."""
    for notion in NOTIONS:
        for entry in notion.words.split():
            yield tuple(_WORD.findall(fold(entry.replace("_", " ")))), entry.endswith("*"), notion.name


class _Node:
    """A place in the tree of phrases: the words that may come next, the notions of the phrase that ends here."""

    __slots__ = ("names", "then")

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.then: dict[str, _Node] = {}


Notions = dict[str, tuple[str, ...]]


def _tables() -> tuple[Notions, Notions, dict[str, _Node]]:
    whole: Notions = {}
    starts: Notions = {}
    phrases = _Node()
    for spelt, begins, name in _entries():
        if len(spelt) > 1:
            node = phrases
            for word in spelt:
                node = node.then.setdefault(word, _Node())
            node.names = (*node.names, name)
        else:
            known = starts if begins else whole
            known[spelt[0]] = (*known.get(spelt[0], ()), name)
    return whole, starts, phrases.then


_WHOLE, _STARTS, _PHRASES = _tables()
_LONGEST = max(len(spelt) for spelt, _, _ in _entries())  # words of a phrase
_STEM = (3, 16)  # the shortest and the longest beginning of a word that the table holds


@lru_cache(maxsize=20_000)
def notions_of(word: str) -> tuple[str, ...]:
    """The notions that one folded word carries."""
    found = list(_WHOLE.get(word, ()))
    for size in range(_STEM[0], min(len(word), _STEM[1]) + 1):
        found += _STARTS.get(word[:size], ())
    return tuple(dict.fromkeys(found))


def tagged(run: list[str]) -> Run:
    """The notions met along `run`; the longest phrase first."""
    found: Run = []
    place, begins = 0, _PHRASES.get
    while place < len(run):
        node = begins(run[place])
        size, names = _phrase(node, run, place) if node else (1, ())
        names = names or notions_of(run[place])
        if names:
            found.append(names)
        place += size
    return found


def _phrase(node: _Node, run: list[str], place: int) -> tuple[int, tuple[str, ...]]:
    """The longest phrase that begins with the word at `place`, whose node is given: its words, its notions."""
    size, names = 1, node.names
    for ahead, word in enumerate(run[place + 1 : place + _LONGEST], 2):
        following = node.then.get(word)
        if following is None:
            break
        node = following
        if node.names:
            size, names = ahead, node.names
    return size, names
