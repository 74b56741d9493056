"""Killed anywhere in a run and started again: every tenant has one notice, and no more."""

import csv
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.notices import with_notices
from tests.office import LISTS, Office, parsed

TERM = ("--period", "2026-12")


def many(office: Office, count: int) -> None:
    """`count` leases like the sample's second, each with a tenant and an address of its own, and one paid term."""
    with (LISTS / "leases.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        model = next(row for row in rows if row["lease_id"] == "L00102")
        fields = list(rows.fieldnames or ())
    leases = [
        model | {"lease_id": f"X{n:05}", "lot": f"{n}", "tenant_last_name": f"Locataire {n}", "tenant_email": f"t{n}@example.org"}
        for n in range(count)
    ]  # fmt: skip
    _write(office.folder / "leases.csv", fields, leases)
    lines = [
        {
            "date": "2026-11-01",
            "lease_id": lease["lease_id"],
            "reference": f"{what}-202611-{lease['lease_id']}",
            **values,
        }
        for lease in leases
        for what, values in (
            ("APP", {"kind": "appel", "label": "Loyer novembre 2026", "debit_eur": "655.00", "credit_eur": "0.00"}),
            ("VIR", {"kind": "reglement", "label": "Virement", "debit_eur": "0.00", "credit_eur": "655.00"}),
        )
    ]
    _write(office.folder / "movements.csv", list(lines[0]), lines)
    for kind in ("leases", "movements"):
        office.command("import", kind, str(office.folder / f"{kind}.csv"))


def _write(path: Path, fields: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(rows)


def killed(office: Office, count: int, kills: int, longest: float) -> None:
    with_notices(office)
    many(office, count)
    office.command("notices", "prepare", *TERM)
    office.command("notices", "approve", *TERM, *(arg for row in sample(office) for arg in ("--except", row)))
    chance = Random(count)  # noqa: S311  the same moments at each run
    for _ in range(kills):
        office.killed_after(chance.uniform(0.1, longest), "notices", "send", *TERM)
    last = office.start("notices", "send", *TERM)
    office.finish(last, seconds=120 + count)  # a busy machine prints two or three a second
    assert last.returncode == 0


def sample(office: Office) -> list[str]:
    return [row["lease"] for row in office.json("notices", "show", *TERM) if not row["lease"].startswith("X")]


def each_has_one(office: Office, count: int, kills: int) -> None:
    rows = [row for row in office.json("notices", "show", *TERM) if row["lease"].startswith("X")]
    assert Counter(row["status"] for row in rows) == {"sent": count}
    by_tenant: dict[str, Counter[tuple[str, bytes]]] = {}
    for taken in office.sink.accepted:
        if taken.recipient.startswith("t") and taken.recipient.endswith("@example.org"):
            by_tenant.setdefault(taken.recipient, Counter())[(str(parsed(taken)["Message-ID"]), taken.raw)] += 1
    assert len(by_tenant) == count
    assert all(len(mails) == 1 for mails in by_tenant.values()), "one mail each, whatever was repeated"
    repeated = sum(number - 1 for mails in by_tenant.values() for number in mails.values())
    assert repeated <= kills, "at most the mail in hand at each kill is repeated, with the same bytes"
    filed = Counter(side["document"]["key"] for side in office.sidecars() if "document" in side)
    assert len(filed) == count
    assert set(filed.values()) == {1}
    assert not [path for path in (office.tree / "_ged" / "tmp").iterdir() if path.suffix == ".plan"]


def test_a_few_kills(office: Office) -> None:
    killed(office, 24, kills=4, longest=1.5)

    each_has_one(office, 24, kills=4)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_thirty_kills_in_a_run_of_a_thousand(office: Office) -> None:
    killed(office, 1000, kills=30, longest=25)

    each_has_one(office, 1000, kills=30)
