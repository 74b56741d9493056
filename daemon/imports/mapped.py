"""Another software's export brought to our own columns, by its mapping; what it can't say is a fault of its line."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from daemon.accounting.mapping import ImportMapping, fits
from daemon.imports.faults import Fault, Findings
from daemon.imports.lines import Line, is_whole
from daemon.imports.sheets import Row
from rules import cells
from rules.fold import fold

ZERO = Decimal("0.00")
_MINUS = "-\N{MINUS SIGN}\N{EN DASH}"
_SIDE = re.compile(r"(.*?)\s*\b(db|cr|d|c)\.?$", re.IGNORECASE)  # "742,18 C"
_UNIT = re.compile(r"\s*(?:€|eur|euros?)$", re.IGNORECASE)


def mapped_lines(rows: Sequence[Row], mapping: ImportMapping, findings: Findings) -> list[Line]:
    """The movements of an export, under our own names of columns. Raises ImportRefused when it has another form."""
    header, below = _headed(rows, mapping, findings)
    sheet = _Sheet(mapping, {_key(name): place for place, name in reversed(list(enumerate(header.cells))) if name})
    lines = list(_lines(sheet, header, below, findings))
    _check_end(sheet, below, lines, findings)
    _check_entries(sheet, header, below, findings)
    return lines


def in_its_words(faults: Iterable[Fault], mapping: ImportMapping | None) -> tuple[Fault, ...]:
    """The same faults, with the headings that the export itself has."""
    if mapping is None:
        return tuple(faults)
    columns = mapping.columns
    named = {
        "date": columns.date,
        "lease_id": columns.account,
        "kind": columns.kind or " ".join(columns.label),
        "label": " ".join(columns.label),
        "debit_eur": columns.debit or columns.amount,
        "credit_eur": columns.credit or columns.amount,
        "reference": " ".join(columns.reference),
    }
    return tuple(replace(fault, column=named.get(fault.column, fault.column)) for fault in faults)


# --- where the headings are


def _headed(rows: Sequence[Row], mapping: ImportMapping, findings: Findings) -> tuple[Row, Sequence[Row]]:
    """The row of the headings, and those below it."""
    wanted = {_key(name): name for name in mapping.columns.named}
    for place, row in enumerate(rows):
        there = {_key(cell) for cell in row.cells}
        if row.number == mapping.header or (not mapping.header and wanted.keys() <= there):
            missing = [name for key, name in wanted.items() if key not in there]
            if missing:
                raise findings.refuse(f"missing columns: {', '.join(missing)}", row.number)
            return row, rows[place + 1 :]
    nearest = max(rows, key=lambda row: len(wanted.keys() & {_key(cell) for cell in row.cells}))
    missing = [name for key, name in wanted.items() if key not in {_key(cell) for cell in nearest.cells}]
    raise findings.refuse(f"missing columns: {', '.join(missing or [f'line {mapping.header}'])}", nearest.number)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(name))


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The mapping, and the places of the headings."""

    mapping: ImportMapping
    places: Mapping[str, int]

    def cell(self, row: Row, name: str) -> str:
        place = self.places.get(_key(name), len(row.cells)) if name else len(row.cells)
        return " ".join(row.cells[place].split()) if place < len(row.cells) else ""

    def joined(self, row: Row, names: Sequence[str], between: str) -> str:
        return between.join(filter(None, (self.cell(row, name) for name in names)))


# --- row by row


def _lines(sheet: _Sheet, header: Row, below: Sequence[Row], findings: Findings) -> Iterator[Line]:
    mapping, account, width = sheet.mapping, "", len(header.cells)
    for row in below:
        whole = " ".join(cell for cell in row.cells if cell)
        heads = re.search(mapping.account_row, whole, re.IGNORECASE) if mapping.account_row else None
        if heads:
            account = next((group for group in heads.groups() if group), "")
        elif _is_skipped(row, header, mapping):
            if row.cells != header.cells and (day := _dated(sheet, row)):
                findings.warn(row.number, "date", day, "this row has a date and is left out all the same: see `skip`")
        elif is_whole(row, width, findings) and mapping.counts(
            of := account or sheet.cell(row, mapping.columns.account)
        ):
            yield _line(sheet, row, of, findings)


def _is_skipped(row: Row, header: Row, mapping: ImportMapping) -> bool:
    """Totals, the closing row, the headings again at the top of a page."""
    if row.cells == header.cells:
        return True
    patterns = (*mapping.skip, *filter(None, (mapping.end,)))
    return any(fits(pattern, cell) for pattern in patterns for cell in row.cells if cell)


def _dated(sheet: _Sheet, row: Row) -> str:
    """The cell of the date when something like one stands there: a total has none, a movement has."""
    written = sheet.cell(row, sheet.mapping.columns.date)
    return written if re.match(r"\d", written) else ""


def _line(sheet: _Sheet, row: Row, account: str, findings: Findings) -> Line:
    mapping, columns = sheet.mapping, sheet.mapping.columns
    label = sheet.joined(row, columns.label, " ")
    lease = mapping.lease_of(account)
    if not lease:
        advice = "no account above this line" if not account else "the mapping knows no lease for this account"
        findings.fault(row.number, "lease_id", account, advice)
    written = sheet.cell(row, columns.kind)
    kind = mapping.kind_of(*filter(None, (written, label))) or written
    if not kind:
        findings.fault(row.number, "kind", label, "no pattern of the mapping says what this line is")
    debit, credit = _amounts(sheet, row)
    named = {
        "date": _day(sheet, row, findings),
        "lease_id": lease or account or "?",
        "kind": kind or "appel",  # told already
        "label": label,
        "debit_eur": debit,
        "credit_eur": credit,
        "reference": sheet.joined(row, columns.reference, "-"),
    }
    return Line(row.number, named, findings)


def _day(sheet: _Sheet, row: Row, findings: Findings) -> str:
    written, form = sheet.cell(row, sheet.mapping.columns.date), sheet.mapping.date_format
    if not written or not form:
        return written
    try:
        return date(*time.strptime(written, form)[:3]).isoformat()
    except ValueError:
        if re.match(r"\d{4}-\d\d-\d\d", written):  # a spreadsheet's own date
            return written
        findings.fault(row.number, "date", written, f"not a date of the form {form}")
        return _A_DATE


_A_DATE = "2000-01-01"  # stands for one that was told to be wrong


def _amounts(sheet: _Sheet, row: Row) -> tuple[str, str]:
    """Debit and credit as they are written, without their signs; `cells.amount` judges the rest."""
    mapping, columns = sheet.mapping, sheet.mapping.columns
    if columns.amount:
        text, below, side = _signed(sheet.cell(row, columns.amount))
        side = fold(sheet.cell(row, columns.side))[:1] or side
        is_debit = (side == "d") if side in {"c", "d"} else mapping.sign == "debit"
        return (text, "") if is_debit is not below else ("", text)
    debit, debit_below, _ = _signed(sheet.cell(row, columns.debit))
    credit, credit_below, _ = _signed(sheet.cell(row, columns.credit))
    if debit_below and _is_nothing(credit):
        return "", debit  # a reversal written as a negative debit
    if credit_below and _is_nothing(debit):
        return credit, ""
    return f"-{debit}" if debit_below else debit, f"-{credit}" if credit_below else credit


def _signed(written: str) -> tuple[str, bool, str]:
    """An amount without its sign, whether it is below zero, and the side that a letter beside it says."""
    text = _UNIT.sub("", written.strip())
    beside = _SIDE.fullmatch(text) if text[-1:].isalpha() or text.endswith(".") else None
    text, side = (beside[1], beside[2][0].lower()) if beside else (text, "")
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True, side
    bare = text.strip(_MINUS + "+ ")
    below = text[:1] in tuple(_MINUS) or text[-1:] in tuple(_MINUS)
    return bare, below and bool(bare), side


def _is_nothing(text: str) -> bool:
    try:
        return not text or cells.amount(text) == ZERO
    except ValueError:
        return False


# --- whole or cut


def _check_end(sheet: _Sheet, below: Sequence[Row], lines: Sequence[Line], findings: Findings) -> None:
    """The closing row is there, last, and its sums are those of the lines."""
    mapping = sheet.mapping
    if not mapping.end:
        return
    last = below[-1] if below else None
    if last is None or not any(fits(mapping.end, cell) for cell in last.cells):
        line = last.number if last else 0
        findings.fault(line, "", "", "the closing row of the export is missing: it was cut; export it again")
        return
    for column, heading in (("debit_eur", mapping.columns.debit), ("credit_eur", mapping.columns.credit)):
        told = _sum_of(sheet.cell(last, heading))
        counted = sum((_amount(line, column) for line in lines), ZERO)
        if told is not None and told != counted:
            findings.fault(last.number, column, str(told), f"the lines add up to {counted}: some are missing")


def _sum_of(written: str) -> Decimal | None:
    try:
        return cells.amount(written) if written else None
    except ValueError:
        return None


def _check_entries(sheet: _Sheet, header: Row, below: Sequence[Row], findings: Findings) -> None:
    """The debits of each entry are its credits, over its lines of every account: a part of one is missing otherwise."""
    if not sheet.mapping.columns.entry:
        return
    for entry, rows in _entries(sheet, header, below).items():
        sides = [tuple(map(_read, _amounts(sheet, row))) for row in rows]
        debits, credits_ = (sum(side, ZERO) for side in zip(*sides, strict=True))
        if debits != credits_:
            lines = ", ".join(str(row.number) for row in rows[:_MOST_NAMED]) + (", …" if rows[_MOST_NAMED:] else "")
            advice = (
                f"debits {debits}, credits {credits_} (lines {lines}): the export may have been cut; export it again"
            )
            findings.fault(rows[-1].number, " ".join(sheet.mapping.columns.entry), entry, advice)


_MOST_NAMED = 10  # lines of an entry in a fault


def _entries(sheet: _Sheet, header: Row, below: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in below:
        if any(row.cells) and not _is_skipped(row, header, sheet.mapping):
            found.setdefault(sheet.joined(row, sheet.mapping.columns.entry, " "), []).append(row)
    return found


def _amount(line: Line, column: str) -> Decimal:
    return _read(line.named[column])


def _read(written: str) -> Decimal:
    try:
        return cells.amount(written) if written else ZERO
    except ValueError:
        return ZERO
