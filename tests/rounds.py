"""Passes of the program in the test's own process, on the office's real servers: a story of many passes in seconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import pytest

from archive.records import database
from daemon import agenda, clock, report, turn
from daemon.app import open_app
from daemon.config import load
from tests.answers import MANAGER
from tests.office import Office, letter


@dataclass
class Rounds:
    """Called with letters, it delivers them and makes one pass."""

    office: Office

    def __call__(self, *letters: bytes) -> None:
        self.office.deliver(*letters)
        assert turn.run_once(load(self.office.config))

    def leak(self) -> tuple[str, EmailMessage]:
        """The case of a leak, and the notice that its manager had."""
        self(letter(Message_ID="<leak@example.org>"))
        (ref,) = self.refs()
        return ref, self.notice(ref)

    def later(self, now: datetime) -> None:
        """What is due at a time that hasn't come yet is done and sent."""
        app = open_app(load(self.office.config))
        agenda.keep(now, app.config.agency.timezone, app.watchers)
        app.outbox.drain(now)
        app.outbox.close()

    def case(self, ref: str) -> dict[str, Any]:
        found = report.case(ref)
        assert found is not None
        return found

    def refs(self, lease: str | None = None) -> list[str]:
        """All cases, or those of a lease, in the order of their numbers."""
        return sorted(row["ref"] for row in report.cases(clock.now()) if lease is None or row["lease"] == lease)

    def of(self, lease: str) -> dict[str, Any]:
        """The first case of a lease."""
        return self.case(self.refs(lease)[0])

    def notice(self, ref: str, to: str = MANAGER) -> EmailMessage:
        """The last notice of a case."""
        return next(mail for mail in reversed(self.office.said_to(to)) if ref in str(mail["Subject"]))


def history(case: dict[str, Any]) -> list[str]:
    return [step["what"] for step in case["steps"]]


@pytest.fixture
def rounds(office: Office) -> Iterator[Rounds]:
    yield Rounds(office)
    database.close()
