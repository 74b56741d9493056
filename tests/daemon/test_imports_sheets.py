"""A file as French Excel and other software write it, read into rows; or refused, with what to do."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from random import Random

import pytest
from openpyxl import Workbook

from daemon.imports.faults import Findings, ImportRefused
from daemon.imports.lines import COLUMNS, Line, lines_of
from daemon.imports.sheets import Row, read_sheet

OWNERS = "owner_name;mandates;owner_email;owner_phone\n"
LINE = "Consorts L'Hôstis;1104;l.hostis@example.org;06 39 98 40 00\n"


def rows(path: Path, data: bytes | str) -> list[Row]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_sheet(path, Findings(path))


def lines(path: Path, data: bytes | str, kind: str = "owners") -> list[Line]:
    findings = Findings(path)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return lines_of(kind, read_sheet(path, findings), findings)


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    book.remove(book.active)
    for number, content in enumerate(sheets):
        sheet = book.create_sheet(f"Feuil{number + 1}")
        for row in content:
            sheet.append(list(row))
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom", "cp1252"])
def test_the_encodings_that_excel_writes_are_read(tmp_path: Path, encoding: str) -> None:
    text = OWNERS + LINE
    marked = f"\ufeff{text}" if encoding.endswith("-bom") else text

    (line,) = lines(tmp_path / "f.csv", marked.encode(encoding.removesuffix("-bom")))

    assert line.text("owner_name") == "Consorts L'Hôstis"


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_separator_and_the_line_breaks_are_found(tmp_path: Path, separator: str, ending: str) -> None:
    text = (OWNERS + LINE).replace(";", separator).replace("\n", ending)

    (line,) = lines(tmp_path / "f.csv", text)

    assert (line.number, line.text("mandates"), line.text("owner_phone")) == (2, "1104", "06 39 98 40 00")


def test_excels_own_mark_of_the_separator_is_believed(tmp_path: Path) -> None:
    (line,) = lines(tmp_path / "f.csv", "sep=|\r\n" + (OWNERS + LINE).replace(";", "|"))

    assert (line.number, line.text("mandates")) == (3, "1104")


def test_a_line_is_numbered_as_the_file_shows_it_after_quoted_line_breaks_and_blank_lines(tmp_path: Path) -> None:
    text = OWNERS + '"SCI\nDeux ""Tilleuls""";1;;\n\n;;;\nSCI Trois;2;;\n'

    first, second = lines(tmp_path / "f.csv", text)

    assert (first.number, first.text("owner_name")) == (2, 'SCI Deux "Tilleuls"')
    assert (second.number, second.text("owner_name")) == (6, "SCI Trois")


@pytest.mark.parametrize(
    "header", ["Owner Name;MANDATES;owner-email;Owner_Phone", "OWNER_NAME ; mandatés;OwnerEmail; owner phone"]
)
def test_names_of_columns_are_compared_without_case_accents_or_spaces(tmp_path: Path, header: str) -> None:
    (line,) = lines(tmp_path / "f.csv", f"{header}\n{LINE}")

    assert line.text("owner_email") == "l.hostis@example.org"


def test_columns_stand_in_any_order_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("owner_phone;couleur;mandates;owner_email;owner_name\n0639984000;bleu;1104;;SCI\n")
    findings = Findings(path)

    (line,) = lines_of("owners", read_sheet(path, findings), findings)

    assert (line.text("owner_name"), line.text("owner_phone")) == ("SCI", "0639984000")
    assert [str(warning) for warning in findings.warnings] == ["line 1, couleur: an unknown column: it was left alone"]


def test_empty_cells_at_the_right_are_not_values_too_many(tmp_path: Path) -> None:
    (line,) = lines(tmp_path / "f.csv", f"{OWNERS.strip()};;\n{LINE.strip()};;;\n")

    assert line.text("owner_phone") == "06 39 98 40 00"


# --- spreadsheets


def test_a_spreadsheet_gives_what_its_cells_show(tmp_path: Path) -> None:
    content: list[list[object]] = [
        ["date", "Lease ID", "kind", "label", "debit_eur", "credit_eur", "reference"],
        [None] * 7,
        [datetime(2026, 5, 1), "L00101", "appel", "Loyer", 742.18, 0, 12],  # noqa: DTZ001
        [date(2026, 5, 2), "L00101", "appel", "Loyer", 0.1 + 0.2, None, 12.0],
    ]

    first, second = lines(tmp_path / "f.xlsx", workbook(content), "movements")

    assert first.number == 3
    assert first.named["date"] == "2026-05-01"
    assert (str(first.amount("debit_eur")), str(first.amount("credit_eur"))) == ("742.18", "0.00")
    assert (second.named["date"], str(second.amount("debit_eur")), second.text("reference")) == (
        "2026-05-02",
        "0.30",
        "12",
    )


def test_a_spreadsheet_keeps_what_it_took_for_numbers_and_truths(tmp_path: Path) -> None:
    content: list[list[object]] = [list(COLUMNS["owners"]), ["SCI", 1104, True, 639984000.0]]

    (line,) = lines(tmp_path / "f.xlsx", workbook(content))

    assert line.text("mandates") == "1104"
    assert line.text("owner_email") == "yes"
    assert line.phones("owner_phone") == ("0639984000",)


def test_a_spreadsheet_with_several_full_sheets_gives_the_first_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    path.write_bytes(workbook([["a"], ["1"]], [["b"]]))
    findings = Findings(path)

    found = read_sheet(path, findings)

    assert [row.cells for row in found] == [("a",), ("1",)]
    assert "only the first" in str(findings.warnings[0])


def test_empty_sheets_beside_the_first_are_nothing_to_tell(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    path.write_bytes(workbook([["a"]], [], []))
    findings = Findings(path)

    assert len(read_sheet(path, findings)) == 1
    assert findings.warnings == []


# --- what is refused


def refused(path: Path, data: bytes | str, kind: str = "owners") -> str:
    with pytest.raises(ImportRefused) as refusal:
        lines(path, data, kind)
    return str(refusal.value)


@pytest.mark.parametrize("name", ["f.xls", "f.ods", "f.pdf", "f"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    assert "save it as .csv or .xlsx" in refused(tmp_path / name, OWNERS + LINE)


def test_endings_are_read_in_capitals_too(tmp_path: Path) -> None:
    assert len(rows(tmp_path / "F.CSV", OWNERS + LINE)) == 2
    assert len(rows(tmp_path / "F.XLSX", workbook([["a"]]))) == 1


@pytest.mark.parametrize("data", [b"", b"  \r\n \n", b";;;\n;;\n"])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "f.csv is empty" in refused(tmp_path / "f.csv", data)


def test_an_empty_spreadsheet_is_refused(tmp_path: Path) -> None:
    assert "f.xlsx is empty" in refused(tmp_path / "f.xlsx", workbook([]))


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "nowhere.csv", "No such file"), (tmp_path / "folder.csv", "Is a directory")):
        (tmp_path / "folder.csv").mkdir(exist_ok=True)
        with pytest.raises(ImportRefused, match=said) as refusal:
            read_sheet(path, Findings(path))
        assert str(path) in str(refusal.value)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_spreadsheet_that_was_cut_is_refused(tmp_path: Path, part: float) -> None:
    whole = workbook([list(COLUMNS["owners"]), *([["SCI", "1", "", ""]] * 500)])

    assert "it was cut or damaged" in refused(tmp_path / "f.xlsx", whole[: int(len(whole) * part)])


def test_a_spreadsheet_with_damaged_bytes_is_refused_or_read_whole(tmp_path: Path) -> None:
    whole = workbook([list(COLUMNS["owners"]), *([[f"SCI {n}", str(n * n), "", ""] for n in range(50)])])
    chance = Random(7)  # noqa: S311  which bytes break is no secret
    refusals = 0

    for _ in range(100):
        damaged = bytearray(whole)
        damaged[chance.randrange(4, len(whole))] = chance.randrange(256)
        try:
            rows(tmp_path / "f.xlsx", bytes(damaged))
        except ImportRefused as refusal:
            refusals += 1
            assert "save it again" in str(refusal)  # noqa: PT017  either outcome is right

    assert refusals > 40


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    assert "isn't a spreadsheet" in refused(tmp_path / "f.xlsx", OWNERS + LINE)
    assert "name it .xlsx" in refused(tmp_path / "f.csv", workbook([["a"]]))
    assert "old .xls file, or has a password" in refused(tmp_path / "f.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 2000)


def test_a_file_cut_in_the_middle_of_a_character_is_refused(tmp_path: Path) -> None:
    data = (OWNERS + LINE * 3).encode()

    assert "the export was cut" in refused(tmp_path / "f.csv", data[: data.rindex("ô".encode()) + 1])
    assert "the export was cut" in refused(tmp_path / "f.csv", (OWNERS + LINE).encode("utf-16")[:-1])


def faults(path: Path, text: str) -> list[str]:
    path.write_text(text)
    findings = Findings(path)
    lines_of("owners", read_sheet(path, findings), findings)
    return [str(fault) for fault in findings.faults]


def test_a_file_cut_in_the_middle_of_a_line_is_refused_with_its_number(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "f.csv", OWNERS + LINE + "SCI Deux Till")

    assert fault.startswith("line 3 'SCI Deux Till': 1 values for 4 columns: the line was cut")


def test_a_file_cut_in_a_quoted_value_is_refused_where_the_quote_opens(tmp_path: Path) -> None:
    text = OWNERS + LINE + '"SCI\nDeux Tilleuls;1061;;\n' + LINE

    assert "line 3: a quote opened here is never closed" in refused(tmp_path / "f.csv", text)


def test_a_file_that_ends_without_a_line_break_is_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(OWNERS + LINE.strip())
    findings = Findings(path)

    assert len(read_sheet(path, findings)) == 2
    assert [str(warning) for warning in findings.warnings] == [
        "line 2: no line break at the end: see that the last line is whole"
    ]


def test_utf_8_with_one_byte_of_windows_is_refused_rather_than_misread(tmp_path: Path) -> None:
    data = (OWNERS + LINE * 3).encode() + b"SCI \xe9toile;1;;\n"

    assert "line 5: the byte 0xe9 is not utf-8 here" in refused(tmp_path / "f.csv", data)


def test_bytes_of_no_encoding_are_refused(tmp_path: Path) -> None:
    assert "line 2: the byte 0x81 is not cp1252 here" in refused(
        tmp_path / "f.csv", OWNERS.encode() + b"SCI \xe9t\x81;1;;\n"
    )
    assert "NUL" in refused(tmp_path / "f.csv", OWNERS + "SCI\0;1;;\n")


def test_a_stray_quote_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line 3: this line can't be read" in refused(tmp_path / "f.csv", OWNERS + LINE + '"SCI" Tilleuls;1;;\n')


def test_every_missing_column_is_named_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path / "f.csv", "owner_name;owner_email\nSCI;\n")

    assert "line 1: missing columns: mandates, owner_phone" in said


@pytest.mark.parametrize("kind", sorted(COLUMNS))
@pytest.mark.parametrize("given", sorted(COLUMNS))
def test_a_file_of_another_kind_is_recognised(tmp_path: Path, kind: str, given: str) -> None:
    text = ";".join(COLUMNS[given]) + "\n" + ";" * (len(COLUMNS[given]) - 1) + "x\n"

    if kind == given:
        assert len(lines(tmp_path / "f.csv", text, kind)) == 1
    else:
        assert f"this is a file of {given}: import it as {given}" in refused(tmp_path / "f.csv", text, kind)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    assert "line 1, mandates: this column is there twice" in refused(tmp_path / "f.csv", f"{OWNERS.strip()};Mandates\n")


def test_a_value_with_an_unquoted_separator_is_refused(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "f.csv", OWNERS + "SCI;Tilleuls;1;;x\n")

    assert fault == "line 2 'SCI': 5 values for 4 columns: put quotes around a value that holds the separator"
