"""Days, hours, numbers and quotations in French words."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from daemon import wording

NB = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (date(2026, 11, 26), f"jeudi 26{NB}novembre"),
        (date(2026, 12, 1), f"mardi 1er{NB}décembre"),
        (date(2027, 8, 15), f"dimanche 15{NB}août"),
    ],
)
def test_a_day_is_said_in_words(value: date, said: str) -> None:
    assert wording.day(value) == said


def test_a_promise_is_a_day_and_a_half_day() -> None:
    assert wording.half_day(date(2026, 11, 26), "morning") == f"jeudi 26{NB}novembre, dans la matinée"
    assert wording.half_day(date(2026, 11, 26), "afternoon") == f"jeudi 26{NB}novembre, dans l’après-midi"


def test_a_moment_is_said_to_the_minute_and_a_full_hour_without_minutes() -> None:
    at = datetime(2026, 11, 24, 9, 5, tzinfo=ZoneInfo("Europe/Paris"))

    assert wording.moment(at) == f"mardi 24{NB}novembre 2026 à{NB}9{NB}h{NB}05"
    assert wording.moment(at.replace(minute=0)) == f"mardi 24{NB}novembre 2026 à{NB}9{NB}h"


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (
            "mon-thu 09:00-12:30, 14:00-18:00; fri 09:00-12:30, 14:00-17:00",
            "du lundi au jeudi de 9 h à 12 h 30 et de 14 h à 18 h ; le vendredi de 9 h à 12 h 30 et de 14 h à 17 h",
        ),
        (
            "mon,tue,thu 07:30-13:00, 14:00-16:30; wed,fri 07:30-13:00",
            "les lundi, mardi et jeudi de 7 h 30 à 13 h et de 14 h à 16 h 30 ; les mercredi et vendredi de 7 h 30 à 13 h",
        ),
        ("sat 09:00-12:00", "le samedi de 9 h à 12 h"),
        ("sat,sun 09:00-12:00", "les samedi et dimanche de 9 h à 12 h"),
    ],
)
def test_opening_hours_read_as_on_a_door(hours: str, said: str) -> None:
    assert wording.opening_hours(hours).replace(NB, " ") == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0465712011", "04 65 71 20 11"),
        ("04.65.71.20.11", "04 65 71 20 11"),
        ("0596 00 00 99", "0596 00 00 99"),
        ("0596000099", "0596 00 00 99"),
        ("+33 4 65 71 20 11", "+33 4 65 71 20 11"),
        ("poste 12", "poste 12"),
    ],
)
def test_a_telephone_number_is_written_in_pairs(written: str, said: str) -> None:
    assert wording.phone(written).replace(NB, " ") == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Clémence", "de Clémence"),
        ("Ewen", "d’Ewen"),
        ("Élise", "d’Élise"),
        ("Hervé", "d’Hervé"),
        ("Hugo", "de Hugo"),
        ("Yves", "d’Yves"),
        ("Yann", "de Yann"),
        ("Mme Olga", "de Mme Olga"),
    ],
)
def test_of_elides_before_a_vowel_and_a_mute_h(name: str, said: str) -> None:
    assert wording.of(name) == said


@pytest.mark.parametrize(
    ("written", "quoted"),
    [
        ("Bonjour, il n'y a plus d'eau chaude.", "« il n’y a plus d’eau chaude »"),
        ("Madame, Monsieur,\nma porte est bloquée !", "« ma porte est bloquée ! »"),
        ("Bonjour madame Faucheux, la cave est inondée", "« la cave est inondée »"),
        ("Madame Martin ne répond pas", "« Madame Martin ne répond pas »"),
        ('un «drôle» de "bruit"', "« un “drôle” de ”bruit” »"),
        ("voir https://piege.example/x et www.piege.example", "« voir et »"),
        ("deux\r\nlignes\x00 et un\u202e piège", "« deux lignes et un piège »"),
        ("Bonjour", ""),
        ("https://piege.example", ""),
        (" \n ", ""),
    ],
)
def test_a_quotation_keeps_the_words_and_nothing_else(written: str, quoted: str) -> None:
    assert wording.quoted(written).replace(NB, " ") == quoted


def test_a_long_quotation_ends_between_two_words() -> None:
    quoted = wording.quoted("mot " * 200, 30)

    assert quoted == f"«{NB}mot mot mot mot mot mot mot…{NB}»"


def test_no_line_breaks_before_a_high_sign_or_inside_quotation_marks() -> None:
    assert wording.typeset("Vous : « oui » ; non ?") == f"Vous{NB}: «{NB}oui{NB}»{NB}; non{NB}?"


def test_thousands_are_kept_together() -> None:
    assert wording.count(1000) == f"1{NB}000"
    assert wording.count(10) == "10"
