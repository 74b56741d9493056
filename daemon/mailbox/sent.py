"""What people sent from the shared mailbox, taken in by the same door as letters: durable first, read afterwards.

Our own mails are left out, as we sent them or as a provider has rewritten them: they are filed already, when they went.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive.incoming import Arrival, Incoming
from daemon import log
from daemon.answers.hearing import DRAFT, SENT
from daemon.config import MailboxConfig
from daemon.mailbox.imap import Fetched
from daemon.sending.identifiers import HEADER, Signer

_HEAD = re.compile(rb"\r?\n\r?\n")
_OURS = re.compile(rb"^(?:message-id|" + HEADER.encode().lower() + rb"):\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SentMail:
    """A `daemon.mailbox.moves.OnSent`: given the same again after a crash, it does nothing more."""

    incoming: Incoming
    signer: Signer
    clock: Callable[[], datetime]
    on_letters: Callable[[], object] = lambda: None

    def __call__(self, config: MailboxConfig, folder: str, uidvalidity: int, batch: Sequence[Fetched]) -> int:
        now = self.clock()
        letters = [
            (one.raw, _arrival(config, folder, uidvalidity, one, now))
            for one in batch
            if one.raw is not None and not is_ours(one.raw, self.signer)
        ]
        for digest in self.incoming.receive_many(letters) if letters else ():
            log.letter_received(digest, f"sent/{config.name}")
        if letters:
            self.on_letters()
        return len(letters)


def is_ours(raw: bytes, signer: Signer) -> bool:
    """Whether this mail is one that we wrote, as we sent it or as a provider has rewritten it."""
    head = _HEAD.split(raw, maxsplit=1)[0]
    return any(signer.is_ours(value.decode("ascii", "replace")) for value in _OURS.findall(head))


def _arrival(config: MailboxConfig, folder: str, uidvalidity: int, one: Fetched, now: datetime) -> Arrival:
    place = DRAFT if one.draft else SENT
    return Arrival("imap", one.internal_date or now, now, config.name, folder, uidvalidity, one.uid, place=place)
