"""The ledger by mail: accounting's export is taken in whole or not at all, and the answer says which.

The import and its answer are one transaction: a kill leaves both or neither, and a second try finds the answer there.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from peewee import fn

from archive.database import writing
from archive.records import Movement, Order
from daemon import log
from daemon.accounting.mapping import mapping_for
from daemon.accounting.parcels import answer, answered, file_of, name_of, table_file
from daemon.imports import Fault, ImportRefused, Report, read_file
from daemon.imports.words import in_french
from daemon.notices.room import Room
from daemon.notices.telling import euros
from daemon.wording import words
from rules.ledger import ZERO

TEMPLATE = "notice_ledger"
MOST = 40  # lines told in the mail itself; the attached list has them all
LONGEST = 60  # characters of a value that are told


@dataclass(frozen=True, slots=True)
class Balances:
    """All accounts together: how many, what is owed, what is in the tenants' favour."""

    accounts: int
    owed: Decimal
    credit: Decimal

    @property
    def total(self) -> Decimal:
        return self.owed - self.credit


def take_in(room: Room, order: Order, now: datetime) -> str:
    """The order `ledger`. Never refused: a faulty file is answered too. Raises Permanent without the file."""
    content, name = file_of(room, order).content, name_of(order)
    mapping = mapping_for(name, room.config.imports)
    counts = None
    try:
        ready = read_file("movements", Path(name), now, mapping, content)
        with writing(alone=True):
            if not answered(order):
                counts = ready.take_in()
                _accept(room, order, name, counts, now)
    except ImportRefused as refused:
        with writing():
            _refuse(room, order, name, refused, now)
        log.ledger_refused(order.message, len(refused.faults))
    if counts:
        log.ledger_taken(order.message, counts.added, counts.updated, counts.unchanged)
    return ""


def balances() -> Balances:
    """What every account says now, to the cent."""
    sums = _sums()
    return Balances(len(sums), sum((s for s in sums if s > 0), ZERO), -sum((s for s in sums if s < 0), ZERO))


def _sums() -> list[Decimal]:
    columns = (Movement.lease, fn.SUM(Movement.debit).alias("called"), fn.SUM(Movement.credit).alias("paid"))
    rows: Any = Movement.select(*columns).group_by(Movement.lease).dicts()
    return [Decimal(int(row["called"]) - int(row["paid"])).scaleb(-2) for row in rows]


def _accept(room: Room, order: Order, name: str, report: Report, now: datetime) -> None:
    now_owed = balances()
    warnings = [_told(fault) for fault in report.warnings]
    told = {
        "file": name,
        "taken": True,
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "accounts": now_owed.accounts,
        "total": euros(now_owed.total),
        "owed": euros(now_owed.owed),
        "credit": euros(now_owed.credit),
        "lines": warnings[:MOST],
        "more": max(0, len(warnings) - MOST),
    }
    answer(order, TEMPLATE, told, now, **_attached(room, order, report.warnings))


def _refuse(room: Room, order: Order, name: str, refused: ImportRefused, now: datetime) -> None:
    lines = [_told(fault) for fault in refused.faults]
    told = {"file": name, "taken": False, "lines": lines[:MOST], "more": max(0, len(lines) - MOST)}
    answer(order, TEMPLATE, told, now, subject="notice_ledger_refused", **_attached(room, order, refused.faults))


def _attached(room: Room, order: Order, faults: tuple[Fault, ...]) -> dict[str, Any]:
    if len(faults) <= MOST:
        return {}
    heading = words()["columns"]["faults"]
    rows = [heading, *([f.line or "", f.column, f.value, in_french(f.advice)] for f in faults)]
    return {"files": [table_file(room, order, words()["files"]["faults"], rows)]}


def _told(fault: Fault) -> dict[str, Any]:
    shown = fault.value if len(fault.value) <= LONGEST else f"{fault.value[:LONGEST]}…"
    return {"line": fault.line, "column": fault.column, "value": shown, "advice": in_french(fault.advice)}
