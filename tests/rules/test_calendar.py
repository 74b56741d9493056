"""When an office is open (law.md A9: Code du travail L3133-1, L3422-2, L3134-13)."""

import time as stopwatch
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.calendar import ALIASES, TERRITORIES, Calendar, Span, parse_closed, parse_hours, public_holidays

PARIS = ZoneInfo("Europe/Paris")
MARTINIQUE = ZoneInfo("America/Martinique")
LYON_HOURS = parse_hours("mon-thu 09:00-12:30, 14:00-18:00; fri 09:00-12:30, 14:00-17:00")
LYON = Calendar(PARIS, "FR", LYON_HOURS)
FORT_DE_FRANCE = Calendar(MARTINIQUE, "FR-MQ", parse_hours("mon,tue,thu 07:30-13:00, 14:00-16:30; wed,fri 07:30-13:00"))
ELEVEN_IN_2026 = {
    date(2026, 1, 1), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 8), date(2026, 5, 14), date(2026, 5, 25),
    date(2026, 7, 14), date(2026, 8, 15), date(2026, 11, 1), date(2026, 11, 11), date(2026, 12, 25),
}  # fmt: skip


def at(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# --- holidays


def test_the_mainland_has_the_eleven_days_of_the_law() -> None:
    assert public_holidays("FR", 2026) == ELEVEN_IN_2026


@pytest.mark.parametrize(
    ("year", "ascension", "whit_monday"),
    [
        (2026, (5, 14), (5, 25)),
        (2027, (5, 6), (5, 17)),
        (2028, (5, 25), (6, 5)),
    ],
)
def test_the_moveable_feasts_follow_easter(year: int, ascension: tuple[int, int], whit_monday: tuple[int, int]) -> None:
    assert {date(year, *ascension), date(year, *whit_monday)} <= public_holidays("FR", year)
    assert len(public_holidays("FR", year)) == 11


@pytest.mark.parametrize(
    ("code", "added"),
    [
        ("FR-YT", (4, 27)),
        ("FR-MQ", (5, 22)),
        ("FR-GP", (5, 27)),
        ("FR-MF", (5, 27)),
        ("FR-GF", (6, 10)),
        ("FR-BL", (10, 9)),
        ("FR-RE", (12, 20)),
    ],
)
def test_each_overseas_territory_adds_the_one_day_of_the_law_and_no_custom(code: str, added: tuple[int, int]) -> None:
    assert public_holidays(code, 2026) == ELEVEN_IN_2026 | {date(2026, *added)}


@pytest.mark.parametrize("code", ["FR-57", "FR-67", "FR-68", "FR-6AE"])
def test_alsace_and_moselle_add_good_friday_and_the_day_after_christmas(code: str) -> None:
    assert public_holidays(code, 2026) == ELEVEN_IN_2026 | {date(2026, 4, 3), date(2026, 12, 26)}


def test_ascension_on_the_eighth_of_may_is_one_day() -> None:
    assert len(public_holidays("FR", 2285)) <= 11
    assert len(public_holidays("FR", 2008)) == 10  # 1 May 2008 was Ascension Day


def test_every_code_has_holidays_and_every_alias_is_its_territory() -> None:
    for code in TERRITORIES:
        assert len(public_holidays(code, 2027)) >= 11
    for alias, code in ALIASES.items():
        assert public_holidays(alias, 2027) == public_holidays(code, 2027)


@pytest.mark.parametrize("code", ["FR-69", "BE", "", "Martinique"])
def test_an_unknown_territory_is_refused_with_its_name_when_the_calendar_is_made(code: str) -> None:
    with pytest.raises(ValueError, match=f"no holidays are known for {code!r}"):
        Calendar(PARIS, code, LYON_HOURS)


# --- hours


def test_hours_are_read_day_by_day() -> None:
    week = LYON_HOURS.week

    assert week[0] == week[3] == (Span(540, 750), Span(840, 1080))
    assert week[4] == (Span(540, 750), Span(840, 1020))
    assert week[5] == week[6] == ()


def test_days_may_be_listed_and_an_opening_may_last_until_midnight() -> None:
    week = parse_hours("mon,tue, thu 07:30-13:00; fri - sat 20:00-24:00; sun closed").week

    assert week[0] == week[1] == week[3] == (Span(450, 780),)
    assert week[4] == week[5] == (Span(1200, 1440),)
    assert week[2] == week[6] == ()


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("lundi 09:00-12:00", "'lundi 09:00-12:00' isn't an opening"),
        ("lun 09:00-12:00", "'lun' isn't a day"),
        ("mon-lun 09:00-12:00", "'lun' isn't a day"),
        ("fri-mon 09:00-12:00", "'fri-mon' runs backwards"),
        ("mon 9h-12h", "'9h-12h' isn't a span"),
        ("mon 09:00-12:30,", "'' isn't a span"),
        ("mon 09:00-25:00", "25:00 isn't a time of day"),
        ("mon 09:60-12:00", "09:60 isn't a time of day"),
        ("mon 24:01-24:30", "24:01 isn't a time of day"),
        ("mon 18:00-09:00", "'18:00-09:00' closes before it opens"),
        ("mon 09:00-09:00", "'09:00-09:00' closes before it opens"),
        ("mon 09:00-12:30, 12:00-18:00", "overlap"),
        ("mon 14:00-18:00, 09:00-12:00", "in order"),
        ("mon-fri 09:00-12:00; fri 14:00-17:00", "fri is said twice"),
        ("mon,mon 09:00-12:00", "mon is said twice"),
        ("09:00-12:00", "'09:00-12:00' isn't an opening"),
        ("", "never open"),
        ("mon closed", "never open"),
    ],
)
def test_a_wrong_piece_of_the_hours_is_quoted(text: str, quoted: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_hours(text)

    assert quoted in str(refusal.value)


# --- closed dates


def test_closed_dates_are_one_day_or_a_range_with_both_ends() -> None:
    summer = parse_closed("2026-08-15..2026-08-31")

    assert date(2026, 8, 15) in summer
    assert date(2026, 8, 31) in summer
    assert date(2026, 9, 1) not in summer
    assert date(2026, 12, 24) in parse_closed("2026-12-24")
    assert date(2026, 12, 25) not in parse_closed("2026-12-24")


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("24/12/2026", "'24/12/2026' isn't a date"),
        ("2026-02-30", "'2026-02-30' isn't a date"),
        ("2026-08-15..", "'' isn't a date"),
        ("2026-08-31..2026-08-15", "run backwards"),
        ("2026-08-15..2036-08-31", "longer than a year"),
    ],
)
def test_wrong_closed_dates_are_quoted(text: str, quoted: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_closed(text)

    assert quoted in str(refusal.value)


# --- open or not


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-24 08:59:59", False),
        ("2026-11-24 09:00", True),
        ("2026-11-24 12:29:59", True),
        ("2026-11-24 12:30", False),
        ("2026-11-24 14:00", True),
        ("2026-11-24 18:00", False),
        ("2026-11-27 17:30", False),  # a Friday
        ("2026-11-28 10:00", False),  # a Saturday
        ("2026-11-11 10:00", False),  # a holiday
    ],
)
def test_the_office_is_open_from_its_opening_minute_up_to_its_closing_minute(moment: str, is_open: bool) -> None:
    assert LYON.is_open(at(moment)) is is_open


def test_the_hours_are_those_of_the_offices_own_clock() -> None:
    moment = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # 13:00 in Lyon, 08:00 in Fort-de-France

    assert not LYON.is_open(moment)
    assert FORT_DE_FRANCE.is_open(moment)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-11-24T10:00:00 has no time zone"):
        LYON.is_open(datetime(2026, 11, 24, 10, 0))  # noqa: DTZ001  the fault under test


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-24 10:17", "2026-11-24 10:17"),
        ("2026-11-24 07:00", "2026-11-24 09:00"),
        ("2026-11-24 12:45", "2026-11-24 14:00"),
        ("2026-11-24 18:00", "2026-11-25 09:00"),
        ("2026-11-27 17:00", "2026-11-30 09:00"),
        ("2026-05-22 17:00", "2026-05-26 09:00"),  # Whit Monday between
        ("2026-12-24 18:00", "2026-12-28 09:00"),
    ],
)
def test_the_next_opening_skips_lunch_nights_weekends_and_holidays(moment: str, opening: str) -> None:
    assert LYON.next_opening(at(moment)) == at(opening)


def test_the_next_opening_skips_the_dates_that_the_office_says_it_is_closed() -> None:
    closed = (parse_closed("2026-08-15..2026-08-31"), parse_closed("2026-09-01"))
    office = Calendar(PARIS, "FR", LYON_HOURS, closed)

    assert office.next_opening(at("2026-08-14 17:00")) == at("2026-09-02 09:00")
    assert not office.is_working_day(date(2026, 8, 20))


def test_an_opening_in_the_hour_that_a_spring_night_skips_comes_after_it() -> None:
    night = Calendar(PARIS, "FR", parse_hours("sun 02:30-06:00"))

    opening = night.next_opening(at("2026-03-28 12:00"))

    assert opening.astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert opening.hour == 3


def test_an_opening_in_the_hour_that_an_autumn_night_shows_twice_is_the_first() -> None:
    night = Calendar(PARIS, "FR", parse_hours("sun 02:30-06:00"))

    opening = night.next_opening(at("2026-10-24 12:00"))

    assert opening.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_working_days_are_counted_without_the_first() -> None:
    assert LYON.working_days_after(date(2026, 5, 21), 3) == date(2026, 5, 27)
    assert FORT_DE_FRANCE.working_days_after(date(2026, 5, 21), 3) == date(2026, 5, 28)
    assert LYON.working_days_after(date(2026, 5, 23), 0) == date(2026, 5, 23)


def test_ten_thousand_openings_of_twenty_years_take_less_than_a_second() -> None:
    start, moment = stopwatch.perf_counter(), at("2020-01-01 23:00")

    for day in range(10_000):
        LYON.next_opening(moment + timedelta(days=day % 7300))

    assert stopwatch.perf_counter() - start < 1
