"""What a calendar is told after what it was told before."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.appointments import Method, Said, Word, owed

DUE = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
LATER = DUE + timedelta(days=3)
ONE, TWO = "one@agence.test", "two@agence.test"


@pytest.mark.parametrize(
    ("said", "due", "concerned", "readers", "words"),
    [
        ([Said(ONE, DUE, 0)], DUE, [ONE], [ONE], []),
        ([Said(ONE, DUE, 0)], LATER, [ONE], [ONE], [Word(ONE, Method.PUBLISH, LATER, 1)]),
        ([Said(ONE, DUE, 3)], None, [ONE], [ONE], [Word(ONE, Method.CANCEL, DUE, 4)]),
        ([Said(ONE, DUE, 4, stands=False)], None, [ONE], [ONE], []),
        ([Said(ONE, DUE, 4, stands=False)], DUE, [ONE], [ONE], [Word(ONE, Method.PUBLISH, DUE, 5)]),  # goes on
        ([Said(ONE, DUE, 0)], DUE, [ONE], [TWO], []),  # she is away: her deputy is reminded
        (
            [Said(ONE, DUE, 0)],
            DUE,
            [TWO],
            [TWO],
            [Word(ONE, Method.CANCEL, DUE, 1), Word(TWO, Method.PUBLISH, DUE, 1)],
        ),  # handed over
        ([Said(ONE, DUE, 0), Said(TWO, DUE, 0)], DUE, [ONE, TWO], [ONE, TWO], []),
    ],
)
def test_only_what_changed_is_said_under_a_higher_number(
    said: list[Said], due: datetime | None, concerned: list[str], readers: list[str], words: list[Word]
) -> None:
    assert list(owed(said, due, concerned, readers)) == words
