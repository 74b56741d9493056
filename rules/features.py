"""What the learned model looks at in a letter: its words, pieces of its words, and the notions of the trade in its sentences.

A feature is a short string such as `w:fuite` (a word of the new text), `s:conge` (a word of the subject) or `me leave will`
(three notions in a row in one sentence). Features come in blocks; each block weighs the same whatever the letter's length.
Digits are masked, so that no amount, date or telephone number is ever learned.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rules.alarms import (
    INSTITUTION,
    INSTITUTION_SENDER,
    MACHINE,
    MACHINE_SENDER,
    REGISTERED,
    URGENT,
    rings,
)
from rules.fold import fold
from rules.letter import Letter
from rules.marks import CLOSING, GREETING
from rules.notions import NOTIONS, SPELLINGS
from rules.reading import Reading
from rules.turns import TURNS

# Blocks whose features weigh less the more there are, and those where each one always weighs the same (they are rules).
BLOCKS = {"words": 1.0, "pieces": 1.0, "notions": 1.0, "mixed": 1.0}
FLAT = {"turns": 0.2}
_WORD = re.compile(r"[a-z]+|\d+")
_READ = 12_000  # characters of each part that the model looks at
_SIZES = (3, 4, 5)
_RINGING = (("urgent", URGENT), ("registered", REGISTERED), ("machine", MACHINE), ("institution", INSTITUTION))
_SENDERS = (
    ("machine", MACHINE_SENDER),
    ("institution", INSTITUTION_SENDER),
    ("odd", re.compile(r"[@\d_]")),  # an address or a number where people write their name
    ("one word", re.compile(r"^\S+ ?$")),
    ("role", re.compile(r"[,(]")),  # "M. Roy, propriétaire du 4" says who writes
)
_STOP = re.compile(r"([.!?]+|\n\s*\n|\n(?=\s*[-*•A-Z]))")
_SHORT = 60  # a line shorter than this ended on purpose; a longer one was wrapped by the mail program


def words(text: str) -> list[str]:
    """The folded words of `text`, every number as `0`, telephone spelling put right."""
    return [SPELLINGS.get(word, word) if word.isalpha() else "0" for word in _WORD.findall(fold(text[:_READ]))]


def sentences(text: str) -> list[tuple[str, bool]]:
    """The sentences of `text` and whether each one asks, without greeting and closing lines."""
    found: list[tuple[str, bool]] = []
    pieces = _STOP.split(_unwrapped(text[:_READ]))
    for start in range(0, len(pieces), 2):
        sentence, stop = pieces[start].strip(), pieces[start + 1] if start + 1 < len(pieces) else ""
        if sentence:
            found.append((sentence, "?" in stop))
    return found


def _unwrapped(text: str) -> str:
    kept: list[str] = []
    for line in text.split("\n"):
        plain = fold(line[:200]).strip()
        if len(plain) < 80 and (CLOSING.match(plain) or GREETING.match(plain)):
            kept.append("\n\n")
        else:
            kept.append(line + ("\n\n" if len(line) < _SHORT else " "))
    return "".join(kept)


# --- notions in a run of words ---


def _entries() -> Iterator[tuple[tuple[str, ...], str]]:
    for notion in NOTIONS:
        for entry in notion.words.split():
            spelt = tuple(_WORD.findall(fold(entry.replace("_", " "))))
            yield (*spelt[:-1], spelt[-1] + "*") if entry.endswith("*") else spelt, notion.name


def _tables() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]], dict[str, list[tuple[tuple[str, ...], str]]]]:
    whole: dict[str, tuple[str, ...]] = {}
    starts: dict[str, tuple[str, ...]] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for spelt, name in _entries():
        if len(spelt) > 1:
            phrases.setdefault(spelt[0], []).append((spelt, name))
        elif spelt[0].endswith("*"):
            starts[spelt[0][:-1]] = (*starts.get(spelt[0][:-1], ()), name)
        else:
            whole[spelt[0]] = (*whole.get(spelt[0], ()), name)
    return whole, starts, phrases


_WHOLE, _STARTS, _PHRASES = _tables()
for _rows in _PHRASES.values():
    _rows.sort(key=lambda row: -len(row[0]))


@lru_cache(maxsize=20_000)
def notions_of(word: str) -> tuple[str, ...]:
    """The notions that one folded word carries."""
    found = list(_WHOLE.get(word, ()))
    for size in range(3, min(len(word), 16) + 1):
        found += _STARTS.get(word[:size], ())
    return tuple(dict.fromkeys(found))


def tagged(run: list[str]) -> list[tuple[str, ...]]:
    """The notions met along `run`, one tuple for each word or phrase that carries any."""
    found: list[tuple[str, ...]] = []
    place = 0
    while place < len(run):
        word = run[place]
        size, names = _phrase(run, place) if word in _PHRASES else (1, ())
        names = names or notions_of(word)
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


# --- the features ---

# Notions whose absence tells something: a letter that asks nothing, names nobody's trouble, speaks of nobody's self.
_TELLING = ("ask", "me", "you", "thanks", "broken", "not", "leave", "amount")
# Notions that change what the rest of a letter means, wherever they stand in it.
_PIVOTS = ("thanks", "fixed", "landlord_self", "applicant", "supplier", "back_soon", "other_contract", "already_noted", "left", "stay", "withdraw", "if", "registered")


def features(letter: Letter, reading: Reading) -> dict[str, set[str]]:
    """The features of a letter, by block."""
    new, subject = words(reading.new), words(reading.subject)
    attached = words(" ".join(item.name for item in letter.attachments))
    plain = {f"w:{word}" for word in subject}
    plain.update(f"q:{word}" for word in words(reading.quoted + " " + reading.forwarded))
    plain.update(f"a:{word}" for word in attached)
    for prefix, found in (("w", new), ("s", subject)):
        framed = ["^", *found, "$"]
        plain.update(f"{prefix}:{word}" for word in framed)
        plain.update(f"{prefix}:{one}_{two}" for one, two in zip(framed, framed[1:], strict=False))
    plain.add(f"n:{min(len(new) // 20, 10)}")
    return {"words": plain, "pieces": _pieces([*subject, ".", *new]), "notions": _notions(letter, reading, attached), "mixed": _mixed(reading), "turns": _turns(letter, plain_sentences(reading))}


def _pieces(found: list[str]) -> set[str]:
    pieces: set[str] = set()
    for word in set(found):
        framed = f" {word[:30]} "
        for size in _SIZES:
            pieces.update(framed[start : start + size] for start in range(len(framed) - size + 1))
    return pieces


def _notions(letter: Letter, reading: Reading, attached: list[str]) -> set[str]:
    found: set[str] = set()
    runs = [(tagged(words(sentence)), asks) for sentence, asks in sentences(reading.new)]
    for place, (run, asks) in enumerate(runs):
        found |= _of_sentence(run, asks=asks)
        if place == 0:
            found |= {f"first {name}" for names in run for name in names}
        if place == len(runs) - 1:
            found |= {f"last {name}" for names in run for name in names}
    found |= {f"subject {name}" for name in _sequence(tagged(words(reading.subject)))}
    found |= {f"quoted {name}" for name in _all(tagged(words(reading.quoted + " " + reading.forwarded)))}
    found |= {f"attached {name}" for name in _all(tagged(attached))}
    found |= {f"sender {name}" for name in _all(tagged(words(letter.sender.name)))}
    found.add(f"sentences {min(len(runs), 6)}")
    told = {name for run, _ in runs for names in run for name in names}
    asked = any(asks for _, asks in runs)
    found |= {f"no {name}" for name in _TELLING if name not in told} | {f"asked {asked}"}
    found |= {f"{one}&{two}" for one in _PIVOTS if one in told for two in told}
    return found


def _mixed(reading: Reading) -> set[str]:
    """Pairs and threes of words in which a word that carries a notion is replaced by the notion's name."""
    found: set[str] = set()
    for sentence, _ in sentences(reading.new):
        run = [(notions_of(word) or (word,))[0] for word in words(sentence)]
        found.update(f"{one}_{two}" for one, two in zip(run, run[1:], strict=False))
        found.update(f"{one}_{two}_{three}" for one, two, three in zip(run, run[1:], run[2:], strict=False))
    return found


_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_SUPPOSES = re.compile(r"\b(?:si|s'il|au cas|eventuel|un jour|peut-etre|jamais|if|whether)\b")
_DENIES = re.compile(r"\b(?:ne|n'|pas|plus|jamais|aucun|aucune|not|don't|never)\b")
_TOLD = 80  # sentences in which turns of phrase are looked for


def plain_sentences(reading: Reading) -> list[tuple[str, bool]]:
    """The sentences of the new text, then the subject: folded, numbers as `0`, and whether each asks."""
    told = [*sentences(reading.new)[:_TOLD], (reading.subject, False)]
    return [(_NUMBER.sub("0", fold(sentence[:600])), asks) for sentence, asks in told]


def _turns(letter: Letter, told: list[tuple[str, bool]]) -> set[str]:
    """The turns of phrase met and what must ring, each turn also with the mood of its sentence."""
    found: set[str] = set()
    for plain, asks in told:
        mood = "?" if asks else "~" if _SUPPOSES.search(plain) else "-" if _DENIES.search(plain) else "."
        for turn in TURNS:
            if turn.pattern.search(plain):
                found |= {f"t:{turn.name}", f"t:{turn.name}{mood}"}
        found |= {f"!:{table}:{alarm.reason}" for table, rows in _RINGING for alarm in rows if rings(alarm, plain)}
    sender = fold(f"{letter.sender.name} {letter.sender.address.partition('@')[0]}")
    found |= {f"f:{name}" for name, pattern in _SENDERS if pattern.search(sender)}
    return found


def _all(run: list[tuple[str, ...]]) -> set[str]:
    return {name for names in run for name in names}


def _sequence(run: list[tuple[str, ...]]) -> set[str]:
    """Each notion, and each two and three of them in a row."""
    main = [names[0] for names in run]
    found = _all(run)
    found.update(f"{one} {two}" for one, two in zip(main, main[1:], strict=False))
    found.update(f"{one} {two} {three}" for one, two, three in zip(main, main[1:], main[2:], strict=False))
    return found


def _of_sentence(run: list[tuple[str, ...]], *, asks: bool) -> set[str]:
    present = _all(run)
    found = _sequence(run)
    for mood in _moods(present, asks=asks):
        found.update(f"{mood}: {name}" for name in present)
    ordered = sorted(present)
    found.update(f"{one}+{two}" for place, one in enumerate(ordered) for two in ordered[place + 1 :])
    return found


def _moods(present: Iterable[str], *, asks: bool) -> Iterator[str]:
    if asks:
        yield "asks"
    moods = [name for name in ("not", "if", "would") if name in present]
    yield from moods
    if not asks and not moods:
        yield "plain"
    if "me" in present:
        yield "mine"
    elif not present.isdisjoint(("he", "kin", "neighbour")):
        yield "theirs"
