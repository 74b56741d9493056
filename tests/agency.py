"""The sample agency, and files that differ from it in one place."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from archive.records import TABLES, Person, values
from daemon.imports import ImportRefused, Report, import_file
from tests.tables import opened_copy

AGENCY = Path(__file__).parent / "data" / "agency"
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture
def empty_agency(tmp_path: Path, tables: Path) -> Iterator[Database]:
    """An open SQLite database that knows nobody yet, where a configuration looks for it."""
    with closing(opened_copy(tables, tmp_path / "state" / "vaguemestre.db")) as engine:
        yield engine


def take_in(kind: str) -> Report:
    """Import one file of the sample agency."""
    return import_file(kind, AGENCY / f"{kind}.csv", NOW)


def sample(kind: str) -> list[dict[str, str]]:
    with (AGENCY / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row_of(kind: str, identity: str, **changes: str) -> dict[str, str]:
    """The sample's row whose first column (the lease, for a movement) is `identity`, with some cells changed."""
    found = next(row for row in sample(kind) if identity in list(row.values())[:2])
    return found | changes


def imported(folder: Path, kind: str, rows: Sequence[dict[str, str]], *, replace: bool = False) -> Report:
    """Write rows to a file and import it."""
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return import_file(kind, path, NOW, replace=replace)


def refusal(folder: Path, kind: str, rows: Sequence[dict[str, str]]) -> list[str]:
    """The faults of rows that must be refused, after seeing that nothing changed."""
    before = contents()
    with pytest.raises(ImportRefused) as refused:
        imported(folder, kind, rows)
    assert contents() == before
    return [str(fault) for fault in refused.value.faults]


def told(report: Report) -> list[str]:
    return [str(warning) for warning in report.warnings]


def contents() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    return {table.__name__: sorted(map(values, table.select()), key=repr) for table in TABLES}


def person(lease: str, last_name: str, first_name: str) -> Person:
    found = (Person.lease == lease) & (Person.last_name == last_name) & (Person.first_name == first_name)
    return Person.get(found)
