"""Nobody speaks in the agency's name but its people: what isn't proven sets nothing in motion, and is asked about."""

import re
from urllib.parse import parse_qs, urlsplit

from tests.answers import MANAGER, OTHER, TENANT, case_of, outlook, reply, steps
from tests.office import Office, letter, text_of
from tests.stories.test_a_manager_answers import ANSWER, answers, noticed

BELIEVED = '[security]\nauthserv = ["mx.aubrelac.test"]'


def test_a_forged_manager_is_not_passed_on_and_the_real_one_is_asked(office: Office) -> None:
    ref, notice = noticed(office)
    said = len(office.said_to(MANAGER))

    office.deliver(reply(notice, "Votre loyer est annulé.", In_Reply_To="<leak@example.org>", References=""))
    office.once()

    assert answers(office) == []
    assert case_of(office, ref)["status"] == "open"
    assert steps(office, ref)[-1] == "unproven"
    asked = office.said_to(MANAGER)[said:]
    assert len(asked) == 1
    assert "Votre loyer est annulé." in text_of(asked[0])


def test_whoever_confirms_from_the_registered_address_is_heard(office: Office) -> None:
    ref, notice = noticed(office)
    office.deliver(reply(notice, ANSWER, In_Reply_To="<leak@example.org>", References=""))
    office.once()
    question = office.said_to(MANAGER)[-1]

    office.deliver(outlook(question, "#confirmer"))
    office.once()
    office.once()

    (answer,) = answers(office)
    assert "Le plombier passe jeudi" in text_of(answer)
    assert case_of(office, ref)["status"] == "answered"


def test_a_token_of_another_case_opens_nothing(office: Office) -> None:
    ref, notice = noticed(office)
    office.deliver(
        letter("ewen.legoff@example.org", "Volet", "Bonjour, mon volet est bloqué, merci d'envoyer quelqu'un.")
    )
    office.once()
    other = next(case for case in office.cases() if case["ref"] != ref)

    office.deliver(reply(notice, "#clos", Subject=f"Re: Volet [{other['ref']}]"))
    office.once()

    assert {case["status"] for case in office.cases()} == {"open"}
    assert steps(office, other["ref"])[-1] == "unproven"


def test_a_colleague_s_token_is_nobody_else_s(office: Office) -> None:
    ref, notice = noticed(office)

    office.deliver(outlook(notice, "#clos", sender=f"Amaury Sissoko-Brun <{OTHER}>"))
    office.once()

    assert case_of(office, ref)["status"] == "open"
    assert len(office.said_to(OTHER)) == 1


def test_a_server_that_says_forged_is_believed_before_a_token(office: Office) -> None:
    ref, notice = noticed(office)
    office.configure(more=BELIEVED)
    verdict = b"Authentication-Results: mx.aubrelac.test; dmarc=fail header.from=aubrelac.test\r\n"

    office.deliver(verdict + outlook(notice, "#clos"))
    office.once()

    assert case_of(office, ref)["status"] == "open"


def test_a_proven_manager_needs_no_token(office: Office) -> None:
    ref, notice = noticed(office)
    office.configure(more=BELIEVED)
    passed = b"Authentication-Results: mx.aubrelac.test; dkim=pass header.d=aubrelac.test\r\n"
    fresh = reply(notice, ANSWER, In_Reply_To="", References="", Subject=f"Votre fuite [{ref}]")

    office.deliver(passed + fresh)
    office.once()

    assert len(answers(office)) == 1
    assert case_of(office, ref)["status"] == "answered"


def test_the_tenant_who_has_a_notice_can_do_nothing_with_it(office: Office) -> None:
    ref, notice = noticed(office)

    office.deliver(reply(notice, "#clos", sender=TENANT))
    office.once()

    assert case_of(office, ref)["status"] == "open"


def test_an_absent_manager_answers_nothing(office: Office) -> None:
    ref, notice = noticed(office)
    said = len(office.sink.accepted)

    absent = reply(notice, "Je suis absente jusqu'au 12.", Auto_Submitted="auto-replied", Subject="Réponse automatique")
    office.deliver(absent)
    office.once()

    assert len(office.sink.accepted) == said
    assert case_of(office, ref)["status"] == "open"
    assert steps(office, ref)[-1] == "absent"


def test_two_managers_at_once_and_the_second_is_told(office: Office) -> None:
    ref, notice = noticed(office)
    office.deliver(outlook(notice, f"#pour {OTHER}\nTu peux t'en occuper ?"))
    office.once()
    handed = office.said_to(OTHER)[-1]
    assert "Tu peux t'en occuper" in text_of(handed).replace("’", "'")

    office.deliver(outlook(notice, ANSWER), outlook(handed, "Bonjour, c'est pour vendredi.", sender=OTHER))
    office.once()

    assert len(answers(office)) == 1
    assert "crossed" in steps(office, ref)
    told = text_of(office.said_to(OTHER)[-1])
    assert "Delphine Faucheux a déjà répondu" in told
    assert "Le plombier passe jeudi" in told


def test_a_click_on_a_prepared_command_is_enough(office: Office) -> None:
    ref, notice = noticed(office)
    page = notice.get_body(("html",)).get_content()  # type: ignore[union-attr]
    link = next(link for link in re.findall(r'href="(mailto:[^"]+)"', page) if "%23clos" in link)
    told = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
    click = reply(
        notice, told["body"][0].replace("\r\n", "\n"), In_Reply_To="", References="", Subject=told["subject"][0]
    )
    office.deliver(click)
    office.once()

    assert case_of(office, ref)["status"] == "closed"
    assert answers(office) == []
