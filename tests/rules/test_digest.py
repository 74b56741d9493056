"""Where a case stands in the mail of the morning, and when that mail is due."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.calendar import Calendar, parse_hours
from rules.digest import Answered, Followed, Section, bars, due_time, is_first_of_week, last_before, section, weeks

LYON = Calendar(ZoneInfo("Europe/Paris"), "FR", parse_hours("mon-fri 09:00-12:30, 14:00-18:00"))
EIGHT = datetime(2026, 11, 27, 7, 0, tzinfo=UTC)  # a Friday, eight in Lyon
SINCE = EIGHT - timedelta(days=1)
HOUR = timedelta(hours=1)
OLD = Followed("VM-2026-000001", "open", "demande", EIGHT - 40 * HOUR, EIGHT + 90 * HOUR)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({}, None),
        ({"due_at": EIGHT}, Section.OVERDUE),
        ({"due_at": EIGHT + 8 * HOUR}, Section.TODAY),
        ({"due_at": EIGHT + 50 * HOUR}, Section.TODAY),  # a Sunday
        ({"due_at": EIGHT + 72 * HOUR}, None),  # the Monday
        ({"due_at": EIGHT, "status": "waiting"}, Section.WAITING),
        ({"to_sort": True}, Section.TO_SORT),
        ({"received_at": EIGHT - 5 * HOUR}, Section.NEW),
        ({"label": "depart"}, Section.DEPARTURES),
        ({"label": "depart", "due_at": EIGHT - HOUR}, Section.OVERDUE),
        ({"quarantined": True, "due_at": EIGHT - HOUR}, Section.QUARANTINE),
    ],
)
def test_a_case_stands_in_the_first_section_that_fits(changes: dict[str, Any], where: Section | None) -> None:
    assert section(replace(OLD, **changes), LYON, EIGHT, SINCE) == where


@pytest.mark.parametrize(
    ("local", "due"),
    [
        ("2026-11-27 07:59", False),
        ("2026-11-27 08:00", True),
        ("2026-11-27 15:00", True),  # the machine was off
        ("2026-11-27 18:00", False),  # too late to be of use
        ("2026-11-28 08:00", False),  # a Saturday
        ("2026-12-25 08:00", False),
    ],
)
def test_it_is_due_on_working_days_from_its_hour_on(local: str, due: bool) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=LYON.timezone)

    assert (due_time(time(8), LYON, now) is not None) == due


def test_on_a_monday_yesterday_is_friday() -> None:
    monday = datetime(2026, 11, 30, 8, 0, tzinfo=LYON.timezone)

    assert last_before(monday, LYON) == EIGHT


def test_the_week_begins_on_its_first_working_day() -> None:
    easter_monday = datetime(2026, 4, 6, 8, 0, tzinfo=LYON.timezone)

    assert is_first_of_week(LYON, easter_monday + timedelta(days=1))
    assert not is_first_of_week(LYON, EIGHT)


def test_the_chart_counts_thirty_days_without_today() -> None:
    today = date(2026, 11, 27)
    answers = [Answered(today - timedelta(days=days), "demande", "", days != 1) for days in (0, 1, 1, 30, 31)]

    counted = bars(answers, today)

    assert (len(counted), counted[0], counted[-1], sum(map(sum, counted))) == (30, (1, 0), (0, 2), 3)


def test_the_trend_counts_whole_weeks() -> None:
    answers = [Answered(date(2026, 11, day), "demande", "", day < 20) for day in (2, 16, 22, 23)]

    assert weeks(answers, date(2026, 11, 24))[-3:] == (
        (date(2026, 11, 2), 1, 0), (date(2026, 11, 9), 0, 0), (date(2026, 11, 16), 1, 1),
    )  # fmt: skip
