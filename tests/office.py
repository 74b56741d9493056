"""A whole agency on real servers, for the stories: Dovecot, an SMTP sink, the sample lists, the program as a process."""

import email
import email.policy
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.dovecot import Dovecot, Person
from tests.program import Program, anew
from tests.smtp import Sink, Taken

LISTS = Path(__file__).parent / "data" / "agency"
OURS = "gestion@aubrelac.test"

CONFIG = """
[agency]
name = "Régie Aubrelac"
address = "gestion@aubrelac.test"
emergency_phone = "04 65 71 20 99"
supervisor = "direction@aubrelac.test"
admin = "admin@aubrelac.test"

[agency.legal]
card = "CPI 6901 2099 000 000 042"
issuer = "CCI Lyon Métropole"
activity = "Gestion immobilière"
guarantor = "Caution Mutuelle Fictive, 1 place des Exemples, 75000 Paris"
seat = "9 place de la Martinière-aux-Exemples, 69001 Lyon"

[[site]]
name = "Martinique"
timezone = "America/Martinique"
holidays = "FR-MQ"
hours = "mon-fri 08:00-12:30, 14:00-17:00"
emergency_phone = "0596 00 00 99"

[storage]
state = "state"
archive = "GED"

[[mailbox]]
name = "gestion"
address = "gestion@aubrelac.test"
host = "127.0.0.1"
port = {imap_port}
security = "none"
user = "{user}"
password_file = "imap-password"
{mailbox}
[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
{more}
"""


def letter(
    sender: str = "clemence.bonnefoy@example.org",
    subject: str = "Fuite",
    text: str = "Bonjour, il y a une fuite sous l'évier de la cuisine depuis hier. Merci d'envoyer un plombier.",
    *,
    name: str = "",
    attachments: tuple[tuple[str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """A letter as a mail program writes it. Header names are written with `_` for `-`."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = f"{name} <{sender}>" if name else sender
    mail["To"] = OURS
    mail["Subject"] = subject
    mail["Date"] = headers.pop("Date", "Sun, 22 Nov 2026 09:00:00 +0100")
    own = sha256(repr((sender, subject, text)).encode()).hexdigest()[:20]
    mail["Message-ID"] = headers.pop("Message_ID", f"<{own}@example.org>")
    for key, value in headers.items():
        mail[key.replace("_", "-")] = value
    mail.set_content(text)
    for filename, content in attachments:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=filename)
    return mail.as_bytes()


@dataclass
class Office:
    """One agency in a folder: its configuration, its mailbox, and what its relay was given."""

    folder: Path
    dovecot: Dovecot
    user: str
    sink: Sink
    running: list[Program] = field(default_factory=list)
    started: int = 0

    def __post_init__(self) -> None:
        (self.folder / "imap-password").write_text("secret\n")
        (self.folder / "imap-password").chmod(0o600)
        self.configure()

    def configure(self, mailbox: str = "", more: str = "") -> None:
        """Write the configuration; `mailbox` are more lines of its [[mailbox]], `more` further sections."""
        values = {"imap_port": self.dovecot.port, "smtp_port": self.sink.port, "user": self.user}
        self.config.write_text(CONFIG.format(**values, mailbox=mailbox, more=more))

    def second_mailbox(self) -> str:
        """The lines of one more [[mailbox]], of the user whose name ends in `-bis`."""
        (self.folder / "second").write_text("secret")
        return f"""
[[mailbox]]
name = "accueil"
address = "accueil@aubrelac.test"
host = "127.0.0.1"
port = {self.dovecot.port}
security = "none"
user = "{self.user}-bis"
password_file = "second"
"""

    @property
    def config(self) -> Path:
        return self.folder / "vaguemestre.toml"

    @property
    def tree(self) -> Path:
        return self.folder / "GED"

    # --- letters in

    def person(self) -> Person:
        return self.dovecot.person(self.user)

    def deliver(self, *letters: bytes, date: datetime | None = None) -> None:
        """Put letters in the inbox, received just now unless a date says otherwise."""
        with self.person() as person:
            person.put(*letters, date=date or datetime.now(UTC))

    # --- the program

    def start(self, *arguments: str) -> Program:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("VAGUEMESTRE")}
        self.started += 1
        streams = self.folder / f"program-{self.started}"
        program = Program(["--config", str(self.config), *arguments], kept, streams)
        self.running.append(program)
        return program

    def finish(self, program: Program, seconds: float = 240) -> tuple[str, str]:
        printed, said = program.finish(seconds)
        self.running.remove(program)
        return printed, said

    def command(self, *arguments: str, expect: int = 0) -> str:
        """Run a command to its end and return what it printed."""
        process = self.start(*arguments)
        printed, said = self.finish(process)
        assert process.returncode == expect, f"{arguments}: exit {process.returncode}\n{printed}\n{said}"
        return printed

    def once(self) -> None:
        self.command("run", "--once")

    def killed_after(self, seconds: float, *arguments: str) -> None:
        """Start a pass, or the command given, and kill it after that long.

        A letter in hand at three deaths is put aside, which is another promise: here no death is remembered.
        """
        program = self.start(*(arguments or ("run", "--once")))
        with suppress(TimeoutError):
            program.wait(seconds)
        program.kill()
        self.finish(program)
        for remembered in (self.folder / "state" / "incoming").glob("*.tries"):
            remembered.unlink()

    def json(self, *arguments: str) -> Any:
        return json.loads(self.command(*arguments, "--json"))

    def cases(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("cases")
        return found

    def close(self) -> None:
        for program in self.running:
            program.terminate()
        for program in self.running:
            try:
                program.wait(40)
            except TimeoutError:
                program.kill()
                program.wait(10)

    # --- what was said, what was filed

    def said_to(self, address: str) -> list[EmailMessage]:
        return [parsed(one) for one in self.sink.accepted if one.recipient == address]

    def filed(self, pattern: str = "*.eml") -> list[Path]:
        return sorted(path for path in self.tree.rglob(pattern) if "_ged" not in path.parts)

    def sidecars(self) -> list[dict[str, Any]]:
        return [
            json.loads(path.read_text()) for path in sorted(self.tree.rglob("*.json")) if path.parent.name == ".ged"
        ]

    def all_letters(self) -> set[bytes]:
        """Every letter of the mailbox, whatever its folder."""
        with self.person() as person:
            return {raw for folder in self.folders() for raw in person.letters(folder).values()}

    def folders(self) -> dict[str, int]:
        """How many letters stand in each folder of the mailbox that has some, by the name on the wire."""
        with self.person() as person:
            holding = person.folders() - {"R&AOk-clamations"}  # holds folders only
            counted = {folder: len(person.letters(folder)) for folder in holding}
        return {folder: count for folder, count in counted.items() if count}


def parsed(taken: Taken) -> EmailMessage:
    message = email.message_from_bytes(taken.raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    """Its plain text, with ordinary spaces where French typography has others."""
    body = message.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n").translate({0xA0: " ", 0x202F: " "})


def until(happens: Callable[[], object], seconds: float = 30) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, f"nothing after {seconds} s"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder in which the sample lists are imported, to copy."""
    folder = tmp_path_factory.mktemp("lists")
    (folder / "vaguemestre.toml").write_text(
        CONFIG.format(imap_port=1, smtp_port=1, user="nobody", mailbox="", more="")
    )
    for kind in ("leases", "owners", "managers"):
        anew("--config", folder / "vaguemestre.toml", "import", kind, LISTS / f"{kind}.csv")
    return folder / "state"


@pytest.fixture
def office(tmp_path: Path, lists: Path, dovecot: Dovecot, user: str, sink: Sink) -> Iterator[Office]:
    """The sample agency, with its lists imported and an empty mailbox."""
    shutil.copytree(lists, tmp_path / "state")
    opened = Office(tmp_path, dovecot, user, sink)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared_office(tmp_path_factory: pytest.TempPathFactory, lists: Path, dovecot: Dovecot) -> Iterator[Office]:
    """The same, one for a whole file: for claims that only look at what one pass has done."""
    folder, sink = tmp_path_factory.mktemp("office"), Sink()
    shutil.copytree(lists, folder / "state")
    opened = Office(folder, dovecot, f"shared-{time.monotonic_ns()}", sink)
    yield opened
    opened.close()
    sink.close()
