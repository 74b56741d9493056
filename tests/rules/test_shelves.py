"""Where the letters of a case belong, and what they bear."""

import pytest

from rules.letter import Label
from rules.plan import Folder
from rules.shelves import Mark, marks, shelf


@pytest.mark.parametrize(
    ("label", "status", "more", "folder"),
    [
        (Label.WORKS, "open", {}, Folder.WORKS),
        (Label.REQUEST, "waiting", {}, Folder.REQUESTS),
        (Label.WORKS, "answered", {"answered": True}, Folder.WORKS),
        (Label.WORKS, "closed", {}, Folder.CLOSED),
        (Label.OFF_TOPIC, "closed", {}, Folder.OFF_TOPIC),
        (Label.WORKS, "open", {"to_sort": True}, Folder.INBOX),
        (Label.WORKS, "open", {"urgent": True}, Folder.INBOX),
        (Label.WORKS, "answered", {"urgent": True, "answered": True}, Folder.WORKS),
        (Label.WORKS, "closed", {"urgent": True, "to_sort": True}, Folder.CLOSED),
    ],
)
def test_a_case_in_that_state_belongs_in(label: Label, status: str, more: dict[str, bool], folder: Folder) -> None:
    said = {"urgent": False, "answered": False, "to_sort": False} | more
    assert shelf(label, status, **said) is folder


@pytest.mark.parametrize(
    ("status", "urgent", "answered", "late", "borne"),
    [
        ("open", False, False, False, set()),
        ("open", True, False, False, {Mark.URGENT}),
        ("open", False, False, True, {Mark.OVERDUE}),
        ("open", True, False, True, {Mark.URGENT, Mark.OVERDUE}),
        ("waiting", True, False, True, {Mark.URGENT}),  # its clock stands still
        ("answered", True, True, True, set()),
        ("waiting", True, True, True, set()),  # works that go on
        ("closed", True, False, True, set()),
    ],
)
def test_a_case_in_that_state_bears(status: str, urgent: bool, answered: bool, late: bool, borne: set[Mark]) -> None:
    assert marks(status, urgent=urgent, answered=answered, late=late) == borne
