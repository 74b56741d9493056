"""What the learned model looks at in a letter: its words, pieces of its words, notions of the trade, turns of phrase.

A feature is a short string such as `w:fuite` (a word of the new text), `s:conge` (a word of the subject) or `me leave
will` (three notions in a row in one sentence). Features come in blocks. Digits are masked, so that no amount, date or
telephone number is ever learned.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from sys import intern

from rules.alarms import INSTITUTION, INSTITUTION_SENDER, MACHINE, MACHINE_SENDER, REGISTERED, URGENT, ringing
from rules.fold import fold
from rules.leaving import announced
from rules.letter import Letter
from rules.reading import Reading
from rules.tagging import Run, Sentence, notions_of, sentence_of, tagged, words
from rules.turns import turns_in

# Blocks whose features weigh less the more there are, and those where each one always weighs the same (they are rules).
BLOCKS = {"words": 1.0, "pieces": 1.0, "notions": 1.0, "mixed": 1.0, "pairs": 0.7}
FLAT = {"turns": 0.2}

_SIZES = (3, 4, 5)  # characters of a piece of a word: enough for a stem, an ending, a misspelling
_STEM = 5  # characters that a word and its inflections share
_FUNCTION = 3  # characters of a function word
_NEAR = 3  # words between which a pair is looked for
_BARE = 12  # words at most in a letter that says nothing by itself: "pour suite à donner"
# Notions whose absence tells something: a letter that asks nothing, names nobody's trouble, speaks of nobody's self.
_TELLING = ("ask", "me", "you", "thanks", "broken", "not", "leave", "amount")
# Notions that change what the rest of a letter means, wherever they stand in it.
_PIVOTS = frozenset(
    [
        "thanks",
        "fixed",
        "landlord_self",
        "applicant",
        "supplier",
        "back_soon",
        "other_contract",
        "already_noted",
        "left",
        "stay",
        "withdraw",
        "if",
        "registered",
    ]
)
_SUPPOSES = re.compile(r"\b(?:si|s'il|au cas|eventuel|un jour|peut-etre|jamais|if|whether)\b")
_DENIES = re.compile(r"\b(?:ne|n'|pas|plus|jamais|aucun|aucune|not|don't|never)\b")
_TABLES = (("urgent", URGENT), ("registered", REGISTERED), ("machine", MACHINE), ("institution", INSTITUTION))
_RINGING = {alarm: f"!:{table}:{alarm.reason}" for table, rows in _TABLES for alarm in rows}
_SENDERS = (
    ("machine", MACHINE_SENDER),
    ("institution", INSTITUTION_SENDER),
    ("odd", re.compile(r"[@\d_]")),  # an address or a number where people write their name
    ("one word", re.compile(r"^\S+ ?$")),
    ("role", re.compile(r"[,(]")),  # "M. Roy, propriétaire du 4" says who writes
)


def counting(reading: Reading) -> str:
    """The text that counts: the new one, and what is sent on below it when the new one says nothing by itself."""
    if reading.forwarded and len(reading.new.split()) <= _BARE:
        return f"{reading.new}\n\n{reading.forwarded}"
    return reading.new


def features(letter: Letter, reading: Reading, told: list[Sentence]) -> dict[str, set[str]]:
    """The features of a letter, by block. `told`: the sentences of `counting(reading)`."""
    new, subject = words(counting(reading)), words(reading.subject)
    below = words(f"{reading.quoted} {reading.forwarded}")
    attached = words(" ".join(item.name for item in letter.attachments[:20]))
    return {
        "words": _words(new, subject, below, attached),
        "pieces": _pieces({*subject, *new}),
        "notions": _notions(letter, told, subject, below, attached),
        "mixed": _mixed(told),
        "pairs": _pairs(told),
        "turns": _turns(letter, [*told, sentence_of(reading.subject)]),
    }


def _words(new: list[str], subject: list[str], below: list[str], attached: list[str]) -> set[str]:
    found = {f"w:{word}" for word in subject}
    found.update(f"q:{word}" for word in below)
    found.update(f"a:{word}" for word in attached)
    for prefix, run in (("w", new), ("s", subject)):
        framed = ["^", *run, "$"]
        found.update(f"{prefix}:{word}" for word in framed)
        found.update(f"{prefix}:{one}_{two}" for one, two in pairwise(framed))
    found.add(f"n:{min(len(new) // 20, 10)}")
    return found


def _pieces(found: set[str]) -> set[str]:
    return set[str]().union(*map(_pieces_of, found))


@lru_cache(maxsize=10_000)
def _pieces_of(word: str) -> tuple[str, ...]:
    """Words share most of their pieces: one string for each, and the words of a month stay in memory."""
    framed = f" {word[:30]} "
    return tuple(intern(framed[start : start + size]) for size in _SIZES for start in range(len(framed) - size + 1))


# --- notions


def _notions(
    letter: Letter, told: list[Sentence], subject: list[str], below: list[str], attached: list[str]
) -> set[str]:
    found = set[str]().union(*(_of_sentence(sentence) for sentence in told))
    found |= _of_letter(told)
    found |= {f"subject {name}" for name in _sequence(tagged(subject))}
    for place, run in (("quoted", below), ("attached", attached), ("sender", words(letter.sender.name[:200]))):
        found |= {f"{place} {name}" for name in _all(tagged(run))}
    return found


def _of_letter(told: list[Sentence]) -> set[str]:
    """What is met anywhere in the letter, first or last, and what isn't."""
    met = set[str]().union(*(_all(sentence.run) for sentence in told))
    found = {f"no {name}" for name in _TELLING if name not in met}
    found |= {f"{one}&{two}" for one in _PIVOTS & met for two in met}
    found |= {f"asked {any(sentence.asks for sentence in told)}", f"sentences {min(len(told), 6)}"}
    if told:
        found |= {f"first {name}" for name in _all(told[0].run)} | {f"last {name}" for name in _all(told[-1].run)}
    return found


def _all(run: Run) -> set[str]:
    return {name for names in run for name in names}


def _sequence(run: Run) -> set[str]:
    """Each notion, and each two and three of them in a row."""
    main = [names[0] for names in run]
    found = _all(run)
    found.update(f"{one} {two}" for one, two in pairwise(main))
    found.update(f"{one} {two} {three}" for one, two, three in zip(main, main[1:], main[2:], strict=False))
    return found


def _of_sentence(sentence: Sentence) -> set[str]:
    present = _all(sentence.run)
    found = _sequence(sentence.run)
    for mood in _moods(present, asks=sentence.asks):
        found.update(f"{mood}: {name}" for name in present)
    ordered = sorted(present)
    found.update(f"{one}+{two}" for place, one in enumerate(ordered) for two in ordered[place + 1 :])
    return found


def _moods(present: set[str], *, asks: bool) -> Iterator[str]:
    """Whether the sentence asks, denies, supposes, or says it plainly; and of whom."""
    moods = [name for name in ("not", "if", "would") if name in present]
    yield from moods
    if asks:
        yield "asks"
    elif not moods:
        yield "plain"
    if "me" in present:
        yield "mine"
    elif not present.isdisjoint(("he", "kin", "neighbour")):
        yield "theirs"


def _mixed(told: list[Sentence]) -> set[str]:
    """Pairs and threes of words in which a word that carries a notion is replaced by the notion's name."""
    found: set[str] = set()
    for sentence in told:
        run = [(notions_of(word) or (word,))[0] for word in sentence.words]
        found.update(f"{one}_{two}" for one, two in pairwise(run))
        found.update(f"{one}_{two}_{three}" for one, two, three in zip(run, run[1:], run[2:], strict=False))
    return found


def _pairs(told: list[Sentence]) -> set[str]:
    """Stems that stand near one another, function words left out: what is said of what, however it is turned."""
    found: set[str] = set()
    for sentence in told:
        stems = [word[:_STEM] for word in sentence.words if len(word) > _FUNCTION]
        for gap in range(1, _NEAR + 1):
            found.update(f"{one}^{two}" for one, two in zip(stems, stems[gap:], strict=False))
    return found


# --- turns of phrase and alarms


def _turns(letter: Letter, told: list[Sentence]) -> set[str]:
    """The turns of phrase met, each also with the mood of its sentence, what rings, and who the sender seems to be."""
    found: set[str] = set()
    for sentence in told:
        for turn in turns_in(sentence.plain):
            found |= {f"t:{turn.name}", f"t:{turn.name}{_mood(sentence)}"}
        found.update(_RINGING[alarm] for alarm in ringing(sentence.plain) if alarm in _RINGING)
        found.update(f"!:leaving:{row.name}" for row in announced(sentence.plain))
    sender = fold(f"{letter.sender.name[:200]} {letter.sender.address[:200].partition('@')[0]}")
    return found | {f"f:{name}" for name, pattern in _SENDERS if pattern.search(sender)}


def _mood(sentence: Sentence) -> str:
    if sentence.asks:
        return "?"
    if _SUPPOSES.search(sentence.plain):
        return "~"
    return "-" if _DENIES.search(sentence.plain) else "."
