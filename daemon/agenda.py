"""What is owed at a time. The agenda is in the database; the `schedule` library is only the heartbeat that looks at it.

A duty has a key that names what is owed and for when (`day_counted/2026-11-24`), so a machine that was off catches up
and one that restarts does nothing twice. Every duty has the same shape: `duty(now) -> None`, done once for its key.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from archive.database import DatabaseTrouble, writing
from archive.records import Duty
from daemon import log, report


@dataclass(frozen=True, slots=True)
class Daily:
    """Something owed once a day at a local time."""

    name: str
    at: time
    do: Callable[[datetime], None]


def plan_day(duties: Iterable[Daily], now: datetime, timezone: ZoneInfo) -> None:
    """Write down what this day owes; what stands there already stays."""
    today = now.astimezone(timezone).date()
    with writing():
        for duty in duties:
            due_at = datetime.combine(today, duty.at, timezone).astimezone(UTC)
            Duty.insert(key=f"{duty.name}/{today}", due_at=due_at).on_conflict_ignore().execute()


def do_due(duties: Iterable[Daily], now: datetime) -> int:
    """Do what is due and not done; a duty that fails is tried again at the next look. Returns how many were done."""
    by_name = {duty.name: duty for duty in duties}
    done = 0
    for row in list(Duty.select().where(Duty.done_at.is_null(), Duty.due_at <= now).order_by(Duty.due_at)):
        duty = by_name.get(row.key.partition("/")[0])
        if duty is not None:
            done += _do(duty, row, now)
    return done


def _do(duty: Daily, row: Duty, now: datetime) -> int:
    try:
        duty.do(now)
    except Exception as error:  # noqa: BLE001  the loop's: one duty must not stop the others
        log.duty_failed(row.key, error)
        return 0
    with writing():
        Duty.update(done_at=now).where(Duty.key == row.key).execute()
    return 1


def count_day(now: datetime) -> None:
    """Publish the proof of completeness: seen = filed + duplicates + quarantined."""
    counters = report.status(now)
    log.day_counted(counters["seen"], counters["filed"], counters["duplicates"], counters["quarantined"])


DAILY = (Daily("day_counted", time(0, 5), count_day),)
LOOK_EVERY = timedelta(seconds=30)

# A part of the house that knows by itself what it owes at a time, and keeps its own keys: name -> do(now).
Watchers = Mapping[str, Callable[[datetime], int]]


def keep(now: datetime, timezone: str, watchers: Watchers) -> int:
    """Plan this day, do what is due, and let everyone who watches the clock look. Returns how much was done."""
    plan_day(DAILY, now, ZoneInfo(timezone))
    done = do_due(DAILY, now)
    for name, look in watchers.items():
        try:
            done += look(now)
        except (DatabaseTrouble, OSError):
            raise
        except Exception as error:  # noqa: BLE001  the loop's: one watcher must not stop the others
            log.duty_failed(name, error)
    return done
