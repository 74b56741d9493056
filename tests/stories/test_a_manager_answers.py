"""A manager answers the notice in their own mail program; the tenant hears from the agency, in one clean thread."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from tests.answers import MANAGER, TENANT, gmail, outlook, reply, reply_headers, thunderbird
from tests.office import OURS, Office, letter, text_of
from tests.rounds import Rounds, history

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


def test_an_answer_in_outlook_style_reaches_the_tenant_from_the_agency(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    rounds(outlook(notice, ANSWER))

    (answer,) = answers(rounds.office)
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


def test_the_clock_stops_when_the_answer_is_handed_over(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    before = datetime.now(UTC)
    rounds(outlook(notice, ANSWER))

    case = rounds.case(ref)
    assert case["status"] == "answered"
    assert before <= case["answered_at"] <= datetime.now(UTC)
    assert history(rounds.case(ref))[-1] == "answered"
    filed = [side for side in rounds.office.sidecars() if side["case"] == ref and side.get("direction") == "out"]
    assert sorted(side["kind"] for side in filed) == ["acknowledgement", "answer"]
    assert any("\tANSWER\t" in path.read_text() for path in rounds.office.tree.rglob("*.journal"))


def test_every_way_of_quoting_keeps_the_notice_inside(rounds: Rounds) -> None:
    _, notice = rounds.leak()

    rounds(thunderbird(notice, ANSWER), gmail(notice, "Et un second mot : pensez à la clé.", "Apple"))

    said = answers(rounds.office)
    assert len(said) == 2
    for one in said:
        for never in ("À répondre", "Classement", "Pourquoi", "VM-2026-000001.", "écrit", "lundi"):
            assert never not in text_of(one).replace("lundi à", ""), never


def test_a_reply_that_is_only_a_command_sends_nothing(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    rounds(outlook(notice, "#clos\n\nDelphine Faucheux\nRégie Aubrelac\n04 65 71 20 11"))

    assert answers(rounds.office) == []
    assert rounds.case(ref)["status"] == "closed"
    assert history(rounds.case(ref))[-1] == "closed"


def test_an_unknown_command_does_nothing_and_the_list_comes_back(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    rounds(outlook(notice, "#terminé\n#urgent\n\nBonjour, c'est réparé."))

    assert answers(rounds.office) == []
    case = rounds.case(ref)
    assert (case["status"], case["urgent"]) == ("open", False)
    told = text_of(rounds.office.said_to(MANAGER)[-1])
    assert "#terminé : commande inconnue" in told
    assert "#attente locataire" in told


@pytest.mark.parametrize(
    "text",
    [
        f"{ANSWER} #clos",
        f"{ANSWER}\n\n#note la locataire a déjà appelé",
        "#clos\n#suivi demain\n\nBonjour, le plombier passe demain.",
        "#accord",
    ],
)
def test_what_can_be_meant_in_two_ways_is_asked_about(rounds: Rounds, text: str) -> None:
    ref, notice = rounds.leak()
    said = len(rounds.office.sink.accepted)

    rounds(outlook(notice, text))

    (asked,) = rounds.office.sink.accepted[said:]
    assert asked.recipient == MANAGER
    assert history(rounds.case(ref)) == ["opened", "refused"]


def test_a_click_on_a_thumb_is_no_answer(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    said = len(rounds.office.sink.accepted)
    thumb = EmailMessage(policy=SMTP)
    for key, value in reply_headers(notice).items():
        thumb[key] = value
    thumb.set_content("👍")
    thumb.add_alternative('{"emoji":"👍","version":1}', subtype="vnd.google.email-reaction+json")
    thumb.add_alternative("<p>Delphine Faucheux a réagi via Gmail</p>", subtype="html")

    rounds(thumb.as_bytes())

    assert len(rounds.office.sink.accepted) == said
    assert history(rounds.case(ref)) == ["opened", "automatic"]


def test_whoever_asks_for_the_list_has_made_no_mistake(rounds: Rounds) -> None:
    _, notice = rounds.leak()

    rounds(outlook(notice, "#aide"))

    told = rounds.office.said_to(MANAGER)[-1]
    assert str(told["Subject"]).startswith("Les commandes : ")
    assert "#attente locataire" in text_of(told)
    assert "Rien n’a été fait" not in text_of(told)


def test_a_tenant_who_answers_with_thanks_and_a_question_is_heard(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds(outlook(notice, ANSWER))
    thread = answers(rounds.office)[0]["Message-ID"]

    rounds(letter(TENANT, "Re: Fuite", "Merci, mais je ne suis pas là jeudi. Vendredi ?", In_Reply_To=thread))

    assert rounds.case(ref)["status"] == "open"
    told = text_of(rounds.notice(ref))
    assert f"Nouveau message de Clémence Bonnefoy dans le dossier {ref}" in told


def test_an_empty_reply_is_told_and_stops_nothing(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    rounds(outlook(notice, "\n\nCordialement,\nDelphine Faucheux"))

    assert answers(rounds.office) == []
    assert rounds.case(ref)["status"] == "open"
    assert "vide" in text_of(rounds.office.said_to(MANAGER)[-1])


def test_the_tenant_in_copy_already_has_it(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    rounds(outlook(notice, ANSWER, to=f"{OURS}, {TENANT}"))

    assert answers(rounds.office) == []
    assert rounds.case(ref)["status"] == "answered"


def test_whoever_forwards_the_notice_to_the_agency_is_told_that_nothing_left(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    rounds(outlook(notice, ANSWER, Subject=f"TR: {notice['Subject']}"))
    rounds(reply(notice, "Le devis du plombier, pour le dossier.", Subject=f"TR: Devis [{ref}]"))

    assert answers(rounds.office) == []
    assert history(rounds.case(ref)) == ["opened", "copied", "copied"]
    (_, told) = rounds.office.said_to(MANAGER)
    assert "au lieu d’y répondre" in text_of(told)


def test_a_mail_to_a_supplier_is_kept_and_stops_nothing(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    rounds(outlook(notice, "Pouvez-vous passer jeudi ?", to="plombier@example.com", cc=OURS))

    assert answers(rounds.office) == []
    assert rounds.case(ref)["status"] == "open"
    assert history(rounds.case(ref))[-1] == "copied"


def test_twenty_megabytes_travel(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    photo = bytes(range(256)) * 4 * 1024 * 20

    rounds(reply(notice, "Voici les plans.", files=(("plans étage.pdf", photo),)))

    (answer,) = answers(rounds.office)
    (plans,) = [part for part in answer.walk() if part.get_filename()]
    assert plans.get_filename() == "plans étage.pdf"
    assert plans.get_payload(decode=True) == photo
    assert rounds.case(ref)["status"] == "answered"


def test_an_answer_in_a_closed_case_goes_and_the_case_stays_closed(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds(outlook(notice, "#clos"))

    rounds(outlook(notice, "Un dernier mot : merci."))

    assert len(answers(rounds.office)) == 1
    assert rounds.case(ref)["status"] == "closed"
    assert history(rounds.case(ref))[-1] == "answered"


def test_the_tenant_s_answer_comes_to_the_manager(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds(outlook(notice, "#attente locataire\nBonjour, quand pouvez-vous recevoir le plombier ?"))
    (question,) = answers(rounds.office)
    paused = rounds.case(ref)

    rounds(letter(TENANT, "Re: Fuite", "Jeudi après 17 h.", In_Reply_To=question["Message-ID"]))

    assert paused["status"] == "waiting"
    assert paused["paused_at"]
    after = rounds.case(ref)
    assert (after["status"], after["paused_at"]) == ("open", None)
    assert "resumed" in history(rounds.case(ref))
    enclosed = [part for part in rounds.office.said_to(MANAGER)[-1].walk() if part.get_content_type() == "text/plain"]
    assert any("Jeudi après 17 h." in part.get_content() for part in enclosed)
