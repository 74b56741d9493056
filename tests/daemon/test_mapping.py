"""Exports of other software, read by a mapping: no code for any of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from peewee import Database

from archive.records import Movement
from daemon.accounting.mapping import ImportMapping, mapping_for
from daemon.config import Config, load
from daemon.errors import ConfigError
from daemon.imports import ImportRefused, import_file
from tests.agency import contents, imported, sample, take_in
from tests.office import CONFIG

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
FILES = ("grand-livre-octobre.csv", "ecritures-locataires.xlsx", "extrait-comptes.txt")
LEASES = ("L00101", "L00103", "L00147")
MINIMAL = """
[imports.one]
columns = {columns}
accounts = {{ A = "L00101" }}
kinds = {{ loyer = "appel", virement = "reglement" }}
{more}
"""
COLUMNS = '{ date = "Date", label = "Texte", reference = "Ref", account = "Compte", debit = "D", credit = "C" }'
SIGNED = '{ date = "Date", label = "Texte", reference = "Ref", account = "Compte", amount = "M" }'
HEADER = "Date;Compte;Texte;Ref;D;C\n"


def configured(folder: Path, text: str) -> Config:
    path = folder / "vaguemestre.toml"
    path.write_text(CONFIG.format(imap_port=1, smtp_port=1, user="nobody", mailbox="", more=text), "utf-8")
    return load(path)


@pytest.fixture
def mappings(tmp_path: Path) -> dict[str, ImportMapping]:
    return configured(tmp_path, (EXPORTS / "mappings.toml").read_text("utf-8")).imports


def one(folder: Path, columns: str = COLUMNS, more: str = "") -> ImportMapping:
    return configured(folder, MINIMAL.format(columns=columns, more=more)).imports["one"]


def movements() -> list[tuple[str, ...]]:
    rows = Movement.select().order_by(Movement.lease, Movement.reference, Movement.label)
    return [(r.lease_id, str(r.day), r.kind, r.label, str(r.debit), str(r.credit), r.reference) for r in rows]


def taken(folder: Path, mapping: ImportMapping, text: str, name: str = "e.csv") -> list[tuple[str, ...]]:
    (folder / name).write_text(text, "utf-8")
    import_file("movements", folder / name, NOW, mapping)
    return movements()


def refused(folder: Path, mapping: ImportMapping, content: str | bytes, name: str = "e.csv") -> list[str]:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = contents()
    with pytest.raises(ImportRefused) as found:
        import_file("movements", folder / name, NOW, mapping)
    assert contents() == before
    return [str(fault) for fault in found.value.faults]


# --- the three shapes


@pytest.mark.parametrize("name", FILES)
def test_an_export_says_what_our_own_columns_say(
    empty_agency: Database, tmp_path: Path, mappings: dict[str, ImportMapping], name: str
) -> None:
    take_in("leases")
    rows = [row for row in sample("movements") if row["lease_id"] in LEASES and row["date"] >= "2026-08-01"]
    imported(tmp_path, "movements", rows)
    expected = movements()
    Movement.delete().execute()

    report = import_file("movements", EXPORTS / name, NOW, mapping_for(name, mappings))

    assert report.added == len(rows) == len(expected)
    assert movements() == expected


@pytest.mark.parametrize("name", FILES)
def test_the_same_export_again_changes_nothing(
    empty_agency: Database, mappings: dict[str, ImportMapping], name: str
) -> None:
    take_in("leases")
    import_file("movements", EXPORTS / name, NOW, mapping_for(name, mappings))
    before = contents()

    report = import_file("movements", EXPORTS / name, NOW, mapping_for(name, mappings))

    assert (report.added, report.updated) == (0, 0)
    assert contents() == before


def test_the_three_exports_are_one_history(empty_agency: Database, mappings: dict[str, ImportMapping]) -> None:
    take_in("leases")

    added = [import_file("movements", EXPORTS / name, NOW, mapping_for(name, mappings)).added for name in FILES]

    assert added[0] > 0
    assert added[1:] == [0, 0]


# --- amounts and their sides


@pytest.mark.parametrize(
    ("written", "debit", "credit"),
    [
        ("742,18", "742.18", "0.00"),
        ("-742,18", "0.00", "742.18"),
        ("742,18-", "0.00", "742.18"),
        ("(742,18)", "0.00", "742.18"),
        ("\N{MINUS SIGN}742,18 €", "0.00", "742.18"),
        ("742,18 C", "0.00", "742.18"),
        ("742,18 D", "742.18", "0.00"),
        ("1 742,18", "1742.18", "0.00"),
    ],
)
def test_a_signed_amount_goes_to_its_side(
    empty_agency: Database, tmp_path: Path, written: str, debit: str, credit: str
) -> None:
    take_in("leases")

    (row,) = taken(tmp_path, one(tmp_path, SIGNED), f"Date;Compte;Texte;Ref;M\n01/10/2026;A;Loyer;R1;{written}\n")

    assert row[4:6] == (debit, credit)


def test_a_negative_debit_is_a_credit(empty_agency: Database, tmp_path: Path) -> None:
    take_in("leases")

    (row,) = taken(tmp_path, one(tmp_path), f"{HEADER}01/10/2026;A;Loyer annulé;R1;-10,00;\n")

    assert row[4:6] == ("0.00", "10.00")


# --- what is refused, in the export's own words


def test_every_faulty_line_is_named_in_the_words_of_the_export(empty_agency: Database, tmp_path: Path) -> None:
    take_in("leases")
    lines = "01/10/2026;A;Loyer;R1;12,345;\n01/10/2062;A;Loyer;R2;1,00;\n01/10/2026;Z;Loyer;R3;1,00;\n01/10/2026;A;Divers;R4;1,00;\n01/10/2026;A;Loyer;R5;;\n"

    faults = refused(tmp_path, one(tmp_path), HEADER + lines)

    assert [fault.split(":")[0] for fault in faults] == [
        "line 2, D '12,345'",
        "line 3, Date '01/10/2062'",
        "line 4, Compte 'Z'",
        "line 5, Texte 'Divers'",
        "line 6, D",
    ]


def test_one_reference_with_two_amounts_is_refused(empty_agency: Database, tmp_path: Path) -> None:
    take_in("leases")

    (fault,) = refused(tmp_path, one(tmp_path), f"{HEADER}01/10/2026;A;Loyer;R1;1,00;\n01/10/2026;A;Loyer;R1;2,00;\n")

    assert fault.startswith("line 3, Ref 'R1': line 2 has this reference and label")


@pytest.mark.parametrize("cut", [-3, -40, -80, -300])
def test_an_export_that_was_cut_is_refused(
    empty_agency: Database, tmp_path: Path, mappings: dict[str, ImportMapping], cut: int
) -> None:
    """Also exactly at the end of a line, which only the missing total tells."""
    take_in("leases")
    whole = (EXPORTS / FILES[0]).read_bytes()
    at_a_line = whole[: whole.rindex(b"\r\n", 0, cut) + 2]

    assert refused(tmp_path, mappings["grand-livre"], at_a_line)
    assert refused(tmp_path, mappings["grand-livre"], whole[:cut])


def test_a_line_that_is_missing_is_told_by_the_total(
    empty_agency: Database, tmp_path: Path, mappings: dict[str, ImportMapping]
) -> None:
    take_in("leases")
    lines = (EXPORTS / FILES[0]).read_bytes().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if b";QT;" in line)

    faults = refused(tmp_path, mappings["grand-livre"], b"".join(lines[:first] + lines[first + 1 :]))

    assert any("some are missing" in fault for fault in faults)


def test_another_form_is_refused_with_the_headings_that_are_missing(empty_agency: Database, tmp_path: Path) -> None:
    assert refused(tmp_path, one(tmp_path), "Date;Compte;Texte;Ref;Montant\n") == ["line 1: missing columns: D, C"]


def test_a_movement_that_looks_like_a_total_is_told(empty_agency: Database, tmp_path: Path) -> None:
    take_in("leases")
    mapping = one(tmp_path, more='skip = ["^total"]')
    text = f"{HEADER}01/10/2026;A;Loyer;R1;1,00;\n02/10/2026;A;Total du plan;R2;2,00;\n;;Total;;3,00;\n"
    (tmp_path / "e.csv").write_text(text, "utf-8")

    report = import_file("movements", tmp_path / "e.csv", NOW, mapping)

    assert report.added == 1
    (warning,) = [one for one in report.warnings if one.line]
    assert (warning.line, warning.column, warning.value) == (3, "Date", "02/10/2026")


# --- choosing and checking a mapping


def test_a_file_is_known_by_its_name_in_any_case(mappings: dict[str, ImportMapping]) -> None:
    assert mapping_for("GRAND-LIVRE novembre.CSV", mappings) is mappings["grand-livre"]
    assert mapping_for("movements.csv", mappings) is None


def test_a_mapping_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "ics.toml").write_text(f'columns = {COLUMNS}\nlease = "L.*"\nkinds = {{ x = "appel" }}\n', "utf-8")

    config = configured(tmp_path, '[imports.ics]\nfile = "ics.toml"\nmatch = ["*.csv"]\n')

    assert config.imports["ics"].columns.debit == "D"
    assert config.imports["ics"].match == ("*.csv",)


def test_every_problem_of_a_mapping_is_told_at_once(tmp_path: Path) -> None:
    wrong = """
[imports.one]
encoding = "klingon"
separator = "#"
date_format = "%d"
sign = "plus"
lease = "(("
skip = ["["]
colour = "red"
kinds = { loyer = "rent" }
columns = { date = "Date", label = "Texte", reference = "Ref", debit = "D" }
"""

    with pytest.raises(ConfigError) as refusal:
        configured(tmp_path, wrong)

    told = "\n".join(refusal.value.problems)
    for key in ("encoding", "separator", "date_format", "sign", "lease", "skip", "colour", "kinds", "columns"):
        assert f"imports.one.{key}" in told


def test_the_shape_of_a_mapping_is_checked_as_a_whole(tmp_path: Path) -> None:
    wrong = '[imports.one]\ncolumns = { date = "Date", label = "Texte", reference = "Ref", amount = "M" }\n'

    with pytest.raises(ConfigError) as refusal:
        configured(tmp_path, wrong)

    (problem,) = refusal.value.problems
    assert "account" in problem
    assert "kinds" in problem


def test_a_missing_file_of_a_mapping_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ics\.toml: No such file"):
        configured(tmp_path, '[imports.ics]\nfile = "ics.toml"\n')
