"""How the history of a clock stands on one page, however long it is: smaller type first, then parts of it summed up.

What is summed up is said to be, with how many facts and of which kinds; what started or stopped the clock is summed up
last. The whole history travels inside the PDF as a list for a spreadsheet, whose sha256 the page bears.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from daemon.accounting.tables import csv_of
from daemon.notices.page import duration
from daemon.wording import shortened, words
from rules.clocks import TOUCHES

Row = Mapping[str, Any]

SIZES = ("", "snug", "dense")  # classes of the style sheet
MOST_ENDS = 15  # rows kept at each end when the middle is summed up
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # without it, spreadsheets take UTF-8 for something else
LONGEST_DETAIL = 120  # characters, where room is short; what was said on the telephone may be a page


def choices(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same facts, ready for the template: what shows most first, each shorter than the one before."""
    short = [row | {"detail": shortened(row["detail"], LONGEST_DETAIL)} for row in told["rows"]]
    quiet = _without_the_quiet(short)
    middles = [_without_the_middle(quiet, ends) for ends in range(min(MOST_ENDS, len(quiet) // 2), 0, -1)]
    return [
        *({**told, "size": size, "summed": False} for size in SIZES),
        *({**told, "size": SIZES[-1], "rows": rows, "summed": True} for rows in (quiet, *middles)),
    ]


def _without_the_quiet(rows: Sequence[Row]) -> list[Row]:
    """Facts that left the clock alone, told together where several follow one another."""
    found: list[Row] = []
    for quiet, group in groupby(rows, key=lambda row: row["what"] not in TOUCHES):
        run = list(group)
        found += [_summed(run, quiet=True)] if quiet and len(run) > 1 else run
    return found


def _without_the_middle(rows: Sequence[Row], ends: int) -> list[Row]:
    middle = rows[ends:-ends]
    return [*rows[:ends], _summed(middle, quiet=False), *rows[-ends:]] if len(middle) > 1 else list(rows)


def _summed(rows: Sequence[Row], *, quiet: bool) -> Row:
    kinds: Counter[str] = Counter()
    for row in rows:
        kinds.update(row["kinds"] or {row["told"]: 1})
    return {
        "at": rows[0]["at"],
        "last": rows[-1].get("last", rows[-1]["at"]),
        "kinds": dict(kinds.most_common()),
        "quiet": quiet,
        "counted": rows[-1]["counted"],
    }


def listed(rows: Iterable[Row]) -> str:
    """Every fact on a line of its own, as a spreadsheet opens it."""
    lines = [
        (row["at"].isoformat(), row["told"], row["detail"], duration(row["counted"]), row["path"], row["digest"])
        for row in rows
    ]
    return BYTE_ORDER_MARK + csv_of([words()["columns"]["clock"], *lines])
