"""What an import finds wrong in a file: every line at once, with its number, its value and what to do.

A fault refuses the file, a warning does not. Line 0 is the file as a whole.
"""

from dataclasses import dataclass, field
from pathlib import Path

from daemon.errors import Permanent

_SHOWN = 80  # characters of a value


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to look at. `line` is the file's (or the spreadsheet's row), `advice` what is wrong and what to do."""

    line: int
    column: str
    value: str
    advice: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.column) if part)
        shown = self.value if len(self.value) <= _SHOWN else f"{self.value[:_SHOWN]}..."
        quoted = f" {shown!r}" if self.value else ""
        return f"{place}{quoted}: {self.advice}" if place or quoted else self.advice


class ImportRefused(Permanent):
    """The file was not taken in, and nothing has changed. `faults` holds every one, in the order of the lines."""

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        self.path = path
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join([f"{path.name}: nothing was imported", *map(str, self.faults)]))


@dataclass(slots=True)
class Findings:
    """The faults and the warnings of one file, as they are found."""

    path: Path
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    unended: int = 0  # the last line, when no line break follows it: it may have been cut

    def fault(self, line: int, column: str, value: str, advice: str) -> None:
        self.faults.append(Fault(line, column, value, advice))

    def warn(self, line: int, column: str, value: str, advice: str) -> None:
        self.warnings.append(Fault(line, column, value, advice))

    def refuse(self, advice: str, line: int = 0) -> ImportRefused:
        """The exception for a file that can't be read at all."""
        return ImportRefused(self.path, (Fault(line, "", "", advice),))

    def check(self) -> None:
        """Raise ImportRefused when a fault was found."""
        if self.faults:
            raise ImportRefused(self.path, tuple(self.faults))
