"""A tenant's second letter finds its case, and nobody else's."""

from email.message import EmailMessage

from tests.office import Office, letter, text_of

TENANT = "clemence.bonnefoy@example.org"
LEAK = letter(TENANT, "Fuite", "Bonjour, il y a une fuite sous l'évier depuis hier. Merci d'envoyer un plombier.")


def answered(office: Office) -> tuple[str, EmailMessage]:
    """The case of the leak, and its acknowledgement."""
    office.deliver(LEAK)
    office.once()
    (case,) = office.cases()
    (answer,) = office.said_to(TENANT)
    return str(case["ref"]), answer


def test_an_answer_to_our_acknowledgement_joins_the_case_in_silence(office: Office) -> None:
    ref, answer = answered(office)

    second = letter(
        TENANT, "Re: Fuite", "Toujours pas de plombier, pouvez-vous me rappeler ?", In_Reply_To=answer["Message-ID"]
    )
    office.deliver(second)
    office.once()

    assert [case["ref"] for case in office.cases()] == [ref]
    assert len(office.said_to(TENANT)) == 1
    assert [step["what"] for step in office.json("case", ref)["steps"]] == ["opened", "joined"]
    notices = office.said_to("d.faucheux@aubrelac.test")
    assert len(notices) == 2
    assert "Toujours pas de plombier" in text_of(notices[1])


def test_a_reference_in_the_subject_counts_for_those_who_take_part(office: Office) -> None:
    ref, _ = answered(office)

    office.deliver(letter(TENANT, f"complément [{ref}]", "Voici une précision : la fuite vient du siphon."))
    office.once()

    assert len(office.cases()) == 1
    assert len(office.said_to(TENANT)) == 1


def test_a_second_letter_on_the_same_leak_is_suggested_to_the_manager_who_decides(office: Office) -> None:
    ref, _ = answered(office)

    office.deliver(letter(TENANT, "Plombier", "Bonjour, la fuite sous l'évier continue, quand passe le plombier ?"))
    office.once()

    (second,) = [case for case in office.cases() if case["ref"] != ref]
    assert office.json("case", second["ref"])["related"] == ref
    notice = office.said_to("d.faucheux@aubrelac.test")[-1]
    assert f"Dossier peut-être lié : {ref}" in text_of(notice)
    assert f"#fusionner {ref}" in text_of(notice)


def test_a_stranger_with_a_guessed_reference_gets_a_case_of_its_own(office: Office) -> None:
    ref, _ = answered(office)

    office.deliver(
        letter("curieux@example.com", f"Fuite [{ref}]", "Bonjour, chez moi aussi une fuite coule du plafond.")
    )
    office.once()

    cases = {case["sender"]: case for case in office.cases()}
    assert set(cases) == {TENANT, "curieux@example.com"}
    stranger = office.json("case", cases["curieux@example.com"]["ref"])
    assert stranger["related"] == ref, "suggested to a person, never joined by itself"
    (answer,) = office.said_to("curieux@example.com")
    assert "Faucheux" not in text_of(answer)
    assert "Traboules" not in text_of(answer)


def test_a_forged_message_id_of_ours_proves_nothing(office: Office) -> None:
    _, answer = answered(office)
    local, _, domain = str(answer["Message-ID"]).strip("<>").partition("@")
    forged = f"<{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}>"

    office.deliver(
        letter("curieux@example.com", "Re: Fuite", "Bonjour, ma chaudière est en panne.", In_Reply_To=forged)
    )
    office.once()

    assert len(office.cases()) == 2


def test_the_same_message_id_with_other_words_is_a_new_letter(office: Office) -> None:
    office.deliver(
        letter(
            TENANT,
            "Fuite",
            "Il y a une fuite dans la cuisine, merci d'envoyer un plombier.",
            Message_ID="<1@x.example>",
        ),
        letter(
            "jean.martin@example.org", "Bruit", "Les voisins font du bruit toute la nuit.", Message_ID="<1@x.example>"
        ),
    )

    office.once()

    assert len(office.cases()) == 2
    assert len(office.said_to("jean.martin@example.org")) == 1


def test_a_departure_told_in_the_thread_of_a_leak_is_a_matter_of_its_own(office: Office) -> None:
    ref, answer = answered(office)

    office.deliver(
        letter(
            TENANT,
            "Re: Fuite",
            "Bonjour, je vous donne mon congé : je quitterai l'appartement le 31 mars et je rendrai les clés ce jour-là.",
            In_Reply_To=answer["Message-ID"],
        )
    )
    office.once()

    cases = office.cases()
    assert {case["label"] for case in cases} == {"reclamation/travaux", "depart"}
    departure = next(case for case in cases if case["label"] == "depart")
    assert office.json("case", departure["ref"])["related"] == ref
    assert "recommandée" in text_of(office.said_to(TENANT)[1])
    assert "Un départ est possible" in text_of(office.said_to("d.faucheux@aubrelac.test")[1])


def test_a_departure_that_is_only_hinted_at_joins_the_case_and_is_told_at_once(office: Office) -> None:
    ref, answer = answered(office)
    hint = "Toujours pas de plombier. Dans ces conditions, je préfère partir."

    office.deliver(letter(TENANT, "Re: Fuite", hint, In_Reply_To=answer["Message-ID"]))
    office.once()

    assert [case["ref"] for case in office.cases()] == [ref]
    assert "Un départ est possible" in text_of(office.said_to("d.faucheux@aubrelac.test")[1])


def test_an_absence_answering_our_acknowledgement_changes_nothing(office: Office) -> None:
    _, answer = answered(office)
    said = len(office.sink.accepted)

    office.deliver(
        letter(
            TENANT,
            "Réponse automatique : Fuite",
            "Je suis absente jusqu'à lundi.",
            In_Reply_To=answer["Message-ID"],
            Auto_Submitted="auto-replied",
        )
    )
    office.once()

    assert len(office.cases()) == 1
    assert len(office.sink.accepted) == said
