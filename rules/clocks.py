"""The clock of a case, told by its history: when it ran, when it stood still, what started and stopped it.

A case's steps are facts with a time and, mostly, a message that proves them. Everything here is a function of them: how
long an answer was waited for, whether it came in time, what a judge is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

UNDELIVERED = "undelivered"  # an answer or a question came back: the clock ran on, as if it had never been sent

# After these the due time is a new one, and what was said of the old one is said again.
RENEWS = frozenset({"reopened", "extended", UNDELIVERED})

BREACH = "breached"  # the due time passed without an answer; the clock runs on

NOTHING = timedelta(0)


class State(StrEnum):
    RUNNING = "running"
    STILL = "still"  # in a pause
    STOPPED = "stopped"


# What a step does to the clock, from which states; any other word leaves it alone.
MOVES = {
    "opened": (frozenset(State), State.RUNNING),
    "reopened": (frozenset(State), State.RUNNING),
    UNDELIVERED: (frozenset({State.STOPPED, State.STILL}), State.RUNNING),
    "resumed": (frozenset({State.STILL}), State.RUNNING),
    "paused": (frozenset({State.RUNNING}), State.STILL),
    "answered": (frozenset(State), State.STOPPED),
    "closed": (frozenset(State), State.STOPPED),
    "merged": (frozenset(State), State.STOPPED),
}

# What a clock is made of: these start it, stop it or set it. Beside them stand facts that left it alone.
TOUCHES = frozenset(MOVES) | RENEWS | {BREACH, "parted", "relabelled"}


def after(state: State, what: str) -> State:
    """The state of a clock after that happened."""
    sources, target = MOVES.get(what, (frozenset(), state))
    return target if state in sources else state


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


def that_counts(steps: Sequence[Step]) -> list[Step]:
    """The history without what was undone: a letter that had opened a case again and became a matter of its own."""
    kept: list[Step] = []
    for step in steps:
        if step.what == "parted":
            last = max((number for number, one in enumerate(kept) if one.what == "reopened"), default=None)
            kept = [one for number, one in enumerate(kept) if number != last]
        kept.append(step)
    return kept


def clock(steps: Sequence[Step], due_at: datetime, received_at: datetime, status: str) -> Clock:
    """The clock of a case with that history; `received_at` starts it when no step says so.

    What the case itself says (`status`) is believed before its history: an answered one never runs.
    """
    started, renewals, paused, state = received_at, 0, NOTHING, State.STOPPED
    since = received_at  # of the last pause
    for step in that_counts(steps):
        then, state = state, after(state, step.what)
        renewals += step.what in RENEWS
        if step.what == UNDELIVERED:
            continue
        if state is State.RUNNING and (then is State.STOPPED or step.what == "reopened"):
            started, paused = step.at, NOTHING
        elif then is State.STILL and state is State.RUNNING:
            paused += step.at - since
        elif state is State.STILL and then is State.RUNNING:
            since = step.at
    return Clock(started, due_at, paused, status == "open", renewals)


def stretches(steps: Sequence[Step], now: datetime) -> tuple[Stretch, ...]:
    """The times through which the clock ran, oldest first; the last one ends now when it still runs."""
    found: list[Stretch] = []
    state, since = State.STOPPED, now
    for step in that_counts(steps):
        then, state = state, after(state, step.what)
        at = step.at.astimezone(UTC)
        if step.what == UNDELIVERED and then is not State.RUNNING and found:
            since = found.pop().start
        elif then is not State.RUNNING and state is State.RUNNING:
            since = at
        elif then is State.RUNNING and state is not State.RUNNING:
            found.append(Stretch(since, max(at, since), step.what))
    if state is State.RUNNING:
        found.append(Stretch(since, max(now.astimezone(UTC), since)))
    return tuple(found)


def counted(steps: Sequence[Step], now: datetime) -> timedelta:
    """How long the clock ran in all: elapsed time, whatever the clocks on the walls did meanwhile."""
    return sum((one.length for one in stretches(steps, now)), NOTHING)
