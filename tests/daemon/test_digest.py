"""The mail of the morning: who gets one, when, with what; and its picture."""

import json
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from archive.records import Duty, Fact, Manager, Message, Outgoing, Receipt
from daemon.config import Digest
from daemon.reminders import chart
from daemon.reminders.absences import Absences
from daemon.reminders.digest import Digests
from tests.daemon.test_reminders import ABOVE, G1, G5, HOUR, house_of, lyon, open_case
from tests.outgoing import NOON, MailRoom, configuration, html_of, parsed, text_of
from tests.test_french import readable, words

HEAD = "cd" * 32
DUE = NOON + 50 * HOUR  # on Thursday at two
EIGHT = "2026-11-26 08:00"  # a Thursday

Look = Callable[[str], int]


@pytest.fixture
def look(mail_room: MailRoom) -> Look:
    """A digest that was installed in time, with the settings as they come."""
    Fact.create(name="first_start", value="2026-11-01T00:00:00+00:00")
    return looking()


def looking(absences: Path | None = None, **settings: Any) -> Look:
    config = configuration().model_copy(update={"digest": Digest.model_validate(settings)})
    house = house_of(config)
    away = Absences(absences, ZoneInfo("Europe/Paris"), lambda _digest: b"")
    digests = Digests(config, lambda: house, away, lambda: HEAD)
    return lambda now: digests.look(lyon(now))


def to(address: str, template: str = "notice_digest") -> list[Outgoing]:
    return list(Outgoing.select().where(Outgoing.recipient == address, Outgoing.template == template))


def answered(room: MailRoom, days: int, *, late: bool = False, **changes: Any) -> None:
    """A case that was answered so many days before Thursday noon."""
    at = NOON + (2 - days) * 24 * HOUR
    due = at + (-HOUR if late else HOUR)
    room.case(status="answered", answered_at=at, due_at=due, received_at=due - 72 * HOUR, **changes)


def test_each_manager_gets_one_at_eight_with_what_waits(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, due_at=NOON + 10 * HOUR, subject="Fuite ancienne")
    open_case(mail_room, due_at=NOON + 50 * HOUR, subject="Chauffage")
    open_case(mail_room, status="waiting", received_at=NOON - 90 * HOUR, due_at=NOON + 300 * HOUR, subject="Serrure")
    open_case(mail_room, received_at=NOON + 30 * HOUR, due_at=NOON + 300 * HOUR, subject="Bruit")

    assert look("2026-11-26 07:59") == 0
    assert look(EIGHT) == 2

    text = text_of(mail_room.compose(to(G1)[0]))
    order = ["En retard : 1", "Fuite ancienne", "À répondre avant la prochaine ouverture : 1", "Chauffage",
             "Nouveau depuis hier : 1", "Bruit", "En attente d’une réponse : 1", "Serrure"]  # fmt: skip
    assert sorted(order, key=text.index) == order
    assert "En quarantaine" not in text
    assert "L’équipe" not in text
    assert parsed(mail_room.compose(to(G1)[0]))["Subject"] == "Vos dossiers, jeudi 26 novembre"


def test_it_goes_once_a_day_whatever_restarts(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, due_at=DUE)

    assert [look(EIGHT), look(EIGHT), looking()("2026-11-26 11:00"), look("2026-11-27 08:00")] == [2, 0, 0, 2]
    assert Duty.select().where(Duty.key == "digest/G1/2026-11-26").exists()


def test_who_has_nothing_waiting_gets_nothing(mail_room: MailRoom, look: Look) -> None:
    look(EIGHT)

    assert to(G1) == []
    assert len(to(ABOVE)) == 1


def test_nothing_is_owed_from_before_the_installation(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, due_at=DUE)
    Fact.update(value="2026-11-26T07:30:00+00:00").execute()

    assert look("2026-11-26 09:00") == 0
    assert look("2026-11-27 08:00") == 2


def test_a_machine_that_was_off_sends_todays_and_no_older_one(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, due_at=DUE)

    look("2026-12-03 15:00")

    assert [row.key for row in to(G1)] == ["digest/G1/2026-12-03"]


def test_each_office_has_its_own_eight_oclock(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, lease="L00201", manager="G5", due_at=DUE)

    look(EIGHT)
    assert to(G5) == []
    look("2026-11-26 13:00")  # eight in Fort-de-France
    assert len(to(G5)) == 1


def test_who_is_away_is_read_by_who_stands_in(mail_room: MailRoom, look: Look, tmp_path: Path) -> None:
    Manager.update(backup="G5").where(Manager.id == "G1").execute()
    (tmp_path / "absences.txt").write_text("G1 2026-11-26\n")
    open_case(mail_room, due_at=DUE)

    looking(tmp_path / "absences.txt")(EIGHT)

    assert to(G1) == []
    assert "Pendant l’absence de Mme Faucheux, ses dossiers sont les vôtres." in text_of(mail_room.compose(to(G5)[0]))


def test_the_supervisors_has_the_figures_the_arithmetic_and_the_head_of_the_journal(
    mail_room: MailRoom, look: Look
) -> None:
    open_case(mail_room, due_at=NOON + HOUR)
    answered(mail_room, 3)
    answered(mail_room, 4, late=True)
    answered(mail_room, 40)
    Receipt.create(key="lmtp/1", message=Message.get().digest, received_at=NOON, state="filed")

    look(EIGHT)

    text = text_of(mail_room.compose(to(ABOVE)[0]))
    assert "Réclamation, travaux : 1, 1, 1, 1" in text
    assert "Lettres vues : 1, dont 1 rangées, 0 en double, 0 en quarantaine." in text
    assert HEAD in text
    assert "Faucheux : " not in text
    assert "Par gestionnaire" not in text


def test_figures_by_manager_are_a_setting(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, due_at=DUE)

    looking(by_manager=True)(EIGHT)

    assert (
        "Par gestionnaire\n\n30 jours : ouverts, en retard, à temps, trop tard\nMme Faucheux : 1, 0, 0, 0"
        in text_of(mail_room.compose(to(ABOVE)[0]))
    )


def test_the_week_comes_on_its_first_working_day(mail_room: MailRoom, look: Look) -> None:
    answered(mail_room, 5)
    answered(mail_room, 6, late=True)

    counts = [look("2026-11-27 08:00"), look("2026-11-30 08:00"), look("2026-12-01 08:00")]

    assert counts == [1, 2, 1]
    text = text_of(mail_room.compose(to(ABOVE, "notice_week")[0]))
    assert "Semaine du lundi 16 novembre : 1 à temps, 1 trop tard" in text


def test_addresses_that_bounce_and_letters_that_broke_us_are_told(mail_room: MailRoom, look: Look) -> None:
    case = open_case(mail_room, due_at=NOON + 300 * HOUR, received_at=NOON - 90 * HOUR)
    mail_room.say(case=case, state="failed")
    broken = open_case(mail_room, subject="Illisible")
    Message.update(state="quarantined").where(Message.case == broken.ref).execute()

    look(EIGHT)

    text = text_of(mail_room.compose(to(G1)[0]))
    assert "Adresses qui ne répondent plus : 1\n\n- Mme Bonnefoy, clemence.bonnefoy@example.org VM-2026-000001" in text
    assert text.startswith("Lettres illisibles, en quarantaine : 1")


def test_its_picture_is_in_it_and_its_two_forms_say_the_same(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, due_at=DUE)
    answered(mail_room, 3)

    look(EIGHT)

    mail = mail_room.compose(to(ABOVE)[0])
    picture = next(part for part in parsed(mail).walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<chart>"
    assert picture.get_content().startswith(b"\x89PNG")
    assert 'src="cid:chart"' in html_of(mail)
    shown = words(readable(html_of(mail)))
    assert sorted(shown) == sorted([*words(text_of(mail)), "Régie", "Aubrelac"])


def test_a_very_long_list_is_cut_and_counted(mail_room: MailRoom, look: Look) -> None:
    for _ in range(30):
        open_case(mail_room, due_at=DUE)

    look("2026-11-27 15:00")

    text = text_of(mail_room.compose(to(G1)[0]))
    assert "En retard : 30" in text
    assert "Et 5 de plus" in text


def test_only_the_supervisor_may_be_set(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, due_at=DUE)

    assert looking(managers=False)(EIGHT) == 1


def test_a_bar_is_as_high_as_its_count() -> None:
    png = chart.draw([(3, 1), (0, 0), (1, 0)])

    length = int.from_bytes(png[33:37])
    rows = zlib.decompress(png[41 : 41 + length])
    stride = chart.WIDTH * 3 + 1
    first = [tuple(rows[y * stride + 1 : y * stride + 4]) for y in range(chart.HEIGHT - 4)]
    assert first.count(chart.IN_TIME) == 177
    assert first.count(chart.LATE) == 59
    assert len(rows) == stride * chart.HEIGHT


def test_what_it_says_is_frozen_as_json(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, due_at=DUE)
    look(EIGHT)

    assert json.loads(to(G1)[0].details)["digest"]["sections"][0]["count"] == 1


def test_a_day_later_is_another_day(mail_room: MailRoom, look: Look) -> None:
    open_case(mail_room, due_at=DUE)
    start = datetime.fromisoformat(EIGHT)

    sent = [look(str(start + timedelta(days=number))[:16]) for number in range(5)]

    assert sent == [2, 2, 0, 0, 3]


def test_one_failure_told_by_neighbours_is_shown_as_one(mail_room: MailRoom, look: Look) -> None:
    first = open_case(mail_room, subject="Ascenseur en panne", due_at=DUE)
    second = open_case(
        mail_room, subject="L'ascenseur est bloqué", due_at=DUE, sender="voisin@example.org", lease="L00102"
    )
    open_case(mail_room, subject="Fuite", due_at=DUE, sender="autre@example.org", lease="L00102")

    look(EIGHT)

    text = text_of(mail_room.compose(to(G1)[0]))
    assert f"Une panne, plusieurs dossiers : 1\n\n- Résidence Les Traboules : {first.ref}, {second.ref}\n" in text
    notice = text_of(mail_room.compose(mail_room.say("notice_case", second)))
    assert f"Même panne, signalée par d’autres dans l’immeuble : {first.ref}\n" in notice
