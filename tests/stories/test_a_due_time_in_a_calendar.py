"""A due time comes with its notice, moves and goes in the calendar of whoever has it, and in nobody's unless it is set."""

from email.message import EmailMessage
from typing import Any

from icalendar import Calendar

from tests.answers import MANAGER, OTHER, outlook
from tests.office import Office, letter, text_of
from tests.rounds import Rounds
from tests.stories.test_a_manager_answers import ANSWER, noticed


def appointments(message: EmailMessage) -> list[EmailMessage]:
    return [part for part in message.iter_attachments() if part.get_content_type() == "text/calendar"]


def read(message: EmailMessage) -> dict[str, Any]:
    (part,) = appointments(message)
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    assert all(line.endswith(b"\r") for line in raw.split(b"\n")[:-1])  # RFC 5545, 3.1
    calendar: Any = Calendar.from_ical(raw)
    (event,) = calendar.events
    assert part.get_param("method") == calendar["METHOD"]  # RFC 6047, 2.4
    assert event["ORGANIZER"] == "mailto:gestion@aubrelac.test"
    assert "ATTENDEE" not in event  # RFC 5546, 3.2.1
    assert event["DTSTAMP"].dt.utcoffset() is not None
    found = {"method": str(calendar["METHOD"]), "uid": str(event["UID"]), "sequence": int(event["SEQUENCE"])}
    return found | {"due": event["DTSTART"].dt, "status": str(event["STATUS"]), "summary": str(event["SUMMARY"])}


def test_nothing_is_attached_unless_it_is_set(office: Office) -> None:
    _, notice = noticed(office)

    assert appointments(notice) == []


def test_a_due_time_is_published_moved_and_cancelled(rounds: Rounds) -> None:
    office = rounds.office
    office.configure(more="[reminders]\nappointments = true")
    rounds(letter(Message_ID="<leak@example.org>"))
    (ref,) = rounds.refs()
    notice = rounds.notice(ref)

    first = read(notice)
    due = rounds.case(ref)["due_at"].replace(microsecond=0)
    uid = f"{ref.lower()}@aubrelac.test"
    told = {"method": "PUBLISH", "uid": uid, "sequence": 0, "due": due, "status": "CONFIRMED"}
    assert first == told | {"summary": f"Répondre\N{NO-BREAK SPACE}: {ref}, Réclamation, travaux"}
    rounds(outlook(notice, "#délai 3 jours la pièce est commandée"))
    rounds()
    (moved,) = [one for one in office.said_to(MANAGER) if "Échéance" in str(one["Subject"])]
    second = read(moved)
    later = rounds.case(ref)["due_at"].replace(microsecond=0)
    assert later > due
    assert (second["method"], second["uid"], second["sequence"], second["due"]) == ("PUBLISH", uid, 1, later)
    assert "attend maintenant sa réponse avant le" in text_of(moved)

    rounds(outlook(notice, ANSWER))
    rounds()
    over = [one for one in office.said_to(MANAGER) if "Échéance" in str(one["Subject"])][-1]
    last = read(over)
    assert (last["method"], last["uid"], last["sequence"], last["status"]) == ("CANCEL", uid, 2, "CANCELLED")
    assert "n’attend plus de réponse de votre part" in text_of(over)
    rounds()
    assert len(office.said_to(MANAGER)) == 3  # said once

    rounds(outlook(notice, "#nouveau L00113\nM. Benaïssa a appelé : la porte du hall ne ferme plus."))
    rounds()
    (called,) = [one for one in office.said_to(OTHER) if "Échéance" in str(one["Subject"])]
    assert read(called)["sequence"] == 0, "of a call, whoever is in charge has it as well"
