"""What accounting's software is given back: consents, addresses and bounces that changed."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from peewee import Database

from archive.records import Consent, Contact, Outgoing, Person
from daemon.accounting.contacts import Change, changes, rows
from daemon.accounting.tables import csv_of
from tests.agency import take_in

PARIS = ZoneInfo("Europe/Paris")
NOV_20 = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # the 21st in Paris
ADDRESS = "ewen.legoff@example.org"


@pytest.fixture
def agency(empty_agency: Database) -> Database:
    take_in("leases")
    return empty_agency


def consent(**changed: Any) -> None:
    columns = {"key": f"k{changed}", "lease": "L00102", "address": ADDRESS, "given_on": date(2026, 11, 10)}
    Consent.create(**columns | changed)


def mail(state: str, address: str = ADDRESS, kind: str = "rent_notice", **changed: Any) -> None:
    number = Outgoing.select().count()
    columns = {
        "key": f"rent_notice/L00102/{number}", "kind": kind, "template": kind, "recipient": address, "filed": True,
        "state": state, "created_at": NOV_20, "next_try_at": NOV_20, "sent_at": NOV_20, "error": "550 no\nsuch user",
    }  # fmt: skip
    Outgoing.create(**columns | changed)


def test_a_consent_and_its_withdrawal_are_told_each_on_its_day(agency: Database) -> None:
    consent(withdrawn_at=NOV_20, proof="ab12")

    assert changes(None, PARIS) == [
        Change(date(2026, 11, 10), "L00102", "Le Goff Ewen", "consent", ADDRESS),
        Change(date(2026, 11, 21), "L00102", "Le Goff Ewen", "withdrawal", ADDRESS, "ab12"),
    ]


def test_only_what_changed_since_is_told(agency: Database) -> None:
    consent(withdrawn_at=NOV_20)

    assert [one.what for one in changes(date(2026, 11, 21), PARIS)] == ["withdrawal"]
    assert changes(date(2026, 11, 22), PARIS) == []


def test_an_address_that_a_person_confirmed_is_told_always(agency: Database) -> None:
    person = Person.get(Person.lease == "L00102")
    Contact.create(person=person.id, kind="email", value="new@example.org", source="manager")

    (one,) = changes(date(2026, 11, 24), PARIS)

    assert (one.day, one.what, one.value) == (None, "email", "new@example.org")


def test_an_address_whose_last_mail_came_back_is_told_with_the_servers_words(agency: Database) -> None:
    mail("bounced")

    assert changes(None, PARIS) == [
        Change(date(2026, 11, 21), "L00102", "Le Goff Ewen", "bounce", ADDRESS, "550 no such user")
    ]


def test_the_day_of_a_bounce_is_when_a_person_was_told(agency: Database) -> None:
    mail("bounced")
    told = {"key": "returned/rent_notice/L00102/0/abc", "created_at": NOV_20 + timedelta(days=3)}
    mail("sent", "direction@aubrelac.test", "notice", **told)

    assert [one.day for one in changes(None, PARIS)] == [date(2026, 11, 24)]


def test_an_address_that_works_again_is_no_bounce(agency: Database) -> None:
    mail("bounced")
    mail("sent")

    assert changes(None, PARIS) == []


def test_a_formula_in_a_cell_is_shown_and_not_calculated() -> None:
    change = Change(None, "L1", "=cmd|' /C calc'!A0", "email", "+1@example.org", "-12,50")

    (_, cells) = list(csv.reader(io.StringIO(csv_of(rows([change]))), delimiter=";"))

    assert cells[2].startswith("'=")
    assert cells[4].startswith("'+")
    assert cells[5] == "-12,50"
