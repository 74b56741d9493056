"""Where the letters of a case belong in the mailbox, and the marks that they bear: the state of the case, shown.

A decision, no effect. `rules/moves.py` reads the same table the other way: what a person says by moving a letter.
"""

from enum import StrEnum

from rules.letter import Label
from rules.plan import FOLDER_OF, Folder


class Mark(StrEnum):
    """What a mail client shows on a letter, by its star and by a keyword."""

    URGENT = "urgent"
    OVERDUE = "overdue"


def shelf(label: Label, status: str, *, urgent: bool, answered: bool, to_sort: bool) -> Folder:
    """The folder of a case in that state: the inbox holds what a person must look at first."""
    if label is Label.OFF_TOPIC:
        return Folder.OFF_TOPIC
    if status == "closed":
        return Folder.CLOSED
    if to_sort or (urgent and not answered):
        return Folder.INBOX
    return FOLDER_OF[label]


def marks(status: str, *, urgent: bool, answered: bool, late: bool) -> frozenset[Mark]:
    """What is true of a case as long as somebody waits for an answer. `late`: its due time has passed."""
    if answered or status == "closed":
        return frozenset()
    found = {Mark.URGENT: urgent, Mark.OVERDUE: late and status == "open"}
    return frozenset(mark for mark, is_so in found.items() if is_so)
