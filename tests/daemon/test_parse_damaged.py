"""Letters that break parsers: none raises, none takes long, none is lost."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.reading.mime import MOST_PARTS
from daemon.reading.parse import parse
from rules.letter import Letter

MAILS = sorted((Path(__file__).parents[1] / "data" / "mails").glob("*.eml"))
NOW = datetime(2026, 11, 24, 9, 12, 15, tzinfo=UTC)


def read(raw: bytes) -> Letter:
    """The letter, read by what is meant to read it: the last resort in `parse` is for what nobody has thought of."""
    letter = parse(raw, received_at=NOW)
    assert not [defect for defect in letter.defects if defect.startswith("parser:")]
    return letter


@contextmanager
def within(seconds: float) -> Iterator[None]:
    before = time.process_time()
    yield
    assert time.process_time() - before < seconds


HEAD = b"From: lea@exemple.test\r\nSubject: Fuite\r\n"


@pytest.mark.parametrize(
    ("raw", "sender", "text"),
    [
        (b"", "", ""),
        (b"\r\n", "", ""),
        (b"\0\0\0", "", ""),
        (b"Bonjour", "", "Bonjour"),
        (b"Bonjour,\n\nIl y a une fuite.\n", "", "Bonjour,\n\nIl y a une fuite."),
        (HEAD, "lea@exemple.test", ""),
        (HEAD.rstrip(), "lea@exemple.test", ""),
        (HEAD + b"Il y a une fuite.\r\n", "lea@exemple.test", "Il y a une fuite."),
        (HEAD + b" \r\nIl y a une fuite.\r\n", "lea@exemple.test", "Il y a une fuite."),
        (b"From lea@exemple.test Tue Nov 24\n" + HEAD + b"\nFuite", "lea@exemple.test", "Fuite"),
        (b"Subject: x\r\ngarbage\r\nFrom: lea@exemple.test\r\n\r\nFuite", "lea@exemple.test", "Fuite"),
        (b" From: lea@exemple.test\r\n\r\nFuite", "lea@exemple.test", "Fuite"),
        (HEAD.replace(b"\r\n", b"\r") + b"\rFuite\rici", "lea@exemple.test", "Fuite\nici"),
        (HEAD + b"\r\n\xff\xfe\x00\x01caf\xe9", "lea@exemple.test", "ÿþcafé"),
    ],
    ids=[
        "nothing", "an empty line", "NULs", "one line", "no head", "no body", "half a head", "no empty line", "a space",
        "mbox", "a broken line", "a first line that is folded", "bare CR", "binary",
    ],
)  # fmt: skip
def test_what_can_be_read_is_read(raw: bytes, sender: str, text: str) -> None:
    letter = read(raw)

    assert (letter.sender.address, letter.text, letter.size) == (sender, text, len(raw))


def test_a_mistake_of_ours_still_leaves_a_letter() -> None:
    letter = parse(HEAD + b"Date: Tue, 24 Nov 2026 10:12:13 +0100\r\n\r\nFuite", received_at=None)  # type: ignore[arg-type]

    assert letter.defects[0].startswith("parser: AttributeError")
    assert (len(letter.digest), len(letter.content_digest)) == (64, 64)


# --- structure


def nested(depth: int, innermost: bytes) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(depth)
    )
    return HEAD + opened + innermost


def test_three_thousand_nested_parts_keep_their_text() -> None:
    with within(5):
        letter = read(nested(3000, b"Content-Type: text/plain\r\n\r\nAu secours, une fuite"))

    assert letter.text == "Au secours, une fuite"


def test_a_nesting_without_end_is_given_up_in_time() -> None:
    with within(20):
        letter = read(nested(60_000, b"\r\nAu secours"))

    assert any("too many" in defect for defect in letter.defects)
    assert letter.sender.address == "lea@exemple.test"


def test_a_hundred_thousand_parts_are_counted_and_the_first_kept() -> None:
    body = b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n" * 100_000
    with within(10):
        letter = read(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body + b"--b--\r\n")

    assert len(letter.attachments) == MOST_PARTS
    assert any("too many" in defect for defect in letter.defects)


MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=%b\r\n\r\n"


@pytest.mark.parametrize(
    ("raw", "text", "attached"),
    [
        (MIXED % b"b" + b"--b\r\n\r\nFuite\r\n--b\r\nContent-Type: image/png\r\n\r\nx", "Fuite", 1),
        (MIXED % b"b" + b"--b  \r\n\r\nFuite\r\n--bc\r\nencore\r\n--b--", "Fuite\n--bc\nencore", 0),
        (MIXED % b"b" + b"--b\n\nFuite\n--b--\ntrailer", "Fuite", 0),
        (MIXED % b"absent" + b"Il y a une fuite", "Il y a une fuite", 0),
        (MIXED % b"absent" + b"--b\r\nContent-Type: text/plain\r\n\r\nFuite\r\n--b--\r\n", "Fuite", 0),
        (HEAD + b"Content-Type: multipart/mixed\r\n\r\nIl y a une fuite", "Il y a une fuite", 0),
        (MIXED % b"b" + b"--b--\r\n", "--b--", 0),
        (MIXED % b"b" + b"--b\r\n\r\nFuite\r\n--b--\r\n--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--", "Fuite", 1),
        (MIXED % b'"a b"' + b"--a b\r\n\r\nFuite\r\n--a b--", "Fuite", 0),
        (MIXED % b"b" + b"--b\r\nFuite sans ligne vide\r\n--b--", "Fuite sans ligne vide", 0),
    ],
    ids=[
        "never closed", "a boundary that begins like it", "LF", "boundary absent", "another boundary", "no boundary",
        "no part", "parts after the end", "a boundary with a space", "a part without head",
    ],
)  # fmt: skip
def test_a_broken_multipart_gives_what_a_person_would_see(raw: bytes, text: str, attached: int) -> None:
    letter = read(raw)

    assert (letter.text, len(letter.attachments)) == (text, attached)


def test_a_content_type_without_its_semicolon_is_understood() -> None:
    letter = read(HEAD + b"Content-Type: text/plain charset=iso-8859-15\r\n\r\n50 \xa4")

    assert letter.text == "50 €"


# --- heads


def test_nested_comments_do_not_exhaust_the_stack() -> None:
    with within(5):
        letter = read(b"From: lea@exemple.test " + b"(" * 30_000 + b")" * 30_000 + b"\r\n\r\nFuite")

    assert letter.sender.address == "lea@exemple.test"


def test_a_megabyte_of_headers_is_read_in_time() -> None:
    many = b"".join(b"X-Header-%d: valeur\r\n" % number for number in range(40_000))
    with within(5):
        letter = read(many + HEAD + b"\r\nFuite")

    assert (letter.sender.address, letter.text) == ("lea@exemple.test", "Fuite")
    assert len(letter.headers) == 40_002


def test_a_megabyte_of_addresses_is_read_in_time() -> None:
    to = b", ".join(b"destinataire%d@exemple.test" % number for number in range(40_000))
    with within(5):
        letter = read(HEAD + b"To: " + to + b"\r\n\r\nFuite")

    assert letter.to[0].address == "destinataire0@exemple.test"


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Type: text/plain; " + b'x="' + b";" * 1_000_000,
        b"Content-Type: application/pdf; name*" + b"1" * 6000 + b"=x; name*0=y; name*=z",
        b"Content-Type: multipart/mixed; boundary=" + b"b" * 1_000_000,
        b"Subject: " + b"=?utf-8?Q?" * 100_000,
        b"Subject: " + b"=?a?b?c?=" * 100_000,
        b"Subject: " + b" \t" * 500_000,
        b"References: " + b"<" * 500_000 + b">" * 500_000,
        b"Date: " + b"(" * 500_000,
        b"Message-ID: " + b"<a@b>" * 200_000,
        b"To: " + b'"' * 1_000_000,
        b"To: " + b"<" * 1_000_000,
        b"To: " + b"@," * 500_000,
        b"broken line\r\n" * 80_000,
        b"x:\r\n" + b" y\r\n" * 250_000,
    ],
    ids=lambda line: repr(line[:24]),
)
def test_a_hostile_header_takes_no_more_time_than_its_size(line: bytes) -> None:
    with within(5):
        letter = read(HEAD + line + b"\r\n\r\nFuite")

    assert letter.sender.address == "lea@exemple.test"


# --- charsets


@pytest.mark.parametrize(
    "charset",
    ["punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "base64", "rot13", "utf-7", "utf-16",
     "../../etc", "a\0b", "x" * 3000, "aliases", "mbcs"],
)  # fmt: skip
def test_a_charset_that_is_a_trap_gives_text(charset: str) -> None:
    body = "Départ \\x41 le 3".encode() + b" -a" * 50_000
    with within(5):
        letter = read(HEAD + f'Content-Type: text/plain; charset="{charset}"\r\n\r\n'.encode() + body)

    assert letter.text
    letter.text.encode()  # no lone surrogate: the database and JSON refuse them


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("iso-8859-1", "50 € d’été".encode("cp1252"), "50 € d’été"),
        ("iso-8859-1", "déjà réglé".encode(), "déjà réglé"),
        ("windows-1252", "déjà réglé".encode(), "déjà réglé"),
        ("utf-8", "déjà réglé".encode("cp1252"), "déjà réglé"),
        ("utf-8", "déjà réglé à l’été".encode()[:-1], "déjà réglé à l’ét\ufffd"),
        ("us-ascii", "déjà".encode(), "déjà"),
        ("utf8mb4", "déjà".encode(), "déjà"),
        ("gb2312", "你好镕".encode("gb18030"), "你好镕"),
        ("iso-8859-15", "50 €".encode("iso-8859-15"), "50 €"),
        ("macintosh", "déjà".encode("mac_roman"), "déjà"),
    ],
)
def test_a_charset_that_lies_is_seen_through(charset: str, body: bytes, text: str) -> None:
    letter = read(HEAD + f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + body)

    assert letter.text == text


# --- chance


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_no_change_of_a_letter_makes_it_unreadable(path: Path) -> None:
    dice = random.Random(path.stem)  # noqa: S311  the same letters at each run
    raw = path.read_bytes()

    for _ in range(150):
        changed = bytearray(raw)
        for _ in range(dice.randrange(1, 8)):
            at = dice.randrange(len(changed))
            match dice.randrange(4):
                case 0:
                    changed[at] = dice.randrange(256)
                case 1:
                    del changed[at : at + dice.randrange(40)]
                case 2:
                    changed[at:at] = changed[max(0, at - 60) : at]
                case 3:
                    changed[at:at] = dice.choice([b"\r\n", b"\n\n", b"\0", b"=?", b"(", b'"', b"--", b";", b"<", b":"])
            if not changed:
                break

        letter = read(bytes(changed))

        assert letter.size == len(changed)
