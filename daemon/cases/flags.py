"""The flag of a mail client on the letters of a case that is urgent or overdue: an errand, done like every other.

It is put on, never taken off: who looks at the letter decides that, and may have put it there.
"""

from archive import events
from archive.records import Errand, Message, Standing


def raise_for(ref: str, why: str) -> None:
    """Flag the letter that opened the case, wherever it is expected to stand. Inside a write transaction."""
    letter = Message.get_or_none(Message.digest == events.opened_by(ref))
    if letter is None:
        return
    for standing in Standing.select().where(Standing.message == letter.digest):
        Errand.insert(
            key=f"flag/{why}/{letter.digest}/{standing.mailbox}",
            kind="flag",
            mailbox=standing.mailbox,
            uidvalidity=standing.uidvalidity,
            uid=standing.uid,
            target=standing.place,
            flagged=True,
            message=letter.digest,
            message_id=letter.message_id,
        ).on_conflict_ignore().execute()
