"""The agency comes in: leases, owners, managers and movements, from the files that its software exports.

A file is taken in whole or not at all, in one transaction. Everything wrong in it is told at once, each line with its
number, its value and what to do. The same file again changes nothing; a newer one updates. The four may come in any
order, but for the movements, which need their leases.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from archive.database import writing
from archive.records import Fact
from daemon.imports import leases, managers, movements, owners
from daemon.imports.faults import Fault, Findings, ImportRefused
from daemon.imports.lines import Line, lines_of
from daemon.imports.rows import Counts
from daemon.imports.sheets import read_sheet

__all__ = ["KINDS", "Fault", "ImportRefused", "Report", "import_file"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a file brought. Counted in lines; `warnings` are for a person to read, in the order of the lines."""

    kind: str
    added: int
    updated: int
    unchanged: int
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one of the four files is taken in.

    `read` looks at the file alone, `check` holds it against the database, `write` changes the database.
    """

    read: Callable[[list[Line], Findings, date], list[Any]]
    check: Callable[[list[Any], Findings], None]
    write: Callable[[list[Any], Findings], Counts]


_KINDS = {
    "leases": _Kind(leases.read, leases.check, leases.write),
    "owners": _Kind(owners.read, owners.check, owners.write),
    "managers": _Kind(managers.read, managers.check, managers.write),
    "movements": _Kind(movements.read, movements.check, movements.write),
}
KINDS = tuple(_KINDS)


def import_file(kind: str, path: Path, now: datetime) -> Report:
    """Take in a CSV or XLSX file of one of `KINDS`, all or nothing.

    Raises ImportRefused, with every faulty line, when nothing was changed. The fact `imported/<kind>` keeps the instant
    of the last file that changed something.
    """
    steps, findings = _KINDS[kind], Findings(path)
    lines = lines_of(kind, read_sheet(path, findings), findings)
    if not lines:
        findings.check()
        raise findings.refuse(f"{path.name} has a header and no line: export it again")
    found = steps.read(lines, findings, now.date())
    with writing(alone=True):
        steps.check(found, findings)
        findings.check()
        counts = steps.write(found, findings)
        if counts.added or counts.updated:
            _remember(kind, now)
    warnings = tuple(sorted(findings.warnings, key=lambda warning: warning.line))
    return Report(kind, counts.added, counts.updated, counts.unchanged, warnings)


def _remember(kind: str, now: datetime) -> None:
    stamp = now.isoformat()
    row = Fact.insert(name=f"imported/{kind}", value=stamp)
    row.on_conflict(conflict_target=[Fact.name], update={Fact.value: stamp}).execute()
