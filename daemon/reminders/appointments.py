"""The due times in people's calendars, where `[reminders] appointments` is set: an `.ics` attached to the notice.

The first one comes with the notice of the case; what changes afterwards is a small mail, once for each change, and so
is the due time of a case that a person has opened. What each address was told last is an `Appointment` row;
rules/appointments.py says what follows from it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from archive.database import writing
from archive.journal import Op
from archive.records import Appointment, Case, Event, Fact, Outgoing
from daemon.cases.lines import Lines
from daemon.config import Config
from daemon.house import House
from daemon.sending.outcome import say
from rules.appointments import Said, Word, owed

READ = "appointments_read"  # the fact: the last row of the outbox whose appointment is noted


class Appointments:
    """Keeps the calendars of one agency's people. `house` gives the agency as it stands now."""

    def __init__(self, config: Config, house: Callable[[], House]) -> None:
        self._config = config
        self._house = house

    def look(self, now: datetime) -> int:
        """Say what has changed. Returns how many mails that makes."""
        if not self._config.reminders.appointments or all(box.mode == "observe" for box in self._config.mailbox):
            return 0
        with writing():
            _note_first()
        told = [*_told(), *((case, []) for case in _opened_by_people())]
        lines = Lines([case for case, _ in told])
        found = [(case, list(self._owed(case, said, lines))) for case, said in told]
        with writing():
            return sum(_say(case, words, now) for case, words in found)

    def _owed(self, case: Case, said: Sequence[Said], lines: Lines) -> Iterator[Word]:
        house = self._house()
        people = [one for one in (lines.in_charge(case), *lines.beside(case)) if said or one not in house.shared]
        if not people:
            return iter(())
        concerned = {house.team[one].email for one in people if one is not None and one in house.team}
        runs = case.status == "open" and case.paused_at is None
        return owed(said, case.due_at if runs else None, concerned, list(house.readers(*people)))


def _note_first() -> None:
    """The appointments that notices have brought since the last look."""
    fact = Fact.get_or_none(Fact.name == READ)
    last = int(fact.value) if fact is not None else 0
    rows = list(Outgoing.select().where(Outgoing.id > last, Outgoing.template == "notice_case").order_by(Outgoing.id))
    for row in rows:
        first = json.loads(row.details).get("appointment")
        if first and row.case_id:
            _note(row.case_id, row.recipient, datetime.fromisoformat(first["due"]), first["sequence"], stands=True)
    if rows:
        read = Fact.insert(name=READ, value=str(rows[-1].id))
        read.on_conflict(conflict_target=[Fact.name], update={Fact.value: str(rows[-1].id)}).execute()


def _told() -> list[tuple[Case, list[Said]]]:
    """Every case of which a calendar says something, or should again."""
    changing = Appointment.stands | (Case.status == "open")
    refs = Appointment.select(Appointment.case).join(Case).where(changing).distinct()
    rows = Appointment.select().where(Appointment.case.in_(refs)).order_by(Appointment.case, Appointment.address)
    said = {
        ref: [Said(row.address, row.due_at, row.sequence, row.stands) for row in mine]
        for ref, mine in groupby(rows, lambda row: str(row.case_id))
    }
    return [(case, said[case.ref]) for case in Case.select().where(Case.ref.in_(list(said)))] if said else []


def _opened_by_people() -> list[Case]:
    """After a call, out of another one, out of what was put aside: of these no notice has brought the due time."""
    opened = Event.select(Event.case).where(Event.op == str(Op.OPEN))
    told = Appointment.select(Appointment.case)
    wanted = (Case.status == "open") & Case.ref.in_(opened) & Case.ref.not_in(told)
    return list(Case.select().where(wanted).order_by(Case.ref))


def _say(case: Case, words: Iterable[Word], now: datetime) -> int:
    count = 0
    for word in words:
        key = f"appointment/{case.ref}/{word.sequence}/{word.address}"
        say(key, "notice_appointment", word.address, case.ref, {"appointment": details(word)}, now)
        _note(case.ref, word.address, word.due_at, word.sequence, stands=word.method == word.method.PUBLISH)
        count += 1
    return count


def details(word: Word) -> Mapping[str, Any]:
    """As a row of the outbox holds it."""
    return {"due": word.due_at.isoformat(), "sequence": word.sequence, "method": str(word.method)}


def _note(case: str, address: str, due_at: datetime, sequence: int, *, stands: bool) -> None:
    row = Appointment.insert(case=case, address=address, due_at=due_at, sequence=sequence, stands=stands)
    changes = {Appointment.due_at: due_at, Appointment.sequence: sequence, Appointment.stands: stands}
    row.on_conflict(conflict_target=[Appointment.case, Appointment.address], update=changes).execute()
