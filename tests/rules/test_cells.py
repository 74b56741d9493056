"""What a cell says, as French Excel and others write it."""

from datetime import date
from decimal import Decimal

import pytest

from rules import cells


@pytest.mark.parametrize(
    ("text", "euros"),
    [
        ("742.18", "742.18"),
        ("742,18", "742.18"),
        ("742", "742.00"),
        ("742,", "742.00"),
        ("742.1", "742.10"),
        ("0", "0.00"),
        ("-0,00", "0.00"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234\u202f567,89 €", "1234567.89"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("742,18 EUR", "742.18"),
        ("742.18 euros", "742.18"),
    ],
)
def test_an_amount_is_read_in_every_form_that_means_one_thing(text: str, euros: str) -> None:
    assert cells.amount(text) == Decimal(euros)
    assert cells.amount(text).as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("1.234", "more than two decimals"),
        ("1,234", "more than two decimals"),
        ("742.185", "more than two decimals"),
        ("-742.18", "negative"),
        ("−742,18", "negative"),
        ("(742.18)", "not an amount"),
        ("12 34", "not an amount"),
        ("7 4 2", "not an amount"),
        ("abc", "not an amount"),
        ("1e3", "not an amount"),
        ("NaN", "not an amount"),
        ("٧٤٢", "not an amount"),
        ("#N/A", "not an amount"),
        ("1.2.3", "not an amount"),
        ("1,234,56", "not an amount"),
        ("12345678901", "too large"),
    ],
)
def test_an_amount_that_may_mean_two_things_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        cells.amount(text)


@pytest.mark.parametrize(
    "text",
    [
        "2019-09-01",
        "01/09/2019",
        "1/9/2019",
        "01-09-2019",
        "01.09.2019",
        "2019/09/01",
        "2019-09-01 00:00:00",
        "01/09/2019 00:00",
    ],
)
def test_a_day_is_read_iso_or_french(text: str) -> None:
    assert cells.day(text) == date(2019, 9, 1)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("01/09/19", "four digits"),
        ("09/13/2019", "no such day"),
        ("2026-02-30", "no such day"),
        ("0000-01-01", "no such day"),
        ("2019-09", "not a date"),
        ("septembre 2019", "not a date"),
        ("43709", "not a date"),
        ("2019-09-01 14:30", "not a date"),
    ],
)
def test_a_day_that_does_not_exist_or_may_mean_two_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        cells.day(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("06 39 98 03 36", "0639980336"),
        ("06.39.98.03.36", "0639980336"),
        ("06-39-98-03-36", "0639980336"),
        ("0639980336", "0639980336"),
        ("639980336", "0639980336"),
        ("+33 6 39 98 59 16", "0639985916"),
        ("+33 (0)6 39 98 59 16", "0639985916"),
        ("+33 06 39 98 59 16", "0639985916"),
        ("0033 6 39 98 59 16", "0639985916"),
        ("+596 696 12 34 56", "0696123456"),
        ("+596 596 00 00 14", "0596000014"),
        ("+590690123456", "0690123456"),
        ("+594 694 12 34 56", "0694123456"),
        ("+262 692 12 34 56", "0692123456"),
        ("06\u202f39\u00a098 03 36", "0639980336"),
        ("+44 20 7946 0958", "+442079460958"),
        ("0044 20 7946 0958", "+442079460958"),
    ],
)
def test_a_telephone_is_kept_as_it_is_dialled_in_france(text: str, number: str) -> None:
    assert cells.phone(text) == number


@pytest.mark.parametrize(
    "text", ["06 39 98 03", "06 39 98 03 36 12", "voir dossier", "06 39 98 03 36 (bureau)", "+12", "0000000000", ""]
)
def test_a_telephone_that_cannot_be_dialled_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"number"):
        cells.phone(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Clemence.Bonnefoy@Example.ORG", "clemence.bonnefoy@example.org"),
        ("o'brien+bail@sous.domaine.example.org", "o'brien+bail@sous.domaine.example.org"),
        ("a@b.fr", "a@b.fr"),
        ("compta@aubrelac.test", "compta@aubrelac.test"),
        ("a@xn--caf-dma.fr", "a@xn--caf-dma.fr"),
    ],
)
def test_an_address_is_kept_as_addresses_are_compared(text: str, address: str) -> None:
    assert cells.email(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "clemence", "clemence@", "@example.org", "clemence@example", "cle mence@example.org", "a@b@example.org",
        "clémence@example.org", "a..b@example.org", ".a@example.org", "a@-example.org", "a@example..org",
        "Clémence <c@example.org>", "a@example.org, b@example.org", "mailto:a@example.org", f"{'a' * 250}@example.org",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_written_to_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an e-mail address"):
        cells.email(text)


def test_few_choices_are_read_in_french_and_english_whatever_their_case() -> None:
    assert [cells.answer(text) for text in ("yes", "OUI", "Vrai", "1", "x")] == [True] * 5
    assert [cells.answer(text) for text in ("no", "Non", "FAUX", "0")] == [False] * 4
    assert [cells.channel(text) for text in ("email", "E-mail", "courrier", "Post")] == [
        "email",
        "email",
        "post",
        "post",
    ]
    assert [cells.workplace(text) for text in ("own", "Partagée")] == ["own", "shared"]
    assert [cells.payment(text) for text in ("Prélèvement", "virement", "chèque", "espèces au guichet", "CAF", "CB")] == [
        "direct_debit", "transfer", "cheque", "cash", "aid", "card",
    ]  # fmt: skip
    assert [cells.movement_kind(text) for text in ("Appel", "Règlement", "RÉGULARISATION", "avoir", "frais")] == [
        "appel", "reglement", "regularisation", "avoir", "frais",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (cells.answer, "peut-être"),
        (cells.channel, "pigeon"),
        (cells.workplace, "ailleurs"),
        (cells.payment, "viremant"),
        (cells.movement_kind, "divers"),
    ],
)
def test_an_unknown_choice_is_refused_with_the_known_ones(read: object, text: str) -> None:
    assert callable(read)
    with pytest.raises(ValueError, match=r"write "):
        read(text)


def test_a_postcode_gets_back_the_zero_that_a_spreadsheet_dropped() -> None:
    assert [cells.postcode(text) for text in ("1000", "69005", "", "B-1000")] == ["01000", "69005", "", "B-1000"]


def test_several_values_of_a_cell_are_taken_once_and_in_order() -> None:
    assert cells.parts(" b@x.fr ;a@x.fr;;b@x.fr; ") == ("b@x.fr", "a@x.fr")
