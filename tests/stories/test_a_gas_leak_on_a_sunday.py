"""Danger: the numbers come first, a person is told at once, and the letter stays where telephones ring."""

from tests.office import Office, letter, text_of

GAS = "Bonjour, ça sent très fort le gaz dans la cuisine et dans l'escalier, j'ai peur, que dois-je faire ?"


def test_the_emergency_numbers_come_before_everything_else(office: Office) -> None:
    office.deliver(letter("clemence.bonnefoy@example.org", "odeur de gaz", GAS))

    office.once()

    (case,) = office.cases()
    assert case["urgent"] is True
    (answer,) = office.said_to("clemence.bonnefoy@example.org")
    text = text_of(answer)
    assert text.index("sortez avant de téléphoner") < text.index("Bonjour")
    assert text.index("18 ou 112") < text.index("Bonjour")
    assert "0 800 47 33 33" in text
    assert "04 65 71 20 99" in text
    assert "72" not in text


def test_overseas_there_is_no_gas_network_and_another_emergency_line(office: Office) -> None:
    office.deliver(letter("maryse.saintprix@example.org", "gaz", GAS))

    office.once()

    (answer,) = office.said_to("maryse.saintprix@example.org")
    assert "0 800 47 33 33" not in text_of(answer)
    assert "0596 00 00 99" in text_of(answer)


def test_the_letter_stays_in_the_inbox_flagged_and_unread(office: Office) -> None:
    office.deliver(letter("clemence.bonnefoy@example.org", "odeur de gaz", GAS))

    office.once()

    with office.person() as person:
        assert list(person.flags().values()) == [{r"\Flagged", "urgent"}]
    (notice,) = office.said_to("d.faucheux@aubrelac.test")
    assert "URGENT" in text_of(notice)


def test_danger_in_a_follow_up_gets_the_numbers_once(office: Office) -> None:
    tenant = "clemence.bonnefoy@example.org"
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
