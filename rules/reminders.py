"""Which reminder a case is owed at a time, and who hears it: a table, and functions of the clock and the calendar.

The further a clock runs, the more people hear of it: the manager at half time, the deputy as well at four fifths, the
supervisor once it is overdue. Nothing is owed for a case that was answered; one that
waits is owed a recall on the day that was named.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum

from rules.calendar import Calendar
from rules.clocks import Clock


class Stage(StrEnum):
    """How far a clock has run."""

    HALF = "half"
    LATE = "four_fifths"
    OVERDUE = "overdue"
    RECALL = "recall"  # no clock: a person asked to be told, or a wait has lasted long enough


class Rung(StrEnum):
    """Who may hear of it."""

    MANAGER = "manager"
    DEPUTY = "deputy"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Rule:
    stage: Stage
    share: float  # of the time allowed
    tells: tuple[Rung, ...]
    reason: str


LADDER = (
    Rule(Stage.OVERDUE, 1.0, (Rung.MANAGER, Rung.DEPUTY, Rung.SUPERVISOR), "a promise was broken: all must know"),
    Rule(Stage.LATE, 0.8, (Rung.MANAGER, Rung.DEPUTY), "somebody can still answer in time"),
    Rule(Stage.HALF, 0.5, (Rung.MANAGER,), "it may have slipped the mind"),
)


def owed(clock: Clock, now: datetime, *, half: bool = True) -> Stage | None:
    """The last stage that the clock has passed: after a week's power cut one reminder is owed, not three."""
    if not clock.running:
        return None
    reached = (rule for rule in LADDER if clock.at_share(rule.share) <= now)
    return next((rule.stage for rule in reached if half or rule.stage is not Stage.HALF), None)


def key(ref: str, stage: Stage, clock: Clock) -> str:
    """The duty: once for each stage, and once more after the clock was given a new due time."""
    again = f"/{clock.renewals + 1}" if clock.renewals else ""
    return f"reminder/{ref}/{stage}{again}"


def recall_key(ref: str, at: datetime) -> str:
    """The duty: once for each day that was asked for."""
    return f"recall/{ref}/{at.astimezone(UTC):%Y%m%dT%H%M}"


def slot(at: Sequence[time], calendar: Calendar, now: datetime) -> str | None:
    """The hour of today's grouped reminders that has come, such as `09:00`; None while none may go.

    They go while the office is open: one that was missed by night goes with the next one.
    """
    if not calendar.is_open(now):
        return None
    local = calendar.local(now).time()
    passed = [one for one in sorted(at) if one <= local]
    return f"{passed[-1]:%H:%M}" if passed else None


@dataclass(frozen=True, slots=True)
class Colleague:
    """A manager as reminders see one: `deputy` is another's id."""

    email: str
    deputy: str | None = None
    name: str = ""  # `Mme Faucheux`


def addressees(
    stage: Stage,
    manager: str | None,
    colleagues: Mapping[str, Colleague],
    absent: Collection[str],
    supervisor: str,
    beside: Sequence[str] = (),
) -> tuple[str, ...]:
    """The addresses that hear of a stage, each once. Nobody who is away is told alone.

    `beside` are the managers who share the case with the one in charge.
    """
    if stage is Stage.RECALL:
        here = stand_in(manager, colleagues, absent)
        return tuple(filter(None, [colleagues[here].email if here else supervisor]))
    deputy = _deputy(manager, colleagues)
    people = {
        Rung.MANAGER: tuple(readers((manager, *beside), colleagues, absent, supervisor)),
        Rung.DEPUTY: (colleagues[deputy].email,) if deputy and deputy not in absent else (),
        Rung.SUPERVISOR: (supervisor,),
    }
    rule = next(rule for rule in LADDER if rule.stage is stage)
    return tuple(dict.fromkeys(one for rung in rule.tells for one in people[rung] if one))


def readers(
    managers: Iterable[str | None], colleagues: Mapping[str, Colleague], absent: Collection[str], supervisor: str
) -> dict[str, str]:
    """The addresses that read what is for these managers now, and whom each replaces (a name, `''` for nobody).

    The supervisor reads what nobody else would.
    """
    wanted = tuple(managers)
    found: dict[str, str] = {}
    for one in wanted:
        here = stand_in(one, colleagues, absent)
        if here is not None:
            found.setdefault(colleagues[here].email, "" if here in wanted else _name(one, colleagues))
    if not found and supervisor:
        return {supervisor: next((name for one in wanted if (name := _name(one, colleagues))), "")}
    return found


def _name(manager: str | None, colleagues: Mapping[str, Colleague]) -> str:
    return colleagues[manager].name if manager is not None and manager in colleagues else ""


def stand_in(manager: str | None, colleagues: Mapping[str, Colleague], absent: Collection[str]) -> str | None:
    """The manager, or who stands in for one who is away, or for that one in turn; None: only the supervisor is left."""
    here = manager if manager in colleagues else None
    seen: set[str] = set()
    while here is not None and here in absent:
        seen.add(here)
        deputy = _deputy(here, colleagues)
        here = None if deputy in seen else deputy
    return here


def _deputy(manager: str | None, colleagues: Mapping[str, Colleague]) -> str | None:
    """The deputy of a manager, when both are known."""
    found = colleagues[manager].deputy if manager is not None and manager in colleagues else None
    return found if found in colleagues else None
