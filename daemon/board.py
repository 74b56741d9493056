"""The cases as tables for people: one line each, on the clock of the office in charge, whole in eighty columns.

Where the terminal ends, subjects and names give way, with an ellipsis; a reference, a time and a path never do.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from archive.records import Manager
from daemon.config import Config

Row = Mapping[str, Any]

LOOSE = frozenset({"whose", "subject", "about", "no answer to", "from", "whom"})
FOLDED = frozenset({"value", "detail", "error"})
LONG_AFTER = timedelta(hours=100)  # days are counted from here on


def cases(rows: Iterable[Row], config: Config, now: datetime) -> Table:
    """Each with the time that is left, or by how much it is late; without a lease, who wrote."""
    shown, clocks = table("case", "label", "whose", "by", "subject", "due", "left"), _Clocks(config)
    for row in rows:
        shown.add_row(
            row["ref"],
            marked(row["label"].rpartition("/")[2], urgent=row["urgent"]),
            loose(row["lease"] or row["sender"]),
            row["manager"] or "",
            loose(row["subject"]),
            _day(clocks.local(row["due_at"], row["manager"]), now),
            _left(row, now),
        )
    return shown


def case(found: Row, config: Config, now: datetime) -> list[RenderableType]:
    """One case: its facts, then its history, its letters with their places in the tree, and what was said."""
    clocks, manager = _Clocks(config), found["manager"]
    told = _Told(clocks, manager, now, {letter["digest"]: letter["id"] for letter in found["messages"]})
    return [
        told.facts(found),
        told.history(found["steps"]),
        told.letters(found["messages"]),
        *(Text(f"{letter['id']}  {letter['path']}") for letter in found["messages"] if letter["path"]),
        told.said(found["outgoing"]),
    ]


def show(parts: Iterable[RenderableType], console: Console) -> None:
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))


# --- one case


class _Told:
    """Makes the tables of one case; `ids` are those of its letters, by sha256."""

    def __init__(self, clocks: "_Clocks", manager: str | None, now: datetime, ids: Mapping[str, str]) -> None:
        self._clocks, self._manager, self._now, self._ids = clocks, manager, now, ids

    def facts(self, found: Row) -> Table:
        shown = table("what", "value")
        for name, value in found.items():
            if isinstance(value, list) or value in (None, ""):
                continue
            late = name == "due_at" and is_late(found, self._now)
            shown.add_row(name, marked(self._value(value), urgent=late or (name == "urgent" and value)))
        return shown

    def history(self, steps: Iterable[Row]) -> Table:
        shown = table("at", "what", "letter", "detail", title="history")
        for step in steps:
            shown.add_row(
                self._time(step["at"]), step["what"], self._ids.get(step["message"], ""), escape(step["detail"])
            )
        return shown

    def letters(self, letters: Iterable[Row]) -> Table:
        shown = table("id", "way", "received", "from", "subject", title="letters")
        for letter in letters:
            at = self._time(letter["received_at"])
            shown.add_row(
                letter["id"], letter["direction"], at, loose(letter["sender"] or ""), loose(letter["subject"] or "")
            )
        return shown

    def said(self, mails: Iterable[Row]) -> Table:
        shown = table("id", "kind", "whom", "state", "sent", "error", title="said")
        for mail in mails:
            sent = self._time(mail["sent_at"])
            shown.add_row(
                str(mail["id"]),
                mail["kind"],
                loose(mail["recipient"]),
                mail["state"],
                sent,
                escape(mail["error"] or ""),
            )
        return shown

    def _value(self, value: object) -> str:
        return self._time(value) if isinstance(value, datetime) else str(value)

    def _time(self, at: datetime | None) -> str:
        return _day(self._clocks.local(at, self._manager), self._now) if at is not None else ""


# --- times


class _Clocks:
    """Those on the walls of the offices, by who is in charge."""

    def __init__(self, config: Config) -> None:
        self._zones = {one.id: ZoneInfo(config.office(one.site).timezone) for one in Manager.select()}
        self._home = ZoneInfo(config.agency.timezone)

    def local(self, at: datetime, manager: str | None) -> datetime:
        return at.astimezone(self._zones.get(manager, self._home))


def _day(local: datetime, now: datetime) -> str:
    """`24 Nov 12:00`, or `24 Nov 2025` of another year."""
    same = local.year == now.astimezone(local.tzinfo).year
    return f"{local:%d %b %H:%M}" if same else f"{local:%d %b %Y}"


def is_late(row: Row, now: datetime) -> bool:
    return row["status"] == "open" and row["answered_at"] is None and row["due_at"] < now


def _left(row: Row, now: datetime) -> str:
    if row["status"] != "open":
        return str(row["status"])
    if row["answered_at"] is not None:
        return "answered"
    if is_late(row, now):
        return f"[bold red]late {_length(now - row['due_at'])}[/bold red]"
    return _length(row["due_at"] - now)


def _length(length: timedelta) -> str:
    if length >= LONG_AFTER:
        return f"{length.days} d"
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    return f"{hours} h {minutes:02}"


# --- the make of every table


def table(*columns: str, title: str = "") -> Table:
    """One line a row: where the terminal ends, what is `LOOSE` gives way and the rest is whole."""
    made = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, padding=0)
    for column in columns:
        made.add_column(
            column,
            no_wrap=column not in LOOSE | FOLDED,
            overflow="fold",
            max_width=12 if column == "whose" else None,
        )
    return made


def marked(text: str, *, urgent: bool) -> str:
    return f"[bold red]{escape(text)} ![/bold red]" if urgent else escape(text)


def loose(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")
