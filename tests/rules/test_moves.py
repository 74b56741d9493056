"""Folders are states: what a person's move of a letter means."""

import pytest

from rules.letter import Label
from rules.moves import Close, Matter, Open, Relabel, Reopen, meaning
from rules.plan import Folder

LEAK = Matter(Label.WORKS, "open")


@pytest.mark.parametrize(
    ("expected", "found", "matter", "follows"),
    [
        (Folder.WORKS, Folder.WORKS, LEAK, None),
        (Folder.WORKS, Folder.REQUESTS, LEAK, Relabel(Label.REQUEST, Label.WORKS)),
        (Folder.WORKS, Folder.OFF_TOPIC, LEAK, Relabel(Label.OFF_TOPIC, Label.WORKS, "closed")),
        (Folder.WORKS, Folder.CLOSED, LEAK, Close()),
        (Folder.WORKS, Folder.CLOSED, Matter(Label.WORKS, "closed"), None),
        (Folder.WORKS, Folder.INBOX, LEAK, None),
        (Folder.WORKS, Folder.INBOX, Matter(Label.WORKS, "answered"), Reopen()),
        (Folder.CLOSED, Folder.INBOX, Matter(Label.WORKS, "closed"), Reopen()),
        (Folder.CLOSED, Folder.WORKS, Matter(Label.WORKS, "closed"), Reopen()),
        (Folder.CLOSED, Folder.REQUESTS, Matter(Label.WORKS, "closed"), Relabel(Label.REQUEST, Label.WORKS, "open")),
        (Folder.INBOX, Folder.WORKS, LEAK, None),
        (Folder.INBOX, Folder.WORKS, Matter(Label.WORKS, "open", to_sort=True), Relabel(Label.WORKS, Label.WORKS)),
        (Folder.WORKS, Folder.QUARANTINE, LEAK, None),
        (Folder.WORKS, Folder.ACKNOWLEDGEMENTS, LEAK, None),
        (Folder.OFF_TOPIC, Folder.REQUESTS, Matter(Label.OFF_TOPIC), Open(Label.REQUEST)),
        (Folder.OFF_TOPIC, Folder.INBOX, Matter(Label.OFF_TOPIC), None),
        (Folder.OFF_TOPIC, Folder.CLOSED, Matter(Label.OFF_TOPIC), None),
        (Folder.INBOX, Folder.WORKS, Matter(Label.WORKS), None),  # an old letter, a colleague's: without a case
    ],
)
def test_a_move_means(expected: Folder, found: Folder, matter: Matter, follows: object) -> None:
    assert meaning(expected, found, matter) == follows
