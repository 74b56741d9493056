"""The history of a clock: what starts, stops and pauses it, and how long it ran."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.clocks import Step, clock, counted, stretches

NINE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # a Tuesday, nine in Lyon
HOUR = timedelta(hours=1)
DUE = NINE + 72 * HOUR


def step(what: str, hours: float, message: str = "") -> Step:
    return Step(NINE + hours * HOUR, what, message)


def test_a_clock_runs_from_the_letter_to_the_answer() -> None:
    steps = [step("opened", 0, "a"), step("joined", 3, "b"), step("answered", 20, "c")]

    assert [(one.length, one.ended_by) for one in stretches(steps, DUE)] == [(20 * HOUR, "answered")]
    assert counted(steps, DUE) == 20 * HOUR


def test_a_pause_isnt_counted() -> None:
    steps = [step("opened", 0), step("paused", 10), step("resumed", 40), step("answered", 45)]

    assert counted(steps, DUE) == 15 * HOUR


def test_a_clock_that_runs_is_counted_until_now() -> None:
    assert counted([step("opened", 0)], NINE + 5 * HOUR) == 5 * HOUR


def test_an_answer_that_came_back_was_none_and_the_clock_ran_on() -> None:
    steps = [step("opened", 0), step("answered", 10), step("bounced", 11), step("undelivered", 11)]

    assert counted(steps, NINE + 14 * HOUR) == 14 * HOUR
    running = clock(steps, DUE, NINE, "open")
    assert (running.started_at, running.allowed, running.renewals) == (NINE, 72 * HOUR, 1)


def test_a_question_that_came_back_was_no_pause() -> None:
    steps = [step("opened", 0), step("paused", 10), step("wrote", 10), step("undelivered", 12), step("answered", 20)]

    assert counted(steps, DUE) == 20 * HOUR
    assert clock(steps[:-1], DUE, NINE, "open").allowed == 72 * HOUR


@pytest.mark.parametrize(
    "what", ["extended", "wrote", "followed", "joined by", "urgent", "handed", "split", "reminder"]
)
def test_what_sets_no_clock_leaves_it_running(what: str) -> None:
    assert counted([step("opened", 0), step(what, 5), step("answered", 9)], DUE) == 9 * HOUR


def test_a_letter_that_became_a_matter_of_its_own_had_opened_nothing() -> None:
    steps = [step("opened", 0), step("answered", 10), step("reopened", 20), step("parted", 30)]

    assert counted(steps, NINE + 40 * HOUR) == 10 * HOUR
    assert clock(steps, DUE, NINE, "answered").started_at == NINE


@pytest.mark.parametrize("what", ["merged", "closed"])
def test_what_ends_a_case_stops_its_clock(what: str) -> None:
    assert counted([step("opened", 0), step(what, 5)], NINE + 9 * HOUR) == 5 * HOUR


def test_an_answer_in_a_pause_ends_it() -> None:
    steps = [step("opened", 0), step("paused", 4), step("answered", 9)]

    assert counted(steps, NINE + 20 * HOUR) == 4 * HOUR


def test_more_time_renews_a_clock_and_starts_none() -> None:
    running = clock([step("opened", 0), step("extended", 5)], DUE + 72 * HOUR, NINE, "open")

    assert (running.started_at, running.allowed, running.renewals) == (NINE, 144 * HOUR, 1)


def test_a_note_or_an_acknowledgement_does_nothing() -> None:
    steps = [step("opened", 0), step("noted", 1), step("acknowledged", 1), step("relabelled", 2)]

    assert counted(steps, NINE + 4 * HOUR) == 4 * HOUR


def test_hours_are_elapsed_ones_in_the_nights_of_the_year() -> None:
    paris = ZoneInfo("Europe/Paris")
    steps = [
        Step(datetime(2026, 10, 24, 12, 0, tzinfo=paris), "opened"),
        Step(datetime(2026, 10, 25, 12, 0, tzinfo=paris), "answered"),
    ]

    assert counted(steps, DUE) == 25 * HOUR


def test_a_share_of_the_time_moves_with_a_pause() -> None:
    steps = [step("opened", 0), step("paused", 10), step("resumed", 30)]

    running = clock(steps, DUE + 20 * HOUR, NINE, "open")

    assert running.allowed == 72 * HOUR
    assert running.at_share(0.5) == NINE + 56 * HOUR


def test_a_reopened_case_has_a_new_clock() -> None:
    steps = [step("opened", 0), step("answered", 10), step("reopened", 100)]

    running = clock(steps, NINE + 172 * HOUR, NINE, "open")

    assert (running.started_at, running.allowed, running.renewals) == (NINE + 100 * HOUR, 72 * HOUR, 1)


def test_a_clock_whose_case_was_answered_or_waits_doesnt_run() -> None:
    steps = [step("opened", 0)]

    assert [clock(steps, DUE, NINE, status).running for status in ("open", "waiting", "answered", "closed")] == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_case_without_history_starts_at_its_receipt() -> None:
    assert clock([], DUE, NINE, "open").started_at == NINE


def test_an_acknowledgement_that_bounces_while_it_runs_changes_nothing() -> None:
    steps = [step("opened", 0), step("bounced", 1)]

    running = clock(steps, DUE, NINE, "open")

    assert (running.started_at, running.renewals) == (NINE, 0)
    assert counted(steps, NINE + 5 * HOUR) == 5 * HOUR
    assert counted([*steps, step("paused", 6), step("bounced", 7)], NINE + 9 * HOUR) == 6 * HOUR
