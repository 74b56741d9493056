"""Nobody speaks in the agency's name but its people: what isn't proven sets nothing in motion, and is asked about."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from daemon import clock
from daemon.sending.identifiers import Signer, load_secret
from tests.answers import MANAGER, OTHER, TENANT, outlook, reply
from tests.office import letter, text_of
from tests.rounds import Rounds, history
from tests.stories.test_a_manager_answers import ANSWER, answers

BELIEVED = '[security]\nauthserv = ["mx.aubrelac.test"]'


def test_a_forged_manager_is_not_passed_on_and_the_real_one_is_asked(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    said = len(rounds.office.said_to(MANAGER))

    rounds(reply(notice, "Votre loyer est annulé.", In_Reply_To="<leak@example.org>", References=""))

    assert answers(rounds.office) == []
    assert rounds.case(ref)["status"] == "open"
    assert history(rounds.case(ref))[-1] == "unproven"
    asked = rounds.office.said_to(MANAGER)[said:]
    assert len(asked) == 1
    assert "Votre loyer est annulé." in text_of(asked[0])


def test_whoever_confirms_from_the_registered_address_is_heard(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds(reply(notice, ANSWER, In_Reply_To="<leak@example.org>", References=""))
    question = rounds.office.said_to(MANAGER)[-1]

    rounds(outlook(question, "#confirmer"))
    rounds()

    (answer,) = answers(rounds.office)
    assert "Le plombier passe jeudi" in text_of(answer)
    assert rounds.case(ref)["status"] == "answered"


def test_words_in_answer_to_the_question_are_no_answer_to_the_tenant(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds(reply(notice, ANSWER, In_Reply_To="<leak@example.org>", References=""))
    question = rounds.office.said_to(MANAGER)[-1]

    rounds(outlook(question, "Oui, c'est bien moi !"))

    assert answers(rounds.office) == []
    assert rounds.case(ref)["status"] == "open"
    assert "répondez #confirmer à la question" in text_of(rounds.office.said_to(MANAGER)[-1])


def test_a_token_of_another_case_opens_nothing(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds(letter("ewen.legoff@example.org", "Volet", "Bonjour, mon volet est bloqué, merci d'envoyer quelqu'un."))
    other = next(case for case in rounds.office.cases() if case["ref"] != ref)

    rounds(reply(notice, "#clos", Subject=f"Re: Volet [{other['ref']}]"))

    assert {case["status"] for case in rounds.office.cases()} == {"open"}
    assert history(rounds.case(other["ref"]))[-1] == "unproven"


def test_a_colleague_s_token_is_nobody_else_s(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    rounds(outlook(notice, "#clos", sender=f"Amaury Sissoko-Brun <{OTHER}>"))

    assert rounds.case(ref)["status"] == "open"
    assert len(rounds.office.said_to(OTHER)) == 1


def test_a_token_whose_time_is_over_opens_nothing(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    signer = Signer(load_secret(rounds.office.folder / "state"))
    yesterday = clock.now().date() - timedelta(days=1)
    expired = f"<{signer.token('notice/1', ref, 'G1', yesterday)}@aubrelac.test>"

    rounds(reply(notice, ANSWER, In_Reply_To=expired, References=""))

    assert answers(rounds.office) == []
    assert rounds.case(ref)["status"] == "open"
    assert history(rounds.case(ref))[-1] == "unproven"


def test_a_server_that_says_forged_is_believed_before_a_token(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds.office.configure(more=BELIEVED)
    verdict = b"Authentication-Results: mx.aubrelac.test; dmarc=fail header.from=aubrelac.test\r\n"

    rounds(verdict + outlook(notice, "#clos"))

    assert rounds.case(ref)["status"] == "open"


def test_a_proven_manager_needs_no_token(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds.office.configure(more=BELIEVED)
    passed = b"Authentication-Results: mx.aubrelac.test; dkim=pass header.d=aubrelac.test\r\n"
    fresh = reply(notice, ANSWER, In_Reply_To="", References="", Subject=f"Votre fuite [{ref}]")

    rounds(passed + fresh)

    assert len(answers(rounds.office)) == 1
    assert rounds.case(ref)["status"] == "answered"


def test_the_tenant_who_has_a_notice_can_do_nothing_with_it(rounds: Rounds) -> None:
    ref, notice = rounds.leak()

    rounds(reply(notice, "#clos", sender=TENANT))

    assert rounds.case(ref)["status"] == "open"


@pytest.mark.parametrize(
    ("subject", "mark"),
    [("Réponse automatique", "auto-replied"), ("Automatic reply: Réclamation, travaux : Fuite [VM-2026-000001]", "")],
)
def test_an_absent_manager_answers_nothing(rounds: Rounds, subject: str, mark: str) -> None:
    ref, notice = rounds.leak()
    said = len(rounds.office.sink.accepted)

    rounds(reply(notice, "Je suis absente jusqu'au 12.", Auto_Submitted=mark, Subject=subject))

    assert len(rounds.office.sink.accepted) == said
    assert rounds.case(ref)["status"] == "open"
    assert history(rounds.case(ref))[-1] == "absent"


def test_two_managers_at_once_and_the_second_is_told(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds(outlook(notice, f"#pour {OTHER}\nTu peux t'en occuper ?"))
    handed = rounds.office.said_to(OTHER)[-1]
    assert "Tu peux t'en occuper" in text_of(handed).replace("’", "'")

    rounds(outlook(notice, ANSWER), outlook(handed, "Bonjour, c'est pour vendredi.", sender=OTHER))

    assert len(answers(rounds.office)) == 1
    assert "crossed" in history(rounds.case(ref))
    told = text_of(rounds.office.said_to(OTHER)[-1])
    assert "Delphine Faucheux a déjà répondu" in told
    assert "Le plombier passe jeudi" in told


def test_a_click_on_a_prepared_command_is_enough(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    page = notice.get_body(("html",)).get_content()  # type: ignore[union-attr]
    link = next(link for link in re.findall(r'href="(mailto:[^"]+)"', page) if "%23clos" in link)
    told = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
    click = reply(
        notice, told["body"][0].replace("\r\n", "\n"), In_Reply_To="", References="", Subject=told["subject"][0]
    )
    rounds(click)

    assert rounds.case(ref)["status"] == "closed"
    assert answers(rounds.office) == []
