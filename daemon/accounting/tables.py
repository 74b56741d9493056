"""Lists for a spreadsheet in French."""

import csv
import io
from collections.abc import Iterable, Sequence


def csv_of(rows: Iterable[Sequence[object]]) -> str:
    """As a French spreadsheet opens it. A cell that a spreadsheet would calculate is shown as it is."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([_inert(cell) for cell in row] for row in rows)
    return text.getvalue()


def _inert(cell: object) -> str:
    """What a stranger wrote must not become a formula (OWASP, CSV injection)."""
    written = "" if cell is None else str(cell)
    return (
        f"'{written}"
        if written[:1] in tuple("=+@\t\r") or (written[:1] == "-" and not _is_number(written))
        else written
    )


def _is_number(written: str) -> bool:
    return written[1:].replace(",", "").replace(".", "").isdecimal()
