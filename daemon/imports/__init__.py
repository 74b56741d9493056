"""The agency comes in: leases, owners, managers and movements, from the files that its software exports.

A file is taken in whole or not at all, in one transaction. Everything wrong in it is told at once, each line with its
number, its value and what to do. The same file again changes nothing; a newer one updates. The four may come in any
order, but for the movements, which need their leases.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from archive.database import writing
from archive.records import Fact
from daemon.accounting.mapping import ImportMapping
from daemon.imports import leases, managers, movements, owners
from daemon.imports.faults import Fault, Findings, ImportRefused
from daemon.imports.lines import Line, lines_of
from daemon.imports.mapped import in_its_words, mapped_lines
from daemon.imports.rows import Counts
from daemon.imports.sheets import Form, read_sheet

__all__ = ["KINDS", "Fault", "ImportRefused", "Ready", "Report", "import_file", "read_file"]


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
_REPLACING = _Kind(movements.read, movements.check_leases, movements.write)


def import_file(
    kind: str,
    path: Path,
    now: datetime,
    mapping: ImportMapping | None = None,
    data: bytes | None = None,
    *,
    replace: bool = False,
) -> Report:
    """Take in a CSV or XLSX file of one of `KINDS`, all or nothing.

    `mapping` reads movements in another software's form. `data` are the bytes of a file that only has a name, such as
    an attachment. `replace`: a known movement takes the amount of this file. Raises ImportRefused, with every faulty
    line, when nothing was changed. The fact `imported/<kind>` keeps the instant of the last one that changed something.
    """
    return read_file(kind, path, now, mapping, data).take_in(replace=replace)


def read_file(
    kind: str, path: Path, now: datetime, mapping: ImportMapping | None = None, data: bytes | None = None
) -> "Ready":  # fmt: skip
    """Read a file as `import_file` does, and change nothing yet."""
    findings, form = Findings(path), Form(mapping.encoding, mapping.separator) if mapping else Form()
    with _in_its_words(findings, mapping):
        rows = read_sheet(path, findings, data, form)
        lines = mapped_lines(rows, mapping, findings) if mapping else lines_of(kind, rows, findings)
        if not lines:
            findings.check()
            raise findings.refuse(f"{path.name} has a header and no line: export it again")
        return Ready(kind, findings, _KINDS[kind].read(lines, findings, now.date()), mapping, now)


@dataclass(frozen=True, slots=True)
class Ready:
    """A file that was read; only the database may still contradict it."""

    kind: str
    findings: Findings
    found: list[Any]
    mapping: ImportMapping | None
    now: datetime

    def take_in(self, *, replace: bool = False) -> Report:
        """Write it, all or nothing. Raises ImportRefused, with the faults of the file and of the database."""
        steps, findings = _REPLACING if replace else _KINDS[self.kind], self.findings
        with _in_its_words(findings, self.mapping), writing(alone=True):
            steps.check(self.found, findings)
            findings.check()
            counts = steps.write(self.found, findings)
            if counts.added or counts.updated:
                _remember(self.kind, self.now)
        warnings = tuple(sorted(findings.warnings, key=lambda warning: warning.line))
        return Report(self.kind, counts.added, counts.updated, counts.unchanged, warnings)


@contextmanager
def _in_its_words(findings: Findings, mapping: ImportMapping | None) -> Iterator[None]:
    """What is told names the columns as the file itself does."""
    try:
        yield
    except ImportRefused as refused:
        raise ImportRefused(refused.path, in_its_words(refused.faults, mapping)) from None
    findings.warnings = list(in_its_words(findings.warnings, mapping))


def _remember(kind: str, now: datetime) -> None:
    stamp = now.isoformat()
    row = Fact.insert(name=f"imported/{kind}", value=stamp)
    row.on_conflict(conflict_target=[Fact.name], update={Fact.value: stamp}).execute()
