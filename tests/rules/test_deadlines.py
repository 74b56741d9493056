"""By when a letter must be answered, and what is promised."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.calendar import Calendar, parse_closed, parse_hours
from rules.deadlines import Promise, due, promise, resumed, starting_at

PARIS = ZoneInfo("Europe/Paris")
MARTINIQUE = ZoneInfo("America/Martinique")
H72, H48 = timedelta(hours=72), timedelta(hours=48)
LYON = Calendar(PARIS, "FR", parse_hours("mon-thu 09:00-12:30, 14:00-18:00; fri 09:00-12:30, 14:00-17:00"))
FORT_DE_FRANCE = Calendar(MARTINIQUE, "FR-MQ", parse_hours("mon,tue,thu 07:30-13:00, 14:00-16:30; wed,fri 07:30-13:00"))
SEVEN_DAYS = Calendar(PARIS, "FR", parse_hours("mon-sun 00:00-24:00"))


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def martinique(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MARTINIQUE)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- the worked cases of law.md A9


def test_calendar_hours_run_through_the_weekend() -> None:
    assert due(paris("2026-05-21 10:00"), H72, LYON, "calendar") == paris("2026-05-24 10:00")


def test_business_days_skip_whit_monday_on_the_mainland() -> None:
    assert due(paris("2026-05-21 10:00"), H72, LYON, "business") == paris("2026-05-27 10:00")


def test_business_days_also_skip_the_abolition_of_slavery_in_martinique() -> None:
    assert due(martinique("2026-05-21 10:00"), H72, FORT_DE_FRANCE, "business") == martinique("2026-05-28 10:00")


# --- the nights of a clock change


def test_calendar_hours_are_hours_elapsed_when_the_clock_jumps_ahead() -> None:
    received = paris("2026-03-27 10:00")

    answer = due(received, H72, LYON, "calendar")

    assert answer.astimezone(UTC) - received.astimezone(UTC) == H72
    assert answer.astimezone(PARIS).time().isoformat() == "11:00:00"


def test_calendar_hours_are_hours_elapsed_when_the_clock_falls_back() -> None:
    received = paris("2026-10-23 10:00")

    answer = due(received, H72, LYON, "calendar")

    assert answer - received.astimezone(UTC) == H72
    assert answer.astimezone(PARIS).time().isoformat() == "09:00:00"


def test_a_receipt_in_the_hour_shown_twice_keeps_the_hour_it_means() -> None:
    first, second = utc("2026-10-25 00:30"), utc("2026-10-25 01:30")  # both 02:30 in Paris

    assert due(second.astimezone(PARIS), H48, LYON, "calendar") - due(first, H48, LYON, "calendar") == timedelta(
        hours=1
    )


def test_business_days_keep_the_time_of_day_through_a_clock_change() -> None:
    assert due(paris("2026-03-27 10:00"), H72, LYON, "business") == paris("2026-04-01 10:00")
    assert due(paris("2026-10-23 10:00"), H72, LYON, "business") == paris("2026-10-28 10:00")


def test_martinique_does_not_change_its_clock() -> None:
    assert due(martinique("2026-03-27 10:00"), H72, FORT_DE_FRANCE, "calendar") == martinique("2026-03-30 10:00")


def test_a_due_time_that_a_spring_night_skips_falls_just_after_it() -> None:
    answer = due(paris("2026-03-27 02:30"), H48, SEVEN_DAYS, "business")

    assert answer == utc("2026-03-29 01:30")
    assert answer.astimezone(PARIS).hour == 3


def test_a_due_time_that_an_autumn_night_shows_twice_is_the_first_of_both() -> None:
    assert due(paris("2026-10-23 02:30"), H48, SEVEN_DAYS, "business") == utc("2026-10-25 00:30")


# --- business counting outside hours


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        ("2026-11-28 15:00", "2026-12-03 09:00"),  # Saturday: from Monday's opening
        ("2026-11-24 07:00", "2026-11-27 09:00"),  # before the doors open
        ("2026-11-24 13:00", "2026-11-27 14:00"),  # at lunch
        ("2026-11-24 22:00", "2026-11-30 09:00"),  # at night: from the next day
        ("2026-11-11 10:00", "2026-11-17 09:00"),  # on a holiday
    ],
)
def test_a_letter_that_finds_the_door_closed_counts_from_the_next_opening(received: str, answer: str) -> None:
    assert due(paris(received), H72, LYON, "business") == paris(answer)


def test_closed_dates_are_no_working_days() -> None:
    office = Calendar(PARIS, "FR", LYON.hours, (parse_closed("2026-12-24..2027-01-03"),))

    assert due(paris("2026-12-23 10:00"), H48, office, "business") == paris("2027-01-05 10:00")


def test_what_is_left_of_a_day_runs_on_through_working_days() -> None:
    hours = timedelta(hours=36)

    assert due(paris("2026-11-24 10:00"), hours, LYON, "business") == paris("2026-11-25 22:00")
    assert due(paris("2026-11-26 15:00"), hours, LYON, "business") == paris("2026-11-30 03:00")


def test_the_same_letter_is_due_at_the_same_instant_whatever_zone_its_receipt_is_written_in() -> None:
    for counting in ("calendar", "business"):
        written = {
            due(utc("2026-05-21 14:00").astimezone(zone), H72, FORT_DE_FRANCE, counting)
            for zone in (UTC, PARIS, MARTINIQUE)
        }
        assert written == {martinique("2026-05-24 10:00" if counting == "calendar" else "2026-05-28 10:00")}


def test_due_times_are_in_utc() -> None:
    assert due(paris("2026-05-21 10:00"), H72, LYON, "calendar").tzinfo is UTC
    assert due(paris("2026-05-21 10:00"), H72, LYON, "business").tzinfo is UTC


# --- what is promised


def test_a_due_time_in_opening_hours_is_promised_as_it_is() -> None:
    assert promise(paris("2026-05-27 10:00"), LYON) == Promise(date(2026, 5, 27), "morning", paris("2026-05-27 10:00"))
    assert promise(paris("2026-05-27 17:59"), LYON).half == "afternoon"


@pytest.mark.parametrize(
    ("due_at", "day", "half", "at"),
    [
        ("2026-05-24 10:00", date(2026, 5, 26), "morning", "2026-05-26 09:00"),  # Sunday, then Whit Monday
        ("2026-11-24 13:00", date(2026, 11, 24), "afternoon", "2026-11-24 14:00"),
        ("2026-11-24 06:00", date(2026, 11, 24), "morning", "2026-11-24 09:00"),
        ("2026-11-27 17:30", date(2026, 11, 30), "morning", "2026-11-30 09:00"),
        ("2026-11-24 18:00:01", date(2026, 11, 25), "morning", "2026-11-25 09:00"),
    ],
)
def test_a_due_time_behind_closed_doors_is_promised_for_the_next_opening(
    due_at: str, day: date, half: str, at: str
) -> None:
    told = promise(paris(due_at), LYON)

    assert (told.day, told.half, told.at) == (day, half, paris(at))


def test_an_answer_due_at_the_minute_of_closing_is_due_that_half_day() -> None:
    assert promise(paris("2026-11-24 18:00"), LYON).day == date(2026, 11, 24)
    assert promise(paris("2026-11-24 12:30"), LYON).half == "morning"
    assert promise(martinique("2026-11-25 13:00"), FORT_DE_FRANCE).half == "morning"  # a Wednesday: no afternoon


def test_a_day_without_a_break_has_two_halves() -> None:
    office = Calendar(PARIS, "FR", parse_hours("mon-fri 08:00-18:00"))

    assert promise(paris("2026-11-24 11:00"), office).half == "morning"
    assert promise(paris("2026-11-24 15:00"), office).half == "afternoon"


def test_the_promise_speaks_by_the_offices_own_clock() -> None:
    told = promise(utc("2026-11-24 12:00"), FORT_DE_FRANCE)

    assert (told.day, told.half) == (date(2026, 11, 24), "morning")
    assert (told.at.hour, told.at.tzinfo) == (8, MARTINIQUE)


def test_an_evening_in_paris_is_still_the_afternoon_in_martinique() -> None:
    assert promise(paris("2026-11-24 19:00"), FORT_DE_FRANCE).day == date(2026, 11, 24)
    assert promise(paris("2026-11-24 19:00"), LYON).day == date(2026, 11, 25)


# --- a clock that stood still


@pytest.mark.parametrize(
    ("due_at", "paused", "at", "calendar_due", "business_due"),
    [
        ("11-27 10:00", "11-24 10:00", "11-25 15:00", "11-28 15:00", "11-30 15:00"),  # three days left, over a weekend
        ("11-24 16:00", "11-24 10:00", "11-24 20:00", "11-25 02:00", "11-25 15:00"),  # six hours, from the next opening
        ("12-01 10:00", "11-27 16:00", "11-30 09:00", "12-04 03:00", "12-02 03:00"),  # 42 working hours, whatever passed
        ("12-01 10:00", "11-28 11:00", "11-29 11:00", "12-02 10:00", "12-01 10:00"),  # a Sunday's pause costs nothing
        ("11-24 10:00", "11-24 12:00", "11-26 12:00", "11-26 10:00", "11-26 10:00"),  # two hours late, then and now
    ],
)  # fmt: skip
def test_a_clock_that_stood_still_has_what_it_had_left(
    due_at: str, paused: str, at: str, calendar_due: str, business_due: str
) -> None:
    until, since, now = (paris(f"2026-{told}") for told in (due_at, paused, at))

    assert resumed(until, since, now, LYON, "calendar") == paris(f"2026-{calendar_due}")
    assert resumed(until, since, now, LYON, "business") == paris(f"2026-{business_due}")


def test_a_pause_of_no_length_changes_nothing_however_time_is_counted() -> None:
    due_at, at = due(paris("2026-05-21 10:00"), H72, LYON, "business"), paris("2026-05-22 11:00")

    assert resumed(due_at, at, at, LYON, "business") == resumed(due_at, at, at, LYON, "calendar") == due_at


# --- receipt times that can't be believed


def test_an_ordinary_receipt_starts_the_clock_itself() -> None:
    received, seen = utc("2026-11-21 09:00"), utc("2026-11-24 09:00")

    assert starting_at(received, seen) == (received, False)  # 72 hours exactly: a long weekend without power


def test_a_receipt_more_than_three_days_before_first_sight_is_flagged_and_starts_then() -> None:
    seen = utc("2026-11-24 09:00")

    assert starting_at(utc("2026-11-21 08:59:59"), seen) == (seen, True)
    assert starting_at(utc("1970-01-01 00:00"), seen) == (seen, True)


def test_a_receipt_in_the_future_is_flagged_and_starts_at_first_sight() -> None:
    seen = utc("2026-11-24 09:00")

    assert starting_at(utc("2026-11-24 10:00"), seen) == (seen, True)
    assert starting_at(utc("2099-01-01 00:00"), seen) == (seen, True)


def test_two_clocks_a_few_minutes_apart_trouble_nobody() -> None:
    seen = utc("2026-11-24 09:00")

    assert starting_at(utc("2026-11-24 09:02"), seen) == (seen, False)


def test_the_late_receipt_is_measured_in_hours_elapsed_through_a_clock_change() -> None:
    received, seen = paris("2026-10-23 10:00"), paris("2026-10-26 10:00")  # 73 hours

    assert starting_at(received, seen)[1]
