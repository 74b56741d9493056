"""Prepared statements do what peewee does, on both engines."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from peewee import Database, IntegrityError

from archive.prepared import add, add_once, change, find
from archive.records import Case, Errand, Lease, Mandate, Message, Owner, Property, Step, values

NOW = datetime(2026, 11, 24, 9, 30, 15, 123456, tzinfo=UTC)
CASE: dict[str, Any] = {
    "ref": "VM-2026-000001", "label": "demande", "party": "tenant", "sender": "a@example.org", "received_at": NOW, "due_at": NOW,
}  # fmt: skip
MESSAGE: dict[str, Any] = {
    "digest": "d" * 64, "id": "abc", "direction": "in", "received_at": NOW, "path": "a", "sidecar": "b",
}  # fmt: skip


def test_a_row_is_found_as_peewee_finds_it(opened: Database) -> None:
    Case.insert(**CASE).execute()
    Message.insert(**MESSAGE, case=CASE["ref"], automated=True).execute()

    found = find(Message, digest="d" * 64)

    assert found is not None
    assert values(found) == values(Message.get_by_id("d" * 64))
    assert found.case_id == "VM-2026-000001"
    assert found.case == Case.get_by_id(CASE["ref"])
    assert found.received_at == NOW
    assert found.automated is True
    assert found.dirty_fields == []


def test_a_row_is_found_by_all_of_several_columns(opened: Database) -> None:
    Message.insert(**MESSAGE, content_digest="c").execute()

    assert find(Message, content_digest="c", state="filed") is not None
    assert find(Message, content_digest="c", state="quarantined") is None
    assert find(Message, content_digest="x", state="filed") is None


def test_a_row_is_found_by_what_it_points_at(opened: Database) -> None:
    Message.insert(**MESSAGE).execute()
    Errand.insert(key="k", kind="move", mailbox="m", target="works", message="d" * 64).execute()

    found = find(Errand, message="d" * 64, kind="move")

    assert found is not None
    assert found.target == "works"


def test_a_row_is_added_as_peewee_adds_it(opened: Database) -> None:
    add(Case, **CASE)
    Case.insert(**CASE | {"ref": "VM-2026-000002"}).execute()

    first, second = (values(Case.get_by_id(ref)) for ref in ("VM-2026-000001", "VM-2026-000002"))
    assert first | {"ref": ""} == second | {"ref": ""}


def test_numbers_come_from_the_database_where_they_do(opened: Database) -> None:
    add(Case, **CASE)

    for what in ("opened", "joined"):
        add(Step, case=CASE["ref"], at=NOW, what=what)

    assert [(step.id, step.what, step.detail) for step in Step.select().order_by(Step.id)] == [
        (1, "opened", ""),
        (2, "joined", ""),
    ]


def test_money_and_days_pass_through_their_fields(opened: Database) -> None:
    owner = Owner.create(name="SCI")
    Mandate.insert(number="1", owner=owner).execute()
    Property.insert(code="1", name="Les Lilas").execute()
    money = {
        "rent": Decimal("700.10"),
        "charges": Decimal("0.00"),
        "other": Decimal("0.00"),
        "deposit": Decimal("1.01"),
    }

    add(Lease, id="L1", mandate="1", property="1", start=NOW.date(), **money)

    found = find(Lease, id="L1")
    assert found is not None
    assert values(found) == values(Lease.get_by_id("L1"))
    assert (found.rent, found.start, found.end) == (Decimal("700.10"), NOW.date(), None)


def test_a_row_that_is_there_stays_when_it_is_asked_for(opened: Database) -> None:
    add(Case, **CASE)

    add_once(Case, **CASE | {"label": "depart"})

    assert Case.get_by_id(CASE["ref"]).label == "demande"
    with pytest.raises(IntegrityError), opened.atomic():
        add(Case, **CASE)


def test_one_row_is_changed_and_no_other(opened: Database) -> None:
    for ref in ("VM-2026-000001", "VM-2026-000002"):
        add(Case, **CASE | {"ref": ref})

    change(Case, "VM-2026-000002", status="closed", answered_at=NOW, urgent=True)

    first, second = (Case.get_by_id(ref) for ref in ("VM-2026-000001", "VM-2026-000002"))
    assert (first.status, first.answered_at, first.urgent) == ("open", None, False)
    assert (second.status, second.answered_at, second.urgent) == ("closed", NOW, True)
