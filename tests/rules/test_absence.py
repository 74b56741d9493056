"""Who is away, by the agency's calendar or by an automatic answer."""

from datetime import date

import pytest

from rules.absence import announces, away, read_calendar, until

TUESDAY = date(2026, 11, 24)


def test_a_calendar_says_who_is_away_on_which_days() -> None:
    absences, faults = read_calendar("# holidays\n\nG1  2026-12-21..2027-01-03  # winter\nG4 2026-12-22\n")

    assert faults == ()
    assert away(absences, date(2026, 12, 22)) == {"G1", "G4"}
    assert away(absences, date(2027, 1, 3)) == {"G1"}
    assert away(absences, date(2027, 1, 4)) == frozenset()


def test_a_line_that_isnt_understood_is_told_and_the_others_count() -> None:
    absences, faults = read_calendar("G1\nG2 2026-12-99\nG3 2026-12-22\n")

    assert [one.manager for one in absences] == ["G3"]
    assert faults[0].startswith("line 1: write a manager's id and days")
    assert faults[1].startswith("line 2: '2026-12-99' isn't a date")


@pytest.mark.parametrize(
    "subject",
    [
        "Réponse automatique : Fuite",
        "Automatic reply: Fuite",
        "Absence du bureau",
        "Out of Office",
        "Absente jusqu'à lundi",
    ],
)
def test_an_automatic_answer_announces_an_absence(subject: str) -> None:
    assert announces(subject)


@pytest.mark.parametrize(
    "subject", ["Lu : Fuite", "Re: Fuite", "Non remis : Fuite", "Congé de Mme Martin", "Undeliverable"]
)
def test_another_mail_doesnt(subject: str) -> None:
    assert not announces(subject)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("Je suis absente jusqu'au 4 décembre inclus.", date(2026, 12, 4)),
        ("Je serai de retour le 1er décembre.", date(2026, 11, 30)),
        ("Absent du 23/11/2026 au 27/11/2026, retour le 30/11/2026.", date(2026, 11, 29)),
        ("En congé jusqu'au 4 janvier.", date(2027, 1, 4)),
        ("Je reprends le lundi 7 décembre 2026.", date(2026, 12, 6)),
        ("Je suis absente, contactez l'accueil.", date(2026, 12, 1)),
        ("Absent jusqu'au 31 février.", date(2026, 12, 1)),
        ("De retour le 3 mars 2029.", date(2026, 12, 1)),
    ],
)
def test_its_text_says_until_when(text: str, last: date) -> None:
    assert until(text, TUESDAY) == last
