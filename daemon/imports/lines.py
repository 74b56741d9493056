"""The columns of the four files, and a line of one of them, read cell by cell.

Names of columns are compared without case, accents, spaces or underscores. Every column is required but those of
`OPTIONAL`, so that a file that lacks one can't empty what is known; one that no one knows is told and left alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from daemon.imports.faults import Findings
from daemon.imports.sheets import Row
from rules import cells
from rules.fold import fold

T = TypeVar("T")

COLUMNS = {
    "leases": (
        "lease_id", "mandate_no", "owner_name", "property_name", "address", "postcode", "city", "lot",
        "tenant_civility", "tenant_last_name", "tenant_first_name", "tenant_email", "tenant_phone", "co_tenants",
        "furnished", "zone_tendue", "start_date", "end_date", "rent_eur", "charges_eur", "other_eur", "deposit_eur",
        "notice_channel", "email_consent_date", "insurance_expiry", "payment_method",
    ),
    "owners": ("owner_name", "mandates", "owner_email", "owner_phone"),
    "managers": (
        "manager_id", "civility", "last_name", "first_name", "email", "phone", "site", "properties",
        "backup_manager_id",
    ),
    "movements": ("date", "lease_id", "kind", "label", "debit_eur", "credit_eur", "reference"),
}  # fmt: skip
OPTIONAL = {
    "leases": ("mandate_reference", "postal_address", "departure_date", "term_months"),
    "managers": ("works_in", "shared_properties"),
}
ALIASES = {"rum": "mandate_reference"}  # what accounting calls it

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file. Asking for a cell gives its value, or notes a fault and gives an empty one."""

    number: int
    named: dict[str, str]
    findings: Findings = field(repr=False)

    def text(self, column: str, *, required: bool = False) -> str:
        """The cell with single spaces; a missing column is an empty cell."""
        value = " ".join(self.named.get(column, "").split())
        if required and not value:
            self.findings.fault(self.number, column, "", "this cell may not be empty")
        return value

    def amount(self, column: str, *, required: bool = False) -> Decimal:
        """Euros; an empty cell is zero unless it is required."""
        return self._read(column, cells.amount, ZERO, required=required)

    def day(self, column: str, *, since: date, until: date, required: bool = False) -> date | None:
        """A date within what is plausible for this column."""
        found: date | None = self._read(column, cells.day, None, required=required)
        if found is not None and not since <= found <= until:
            self.fault(column, f"the year {found.year} can't be right here; expected {since.year} to {until.year}")
            return None
        return found

    def choice(self, column: str, read: Callable[[str], T], otherwise: T, *, required: bool = False) -> T:
        """A cell with few possible values; `otherwise` when it is empty."""
        return self._read(column, read, otherwise, required=required)

    def emails(self, column: str, *, required: bool = False) -> tuple[str, ...]:
        """The addresses of a cell, the first one first, normalised, each once."""
        self.text(column, required=required)
        found = (self._part(column, part) for part in cells.parts(self.text(column)))
        return tuple(dict.fromkeys(address for address in found if address))

    def phones(self, column: str) -> tuple[str, ...]:
        """The telephones of a cell, normalised. One that can't be dialled is a warning: nothing hangs on it."""
        found = []
        for part in re.split(r"[;/]", self.text(column)):
            try:
                found.append(cells.phone(part) if part.strip() else "")
            except ValueError as problem:
                self.findings.warn(self.number, column, part.strip(), f"left out: {problem}")
        return tuple(dict.fromkeys(number for number in found if number))

    def fault(self, column: str, advice: str) -> None:
        self.findings.fault(self.number, column, self.text(column), advice)

    def warn(self, column: str, advice: str) -> None:
        self.findings.warn(self.number, column, self.text(column), advice)

    def _read(self, column: str, read: Callable[[str], T], otherwise: T, *, required: bool) -> T:
        value = self.text(column, required=required)
        if not value:
            return otherwise
        try:
            return read(value)
        except ValueError as problem:
            self.fault(column, str(problem))
            return otherwise

    def _part(self, column: str, part: str) -> str:
        try:
            return cells.email(part)
        except ValueError as problem:
            self.findings.fault(self.number, column, part, str(problem))
            return ""


def lines_of(kind: str, rows: list[Row], findings: Findings) -> list[Line]:
    """The lines under the header, by the names of their columns. Raises ImportRefused for another kind's header."""
    places = _places(kind, rows[0], findings)
    width = len(rows[0].cells)
    return [_line(row, places, width, findings) for row in rows[1:] if is_whole(row, width, findings)]


def _line(row: Row, places: dict[str, int], width: int, findings: Findings) -> Line:
    padded = row.cells + ("",) * (width - len(row.cells))
    return Line(row.number, {column: padded[place] for column, place in places.items()}, findings)


def is_whole(row: Row, width: int, findings: Findings) -> bool:
    """Whether a row has a value for each column; it is a fault when not."""
    if row.complete and len(row.cells) < width:
        advice = f"{len(row.cells)} values for {width} columns: the line was cut, here or in the export"
        findings.fault(row.number, "", row.cells[0], advice)
        return False
    if any(row.cells[width:]):
        advice = f"{len(row.cells)} values for {width} columns: put quotes around a value that holds the separator"
        findings.fault(row.number, "", row.cells[0], advice)
        return False
    return True


def _places(kind: str, header: Row, findings: Findings) -> dict[str, int]:
    """Where each known column stands."""
    known = {_key(column): column for column in (*COLUMNS[kind], *OPTIONAL.get(kind, ()))}
    known |= {alias: column for alias, column in ALIASES.items() if column in known.values()}
    places: dict[str, int] = {}
    for place, written in enumerate(header.cells):
        column = known.get(_key(written))
        if column is None and written:
            findings.warn(header.number, written, "", "an unknown column: it was left alone")
        elif column in places:
            findings.fault(header.number, column, "", "this column is there twice")
        elif column is not None:
            places[column] = place
    _check_columns(kind, places, header, findings)
    return places


def _check_columns(kind: str, places: dict[str, int], header: Row, findings: Findings) -> None:
    missing = [column for column in COLUMNS[kind] if column not in places]
    if missing:
        findings.fault(header.number, "", "", f"missing columns: {', '.join(missing)}{_other_kind(kind, header)}")
    findings.check()


def _other_kind(kind: str, header: Row) -> str:
    written = {_key(name) for name in header.cells}
    other = next((k for k, names in COLUMNS.items() if k != kind and {_key(n) for n in names} <= written), None)
    return f"; this is a file of {other}: import it as {other}" if other else ""


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(name))
