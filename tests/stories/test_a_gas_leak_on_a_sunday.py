"""Danger: the numbers come first, a person is told at once, and the letter stays where telephones ring."""

import pytest

from tests.office import Office, letter, text_of

MAINLAND, OVERSEAS = "clemence.bonnefoy@example.org", "maryse.saintprix@example.org"
GAS = "Bonjour, ça sent très fort le gaz dans la cuisine et dans l'escalier, j'ai peur, que dois-je faire ?"


@pytest.fixture(scope="module")
def sunday(shared_office: Office) -> Office:
    """Gas is smelt on the mainland and overseas, and one pass is over."""
    shared_office.deliver(*(letter(tenant, "odeur de gaz", GAS) for tenant in (MAINLAND, OVERSEAS)))
    shared_office.once()
    return shared_office


def test_the_emergency_numbers_come_before_everything_else(sunday: Office) -> None:
    assert [case["urgent"] for case in sunday.cases()] == [True, True]
    (answer,) = sunday.said_to(MAINLAND)
    text = text_of(answer)
    assert text.index("sortez avant de téléphoner") < text.index("Bonjour")
    assert text.index("18 ou 112") < text.index("Bonjour")
    assert "0 800 47 33 33" in text
    assert "04 65 71 20 99" in text
    assert "72" not in text


def test_overseas_there_is_no_gas_network_and_another_emergency_line(sunday: Office) -> None:
    (answer,) = sunday.said_to(OVERSEAS)

    assert "0 800 47 33 33" not in text_of(answer)
    assert "0596 00 00 99" in text_of(answer)


def test_the_letter_stays_in_the_inbox_flagged_and_unread(sunday: Office) -> None:
    with sunday.person() as person:
        assert list(person.flags().values()) == [{r"\Flagged", "urgent"}] * 2
    (notice,) = sunday.said_to("d.faucheux@aubrelac.test")
    assert "URGENT" in text_of(notice)


def test_danger_in_a_follow_up_gets_the_numbers_once(office: Office) -> None:
    tenant = MAINLAND
    office.deliver(
        letter(tenant, "Chaudière", "Bonjour, la chaudière fait un bruit bizarre, merci de la faire réviser.")
    )
    office.once()
    (answer,) = office.said_to(tenant)

    for number in (1, 2):
        office.deliver(letter(tenant, f"Re: Chaudière {number}", GAS, In_Reply_To=answer["Message-ID"]))
        office.once()

    (case,) = office.cases()
    assert case["urgent"] is True
    answers = office.said_to(tenant)
    assert len(answers) == 2
    assert "18 ou 112" in text_of(answers[1])
