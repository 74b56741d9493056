"""Answers that are ready to send: in the notice to the manager, as a draft of a mail."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from rules.drafts import Draft
from tests.outgoing import MailRoom, html_of, text_of

SAID = {
    Draft.RECEIPT: "pouvez-vous m'envoyer ma quittance",
    Draft.STATEMENT: "je voudrais le relevé de mon compte",
    Draft.CERTIFICATE: "il me faut une attestation de location",
    Draft.BANK: "quel est votre RIB",
    Draft.LEAVING: "quel est le préavis",
    Draft.INSURANCE: "à qui envoyer l'attestation d'assurance",
}


@pytest.mark.parametrize("draft", Draft)
def test_each_common_request_has_its_answer_ready(mail_room: MailRoom, draft: Draft) -> None:
    case = mail_room.case(label="demande", subject="Question")
    row = mail_room.say("notice_case", case, {"gist": SAID[draft], "party": "tenant"})

    mail = mail_room.compose(row)
    link = next(unescape(found) for found in re.findall(r'href="(mailto:[^"]+)"', html_of(mail)) if "body=" in found)
    filled = parse_qs(urlsplit(link).query)

    assert "Réponse prête, à relire :\n\nBonjour," in text_of(mail)
    assert urlsplit(link).path == "clemence.bonnefoy@example.org"
    assert filled["cc"] == ["gestion@aubrelac.test"]
    assert filled["subject"][0].endswith("[VM-2026-000001]")
    assert filled["body"][0].startswith("Bonjour,\r\n\r\n")
    assert filled["body"][0].endswith("\r\n\r\nMme Delphine Faucheux")
    assert len(link) < 2000  # Outlook takes 2,083 characters


def test_a_stranger_and_a_complaint_get_none(mail_room: MailRoom) -> None:
    stranger = mail_room.case(label="demande", party="unknown")
    complaint = mail_room.case()
    details = {"gist": "la quittance"}

    for case in (stranger, complaint):
        assert "Réponse prête" not in text_of(mail_room.compose(mail_room.say("notice_case", case, details)))


def test_a_letter_on_how_to_leave_names_the_counter(mail_room: MailRoom) -> None:
    case = mail_room.case(label="demande", lease="L00201", manager="G5")
    row = mail_room.say("notice_case", case, {"gist": SAID[Draft.LEAVING], "party": "tenant"})

    text = text_of(mail_room.compose(row))

    assert "31 boulevard des Hibiscus, 97200 Fort-de-France" in text
    assert "Un simple courriel ne suffit pas." in text
