"""What comes after an answer or a command: the day that was named, a mail that comes back, a mailbox that shows it."""

import re
import smtplib
from datetime import date, datetime, time
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from daemon import clock
from rules.calendar import Calendar, parse_hours
from tests.answers import MANAGER, TENANT, outlook, reply
from tests.office import OURS, Office, text_of, until
from tests.rounds import Rounds, history
from tests.stories.test_a_manager_answers import ANSWER, noticed

PARIS = ZoneInfo("Europe/Paris")
OPEN = Calendar(PARIS, "FR", parse_hours("mon-fri 09:00-12:30, 14:00-18:00"))
WORKS = "R&AOk-clamations/Travaux"


def day(working: int) -> date:
    """The so many-th working day from today."""
    return OPEN.working_days_after(clock.now().astimezone(PARIS).date(), working)


def at(working: int, hour: int, minute: int = 1) -> datetime:
    return datetime.combine(day(working), time(hour, minute), PARIS)


def since(office: Office, address: str, count: int) -> list[EmailMessage]:
    return office.said_to(address)[count:]


# --- the day that was named


def test_a_wait_ends_on_its_day_and_stays_in_the_mail_of_the_morning(rounds: Rounds) -> None:
    office = rounds.office
    ref, notice = rounds.leak()
    rounds(outlook(notice, f"#attente artisan {day(6):%d/%m}\n\n{ANSWER}"))
    assert rounds.case(ref)["status"] == "waiting"
    count = len(office.said_to(MANAGER))

    rounds.later(at(4, 8))
    rounds.later(at(5, 15))
    before = since(office, MANAGER, count)
    rounds.later(at(6, 8))
    rounds.later(at(6, 9))
    rounds.later(at(6, 14))
    morning, reminder = since(office, MANAGER, count + len(before))

    told = [text_of(mail) for mail in before]
    assert len(told) == 2, "mornings, and no reminder"
    assert all("En attente d’une réponse : 1" in text and "en attente de l’artisan jusqu’au" in text for text in told)
    assert all("à répondre avant" not in text for text in told)
    assert "À relancer : 1" in text_of(morning)
    assert str(reminder["Subject"]) == f"Rappel : Fuite [{ref}]"
    assert text_of(reminder).startswith("Vous avez demandé ce rappel.")
    rounds.later(at(8, 8))
    assert "À relancer : 1" in text_of(office.said_to(MANAGER)[-1]), "until somebody says what follows"
    rounds(outlook(reminder, "#clos"))
    assert rounds.case(ref)["status"] == "closed"
    assert rounds.case(ref)["waits_until"] is None


def test_a_reminder_that_was_asked_for_comes_though_the_case_is_answered(rounds: Rounds) -> None:
    office = rounds.office
    ref, notice = rounds.leak()
    rounds(outlook(notice, f"#rappel {day(3):%d/%m}\n\n{ANSWER}"))
    assert rounds.case(ref)["status"] == "answered"
    count = len(office.said_to(MANAGER))

    for hour in (8, 9, 14):
        rounds.later(at(2, hour))
        rounds.later(at(3, hour))

    (reminder,) = since(office, MANAGER, count)
    assert "répondu le" in text_of(reminder)
    assert "À votre demande" in text_of(reminder)


def test_an_overdue_case_has_its_flag_and_a_click_of_the_morning_is_proof_enough(rounds: Rounds) -> None:
    office = rounds.office
    ref, _ = rounds.leak()

    rounds.later(at(6, 8))
    rounds()

    with office.person() as person:
        assert [r"\Flagged" in flags for flags in person.flags(WORKS).values()] == [True]
    page = office.said_to(MANAGER)[-1].get_body(("html",)).get_content()  # type: ignore[union-attr]
    link = next(link for link in re.findall(r'href="(mailto:[^"]+)"', page) if "%23clos" in link)
    told = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
    fresh: dict[str, Any] = {"In_Reply_To": "", "References": "", "Subject": told["subject"][0]}
    rounds(reply(office.said_to(MANAGER)[-1], told["body"][0].replace("\r\n", "\n"), **fresh))
    assert rounds.case(ref)["status"] == "closed"


# --- what comes back


def came_back(office: Office, mail: EmailMessage) -> bytes:
    """The report of a server that couldn't deliver that mail."""
    taken = next(one for one in office.sink.accepted if str(mail["Message-ID"]).strip("<>").encode() in one.raw)
    report = (
        f"From: MAILER-DAEMON@mx.example.org\r\nTo: {taken.sender}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nMessage-ID: <report@mx.example.org>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThe mail system could not deliver it.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {taken.recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b--\r\n"
    )
    return report.encode()


def test_an_answer_that_comes_back_was_none(rounds: Rounds) -> None:
    office = rounds.office
    ref, notice = rounds.leak()
    rounds(outlook(notice, ANSWER))
    answered, count = rounds.case(ref), len(office.said_to(MANAGER))

    rounds(came_back(office, office.said_to(TENANT)[-1]))

    case = rounds.case(ref)
    assert answered["status"] == "answered"
    assert (case["status"], case["answered_at"], case["due_at"]) == ("open", None, answered["due_at"])
    assert history(case)[-2:] == ["bounced", "undelivered"]
    (told,) = since(office, MANAGER, count)
    assert "550 5.1.1 no such user" in text_of(told)
    assert "Le délai du dossier court toujours" in text_of(told)
    rounds(outlook(notice, "#tél vu avec elle"))
    assert rounds.case(ref)["status"] == "answered"


def test_a_question_that_comes_back_pauses_nothing(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    due = rounds.case(ref)["due_at"]
    rounds(outlook(notice, "#attente locataire\nQuand êtes-vous là ?"))
    assert rounds.case(ref)["status"] == "waiting"

    rounds(came_back(rounds.office, rounds.office.said_to(TENANT)[-1]))

    case = rounds.case(ref)
    assert (case["status"], case["paused_at"], case["due_at"]) == ("open", None, due)


# --- an answer, and a question, in a pause


def test_an_answer_ends_a_pause_and_a_question_doesnt(rounds: Rounds) -> None:
    ref, notice = rounds.leak()
    rounds(outlook(notice, "#attente locataire\nQuand êtes-vous là ?"))
    rounds(outlook(notice, "#attente locataire\nPouvez-vous aussi envoyer une photo ?"))
    asked = rounds.case(ref)

    rounds(outlook(notice, "Le plombier passe jeudi, rien à faire de votre côté."))

    assert (asked["status"], asked["answered_at"]) == ("waiting", None)
    case = rounds.case(ref)
    assert (case["status"], case["paused_at"], case["waits_for"]) == ("answered", None, "")
    assert history(case).count("wrote") == 2
    rounds(outlook(notice, "#délai 3 jours"))
    assert "il n’y a plus de délai" in text_of(rounds.notice(ref))
    assert rounds.case(ref)["due_at"] == case["due_at"]


# --- other ways in


@pytest.mark.parametrize("mark", ["Internal", "Anonymous"])
def test_the_mark_of_the_mailbox_s_own_host_is_proof(rounds: Rounds, mark: str) -> None:
    ref, notice = rounds.leak()
    rounds.office.configure(more='[security]\ninternal_mark = "X-MS-Exchange-Organization-AuthAs: Internal"')
    lost: dict[str, Any] = {"In_Reply_To": "", "References": "", "Subject": f"Votre fuite [{ref}]"}

    rounds(f"X-MS-Exchange-Organization-AuthAs: {mark}\r\n".encode() + reply(notice, ANSWER, **lost))

    believed = mark == "Internal"
    assert rounds.case(ref)["status"] == ("answered" if believed else "open")
    assert history(rounds.case(ref))[-1] == ("answered" if believed else "unproven")


def test_an_answer_that_comes_by_lmtp_is_passed_on(office: Office) -> None:
    where = office.folder / "lmtp.sock"
    ref, notice = noticed(office)
    office.configure(more=f'[lmtp]\nlisten = "{where}"')
    office.start("run")
    until(where.exists)

    with smtplib.LMTP(str(where)) as client:
        client.sendmail(MANAGER, [OURS], outlook(notice, ANSWER))

    until(lambda: office.json("case", ref)["status"] == "answered")
    assert "Le plombier passe jeudi" in text_of(office.said_to(TENANT)[-1])
