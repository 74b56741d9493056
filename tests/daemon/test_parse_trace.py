"""The same letter, delivered in many ways, is one letter."""

from datetime import UTC, datetime

import pytest

from daemon.reading.parse import content_digest, parse
from daemon.reading.trace import TRACE

LETTER = b"From: lea@exemple.test\r\nSubject: Fuite\r\nMessage-ID: <1@exemple.test>\r\n\r\nIl y a une fuite.\r\n"


def delivered(*lines: bytes) -> bytes:
    return b"".join(line + b"\r\n" for line in lines) + LETTER


def test_two_deliveries_to_two_mailboxes_are_one_letter() -> None:
    first = delivered(
        b"Return-Path: <lea@exemple.test>",
        b"Delivered-To: gestion@agence.test",
        b"Received: from mx1 by mail (Postfix)\r\n\tfor <gestion@agence.test>; Tue, 24 Nov 2026 10:12:15 +0100",
    )
    second = delivered(
        b"Delivered-To: compta@agence.test",
        b"X-Spam-Score: 2.1",
        b"Received: from mx2 by mail (Postfix)\r\n\tfor <compta@agence.test>; Tue, 24 Nov 2026 10:12:16 +0100",
        b"Authentication-Results: mx.agence.test;\r\n\tdkim=pass header.d=exemple.test",
        b"ARC-Seal: i=1; a=rsa-sha256",
    )

    assert content_digest(first) == content_digest(second) == content_digest(LETTER)


@pytest.mark.parametrize("name", [name for name, _ in TRACE])
def test_each_trace_header_is_passed_over(name: str) -> None:
    header = name.replace("*", "Something").title().encode() + b": a value\r\n\tof two lines"

    assert content_digest(delivered(header)) == content_digest(LETTER)


@pytest.mark.parametrize("header", [b"To: gestion@agence.test", b"Reply-To: a@b.test", b"Received-By: x", b"X-Sp: am"])
def test_other_headers_tell_letters_apart(header: bytes) -> None:
    assert content_digest(delivered(header)) != content_digest(LETTER)


def test_another_text_under_the_same_message_id_is_another_letter() -> None:
    assert content_digest(LETTER.replace(b"une fuite", b"deux fuites")) != content_digest(LETTER)


def test_a_header_cannot_pass_for_the_text() -> None:
    assert content_digest(b"A: x\r\n\r\nB: y\r\n") != content_digest(b"A: x\r\nB: y\r\n\r\n")


def test_line_ends_and_empty_lines_at_the_end_are_the_mail_stores_own() -> None:
    assert (
        content_digest(LETTER.replace(b"\r\n", b"\n")) == content_digest(LETTER + b"\r\n\r\n") == content_digest(LETTER)
    )


def test_the_letter_carries_the_same_value() -> None:
    raw = delivered(b"Received: by mx")

    assert parse(raw, received_at=datetime(2026, 11, 24, tzinfo=UTC)).content_digest == content_digest(LETTER)
