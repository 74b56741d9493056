"""Not only tenants write: strangers, owners, suppliers and colleagues each get what is theirs, and no more."""

from tests.office import Office, letter, text_of

SUPERVISOR = "direction@aubrelac.test"


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


def test_a_lease_is_only_suggested_to_the_manager(office: Office) -> None:
    office.deliver(
        letter("x.y@example.com", "Chauffage", "Mon chauffage est en panne depuis hier. Bail L00101, Clémence Bonnefoy")
    )

    office.once()

    (notice,) = office.said_to("d.faucheux@aubrelac.test")
    assert "L00101" in text_of(notice)
    assert "à confirmer" in text_of(notice)


def test_an_owner_known_by_address_gets_a_case_and_an_answer(office: Office) -> None:
    owner = "sci.balisier@example.org"
    office.deliver(
        letter(owner, "Travaux toiture", "Bonjour, où en est le devis de la toiture des Alizés ? Cordialement")
    )

    office.once()

    (case,) = office.cases()
    assert (case["party"], case["sender"]) == ("owner", owner)
    assert case["label"] != "hors-sujet"
    assert len(office.said_to(owner)) == 1
    assert any("Propriétaires" in path.parts for path in office.filed())


def test_a_supplier_is_shown_to_a_person_and_not_answered(office: Office) -> None:
    supplier = "contact@plomberie-rhone.example"
    office.deliver(
        letter(
            supplier,
            "Facture n° 2026-118",
            "Bonjour, veuillez trouver ci-joint notre facture pour l'intervention de plomberie du 12 novembre, "
            "à régler sous 30 jours. Plomberie du Rhône SARL, service comptabilité fournisseurs",
            attachments=(("facture.pdf", b"%PDF-1.4 facture"),),
        )
    )

    office.once()

    assert office.cases() == []
    assert office.said_to(supplier) == []
    (notice,) = office.said_to(SUPERVISOR)
    assert supplier in text_of(notice)


def test_two_leases_of_one_tenant_are_told_apart_by_what_is_said(office: Office) -> None:
    tenant = "nawal.elkhattabi@example.org"
    office.deliver(
        letter(
            tenant,
            "Parking",
            "Bonjour, la barrière du parking est cassée, je ne peux plus sortir ma voiture de ma place.",
        ),
        letter(tenant, "Chauffage", "Bonjour, le radiateur du salon ne chauffe plus depuis trois jours."),
    )

    office.once()

    leases = {case["subject"]: case["lease"] for case in office.cases()}
    assert leases == {"Parking": "L00120", "Chauffage": "L00119"}


def test_a_second_address_of_a_tenant_is_theirs_too_whatever_its_case(office: Office) -> None:
    office.deliver(
        letter("Benaissa.K@Example.NET", "Quittance", "Bonjour, merci de m'envoyer ma quittance de septembre.")
    )

    office.once()

    (case,) = office.cases()
    assert (case["lease"], case["sender"]) == ("L00113", "benaissa.k@example.net")


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
