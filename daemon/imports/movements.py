"""The tenants' accounts: what was called and what was paid, line by line, as accounting exports it.

What names a line: its lease, its reference and its label. One call has one reference and a label for each of its parts,
one opening balance a reference for many leases; in an account, the same reference with the same label twice is one line
written twice. So a file may overlap the last one, or be the whole history again, and nothing is counted twice. A known
line with another amount is refused: tenants may have been told the first one; accounting corrects it by a contra-entry
under a reference of its own, or a person replaces it on purpose. Another date or kind corrects it, and that is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from archive.records import Lease, Movement
from daemon.imports.faults import Findings
from daemon.imports.lines import Line
from daemon.imports.rows import Counts, settle
from rules import cells

OLDEST = date(1990, 1, 1)
YEAR = timedelta(days=366)
_BATCH = 500  # lines asked of the database, and written to it, at a time

Identity = tuple[str, str, str]  # lease, reference, label


@dataclass(frozen=True, slots=True)
class MovementLine:
    line: int
    lease: str
    day: date | None
    kind: str
    label: str
    debit: Decimal
    credit: Decimal
    reference: str

    @property
    def identity(self) -> Identity:
        return self.lease, self.reference, self.label

    @property
    def columns(self) -> dict[str, Any]:
        return {"day": self.day, "kind": self.kind, "debit": self.debit, "credit": self.credit}


# --- reading


def read(lines: list[Line], findings: Findings, today: date) -> list[MovementLine]:
    found = [_movement(line, today) for line in lines]
    if findings.unended:  # half a reference would be another line, and the sum counted twice when the whole one comes
        advice = "no line break follows: the export was cut; if this line is whole, add one"
        findings.fault(findings.unended, "", "", advice)
    first: dict[Identity, MovementLine] = {}
    for movement in found:
        other = first.setdefault(movement.identity, movement)
        if other is not movement and movement.reference:
            findings.fault(movement.line, "reference", movement.reference, _twice(movement, other))
    return found


def _movement(line: Line, today: date) -> MovementLine:
    debit, credit = line.amount("debit_eur"), line.amount("credit_eur")
    if debit and credit:
        line.fault("credit_eur", f"a line has a debit or a credit, not both (debit {debit})")
    if line.named["debit_eur"] == line.named["credit_eur"] == "":
        line.fault("debit_eur", "neither a debit nor a credit: was the line cut?")
    return MovementLine(
        line=line.number,
        lease=line.text("lease_id", required=True),
        day=line.day("date", since=OLDEST, until=today + YEAR, required=True),
        kind=line.choice("kind", cells.movement_kind, "", required=True),
        label=line.text("label", required=True),
        debit=debit,
        credit=credit,
        reference=line.text("reference", required=True),
    )


def _twice(movement: MovementLine, other: MovementLine) -> str:
    if movement.columns == other.columns:
        return f"this is line {other.line} again: remove one, or give another label if there were two operations"
    said = f"{other.day}, debit {other.debit}, credit {other.credit}"
    return f"line {other.line} has this reference and label for lease {other.lease} too ({said}): which one is right?"


# --- writing


def check(found: list[MovementLine], findings: Findings) -> None:
    """What the database says against the file."""
    check_leases(found, findings)
    told = {fault.line for fault in findings.faults}
    for batch in _batches(found):
        known = _known(batch)
        for movement in batch:
            row = known.get(movement.identity)
            if row and movement.line not in told and (row.debit, row.credit) != (movement.debit, movement.credit):
                findings.fault(movement.line, "reference", movement.reference, _known_otherwise(row))


def _known_otherwise(row: Movement) -> str:
    said = f"{row.day}, debit {row.debit}, credit {row.credit}"
    return (
        f"known with another amount ({said}): correct it by a contra-entry under another reference, or replace it"
        " (import movements --replace)"
    )


def check_leases(found: list[MovementLine], findings: Findings) -> None:
    """A movement needs its lease."""
    known = {lease.id for lease in Lease.select(Lease.id)}
    told = {fault.line for fault in findings.faults if fault.column == "lease_id"}
    for movement in found:
        if movement.lease and movement.lease not in known and movement.line not in told:
            findings.fault(movement.line, "lease_id", movement.lease, "no such lease: import the leases first")


def write(found: list[MovementLine], findings: Findings) -> Counts:
    counts = Counts()
    for batch in _batches(found):
        known = _known(batch)
        new = [movement for movement in batch if movement.identity not in known]
        counts.added += len(new)
        _insert(new)
        for movement in batch:
            if row := known.get(movement.identity):
                counts.count(added=False, changed=_correct(row, movement, findings))
    _tell_missing(found, findings)
    return counts


def _batches(found: list[MovementLine]) -> Iterator[list[MovementLine]]:
    lines = iter(found)
    while batch := list(islice(lines, _BATCH)):
        yield batch


def _known(batch: list[MovementLine]) -> dict[Identity, Movement]:
    references = {movement.reference for movement in batch}
    rows = Movement.select().where(Movement.reference.in_(references))
    wanted = {movement.identity for movement in batch}
    found = {(row.lease_id, row.reference, row.label): row for row in rows}
    return {identity: row for identity, row in found.items() if identity in wanted}


def _insert(new: list[MovementLine]) -> None:
    if new:
        columns = ({"lease": m.lease, "label": m.label, "reference": m.reference, **m.columns} for m in new)
        Movement.insert_many(list(columns)).execute()


def _correct(row: Movement, movement: MovementLine, findings: Findings) -> bool:
    before = f"{row.day} {row.kind}, debit {row.debit}, credit {row.credit}"
    changed = settle(row, movement.columns)
    if changed:
        after = f"{row.day} {row.kind}, debit {row.debit}, credit {row.credit}"
        findings.warn(movement.line, "reference", movement.reference, f"corrected: it was {before}; it is {after}")
    return changed


def _tell_missing(found: list[MovementLine], findings: Findings) -> None:
    """Lines known for the accounts and the time of this file that it doesn't have: accounting may have renamed them."""
    days = [movement.day for movement in found if movement.day]
    if not days:
        return
    here, leases = {movement.identity for movement in found}, {movement.lease for movement in found}
    columns = (Movement.lease, Movement.reference, Movement.label)
    known = Movement.select(*columns).where(Movement.day.between(min(days), max(days))).tuples().iterator()
    missing = [identity for identity in known if identity[0] in leases and identity not in here]
    if missing:
        advice = f"{len(missing)} lines known for this time are not in this file ({', '.join(missing[0])} is one): kept"
        findings.warn(0, "", "", advice)
