"""Raw bytes to a `Letter`: once, at the edge, and never with an exception. A damaged letter is a letter with defects.

mail-parser reads the addresses and dates, where senders are most inventive; `mime.py` finds the parts, `charsets.py`
their characters, `html_text.py` what a person reads. Attachment names are what the sender wrote: `archive/names.py`
makes them safe. Nothing is lost by a mistake here: what is archived is the received bytes.
"""

import email.utils
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

from daemon.reading.charsets import decode, decode_words, header_text, one_line
from daemon.reading.html_text import readable
from daemon.reading.mime import Head, Part, open_letter, with_line_ends
from daemon.reading.trace import content_digest, digest_without_trace
from rules.letter import Address, Attachment, Letter

__all__ = ["content_digest", "parse"]

MOST_TEXT = 400_000  # characters; a longer text is a log file, and reading it would take minutes
MOST_ADDRESSES = 64 << 10  # characters of an address header that are read
MOST_REFERENCES = 100  # the newest; a hostile header holds 20,000
OLDEST = 1990  # nobody sent mail to an agency before

_BREAKS = (AttributeError, LookupError, RecursionError, TypeError, ValueError)  # seen of mail-parser and the library
_LONE_ADDRESS = re.compile(r"[^\s<>\"(),;:\[\]]+@[^\s<>\"(),;:\[\]]+")
_ENCODED = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=")  # RFC 2047
_PLACE = "EncodedWord"
_PLACES = re.compile(rf"{_PLACE}(\d+)")
_BRACKETED = re.compile(r"<([^<>]*)>")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xad\u200b\u200c\u2060\ufeff]+")
_ODD_SPACE = re.compile(r"[\xa0\u202f]")  # no-break spaces, which French typography and Outlook love


def parse(
    raw: bytes, *, received_at: datetime, envelope_sender: str | None = None, envelope_recipients: tuple[str, ...] = ()
) -> Letter:
    """Decode a letter. Never raises: what can't be read is empty, and `defects` says why."""
    try:
        return _parse(raw, received_at, envelope_sender, envelope_recipients)
    except Exception as error:  # noqa: BLE001  no letter may be lost to a mistake of ours
        return Letter(
            digest=hashlib.sha256(raw).hexdigest(),
            content_digest=content_digest(raw),
            received_at=received_at,
            envelope_sender=envelope_sender,
            envelope_recipients=envelope_recipients,
            defects=(f"parser: {type(error).__name__}: {error}",),
            size=len(raw),
        )


def _parse(raw: bytes, received_at: datetime, envelope_sender: str | None, recipients: tuple[str, ...]) -> Letter:
    source = with_line_ends(raw)
    opened = open_letter(source)
    defects = opened.defects
    head = _Read(opened.head)
    text, attachments = _contents(opened.parts, defects)
    return Letter(
        digest=hashlib.sha256(raw).hexdigest(),
        content_digest=digest_without_trace(source, opened.head),
        received_at=received_at,
        sender=_sender(head, envelope_sender, defects),
        reply_to=head.addresses("reply-to"),
        to=head.addresses("to"),
        cc=head.addresses("cc"),
        subject=head.first("subject"),
        text=text,
        date=_date(head, received_at, defects),
        message_id=_message_id(head, defects),
        in_reply_to=_identifiers(head.first("in-reply-to")),
        references=_identifiers(" ".join(head.all("references")))[-MOST_REFERENCES:],
        headers=head.headers,
        attachments=attachments,
        envelope_sender=envelope_sender,
        envelope_recipients=recipients,
        defects=tuple(dict.fromkeys(defects)),
        size=len(raw),
    )


# --- the head


class _Read:
    """The head of a letter, its values decoded and unfolded."""

    def __init__(self, head: Head) -> None:
        self._fields = head.fields
        self.headers = tuple((one.name, header_text(one.value)) for one in head.fields)

    def first(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Those of every such header. Structure is read before words are decoded: a name can't make a mailbox."""
        values = [decode(one.value)[0][:MOST_ADDRESSES] for one in self._fields if one.name == name]
        return tuple(address for value in values for address in _addresses(value))


def _addresses(text: str) -> list[Address]:
    encoded: list[str] = []
    bare = _ENCODED.sub(partial(_set_aside, encoded), text)
    for reader in (_as_mail_parser_reads, _as_the_library_reads, _the_only_one):
        found = _tried(reader, bare, encoded)
        if found:
            return found
    return []


def _set_aside(encoded: list[str], word: re.Match[str]) -> str:
    """An encoded word becomes one plain word: the commas and line breaks hidden in it are part of a name."""
    encoded.append(word[0])
    return f"{_PLACE}{len(encoded) - 1}"


def _tried(reader: Callable[[str], Iterable[tuple[str, str]]], text: str, encoded: Sequence[str] = ()) -> list[Address]:
    try:
        return [_address(name, address, encoded) for name, address in reader(text) if "@" in address]
    except _BREAKS:
        return []


def _address(name: str, address: str, encoded: Sequence[str]) -> Address:
    written = _put_back(name, encoded)
    shown = one_line(decode_words(written) if "=?" in written else written)
    return Address("" if shown == address else shown, one_line(_put_back(address, encoded)))


def _put_back(text: str, encoded: Sequence[str]) -> str:
    return _PLACES.sub(lambda place: dict(enumerate(encoded)).get(int(place[1]), place[0]), text)


def _as_mail_parser_reads(text: str) -> list[tuple[str, str]]:
    return list(get_addresses(text, decode_names=True))


def _as_the_library_reads(text: str) -> list[tuple[str, str]]:
    """Only believed when it finds one, and a plain one: it makes mailboxes of broken names."""
    found = [pair for pair in email.utils.getaddresses([text]) if _LONE_ADDRESS.fullmatch(pair[1])]
    return found if len(found) == 1 and len(set(_LONE_ADDRESS.findall(text))) == 1 else []


def _the_only_one(text: str) -> list[tuple[str, str]]:
    found = set(_LONE_ADDRESS.findall(text))
    return [("", address) for address in found] if len(found) == 1 else []


def _sender(head: _Read, envelope_sender: str | None, defects: list[str]) -> Address:
    """Who wrote (RFC 5322, 3.6.2). Without a From, the Sender, then whom the transport names."""
    authors = head.addresses("from")
    if len(authors) > 1:
        defects.append(f"from: {len(authors)} of them, the first is kept")
    if authors:
        return authors[0]
    written = head.first("from")
    defects.append(f"from: no address in {written[:80]!r}" if written else "from: missing")
    stand_ins = head.addresses("sender") or (Address(address=envelope_sender or ""),)
    return Address(written.partition("<")[0].strip(' "') or stand_ins[0].name, stand_ins[0].address)


def _date(head: _Read, received_at: datetime, defects: list[str]) -> datetime | None:
    """What the sender's clock said, in UTC; none when it can't be true."""
    written = head.first("date")
    if not written:
        defects.append("date: missing")
        return None
    date = _moment(written)
    if date is None:
        defects.append(f"date: {written[:80]!r} can't be read")
    elif not OLDEST <= date.year <= received_at.year + 1:
        defects.append(f"date: {written[:80]!r} can't be true")
        return None
    return date


def _moment(text: str) -> datetime | None:
    try:
        date = _as_either_reads(text)
        return date and (date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC))
    except (*_BREAKS, OverflowError):
        return None


def _as_either_reads(text: str) -> datetime | None:
    """mail-parser is strict about form (one-digit hours, no zone); the library isn't, and makes 2001 of the year 1."""
    found = parse_mail_date(text)
    if isinstance(found.value, datetime):
        return found.value
    return email.utils.parsedate_to_datetime(text) if "invalid-date-syntax" in found.reasons else None


def _message_id(head: _Read, defects: list[str]) -> str:
    written = head.first("message-id")
    if not written:
        defects.append("message-id: missing")
    bracketed = _BRACKETED.search(written)
    return "".join((bracketed[1] if bracketed else written).split())


def _identifiers(text: str) -> tuple[str, ...]:
    """Message-IDs without brackets, in their order; those of a sender who forgot the brackets too."""
    found = _BRACKETED.findall(text) or [word for word in text.replace(",", " ").split() if "@" in word]
    return tuple(dict.fromkeys(filter(None, ("".join(one.split()) for one in found))))


# --- the text and the attachments


def _contents(parts: list[Part], defects: list[str]) -> tuple[str, tuple[Attachment, ...]]:
    spoken = [part for part in parts if _is_text(part) and not part.name]
    attached = [part for part in parts if part.name or not _is_text(part)]
    if not spoken:  # a text sent as a named inline part only: it is both
        spoken = [part for part in attached if _is_text(part)][:1]
    return _text(spoken, defects), tuple(_attachment(part, defects) for part in attached)


def _is_text(part: Part) -> bool:
    return part.media_type in ("text/plain", "text/html") and part.disposition in ("", "inline")


def _attachment(part: Part, defects: list[str]) -> Attachment:
    content, fault = part.content()
    if fault:
        defects.append(fault)
    if part.media_type == "application/ms-tnef" or part.name.lower() == "winmail.dat":
        defects.append("winmail.dat: Outlook packed the attachments in a form of its own (TNEF)")
    return Attachment(part.name, part.media_type, content, part.inline)


def _text(parts: list[Part], defects: list[str]) -> str:
    """The parts of an alternative say one thing; the others follow each other (Apple Mail sends text, PDF, text)."""
    groups: dict[int, list[Part]] = {}
    for number, part in enumerate(parts):
        groups.setdefault(part.alternative or -1 - number, []).append(part)
    texts = (_best(group, defects) for group in groups.values())
    text = "\n\n".join(filter(None, texts))
    if len(text) > MOST_TEXT:
        defects.append(f"text: {len(text)} characters, read up to {MOST_TEXT}")
    return text[:MOST_TEXT]


def _best(group: list[Part], defects: list[str]) -> str:
    """The plain text, unless it is empty or only says that there is HTML to read."""
    plain = "\n\n".join(filter(None, (_plain(part, defects) for part in group if part.media_type == "text/plain")))
    pages = [part for part in group if part.media_type == "text/html"]
    if not pages or (plain and not _is_stub(plain)):
        return plain
    return "\n\n".join(filter(None, (_clean(readable(_page(part, defects))) for part in pages))) or plain


def _is_stub(plain: str) -> bool:
    return len(plain) < 200 and "html" in plain.lower()  # noqa: PLR2004  two lines of it


def _plain(part: Part, defects: list[str]) -> str:
    text, faults = part.text()
    defects += faults
    text = _clean(text)
    if part.parameter("format").lower() == "flowed":
        return unflow(text, joined=part.parameter("delsp").lower() == "yes")
    return text


def _page(part: Part, defects: list[str]) -> str:
    content, fault = part.content()
    meta = _META_CHARSET.search(content[:4096])
    text, lie = decode(content, part.parameter("charset") or (meta[1].decode() if meta else ""))
    defects += filter(None, (fault, lie))
    return text


def _clean(text: str) -> str:
    """Lines end with LF; no control or invisible character; accents composed, for a Mac writes e and ´ apart."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _ODD_SPACE.sub(" ", _INVISIBLE.sub("", lines))).strip()


def unflow(text: str, *, joined: bool) -> str:
    """Join the lines that a sender broke softly (RFC 3676, 4.2); `joined` removes the space of the break (DelSp)."""
    lines: list[str] = []
    soft = False
    depth = 0
    for line in text.split("\n"):
        quoted = len(line) - len(line.lstrip(">"))
        said = line[quoted:].removeprefix(" ")  # space-stuffing
        if soft and quoted == depth and said != "-- ":
            lines[-1] += said
        else:
            lines.append(f"{'>' * quoted} {said}" if quoted else said)
        depth = quoted
        soft = said.endswith(" ") and said != "-- "
        if soft and joined:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)
