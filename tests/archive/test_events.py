"""What happens to a case later: in the tree, in the journal, then in the database of either engine, once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from archive import events, whereabouts
from archive.database import writing
from archive.pli import Filed, filed
from archive.records import Case, Correction, Event, Message, Sighting, Standing, Step, values
from archive.sidecar import decode
from archive.tree import Tree
from tests.plis import NOW, file, journal, pli, tree, verify

REF = "VM-2026-000001"
CASE: dict[str, Any] = {
    "label": "reclamation/travaux",
    "party": "tenant",
    "sender": "marie.dupont@example.org",
    "received_at": NOW,
    "due_at": NOW + timedelta(hours=72),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Of the tree: the database may stand beside it."""
    return tmp_path / "GED"


def a_case(root: Path) -> tuple[Tree, Filed]:
    """A letter in the tree, and the case that it opened."""
    into = tree(root)
    (one,) = file(into, pli())
    with writing():
        Case.insert(ref=REF, **CASE).execute()
        Message.insert(
            digest=one.digest, id=one.id, direction="in", received_at=NOW, path=one.path, sidecar=one.sidecar, case=REF
        ).execute()
        Step.insert(case=REF, at=NOW, what="opened", message=one.digest).execute()
    return into, one


def happens(into: Tree, happening: events.Happening) -> str:
    with into.lock(5):
        return events.record(into, happening, NOW, "person")


def records(root: Path) -> list[Filed]:
    found = [path.relative_to(root) for path in root.rglob("*.e*.json")]
    return events.in_order([filed(decode((root / path).read_bytes()), path.parts[:-2], str(path)) for path in found])


def test_each_op_leaves_the_case_its_record_and_its_line(opened: Database, root: Path) -> None:
    into, one = a_case(root)
    later = NOW + timedelta(hours=48)
    learn = {"was": "reclamation/travaux", "label": "demande"}

    first = happens(
        into, events.relabel(REF, "demande", later, NOW, "G1", was=learn["was"], message=one.digest, learn=learn)
    )
    happens(into, events.pause(REF, NOW, "G1", "the tenant"))
    happens(into, events.resume(REF, later, NOW, "G1"))
    happens(into, events.answer(REF, NOW, "G1", one.digest))
    happens(into, events.reopen(REF, later, NOW, "G1"))
    happens(into, events.close(REF, NOW, "G1"))
    happens(into, events.unlearn(REF, first, NOW, "learn undo"))

    case = Case.get_by_id(REF)
    assert (case.label, case.status, case.due_at, case.answered_at) == ("demande", "closed", later, None)
    told = ["opened", "relabelled", "paused", "resumed", "answered", "reopened", "closed", "unlearned"]
    assert [step.what for step in Step.select().order_by(Step.id)] == told
    assert [line[3] for line in journal(root)] == [
        "FILE", "RELABEL", "PAUSE", "RESUME", "ANSWER", "REOPEN", "CLOSE", "UNLEARN",
    ]  # fmt: skip
    assert first == f"{one.id}.e1"
    assert Correction.get_by_id(first).undone_at == NOW
    assert verify(root) == (0, "Conforme : 1 documents, 8 fiches, 8 lignes de journal.\n")


def test_a_record_applied_again_changes_nothing(opened: Database, root: Path) -> None:
    into, _ = a_case(root)
    happens(into, events.close(REF, NOW, "G1"))
    happens(into, events.reopen(REF, NOW, NOW, "G1"))
    before = [values(row) for table in (Case, Step, Event) for row in table.select()]

    with writing():
        for one in records(root):
            events.apply(one)

    assert [values(row) for table in (Case, Step, Event) for row in table.select()] == before


def test_a_letter_without_a_case_may_open_one_later(opened: Database, root: Path) -> None:
    into = tree(root)
    (one,) = file(into, pli())
    with writing():
        Message.insert(
            digest=one.digest, id=one.id, direction="in", received_at=NOW, path=one.path, sidecar=one.sidecar
        ).execute()

    happens(into, events.open_case(REF, CASE | {"manager": "left-long-ago"}, NOW, "gestion", one.digest))
    happens(into, events.close(REF, NOW, "gestion"))

    case = Case.get_by_id(REF)
    assert (case.status, case.received_at, case.manager_id) == ("closed", NOW, None)
    assert Message.get().case_id == REF


def test_an_event_sets_only_what_may_change(opened: Database, root: Path) -> None:
    into, _ = a_case(root)

    with pytest.raises(ValueError, match="can't set received_at"):
        happens(into, events.pause(REF, NOW, "G1", sets={"received_at": NOW}))

    assert records(root) == []


def test_an_event_of_a_case_that_nobody_opened_is_refused(opened: Database, root: Path) -> None:
    into, _ = a_case(root)

    with pytest.raises(LookupError, match="VM-2026-000009"):
        happens(into, events.close("VM-2026-000009", NOW, "G1"))


def test_a_record_that_was_changed_is_found_by_a_stranger(opened: Database, root: Path) -> None:
    into, _ = a_case(root)
    happens(into, events.close(REF, NOW, "G1"))
    (path,) = root.rglob("*.e1.json")

    path.chmod(0o640)
    path.write_text(path.read_text().replace("closed", "opened"))

    assert verify(root)[0] == 1


def test_a_letter_is_expected_where_it_came_in_until_it_is_expected_elsewhere(opened: Database) -> None:
    with writing():
        whereabouts.came_in("a", [("gestion", 7, 1), ("second", 7, 5)])
        whereabouts.expect("a", "gestion", "works", 9, 3)
        whereabouts.came_in("a", [("gestion", 7, 2)])

    assert {row.mailbox: (row.place, row.uid) for row in Standing.select()} == {
        "gestion": ("works", 3), "second": ("inbox", 5),
    }  # fmt: skip


def test_a_folder_that_is_gone_takes_what_was_seen_in_it_along(opened: Database) -> None:
    with writing():
        whereabouts.expect("a", "gestion", "works", 9, 3)
        whereabouts.saw("b", "gestion", "works", 9, 4, NOW)
        whereabouts.saw("b", "gestion", "requests", 2, 1, NOW)

        whereabouts.forget("gestion", "works")

    assert Standing.get().uid == 0
    assert [row.place for row in Sighting.select()] == ["requests"]
