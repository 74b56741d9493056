"""Letters that a person put in a label folder before we saw them in the inbox: taken in by the one door, like others.

Only what has just come is a letter. What the server received before our first contact with the mailbox is somebody's
archive, however it came into the folder, and so is what bears an older date; what bears no trace of a delivery, or is
from the agency itself, is a copy of something sent.
"""

import email
import email.policy
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from hashlib import sha256

from archive import index, whereabouts
from archive.incoming import Arrival
from daemon import log
from daemon.config import MailboxConfig
from daemon.desk import Desk
from daemon.mailbox.imap import Session
from daemon.mailbox.sent import is_ours
from rules.letter import normalise_address
from rules.plan import Folder

DAY = timedelta(days=1)  # a server's dates are on a clock of its own
UNDER_WAY = timedelta(hours=72)  # between the date that a letter bears and its receipt
DELIVERED = ("Received", "Return-Path", "Delivered-To", "X-Original-To")  # RFC 5321 4.4, and what servers add


def take_in(
    session: Session, config: MailboxConfig, desk: Desk, place: Folder, uidvalidity: int, uids: Collection[int]
) -> int:
    """Those of these unknown messages of a label folder that are letters, durably. Returns how many."""
    begun = whereabouts.begun(config.name)
    if begun is None or not uids:
        return 0
    folder = str(config.folders.model_dump()[place])
    recent = session.since(folder, uids, (begun - DAY).date())
    taken = 0
    for batch in session.fetch_these(folder, recent) if recent else ():
        letters = [
            (one.raw, Arrival("imap", at, desk.clock(), config.name, folder, uidvalidity, one.uid, put_in=str(place)))
            for one in batch
            if one.raw is not None and (at := one.internal_date) is not None and _is_letter(one.raw, at, begun, desk)
        ]
        for digest in desk.incoming.receive_many(letters) if letters else ():
            log.letter_received(digest, f"sorted/{config.name}")
        taken += len(letters)
    return taken


def _is_letter(raw: bytes, received_at: datetime, begun: datetime, desk: Desk) -> bool:
    if received_at < begun.replace(microsecond=0) or is_ours(raw, desk.signer):
        return False
    if index.is_indexed(sha256(raw).hexdigest()):  # what a person sent, filed beside what it answers
        return False
    head = email.message_from_bytes(raw.partition(b"\r\n\r\n")[0], policy=email.policy.compat32)
    if not any(name in head for name in DELIVERED):
        return False
    sender = normalise_address(parseaddr(str(head["From"] or ""))[1])
    dated = _date(head)
    return sender not in desk.own and (dated is None or dated >= begun - UNDER_WAY)


def _date(head: Message) -> datetime | None:
    with suppress(ValueError, TypeError, OverflowError):
        return parsedate_to_datetime(str(head["Date"])).astimezone(UTC)
    return None
