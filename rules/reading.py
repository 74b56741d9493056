"""The text that counts. A letter carries its writer's words, older letters below them, and a signature.

`read` tells them apart and throws nothing away: quoted and forwarded words stay readable, marked, because a bare "yes" means
nothing without them. It takes time linear in the text, and looks at the first 60,000 characters only: nobody writes more, and
a machine that does must not hold the others up.
"""

from dataclasses import dataclass

from rules.fold import fold
from rules.letter import Letter
from rules.marks import FORWARD_SUBJECT, HEADER, MARKS, SENDER

LIMIT = 60_000  # characters read of one letter
_LINE = 400  # characters of a line in which a mark is looked for
_KEPT = 4_000  # quoted characters that are read: enough to know what a bare answer answers


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
    parts: dict[str, list[str]] = {"new": [], "quoted": [], "forwarded": [], "signature": []}
    lines = letter.text[:LIMIT].replace("\x00", "").splitlines()
    sent_on = FORWARD_SUBJECT.match(fold(letter.subject)) is not None
    part = "new"
    for index, line in enumerate(lines):
        part, here = _part(lines, index, part, sent_on=sent_on)
        parts[here].append(line)
    joined = {name: "\n".join(found).strip() for name, found in parts.items()}
    return Reading(letter.subject.strip(), joined["new"], joined["quoted"], joined["forwarded"], joined["signature"])


def _part(lines: list[str], index: int, current: str, *, sent_on: bool) -> tuple[str, str]:
    """The part that goes on after line `index`, and the part that the line itself belongs to."""
    line = fold(lines[index][:_LINE]).strip()
    if line.startswith((">", "|")):
        return (current, "forwarded" if sent_on and current == "forwarded" else "quoted")
    if current in ("quoted", "forwarded"):
        return current, current
    if _opens_block(lines, index):
        found = "forwarded" if sent_on else "quoted"
        return found, found
    for mark in MARKS:
        if mark.pattern.search(line):
            return _after(lines, index, mark.kind, current, sent_on=sent_on)
    return current, current


def _after(lines: list[str], index: int, kind: str, current: str, *, sent_on: bool) -> tuple[str, str]:
    """A mark was met: what follows belongs to it, unless the quotation below is itself marked line by line."""
    if kind == "signature":
        return "signature", "signature"
    if kind == "quoted" and _marked_below(lines, index):
        return current, "quoted"
    found = "forwarded" if sent_on and kind == "quoted" else kind
    return found, found


def _marked_below(lines: list[str], index: int) -> bool:
    """Whether the first written line after `index` carries its own quotation mark, so that answers may stand between."""
    for line in lines[index + 1 : index + 4]:
        if line.strip():
            return line.lstrip().startswith((">", "|"))
    return False


def _opens_block(lines: list[str], index: int) -> bool:
    """Outlook's header block: a sender's line and another header within the next three lines."""
    first = fold(lines[index][:_LINE]).strip()
    if not SENDER.match(first):
        return False
    following = [fold(line[:_LINE]).strip() for line in lines[index + 1 : index + 4]]
    return any(HEADER.match(line) for line in following)


def gist(source: Reading | Letter, limit: int = 160) -> str:
    """The sentence that says what the matter is, for the acknowledgement; `''` when nothing is fit to quote."""
    reading = read(source) if isinstance(source, Letter) else source
    text = " ".join(reading.new.split())
    return text[:limit].rsplit(" ", 1)[0] if len(text) > limit else text
