"""Not only tenants write: strangers, owners, suppliers and colleagues each get what is theirs, and no more."""

import pytest

from tests.office import Office, letter, text_of

SUPERVISOR = "direction@aubrelac.test"
STRANGER, OWNER, SUPPLIER = "x.y@example.com", "sci.balisier@example.org", "contact@plomberie-rhone.example"
OF_TWO_LEASES, SECOND_ADDRESS = "nawal.elkhattabi@example.org", "Benaissa.K@Example.NET"
POST = (
    letter(STRANGER, "Chauffage", "Mon chauffage est en panne depuis hier. Bail L00101, Clémence Bonnefoy"),
    letter(OWNER, "Travaux toiture", "Bonjour, où en est le devis de la toiture des Alizés ? Cordialement"),
    letter(
        SUPPLIER,
        "Facture n° 2026-118",
        "Bonjour, veuillez trouver ci-joint notre facture pour l'intervention de plomberie du 12 novembre, à régler "
        "sous 30 jours. Plomberie du Rhône SARL, service comptabilité fournisseurs",
        attachments=(("facture.pdf", b"%PDF-1.4 facture"),),
    ),
    letter(
        OF_TWO_LEASES,
        "Parking",
        "Bonjour, la barrière du parking est cassée, je ne peux plus sortir ma voiture de ma place.",
    ),
    letter(OF_TWO_LEASES, "Chauffage", "Bonjour, le radiateur du salon ne chauffe plus depuis trois jours."),
    letter(SECOND_ADDRESS, "Quittance", "Bonjour, merci de m'envoyer ma quittance de septembre."),
)


@pytest.fixture(scope="module")
def morning(shared_office: Office) -> Office:
    """The letters of all these people have come, and one pass is over."""
    shared_office.deliver(*POST)
    shared_office.once()
    return shared_office


def test_an_unknown_tenant_is_asked_once_for_a_reference_and_told_nothing(office: Office) -> None:
    stranger = "nouvelle.adresse@example.com"
    office.deliver(letter(stranger, "Chauffage", "Bonjour, mon chauffage est en panne, appartement A12. Mme Bonnefoy"))
    office.once()
    office.deliver(letter(stranger, "Volet", "Bonjour, le volet de la chambre est bloqué, merci de le réparer."))
    office.once()

    (answer,) = office.said_to(stranger)
    text = text_of(answer)
    assert "référence de votre bail" in text
    for told in ("Faucheux", "Traboules", "Clémence", "L00101", "06 39"):
        assert told not in text
    cases = office.cases()
    assert len(cases) == 2
    assert all(case["lease"] is None and case["party"] == "unknown" for case in cases)
    assert any("Non rattachés" in path.parts for path in office.filed())


def test_a_lease_is_only_suggested_to_the_manager(morning: Office) -> None:
    (notice,) = (one for one in morning.said_to("d.faucheux@aubrelac.test") if STRANGER in text_of(one))

    assert "L00101" in text_of(notice)
    assert "à confirmer" in text_of(notice)


def test_an_owner_known_by_address_gets_a_case_and_an_answer(morning: Office) -> None:
    (case,) = (case for case in morning.cases() if case["sender"] == OWNER)

    assert case["party"] == "owner"
    assert case["label"] != "hors-sujet"
    assert len(morning.said_to(OWNER)) == 1
    assert any("Propriétaires" in path.parts for path in morning.filed())


def test_a_supplier_is_shown_to_a_person_and_not_answered(morning: Office) -> None:
    assert [case for case in morning.cases() if case["sender"] == SUPPLIER] == []
    assert morning.said_to(SUPPLIER) == []
    (notice,) = morning.said_to(SUPERVISOR)
    assert SUPPLIER in text_of(notice)


def test_two_leases_of_one_tenant_are_told_apart_by_what_is_said(morning: Office) -> None:
    leases = {case["subject"]: case["lease"] for case in morning.cases() if case["sender"] == OF_TWO_LEASES}

    assert leases == {"Parking": "L00120", "Chauffage": "L00119"}


def test_a_second_address_of_a_tenant_is_theirs_too_whatever_its_case(morning: Office) -> None:
    (case,) = (case for case in morning.cases() if case["sender"] == SECOND_ADDRESS.lower())

    assert case["lease"] == "L00113"


def test_a_letter_to_two_mailboxes_is_one_case(office: Office) -> None:
    second = office.user + "-bis"
    office.configure(mailbox=office.second_mailbox())
    raw = letter(
        "clemence.bonnefoy@example.org", "Fuite", "Il y a une fuite sous l'évier, merci d'envoyer un plombier."
    )
    office.deliver(b"Received: by a.example; Tue, 24 Nov 2026 09:00:00 +0100\r\n" + raw)
    with office.dovecot.person(second) as person:
        person.put(b"Delivered-To: accueil@aubrelac.test\r\n" + raw)

    office.once()

    assert len(office.cases()) == 1
    assert len(office.said_to("clemence.bonnefoy@example.org")) == 1
    with office.dovecot.person(second) as person:
        assert person.letters() == {}, "the copy is put away like the first"
