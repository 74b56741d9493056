"""What the log says, and what it never says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daemon import log
from daemon.errors import Temporary

DIGEST = "1f0c2a9d" * 8


@dataclass(frozen=True)
class Pli:
    digest: str
    record: Mapping[str, Any]


@pytest.fixture(autouse=True)
def under_journald(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:12345")


def test_a_line_under_journald_begins_with_its_priority_and_its_event(capsys: pytest.CaptureFixture[str]) -> None:
    log.letter_received(DIGEST, "imap/gestion")
    log.mail_failed(7, "notice", "VM-2026-000001", "550 unknown user")

    assert capsys.readouterr().err.splitlines() == [
        "<6>event=letter_received letter=1f0c2a9d source=imap/gestion",
        '<3>event=mail_failed outgoing=7 kind=notice case=VM-2026-000001 reason="550 unknown user"',
    ]


def test_a_line_elsewhere_begins_with_its_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM")

    log.stopped()

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 event=stopped\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\x0b", "\x0c", "\x1e", "\x85", "\u2028", "\u2029", "\x00", "\x1b[2J", "\udcff"]
)
def test_a_text_cannot_forge_a_second_line(capsys: pytest.CaptureFixture[str], end: str) -> None:
    log.configuration_warning(f'subject"{end}<3>event=stopped')

    said = capsys.readouterr().err

    assert len(said.splitlines()) == 1
    assert said.rstrip("\n").isprintable()
    assert 'warning="subject\\"' in said


def test_a_text_cannot_forge_a_second_key() -> None:
    assert log.line("x", {"a": "b event=y"}) == 'event=x a="b event=y"'


def test_an_address_in_the_words_of_a_server_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    when = datetime(2026, 11, 24, 9, tzinfo=UTC)

    log.mail_deferred(1, "acknowledgement", None, "450 <Zoé.d'Arc+x@orange.test>: greylisted", when)
    log.imap_lost("gestion", Temporary("no answer for a.b@c.test"), timedelta(seconds=30))

    said = capsys.readouterr().err
    assert "@" not in said
    assert "Zoé" not in said
    assert "greylisted" in said
    assert "retry_in=30s" in said


def test_an_error_met_in_a_letter_is_told_by_kind_and_place_without_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        int("Madame Dupont")
    except ValueError as error:
        log.letter_failed(DIGEST, error)

    said = capsys.readouterr().err
    assert "Dupont" not in said
    assert re.search(r'error=ValueError at="?test_log\.py:\d+', said)


def test_a_quarantine_tells_the_kind_of_its_reason_only(capsys: pytest.CaptureFixture[str]) -> None:
    log.letter_quarantined(DIGEST, "ValueError: no date in 'Madame Dupont'")

    assert capsys.readouterr().err == "<3>event=letter_quarantined letter=1f0c2a9d reason=ValueError\n"


def test_a_filed_letter_is_known_by_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    record = {
        "subject": "A leak at home",
        "case": "VM-2026-000001",
        "decision": {"label": "demande"},
        "attachment": {"lease": "B12"},
    }

    log.letter_filed(Pli(DIGEST, record))

    said = capsys.readouterr().err
    assert said == "<6>event=letter_filed letter=1f0c2a9d case=VM-2026-000001 label=demande lease=B12\n"


def test_a_day_that_does_not_add_up_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    log.day_counted(seen=5, filed=3, duplicates=1, quarantined=1)
    log.day_counted(seen=6, filed=3, duplicates=1, quarantined=1)

    assert [line[:3] for line in capsys.readouterr().err.splitlines()] == ["<6>", "<3>"]


def test_a_closed_log_does_not_stop_the_mail(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    closed = (tmp_path / "log").open("w")
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)

    log.stopped()

    assert (tmp_path / "log").read_text() == ""
