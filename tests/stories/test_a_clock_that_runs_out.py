"""A letter that nobody answers: who hears of it, when, and what stands in the mail of the morning."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from archive.records import Case, database
from daemon import agenda, clock
from daemon.app import App, open_app
from daemon.config import load
from rules.calendar import Calendar, parse_hours
from tests.office import Office, letter, text_of
from tests.plis import verify

MANAGER, ABOVE = "d.faucheux@aubrelac.test", "direction@aubrelac.test"
PARIS = ZoneInfo("Europe/Paris")
OPEN = Calendar(PARIS, "FR", parse_hours("mon-fri 09:00-12:30, 14:00-18:00"))

Pass = Callable[[datetime], None]


@pytest.fixture
def days(office: Office) -> Iterator[Pass]:
    """Lets the daemon's agenda and outbox see a time that hasn't come yet, on the real tree, database and relay."""
    office.deliver(letter())
    office.once()
    app: App = open_app(load(office.config))

    def at(now: datetime) -> None:
        agenda.keep(now, app.config.agency.timezone, app.watchers)
        app.outbox.drain(now)

    yield at
    app.outbox.close()
    database.close()


def working(days_on: int, hour: int) -> datetime:
    """That hour of the so many-th working day from today."""
    day = OPEN.working_days_after(clock.now().astimezone(PARIS).date(), days_on)
    return datetime.combine(day, time(hour), PARIS)


def subjects(office: Office, address: str) -> list[str]:
    return [str(message["Subject"]) for message in office.said_to(address)]


def test_a_letter_that_nobody_answers_reaches_the_supervisor(office: Office, days: Pass) -> None:
    (case,) = office.cases()
    late = working(5, 10)
    before = len(office.said_to(MANAGER))

    days(late)
    days(late + timedelta(minutes=1))

    assert len(office.said_to(MANAGER)) == before + 2  # the reminder, and the mail of the morning
    reminder = next(mail for mail in office.said_to(ABOVE) if "Rappel" in str(mail["Subject"]))
    assert "En retard" in text_of(reminder)
    assert case["ref"] in str(reminder["Subject"])
    steps = [step["what"] for step in office.json("case", case["ref"])["steps"]]
    assert steps == ["opened", "breached"]
    assert verify(office.tree)[0] == 0
    journal = "".join(path.read_text() for path in (office.tree / "_ged" / "journal").rglob("*.journal"))
    assert "\tBREACH\t" in journal


def test_the_mail_of_the_morning_comes_to_each_with_the_proof_of_completeness(office: Office, days: Pass) -> None:
    days(working(3, 8))

    morning = next(mail for mail in office.said_to(ABOVE) if str(mail["Subject"]).startswith("Vos dossiers"))
    text = text_of(morning)
    assert "Lettres vues : 1, dont 1 rangées, 0 en double, 0 en quarantaine." in text
    assert "Empreinte du journal de la GED" in text


def test_an_answered_letter_is_never_reminded_of(office: Office, days: Pass) -> None:
    Case.update(status="answered", answered_at=clock.now()).execute()

    days(working(5, 10))

    assert not any("Rappel" in subject for subject in subjects(office, MANAGER) + subjects(office, ABOVE))
