"""The clock of a case, told by its history: when it ran, when it stood still, what started and stopped it.

A case's steps are facts with a time and, mostly, a message that proves them. Everything here is a function of them: how
long an answer was waited for, whether it came in time, what a judge is shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# What a step does to the clock; any other word leaves it alone.
STARTS = frozenset({"opened", "reopened", "bounced"})  # a bounced answer was none
GOES_ON = frozenset({"resumed"})
STANDS_STILL = frozenset({"paused"})
STOPS = frozenset({"answered", "closed", "merged"})

# After these the due time is a new one, and what was said of the old one is said again.
RENEWS = frozenset({"reopened", "bounced", "extended"})

BREACH = "breached"  # the due time passed without an answer; the clock runs on

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a case. `message` is the digest (sha256, hex) of the mail that proves it, `''` without one."""

    at: datetime
    what: str
    message: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time through which the clock ran without a stop; both ends in UTC. `ended_by` is `''` while it still runs."""

    start: datetime
    end: datetime
    ended_by: str = ""

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the clock of a case stands.

    `started_at`: its last start. `paused`: how long it stood still since. `running`: neither stopped nor paused.
    `renewals` counts how often it was given a new due time.
    """

    started_at: datetime
    due_at: datetime
    paused: timedelta = NOTHING
    running: bool = True
    renewals: int = 0

    @property
    def allowed(self) -> timedelta:
        """The time that it runs from its start to its due time."""
        return max(self.due_at - self.started_at - self.paused, NOTHING)

    def at_share(self, share: float) -> datetime:
        """When that share of the time is over. Told from the end, which every pause has moved with it."""
        return self.due_at - self.allowed * (1 - share)


def clock(steps: Sequence[Step], due_at: datetime, received_at: datetime, status: str) -> Clock:
    """The clock of a case with that history; `received_at` starts it when no step says so.

    What the case itself says (`status`) is believed before its history: an answered one never runs.
    """
    started, renewals = received_at, 0
    for step in steps:
        if step.what in STARTS:
            started = step.at
        renewals += step.what in RENEWS
    since = [one for one in _pauses(steps) if one.start >= started]
    paused = sum((one.length for one in since if one.ended_by), NOTHING)
    return Clock(started, due_at, paused, status == "open", renewals)


def _pauses(steps: Sequence[Step]) -> Iterator[Stretch]:
    since: datetime | None = None
    for step in steps:
        if step.what in STANDS_STILL:
            since = since or step.at
        elif since is not None and step.what in STARTS | GOES_ON | STOPS:
            yield Stretch(since, step.at, step.what)
            since = None


def stretches(steps: Sequence[Step], now: datetime) -> tuple[Stretch, ...]:
    """The times through which the clock ran, oldest first; the last one ends now when it still runs."""
    found: list[Stretch] = []
    since: datetime | None = None
    for step in steps:
        at = step.at.astimezone(UTC)
        if since is None and step.what in STARTS | GOES_ON:
            since = at
        elif since is not None and step.what in STANDS_STILL | STOPS:
            found.append(Stretch(since, max(at, since), step.what))
            since = None
    if since is not None:
        found.append(Stretch(since, max(now.astimezone(UTC), since)))
    return tuple(found)


def counted(steps: Sequence[Step], now: datetime) -> timedelta:
    """How long the clock ran in all: elapsed time, whatever the clocks on the walls did meanwhile."""
    return sum((one.length for one in stretches(steps, now)), NOTHING)
