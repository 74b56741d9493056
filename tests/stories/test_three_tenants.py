"""A leak, a departure and a receipt: three tenants write, three cases are followed, and nothing is said twice."""

from hashlib import sha256

import pytest

from tests.office import Office, letter, text_of

LEAK = letter(
    "clemence.bonnefoy@example.org",
    "Fuite sous l'évier",
    "Bonjour,\n\nIl y a une fuite sous l'évier de la cuisine depuis hier soir, le meuble est trempé. "
    "Pouvez-vous envoyer un plombier ?\n\nClémence Bonnefoy",
    name="Clémence Bonnefoy",
    attachments=(("photo évier.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(200)),),
)
DEPARTURE = letter(
    "ewen.legoff@example.org",
    "Mon départ",
    "Bonjour, je vous informe que je quitterai le logement le 31 janvier. Cordialement, Ewen Le Goff",
)
RECEIPT = letter(
    "nadiege.theodose@example.org",
    "Quittance",
    "Bonjour, pourriez-vous m'envoyer la quittance d'octobre ? Merci. Nadiège Théodose",
)
ABSENT = letter(
    "karim.benaissa@example.org",
    "Réponse automatique : absence",
    "Je suis absent jusqu'au 12 et lirai votre message à mon retour.",
    Auto_Submitted="auto-replied",
)
POST = (LEAK, DEPARTURE, RECEIPT, ABSENT)
WRITERS = ("clemence.bonnefoy@example.org", "ewen.legoff@example.org", "nadiege.theodose@example.org")


@pytest.fixture(scope="module")
def morning(shared_office: Office) -> Office:
    """The four letters have come, and one pass is over."""
    shared_office.deliver(*POST)
    shared_office.once()
    return shared_office


def test_three_letters_give_three_cases_under_their_leases(morning: Office) -> None:
    cases = {case["sender"]: case for case in morning.cases()}
    assert set(cases) == set(WRITERS)
    assert [cases[w]["label"] for w in WRITERS] == ["reclamation/travaux", "depart", "demande"]
    assert [cases[w]["lease"] for w in WRITERS] == ["L00101", "L00102", "L00147"]
    assert [cases[w]["manager"] for w in WRITERS] == ["G1", "G1", "G4"]
    assert all(case["status"] == "open" and case["party"] == "tenant" for case in cases.values())


def test_each_is_acknowledged_once_and_the_absent_one_hears_nothing(morning: Office) -> None:
    assert [len(morning.said_to(writer)) for writer in WRITERS] == [1, 1, 1]
    assert morning.said_to("karim.benaissa@example.org") == []
    for writer in WRITERS:
        (answer,) = morning.said_to(writer)
        assert answer["Auto-Submitted"] == "auto-replied"
        assert answer["X-Auto-Response-Suppress"] == "All"
    assert {one.sender for one in morning.sink.accepted if one.recipient in WRITERS} == {""}


def test_the_answer_says_what_was_told_who_answers_and_by_when(morning: Office) -> None:
    (case,) = (one for one in morning.cases() if one["lease"] == "L00101")
    (answer,) = morning.said_to("clemence.bonnefoy@example.org")
    text = text_of(answer)
    assert "fuite sous l’évier" in text
    assert "Mme Delphine Faucheux" in text
    assert "04 65 71 20 11" in text
    assert case["ref"] in text
    assert "CPI 6901 2099 000 000 042" in text
    assert "&#" not in text
    assert answer["In-Reply-To"]


def test_a_departure_by_mail_is_told_the_valid_forms_and_no_date(morning: Office) -> None:
    (answer,) = morning.said_to("ewen.legoff@example.org")
    text = text_of(answer).lower()
    assert "lettre recommandée avec avis de réception" in text
    for never in ("accusé de réception", "accusé réception", "prenons note", "31 janvier", "accepté", "non valable"):
        assert never not in text
        assert never not in str(answer["Subject"]).lower()


def test_each_manager_is_told_once_with_the_letter_enclosed(morning: Office) -> None:
    assert len(morning.said_to("d.faucheux@aubrelac.test")) == 2
    (notice,) = morning.said_to("ml.beauregard@aubrelac.test")
    enclosed = [part for part in notice.walk() if part.get_content_type() == "message/rfc822"]
    assert len(enclosed) == 1
    assert "L00147" in text_of(notice)
    assert len(morning.sink.accepted) == 6


def test_every_letter_is_archived_byte_for_byte_with_its_attachment(morning: Office) -> None:
    filed = {path.read_bytes() for path in morning.filed()}

    assert morning.all_letters() <= filed
    assert set(POST) <= filed
    under = {side["from"]: side for side in morning.sidecars() if side["direction"] == "in"}
    assert under["ewen.legoff@example.org"]["attachment"]["lease"] == "L00102"
    (photo,) = morning.filed("* PJ/*")
    assert photo.name == "01 photo évier.jpg"
    assert "Bail L00101 - BONNEFOY Clémence" in str(photo)
    assert len([side for side in morning.sidecars() if side["direction"] == "out"]) == 3
    assert {sha256(raw).hexdigest() for raw in filed} == {side["digest"] for side in morning.sidecars()}


def test_a_letter_that_came_twice_before_it_was_read_is_one_letter_and_one_duplicate(office: Office) -> None:
    office.deliver(LEAK, LEAK)

    office.once()

    assert len(office.cases()) == 1
    assert len(office.said_to("clemence.bonnefoy@example.org")) == 1
    status = office.json("status")
    assert (status["seen"], status["filed"], status["duplicates"], status["quarantined"]) == (2, 1, 1, 0)


def test_letters_move_to_the_folder_of_their_label_and_stay_unread(morning: Office) -> None:
    assert morning.folders() == {
        "R&AOk-clamations/Travaux": 1,
        "D&AOk-parts": 1,
        "Demandes": 1,
        "Hors sujet": 1,
        "Accus&AOk-s": 3,
    }
    with morning.person() as person:
        assert list(person.flags("Demandes").values()) == [set()]


def test_a_second_pass_and_a_second_delivery_say_nothing_more(morning: Office) -> None:
    """Last in the file, for it adds to the morning."""
    said = len(morning.sink.accepted)

    morning.once()
    morning.deliver(LEAK, b"Received: from relay.example by mx; Mon, 23 Nov 2026 10:00:00 +0100\r\n" + DEPARTURE)
    morning.once()

    assert len(morning.sink.accepted) == said
    assert len(morning.cases()) == 3
    status = morning.json("status")
    assert (status["seen"], status["filed"], status["duplicates"], status["quarantined"]) == (6, 4, 2, 0)
