"""The text that counts. A letter carries its writer's words, older letters below them, and a signature.

`read` tells them apart and throws nothing away: quoted and forwarded words stay readable, marked, because a bare "yes"
means nothing without them. It takes time linear in the text, and looks at the first 60,000 characters only: nobody
writes more, and a machine that does must not hold the others up.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from rules.alarms import DEATH, SENSITIVE, UNFIT, VIOLENCE, ringing
from rules.fold import fold
from rules.letter import Letter
from rules.marks import FORWARD_SUBJECT, HEADER, MARKS, OPENING, SENDER
from rules.tagging import cut, tagged, words

LIMIT = 60_000  # characters read of one letter
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\s?/?>", re.IGNORECASE)
_TAG = re.compile(r"<(?:/?[a-z][a-z0-9]{0,9}(?:\s[^<>]{0,400})?/?|!--[^<>]{0,400}--)>", re.IGNORECASE)
_LINE = 400  # characters of a line in which a mark is looked for
_MARK = re.compile("|".join(f"({mark.pattern.pattern})" for mark in MARKS))  # the first that matches, in their order


@dataclass(frozen=True, slots=True)
class Reading:
    """One letter, taken apart; each part is plain text as written, `''` when there is none."""

    subject: str = ""
    new: str = ""
    quoted: str = ""
    forwarded: str = ""
    signature: str = ""


def read(letter: Letter) -> Reading:
    """The parts of `letter`. Never raises; the parts together hold all the lines read."""
    return _read(letter.subject, letter.text[:LIMIT])


@lru_cache(maxsize=64)  # a group in hand; each is read for what it says, for what it asks, for what it orders
def _read(subject: str, text: str) -> Reading:
    parts: dict[str, list[str]] = {"new": [], "quoted": [], "forwarded": [], "signature": []}
    written = _without_markup(text.replace("\x00", "")).splitlines()
    lines = [fold(line[:_LINE]).strip() for line in written]
    sent_on = FORWARD_SUBJECT.match(fold(subject)) is not None
    part = "new"
    for index, line in enumerate(written):
        part, here = _part(lines, index, part, sent_on=sent_on)
        parts[here].append(line)
    joined = {name: "\n".join(found).strip() for name, found in parts.items()}
    return Reading(subject.strip(), joined["new"], joined["quoted"], joined["forwarded"], joined["signature"])


def _without_markup(text: str) -> str:
    """Some programs send HTML as plain text; its tags are no words of the sender's."""
    if "</" not in text and "<br" not in text:
        return text
    return _TAG.sub("", _BREAK.sub("\n", text))


def _part(lines: list[str], index: int, current: str, *, sent_on: bool) -> tuple[str, str]:
    """The part that goes on after line `index` (folded), and the part that the line itself belongs to."""
    line = lines[index]
    if line.startswith((">", "|")):
        return (current, "forwarded" if sent_on and current == "forwarded" else "quoted")
    if current in ("quoted", "forwarded"):
        return current, current
    if _opens_block(lines, index):
        found = "forwarded" if sent_on else "quoted"
        return found, found
    mark = _MARK.match(line)
    return (
        _after(lines, index, MARKS[(mark.lastindex or 1) - 1].kind, current, sent_on=sent_on)
        if mark
        else (current, current)
    )


def _after(lines: list[str], index: int, kind: str, current: str, *, sent_on: bool) -> tuple[str, str]:
    """A mark was met: what follows belongs to it, unless the quotation below is itself marked line by line."""
    if kind == "signature":
        return "signature", "signature"
    if kind == "quoted" and _marked_below(lines, index):
        return current, "quoted"
    found = "forwarded" if sent_on and kind == "quoted" else kind
    return found, found


def _marked_below(lines: list[str], index: int) -> bool:
    """Whether the next written line carries its own quotation mark, so that answers may stand between."""
    for line in lines[index + 1 : index + 4]:
        if line:
            return line.startswith((">", "|"))
    return False


def _opens_block(lines: list[str], index: int) -> bool:
    """Outlook's header block: a sender's line and another header within the next three lines."""
    return SENDER.match(lines[index]) is not None and any(map(HEADER.match, lines[index + 1 : index + 4]))


# « Merci, mais je ne suis pas là jeudi. Vendredi ? »: whoever asks or objects isn't only thanking.
_NO_TROUBLE = re.compile(r"\bpas (?:de|d'|un) ?(?:souci|probleme|urgence)\w*")
_OBJECTS = re.compile(
    r"\?|\bmais\b|\bplutot\b|\b(?:ne|n')\s?\S{1,20}(?: \S{1,12})? pas\b"
    r"|\bpas (?:encore|possible|disponible|libre|la)\b"
)


def asks_or_objects(letter: Letter) -> bool:
    """Whether the new words of a letter hold a question or a reserve, whatever they are about."""
    return _OBJECTS.search(_NO_TROUBLE.sub("", fold(read(letter).new))) is not None


# --- the sentence that says what the matter is

# Notions that a matter is made of: a sentence without any is a greeting, a story, or the weather.
_MATTER = frozenset(
    [
        "leave",
        "end_lease",
        "notice",
        "departure",
        "exit_report",
        "keys",
        "equipment",
        "broken",
        "damp",
        "pest",
        "repair",
        "cold",
        "rent",
        "charges",
        "payment",
        "amount",
        "deposit",
        "fees",
        "wrong_sum",
        "instalments",
        "aid",
        "noise",
        "dirt",
        "behaviour",
        "no_answer",
        "ask",
        "document",
        "insurance",
        "permit",
        "change_details",
        "portal",
        "add_person",
        "appointment",
        "extra",
        "renew",
        "withdraw",
    ]
)
_FEWEST = 3  # words of a sentence fit to be quoted


def gist(source: Reading | Letter, limit: int = 160) -> str:
    """The sender's sentence that says what the matter is, for the acknowledgement; `''` when nothing is fit to quote.

    One line of plain text, at most `limit` characters, cut at a word. Quoted and forwarded text, private matters,
    insults, addresses and numbers are never handed back, and a letter about a death or violence gives nothing at
    all.
    """
    reading = read(source) if isinstance(source, Letter) else source
    told = [_bare(sentence) + (" ?" if asks else "") for sentence, asks in cut(reading.new)]
    folded = [fold(sentence) for sentence in told]
    if any(not ringing(plain).isdisjoint((*DEATH, *VIOLENCE)) for plain in (*folded, fold(reading.subject))):
        return ""
    fit = [sentence for sentence, plain in zip(told, folded, strict=True) if _is_fit(plain)]
    best = max(fit, key=_matter, default="")
    return _shortened(best, limit) if _matter(best) else ""


def _bare(sentence: str) -> str:
    """The sentence on one line, without the greeting or the word "subject" before it."""
    return OPENING.sub("", " ".join(sentence.split()))


def _is_fit(plain: str) -> bool:
    if len(plain.split()) < _FEWEST or UNFIT.search(plain):
        return False
    return ringing(plain).isdisjoint(SENSITIVE)


def _matter(sentence: str) -> int:
    """How many notions of the trade the sentence names; the first of the best is taken."""
    return len({name for names in tagged(words(sentence)) for name in names} & _MATTER)


def _shortened(sentence: str, limit: int) -> str:
    """The sentence in quotation marks of the second rank, cut at a word."""
    plain = "".join(c for c in sentence if c.isprintable()).translate({0xAB: "“", 0xBB: "”"}).strip(" ,;:-–—*•>")
    if len(plain) <= limit:
        return plain
    cut_at = plain[: limit - 1].rpartition(" ")[0]
    return f"{cut_at or plain[: limit - 1]}…"
