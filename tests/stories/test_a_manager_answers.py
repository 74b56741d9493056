"""A manager answers the notice in their own mail program; the tenant hears from the agency, in one clean thread."""

from datetime import UTC, datetime
from email.message import EmailMessage

from tests.answers import MANAGER, TENANT, case_of, gmail, outlook, reply, steps, thunderbird
from tests.office import OURS, Office, letter, text_of

ANSWER = "Bonjour Madame,\n\nLe plombier passe jeudi à 14 h.\n\nCordialement,"


def noticed(office: Office) -> tuple[str, EmailMessage]:
    """The case of a leak, and the notice that its manager had."""
    office.deliver(letter(Message_ID="<leak@example.org>"))
    office.once()
    (case,) = office.cases()
    return str(case["ref"]), office.said_to(MANAGER)[-1]


def answers(office: Office) -> list[EmailMessage]:
    """What the tenant heard after the acknowledgement."""
    return office.said_to(TENANT)[1:]


def test_an_answer_in_outlook_style_reaches_the_tenant_from_the_agency(office: Office) -> None:
    ref, notice = noticed(office)

    office.deliver(outlook(notice, ANSWER))
    office.once()

    (answer,) = answers(office)
    assert str(answer["From"]) == "Delphine Faucheux – Régie Aubrelac <gestion@aubrelac.test>"
    assert answer["To"] == TENANT
    assert answer["In-Reply-To"] == "<leak@example.org>"
    assert str(answer["Subject"]) == f"Re: Fuite [{ref}]"
    assert answer["Auto-Submitted"] is None
    text = text_of(answer)
    assert text.startswith("Bonjour Madame,\n\nLe plombier passe jeudi à 14 h.")
    assert ref in text
    assert "CPI 6901 2099 000 000 042" in text
    whole = answer.as_string() + answer.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for never in (MANAGER, "À répondre", "Classement", "04 65 71 20 11", "Répondez au-dessus", "#clos"):
        assert never not in whole, never


def test_the_clock_stops_when_the_answer_is_handed_over(office: Office) -> None:
    ref, notice = noticed(office)

    before = datetime.now(UTC)
    office.deliver(outlook(notice, ANSWER))
    office.once()

    case = case_of(office, ref)
    assert case["status"] == "answered"
    assert before <= datetime.fromisoformat(case["answered_at"]) <= datetime.now(UTC)
    assert steps(office, ref)[-1] == "answered"
    filed = [side for side in office.sidecars() if side["case"] == ref and side.get("direction") == "out"]
    assert sorted(side["kind"] for side in filed) == ["acknowledgement", "answer"]
    assert any("\tANSWER\t" in path.read_text() for path in office.tree.rglob("*.journal"))


def test_every_way_of_quoting_keeps_the_notice_inside(office: Office) -> None:
    _, notice = noticed(office)

    office.deliver(thunderbird(notice, ANSWER), gmail(notice, "Et un second mot : pensez à la clé.", "Apple"))
    office.once()

    said = answers(office)
    assert len(said) == 2
    for one in said:
        for never in ("À répondre", "Classement", "Pourquoi", "VM-2026-000001.", "écrit", "lundi"):
            assert never not in text_of(one).replace("lundi à", ""), never


def test_a_reply_that_is_only_a_command_sends_nothing(office: Office) -> None:
    ref, notice = noticed(office)

    office.deliver(outlook(notice, "#clos\n\nDelphine Faucheux\nRégie Aubrelac\n04 65 71 20 11"))
    office.once()

    assert answers(office) == []
    assert case_of(office, ref)["status"] == "closed"
    assert steps(office, ref)[-1] == "closed"


def test_an_unknown_command_does_nothing_and_the_list_comes_back(office: Office) -> None:
    ref, notice = noticed(office)

    office.deliver(outlook(notice, "#terminé\n#urgent\n\nBonjour, c'est réparé."))
    office.once()

    assert answers(office) == []
    case = case_of(office, ref)
    assert (case["status"], case["urgent"]) == ("open", False)
    told = text_of(office.said_to(MANAGER)[-1])
    assert "#terminé : commande inconnue" in told
    assert "#attente locataire" in told


def test_an_empty_reply_is_told_and_stops_nothing(office: Office) -> None:
    ref, notice = noticed(office)

    office.deliver(outlook(notice, "\n\nCordialement,\nDelphine Faucheux"))
    office.once()

    assert answers(office) == []
    assert case_of(office, ref)["status"] == "open"
    assert "vide" in text_of(office.said_to(MANAGER)[-1])


def test_the_tenant_in_copy_already_has_it(office: Office) -> None:
    ref, notice = noticed(office)

    office.deliver(outlook(notice, ANSWER, to=f"{OURS}, {TENANT}"))
    office.once()

    assert answers(office) == []
    assert case_of(office, ref)["status"] == "answered"


def test_a_mail_to_a_supplier_is_kept_and_stops_nothing(office: Office) -> None:
    ref, notice = noticed(office)

    office.deliver(outlook(notice, "Pouvez-vous passer jeudi ?", to="plombier@example.com", cc=OURS))
    office.once()

    assert answers(office) == []
    assert case_of(office, ref)["status"] == "open"
    assert steps(office, ref)[-1] == "copied"


def test_twenty_megabytes_travel(office: Office) -> None:
    ref, notice = noticed(office)
    photo = bytes(range(256)) * 4 * 1024 * 20

    office.deliver(reply(notice, "Voici les plans.", files=(("plans étage.pdf", photo),)))
    office.once()

    (answer,) = answers(office)
    (plans,) = [part for part in answer.walk() if part.get_filename()]
    assert plans.get_filename() == "plans étage.pdf"
    assert plans.get_payload(decode=True) == photo
    assert case_of(office, ref)["status"] == "answered"


def test_an_answer_in_a_closed_case_goes_and_the_case_stays_closed(office: Office) -> None:
    ref, notice = noticed(office)
    office.deliver(outlook(notice, "#clos"))
    office.once()

    office.deliver(outlook(notice, "Un dernier mot : merci."))
    office.once()

    assert len(answers(office)) == 1
    assert case_of(office, ref)["status"] == "closed"
    assert steps(office, ref)[-1] == "answered"


def test_the_tenant_s_answer_comes_to_the_manager(office: Office) -> None:
    ref, notice = noticed(office)
    office.deliver(outlook(notice, "#attente locataire\nBonjour, quand pouvez-vous recevoir le plombier ?"))
    office.once()
    (question,) = answers(office)
    paused = case_of(office, ref)

    office.deliver(letter(TENANT, "Re: Fuite", "Jeudi après 17 h.", In_Reply_To=question["Message-ID"]))
    office.once()

    assert paused["status"] == "waiting"
    assert paused["paused_at"]
    after = case_of(office, ref)
    assert (after["status"], after["paused_at"]) == ("open", None)
    assert "resumed" in steps(office, ref)
    enclosed = [part for part in office.said_to(MANAGER)[-1].walk() if part.get_content_type() == "text/plain"]
    assert any("Jeudi après 17 h." in part.get_content() for part in enclosed)
