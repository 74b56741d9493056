"""What it means that a person moved a letter to another folder of the mailbox. A decision, no effect.

The folders are states (rules/shelves.py): a label's folder says what a case is about, `Clos` that it is over, the inbox
that it isn't. A move to any other folder, a deletion, a copy mean nothing to us.
"""

from dataclasses import dataclass

from rules.letter import Label
from rules.plan import FOLDER_OF, Folder

LABEL_OF = {folder: label for label, folder in FOLDER_OF.items()}
OVER = frozenset({"answered", "closed"})


@dataclass(frozen=True, slots=True)
class Matter:
    """What a moved letter belongs to. `status` is `""` when it has no case, and `label` is then the letter's own."""

    label: Label
    status: str = ""
    to_sort: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """It was put aside by mistake: a case of this label begins."""

    label: Label


@dataclass(frozen=True, slots=True)
class Relabel:
    """The case is about something else, or a person says what nobody was sure of.

    `status` is what the case is from then on, `""` when that doesn't change: what is off topic wants no answer, and
    what was closed and is sorted anew wants one again.
    """

    label: Label
    was: Label
    status: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing more is to be done."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """It isn't over."""


Meaning = Open | Relabel | Close | Reopen


def meaning(expected: Folder, found: Folder, matter: Matter) -> Meaning | None:
    """What follows from a letter that a person moved from the folder where we expected it; None: nothing."""
    if found is expected:
        return None
    if found is Folder.CLOSED:
        return Close() if matter.status and matter.status != "closed" else None
    if found is Folder.INBOX:
        return Reopen() if matter.status in OVER else None
    label = LABEL_OF.get(found)
    if label is None:
        return None
    return _labelled(expected, label, matter)


def _labelled(expected: Folder, label: Label, matter: Matter) -> Meaning | None:
    if not matter.status:  # old letters and colleagues' have no case either, and stay without one
        mistaken = expected is Folder.OFF_TOPIC and label is not Label.OFF_TOPIC
        return Open(label) if mistaken else None
    back = matter.status == "closed" and label is not Label.OFF_TOPIC
    if label is matter.label and not matter.to_sort:
        return Reopen() if back else None
    if label is Label.OFF_TOPIC:
        return Relabel(label, matter.label, "closed")
    return Relabel(label, matter.label, "open" if back else "")
