"""The words of the trade, as plain immutable values: a letter, what we think of it, who wrote it.

Nothing here opens a file, reads a clock or knows a library. Times are aware datetimes; addresses are compared by
`normalise_address`. A damaged mail is still a `Letter`: every field has an empty value, and `defects` lists what was
wrong.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Label(StrEnum):
    """What a letter is about; the order is the order of precedence when one letter says several things."""

    DEPARTURE = "depart"
    WORKS = "reclamation/travaux"
    ACCOUNTS = "reclamation/comptabilite"
    COMPLAINT = "reclamation/autre"
    REQUEST = "demande"
    OFF_TOPIC = "hors-sujet"


class Alert(StrEnum):
    """What a person must be told, whatever the label."""

    DEPARTURE = "depart"
    INSTITUTION = "institution"
    DEATH = "deces"
    VIOLENCE = "violences"
    SENSITIVE = "sensible"


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of a header: the display name and the bare address, both as written (decoded, stripped)."""

    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text. `name` is what the sender wrote and can't be trusted; `''` when there is none."""

    name: str = ""
    media_type: str = "application/octet-stream"
    content: bytes = b""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """One incoming message, decoded once and never touched again.

    `digest` is the sha256 (hex) of the received bytes, `content_digest` the same without the trace headers that every
    delivery adds (Received, Delivered-To, ...). `text` is the plain text, or the readable text of the HTML when there
    is no other. `headers` are the top-level ones in their order, names in lower case, values decoded and unfolded.
    `envelope_sender`: `''` is the null sender, `None` means that the transport did not say. `message_id`,
    `in_reply_to`, `references` are without angle brackets.
    """

    digest: str = ""
    content_digest: str = ""
    received_at: datetime = datetime.min  # noqa: DTZ901  a letter built by hand in a test; parse always sets it
    sender: Address = Address()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    date: datetime | None = None
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    envelope_sender: str | None = None
    envelope_recipients: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    size: int = 0

    def header(self, name: str) -> str:
        """The first header of that name, `''` when there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), "")

    def header_all(self, name: str) -> tuple[str, ...]:
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key == wanted)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we think of a letter. `confidence` is a calibrated probability of `label`, 0 to 1.

    `because` is one French sentence, fit to show a manager, with the words that decided. `runner_up` is the second best
    reading. `automated` means a machine wrote it: it must never be answered. `chances` are those of every label, before
    any rule of precedence, for whoever weighs the reading again (rules.learned).
    """

    label: Label
    confidence: float = 1.0
    urgent: bool = False
    registered: bool = False
    automated: bool = False
    alerts: tuple[Alert, ...] = ()
    because: str = ""
    runner_up: Label | None = None
    chances: tuple[tuple[Label, float], ...] = ()


def normalise_address(address: str) -> str:
    """The form in which two addresses are compared: case folded, no spaces, the domain without a trailing dot."""
    local, at, domain = address.strip().casefold().rpartition("@")
    return f"{local}{at}{domain.rstrip('.')}"


def untagged(address: str) -> str:
    """The mailbox that `local+tag@domain` is delivered to, normalised."""
    local, at, domain = normalise_address(address).rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"
