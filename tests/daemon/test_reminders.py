"""Reminders: to whom they go, grouped and once, on the real outbox; a day of waiting is a line."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive.records import Case, Duty, Manager, Message, Outgoing, Step
from daemon.app import _calendar
from daemon.config import Config, Reminders
from daemon.house import House
from daemon.reminders.absences import Absences
from daemon.reminders.clocks import Reminders as Service
from rules.identity import Directory
from tests.outgoing import NOON, MailRoom, configuration, html_of, parsed, text_of
from tests.test_french import readable, words

HOUR = timedelta(hours=1)
G1, G5, ABOVE = "d.faucheux@aubrelac.test", "l.cabrisseau@aubrelac.test", "direction@aubrelac.test"
ABSENT = b"From: d.faucheux@aubrelac.test\r\nSubject: Absence\r\n\r\nJe suis absente jusqu'au 4 decembre.\r\n"


def lyon(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris"))


def house_of(config: Config) -> House:
    offices = {"": config.agency, "Martinique": config.office("Martinique")}
    return House(
        directory=Directory.of(leases=(), owners=(), managers=()),
        calendars={site: _calendar(office) for site, office in offices.items()},
        timezone=ZoneInfo("Europe/Paris"),
        supervisor=ABOVE,
        team={},
        shared=frozenset(),
        moves={},
    )


def service(
    absences: Path | None = None, config: Config | None = None, raw: bytes = ABSENT, **settings: object
) -> Service:
    config = config or configuration()
    config = config.model_copy(update={"reminders": Reminders.model_validate(settings)})
    house = house_of(config)
    return Service(
        config, lambda: house, Absences(absences, house.timezone, lambda _digest: raw, ("mx.aubrelac.test",)), _note
    )


def _note(ref: str, due_at: datetime) -> None:
    Step.create(case=ref, at=due_at, what="breached")


def open_case(room: MailRoom, **changes: object) -> Case:
    """A leak received on Tuesday at noon: half time is Thursday 00:00, four fifths Thursday 21:36, due Friday noon."""
    case = room.case(**changes)
    Step.create(case=case.ref, at=case.received_at, what="opened", message=f"letter-{int(case.ref[-6:])}")
    return case


def told() -> list[tuple[str, str | None]]:
    rows = Outgoing.select().where(Outgoing.template == "notice_reminder").order_by(Outgoing.id)
    return [(row.recipient, row.case_id) for row in rows]


def test_half_time_is_told_at_the_next_opening_and_once(mail_room: MailRoom) -> None:
    case = open_case(mail_room)
    reminders = service()

    sent = [
        reminders.remind(lyon(now))
        for now in (
            "2026-11-25 23:59", "2026-11-26 00:01", "2026-11-26 08:59", "2026-11-26 09:00", "2026-11-26 09:01", "2026-11-26 14:00",
        )
    ]  # fmt: skip

    assert sent == [0, 0, 0, 1, 0, 0]
    assert told() == [(G1, case.ref)]
    assert Duty.select().where(Duty.key == f"reminder/{case.ref}/half", Duty.done_at.is_null(False)).exists()


def test_a_restart_says_nothing_twice(mail_room: MailRoom) -> None:
    open_case(mail_room)
    service().remind(lyon("2026-11-26 09:00"))

    assert service().remind(lyon("2026-11-26 09:00")) == 0
    assert service().remind(lyon("2026-11-26 14:00")) == 0


def test_a_machine_that_was_off_for_two_weeks_sends_one_reminder_not_three(mail_room: MailRoom) -> None:
    case = open_case(mail_room)

    service().remind(lyon("2026-12-10 15:00"))
    service().remind(lyon("2026-12-11 09:00"))

    assert told() == [(G1, case.ref), (ABOVE, case.ref)]


def test_all_that_a_person_is_owed_goes_in_one_mail_overdue_first(mail_room: MailRoom) -> None:
    for hours in (30, 71, 100):
        open_case(mail_room, received_at=NOON, due_at=NOON + hours * HOUR, subject=f"Fuite {hours}")

    service().remind(lyon("2026-11-26 09:00"))

    (row,) = Outgoing.select().where(Outgoing.recipient == G1)
    text = text_of(mail_room.compose(row))
    assert text.index("En retard") < text.index("Fuite 30") < text.index("À mi-délai") < text.index("Fuite 71")
    assert "Fuite 100" not in text
    assert parsed(mail_room.compose(row))["Subject"] == "Rappel : 2 dossiers"


def test_an_answer_or_a_pause_silences_it(mail_room: MailRoom) -> None:
    for status in ("answered", "waiting", "closed"):
        open_case(mail_room, status=status)

    assert service().remind(lyon("2026-12-10 15:00")) == 0


def test_who_is_told_grows_with_the_stage(mail_room: MailRoom) -> None:
    Manager.update(backup="G5").where(Manager.id == "G1").execute()
    open_case(mail_room)
    reminders = service()

    counts = [reminders.remind(lyon(now)) for now in ("2026-11-26 09:00", "2026-11-27 09:00", "2026-11-27 14:00")]

    assert counts == [1, 2, 3]
    assert [recipient for recipient, _ in told()] == [G1, G1, G5, G1, G5, ABOVE]


def test_danger_doesnt_wait_for_the_office_to_open(mail_room: MailRoom) -> None:
    case = open_case(mail_room, urgent=True)

    assert service().remind(lyon("2026-11-26 00:01")) == 1

    (row,) = Outgoing.select().where(Outgoing.case == case.ref)
    assert row.urgent
    assert parsed(mail_room.compose(row))["Subject"].startswith("URGENT – Rappel : Fuite sous l'évier")
    assert parsed(mail_room.compose(row))["Importance"] == "high"


def test_each_office_has_its_own_hours(mail_room: MailRoom) -> None:
    open_case(mail_room, lease="L00201", manager="G5")
    reminders = service()

    assert reminders.remind(lyon("2026-11-26 09:00")) == 0  # 4 h in Fort-de-France
    assert reminders.remind(lyon("2026-11-26 14:00")) == 1  # 9 h
    assert told()[0][0] == G5


def test_a_line_of_the_calendar_replaces_who_is_away(mail_room: MailRoom, tmp_path: Path) -> None:
    Manager.update(backup="G5").where(Manager.id == "G1").execute()
    calendar = tmp_path / "absences.txt"
    calendar.write_text("G1 2026-11-26\n")
    open_case(mail_room)

    service(calendar).remind(lyon("2026-11-26 09:00"))

    assert [recipient for recipient, _ in told()] == [G5]


@pytest.mark.parametrize(("back", "recipient"), [(False, G5), (True, G1)])
def test_an_automatic_answer_replaces_them_until_they_write(mail_room: MailRoom, back: bool, recipient: str) -> None:
    Manager.update(backup="G5").where(Manager.id == "G1").execute()
    open_case(mail_room)
    for number, automated in enumerate([True, False][: 1 + back]):
        Message.create(
            digest=f"absence-{number}", id=f"a{number}", direction="in", sender=G1, automated=automated,
            subject="Absence" if automated else "Re: Fuite", received_at=NOON + number * HOUR, path="", sidecar="",
        )  # fmt: skip

    service().remind(lyon("2026-11-26 09:00"))

    assert [one for one, _ in told()] == [recipient]


def test_a_forged_absence_replaces_nobody(mail_room: MailRoom) -> None:
    Manager.update(backup="G5").where(Manager.id == "G1").execute()
    open_case(mail_room)
    Message.create(
        digest="absence", id="a", direction="in", sender=G1, automated=True, subject="Absence", received_at=NOON,
        path="", sidecar="",
    )  # fmt: skip
    forged = b"Authentication-Results: mx.aubrelac.test; dmarc=fail header.from=aubrelac.test\r\n" + ABSENT

    service(raw=forged).remind(lyon("2026-11-26 09:00"))

    assert [one for one, _ in told()] == [G1]


def test_a_calendar_that_is_missing_stops_nothing(
    mail_room: MailRoom, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_case(mail_room)
    reminders = service(tmp_path / "none.txt")

    assert reminders.remind(lyon("2026-11-26 09:00")) == 1
    reminders.remind(lyon("2026-11-27 09:00"))
    assert capsys.readouterr().err.count("absences_faulty") == 1


def test_without_hours_each_goes_by_itself_as_soon_as_it_is_owed(mail_room: MailRoom) -> None:
    open_case(mail_room)
    open_case(mail_room)

    assert service(at=[]).remind(lyon("2026-11-26 10:17")) == 2
    assert service(at=[]).remind(lyon("2026-11-26 10:18")) == 0


def test_half_time_can_be_left_out(mail_room: MailRoom) -> None:
    open_case(mail_room)

    assert service(half=False).remind(lyon("2026-11-26 09:00")) == 0


def test_a_service_that_only_observes_says_nothing(mail_room: MailRoom) -> None:
    open_case(mail_room)
    config = configuration()
    watching = config.model_copy(update={"mailbox": (config.mailbox[0].model_copy(update={"mode": "observe"}),)})

    assert service(config=watching).remind(lyon("2026-12-10 15:00")) == 0


def test_a_reopened_case_is_reminded_of_again(mail_room: MailRoom) -> None:
    case = open_case(mail_room)
    service().remind(lyon("2026-11-26 09:00"))
    again = lyon("2026-11-30 12:00")
    Step.create(case=case.ref, at=again, what="reopened")
    Case.update(due_at=again + 72 * HOUR).execute()

    assert service().remind(lyon("2026-12-01 09:00")) == 0
    assert service().remind(lyon("2026-12-02 09:00")) == 1


def test_its_two_forms_say_the_same(mail_room: MailRoom) -> None:
    open_case(mail_room)
    service().remind(lyon("2026-11-26 09:00"))
    (row,) = Outgoing.select().where(Outgoing.template == "notice_reminder")

    mail = mail_room.compose(row)

    assert "Fuite sous l'évier VM-2026-000001\n Mme Bonnefoy, Résidence Les Traboules, lot A12" in text_of(mail)
    assert "à répondre avant vendredi 27 novembre à 12 h" in text_of(mail)
    assert sorted(words(readable(html_of(mail)))) == sorted([*words(text_of(mail)), "Régie", "Aubrelac"])
    assert "mailto:clemence.bonnefoy@example.org?cc=gestion@aubrelac.test&amp;subject=Re%3A%20Fuite" in html_of(mail)


def test_a_due_time_that_passes_is_noted_once_by_night_as_well(mail_room: MailRoom) -> None:
    case = open_case(mail_room)
    watcher = service()

    for now in ("2026-11-27 11:59", "2026-11-27 23:00", "2026-11-28 10:00"):
        watcher.look(lyon(now))

    assert [(step.what, step.at) for step in Step.select().where(Step.what == "breached")] == [
        ("breached", case.due_at)
    ]
