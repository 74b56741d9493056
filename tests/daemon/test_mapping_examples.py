"""The mappings that are given as examples: each reads the export beside it, and says where its form comes from."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from peewee import Database

from archive.records import Movement
from daemon.imports import ImportRefused, import_file
from daemon.imports.words import in_french
from tests.agency import imported, sample, take_in
from tests.daemon.test_mapping import LEASES, configured, movements

EXAMPLES = Path(__file__).parents[2] / "docs" / "exports"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.toml"))
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def export_of(name: str) -> Path:
    """The export beside a mapping."""
    (found,) = (path for path in EXAMPLES.glob(f"{name}.*") if path.suffix != ".toml")
    return found


def test_every_software_that_is_named_has_its_example() -> None:
    assert NAMES == ["exemple-crypto", "exemple-gercop", "exemple-ics", "exemple-seiitra", "exemple-septeo", "fec"]
    assert all(f"`{name}.toml`" in (EXAMPLES / "README.md").read_text("utf-8") for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_reads_the_export_beside_it(empty_agency: Database, tmp_path: Path, name: str) -> None:
    take_in("leases")
    rows = [row for row in sample("movements") if row["lease_id"] in LEASES and row["date"] >= "2026-08-01"]
    imported(tmp_path, "movements", rows)
    expected = movements()
    Movement.delete().execute()
    mapping = configured(tmp_path, f'[imports.one]\nfile = "{EXAMPLES / name}.toml"').imports["one"]

    first, again = (import_file("movements", export_of(name), NOW, mapping) for _ in range(2))

    assert (first.added, first.warnings) == (len(rows), ())
    assert movements() == expected
    assert (again.added, again.updated) == (0, 0)


def test_a_fec_cut_between_two_lines_of_an_entry_is_refused(empty_agency: Database, tmp_path: Path) -> None:
    take_in("leases")
    mapping = configured(tmp_path, f'[imports.one]\nfile = "{EXAMPLES}/fec.toml"').imports["one"]
    lines = export_of("fec").read_bytes().splitlines(keepends=True)
    cut, whole = tmp_path / "fec-cut.txt", tmp_path / "fec.txt"
    cut.write_bytes(b"".join(lines[:14]))  # line 14 is the tenant's half of the first payment; its bank's is line 15
    whole.write_bytes(b"".join(lines[:15]))  # ends between two entries, like a shorter export

    with pytest.raises(ImportRefused) as refused:
        import_file("movements", cut, NOW, mapping)

    (fault,) = refused.value.faults
    assert (fault.line, fault.column, fault.value) == (14, "JournalCode EcritureNum", "BQ 7")
    assert fault.advice.startswith("debits 0.00, credits 820.78 (lines 14): the export may have been cut")
    assert (
        in_french(fault.advice)
        == "débits 0.00, crédits 820.78 (lignes 14) : l’export a peut-être été coupé, le refaire"
    )
    assert not Movement.select().exists()
    assert import_file("movements", whole, NOW, mapping).added == 7


@pytest.mark.parametrize("name", NAMES)
def test_an_example_refuses_a_line_that_was_cut(empty_agency: Database, tmp_path: Path, name: str) -> None:
    take_in("leases")
    mapping = configured(tmp_path, f'[imports.one]\nfile = "{EXAMPLES / name}.toml"').imports["one"]
    whole = export_of(name)
    cut = tmp_path / whole.name
    cut.write_bytes(whole.read_bytes()[:-40])

    with pytest.raises(ImportRefused):
        import_file("movements", cut, NOW, mapping)

    assert not Movement.select().exists()
