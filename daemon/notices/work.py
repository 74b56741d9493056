"""What the notices owe, and when: prepared in time, sent when due and approved, posted, told when something fails.

Everything is read from the database at each look, so a machine that was off catches up and one that restarts does
nothing twice. Nothing is owed for a day before the installation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive import index
from archive.database import writing
from archive.lock import Locked, locked
from archive.records import Duty, Fact, NoticeRun, RentNotice
from daemon import log, wording
from daemon.errors import Temporary
from daemon.notices import batch, channels, dispatch, page, run, summary
from daemon.notices.batch import Batch
from daemon.notices.dispatch import Dispatched, never
from daemon.notices.room import Room
from rules import period as periods
from rules.period import Period

WAIT = 30.0  # seconds for another process that works on the notices


@dataclass(slots=True)
class Sent:
    """What sending a month's notices did: what was made, the batches for the post, how many mails wait."""

    made: Dispatched = field(default_factory=Dispatched)
    batch: Batch = field(default_factory=Batch)


def keep(room: Room, now: datetime, should_stop: Callable[[], bool] = never) -> int:
    """Do all that is owed now; nothing while every mailbox is only observed. Returns how many things were done."""
    if all(box.mode == "observe" for box in room.config.mailbox):
        return 0
    done = _prepare_due(room, now) + channels.settle() + channels.fall_back()
    for period in _due(now):
        if should_stop():
            break
        sent = send(room, period, now, should_stop)
        done += sent.made.filed + sent.batch.letters
    return done


# --- prepared in time


def _prepare_due(room: Room, now: datetime) -> int:
    """The runs whose day has come, each once: the next term's, and this one's when the machine was off then."""
    if not room.config.notices.automatic:
        return 0
    current = periods.month_of(room.today(now))
    return sum(_prepare_once(room, period, now) for period in (current, _after(current)))


def _prepare_once(room: Room, period: Period, now: datetime) -> int:
    due_at = room.due_at(period) - room.config.notices.lead
    if now < due_at or due_at < _installed():
        return 0
    key = f"notices_prepare/{period.name}"
    with writing():
        Duty.insert(key=key, due_at=due_at).on_conflict_ignore().execute()
    if Duty.get_by_id(key).done_at is not None:
        return 0
    prepare(room, period, now)
    with writing():
        Duty.update(done_at=now).where(Duty.key == key).execute()
    return 1


def _after(period: Period) -> Period:
    return periods.month_of(period.last + timedelta(days=1))


def _installed() -> datetime:
    return datetime.fromisoformat(Fact.get_by_id("first_start").value)


def prepare(room: Room, period: Period, now: datetime, only: tuple[str, ...] = ()) -> run.Prepared:
    """Compute a term's notices, and tell accounting."""
    prepared = run.prepare(room, period, now, only)
    summary.send(room, prepared, now)
    log.notices_prepared(period.name, prepared.open, len(prepared.odd))
    return prepared


# --- sent when due


def _due(now: datetime) -> list[Period]:
    """The terms whose day has come and of which something is approved and not done."""
    rows = (
        NoticeRun.select(NoticeRun.period)
        .join(RentNotice, on=(RentNotice.period == NoticeRun.period))
        .where(NoticeRun.due_at <= now, RentNotice.state == "approved")
        .distinct()
        .order_by(NoticeRun.period)
    )
    return [periods.parse(row.period) for row in rows]


def send(
    room: Room,
    period: Period,
    now: datetime,
    should_stop: Callable[[], bool] = never,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
    *,
    daily: bool = True,
) -> Sent:
    """Make, file and queue what is approved of a term; make the batch of what goes by post. One process at a time.

    `daily`: one batch a day, so that each mail that comes back isn't a batch of its own.
    """
    sent = Sent()
    try:
        with locked(room.config.storage.state / "notices.lock", WAIT):
            sent.made = dispatch.dispatch(room, period, now, should_stop, tell)
            if sent.made.failed:
                _tell_failed(room, period, sent.made.failed, now)
            if not should_stop():
                sent.batch = post(room, period, now, daily=daily)
    except Locked as error:
        raise Temporary(str(error)) from error
    return sent


def post(room: Room, period: Period, now: datetime, *, daily: bool = True) -> Batch:
    """A batch of what waits for the post, told to accounting."""
    key = f"notices_post/{period.name}/{room.today(now)}"
    made_today = daily and Duty.select().where(Duty.key == key).exists()
    if made_today or not _posts_wait(period):
        return Batch()
    made = batch.print_batch(room, period, now)
    batch.tell(room, period, made, now)
    with writing():
        Duty.insert(key=key, due_at=now, done_at=now).on_conflict_ignore().execute()
    return made


def _posts_wait(period: Period) -> bool:
    n = RentNotice
    waiting = n.select().where(
        n.period == period.name, n.channel == channels.POST, n.state == "approved", n.digest != ""
    )
    return bool(waiting.exists())


def _tell_failed(room: Room, period: Period, failed: dict[str, str], now: datetime) -> None:
    agency = room.config.agency
    to = agency.accounting or agency.supervisor or agency.admin
    if not to:
        return
    listed = [{"lease": key.split("/")[1], "why": why} for key, why in sorted(failed.items())]
    details = {
        "run": {"period": period.name, "month": page.term(period), "failed": listed},
        "titles": {"month": wording.of(page.term(period))},
    }
    with writing():
        key = f"notice_run_failed/{period.name}/{now.isoformat()}"
        index.say(summary.notice(key, "notice_run_failed", to, details), now)


def hasten(period: Period, now: datetime) -> None:
    """A person says now: what is approved is due, and what failed is tried again."""
    dispatch.retry_failed(period)
    with writing():
        NoticeRun.update(due_at=now).where(NoticeRun.period == period.name, NoticeRun.due_at > now).execute()
