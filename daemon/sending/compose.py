"""From a row of the outbox to the bytes that travel: headers, plain text and HTML, the letter enclosed for a manager.

What is composed is frozen: a second try sends the same bytes under the same Message-ID. An answer of ours says that it
is automatic in every way that other programs read (RFC 3834 5, and what Exchange and old vacation programs look at).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from jinja2 import TemplateNotFound
from peewee import DoesNotExist

from archive.records import Outgoing, Receipt
from daemon.answers.prepared import offered
from daemon.answers.speakers import holder_of
from daemon.config import Config, MailboxConfig
from daemon.errors import Permanent
from daemon.reading.parse import parse
from daemon.reminders import chart
from daemon.render import Rendered, prepared, render
from daemon.sending import probe, wire
from daemon.sending.carrier import SEVEN_BITS, Carrier
from daemon.sending.dossier import Dossier
from daemon.sending.facts import answer_facts, bars_of, facts, inside_facts, label_words, lines_of
from daemon.sending.identifiers import HEADER, Signer, subject_token
from daemon.sending.subject import stem_of, subject_of
from daemon.wording import tidy, words
from rules.answer import travelling
from rules.drafts import draft
from rules.letter import Alert

CHART = "chart"  # the Content-ID of a digest's picture

LARGEST_ENCLOSED = 10 * 1024 * 1024  # bytes; base64 adds a third, and many servers take 20 MB

ENCLOSING = frozenset({
    "notice_case", "notice_follow_up", "notice_letter", "notice_quarantine", "notice_request", "notice_handed",
    "notice_confirm",
})  # fmt: skip
PAPERS = frozenset({"rent_notice", "document"})  # kinds that bring a tenant a document of theirs
ANSWERS = frozenset({"acknowledgement", "document", "answer"})  # kinds that answer a letter
# Everything but the reports of what isn't delivered, which we want to have (MS-OXCMAIL 2.2.3.2.14).
NO_REPLY = "DR, RN, NRN, OOF, AutoReply"
NOBODY = ""  # who holds the address of a case that anybody may read
GRANTED_FOR = timedelta(days=180)  # how long a notice may be answered by whoever holds it


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail ready to travel. `message_id` is without its angle brackets; `digest` is the sha256 (hex) of `raw`."""

    raw: bytes
    message_id: str
    digest: str
    subject: str


class Composer:
    """Composes the mails of one agency. `letter_of` gives a letter's bytes by its digest, or raises OSError."""

    def __init__(self, config: Config, signer: Signer, letter_of: Callable[[str], bytes]) -> None:
        self._config = config
        self._signer = signer
        self.letter_of = letter_of

    def compose(self, dossier: Dossier, now: datetime, carrier: Carrier = SEVEN_BITS) -> Composed:
        """The bytes of a row, dated `now`. Raises Permanent when no mail can be made of it."""
        token = self._token(dossier, now)
        enclosed = self._enclosed(dossier, carrier)
        subject = subject_of(dossier)
        try:
            head = self._headers(dossier, subject, token, now, carrier)
        except ValueError as error:
            raise Permanent(str(error)) from error
        parts = [*self._letter(dossier, enclosed, carrier), *self._documents(dossier), *self._appointment(dossier, now)]
        raw = head + self._body(dossier, token, parts, now, enclosed=enclosed is not None, carrier=carrier)
        if carrier.size and len(raw) > carrier.size:
            raise Permanent(f"too large: {len(raw)} bytes, and the relay takes {carrier.size}")
        return Composed(raw, f"{token}@{self._domain}", hashlib.sha256(raw).hexdigest(), subject)

    def _token(self, dossier: Dossier, now: datetime) -> str:
        """What names this mail; of a notice, also the leave to answer it. A copy has the name of the first."""
        row = dossier.row
        if row.kind != "notice":
            return self._signer.token(str(dossier.details.get("as") or row.key), row.case_id)
        return self._signer.token(row.key, row.case_id, holder_of(row.recipient), (now + GRANTED_FOR).date())

    def envelope_sender(self, row: Outgoing) -> str:
        """Where a failure comes back to; `''` is the null sender (RFC 3834 3.3), which no automat answers."""
        smtp, address = self._config.smtp, wire.address(self._config.agency.address)
        if row.automatic and smtp.null_sender:
            return ""
        return self._signer.bounce_address(address, row.id, row.key) if smtp.bounce_address else address

    def mailbox(self, row: Outgoing) -> MailboxConfig:
        """The mailbox that the letter came to, else the first: there go the replies, and the copy of what was sent."""
        boxes = self._config.mailbox
        if len(boxes) == 1 or row.answers is None:
            return boxes[0]
        seen = Receipt.select(Receipt.key).where(Receipt.message == row.answers).order_by(Receipt.received_at)
        names = [receipt.key.split("/")[1] for receipt in seen if receipt.key.startswith("imap/")]
        return next((box for name in names for box in boxes if box.name == name), boxes[0])

    @property
    def _domain(self) -> str:
        return wire.address(self._config.agency.address).rpartition("@")[2]

    # --- headers

    def _headers(self, dossier: Dossier, subject: str, token: str, now: datetime, carrier: Carrier) -> bytes:
        row, agency = dossier.row, self._config.agency
        answers = row.kind in ANSWERS
        spoken = row.kind == "answer"
        begins = dossier.details.get("owner") or dossier.details.get("fresh")
        values = {
            "From": wire.mailbox(_author(dossier), wire.address(agency.address)),
            "To": _recipient(str(dossier.details.get("to") or row.recipient) if spoken else row.recipient, carrier),
            "Cc": ",\r\n ".join(_recipient(one, carrier) for one in dossier.details.get("copies") or () if spoken),
            "Reply-To": self._reply_to(row, now, answers=answers),
            "Subject": _with_reference(subject, row.case_id),
            "Date": format_datetime(dossier.local(now)),
            "Message-ID": f"<{token}@{self._domain}>",
            **(_thread(dossier) if answers and not begins else {}),
            **({} if spoken else _machine_made(row, answers=answers)),
            "Importance": "high" if dossier.urgent and not answers else "",
            HEADER: token,
            "MIME-Version": "1.0",
        }
        return b"".join(wire.header(name, value) for name, value in values.items() if value)

    def _reply_to(self, row: Outgoing, now: datetime, *, answers: bool) -> str:
        """The mailbox that we read, wherever a reply would go elsewhere; of a notice the address of its case.

        That one only where such an address was seen to work; else the thread and its token do.
        """
        intake = self.mailbox(row).address
        if row.kind == "notice" and row.case_id and probe.works(intake):
            until = (now + GRANTED_FOR).date()
            return self._signer.case_address(wire.address(intake), row.case_id, holder_of(row.recipient), until)
        reaches_us = intake.casefold() == self._config.agency.address.casefold()
        return "" if answers and reaches_us else wire.address(intake)

    def _desk(self, intake: str, ref: str, now: datetime) -> str:
        """Where a mail about a case that a link begins comes to us: it has no thread, and a tenant may read it.

        So this address names the case, and proves nobody.
        """
        if not probe.works(intake):
            return intake
        return self._signer.case_address(wire.address(intake), ref, NOBODY, (now + GRANTED_FOR).date())

    # --- body

    def _body(
        self, dossier: Dossier, token: str, parts: Sequence[bytes], now: datetime, *, enclosed: bool, carrier: Carrier
    ) -> bytes:
        """The text in both forms, and the parts that it brings. `enclosed`: the letter is one of them."""
        rendered = self._rendered(dossier, token, now, enclosed=enclosed)
        forms = (("plain", rendered.text), ("html", rendered.html))
        texts = [wire.text_part(form, text, eight_bit=carrier.eight_bit) for form, text in forms]
        if bars := bars_of(dossier):
            picture = wire.shown_part(chart.draw(bars), CHART, f"{CHART}.png")
            texts[-1] = wire.multipart("related", [texts[-1], picture], token)
        told = wire.multipart("alternative", texts, token)
        return wire.multipart("mixed", [told, *parts], token) if parts else told

    def _letter(self, dossier: Dossier, enclosed: bytes | None, carrier: Carrier) -> list[bytes]:
        if enclosed is None:
            return []
        name = words()["files"]["letter"]
        if dossier.row.template == "notice_quarantine":  # it broke us: a mail program is offered a file, not a message
            return [wire.file_part(enclosed, name)]
        return [wire.letter_part(enclosed, name, eight_bit=carrier.eight_bit)]

    def _appointment(self, dossier: Dossier, now: datetime) -> list[bytes]:
        """The due time for the reader's calendar, where the row brings one (daemon/reminders/appointments.py)."""
        told, ref = dossier.details.get("appointment"), dossier.row.case_id
        if not told or not ref:
            return []
        from daemon.sending import calendar  # noqa: PLC0415  a setting that few use: its library is read with it

        agency, method = self._config.agency, str(told["method"])
        summary = words()["forms"]["appointment"].format(ref=ref, label=label_words(dossier))
        due = datetime.fromisoformat(told["due"])
        organizer = (tidy(agency.name), wire.address(agency.address))
        uid = f"{ref.lower()}@{self._domain}"
        file = calendar.event(method, uid, int(told["sequence"]), due, now, organizer, summary)
        return [wire.file_part(file, words()["files"]["appointment"], f"text/calendar; method={method}; charset=utf-8")]

    def _grants(self, dossier: Dossier, now: datetime) -> dict[str, str]:
        """Leave to speak in each case of which a digest or a reminder has a line: its commands are a click each."""
        row, holder = dossier.row, holder_of(dossier.row.recipient)
        until = (now + GRANTED_FOR).date()
        return {ref: self._signer.token(f"{row.key}/{ref}", ref, holder, until) for ref in lines_of(dossier)}

    def _rendered(self, dossier: Dossier, token: str, now: datetime, *, enclosed: bool) -> Rendered:
        row, told = dossier.row, facts(dossier)
        if row.kind in PAPERS:
            told |= dossier.details.get("told") or {}
        elif row.kind == "answer":
            told |= answer_facts(dossier)
        elif row.kind != "acknowledgement":
            told |= inside_facts(dossier)
            intake = self.mailbox(row).address
            told |= {"enclosed": enclosed, "intake": intake}
            told |= {"draft": _draft(dossier, told)}
            told |= {"reply_subject": f"Re: {stem_of(dossier)} {subject_token(row.case_id or '')}"}
            desks = {ref: self._desk(intake, ref, now) for ref in (row.case_id, *lines_of(dossier)) if ref}
            told |= {"desks": desks, "grants": self._grants(dossier, now)}
            told |= {"actions": offered(dossier, token, desks.get(row.case_id or "", intake))}
        try:
            return render(row.template, told)
        except TemplateNotFound as error:
            raise Permanent(f"there is no mail {row.template!r} in templates/mails") from error

    def _documents(self, dossier: Dossier) -> list[bytes]:
        """The parts that a mail brings: the document that the row names, and files of the state folder.

        Raises Permanent when one is not to be had: a mail that says "attached" must not go without.
        """
        details = dossier.details
        try:
            parts = [wire.file_part(self._file(one["path"]), one["name"], one["type"]) for one in _files(details)]
            if dossier.row.encloses:
                pdf = self.letter_of(dossier.row.encloses)
                parts.insert(0, wire.file_part(pdf, str(details["file"]), "application/pdf"))
            parts += self._attached(dossier)
        except (OSError, DoesNotExist) as error:
            raise Permanent(f"the document to attach can't be read: {error}") from error
        return parts

    def _file(self, path: str) -> bytes:
        return (self._config.storage.state / path).read_bytes()

    def _attached(self, dossier: Dossier) -> list[bytes]:
        """What a manager attached to an answer."""
        source = dossier.details.get("source") if dossier.row.template == "answer" else None
        if not source:
            return []
        letter = parse(self.letter_of(str(source)), received_at=dossier.row.created_at)
        files = travelling(letter.attachments)
        return [wire.attachment_part(one.content, tidy(one.name), one.media_type) for one in files]

    def _enclosed(self, dossier: Dossier, carrier: Carrier) -> bytes | None:
        """The letter for a manager, unless it is sensitive, too large for the way, or not to be had."""
        row = dossier.row
        wanted = row.template in ENCLOSING and dossier.details.get("attach", True)
        if not wanted or row.answers is None or Alert.SENSITIVE in dossier.alerts:
            return None
        try:
            raw = self.letter_of(row.answers)
        except (OSError, DoesNotExist):  # the notice still goes; it says where the letter is
            return None
        room = min(LARGEST_ENCLOSED, carrier.size * 2 // 3 or LARGEST_ENCLOSED)
        return raw if len(raw) <= room else None


def _draft(dossier: Dossier, told: Mapping[str, Any]) -> str:
    """The answer that is ready for a common request of somebody who is known; `''` for any other letter."""
    if not told["known"] or dossier.letter is None:
        return ""
    found = draft(dossier.label, f"{dossier.subject}\n{dossier.details.get('gist') or ''}")
    if found is None:
        return ""
    signed = told["manager"]["name"] if told["manager"] else told["agency"].name
    return f"{prepared(found, told)}\n\n{signed}"


def _files(details: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    return details.get("files") or ()


def _machine_made(row: Outgoing, *, answers: bool) -> dict[str, str]:
    """Nobody wrote it: what other programs read of that (RFC 3834)."""
    return {
        "Auto-Submitted": "auto-replied" if answers else "auto-generated",
        "X-Auto-Response-Suppress": NO_REPLY if row.kind in PAPERS else "All",
    }


def _author(dossier: Dossier) -> str:
    """`Delphine Faucheux – Régie Aubrelac`: a person answers, from the agency's address."""
    author = tidy(str(dossier.details.get("author") or "")) if dossier.row.kind == "answer" else ""
    return " – ".join(filter(None, (author, tidy(dossier.config.agency.name))))


def _recipient(written: str, carrier: Carrier) -> str:
    address = wire.address(written)
    if not address.isascii() and not carrier.utf8_addresses:
        raise Permanent(f"{written!r} isn't ASCII, and the relay doesn't take such addresses (SMTPUTF8, RFC 6531)")
    return address


def _with_reference(subject: str, ref: str | None) -> str:
    """The reference stays out of the encoded words: it is found again by whoever searches the bytes."""
    written = wire.unstructured(subject)
    return f"{written}\r\n {subject_token(ref)}" if ref else written


def _thread(dossier: Dossier) -> dict[str, str]:
    """In-Reply-To and References (RFC 5322 3.6.4): the letter, and the thread that it stands in."""
    answered = dossier.letter.message_id if dossier.letter else ""
    earlier = dossier.details.get("references") or ()
    return {
        "In-Reply-To": wire.message_ids([answered]),
        "References": wire.message_ids([*map(str, earlier), answered]),
    }
