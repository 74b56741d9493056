"""The history of a clock, printed for a judge: read back from the page."""

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from zoneinfo import ZoneInfo

import pikepdf
import pypdfium2
import pytest

from archive.records import Case, Message, Step
from daemon.app import _calendar
from daemon.cases.proof import facts, printed_page
from daemon.house import House
from daemon.notices.letterhead import Letterheads
from daemon.reminders.clocks import breaches, steps_of
from rules.identity import Directory
from tests.outgoing import NOON, MailRoom, configuration

HOUR = timedelta(hours=1)
HEAD = "ab" * 32
FOLDER = "Régie Aubrelac [AG01]/Immeubles/0001 - Résidence Les Traboules, 14 rue du Puits-d'Amour/Lot 12/Bail L00101 - BONNEFOY Clémence/2026"
OFFICE = House(
    directory=Directory.of(leases=(), owners=(), managers=()),
    calendars={"": _calendar(configuration().agency)},
    timezone=ZoneInfo("Europe/Paris"),
    supervisor="",
    team={},
    shared=frozenset(),
    moves={},
)


def history(room: MailRoom, *steps: tuple[str, float], **changes: object) -> Case:
    """A leak and what happened to it, so many hours after noon; each step has its letter."""
    case = room.case(**changes)
    for number, (what, hours) in enumerate(steps):
        digest = digest_of(number)
        path = f"{FOLDER}/2026-11-24 12h00 Reçu - Fuite sous l'évier de la cuisine, urgent [w9n4c{number:03}].eml"
        Message.create(
            digest=digest, id=f"w9n4c{number:03}", direction="in", received_at=NOON, path=path, sidecar="",
        )  # fmt: skip
        Step.create(case=case.ref, at=NOON + hours * HOUR, what=what, message=digest)
    return case


def digest_of(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def printed(case: Case, now: datetime) -> bytes:
    return printed_page(facts(case, OFFICE, "", now) | {"head": HEAD}, Letterheads(configuration()).of(""))


def read(case: Case, now: datetime) -> tuple[str, int]:
    """The words of the pages, and how many pages there are."""
    return words_of(printed(case, now))


def words_of(printed: bytes) -> tuple[str, int]:
    with pypdfium2.PdfDocument(printed) as document:
        text = " ".join(page.get_textpage().get_text_range() for page in document)
        return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split()), len(document)


def test_it_tells_what_happened_when_and_which_letter_proves_it(mail_room: MailRoom) -> None:
    case = history(
        mail_room, ("opened", 0), ("paused", 10), ("resumed", 30), ("answered", 40),
        status="answered", answered_at=NOON + 40 * HOUR, due_at=NOON + 92 * HOUR,
    )  # fmt: skip

    text, pages = read(case, NOON + 100 * HOUR)

    assert pages == 1
    assert "24 novembre 2026, 12:00:00 (+01:00) Lettre reçue : le délai commence" in text
    assert "Pièces rangées dans Régie Aubrelac [AG01]/Immeubles/0001 - Résidence Les Traboules" in text
    assert f"urgent [w9n4c003].eml – {digest_of(3)}" in text
    assert "Temps compté 20 h 00 sur 72 h 00 : la réponse a été donnée dans le délai." in text
    assert HEAD in text


@pytest.mark.parametrize(
    ("changes", "now", "outcome"),
    [
        ({}, 10, "10 h 00 sur 72 h 00 : le délai court encore"),
        ({"status": "waiting"}, 10, "le délai est interrompu"),
        ({"status": "answered", "answered_at": NOON + 80 * HOUR}, 100, "la réponse a été donnée après le délai"),
        ({"status": "closed"}, 100, "le dossier a été clos sans réponse enregistrée"),
    ],
)
def test_it_says_how_it_ended(mail_room: MailRoom, changes: dict[str, object], now: float, outcome: str) -> None:
    ended = (("closed", 90.0),) if changes.get("status") == "closed" else ()
    case = history(mail_room, ("opened", 0), *ended, **changes)

    assert outcome in read(case, NOON + now * HOUR)[0]


def test_a_breach_stands_in_it_whether_or_not_it_was_noted(mail_room: MailRoom) -> None:
    unnoted = history(mail_room, ("opened", 0))

    text, _ = read(unnoted, NOON + 100 * HOUR)

    assert text.count("Le délai est dépassé") == 1
    assert "27 novembre 2026, 12:00:00 (+01:00) Le délai est dépassé 72 h 00" in text


def test_a_breach_is_noted_once_for_each_due_time(mail_room: MailRoom) -> None:
    case = history(mail_room, ("opened", 0))
    late = case.due_at + HOUR

    assert [one.ref for one in breaches([case], steps_of([case.ref]), late)] == [case.ref]
    assert list(breaches([case], steps_of([case.ref]), case.due_at - HOUR)) == []
    Step.create(case=case.ref, at=case.due_at, what="breached")
    assert list(breaches([case], steps_of([case.ref]), late)) == []
    assert read(case, late)[0].count("Le délai est dépassé") == 1


def test_times_are_those_of_the_office_with_their_offset(mail_room: MailRoom) -> None:
    calendars = dict(OFFICE.calendars) | {"Martinique": _calendar(configuration().office("Martinique"))}
    case = history(mail_room, ("opened", 0), lease="L00201", manager="G5")

    told = facts(case, replace(OFFICE, calendars=calendars), "Martinique", NOON)

    assert told["timezone"] == "America/Martinique"
    assert told["rows"][0]["at"].isoformat() == "2026-11-24T07:00:00-04:00"


def test_signs_that_the_font_lacks_stop_nothing(mail_room: MailRoom) -> None:
    case = history(mail_room, ("opened", 0), subject="Fuite 💧 urgente 水")

    assert "Fuite ? urgente ?" in read(case, NOON)[0]


WHATS = ("joined", "paused", "resumed", "wrote", "noted", "joined", "answered", "reopened", "reminder", "extended")


def long_history(mail_room: MailRoom, count: int, detail: str) -> Case:
    """A case to which so many things happened, an hour apart, in every order."""
    case = history(mail_room, ("opened", 0), *((WHATS[hour % len(WHATS)], hour) for hour in range(count - 1)))
    Step.update(detail=detail).where(Step.what << ("paused", "answered")).execute()
    return case


@pytest.mark.parametrize(("count", "summed"), [(3, False), (7, False), (15, False), (40, True)])
def test_it_is_one_page_however_long_the_history_and_every_fact_travels_inside(
    mail_room: MailRoom, count: int, summed: bool
) -> None:
    case = long_history(
        mail_room, count, "phone elle attend le plombier, qui passe jeudi entre huit et dix heures (G1)"
    )

    document = printed(case, NOON + 300 * HOUR)

    text, pages = words_of(document)
    assert pages == 1
    assert ("ce document résume une partie des faits" in text) is summed
    assert ("faits résumés" in text) is summed
    with pikepdf.open(BytesIO(document)) as opened:
        enclosed = opened.attachments["historique.csv"].get_file().read_bytes()
    assert sha256(enclosed).hexdigest() in text
    titles, *lines = csv.reader(enclosed.decode("utf-8-sig").splitlines(), delimiter=";")
    assert titles[0] == "Date"
    assert {line[5] for line in lines if line[5]} == {digest_of(number) for number in range(count)}
    assert all(line[4].startswith(FOLDER) for line in lines if line[5])


def test_a_telephone_call_told_on_three_pages_is_one_page_still(mail_room: MailRoom) -> None:
    case = long_history(mail_room, 7, f"phone {'elle attend le plombier, ' * 400}(G1)")

    text, pages = read(case, NOON + 300 * HOUR)

    assert pages == 1
    assert "…" in text
