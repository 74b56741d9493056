"""What the demonstration shows: cases and their clocks, what was said to whom and why not, the tree, the counters."""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree as Branch

from archive.records import Manager, Message, Outgoing
from daemon import report
from daemon.config import Config
from daemon.demo.letters import parsed, text_of
from daemon.wording import words

Received = Mapping[str, Sequence[bytes]]
HIDDEN = (".", "_")  # how the names of the tree's own part begin
LOOSE = frozenset({"whose", "subject", "about", "no answer to"})


def cases(config: Config, now: datetime) -> Table:
    """Soonest due first, on the clock of the office in charge; without a lease, who wrote."""
    table = _table("case", "label", "whose", "subject", "answer due", "left")
    zones = {manager.id: ZoneInfo(config.office(manager.site).timezone) for manager in Manager.select()}
    home = ZoneInfo(config.agency.timezone)
    for row in report.cases(now):
        due = row["due_at"].astimezone(zones.get(row["manager"], home))
        hours, minutes = divmod(int((row["due_at"] - now).total_seconds()) // 60, 60)
        table.add_row(
            row["ref"],
            _urgent(row["label"].rpartition("/")[2], urgent=row["urgent"]),
            _loose(row["lease"] or row["sender"]),
            _loose(row["subject"]),
            f"{due:%a %d, %H:%M}",
            f"{hours} h {minutes:02}",
        )
    return table


def acknowledgements(message_ids: Container[str], received: Received) -> Iterator[Panel]:
    """Our answers to these letters in full, as they arrived."""
    for address, mails in received.items():
        for mail in map(parsed, mails):
            if mail["In-Reply-To"] in message_ids and mail["To"] == address:
                head = f"To: {address}\nSubject: {mail['Subject']}"
                yield Panel(f"[dim]{escape(head)}[/dim]\n\n{escape(text_of(mail))}", box=box.SQUARE)


def told(config: Config) -> Table:
    """The mails to our own people, by who got them."""
    table = _table("to", "about", "as")
    own = {str(manager.email) for manager in Manager.select()} | {config.agency.supervisor, config.agency.admin}
    rows = Outgoing.select().where(Outgoing.state == "sent", Outgoing.recipient.in_(own))
    before = ""
    for row in rows.order_by(Outgoing.recipient, Outgoing.id):
        letter = Message.get_or_none(Message.digest == row.answers)
        about = _loose(letter.subject if letter else row.case_id or "")
        recipient = "" if row.recipient == before else row.recipient
        table.add_row(recipient, about, _urgent(row.template.removeprefix("notice_"), urgent=_presses(row)))
        before = str(row.recipient)
    return table


def _presses(row: Outgoing) -> bool:
    return bool(json.loads(row.details).get("urgent"))


def _urgent(text: str, *, urgent: bool) -> str:
    return f"[bold red]{escape(text)} ![/bold red]" if urgent else escape(text)


def unanswered(tree: Path) -> Table:
    """Letters whose writers heard nothing, and why."""
    table = _table("no answer to", "about", "because")
    for letter in Message.select().where(Message.direction == "in").order_by(Message.received_at, Message.sender):
        silence = json.loads((tree / letter.sidecar).read_text("utf-8"))["decision"].get("silence")
        if silence:
            reason = words()["silences"].get(silence, silence)
            table.add_row(_loose(letter.sender), _loose(letter.subject), escape(reason))
    return table


def tree(root: Path, lease: str) -> Branch:
    """Its first levels, and all of one lease."""
    top = Branch(f"{root.name}/")
    _grow(top, root, depth=3, whole=f"Bail {lease} ")
    return top


def _grow(branch: Branch, folder: Path, depth: int, whole: str) -> None:
    entries = sorted(folder.iterdir(), key=lambda entry: (entry.is_file(), entry.name))
    for entry in entries:
        name = escape(entry.name)
        if entry.is_file():
            branch.add(name)
        elif entry.name.startswith(HIDDEN):
            branch.add(f"[dim]{name}/ ({sum(1 for one in entry.rglob('*') if one.is_file())} files)[/dim]")
        elif depth > 0 or entry.name.startswith(whole):
            everything = depth if depth > 0 else len(entry.parts)
            _grow(branch.add(f"{name}/"), entry, everything - 1 if depth > 0 else everything, whole)
        elif any(inner.name.startswith(whole) for inner in entry.rglob("*")):
            _grow(branch.add(f"{name}/"), entry, 0, whole)
        else:
            branch.add(f"{name}/ [dim]({sum(1 for one in entry.rglob('*.eml'))} letters)[/dim]")


def counters(status: Mapping[str, Any]) -> Table:
    table = _table("what", "count")
    shown = ("seen", "filed", "duplicates", "quarantined", "open_cases", "overdue", "outbox_waiting", "outbox_failed")
    for name in shown:
        table.add_row(name, str(status[name]))
    return table


def _table(*columns: str) -> Table:
    """One line a row: where the terminal ends, what is `_loose` gives way and the rest is whole."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=column not in LOOSE, max_width=12 if column == "whose" else None)
    return table


def _loose(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")
