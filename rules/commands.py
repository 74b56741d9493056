"""Commands that our own people write in a mail: `#clos` on a line of its own, among the new words of an answer.

French first, accents or none, capitals or none; what stands in a quotation, in a forwarded letter or in a signature is
somebody else's. Reading decides nothing: who may command what is asked elsewhere. A line that begins with `#` and a
letter is always a command, known or not: none of them may travel to a tenant. One that is copied with the dash, the
star or the quotation marks around it is the same command; a known one in the middle of a sentence is a fault.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from rules.days import MOST_DAYS, day_of, span
from rules.fold import fold
from rules.letter import Label, Letter
from rules.reading import read


class Name(StrEnum):
    """What can be commanded."""

    CLOSE = "close"
    NOTE = "note"
    WAIT = "wait"
    EXTEND = "extend"
    HAND = "hand"  # over to a colleague
    RELABEL = "relabel"
    ATTACH = "attach"  # to a lease
    MERGE = "merge"
    SPLIT = "split"
    URGENT = "urgent"
    REMIND = "remind"
    PHONE = "phone"
    COUNTER = "counter"
    POST = "post"
    NEW = "new"  # a case from a call
    FOLLOW = "follow"  # works: open until closed
    AGREE = "agree"  # ask the owner
    CONFIRM = "confirm"  # what was held back
    HELP = "help"
    SEND = "send"  # approve a month's notices


class Fault(StrEnum):
    """Why a command can't be carried out; `templates/fr.toml` says it."""

    UNKNOWN = "unknown"
    DATE = "date"
    PAST = "past"  # a day to come that is gone
    FUTURE = "future"  # a day gone that is to come
    DAYS = "days"
    LEASE = "lease"
    CASE = "case"
    PERSON = "person"
    NAMESAKES = "namesakes"
    AWAITED = "awaited"
    KIND = "kind"
    NO_CASE = "no_case"
    NO_OWNER = "no_owner"
    NOTHING_HELD = "nothing_held"
    UNCONFIRMED = "unconfirmed"  # words in answer to whether a mail is theirs
    OVER = "over"  # an answer was given: there is no clock to set
    ONLY_LETTER = "only_letter"  # nothing to split off
    HOUSEHOLD = "household"  # two cases of two leases aren't one
    AGAINST = "against"  # closed, and not closed
    PLACE = "place"  # in the middle of a line
    UNTOLD = "untold"  # what is asked of the owner, what the call was about
    LETTER = "letter"  # what would stay here is written to a tenant
    GONE = "gone"  # it could be done when it was written
    HELP = "help"  # nothing is wrong: the list is wanted


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `name` is None for a word that nobody knows; `words` is what follows it, `line` all, as written.

    `tails` are what is written from each of these words on: a note for a judge keeps its commas. `day`, `days`, `whom`
    (a lease, a case, a person, an awaited party, a label) and `reason` are what was read of the words; `fault` says
    what is missing or wrong.
    """

    word: str
    name: Name | None
    words: tuple[str, ...] = ()
    line: str = ""
    day: date | None = None
    days: int = 0
    whom: str = ""
    reason: str = ""
    fault: Fault | None = None
    tails: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def after(self, read_words: int) -> str:
        """What is written after so many words."""
        return self.tails[read_words] if read_words < len(self.tails) else ""


# --- what follows the word

Reader = Callable[[Command, date], Command]

_LEASE = re.compile(r"[a-z]{0,3}\d{2,}[\w./-]*", re.IGNORECASE)
_CASE = re.compile(r"vm-\d{4}-\d{6,}", re.IGNORECASE)

# Who may be waited for, folded, as it is kept.
AWAITED = {
    "locataire": "tenant", "locataires": "tenant", "proprietaire": "owner", "bailleur": "owner", "artisan": "artisan",
    "entreprise": "artisan", "plombier": "artisan", "syndic": "syndic",
}  # fmt: skip
KINDS = {
    "travaux": Label.WORKS, "comptabilite": Label.ACCOUNTS, "compta": Label.ACCOUNTS, "comptable": Label.ACCOUNTS,
    "autre": Label.COMPLAINT, "": Label.COMPLAINT,
}  # fmt: skip


def _nothing(command: Command, _today: date) -> Command:
    return command


def _told(command: Command, _today: date) -> Command:
    return replace(command, reason=command.after(0))


def _awaited(command: Command, today: date) -> Command:
    whom = AWAITED.get(fold(command.words[0]).strip(".:;") if command.words else "")
    if whom is None:
        return replace(command, fault=Fault.AWAITED)
    day, rest = day_of(command.words[1:], today)
    fault = Fault.PAST if day and day < today else None
    return replace(command, whom=whom, day=day, reason=command.after(len(command.words) - len(rest)), fault=fault)


def _day_to_come(command: Command, today: date) -> Command:
    day, rest = day_of(command.words, today)
    reason = command.after(len(command.words) - len(rest))
    if day is None:
        return replace(command, fault=Fault.DATE)
    return replace(command, day=day, reason=reason, fault=Fault.PAST if day < today else None)


def _day_gone(command: Command, today: date) -> Command:
    if not command.words:
        return replace(command, day=today)
    day, rest = day_of(command.words, today, past=True)
    reason = command.after(len(command.words) - len(rest))
    if day is None:
        return replace(command, fault=Fault.DATE)
    return replace(command, day=day, reason=reason, fault=Fault.FUTURE if day > today else None)


def _some_days(command: Command, _today: date) -> Command:
    days, used = span([fold(word) for word in command.words])
    fault = None if 0 < days <= MOST_DAYS else Fault.DAYS
    return replace(command, days=days, reason=command.after(used), fault=fault)


def _person(command: Command, _today: date) -> Command:
    whom = " ".join(command.words)
    return replace(command, whom=whom, fault=None if whom else Fault.PERSON)


def _lease(command: Command, _today: date) -> Command:
    named = command.words[0].strip(".,;") if command.words else ""
    fault = None if _LEASE.fullmatch(named) else Fault.LEASE
    return replace(command, whom=named.upper(), reason=command.after(1), fault=fault)


def _case(command: Command, _today: date) -> Command:
    found = _CASE.search(" ".join(command.words))
    return replace(command, whom=found[0].upper() if found else "", fault=None if found else Fault.CASE)


def _kind(command: Command, _today: date) -> Command:
    label = KINDS.get(fold(command.words[0]).strip(".") if command.words else "")
    return replace(command, whom=str(label or ""), fault=None if label else Fault.KIND)


def _always(label: Label) -> Reader:
    return lambda command, _today: replace(command, whom=str(label))


def _helped(command: Command, _today: date) -> Command:
    return replace(command, fault=Fault.HELP)


# --- the table


@dataclass(frozen=True, slots=True)
class Word:
    """A row: the word, folded, what it commands, how what follows is read, and why that word.

    `inside`: the text beside such a command is for ourselves, and stays here.
    """

    word: str
    name: Name
    reads: Reader
    reason: str
    inside: bool = False


TABLE: tuple[Word, ...] = (
    Word("clos", Name.CLOSE, _nothing, "the name of the folder"),
    Word("clore", Name.CLOSE, _nothing, "the same, as a verb"),
    Word("cloture", Name.CLOSE, _nothing, "the trade's word"),
    Word("note", Name.NOTE, _told, "for the file only", inside=True),
    Word("interne", Name.NOTE, _told, "the same, as an adjective", inside=True),
    Word("attente", Name.WAIT, _awaited, "somebody outside must act first"),
    Word("delai", Name.EXTEND, _some_days, "more time, with its reason"),
    Word("pour", Name.HAND, _person, "a colleague takes over; what is written is for them", inside=True),
    Word("reclamation", Name.RELABEL, _kind, "the folders' names"),
    Word("demande", Name.RELABEL, _always(Label.REQUEST), "the folder's name"),
    Word("depart", Name.RELABEL, _always(Label.DEPARTURE), "the folder's name"),
    Word("conge", Name.RELABEL, _always(Label.DEPARTURE), "the law's word"),
    Word("rattacher", Name.ATTACH, _lease, "whose letter it is; the address is remembered"),
    Word("fusionner", Name.MERGE, _case, "one matter, two cases"),
    Word("separer", Name.SPLIT, _nothing, "two matters, one case"),
    Word("urgent", Name.URGENT, _nothing, "somebody may be in danger after all"),
    Word("rappel", Name.REMIND, _day_to_come, "remind me that day"),
    Word("tel", Name.PHONE, _told, "answered by telephone; what is written says what was said", inside=True),
    Word("telephone", Name.PHONE, _told, "the same, written out", inside=True),
    Word("guichet", Name.COUNTER, _told, "answered at the counter", inside=True),
    Word("courrier", Name.POST, _day_gone, "answered by post, that day, under that number", inside=True),
    Word("nouveau", Name.NEW, _lease, "a call or a visit that opens a case", inside=True),
    Word("suivi", Name.FOLLOW, _day_to_come, "works don't end at the first answer"),
    Word("accord", Name.AGREE, _told, "the owner must agree; what is written is for the owner", inside=True),
    Word("confirmer", Name.CONFIRM, _nothing, "send what was held back", inside=True),
    Word("oui", Name.CONFIRM, _nothing, "the same, in one word", inside=True),
    Word("aide", Name.HELP, _helped, "what may be written", inside=True),
    Word("envoyer", Name.SEND, _told, "what the summary of the month's notices asks for", inside=True),
    Word("envoyez", Name.SEND, _told, "the same, as one says it", inside=True),
    Word("envoi", Name.SEND, _told, "the same, as a noun", inside=True),
    Word("approuver", Name.SEND, _told, "the command line's word", inside=True),
)

_ROWS = {row.word: row for row in TABLE}
NAMES = {row.word: row.name for row in TABLE}
_WORD = re.compile(r"[^\s,]+")
_LINE = re.compile(r"#\s*([a-z][a-z'-]*)(?=$|[\s.,:;!*_»”\"])[\s.,:;!*_»”\"]*(.*)")
_AROUND = re.compile(r"^[\s>*_•·▪–—«“\"-]+(?=#)")  # what a list, a quotation, a bold word puts before a command
_WITHIN = re.compile(r"(?<![^\s(\[«“\"*_,;.:!?-])#\s?([a-z][a-z'-]*)")


def keeps_text_inside(commands: Iterable[Command]) -> bool:
    """Whether the text beside these commands is for ourselves, or for the owner, and not for who wrote to us."""
    return any(_ROWS[command.word].inside for command in commands if command.word in _ROWS)


# --- reading


def commands(letter: Letter) -> tuple[Command, ...]:
    """The commands of a letter, in their order; days are counted from its receipt."""
    return read_commands(read(letter).new, letter.received_at.date())[0]


def read_commands(text: str, today: date) -> tuple[tuple[Command, ...], str]:
    """The commands that a text holds, and the text without their lines."""
    found: list[Command] = []
    kept: list[str] = []
    for line in text.splitlines():
        command = _command(line.strip(), today)
        if command is None:
            kept.append(line)
        else:
            found.append(command)
    if not keeps_text_inside(found):  # nothing else of the text travels then
        found += [_misplaced(line, word) for line in kept for word in _within(line)]
        found = [_alone(command) for command in found]
    return tuple(_consistent(found)), "\n".join(kept).strip()


def _command(line: str, today: date) -> Command | None:
    bare = _AROUND.sub("", line)
    if not bare.startswith("#"):
        return None
    folded = fold(bare)
    match = _LINE.match(folded)
    row = _ROWS.get(match[1]) if match else None
    if match is None or (row is None and bare != line):
        return None
    rest = bare[match.start(2) :] if len(folded) == len(bare) else match[2]
    found = [word for word in _WORD.finditer(rest) if word[0] not in ":;-–—."]
    words = tuple(word[0] for word in found)
    if row is None:
        return Command(match[1], None, words, bare, fault=Fault.UNKNOWN)
    tails = tuple(" ".join(rest[word.start() :].split()) for word in found)
    return row.reads(Command(match[1], row.name, words, bare, tails=tails), today)


def _within(line: str) -> list[str]:
    """The known commands that stand in the middle of a line: « Cordialement, #clos »."""
    words = (found[1] for found in _WITHIN.finditer(fold(line)))
    return [word for word in words if NAMES.get(word, Name.SEND) is not Name.SEND]  # accounting writes to no tenant


def _misplaced(line: str, word: str) -> Command:
    return Command(word, NAMES[word], (), line.strip(), fault=Fault.PLACE)


def _alone(command: Command) -> Command:
    """A second command on the line of another would be lost."""
    behind = any(_within(word) for word in command.words)
    return replace(command, fault=Fault.PLACE) if behind and command.name else command


_NOT_OVER = frozenset({Name.WAIT, Name.FOLLOW, Name.EXTEND})


def _consistent(found: Sequence[Command]) -> list[Command]:
    """What is over waits for nobody and needs no more time: which of the two is meant?"""
    closes = any(command.name is Name.CLOSE for command in found)
    return [
        replace(command, fault=command.fault or Fault.AGAINST) if closes and command.name in _NOT_OVER else command
        for command in found
    ]
