"""The only door out, on real sockets: what is handed over, and what each way of failing is called."""

import contextlib
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.config import OAuth, Smtp
from daemon.errors import Permanent, Temporary
from daemon.sending.carrier import Carrier
from daemon.sending.send import Cut, Relay, Uncertain, Unreachable, Unwelcome
from tests.smtp import Certificate, Sink, aiosmtpd_server

# aiosmtpd says so of a server that lets passwords pass outside STARTTLS: loopback, or TLS from the first byte.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

MAIL = b"From: a@agence.test\r\nTo: t@example.org\r\nSubject: x\r\n\r\nun\r\n.deux\r\n..trois\r\n.\r\nfin\r\n"
TO = "t@example.org"


def smtp(port: int, **changes: Any) -> Smtp:
    keys: dict[str, Any] = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": timedelta(seconds=5)}
    return Smtp.model_validate(keys | changes)


@contextlib.contextmanager
def relay(port: int, tls: ssl.SSLContext | None = None, **changes: Any) -> Iterator[Relay]:
    made = Relay(smtp(port, **changes), tls=tls)
    yield made
    made.close()


@contextlib.contextmanager
def server(**options: Any) -> Iterator[Sink]:
    made = Sink(**options)
    yield made
    made.close()


# --- handing over


def test_a_message_arrives_byte_for_byte(sink: Sink) -> None:
    with relay(sink.port) as line:
        said = line.deliver(MAIL, "", TO)

    assert [(one.sender, one.recipient, one.raw) for one in sink.accepted] == [("", TO, MAIL)]
    assert said == "250 2.0.0 queued"


def test_so_it_does_at_a_server_written_by_others() -> None:
    with aiosmtpd_server() as box, relay(box.port) as line:
        line.deliver(MAIL, "gestion+b-1@agence.test", TO)

    assert [(one.mail_from, one.rcpt_tos, one.content) for one in box.envelopes] == [
        ("gestion+b-1@agence.test", [TO], MAIL)
    ]


@pytest.mark.parametrize(
    "extensions", [("PIPELINING", "8BITMIME"), ("8BITMIME",), ()], ids=["pipelined", "one by one", "bare"]
)
def test_one_connection_serves_many_messages(extensions: tuple[str, ...]) -> None:
    with server(extensions=extensions) as sink, relay(sink.port) as line:
        for number in range(20):
            line.deliver(MAIL, "", f"t{number}@example.org")

        assert [one.recipient for one in sink.accepted] == [f"t{number}@example.org" for number in range(20)]
        assert sink.connections == 1


def test_a_message_without_a_last_line_end_gets_one(sink: Sink) -> None:
    with relay(sink.port) as line:
        line.deliver(b".a\r\n.b", "", TO)

    assert sink.accepted[0].raw == b".a\r\n.b\r\n"


def test_a_large_message_goes_in_pieces_and_arrives_whole(sink: Sink) -> None:
    large = b"Subject: x\r\n\r\n" + b".line of a large message\r\n" * 200_000

    with relay(sink.port) as line:
        line.deliver(large, "", TO)

    assert sink.accepted[0].raw == large


def test_the_server_says_what_it_carries() -> None:
    with server() as full, relay(full.port) as line:
        assert line.connect() == Carrier(eight_bit=True, utf8_addresses=True, size=52_428_800)
    with server(extensions=("SIZE",)) as bare, relay(bare.port) as line:
        assert line.connect() == Carrier()


@pytest.mark.parametrize(
    ("raw", "recipient", "options"),
    [
        (MAIL, TO, f"SIZE={len(MAIL)}"),
        (MAIL + "é".encode(), TO, f"SIZE={len(MAIL) + 2} BODY=8BITMIME"),
        (MAIL, "hélène@example.org", f"SIZE={len(MAIL)} SMTPUTF8"),
    ],
)
def test_what_a_message_needs_is_said_with_its_sender(sink: Sink, raw: bytes, recipient: str, options: str) -> None:
    with relay(sink.port) as line:
        line.deliver(raw, "", recipient)

    assert [(one.recipient, one.options) for one in sink.accepted] == [(recipient, options)]


# --- a connection that ends


def test_an_idle_connection_that_the_server_closed_is_opened_again(sink: Sink) -> None:
    with relay(sink.port) as line:
        line.deliver(MAIL, "", TO)
        sink.hang_up()
        line.deliver(MAIL, "", TO)

    assert len(sink.accepted) == 2
    assert sink.connections == 2


def test_so_it_is_when_a_pass_begins(sink: Sink) -> None:
    with relay(sink.port) as line:
        line.connect()
        sink.hang_up()
        line.connect()

    assert sink.connections == 2


def test_a_server_that_takes_a_few_messages_a_connection_gets_them_all() -> None:
    with server(most_per_connection=3) as sink, relay(sink.port) as line:
        for number in range(10):
            line.deliver(MAIL, "", f"t{number}@example.org")

        assert len(sink.accepted) == 10
        assert sink.connections == 4


def test_a_cut_within_a_message_is_no_delivery(sink: Sink) -> None:
    sink.acts = {TO: ["cut"]}

    with relay(sink.port) as line:
        with pytest.raises(Cut):
            line.deliver(MAIL * 100_000, "", TO)
        line.deliver(MAIL, "", TO)

    assert [one.raw for one in sink.accepted] == [MAIL]


def test_a_cut_after_the_last_byte_is_uncertain(sink: Sink) -> None:
    sink.acts = {TO: ["cut after"]}

    with relay(sink.port) as line, pytest.raises(Uncertain):
        line.deliver(MAIL, "", TO)

    assert [one.raw for one in sink.taken] == [MAIL]


def test_silence_after_the_last_byte_is_uncertain_within_the_timeout(sink: Sink) -> None:
    sink.acts = {TO: ["hang"]}

    with relay(sink.port, timeout=timedelta(seconds=0.2)) as line, pytest.raises(Uncertain, match="timed out"):
        line.deliver(MAIL, "", TO)


# --- refusals


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()], ids=["pipelined", "one by one"])
@pytest.mark.parametrize(
    ("act", "kind", "words"),
    [
        ("550 5.1.1 no such user", Permanent, "550 5.1.1 no such user"),
        ("450 4.2.1 greylisted", Temporary, "450 4.2.1 greylisted"),
        ("530 5.7.0 log in first", Temporary, "530 5.7.0 log in first"),
        ("data 554 5.7.1 looks like spam", Permanent, "554 5.7.1 looks like spam"),
        ("data 452 4.3.1 disk full", Temporary, "452 4.3.1 disk full"),
    ],
)
def test_a_refusal_keeps_the_servers_words_and_spoils_no_other_message(
    extensions: tuple[str, ...], act: str, kind: type[Exception], words: str
) -> None:
    with server(extensions=extensions, acts={TO: [act]}) as sink, relay(sink.port) as line:
        with pytest.raises(kind) as refused:
            line.deliver(MAIL, "", TO)
        line.deliver(MAIL, "", "other@example.org")

        assert str(refused.value) == words
        assert type(refused.value) is kind
        assert [one.recipient for one in sink.accepted] == ["other@example.org"]
        assert sink.connections == 1


@pytest.mark.parametrize(
    ("sender", "cure"), [("", "null_sender = false"), ("gestion+b-1@agence.test", "bounce_address = false")]
)
def test_a_refused_sender_is_our_fault_and_comes_with_its_cure(sink: Sink, sender: str, cure: str) -> None:
    sink.mail_replies = ["553 5.7.1 sender rejected"]

    with relay(sink.port) as line:
        with pytest.raises(Temporary, match=r"553 5\.7\.1 sender rejected") as refused:
            line.deliver(MAIL, sender, TO)
        line.deliver(MAIL, sender, TO)

    assert cure in str(refused.value)
    assert len(sink.accepted) == 1


def test_a_sender_refused_at_the_recipient_is_our_fault_too(sink: Sink) -> None:
    sink.refuses_null = "RCPT 553 5.7.1 <>: Sender address rejected: not yours"

    with relay(sink.port) as line, pytest.raises(Unwelcome, match="null_sender = false"):
        line.deliver(MAIL, "", TO)


def test_a_message_that_is_too_large_isnt_tried() -> None:
    with server(extensions=("SIZE 50",)) as sink, relay(sink.port) as line:
        with pytest.raises(Permanent, match=f"{len(MAIL)} bytes, and the server takes 50 at most"):
            line.deliver(MAIL, "", TO)

        assert not any(command.upper().startswith("MAIL") for command in sink.commands)


@pytest.mark.parametrize("recipient", ["a@b> SIZE=1", "a@b\r\nRCPT TO:<c@d", "a b@c"])
def test_no_address_can_break_out_of_its_command(sink: Sink, recipient: str) -> None:
    with relay(sink.port) as line, pytest.raises(Permanent, match="would break out of its command"):
        line.deliver(MAIL, "", recipient)

    assert not any("c@d" in command for command in sink.commands)


# --- the server itself


def test_a_server_that_isnt_there_is_unreachable(sink: Sink) -> None:
    sink.close()

    with relay(sink.port) as line, pytest.raises(Unreachable, match=rf"127\.0\.0\.1:{sink.port}: .*refused"):
        line.connect()


@pytest.mark.parametrize("greeting", ["554 5.3.2 no mail today", "421 too busy", "SSH-2.0-OpenSSH_9.2"])
def test_a_server_that_turns_us_away_is_unreachable(greeting: str) -> None:
    with server(greeting=greeting) as sink, relay(sink.port) as line, pytest.raises(Unreachable):
        line.connect()


def test_a_server_without_starttls_gets_nothing_in_clear(sink: Sink) -> None:
    with relay(sink.port, security="starttls", user="u") as line, pytest.raises(Unreachable, match="STARTTLS"):
        line.connect()

    assert [command.split(" ")[0].upper() for command in sink.commands] == ["EHLO"]


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Certificate) -> None:
    with (
        aiosmtpd_server(tls_context=certificate.server(), require_starttls=True) as box,
        relay(box.port, security="starttls") as line,
        pytest.raises(Unreachable, match=r"self.signed certificate"),
    ):
        line.connect()


def test_so_is_a_certificate_for_another_host(certificate: Certificate) -> None:
    with (
        aiosmtpd_server(implicit_tls=certificate.server()) as box,
        relay(box.port, certificate.trusting(), security="tls", host="127.0.0.2") as line,
        pytest.raises(Unreachable),
    ):
        line.connect()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_over_a_verified_connection_and_logs_in(
    security: str, certificate: Certificate, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("pässwort\n")
    tls = {"tls_context": certificate.server()} if security == "starttls" else {"implicit_tls": certificate.server()}
    options = tls | ({"auth_require_tls": False} if security == "tls" else {})

    with (
        aiosmtpd_server(users={"gestion": "pässwort"}, **options) as box,
        relay(
            box.port, certificate.trusting(), security=security, user="gestion", password_file=tmp_path / "password"
        ) as line,
    ):
        line.deliver(MAIL, "", TO)

    assert [one.content for one in box.envelopes] == [MAIL]


@pytest.mark.parametrize("excluded", [["LOGIN"], ["PLAIN"]])
def test_it_logs_in_by_whatever_the_server_offers(excluded: list[str], tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret")

    with (
        aiosmtpd_server(users={"u": "secret"}, auth_require_tls=False, auth_exclude_mechanism=excluded) as box,
        relay(box.port, user="u", password_file=tmp_path / "password") as line,
    ):
        line.deliver(MAIL, "", TO)

        assert len(box.envelopes) == 1


def test_a_wrong_password_blames_no_message_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("wrong-secret")

    with (
        aiosmtpd_server(users={"u": "right"}, auth_require_tls=False) as box,
        relay(box.port, user="u", password_file=tmp_path / "password") as line,
        pytest.raises(Unreachable, match=r"refuses to log in 'u' by PLAIN: 535") as refused,
    ):
        line.deliver(MAIL, "", TO)

    assert "wrong-secret" not in str(refused.value)


@pytest.mark.parametrize(("token", "sent"), [("good", 1), ("stale", 0)])
def test_it_logs_in_with_a_token_where_passwords_are_no_longer_taken(token: str, sent: int) -> None:
    oauth = OAuth(token_url="https://login.example/token", client_id="id")
    with aiosmtpd_server(users={}, auth_require_tls=False) as box:
        line = Relay(smtp(box.port, user="gestion@agence.test", oauth=oauth), token=lambda: token)
        with contextlib.nullcontext() if sent else pytest.raises(Unreachable, match="by XOAUTH2"):
            line.deliver(MAIL, "", TO)
        line.close()

    assert len(box.envelopes) == sent
    assert box.logins[0][1].startswith(b"user=gestion@agence.test\1auth=Bearer ")
