"""Whatever moment the power is cut, every letter has its case and every tenant one answer."""

from collections import Counter
from functools import partial

import pytest

from tests.office import Office, letter, parsed, until


def letters(count: int) -> list[bytes]:
    """Letters of many strangers and some tenants, each with a matter of its own."""
    return [
        letter(
            f"tenant{number}@example.org",
            f"Chauffage en panne n° {number}",
            f"Bonjour, le chauffage de mon appartement {number} est en panne depuis {number} jours. Merci de le réparer.",
        )
        for number in range(count)
    ]


def _has_sent(office: Office, count: int) -> bool:
    return len(office.sink.accepted) >= count


@pytest.mark.slow
def test_killed_amid_two_hundred_letters_and_started_again(office: Office) -> None:
    office.configure(more="[limits]\nanswers_per_hour = 100000")
    office.deliver(*letters(200))

    for sent in (1, 60, 130):
        process = office.start("run")
        until(partial(_has_sent, office, sent), seconds=60)
        process.kill()
        office.finish(process)
    office.once()

    cases = office.cases()
    assert len(cases) == 200
    assert len({case["sender"] for case in cases}) == 200
    by_writer: dict[str, Counter[str]] = {}
    for taken in office.sink.accepted:
        by_writer.setdefault(taken.recipient, Counter())[str(parsed(taken)["Message-ID"])] += 1
    answers = {writer: ids for writer, ids in by_writer.items() if writer.startswith("tenant")}
    assert len(answers) == 200
    assert all(len(ids) == 1 for ids in answers.values()), "one answer each, under one Message-ID"
    repeated = sum(count - 1 for ids in answers.values() for count in ids.values())
    assert repeated <= 3, "at most the mail in hand at each kill is repeated, with the same bytes"
    status = office.json("status")
    assert (status["seen"], status["filed"], status["outbox_waiting"]) == (200, 200, 0)


def test_killed_at_any_tenth_of_a_second(office: Office) -> None:
    office.configure(more="[limits]\nanswers_per_hour = 100000")
    office.deliver(*letters(40))

    for tenths in range(9):
        office.killed_after(tenths / 10)
    office.once()

    assert len(office.cases()) == 40
    answered = {taken.recipient for taken in office.sink.accepted if taken.recipient.startswith("tenant")}
    assert len(answered) == 40
    filed = [side["digest"] for side in office.sidecars() if side["direction"] == "in"]
    assert len(filed) == len(set(filed)) == 40
    with office.person() as person:
        assert len(person.letters("R&AOk-clamations/Travaux")) == 40
        assert person.letters() == {}
