"""The mail of the morning: one to each manager, one to the supervisor, one for the week.

What goes where stands in rules/digest.py; here it is gathered, frozen and said, once for each person and day.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archive import threads
from archive.database import writing
from archive.records import Case, Duty, Fact, Manager, Message, Outgoing
from daemon import report
from daemon.cases.lines import Lines, names_of
from daemon.config import Config
from daemon.house import House
from daemon.reminders.absences import Absences
from daemon.reminders.clocks import colleagues
from daemon.sending.outcome import say
from daemon.wording import day, words
from rules import digest
from rules.calendar import Calendar
from rules.digest import Answered, Followed, Section
from rules.letter import normalise_address
from rules.matters import clusters
from rules.reminders import stand_in

MOST = 25  # lines of a section; the others are counted
SUPERVISOR = "supervisor"
RECENT = timedelta(days=7)  # an address that bounced longer ago is old news
FAILED = ("failed", "bounced")


@dataclass(frozen=True, slots=True)
class Morning:
    """What every digest of one look needs. `shown` are the cases, `quarantined` those with a letter that broke us."""

    now: datetime
    shown: Sequence[Case]
    lines: Lines
    quarantined: frozenset[str]
    answers: Sequence[tuple[Case, str]]  # with the id of the manager in charge


class Digests:
    """`house` gives the agency as it stands now; `head` the hash of the journal's last line."""

    def __init__(self, config: Config, house: Callable[[], House], absences: Absences, head: Callable[[], str]) -> None:
        self._config = config
        self._house = house
        self._absences = absences
        self._head = head

    def look(self, now: datetime) -> int:
        """Say what this morning owes. Returns how many mails that makes."""
        settings = self._config.digest
        if all(box.mode == "observe" for box in self._config.mailbox):
            return 0
        managers = list(Manager.select().order_by(Manager.id)) if settings.managers else []
        owed = [(manager, due) for manager in managers if (due := self._due(manager.id, manager.site, now))]
        above = self._due(SUPERVISOR, "", now) if self._house().supervisor else None
        if not owed and not above:
            return 0
        morning = _gathered(now)
        sent = sum(self._to_manager(manager, due, morning) for manager, due in owed)
        return sent + (self._to_supervisor(above, morning) if above else 0)

    def _due(self, who: str, site: str, now: datetime) -> datetime | None:
        """When that digest was due, when it is owed and hasn't gone; nothing from before the installation."""
        calendar = self._calendar(site)
        due = digest.due_time(self._config.digest.at, calendar, now)
        if due is None or due < datetime.fromisoformat(Fact.get_by_id("first_start").value):
            return None
        return None if Duty.select().where(Duty.key == _key(who, due)).exists() else due

    def _calendar(self, site: str) -> Calendar:
        calendars = self._house().calendars
        return calendars.get(site, calendars[""])

    # --- one person's

    def _to_manager(self, manager: Manager, due: datetime, morning: Morning) -> int:
        """Their cases; to who stands in for them while they are away. Nothing to say is not said."""
        calendar, lines = self._calendar(manager.site), morning.lines
        mine = [case for case in morning.shown if manager.id in (lines.in_charge(case), *lines.beside(case))]
        sections = [_own(section) for section in self._sections(mine, calendar, due, morning)]
        bounced = _bounced({case.ref for case in mine}, morning.now)
        team, away = colleagues(), self._absences.away(morning.now)
        reader = stand_in(manager.id, team, away)
        to = team[reader].email if reader else self._house().supervisor
        told = {
            "sections": sections,
            "bounced": bounced,
            "clusters": _clusters(mine, morning),
            "instead_of": team[manager.id].name if reader != manager.id else "",
            "chart": _chart([case for case, who in morning.answers if who == manager.id], calendar, due),
            "day": day(calendar.local(due)),
        }
        with writing():
            if sections or bounced:
                say(f"digest/{manager.id}/{_day(due)}", "notice_digest", to, None, {"digest": told}, morning.now)
            _done(_key(manager.id, due), due, morning.now)
        return int(bool(sections or bounced))

    def _sections(
        self, cases: Sequence[Case], calendar: Calendar, due: datetime, morning: Morning
    ) -> list[dict[str, Any]]:
        since = digest.last_before(due, calendar)
        found: dict[Section, list[Case]] = defaultdict(list)
        for case in cases:
            where = digest.section(_followed(case, morning), calendar, morning.now, since)
            if where is not None:
                found[where].append(case)
        return [
            {
                "title": words()["sections"][section],
                "count": len(found[section]),
                "more": max(len(found[section]) - MOST, 0),
                "lines": [morning.lines.line(case, calendar.local, morning.now) for case in found[section][:MOST]],
            }
            for section in Section
            if found[section]
        ]

    # --- the supervisor's

    def _to_supervisor(self, due: datetime, morning: Morning) -> int:
        calendar, to = self._calendar(""), self._house().supervisor
        told = self._team(due, morning, calendar)
        weekly = self._config.digest.weekly and digest.is_first_of_week(calendar, due)
        with writing():
            say(f"digest/{SUPERVISOR}/{_day(due)}", "notice_digest", to, None, {"digest": told}, morning.now)
            if weekly:
                week = {"trend": _trend(morning, calendar, due), "day": told["day"], "figures": told["figures"]}
                key = f"digest/{SUPERVISOR}/{calendar.local(due):%G-W%V}"
                say(key, "notice_week", to, None, {"digest": week}, morning.now)
            _done(_key(SUPERVISOR, due), due, morning.now)
        return 1 + weekly

    def _team(self, due: datetime, morning: Morning, calendar: Calendar) -> dict[str, Any]:
        """What nobody else may be looking at, the figures, and the proof that nothing was lost."""
        orphans = [case for case in morning.shown if self._is_above(case, morning)]
        counted = report.status(morning.now)
        answers = [_answer(case, who, calendar) for case, who in morning.answers]
        figures = _figures(morning, answers, lambda case: words()["labels"].get(case.label, case.label))
        people = _figures(morning, answers, morning.lines.manager) if self._config.digest.by_manager else []
        return {
            "sections": self._sections(orphans, calendar, due, morning),
            "bounced": [],
            "clusters": [],
            "figures": figures,
            "people": people,
            "arithmetic": {key: counted[key] for key in ("seen", "filed", "duplicates", "quarantined")},
            "head": self._head(),
            "chart": _chart([case for case, _ in morning.answers], calendar, due),
            "day": day(calendar.local(due)),
        }

    def _is_above(self, case: Case, morning: Morning) -> bool:
        late = case.status == "open" and case.due_at <= morning.now
        return late or case.ref in morning.quarantined or morning.lines.in_charge(case) is None


# --- gathering


def _gathered(now: datetime) -> Morning:
    shown = list(Case.select().where(Case.status.in_(report.FOLLOWED)).order_by(Case.due_at, Case.ref))
    begun = now - timedelta(days=max(digest.DAYS + 1, 7 * digest.WEEKS + 8))
    answered = list(Case.select().where(Case.answered_at > begun))
    lines = Lines([*shown, *answered])
    broken = Message.select(Message.case).where(Message.state == "quarantined", Message.case.is_null(False))
    return Morning(
        now,
        shown,
        lines,
        frozenset(str(row.case_id) for row in broken),
        [(case, lines.in_charge(case) or "") for case in answered],
    )


def _followed(case: Case, morning: Morning) -> Followed:
    recalls = [at for at in (case.waits_until, case.remind_at) if at is not None]
    return Followed(
        case.ref,
        case.status,
        case.label,
        case.received_at,
        case.due_at,
        case.to_sort,
        case.ref in morning.quarantined,
        min(recalls, default=None),
    )


def _answer(case: Case, manager: str, calendar: Calendar) -> Answered:
    return Answered(calendar.local(case.answered_at).date(), case.label, manager, case.answered_at <= case.due_at)


def _own(section: dict[str, Any]) -> dict[str, Any]:
    """A manager needn't read their own name on each line."""
    return section | {"lines": [line | {"manager": ""} for line in section["lines"]]}


def _chart(cases: Sequence[Case], calendar: Calendar, due: datetime) -> list[tuple[int, int]]:
    """The bars; none at all when nobody has answered anything."""
    bars = digest.bars([_answer(case, "", calendar) for case in cases], calendar.local(due).date())
    return list(bars) if any(map(sum, bars)) else []


def _trend(morning: Morning, calendar: Calendar, due: datetime) -> list[dict[str, Any]]:
    answers = [_answer(case, who, calendar) for case, who in morning.answers]
    return [
        {"week": day(monday), "in_time": good, "late": late}
        for monday, good, late in digest.weeks(answers, calendar.local(due).date())
    ]


def _figures(morning: Morning, answers: Sequence[Answered], name: Callable[[Case], str]) -> list[dict[str, Any]]:
    """For each name: open, overdue, and what was answered in thirty days, in time and late."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for case in morning.shown:
        counts[name(case)]["open"] += 1
        counts[name(case)]["overdue"] += case.status == "open" and case.due_at <= morning.now
    first = (morning.now - timedelta(days=digest.DAYS)).date()
    for (case, _), answer in zip(morning.answers, answers, strict=True):
        if answer.day >= first:
            counts[name(case)]["in_time" if answer.in_time else "late"] += 1
    columns = ("open", "overdue", "in_time", "late")
    return [{"name": key} | {column: counts[key][column] for column in columns} for key in sorted(counts)]


def _bounced(refs: set[str], now: datetime) -> list[dict[str, str]]:
    """The addresses of these cases that our mail didn't reach, each once."""
    rows = Outgoing.select().where(
        Outgoing.state.in_(FAILED), Outgoing.filed, Outgoing.created_at > now - RECENT, Outgoing.case.in_(list(refs))
    )
    found = {normalise_address(row.recipient): row for row in rows.order_by(Outgoing.id)} if refs else {}
    named = names_of(found)
    told = ({"address": one, "name": named.get(one, ""), "ref": str(row.case_id)} for one, row in found.items())
    return list(told)


def _clusters(cases: Sequence[Case], morning: Morning) -> list[dict[str, Any]]:
    """One failure that several people of a building report: one answer may do for all."""
    by_ref = {case.ref: case for case in cases}
    groups = clusters(list(threads.told(cases).values()))
    return [
        {"place": morning.lines.place(by_ref[group[0].ref]), "refs": [one.ref for one in group]} for group in groups
    ]


def _day(due: datetime) -> str:
    return due.date().isoformat()


def _key(who: str, due: datetime) -> str:
    return f"digest/{who}/{_day(due)}"


def _done(key: str, due: datetime, now: datetime) -> None:
    Duty.insert(key=key, due_at=due, done_at=now).on_conflict_ignore().execute()
