"""A CSV or XLSX file read into rows of text, each with the number of its line.

CSV as French Excel and other software write it: UTF-8 with or without BOM, UTF-16 with BOM, or cp1252; semicolons,
commas or tabs; quoted fields over several lines. XLSX: the first sheet, dates as ISO text, numbers without a
spreadsheet's noise. A file that was cut, or whose encodings are mixed, is refused rather than half understood.
"""

import codecs
import csv
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from daemon.imports.faults import Findings, ImportRefused

TEXT = {".csv", ".txt", ".tsv"}
SEPARATORS = ";,\t"
_SEP_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # Excel's own mark
_MARKS = (  # the longest first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZIP = b"PK\x03\x04"
# What openpyxl and zipfile raise for a damaged file, seen by flipping bytes: a ZIP that isn't one or is encrypted, a
# broken stream, XML that doesn't parse, a sheet or a style that is missing.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, SyntaxError, LookupError, ValueError, TypeError,
    AttributeError,
)  # fmt: skip
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # .xls, and an .xlsx with a password


@dataclass(frozen=True, slots=True)
class Form:
    """How a text file is written, where that is known; what is empty is found out."""

    encoding: str = ""
    separator: str = ""


DEFAULT = Form()


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one line, stripped, and the number of the line in the file where it begins."""

    number: int
    cells: tuple[str, ...]
    complete: bool = True  # every cell is written, if only as a separator; a spreadsheet leaves out the last empty ones


def read_sheet(path: Path, findings: Findings, data: bytes | None = None, form: Form = DEFAULT) -> list[Row]:
    """The rows that hold something, the header first. Raises ImportRefused when the file can't be read.

    `data` are the bytes of a file that isn't on the disk, such as an attachment; `path` is then only its name.
    """
    ending = path.suffix.lower()
    if ending != ".xlsx" and ending not in TEXT:
        raise findings.refuse(f"{path.name}: {ending or 'no ending'!r} isn't read; save it as .csv or .xlsx")
    data = _bytes(path, findings) if data is None else data
    _check_contents(ending, data, findings)
    rows = _workbook_rows(data, findings) if ending == ".xlsx" else _csv_rows(data, findings, form)
    if not rows:
        raise findings.refuse(f"{path.name} is empty: export it again")
    return rows


def _bytes(path: Path, findings: Findings) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise findings.refuse(f"{path}: {error.strerror}") from error


def _check_contents(ending: str, data: bytes, findings: Findings) -> None:
    name = findings.path.name
    if not data.strip():
        raise findings.refuse(f"{name} is empty: export it again")
    if data.startswith(_OLD_OFFICE):
        raise findings.refuse(f"{name} is an old .xls file, or has a password: save it as .xlsx without one")
    if ending == ".xlsx" and not data.startswith(b"PK"):
        raise findings.refuse(f"{name} isn't a spreadsheet: export it again, or name it .csv if it is text")
    if ending in TEXT and data.startswith(_ZIP):
        raise findings.refuse(f"{name} is a spreadsheet, not text: name it .xlsx")


# --- text


def _csv_rows(data: bytes, findings: Findings, form: Form) -> list[Row]:
    text = _decoded_as(form.encoding, data, findings) if form.encoding else _decoded(data, findings)
    if "\0" in text:
        raise findings.refuse(f"{findings.path.name} holds NUL characters: save it as CSV UTF-8")
    if not text.endswith(("\n", "\r")):
        findings.unended = text.count("\n") + 1
        findings.warn(findings.unended, "", "", "no line break at the end: see that the last line is whole")
    marked = _SEP_LINE.match(text)
    separator = marked[1] if marked else form.separator or _separator(text)
    return list(_records(text, separator, findings, skip=1 if marked else 0))


def _records(text: str, separator: str, findings: Findings, skip: int) -> Iterator[Row]:
    # `newline=""`: a line break inside quotes stays as it is. `strict`: a quote that is never closed is an error.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begun = 0
    try:
        for cells in reader:
            line, begun = begun + 1, reader.line_num
            if line > skip and any(cell.strip() for cell in cells):
                yield Row(line, tuple(cell.strip() for cell in cells))
    except csv.Error as error:
        raise findings.refuse(_csv_advice(error), line=begun + 1) from error


def _csv_advice(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end" in said:
        return "a quote opened here is never closed: the export was cut, or the quote must be doubled"
    if "larger than field limit" in said:
        return "a value of more than 131,072 characters begins here: a quote is missing"
    return f"this line can't be read ({said}): a quote inside a value must be doubled"


def _separator(text: str) -> str:
    """The one that the header has most of; names of columns hold none."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=header.count)


def _decoded_as(encoding: str, data: bytes, findings: Findings) -> str:
    """In the encoding that a mapping names; Windows' programs put a mark before UTF-8 whatever was asked."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), encoding)
    try:
        return data.decode(marked)
    except UnicodeDecodeError as error:
        raise _not_in(marked, error, findings) from error


def _decoded(data: bytes, findings: Findings) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if error.end == len(data) and error.reason in {"unexpected end of data", "truncated data"}:
            raise findings.refuse("the file ends in the middle of a character: the export was cut") from error
        if encoding != "utf-8" or _is_mostly_utf8(data):
            raise _not_in(encoding, error, findings) from error
    return _decoded_as_windows(data, findings)


def _is_mostly_utf8(data: bytes) -> bool:
    """More of its accents are UTF-8 than not: a UTF-8 file with a wrong byte, not one of Windows."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(not c.isascii() for c in text) - broken > broken


def _not_in(encoding: str, error: UnicodeDecodeError, findings: Findings) -> ImportRefused:
    """`encoding` is the name that people know: Python's own says charmap of many."""
    data = error.object
    around = data[max(0, error.start - 10) : error.start + 10]
    advice = f"the byte 0x{data[error.start]:02x} is not {encoding} here ({around!r}): save the file as CSV UTF-8"
    return findings.refuse(advice, line=data.count(b"\n", 0, error.start) + 1)


def _decoded_as_windows(data: bytes, findings: Findings) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _not_in("cp1252", error, findings) from error


# --- spreadsheets


def _workbook_rows(data: bytes, findings: Findings) -> list[Row]:
    from openpyxl import load_workbook  # noqa: PLC0415  8 MB: loaded with the first spreadsheet
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl remarks on styles and other programs' habits
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = [_sheet_rows(sheet) for sheet in book.worksheets]
            book.close()
    except (*_DAMAGE, InvalidFileException) as error:
        raise findings.refuse(
            f"{findings.path.name} can't be read as a spreadsheet ({error}): it was cut or damaged, save it again"
        ) from error
    if any(sheets[1:]):
        findings.warn(0, "", "", f"{findings.path.name} has several sheets: only the first was read")
    return sheets[0] if sheets else []


def _sheet_rows(sheet: Any) -> list[Row]:
    sheet.reset_dimensions()  # other programs than Excel state a size that is wrong
    rows = (Row(line, _cells(row), complete=False) for line, row in enumerate(sheet.iter_rows(values_only=True), 1))
    return [row for row in rows if any(row.cells)]


def _cells(row: tuple[object, ...]) -> tuple[str, ...]:
    cells = [_cell(value) for value in row]
    while cells and not cells[-1]:  # formatted and empty cells at the right
        cells.pop()
    return tuple(cells)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.date().isoformat() if value.time() == time.min else value.isoformat(" ")
        case date():
            return value.isoformat()
        case float():
            # A sum of 0.1 and 0.2 is 0.30000000000000004 in the file; no one typed the noise.
            return f"{value:.9f}".rstrip("0").removesuffix(".")
        case _:
            return str(value).strip()
