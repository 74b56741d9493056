"""A file of notices taken apart: whose each page is, and what it asks for."""

import re
from decimal import Decimal

import pytest

from rules.batch import Part, by_account, by_reference, split, total

LEASES = ("L00101", "L00102", "L00103")
NAMED = by_reference(LEASES)


def test_a_page_is_of_the_lease_that_it_names() -> None:
    found = split(["Réf. L00101\nTotal à payer 10,00", "APP-202612-L00102\nTotal à payer 20,00"], NAMED)

    assert found.parts == (Part("L00101", (0,), Decimal("10.00")), Part("L00102", (1,), Decimal("20.00")))


def test_a_page_that_names_none_or_several_is_nobodys() -> None:
    found = split(["L00101", "rien", "L00101 et L00102"], NAMED)

    assert (found.unclaimed, found.disputed) == ((1,), (2,))
    assert [part.lease for part in found.parts] == ["L00101"]


def test_a_longer_number_is_another_reference() -> None:
    assert NAMED("L001011 XL00101 L0010") == frozenset()
    assert NAMED("réf. l00101.") == {"L00101"}


def test_a_following_page_must_say_that_it_follows() -> None:
    follows = split(["L00101 page 1/2", "Page 2 sur 2"], NAMED)
    other = split(["L00101 page 1/2", "page 2/3"], NAMED)

    assert follows.parts[0].pages == (0, 1)
    assert other.unclaimed == (1,)


def test_a_page_after_a_disputed_one_follows_nobody() -> None:
    found = split(["L00101 L00102 page 1/2", "page 2/2"], NAMED)

    assert found.parts == ()
    assert (found.unclaimed, found.disputed) == ((1,), (0,))


def test_pages_of_one_lease_may_stand_apart() -> None:
    assert split(["L00101", "L00102", "L00101"], NAMED).parts[0].pages == (0, 2)


def test_an_account_names_its_lease_by_the_mapping() -> None:
    def lease_of(account: str) -> str:
        found = re.search(r"^411(L\d{5})$", account)
        return found[1] if found else ""

    named = by_account(lease_of, frozenset(LEASES))

    assert named("Compte 411L00101 / 411L99999, 9411L00102") == {"L00101"}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Total à payer : 1 234,56 €", "1234.56"),
        ("NET A PAYER\n827,18", "827.18"),
        ("Total 10,00\nSolde antérieur 5,00\nNet à payer 15,00", "15.00"),
        ("Total loyer 10,00\nTOTAL 12.00", "12.00"),
        ("Solde à payer - 25,00 €", "-25.00"),
        ("Total à payer 1.234,56", "1234.56"),
        ("Montant restant à payer au 01/12/2026 : 7,00", "7.00"),
        ("Rien à dire", None),
        ("Total à payer", None),
    ],
)
def test_the_sum_to_pay_is_read_where_the_page_says_it(text: str, asked: str | None) -> None:
    assert total(text) == (Decimal(asked) if asked else None)
