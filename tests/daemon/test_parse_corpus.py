"""Every letter of the shared corpus, beside what the standard library makes of it. Skipped where there is no corpus."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from pathlib import Path

import pytest

from daemon.reading.parse import content_digest, parse

SHARED = Path(__file__).parents[3] / "shared"
CORPUS = sorted(path for path in SHARED.glob("corpus/*/*") if path.is_file())
COLLECTIONS = sorted(SHARED.glob("mails/*.jsonl"))
NOW = datetime(2026, 11, 24, 9, 12, 15, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not CORPUS, reason="there is no shared corpus beside this repository")

# Where the library gives up the head too early, or ours reads what it can't: what is sensible there.
BETTER = {
    "bad-header-start.raw": "James Hillyerd's letter begins with a space",
    "issue84.eml": "a broken line in the head, and a Subject after it",
    "bsmtp.eml": "SMTP commands before the head",
    "feedback-report.txt": "a line of dashes before the head",
    "obsolete.msg": "spaces before the colon, empty lines in a fold",
    "lhost-kddi-01.eml": "a Subject in bare ISO-2022-JP",
    "cjk_big5-base64.1.eml": "a Subject in bare Big5",
}


def plain(text: str) -> str:
    """Letters and digits only: white space and characters that can't be decoded are read in several right ways."""
    return "".join(character for character in text if character.isalnum())


def leaves(message: Message) -> Iterator[str]:
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from leaves(part)
    elif message.get_content_maintype() != "multipart":
        yield message.get_content_type()


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_letter_of_the_corpus_is_read(path: Path) -> None:
    raw = path.read_bytes()

    letter = parse(raw, received_at=NOW)

    assert not [defect for defect in letter.defects if defect.startswith("parser:")]
    assert letter.content_digest == content_digest(raw)
    json.dumps(letter.text + letter.subject).encode()


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_sender_and_subject_are_those_that_the_library_finds(path: Path) -> None:
    raw = path.read_bytes()
    try:
        message = message_from_bytes(raw, policy=policy.default)
        senders = [address.addr_spec for address in message["from"].addresses] if message["from"] else []
        subject = str(message["subject"] or "")
    except (ValueError, LookupError, IndexError, AttributeError, TypeError, MessageError):
        pytest.skip("the library raises on it")

    letter = parse(raw, received_at=NOW)

    if path.name in BETTER:
        assert letter.subject
        return
    if senders and "@" in senders[0] and senders[0].isascii():
        assert letter.sender.address == senders[0]
    assert plain(letter.subject) == plain(subject) or "\ufffd" in subject


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_part_that_the_library_finds_is_missed(path: Path) -> None:
    raw = path.read_bytes()
    found = list(leaves(message_from_bytes(raw)))

    letter = parse(raw, received_at=NOW)

    attached = [kind for kind in found if not kind.startswith("text/") and not kind.startswith("multipart/")]
    media_types = [attachment.media_type for attachment in letter.attachments]
    assert all(media_types.count(kind) >= attached.count(kind) for kind in attached)


def as_mail(mail: dict[str, object], form: int) -> bytes:
    """A letter of the collections as one of several programs would send it."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f'"{mail["from_name"]}" <correspondant@exemple.test>'.replace("\n", " ")
    message["To"] = "gestion@agence.test"
    message["Subject"] = str(mail["subject"]).replace("\n", " ")
    message["Message-ID"] = f"<{mail['id']}@exemple.test>"
    message["Date"] = "Tue, 24 Nov 2026 10:12:13 +0100"
    encodings = ("quoted-printable", "base64", "8bit")
    message.set_content(str(mail["body"]), cte=encodings[form % 3])
    return message.as_bytes()


@pytest.mark.parametrize("path", COLLECTIONS, ids=lambda path: path.stem)
def test_letters_of_tenants_are_read_as_they_were_written(path: Path) -> None:
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        mail = json.loads(line)

        letter = parse(as_mail(mail, number), received_at=NOW)

        assert plain(letter.subject) == plain(mail["subject"]) or "=?" in mail["subject"], mail["id"]
        assert plain(letter.text) == plain(mail["body"]), mail["id"]
        assert letter.sender.address == "correspondant@exemple.test"
        assert letter.defects == (), mail["id"]
