"""A file that a letter brought, read again from the letter as it was archived; and the answer about it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from archive.records import Order, Outgoing
from daemon.accounting.tables import csv_of
from daemon.errors import Permanent
from daemon.notices.room import Room
from daemon.notices.summary import write
from daemon.reading.parse import parse
from rules.letter import Attachment

FOLDER = "exchange"  # in the state folder


def file_of(room: Room, order: Order) -> Attachment:
    """The attachment that an order is about. Raises Permanent when it can't be had."""
    details = json.loads(order.details)
    try:
        letter = parse(room.bytes_of(order.message), received_at=order.at)
        found: Attachment = letter.attachments[details["number"]]
    except (OSError, IndexError) as error:
        raise Permanent(f"unreadable: {error}") from error
    return found


def name_of(order: Order) -> str:
    """The file's name as it may be shown: no folder, whatever the sender wrote."""
    written = str(json.loads(order.details)["name"]).replace("\\", "/")
    return PurePosixPath(written).name or "export.csv"


def answer(order: Order, template: str, told: Mapping[str, Any], now: datetime, **details: Any) -> None:
    """Tell accounting's registered address what came of its file: once. Inside a write transaction."""
    Outgoing.insert(
        key=f"exchange/{order.key}",
        kind="notice",
        template=template,
        answers=order.message,
        recipient=order.by,
        filed=False,
        automatic=False,
        created_at=now,
        next_try_at=now,
        details=json.dumps({"exchange": dict(told), **details}, ensure_ascii=False),
    ).on_conflict_ignore().execute()


def answered(order: Order) -> bool:
    """Whether its file was taken in, or refused, before a kill."""
    return bool(Outgoing.select().where(Outgoing.key == f"exchange/{order.key}").exists())


def table_file(room: Room, order: Order, name: str, rows: Iterable[Sequence[object]]) -> dict[str, str]:
    """A list that the answer brings, durable before the answer says that it is attached."""
    _, digest, number = order.key.split("/")
    folder = room.config.storage.state / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{digest[:16]}-{number}.csv"
    write(path, csv_of(rows).encode("utf-8-sig"))
    return {"path": str(path.relative_to(room.config.storage.state)), "name": name, "type": "text/csv"}
