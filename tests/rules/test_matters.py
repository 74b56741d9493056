"""One matter or two: what is suggested to a manager."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.matters import Told, alike, clusters, same_matter

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEAK = Told("VM-2026-000001", "reclamation/travaux", "a@x.example", NOON, "Fuite : l'eau goutte sous l'évier", "0001")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Fuite sous l'évier", "Toujours pas de plombier !", True),
        ("Ascenseur en panne", "L'ascenseur est bloqué depuis ce matin", True),
        ("Chauffage en panne", "Le radiateur du salon est froid", True),
        ("Fuite sous l'évier", "Ascenseur en panne", False),
        ("Régularisation des charges de 2025", "Charges 2025 : la régularisation me semble fausse", True),
        ("Bonjour madame, merci", "Bonjour madame, merci", False),
        ("", "", False),
    ],
)
def test_two_letters_are_about_one_thing_or_two(first: str, second: str, same: bool) -> None:
    assert alike(first, second) == same


def test_the_latest_case_of_the_same_matter_is_suggested() -> None:
    later = replace(LEAK, ref="VM-2026-000002", received_at=NOON + 2 * HOUR)

    assert same_matter(LEAK.label, "le plombier n'est pas venu", NOON + 30 * HOUR, [LEAK, later]) == later.ref


@pytest.mark.parametrize(
    ("label", "words", "days"),
    [("demande", "fuite", 1), ("reclamation/travaux", "ascenseur", 1), ("reclamation/travaux", "fuite", 15)],
)
def test_another_label_another_thing_or_an_old_one_is_none(label: str, words: str, days: int) -> None:
    assert same_matter(label, words, NOON + timedelta(days=days), [LEAK]) is None


def test_neighbours_who_tell_of_one_failure_make_a_cluster() -> None:
    lift = replace(LEAK, words="Ascenseur en panne")
    cases = [
        LEAK,
        replace(lift, ref="VM-2026-000002"),
        replace(lift, ref="VM-2026-000003", sender="b@x.example", received_at=NOON + 3 * HOUR),
        replace(lift, ref="VM-2026-000004", sender="c@x.example", received_at=NOON + 25 * HOUR),
        replace(lift, ref="VM-2026-000005", sender="d@x.example", place="0002"),
    ]

    assert [[case.ref for case in group] for group in clusters(cases)] == [["VM-2026-000002", "VM-2026-000003"]]


def test_one_person_who_writes_twice_is_no_cluster() -> None:
    assert clusters([LEAK, replace(LEAK, ref="VM-2026-000002")]) == ()
