"""The letters of the demonstration: read from `letters.toml`, made as a mail program makes them, posted by SMTP."""

import email
import email.policy
import smtplib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

DATA = files("daemon.demo")
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Written:
    """One entry of `letters.toml`, which names the fields. `shown`: our answer to it is printed in full."""

    sender: str = ""
    name: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    attach: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""
    twice: bool = False
    answers: bool = False
    shown: bool = False


@cache
def letters() -> tuple[Written, ...]:
    """All of them, in the order of the file."""
    entries = tomllib.loads(DATA.joinpath("letters.toml").read_text("utf-8"))["letter"]
    return tuple(Written(sender=entry.pop("from", ""), **entry) for entry in entries)


def first_post() -> list[Written]:
    """What lies in the mailbox in the morning; a letter that is delivered twice comes twice."""
    return [one for one in letters() if not one.answers for _ in range(2 if one.twice else 1)]


def second_post() -> list[Written]:
    """What is written in reply to the acknowledgements."""
    return [one for one in letters() if one.answers]


def mail_of(written: Written, to: str, now: datetime, answered: EmailMessage | None = None) -> bytes:
    """The bytes of a letter. `answered` is the mail that it replies to."""
    if written.raw:
        return DATA.joinpath(written.raw).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = formataddr((written.name, written.sender))
    mail["To"] = to
    mail["Subject"] = written.subject if answered is None else str(answered["Subject"])
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(written)
    for name, value in _threaded(answered).items() | written.headers.items():
        mail[name] = value
    if written.html:
        mail.set_content(written.html, subtype="html")
    else:
        mail.set_content(written.text + _quotation(answered))
    if written.attach:
        content = DATA.joinpath(written.attach["file"]).read_bytes()
        mail.add_attachment(content, maintype="image", subtype="jpeg", filename=written.attach["name"])
    return mail.as_bytes()


def message_id(written: Written) -> str:
    """With its angle brackets."""
    return f"<{sha256(repr(written).encode()).hexdigest()[:24]}@{written.sender.rpartition('@')[2]}>"


def _threaded(answered: EmailMessage | None) -> dict[str, str]:
    if answered is None:
        return {}
    earlier = str(answered["References"] or "").split()
    message_id = str(answered["Message-ID"])
    return {"In-Reply-To": message_id, "References": " ".join([*earlier, message_id])}


def _quotation(answered: EmailMessage | None) -> str:
    if answered is None:
        return ""
    return "\n" + "".join(f"> {line}\n" for line in text_of(answered).splitlines())


def post(mails: Iterable[tuple[str, bytes]], to: str, port: int) -> Iterator[int]:
    """Hand mails (sender and bytes) to the server, one after the other; says how many are gone."""
    with smtplib.SMTP(HOST, port, local_hostname="localhost", timeout=60) as line:
        for number, (sender, raw) in enumerate(mails, 1):
            line.sendmail(sender, [to], raw, mail_options=["BODY=8BITMIME"])
            yield number


def parsed(raw: bytes) -> EmailMessage:
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    found: EmailMessage = message
    return found


def text_of(message: EmailMessage) -> str:
    """Its plain text."""
    body = message.get_body(("plain",))
    return str(body.get_content()).replace("\r\n", "\n").strip() if body is not None else ""


def answers_to(address: str, received: Mapping[str, Sequence[bytes]]) -> list[EmailMessage]:
    """What an address was sent, oldest first."""
    return [parsed(raw) for raw in received.get(address, ())]
