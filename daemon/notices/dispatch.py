"""From approved to on its way: printed, filed in the tree, queued for the relay or kept for the post.

Groups are filed as letters are: sidecars first, which say everything, then one transaction. A kill between any two
steps loses nothing and doubles nothing: a notice is known by its key, and the same notice is printed to the same bytes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from peewee import fn

from archive.database import writing
from archive.records import Consent, NoticePart, Outgoing, RentNotice
from archive.tree import Pli
from daemon import desk, log
from daemon.errors import Permanent
from daemon.notices import channels, parts, press, shelf, telling
from daemon.notices.document import read_data
from daemon.notices.press import Job
from daemon.notices.room import Room
from rules.letter import normalise_address
from rules.notice import Notice
from rules.period import Period

GROUP = 32  # notices filed together, as soon as they are printed: what a kill may lose
READ = GROUP * 32  # notices read at once: the workers are started once for so many


@dataclass(slots=True)
class Dispatched:
    """What a pass did: `failed` are the notices that couldn't be made, by key, with the reason."""

    filed: int = 0
    mailed: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def never() -> bool:
    return False


def dispatch(
    room: Room,
    period: Period,
    now: datetime,
    should_stop: Callable[[], bool] = never,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Dispatched:
    """Make everything of a term that is approved and not made. `tell` hears how many are done, of how many."""
    done = Dispatched()
    waiting = _waiting(period)
    rest = iter(waiting)
    pace = _Pace(room.config.notices.rate, now)
    while not should_stop() and (keys := list(islice(rest, READ))):
        for _ in _make(room, keys, now, pace, done):
            tell(done.filed + len(done.failed), len(waiting))
            if should_stop():
                break
    return done


def _waiting(period: Period) -> list[str]:
    rows: Any = RentNotice.select(RentNotice.key).where(
        RentNotice.period == period.name, RentNotice.state == "approved", RentNotice.digest == ""
    )
    return [key for (key,) in rows.order_by(RentNotice.key).tuples()]


def _make(room: Room, keys: Sequence[str], now: datetime, pace: "_Pace", done: Dispatched) -> Iterator[None]:
    """Print and file, group after group; what couldn't be made is put aside at the end, and told."""
    rows = {row.key: row for row in RentNotice.select().where(RentNotice.key.in_(list(keys)))}
    jobs, failed = _jobs(room, list(rows.values()))
    supplied = parts.by_key(rows)
    jobs = [_as_printed(job, supplied) for job in jobs]
    notices = {job.name: job.notice for job in jobs}
    printed = documents(room, jobs, supplied)
    while group := list(islice(printed, GROUP)):
        made = [(rows[key], notices[key], pdf) for key, pdf in group if isinstance(pdf, bytes)]
        broken = {key: str(fault) for key, fault in group if isinstance(fault, Permanent)}
        _file(room, _plis(room, made, now, pace, supplied), done)
        _put_aside(broken, done)
        yield
    _put_aside(failed, done)


def _plis(
    room: Room,
    made: Sequence[tuple[RentNotice, Notice, bytes]],
    now: datetime,
    pace: "_Pace",
    supplied: Mapping[str, NoticePart],
) -> list[Pli]:
    agreed = _agreed([row for row, _, _ in made])
    return [
        _pli(room, row, notice, pdf, row.key in agreed, now, pace, supplied.get(row.key)) for row, notice, pdf in made
    ]


def documents(room: Room, jobs: Sequence[Job], supplied: Mapping[str, NoticePart]) -> Iterator[press.Printed]:
    """Every job's document: ours printed, or the pages that accounting gave for it."""
    given = [job for job in jobs if job.name in supplied]
    yield from parts.cut(room, given, supplied)
    yield from press.print_all([job for job in jobs if job.name not in supplied], room.config.notices.workers)


def _as_printed(job: Job, supplied: Mapping[str, NoticePart]) -> Job:
    part = supplied.get(job.name)
    return job if part is None else replace(job, notice=parts.as_printed(job.notice, part))


def _jobs(room: Room, rows: Sequence[RentNotice]) -> tuple[list[Job], dict[str, str]]:
    house = room.house()
    jobs, broken = [], {}
    for row in rows:
        entry = house.directory.lease(row.lease_id)
        try:
            letterhead = room.letterheads.of(entry.site if entry else "")
            jobs.append(Job(row.key, notice_of(row), letterhead))
        except (ValueError, OSError) as error:
            broken[row.key] = f"notice {row.number}: {error}"
    return jobs, broken


def notice_of(row: RentNotice) -> Notice:
    """The notice as it was approved. Raises ValueError when the row no longer holds it."""
    return read_data(row.data)


def _agreed(rows: Sequence[RentNotice]) -> frozenset[str]:
    """Those that may go by mail now: a consent may have been withdrawn since they were approved."""
    wanted = [row for row in rows if row.channel == channels.EMAIL]
    if not wanted:
        return frozenset()
    leases = [row.lease_id for row in wanted]
    standing = Consent.select().where(Consent.lease.in_(leases), Consent.withdrawn_at.is_null())
    agreed = {(row.lease_id, row.address) for row in standing}
    return frozenset(row.key for row in wanted if (row.lease_id, normalise_address(row.address)) in agreed)


def _pli(
    room: Room,
    row: RentNotice,
    notice: Notice,
    pdf: bytes,
    agreed: bool,
    now: datetime,
    pace: "_Pace",
    part: NoticePart | None,
) -> Pli:
    said = []
    if agreed:
        entry = room.house().directory.lease(row.lease_id)
        told = telling.notice_told(notice, room.letterheads.of(entry.site if entry else ""), entry)
        said = [_said(row, told, pace.next())]
    pli = shelf.notice_pli(row, notice, pdf, said, room.house(), room.config.agency.address, now)
    if part is not None:
        pli.record["document"]["supplied"] = parts.proof(part)
    return pli


def _said(row: RentNotice, told: dict[str, Any], not_before: datetime | None) -> dict[str, Any]:
    return {
        "key": row.key,
        "kind": channels.KIND,
        "template": channels.KIND,
        "to": row.address,
        "answers": None,
        "bulk": True,
        "not_before": not_before.isoformat() if not_before else None,
        "details": told,
    }


def _file(room: Room, plis: Sequence[Pli], done: Dispatched) -> None:
    """One group in the tree and in the database; what was to be mailed and isn't allowed to be is for the post."""
    if not plis:
        return
    keys = [pli.record["document"]["key"] for pli in plis]
    mailed = [pli.record["document"]["key"] for pli in plis if pli.record["plan"]["say"]]
    with writing():
        RentNotice.update(channel=channels.POST).where(
            RentNotice.key.in_(keys), RentNotice.key.not_in(mailed), RentNotice.channel == channels.EMAIL
        ).execute()

    desk.file_documents(room.desk, plis, lambda _filed: None)
    log.notices_filed(len(plis), len(mailed))
    done.filed += len(plis)
    done.mailed += len(mailed)


def _put_aside(failed: dict[str, str], done: Dispatched) -> None:
    if not failed:
        return
    with writing():
        for key, why in failed.items():
            RentNotice.update(state="failed", error=why).where(RentNotice.key == key).execute()
    for key in failed:
        log.notice_failed(key)
    done.failed |= failed


class _Pace:
    """When the next mail may leave: `rate` a minute, after those that are queued already."""

    def __init__(self, rate: int, now: datetime) -> None:
        self._step = timedelta(minutes=1) / rate if rate else None
        queued = Outgoing.select(fn.MAX(Outgoing.next_try_at)).where(Outgoing.bulk, Outgoing.state == "waiting")
        last = queued.scalar() if rate else None
        self._next = max(now, _instant(last) + (self._step or timedelta())) if last else now

    def next(self) -> datetime | None:
        if self._step is None:
            return None
        turn = self._next
        self._next += self._step
        return turn


def _instant(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def retry_failed(period: Period) -> int:
    """A person says try again: what failed is approved as before. Returns how many."""
    with writing():
        again = RentNotice.update(state="approved", error="").where(
            RentNotice.period == period.name, RentNotice.state == "failed", RentNotice.digest == ""
        )
        return int(again.execute())
