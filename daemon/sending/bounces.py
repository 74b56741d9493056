"""Which mail of ours a delivery report brings back.

The address that the report comes to names the row, signed; a provider that writes an address of its own quotes our
Message-ID, signed too. Only without either is the reader of reports (flufl.bounce) asked which address failed: then it
is the last mail that went there. A report of a delay, which will be followed by another, brings nothing back.
"""

import email
import email.policy
import re
from datetime import datetime, timedelta

from flufl.bounce import all_failures

from archive.records import Outgoing
from daemon.sending.identifiers import Signer
from daemon.sending.outbox import bounced
from rules.letter import Letter, normalise_address

RECENT = timedelta(days=7)  # after it, a failed address says nothing of what we sent
SENT = ("sent", "uncertain", "sending", "deferred")
MOST = 256 * 1024  # bytes of a report that are searched for our Message-ID

_STATUS = re.compile(rb"^(?:action:\s*(\w+)|status:\s*(\d)\.)", re.IGNORECASE | re.MULTILINE)
_DIAGNOSTIC = re.compile(rb"^diagnostic-code:\s*(?:[\w-]+;)?\s*(.+(?:\r?\n[ \t].+)*)", re.IGNORECASE | re.MULTILINE)
_OURS = re.compile(rb"\bvm(?:-\d{4}-\d{6,})?\.[a-z2-7]{16}\.[a-z2-7]{24}@[\w.-]+", re.IGNORECASE)
LONGEST = 300  # characters of a server's words


def brought_back(letter: Letter, raw: bytes, signer: Signer, now: datetime) -> tuple[Outgoing, str] | None:
    """The row that this report brings back, and the server's reason; None when it brings none."""
    if _is_delay(raw):
        return None
    row = _addressed(letter, signer) or _quoted(raw, signer) or _recent(raw, now)
    if row is None or row.state not in SENT:
        return None
    return row, _reason(raw)


def _is_delay(raw: bytes) -> bool:
    """RFC 3464 2.3.3: `Action: delayed`, and nothing that failed."""
    actions = {match[1].lower() for match in _STATUS.finditer(raw[:MOST]) if match[1]}
    return bool(actions & {b"delayed", b"relayed", b"expanded", b"delivered"}) and b"failed" not in actions


def _addressed(letter: Letter, signer: Signer) -> Outgoing | None:
    delivered = [value for name in ("delivered-to", "x-original-to") for value in letter.header_all(name)]
    addresses = [*letter.envelope_recipients, *(one.address for one in letter.to), *delivered]
    return next(filter(None, (bounced(address, signer) for address in addresses)), None)


def _quoted(raw: bytes, signer: Signer) -> Outgoing | None:
    for found in _OURS.finditer(raw[:MOST]):
        message_id = found[0].decode("ascii", "replace")
        if signer.is_ours(message_id):
            local = message_id.partition("@")[0]
            row: Outgoing | None = Outgoing.get_or_none(Outgoing.message_id.startswith(f"{local}@"))
            if row is not None:
                return row
    return None


def _recent(raw: bytes, now: datetime) -> Outgoing | None:
    _temporary, permanent = all_failures(email.message_from_bytes(raw, policy=email.policy.compat32))
    wanted = {normalise_address(one.decode("ascii", "replace")) for one in permanent}
    if len(wanted) != 1:
        return None
    last = Outgoing.select().where(
        Outgoing.recipient == wanted.pop(), Outgoing.state == "sent", Outgoing.sent_at > now - RECENT
    )
    row: Outgoing | None = last.order_by(Outgoing.sent_at.desc()).first()
    return row


def _reason(raw: bytes) -> str:
    found = _DIAGNOSTIC.search(raw[:MOST])
    text = found[1].decode("utf-8", "replace") if found else ""
    return " ".join(text.split())[:LONGEST] or "came back undelivered"
