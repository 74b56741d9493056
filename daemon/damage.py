"""A letter that the disk has spoiled while it waited in `incoming/`.

Its file is kept as it is, the administrator is told, and the mailbox that it came from is asked for it again; what came
by LMTP can't be asked for.
"""

from datetime import datetime, timedelta
from typing import Any

from archive import index
from archive.database import writing
from archive.incoming import Arrival, Damaged, Incoming
from daemon import log
from daemon.mailbox import withheld

SOON = timedelta(minutes=1)  # until then the file is away, and its place free for the one that is fetched again


def put_right(incoming: Incoming, damaged: Damaged, admin: str, now: datetime) -> None:
    """Told and owed before the file moves: cut anywhere, it is done again, and the administrator told once."""
    owed = [one for one in damaged.arrivals if one.source == "imap" and not one.place]
    with writing():
        for one in owed:
            since = now - withheld.RETRY + SOON
            withheld.note(one.mailbox, one.folder, one.uidvalidity, [one.uid], since)
        if admin:
            index.say(_notice(damaged, admin, again=bool(owed)), now)
    kept = incoming.set_aside(damaged.digest)
    log.letter_damaged(damaged.digest, kept)


def _notice(damaged: Damaged, admin: str, *, again: bool) -> dict[str, Any]:
    first: Arrival = damaged.arrivals[0]
    told = {
        "id": damaged.digest[: log.SHORT],
        "received": first.received_at.isoformat(),
        "sender": first.envelope_sender or "",
        "again": again,
    }
    details = {"reason": str(damaged), "damaged": told}
    return {
        "key": f"damaged/{damaged.digest}",
        "kind": "notice",
        "template": "notice_damaged",
        "to": admin,
        "details": details,
    }
