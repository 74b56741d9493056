"""Reminds people of the clocks that run: who is owed what stands in rules/reminders.py, here it is said, once.

A duty (`reminder/<case>/<stage>`) and the mail that does it are written in one transaction, so a restart says nothing
twice. What isn't urgent is grouped: all that a person is owed goes in one mail at the next hour of `[reminders] at`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.database import writing
from archive.records import Case, Duty, Manager, Step
from daemon.cases.lines import Lines
from daemon.config import Config
from daemon.house import House
from daemon.reminders.absences import Absences
from daemon.sending.outcome import say
from rules import reminders
from rules.calendar import Calendar
from rules.clocks import BREACH, Clock, clock
from rules.clocks import Step as Happened
from rules.reminders import Colleague, Stage

URGENT_FIRST = {Stage.OVERDUE: 0, Stage.LATE: 1, Stage.HALF: 2, Stage.RECALL: 3}


@dataclass(frozen=True, slots=True)
class Owed:
    """A reminder that nobody has had yet."""

    case: Case
    stage: Stage
    key: str
    since: datetime
    site: str
    to: tuple[str, ...]


class Reminders:
    """Owes reminders to the managers of one agency.

    `house` gives the agency as it stands in the database now; `breach` notes that a case's due time passed unanswered.
    """

    def __init__(
        self,
        config: Config,
        house: Callable[[], House],
        absences: Absences,
        breach: Callable[[str, datetime], object],
    ) -> None:
        self._config = config
        self._house = house
        self._absences = absences
        self._breach = breach

    def look(self, now: datetime) -> int:
        """Note the due times that have passed, then remind. Returns how many mails that makes."""
        due = list(Case.select().where(Case.status == "open", Case.due_at <= now).order_by(Case.due_at, Case.ref))
        for case in breaches(due, steps_of(case.ref for case in due), now):
            self._breach(case.ref, case.due_at)
        return self.remind(now)

    def remind(self, now: datetime) -> int:
        """Say what is owed now. Returns how many mails that makes."""
        if all(box.mode == "observe" for box in self._config.mailbox):
            return 0
        cases = list(Case.select().where(Case.status == "open").order_by(Case.due_at, Case.ref))
        recalled = list(recalls(now))
        lines, clocks = Lines([*cases, *(case for case, _ in recalled)]), clocks_of(cases)
        owed = self._owed(cases, recalled, lines, clocks, now)
        sent = sum(self._say([one], lines, now) for one in owed if one.case.urgent)
        return sent + self._grouped([one for one in owed if not one.case.urgent], lines, now)

    def _owed(
        self,
        cases: Sequence[Case],
        recalled: Sequence[tuple[Case, datetime]],
        lines: Lines,
        clocks: Mapping[str, Clock],
        now: datetime,
    ) -> list[Owed]:
        found: dict[str, tuple[Case, Stage, datetime]] = {}
        for case in cases:
            clock = clocks[case.ref]
            stage = reminders.owed(clock, now, half=self._config.reminders.half)
            if stage is not None:
                found[reminders.key(case.ref, stage, clock)] = case, stage, clock.at_share(share_of(stage))
        for case, at in recalled:
            found[reminders.recall_key(case.ref, at)] = case, Stage.RECALL, at
        if not found:
            return []
        done = {duty.key for duty in Duty.select(Duty.key).where(Duty.key.in_(list(found)))}
        team, away = colleagues(), self._absences.away(now)
        above = self._house().supervisor
        return [
            Owed(
                case,
                stage,
                key,
                since,
                lines.site(case),
                reminders.addressees(stage, lines.in_charge(case), team, away, above, lines.beside(case)),
            )
            for key, (case, stage, since) in found.items()
            if key not in done
        ]

    # --- grouped, by office

    def _grouped(self, owed: Sequence[Owed], lines: Lines, now: datetime) -> int:
        hours, sent = self._config.reminders.at, 0
        for site, calendar in self._house().calendars.items():
            here = [one for one in owed if self._site(one.site) == site]
            if not hours:
                sent += sum(self._say([one], lines, now) for one in here if calendar.is_open(now))
                continue
            slot = reminders.slot(hours, calendar, now)
            if slot is None:
                continue
            key = f"reminders/{site or 'agency'}/{calendar.local(now).date()}/{slot}"
            if not Duty.select().where(Duty.key == key).exists():
                sent += self._say(here, lines, now, group=key)
        return sent

    def _site(self, site: str) -> str:
        return site if site in self._house().calendars else ""

    # --- saying it

    def _say(self, owed: Sequence[Owed], lines: Lines, now: datetime, group: str = "") -> int:
        """One mail to each person, with all that this person is owed; and the duties, in one transaction."""
        told: dict[str, list[Owed]] = defaultdict(list)
        for one in sorted(owed, key=lambda one: (URGENT_FIRST[one.stage], one.case.due_at)):
            for address in one.to:
                told[address].append(one)
        with writing():
            for address, mine in told.items():
                alone = mine[0].case.ref if len(mine) == 1 else None
                urgent = any(one.case.urgent for one in mine)
                details = {"urgent": urgent, "reminders": self._details(mine, lines, now)}
                say(f"{group or mine[0].key}/{address}", "notice_reminder", address, alone, details, now, urgent=urgent)
            for one in owed:
                _done(one.key, one.since, now)
            if group:
                _done(group, now, now)
        return len(told)

    def _details(self, owed: Iterable[Owed], lines: Lines, now: datetime) -> list[dict[str, Any]]:
        return [lines.line(one.case, self._calendar(one.site).local, now) | {"stage": str(one.stage)} for one in owed]

    def _calendar(self, site: str) -> Calendar:
        calendars = self._house().calendars
        return calendars.get(site, calendars[""])


def breaches(cases: Sequence[Case], histories: Mapping[str, Sequence[Happened]], now: datetime) -> Iterator[Case]:
    """The cases whose due time has passed without an answer, and in whose history that doesn't stand yet."""
    for case in cases:
        noted = any(step.what == BREACH and step.at == case.due_at for step in histories.get(case.ref, ()))
        if case.status == "open" and case.due_at <= now and not noted:
            yield case


def recalls(now: datetime) -> Iterator[tuple[Case, datetime]]:
    """The cases of which somebody wanted to hear again by now, or that have waited long enough, and since when."""
    asked = (Case.remind_at <= now) | (Case.waits_until <= now)
    for case in Case.select().where(asked, Case.status != "closed").order_by(Case.ref):
        yield from ((case, at) for at in (case.waits_until, case.remind_at) if at is not None and at <= now)


def share_of(stage: Stage) -> float:
    return next(rule.share for rule in reminders.LADDER if rule.stage is stage)


def clocks_of(cases: Sequence[Case]) -> dict[str, Clock]:
    """The clock of each case, by its reference."""
    steps = steps_of(case.ref for case in cases)
    return {case.ref: clock(steps[case.ref], case.due_at, case.received_at, case.status) for case in cases}


def steps_of(refs: Iterable[str]) -> Mapping[str, list[Happened]]:
    """The history of each case, in order."""
    found: dict[str, list[Happened]] = defaultdict(list)
    wanted = list(refs)
    rows = Step.select().where(Step.case.in_(wanted)).order_by(Step.at, Step.id) if wanted else []
    for row in rows:
        found[row.case_id].append(Happened(row.at, row.what, row.message or "", row.detail))
    return found


def colleagues() -> dict[str, Colleague]:
    return {
        manager.id: Colleague(manager.email, manager.backup, f"{manager.civility} {manager.last_name}".strip())
        for manager in Manager.select()
    }


def _done(key: str, due_at: datetime, now: datetime) -> None:
    Duty.insert(key=key, due_at=due_at, done_at=now).on_conflict_ignore().execute()
