"""Who is named in a lease, and in what capacity."""

import pytest

from rules.people import PersonWords, parse_people, split_civility
from rules.plan import Role


def one(text: str, tenant: str = "Traoré") -> PersonWords:
    (person,) = parse_people(text, tenant)
    return person


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("TRAORÉ Fatoumata (épouse, cotitulaire)", Role.CO_TENANT),
        ("VERMEULEN Lotte", Role.CO_TENANT),
        ("VERMEULEN Lotte (colocataire)", Role.CO_TENANT),
        ("TRAORÉ Fatoumata (épouse)", Role.CO_TENANT),
        ("FERREIRA DA COSTA Tiago (fils majeur, occupant)", Role.OCCUPANT),
        ("CLÉRY Mégane (mère, garante)", Role.GUARANTOR),
        ("TRAORÉ Fatoumata (épouse, garante)", Role.GUARANTOR),
        ("MARTIN Paul (CAUTION SOLIDAIRE)", Role.GUARANTOR),
        ("MARTIN Paul, garant", Role.GUARANTOR),
        ("MARTIN Paul - garant", Role.GUARANTOR),
        ("MARTIN Paul (garant", Role.GUARANTOR),
        ("MARTIN Paul [père et garant]", Role.GUARANTOR),
        ("DELANNOY Sophie (séparée, a quitté le logement)", Role.FORMER),
        ("ROCHE Ève (décédée)", Role.FORMER),
    ],
)
def test_a_known_wording_gives_its_role(text: str, role: Role) -> None:
    person = one(text)

    assert (person.role, person.unclear) == (role, "")
    assert person.wording == text


@pytest.mark.parametrize(
    "remark",
    [
        "(conjoint)",
        "(fils majeur)",
        "(séparée)",
        "(non cotitulaire)",
        "(garant, occupant)",
        "(cotitulaire depuis 2021)",
        "(voir dossier)",
        "(garant) 06 12",
        ", MARTIN Marie",
    ],
)
def test_a_wording_that_is_not_wholly_known_is_for_a_person_to_read(remark: str) -> None:
    person = one(f"MARTIN Paul {remark}")

    assert (person.last_name, person.first_name) == ("MARTIN", "Paul")
    assert (person.role, person.unclear) == (Role.UNCLEAR, remark)


@pytest.mark.parametrize(
    ("text", "last", "first"),
    [
        ("FERREIRA DA COSTA Inês", "FERREIRA DA COSTA", "Inês"),
        ("VAN DEN BERG Jan", "VAN DEN BERG", "Jan"),
        ("de LA TOUR Anne Marie", "de LA TOUR", "Anne Marie"),
        ("d'ALMÉIDA Serge", "d'ALMÉIDA", "Serge"),
        ("McALLISTER Duncan", "McALLISTER", "Duncan"),
        ("O'BRIEN-DUQUESNE Théo", "O'BRIEN-DUQUESNE", "Théo"),
        ("L’HERMITTE Océane", "L’HERMITTE", "Océane"),
        ("ÇELIK Derya", "ÇELIK", "Derya"),
        ("DUPONT J.", "DUPONT", "J."),
        ("MARTIN JEANNE", "MARTIN", "JEANNE"),
        ("MARTIN", "MARTIN", ""),
        ("TRAORÉ DIALLO Awa", "TRAORÉ DIALLO", "Awa"),
        ("TRAORE Awa", "Traoré", "Awa"),
        ("TRAORÉ AWA LÉA", "Traoré", "AWA LÉA"),
        ("traoré awa", "Traoré", "awa"),
        ("Fatoumata (épouse)", "Traoré", "Fatoumata"),
    ],
)
def test_the_last_name_is_the_part_in_capitals(text: str, last: str, first: str) -> None:
    person = one(text)

    assert (person.last_name, person.first_name, person.unclear) == (last, first, "")


@pytest.mark.parametrize(
    ("text", "doubt"),
    [("Lotte Vermeulen", "which word is the last name"), ("(garant)", "a capacity without a name")],
)
def test_a_name_that_cannot_be_split_is_kept_whole_and_said(text: str, doubt: str) -> None:
    assert one(text).unclear == doubt


def test_people_are_separated_by_semicolons_with_or_without_spaces() -> None:
    people = parse_people("MOREL Gabin ; ZIEGLER Jade;LEE Bo;; \nROY Al")

    assert [person.last_name for person in people] == ["MOREL", "ZIEGLER", "LEE", "ROY"]


def test_a_semicolon_inside_brackets_separates_wordings_not_people() -> None:
    people = parse_people("TRAORÉ Awa (épouse; cotitulaire; occupante) ; LEE Bo", "Traoré")

    assert [(person.first_name, person.role) for person in people] == [("Awa", Role.UNCLEAR), ("Bo", Role.CO_TENANT)]


@pytest.mark.parametrize("text", ["", "  ", " ; ;\n"])
def test_an_empty_line_names_nobody(text: str) -> None:
    assert parse_people(text, "Traoré") == ()


def test_a_civility_is_told_apart_from_the_name() -> None:
    assert one("Mme MARTIN Jeanne") == PersonWords("MARTIN", "Jeanne", Role.CO_TENANT, "Mme", "Mme MARTIN Jeanne")
    assert one("M. et Mme MARTIN").civility == "M. et Mme"
    assert split_civility("M. et Mme Ø. Lindqvist") == ("M. et Mme", "Ø. Lindqvist")
    assert split_civility("Mademoiselle Lise Roy") == ("Mme", "Lise Roy")
    assert split_civility("SCI Balisier") == ("", "SCI Balisier")
    assert split_civility("Mme") == ("", "Mme")


def test_a_line_of_a_hundred_thousand_separators_is_read_at_once() -> None:
    assert parse_people("(" + "a;" * 100_000, "Traoré")[0].role is Role.UNCLEAR
