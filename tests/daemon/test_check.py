"""`check` finds every problem at once, and leaves nothing behind. The mail servers are real."""

import os
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from daemon import report
from daemon.checks import disk as check_disk
from daemon.checks import run as check
from daemon.checks.run import Finding, run_checks
from daemon.config import Config
from tests import dovecot as mailboxes
from tests.dovecot import Dovecot, free_port

dovecot, user = mailboxes.dovecot, mailboxes.user
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEGAL = dict.fromkeys(("card", "issuer", "activity", "guarantor", "seat"), "x")


class Postmaster:
    """A relay's rules: which senders it refuses. It counts what it is given."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.refused_late: set[str] = set()  # at RCPT, as Postfix does
        self.given: list[str] = []
        self.asked: list[str] = []

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802
        self.asked.append(address)
        if address in self.refused:
            return "550 5.7.1 not from you"
        envelope.mail_from = address
        return "250 2.1.0 ok"

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802
        if envelope.mail_from in self.refused_late:
            return f"553 5.7.1 {envelope.mail_from}: Sender address rejected"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        self.given.append(str(envelope.mail_from))
        return "250 2.0.0 ok"


@pytest.fixture
def postmaster() -> Postmaster:
    return Postmaster()


@pytest.fixture
def relay(postmaster: Postmaster) -> Iterator[int]:
    """A relay on a port of this machine that wants the password `secret`."""

    def log_in(_: object, __: object, ___: object, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"secret", handled=False)

    controller = Controller(
        postmaster,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=log_in,
        auth_require_tls=False,
    )
    controller.start()
    yield controller.port
    controller.stop()


@pytest.fixture
def said(tmp_path: Path, dovecot: Dovecot, user: str, relay: int) -> dict[str, Any]:
    """A configuration in which everything is well, as a table to change."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    password.chmod(0o600)
    login = {"host": "127.0.0.1", "security": "none", "user": user, "password_file": password}
    people = dict.fromkeys(("address", "supervisor", "admin"), "gestion@agence.test")
    return {
        "agency": {"name": "Agence", "emergency_phone": "04", "legal": LEGAL, **people},
        "storage": {
            "state": tmp_path / "state",
            "archive": tmp_path / "GED",
            "database": f"sqlite:///{tmp_path}/state/vm.db",
        },
        "mailbox": [{"name": "gestion", "address": "gestion@agence.test", "port": dovecot.port, **login}],
        "smtp": {"port": relay, **login},
    }


def found(said: dict[str, Any], **more: Any) -> list[Finding]:
    return run_checks(Config.model_validate(said), **({"now": NOON} | more))


def faults(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: finding.message for finding in findings if not finding.ok}


def test_nothing_is_found_where_all_is_well_and_nothing_is_left_or_sent(
    said: dict[str, Any], postmaster: Postmaster, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))

    findings = found(said)

    assert faults(findings) == {}
    assert [f.message for f in findings if f.message.startswith("warning") and "GiB" not in f.message] == []
    names = ["configuration", "imap[gestion]", "smtp", "database", "tree", "state", "fonts", "clock"]
    assert list(dict.fromkeys(finding.name for finding in findings)) == names
    assert sorted(tmp_path.rglob("*")) == before
    assert postmaster.given == []
    assert postmaster.asked == ["gestion@agence.test", "<>", "gestion+check@agence.test"]


def test_a_mailbox_tells_what_its_server_can_do(said: dict[str, Any]) -> None:
    told = " ".join(finding.message for finding in found(said) if finding.name == "imap[gestion]")

    assert "MOVE, UIDPLUS, IDLE" in told
    assert "Réclamations/Travaux" in told


def test_one_broken_server_hides_no_other_problem(said: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "GED").write_text("a file where a folder is needed")
    said["mailbox"][0]["port"] = said["smtp"]["port"] = free_port()
    said["storage"]["database"] = f"postgresql://vm@127.0.0.1:{free_port()}/vm"

    told = faults(found(said, now=datetime(1970, 1, 1, tzinfo=UTC)))

    assert set(told) == {"imap[gestion]", "smtp", "database", "tree", "clock"}
    assert "refused" in told["imap[gestion]"]
    assert str(said["smtp"]["port"]) in told["smtp"]
    assert "is a file, and a folder is needed" in told["tree"]
    assert "1970-01-01" in told["clock"]


def test_a_wrong_password_is_told_in_the_words_of_each_server(said: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")

    told = faults(found(said))

    assert "AUTHENTICATIONFAILED" in told["imap[gestion]"]
    assert "535" in told["smtp"]
    assert "hunter2" not in told["imap[gestion]"] + told["smtp"]


def test_a_missing_secret_is_told_with_its_file(said: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "password").unlink()

    told = faults(found(said))

    assert f"there is no file '{tmp_path}/password'" in told["configuration"]
    assert {"imap[gestion]", "smtp"} <= told.keys()


def test_a_server_that_stays_silent_holds_nobody_up(said: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said["mailbox"][0]["port"] = silent.getsockname()[1]

        told = faults(found(said, patience=timedelta(seconds=2)))

    assert told == {"imap[gestion]": "no answer within 2 s; see the network, the firewall and the disk"}


def test_a_relay_that_refuses_the_null_sender_is_told_with_the_key(
    said: dict[str, Any], postmaster: Postmaster
) -> None:
    postmaster.refused = {"<>", "gestion+check@agence.test"}

    refusals = [finding.message for finding in found(said) if not finding.ok]

    assert ["[smtp] null_sender = false" in message for message in refusals] == [True, False]
    assert ["[smtp] bounce_address = false" in message for message in refusals] == [False, True]
    assert "MAIL FROM:<> is refused (550 5.7.1 not from you)" in refusals[0]


def test_a_refusal_that_waits_for_the_recipient_is_told_too(said: dict[str, Any], postmaster: Postmaster) -> None:
    postmaster.refused_late = {"<>"}

    (refusal,) = faults(found(said)).values()

    assert "MAIL FROM:<> is refused (553 5.7.1 <>: Sender address rejected)" in refusal
    assert postmaster.given == []


def test_a_relay_is_not_asked_about_senders_that_we_do_not_use(said: dict[str, Any], postmaster: Postmaster) -> None:
    postmaster.refused = {"<>", "gestion+check@agence.test"}
    said["smtp"] |= {"null_sender": False, "bounce_address": False}

    assert faults(found(said)) == {}


def test_sent_mail_that_stands_elsewhere_is_a_fault_with_its_cure(said: dict[str, Any]) -> None:
    said["mailbox"][0]["folders"] = {"sent": "Outbox"}

    assert faults(found(said))["imap[gestion]"].endswith('write [mailbox.folders] sent = "Sent"')


def test_a_server_with_dots_and_a_prefix_shows_its_folders_with_slashes(said: dict[str, Any], user: str) -> None:
    with mailboxes.running(separator=".", prefix="INBOX.") as server:
        said["mailbox"][0]["port"] = server.port
        with server.person(user) as person:
            person.make("INBOX.Demandes")

        findings = found(said)

    assert faults(findings) == {}
    assert "Demandes" not in " ".join(finding.message for finding in findings)


def test_a_token_that_is_not_to_be_had_is_told_with_its_url(said: dict[str, Any], tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/token"
    oauth = {"token_url": url, "client_id": "id", "client_secret_file": tmp_path / "password"}
    for server in (said["mailbox"][0], said["smtp"]):
        del server["password_file"]
        server["oauth"] = oauth

    told = faults(found(said))

    assert told.keys() == {"imap[gestion]", "smtp"}
    assert all(url in message for message in told.values())


def test_a_door_for_lmtp_is_free_or_taken_or_not_ours(said: dict[str, Any], tmp_path: Path) -> None:
    def door(listen: str) -> tuple[bool, str]:
        said["lmtp"] = {"listen": listen}
        return next((finding.ok, finding.message) for finding in found(said) if finding.name == "lmtp")

    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"

        assert door(taken) == (
            True,
            f"{taken}: Address already in use; the daemon runs, or another program listens there",
        )
    assert door(taken) == (True, f"{taken}: free to listen on")
    assert door("192.0.2.1:8024")[0] is False
    assert door(str(tmp_path / "lmtp")) == (True, f"{tmp_path / 'lmtp'}: the socket can be made")


def test_a_missing_legal_particular_is_a_warning_that_stops_nothing(said: dict[str, Any]) -> None:
    said["agency"]["legal"] = {key: value for key, value in LEGAL.items() if key != "guarantor"}

    findings = found(said)

    assert faults(findings) == {}
    assert any(f.message.startswith("warning: agency.legal.guarantor: missing") for f in findings)


def test_a_damaged_database_is_told_and_not_touched(said: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "state" / "vm.db"
    file.parent.mkdir()
    file.write_bytes(b"not a database" * 1000)

    told = faults(found(said))

    assert "isn't an SQLite database" in told["database"]
    assert file.read_bytes() == b"not a database" * 1000


def test_a_file_system_that_takes_no_file_is_told(said: dict[str, Any]) -> None:
    said["storage"]["archive"] = Path("/proc/GED")

    assert "tree" in faults(found(said))


def test_a_tree_is_tried_in_its_own_part_and_left_as_it_was(said: dict[str, Any], tmp_path: Path) -> None:
    own = tmp_path / "GED" / "_ged"
    (own / "tmp").mkdir(parents=True)

    assert faults(found(said)) == {}
    assert list(tmp_path.joinpath("GED").rglob("*")) == [own, own / "tmp"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_root_is_sent_back_to_the_user_of_the_service(said: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    shutil.chown(tmp_path / "state", "nobody")

    findings = found(said)

    assert [finding.name for finding in findings] == ["user"]
    assert findings[0].message.endswith("sudo -u nobody vaguemestre check")


@pytest.mark.parametrize(
    ("free", "total", "ok", "word"),
    [(99, 1000, False, "make room:"), (110, 10_000, True, "make room soon"), (900, 1000, True, "")],
)
def test_little_room_is_a_warning_and_almost_none_a_fault(free: int, total: int, ok: bool, word: str) -> None:
    well, text = check_disk._enough(free, total, 100, "here")

    assert well is ok
    assert word in text


def test_a_table_shows_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    report.show([{"name": "imap[g]", "message": "[/x] [red]"}], ["name", "message"], as_json=False)

    assert "imap[g]" in (said := capsys.readouterr().out)
    assert "[/x] [red]" in said


def test_a_check_that_breaks_is_a_finding_like_the_others() -> None:
    def broken() -> Iterator[tuple[bool, str]]:
        yield True, "so far"
        raise KeyError("oops")

    slot: list[Finding] = []
    check._collect("x", broken, slot)

    assert [(f.ok, f.message) for f in slot] == [(True, "so far"), (False, "the check itself failed: KeyError: 'oops'")]
