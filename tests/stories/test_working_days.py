"""Where the agency counts working days (`counting = "business"`): a day on which it is closed is no day, end to end."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

from daemon import clock
from daemon.wording import day as in_words
from tests.answers import TENANT, outlook
from tests.office import letter, text_of
from tests.rounds import Rounds

PARIS = ZoneInfo("Europe/Paris")
SPANS = ((time(9), time(12, 30)), (time(14), time(18)))


class Week:
    """Counted on the fingers, a minute and a day at a time: nothing of the program's own reckoning."""

    def __init__(self, closed: date) -> None:
        self._off = {closed, *holidays.country_holidays("FR", years=range(closed.year, closed.year + 2))}

    def works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self._off

    def first_open(self, at: datetime) -> datetime:
        if self._is_open(at):
            return at
        at = at.replace(second=0, microsecond=0)
        while not self._is_open(at):
            at += timedelta(minutes=1)
        return at

    def later(self, at: datetime, days: int) -> datetime:
        """The same time so many working days later."""
        while days:
            at += timedelta(days=1)
            days -= self.works(at.date())
        return at

    def _is_open(self, at: datetime) -> bool:
        return self.works(at.date()) and any(opens <= at.time() < closes for opens, closes in SPANS)


def on_the_clock(at: datetime) -> datetime:
    return at.astimezone(PARIS).replace(tzinfo=None)


def test_a_closed_day_and_the_weekend_are_no_time(rounds: Rounds) -> None:
    office = rounds.office
    now = on_the_clock(clock.now()).replace(microsecond=0)
    week = Week(date.max - timedelta(days=800))
    closed = week.later(week.first_open(now), 1).date()  # the working day after this one: the office is shut
    week = Week(closed)
    shut = f'[agency]\nhours = "mon-fri 09:00-12:30, 14:00-18:00"\nclosed = ["{closed}"]\n'
    office.configure(more='[deadlines]\ncounting = "business"\n')
    office.config.write_text(office.config.read_text().replace("[agency]\n", shut))
    question = letter(
        "ewen.legoff@example.org", "Attestation", "Bonjour, pouvez-vous m'envoyer une attestation de loyer ?"
    )

    rounds(letter(), question)
    leak, request = (rounds.of(lease) for lease in ("L00101", "L00102"))
    rounds(outlook(rounds.notice(leak["ref"]), "#délai 2 jours la pièce est commandée"))

    for case, days in ((leak, 3), (request, 2)):
        received = on_the_clock(case["received_at"])
        assert on_the_clock(case["due_at"]) == week.later(week.first_open(received), days), case["label"]
    told = text_of(office.said_to(TENANT)[0])
    assert in_words(on_the_clock(leak["due_at"]).date()).replace("\N{NO-BREAK SPACE}", " ") in told
    longer = rounds.case(leak["ref"])["due_at"]
    assert on_the_clock(longer) == week.later(on_the_clock(leak["due_at"]), 2)
