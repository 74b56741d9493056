"""What a mail of our own people is: an answer that has reached the person, one that we pass on, or neither.

A decision, no effect. Whoever receives it counts, not what the subject says: a mail that the tenant already has is an
answer; one that came to us alone is passed on; one that went to somebody else is kept with the case, and stops nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from rules.commands import Command, read_commands
from rules.fold import fold
from rules.letter import Attachment, Letter, normalise_address
from rules.marks import CLOSING, FORWARD_SUBJECT, GREETING
from rules.reading import read

# The first line of every notice that can be answered (templates/mails/_cut.txt): below it, nothing is an answer's. A
# mail program may have translated it; the dashes around it, and the case below it, stay.
CUT = "repondez au-dessus de cette ligne"
_CUT_ABROAD = re.compile(r"^[-–—] ?\S.{8,80}\S ?[-–—]$")
_CASE = re.compile(r"\bvm-\d{4}-\d{6}")
_NEAR = 4  # lines below the cut within which the case is named
_TOKEN = re.compile(r"\bvm(?:-\d{4}-\d{6,})?\.[a-z2-7]{16}\.[a-z2-7]{12}\.[a-z2-7]{24}\b", re.IGNORECASE)
_SIGNATURE = 12  # lines at most under a name
_BESIDE_A_NAME = re.compile(r"\s*[|/·•,;:\t]|\s[-–—]\s|\s{3,}")  # then comes what the person does, or a number
_PLACEHOLDER = re.compile(r"\[(?:cid|image)\s?:[^\]\n]{0,120}\]", re.IGNORECASE)  # Outlook's and Gmail's, for a picture
_REACTION = re.compile(r"\b(?:a reagi (?:a votre message|via|avec)|reacted to your message|reacted via)\b")
_HAILS = re.compile(r"^(?:bonjour|bonsoir|hello)\b.{0,40}$|^(?:madame|monsieur|mesdames|messieurs|chere?s?)\b.{0,40},$")
_SMALLEST_PICTURE = 32 * 1024  # bytes; a smaller one inside the text is the logo of a signature


class Course(StrEnum):
    """Where a mail of our own people went."""

    WRITTEN = "written"  # to the person: the answer itself
    INSIDE = "inside"  # to us alone: to pass on, or commands
    ELSEWHERE = "elsewhere"  # to a supplier, to a wrong address: the case keeps it
    DRAFT = "draft"  # to nobody yet


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a mail says in its writer's own words: `text` may travel, the commands may not.

    `tokens` are signed words of ours that a prepared command brings with it.
    """

    text: str = ""
    commands: tuple[Command, ...] = ()
    tokens: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is said: no word, or a greeting and a closing formula with nothing between them.

        A thumb alone, and what a mail program writes when its user presses on one, is no answer to a tenant.
        """
        lines = (fold(line).strip() for line in self.text.splitlines())
        return not any(_says(line) for line in lines)


def spoken(letter: Letter, names: Iterable[str], today: date) -> Spoken:
    """The writer's own words: nothing quoted, no signature (known by the writer's `names`), the commands apart."""
    new = _above_the_cut(read(letter).new)
    tokens = tuple(dict.fromkeys(found.lower() for found in _TOKEN.findall(new)))
    if tokens:
        new = "\n".join(line for line in new.splitlines() if not _TOKEN.search(line))
    own, signature = _unsigned(_PLACEHOLDER.sub("", new), names)
    commands, text = read_commands(own, today)
    below = (command for command in read_commands(signature, today)[0] if command.fault is None)
    return Spoken(text, (*commands, *below), tokens)  # `#gestionlocative` under a name is an ornament


def addresses_somebody(text: str) -> bool:
    """Whether a text is a letter to somebody: it hails them, and says something more."""
    lines = [line for line in fold(text).splitlines() if line.strip()]
    return len(lines) > 1 and _HAILS.match(lines[0].strip()) is not None


def _says(line: str) -> bool:
    """Whether a folded line has a word or a figure that is more than a formula."""
    formula = GREETING.match(line) or CLOSING.match(line) or _REACTION.search(line)
    return re.search(r"[^\W_]", line) is not None and formula is None


def _above_the_cut(text: str) -> str:
    """For mail programs that quote without a mark; a marked quotation is gone already, whatever stands below it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        folded = fold(line).strip()
        below = fold("\n".join(lines[number + 1 : number + 1 + _NEAR]))
        if CUT in folded or (_CUT_ABROAD.match(folded) and _CASE.search(below)):
            return "\n".join(lines[:number]).rstrip(" \n-–—_")
    return text


def _unsigned(text: str, names: Iterable[str]) -> tuple[str, str]:
    """The text, and the block that begins with the writer's own name: it holds an address and a telephone of theirs."""
    known = [name for name in names if _key(name)]
    lines = text.rstrip().splitlines()
    first = max(0, len(lines) - _SIGNATURE)
    for number in range(first, len(lines)):
        if _signs(lines, number, known):
            return "\n".join(lines[:number]).rstrip(), "\n".join(lines[number + 1 :])
    return "\n".join(lines), ""


def _signs(lines: Sequence[str], number: int, names: Iterable[str]) -> bool:
    """Whether this line is the writer's name: all of it; or a part of it, where a letter ends."""
    line = lines[number].strip(" *_")
    if _key(line) and any(_key(line) == _key(name) for name in names):
        return True
    key = _key(_BESIDE_A_NAME.split(line, maxsplit=1)[0])
    if not key or line.endswith((".", "!", "?", ":", ";")):  # « Delphine Faucheux, votre gestionnaire, viendra. »
        return False
    return any(_is_short_for(key, name) for name in names) and _ends_above(lines, number)


def _ends_above(lines: Sequence[str], number: int) -> bool:
    """Whether nothing but a signature can follow: an empty line, a closing formula, or nothing below."""
    above = fold(lines[number - 1]).strip() if number else ""
    return not above or CLOSING.match(above) is not None or number == len(lines) - 1


def _is_short_for(key: frozenset[str], name: str) -> bool:
    """`Delphine`, `D. Faucheux`, `Mme Faucheux`, `DF`: every word is one of the name, or the first letter of one."""
    full = _key(name)
    initials = {word[0] for word in full}
    known = all(word in full or word in initials or frozenset(word) == initials for word in key)
    return known and any(len(word) > 1 for word in key)


def _key(name: str) -> frozenset[str]:
    """The words of a name, in any order, without the title."""
    return frozenset(re.findall(r"[a-z]+", fold(name))) - {"m", "mme", "mr", "monsieur", "madame"}


def without_addresses(text: str, addresses: Iterable[str], instead: str) -> str:
    """The text with our people's own addresses replaced by the agency's."""
    for address in sorted(addresses, key=len, reverse=True):
        text = re.sub(re.escape(address), instead, text, flags=re.IGNORECASE)
    return text


def travelling(attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """The files that go with an answer: what was attached, and pictures of the text that are no logo."""
    return tuple(one for one in attachments if one.content and _travels(one))


def _travels(one: Attachment) -> bool:
    if one.inline:
        return one.media_type.startswith("image/") and len(one.content) >= _SMALLEST_PICTURE
    return not one.media_type.startswith(("message/", "application/pgp-signature", "application/pkcs7-signature"))


# --- where it went, and when


def course(letter: Letter, addressees: frozenset[str], ours: frozenset[str], *, draft: bool = False) -> Course:
    """Where it went. `addressees`: whom an answer may be for; `ours`: the agency's and our people's own addresses."""
    direct = {normalise_address(one.address) for one in letter.to}
    copied = {normalise_address(one.address) for one in letter.cc}
    if draft or letter.header("x-unsent") == "1" or not (direct | copied | set(letter.envelope_recipients)):
        return Course.DRAFT
    if (direct | copied) & addressees:
        return Course.WRITTEN
    if direct - ours or FORWARD_SUBJECT.match(fold(letter.subject)):
        return Course.ELSEWHERE
    return Course.INSIDE


def answered_at(letter: Letter, not_before: datetime, now: datetime) -> datetime:
    """When an answer left: what its own clock says when that can be true, else when the mailbox got it."""
    received = min(letter.received_at, now)
    if letter.date is not None and not_before <= letter.date <= received:
        return letter.date
    return max(received, not_before)


def status_after(waits_for: str) -> str:
    """What a case is once it is answered: over, unless somebody outside must still act (works)."""
    return "waiting" if waits_for else "answered"
