"""What the demonstration shows beside the cases: what was said to whom and why not, the tree, the counters."""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.tree import Tree as Branch

from archive.records import Manager, Message, Outgoing
from daemon.board import loose, marked, table
from daemon.config import Config
from daemon.demo.letters import parsed, text_of
from daemon.wording import words

Received = Mapping[str, Sequence[bytes]]
HIDDEN = (".", "_")  # how the names of the tree's own part begin


def acknowledgements(message_ids: Container[str], received: Received) -> Iterator[Panel]:
    """Our answers to these letters in full, as they arrived."""
    for address, mails in received.items():
        for mail in map(parsed, mails):
            if mail["In-Reply-To"] in message_ids and mail["To"] == address:
                head = f"To: {address}\nSubject: {mail['Subject']}"
                yield Panel(f"[dim]{escape(head)}[/dim]\n\n{escape(text_of(mail))}", box=box.SQUARE)


def told(config: Config) -> Table:
    """The mails to our own people, by who got them."""
    shown = table("to", "about", "as")
    own = {str(manager.email) for manager in Manager.select()} | {config.agency.supervisor, config.agency.admin}
    rows = Outgoing.select().where(Outgoing.state == "sent", Outgoing.recipient.in_(own))
    before = ""
    for row in rows.order_by(Outgoing.recipient, Outgoing.id):
        letter = Message.get_or_none(Message.digest == row.answers)
        about = loose(letter.subject if letter else row.case_id or "")
        recipient = "" if row.recipient == before else row.recipient
        shown.add_row(recipient, about, marked(row.template.removeprefix("notice_"), urgent=_presses(row)))
        before = str(row.recipient)
    return shown


def _presses(row: Outgoing) -> bool:
    return bool(json.loads(row.details).get("urgent"))


def unanswered(tree: Path) -> Table:
    """Letters whose writers heard nothing, and why."""
    shown = table("no answer to", "about", "because")
    for letter in Message.select().where(Message.direction == "in").order_by(Message.received_at, Message.sender):
        silence = json.loads((tree / letter.sidecar).read_text("utf-8"))["decision"].get("silence")
        if silence:
            reason = words()["silences"].get(silence, silence)
            shown.add_row(loose(letter.sender), loose(letter.subject), escape(reason))
    return shown


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
    made = table("what", "count")
    shown = ("seen", "filed", "duplicates", "quarantined", "open_cases", "overdue", "outbox_waiting", "outbox_failed")
    for name in shown:
        made.add_row(name, str(status[name]))
    return made
