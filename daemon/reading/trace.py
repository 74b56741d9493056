"""Which letter is this? One value for all deliveries of it, whatever relays and mail stores wrote on the envelope."""

import hashlib
import re
from fnmatch import translate

from daemon.reading.mime import Head, read_head, with_line_ends

# Headers that each delivery, relay or mail store adds: the letter is the same without them.
TRACE = (
    ("received", "each relay adds one (RFC 5321, 4.4)"),
    ("x-received", "Gmail's own"),
    ("return-path", "the last server writes it (RFC 5321, 4.4)"),
    ("delivered-to", "the mailbox that this copy went to"),
    ("x-delivered-to", "Fastmail's"),
    ("x-original-to", "Postfix's"),
    ("envelope-to", "Exim's"),
    ("delivery-date", "Exim's"),
    ("x-envelope-*", "Dovecot's and Zimbra's"),
    ("authentication-results", "each receiving server judges anew (RFC 8601)"),
    ("received-spf", "each receiving server judges anew (RFC 7208, 9.1)"),
    ("arc-*", "each relay seals anew (RFC 8617)"),
    ("dkim-*", "relays sign anew (RFC 6376)"),
    ("x-google-*", "Gmail's transport"),
    ("x-gm-*", "Gmail's transport and labels"),
    ("x-spam-*", "the filter of this mailbox"),
    ("x-spamd-*", "the filter of this mailbox"),
    ("x-rspamd-*", "the filter of this mailbox"),
    ("x-virus-*", "the filter of this mailbox"),
    ("x-amavis-*", "the filter of this mailbox"),
    ("x-ovh-*", "OVH's transport"),
    ("x-vr-*", "OVH's filter"),
    ("x-ms-exchange-*", "Exchange notes its hops and its filter"),
    ("x-microsoft-antispam*", "Exchange's filter"),
    ("x-forefront-*", "Exchange's filter"),
    ("x-eopattributedmessage", "Exchange's filter"),
    ("x-sieve", "the mail store's"),
    ("x-uid*", "the mail store's"),
    ("x-keywords", "the mail store's"),
    ("x-mozilla-*", "the mail store's"),
    ("status", "the mail store's"),
    ("x-status", "the mail store's"),
    ("content-length", "mbox's"),
    ("lines", "mbox's"),
)
_IS_TRACE = re.compile("|".join(translate(name) for name, _ in TRACE))


def content_digest(raw: bytes) -> str:
    """The sha256 (hex) of a letter without its trace headers: equal for each delivery of it, to any of our mailboxes.

    CR doesn't count, nor do empty lines at the end (RFC 6376, 3.4.3, says the same of a body), because a mail store
    writes both its own way. Folding and order of the other headers stay as they are.
    """
    source = with_line_ends(raw)
    return digest_without_trace(source, read_head(source))


def digest_without_trace(raw: bytes, head: Head) -> str:
    """The same, of a letter whose head was read already."""
    kept = b"".join(one.raw for one in head.fields if not _IS_TRACE.match(one.name))
    summed = hashlib.sha256(kept.translate(None, b"\r") + b"\n")
    summed.update(raw[head.body :].translate(None, b"\r").rstrip(b"\n"))
    return summed.hexdigest()
