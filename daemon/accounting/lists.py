"""The lists of the end of the quittancement, read from the accounts as they stand: on the screen, as CSV, by mail."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from archive import records
from daemon.accounting.tables import csv_of
from daemon.notices import roll
from daemon.notices.room import Room
from daemon.wording import words
from rules.lists import Item, Subject, items
from rules.period import Period
from rules.plan import Role
from rules.reckoning import compute, departed_on

COLUMNS = ["subject", "lease", "tenant", "why", "day", "until", "amount", "detail"]


def lists(room: Room, period: Period, now: datetime) -> list[dict[str, Any]]:
    """Every line of the four lists, list after list, in the order of the leases."""
    names: dict[str, str] = {}
    order = list(Subject)
    found = sorted(_items(room, period, now, names), key=lambda one: (order.index(one.subject), one.lease, one.detail))
    return [_row(one, names) for one in found]


def _items(room: Room, period: Period, now: datetime, names: dict[str, str]) -> Iterator[Item]:
    """Every item; the tenants' names of the leases go into `names`."""
    today, policy = room.today(now), room.policy
    for accounts in roll.batches():
        furnished = _furnished([one.lease.id for one in accounts])
        for one in accounts:
            outcome = compute(one.lease, one.people, one.entries, period, today, policy=policy)
            gone = departed_on(one.lease, sorted(one.entries))
            left = gone is not None and gone < period.first
            names[one.lease.id] = next((f"{p.last} {p.first}".strip() for p in one.people if p.role is Role.TENANT), "")
            yield from items(one.lease, outcome, period, furnished=one.lease.id in furnished, left=left)


def _furnished(leases: list[str]) -> frozenset[str]:
    rows: Any = records.Lease.select(records.Lease.id).where(records.Lease.id.in_(leases), records.Lease.furnished)
    return frozenset(number for (number,) in rows.tuples())


def _row(one: Item, names: Mapping[str, str]) -> dict[str, Any]:
    values = asdict(one)
    plain = {key: _plain(value) for key, value in values.items()}
    return {column: names.get(one.lease, "") if column == "tenant" else plain[column] for column in COLUMNS}


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal | date) else value


def csv_of_lists(rows: Iterable[Mapping[str, Any]]) -> str:
    """As a French spreadsheet opens it."""
    said = words()["lists"]
    lines = [words()["columns"]["lists"]]
    lines += [[said[row["subject"]], row["lease"], row["tenant"], said[row["why"]], *_cells(row)] for row in rows]
    return csv_of(lines)


def _cells(row: Mapping[str, Any]) -> list[str]:
    amount = str(row["amount"] or "").replace(".", ",")
    return [_french(row["day"]), _french(row["until"]), amount, row["detail"]]


def _french(day: str | None) -> str:
    return "/".join(reversed(day.split("-"))) if day else ""
