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
_TOLD = 80  # sentences that are looked at one by one
_WORD = re.compile(r"[a-z]+|\d+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_STOP = re.compile(r"((?<!\bM)(?<!\bn)[.!?…]+(?=[\s»\")]|$)|\n\n+|\n(?=\s*[-*•A-Z]))")
_SHORT = 60  # a line shorter than this ended on purpose; a longer one was wrapped by the mail program

Run = list[tuple[str, ...]]  # the notions met along a sentence, one tuple for each word or phrase that carries any


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its folded text (numbers as `0`), its words, the notions met along it, whether it asks."""

    plain: str
    words: list[str]
    run: Run
    asks: bool


def words(text: str) -> list[str]:
    """The folded words of `text`, every number as `0`, telephone spelling put right."""
    return [SPELLINGS.get(word, word) if word.isalpha() else "0" for word in _WORD.findall(fold(text[:_READ]))]


def sentences(text: str) -> list[Sentence]:
    """The sentences of `text`, without its greeting and closing lines."""
    return [sentence_of(told, asks=asks) for told, asks in cut(text)][:_TOLD]


def sentence_of(text: str, *, asks: bool = False) -> Sentence:
    found = words(text)
    return Sentence(_NUMBER.sub("0", fold(text[:600])), found, tagged(found), asks)


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

Phrases = dict[str, list[tuple[tuple[str, ...], str]]]


def _entries() -> Iterator[tuple[tuple[str, ...], bool, str]]:
    """Each entry of the table: its words, whether its last word is only a beginning, its notion."""
    for notion in NOTIONS:
        for entry in notion.words.split():
            yield tuple(_WORD.findall(fold(entry.replace("_", " ")))), entry.endswith("*"), notion.name


def _tables() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]], Phrases]:
    whole: dict[str, tuple[str, ...]] = {}
    starts: dict[str, tuple[str, ...]] = {}
    phrases: Phrases = {}
    for spelt, begins, name in _entries():
        if len(spelt) > 1:
            phrases.setdefault(spelt[0], []).append((spelt, name))
        else:
            known = starts if begins else whole
            known[spelt[0]] = (*known.get(spelt[0], ()), name)
    for rows in phrases.values():
        rows.sort(key=lambda row: -len(row[0]))
    return whole, starts, phrases


_WHOLE, _STARTS, _PHRASES = _tables()
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
    place = 0
    while place < len(run):
        size, names = _phrase(run, place) if run[place] in _PHRASES else (1, ())
        names = names or notions_of(run[place])
        if names:
            found.append(names)
        place += size
    return found


def _phrase(run: list[str], place: int) -> tuple[int, tuple[str, ...]]:
    size = 0
    names: list[str] = []
    for spelt, name in _PHRASES[run[place]]:
        if size and len(spelt) < size:
            break
        if tuple(run[place : place + len(spelt)]) == spelt:
            size = len(spelt)
            names.append(name)
    return (size, tuple(names)) if size else (1, ())
