"""Who is reminded of what, and when: half time, four fifths, overdue."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.calendar import Calendar, parse_closed, parse_hours
from rules.clocks import Clock
from rules.reminders import Colleague, Stage, addressees, key, owed, readers, slot, stand_in

NINE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # a Tuesday, nine in Lyon
HOUR = timedelta(hours=1)
CLOCK = Clock(NINE, NINE + 72 * HOUR)
LYON = Calendar(ZoneInfo("Europe/Paris"), "FR", parse_hours("mon-thu 09:00-12:30, 14:00-18:00; fri 09:00-12:30"))
TEAM = {
    "G1": Colleague("one@agence.test", "G2"),
    "G2": Colleague("two@agence.test", "G3"),
    "G3": Colleague("three@agence.test", "G1"),
    "G4": Colleague("four@agence.test"),
}
ABOVE = "direction@agence.test"
NAMED = {"G1": replace(TEAM["G1"], name="Mme Un"), "G2": TEAM["G2"], "G4": TEAM["G4"]}


@pytest.mark.parametrize(
    ("hours", "stage"),
    [
        (0, None), (35.9, None), (36, Stage.HALF), (57.5, Stage.HALF), (57.6, Stage.LATE), (71.9, Stage.LATE),
        (72, Stage.OVERDUE), (500, Stage.OVERDUE),
    ],
)  # fmt: skip
def test_one_stage_is_owed_the_last_that_has_passed(hours: float, stage: Stage | None) -> None:
    assert owed(CLOCK, NINE + hours * HOUR) == stage


@pytest.mark.parametrize(
    ("managers", "absent", "told"),
    [
        (["G1"], [], {"one@agence.test": ""}),
        (["G1", "G4"], [], {"one@agence.test": "", "four@agence.test": ""}),
        (["G1"], ["G1"], {"two@agence.test": "Mme Un"}),
        (["G1", "G2"], ["G1"], {"two@agence.test": ""}),  # who shares it takes nobody's place
        (["G1", "G4"], ["G1", "G2"], {"four@agence.test": ""}),
        (["G1"], ["G1", "G2"], {ABOVE: "Mme Un"}),
        ([None], [], {ABOVE: ""}),
    ],
)
def test_notices_are_read_by_whoever_is_here(
    managers: list[str | None], absent: list[str], told: dict[str, str]
) -> None:
    assert readers(managers, NAMED, absent, ABOVE) == told


def test_half_time_is_a_setting() -> None:
    assert owed(CLOCK, NINE + 40 * HOUR, half=False) is None
    assert owed(CLOCK, NINE + 60 * HOUR, half=False) is Stage.LATE


def test_nothing_is_owed_after_an_answer_or_in_a_pause() -> None:
    assert owed(replace(CLOCK, running=False), NINE + 500 * HOUR) is None


def test_a_stage_has_one_key_until_the_clock_is_renewed() -> None:
    assert key("VM-2026-000001", Stage.HALF, CLOCK) == "reminder/VM-2026-000001/half"
    assert key("VM-2026-000001", Stage.HALF, replace(CLOCK, renewals=1)) == "reminder/VM-2026-000001/half/2"


@pytest.mark.parametrize(
    ("local", "come"),
    [
        ("2026-11-24 08:59", None),  # still closed
        ("2026-11-24 09:00", "09:00"),
        ("2026-11-24 12:00", "09:00"),
        ("2026-11-24 13:00", None),  # lunch
        ("2026-11-24 14:00", "14:00"),
        ("2026-11-24 17:59", "14:00"),
        ("2026-11-24 18:00", None),
        ("2026-11-27 14:00", None),  # a Friday afternoon
        ("2026-11-28 10:00", None),  # a Saturday
        ("2026-12-25 10:00", None),  # Christmas
        ("2026-12-28 10:00", None),  # closed by the agency
    ],
)
def test_reminders_go_twice_a_day_while_the_office_is_open(local: str, come: str | None) -> None:
    calendar = replace(LYON, closed=(parse_closed("2026-12-28"),))
    now = datetime.fromisoformat(local).replace(tzinfo=calendar.timezone)

    assert slot((time(14), time(9)), calendar, now) == come


def test_each_stage_tells_more_people() -> None:
    told = [addressees(stage, "G1", TEAM, (), ABOVE) for stage in (Stage.HALF, Stage.LATE, Stage.OVERDUE)]

    assert told == [
        ("one@agence.test",),
        ("one@agence.test", "two@agence.test"),
        ("one@agence.test", "two@agence.test", ABOVE),
    ]


def test_who_asked_to_be_told_is_told_alone() -> None:
    assert addressees(Stage.RECALL, "G1", TEAM, (), ABOVE) == ("one@agence.test",)
    assert addressees(Stage.RECALL, "G1", TEAM, {"G1"}, ABOVE) == ("two@agence.test",)
    assert addressees(Stage.RECALL, None, TEAM, (), ABOVE) == (ABOVE,)


def test_who_is_away_is_replaced_at_once() -> None:
    assert addressees(Stage.HALF, "G1", TEAM, {"G1"}, ABOVE) == ("two@agence.test",)
    assert addressees(Stage.HALF, "G1", TEAM, {"G1", "G2"}, ABOVE) == ("three@agence.test",)
    assert addressees(Stage.HALF, "G1", TEAM, {"G1", "G2", "G3"}, ABOVE) == (ABOVE,)
    assert addressees(Stage.LATE, "G1", TEAM, {"G2"}, ABOVE) == ("one@agence.test",)


def test_without_a_manager_or_a_deputy_the_supervisor_hears() -> None:
    assert addressees(Stage.HALF, None, TEAM, (), ABOVE) == (ABOVE,)
    assert addressees(Stage.HALF, "G9", TEAM, (), ABOVE) == (ABOVE,)
    assert addressees(Stage.HALF, "G4", TEAM, {"G4"}, ABOVE) == (ABOVE,)
    assert addressees(Stage.HALF, None, TEAM, (), "") == ()


def test_two_who_stand_in_for_each_other_and_are_both_away_leave_nobody() -> None:
    pair = {"A": Colleague("a@x.test", "B"), "B": Colleague("b@x.test", "A")}

    assert stand_in("A", pair, {"A", "B"}) is None
