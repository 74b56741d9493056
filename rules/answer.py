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

# The first line of every notice that can be answered (templates/mails/_cut.txt): below it, nothing is an answer's.
CUT = "repondez au-dessus de cette ligne"
_TOKEN = re.compile(r"\bvm(?:-\d{4}-\d{6,})?\.[a-z2-7]{16}\.[a-z2-7]{12}\.[a-z2-7]{24}\b", re.IGNORECASE)
_SIGNATURE = 12  # lines at most under a name
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
        """Whether nothing is said: no word, or a greeting and a closing formula with nothing between them."""
        lines = (fold(line).strip() for line in self.text.splitlines())
        return all(not line or GREETING.match(line) or CLOSING.match(line) for line in lines)


def spoken(letter: Letter, names: Iterable[str], today: date) -> Spoken:
    """The writer's own words: nothing quoted, no signature (known by the writer's `names`), the commands apart."""
    new = _above_the_cut(read(letter).new)
    tokens = tuple(dict.fromkeys(found.lower() for found in _TOKEN.findall(new)))
    if tokens:
        new = "\n".join(line for line in new.splitlines() if not _TOKEN.search(line))
    commands, text = read_commands(new, today)
    return Spoken(_unsigned(text, names), commands, tokens)


def _above_the_cut(text: str) -> str:
    """For mail programs that quote without a mark; a marked quotation is gone already, whatever stands below it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if CUT in fold(line):
            return "\n".join(lines[:number]).rstrip(" \n-–—_")
    return text


def _unsigned(text: str, names: Iterable[str]) -> str:
    """Without the block that begins with the writer's own name: it holds an address and a telephone of theirs."""
    known = {key for name in names if (key := _key(name))}
    lines = text.rstrip().splitlines()
    first = max(0, len(lines) - _SIGNATURE)
    for number in range(first, len(lines)):
        if _key(lines[number]) in known:
            return "\n".join(lines[:number]).rstrip()
    return "\n".join(lines)


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
