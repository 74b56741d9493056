"""The first day: an inbox full of old letters gets no answer, and an agency may begin by only looking."""

from datetime import UTC, datetime, timedelta

from tests.office import Office, letter

LONG_AGO = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)


def old_letters(count: int) -> list[bytes]:
    return [
        letter("clemence.bonnefoy@example.org", f"Fuite {n}", f"Il y a une fuite n° {n}, merci de la réparer.")
        for n in range(count)
    ]


def test_an_inbox_of_old_letters_sends_nothing_and_loses_nothing(office: Office) -> None:
    office.deliver(*old_letters(300), date=LONG_AGO)
    office.deliver(letter("ewen.legoff@example.org", "Chauffage", "Bonjour, mon radiateur est en panne."))

    office.once()

    assert {taken.recipient for taken in office.sink.accepted} == {
        "ewen.legoff@example.org",
        "d.faucheux@aubrelac.test",
    }
    assert [case["sender"] for case in office.cases()] == ["ewen.legoff@example.org"]
    status = office.json("status")
    assert (status["seen"], status["filed"]) == (301, 301)
    assert office.folders()["INBOX"] == 300, "what is old stays where people know it"


def test_answer_since_may_be_said(office: Office) -> None:
    today = datetime.now(UTC)
    office.configure(mailbox=f'answer_since = "{today - timedelta(days=1):%Y-%m-%d}"')
    office.deliver(*old_letters(2), date=today - timedelta(days=2))
    office.deliver(letter("ewen.legoff@example.org", "Chauffage", "Bonjour, mon radiateur est en panne."))

    office.once()

    assert len(office.cases()) == 1


def test_observing_reads_and_reports_and_touches_nothing(office: Office) -> None:
    office.configure(mailbox='mode = "observe"')
    office.deliver(letter(), letter("ewen.legoff@example.org", "odeur de gaz", "Ça sent fort le gaz dans l'escalier !"))

    office.once()

    assert office.sink.accepted == []
    assert len(office.cases()) == 2
    assert office.folders() == {"INBOX": 2}
    with office.person() as person:
        assert all(flags == set() for flags in person.flags().values())


def test_a_setting_leaves_every_letter_where_it_is(office: Office) -> None:
    office.configure(mailbox="move = false")
    office.deliver(letter())

    office.once()

    assert len(office.said_to("clemence.bonnefoy@example.org")) == 1
    assert office.folders()["INBOX"] == 1
