"""A month's run: every lease's notice computed and looked at, then approved. Nothing leaves here.

Prepared again, it recomputes what isn't approved yet and touches nothing else, unless a lease is named: then a notice
that was made already is replaced by a new one, under a number of its own, and both are kept. What somebody held back
stays held, whatever is computed or approved, until an approval names it.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from peewee import JOIN, fn

from archive.database import reading, writing
from archive.records import Duty, NoticeRun, Outgoing, RentNotice
from daemon import log
from daemon.notices import channels, parts, roll
from daemon.notices.roll import Account
from daemon.notices.room import Room
from rules.notice import Notice, Odd, Oddity, Outcome, facts
from rules.period import Period
from rules.reckoning import compute

PREPARED, HELD = "prepared", "held"  # the next approval takes it; it waits until an approval names it
OPEN = (PREPARED, HELD)  # not approved: computed again each time
NO_RUN, NOT_WAITING = "no_run", "not_waiting"  # why an approval is refused
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Look:
    """What is odd about one lease; `notice` is False for one that gets none."""

    lease: str
    what: Odd
    detail: str
    notice: bool = True


@dataclass(slots=True)
class Prepared:
    """What a preparation did, and where the term stands: `open` notices wait for an approval, these leases' are `held`.

    `kept`: how many were approved before.
    """

    period: Period
    open: int = 0
    held: tuple[str, ...] = ()
    kept: int = 0
    changed: int = 0
    odd: list[Look] = field(default_factory=list)

    @property
    def counts(self) -> Counter[Odd]:
        return Counter(look.what for look in self.odd)


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approval did. `missing`: whose approval is still wanted; `held`: the leases that are held back now.

    `refused`: why nothing was approved, with `gone`, the leases that were named and have nothing that waits.
    """

    approved: int = 0
    held: tuple[str, ...] = ()
    missing: str = ""
    refused: str = ""
    gone: tuple[str, ...] = ()


# --- computing


def prepare(room: Room, period: Period, now: datetime, only: Collection[str] = ()) -> Prepared:
    """Compute the notices of a term; those of the leases `only` also when they were approved or sent already."""
    done = Prepared(period)
    since, supplied = _last_issued(period), parts.of(period)
    for accounts in roll.batches(only or None):
        with writing():
            _batch(room, accounts, done, since, now, corrected=frozenset(only), supplied=supplied)
    with writing():
        _remember(room, period, now)
        done.open, done.held = len(_leases(period, PREPARED)), held_back(period)
    return done


def _batch(
    room: Room,
    accounts: Sequence[Account],
    done: Prepared,
    since: Mapping[str, date],
    now: datetime,
    *,
    corrected: frozenset[str],
    supplied: parts.Supplied,
) -> None:
    today, policy, seal = room.today(now), room.policy, _seal(room)
    chosen = channels.choose(accounts, today)
    latest = _latest(done.period, [one.lease.id for one in accounts])
    for one in accounts:
        before = latest.get(one.lease.id)
        if before is not None and not _may_change(before, corrected):
            done.kept += 1
            continue
        start = since[one.lease.id] + ONE_DAY if one.lease.id in since else None
        made = compute(one.lease, one.people, one.entries, done.period, today, policy=policy, since=start)
        channel, odd = chosen[one.lease.id]
        odd = (*odd, *parts.odd(one.lease.id, made.notice, supplied))
        made = replace(made, oddities=(*made.oddities, *(odd if made.notice else ())))
        done.odd += [Look(one.lease.id, o.what, o.detail, made.notice is not None) for o in _told(made, channel)]
        done.changed += _keep(one, made, channel, before, seal, done.period)


def _may_change(row: RentNotice, corrected: frozenset[str]) -> bool:
    unfinished = row.state in OPEN or (row.state == "failed" and not row.digest)
    return unfinished or row.lease_id in corrected


def _told(made: Outcome, channel: str) -> Iterable[Oddity]:
    """Nobody needs a postal address for a mail."""
    return (o for o in made.oddities if o.what is not Odd.NO_ADDRESS or channel == channels.POST)


def _keep(
    account: Account, made: Outcome, channel: str, before: RentNotice | None, seal: str, period: Period
) -> bool:  # fmt: skip
    """Write down what was computed; whether anything changed."""
    again = before is not None and bool(before.digest)
    if made.notice is None:
        if before is not None and not again:
            before.delete_instance()
        return before is not None and not again
    version = 1 if before is None else before.version + again
    notice = _numbered(replace(made.notice, seal=seal), version, _replaced(before))
    address = account.address if channel == channels.EMAIL else ""
    state = HELD if before is not None and before.state == HELD else PREPARED
    columns = _columns(notice, channel, address, tuple(_told(made, channel))) | {"state": state}
    if before is None or again:
        key = f"rent_notice/{account.lease.id}/{period.name}" + (f"/{version}" if version > 1 else "")
        RentNotice.create(key=key, lease=account.lease.id, period=period.name, version=version, **columns)
        return True
    changed = any(getattr(before, name) != value for name, value in columns.items())
    if changed:
        RentNotice.update(**columns).where(RentNotice.id == before.id).execute()
    return changed


def _replaced(before: RentNotice | None) -> str:
    """The number of the notice that a new one cancels: the last that was made."""
    if before is None:
        return ""
    return before.number if before.digest else str(json.loads(before.data)["replaces"])


def _numbered(notice: Notice, version: int, replaces: str) -> Notice:
    number = f"{notice.number}-{version}" if version > 1 else notice.number
    return replace(notice, number=number, replaces=replaces)


def _columns(notice: Notice, channel: str, address: str, odd: Sequence[Oddity]) -> dict[str, Any]:
    return {
        "number": notice.number,
        "kind": notice.kind.value,
        "issued_on": notice.issued_on,
        "channel": channel,
        "address": address,
        "opening_balance": notice.opening_balance,
        "term_due": notice.term_due,
        "total_due": notice.total_due,
        "receipt": notice.receipt.value,
        "odd": json.dumps(facts(tuple(odd)), ensure_ascii=False),
        "data": json.dumps(facts(notice), ensure_ascii=False),
        "error": "",
    }


def _seal(room: Room) -> str:
    return room.desk.tree.seal() if room.config.notices.seal else ""


def _last_issued(period: Period) -> dict[str, date]:
    """The day of each lease's last notice before this term's: what was certain then has its receipt."""
    rows: Any = (
        RentNotice.select(RentNotice.lease, fn.MAX(RentNotice.issued_on))
        .where(RentNotice.period < period.name, RentNotice.digest != "")
        .group_by(RentNotice.lease)
    )
    return {lease: day if isinstance(day, date) else date.fromisoformat(day) for lease, day in rows.tuples()}


def _latest(period: Period, leases: Sequence[str]) -> dict[str, RentNotice]:
    rows = RentNotice.select().where(RentNotice.period == period.name, RentNotice.lease.in_(list(leases)))
    return {row.lease_id: row for row in rows.order_by(RentNotice.version)}


# --- the run and its duties


def _remember(room: Room, period: Period, now: datetime) -> None:
    """The run, what it owes and when; approvals given for other figures count no more."""
    due_at = room.due_at(period)
    NoticeRun.insert(period=period.name, due_at=due_at, prepared_at=now).on_conflict_ignore().execute()
    run = NoticeRun.get_by_id(period.name)
    seen = fingerprint(period)
    changes: dict[str, Any] = {"prepared_at": now}
    if seen != run.fingerprint:
        changes |= {"fingerprint": seen, "approved_at": None, "approved_by": "", "seconded_at": None, "seconded_by": ""}
    NoticeRun.update(**changes).where(NoticeRun.period == period.name).execute()
    owed = [{"key": key, "due_at": run.due_at} for key in _open_keys(period)]
    for start in range(0, len(owed), 500):
        Duty.insert_many(owed[start : start + 500]).on_conflict_ignore().execute()


def _open_keys(period: Period) -> list[str]:
    rows: Any = RentNotice.select(RentNotice.key).where(RentNotice.period == period.name, RentNotice.state.in_(OPEN))
    return [key for (key,) in rows.tuples()]


def fingerprint(period: Period) -> str:
    """What the notices that wait for an approval say, in one word: other figures, another word."""
    n = RentNotice
    rows: Any = n.select(n.number, n.total_due, n.term_due, n.receipt, n.channel, n.odd)
    found = sha256(parts.state(period).encode())
    for row in rows.where(n.period == period.name, n.state.in_(OPEN)).order_by(n.key).tuples().iterator():
        found.update(repr(tuple(map(str, row))).encode())
    return found.hexdigest()


# --- approval


def approve(
    room: Room,
    period: Period,
    now: datetime,
    by: str,
    *,
    second: bool = False,
    but: Collection[str] = (),
    also: Collection[str] = (),
) -> Approval:
    """Approve the notices that are prepared, but those of some leases; they leave when every approval is there.

    What is held back stays so, except the leases `also`: whoever else must approve hasn't agreed to those yet.
    """
    with writing():
        if NoticeRun.get_or_none(NoticeRun.period == period.name) is None:
            return Approval(refused=NO_RUN)
        if gone := set(also) - {*_leases(period, PREPARED), *held_back(period)}:
            return Approval(refused=NOT_WAITING, gone=tuple(sorted(gone)))
        freed = _move(period, also, HELD, PREPARED)
        _move(period, but, PREPARED, HELD)
        changes = _given("seconded" if second else "approved", now, by)
        if freed:
            changes |= _given("approved" if second else "seconded", None, "")
        NoticeRun.update(**changes).where(NoticeRun.period == period.name).execute()
        missing = _missing(room, NoticeRun.get_by_id(period.name))
        approved = 0 if missing else _let_go(period)
        held = held_back(period)
    if approved:
        log.notices_approved(period.name, approved)
    return Approval(approved=approved, held=held, missing=missing)


def _let_go(period: Period) -> int:
    ready = (RentNotice.period == period.name) & (RentNotice.state == PREPARED)
    return int(RentNotice.update(state="approved").where(ready).execute())


def _given(which: str, at: datetime | None, by: str) -> dict[str, Any]:
    return {f"{which}_at": at, f"{which}_by": by}


def _move(period: Period, leases: Collection[str], before: str, after: str) -> int:
    """Hold back the notices of these leases, or let them go. Returns how many were concerned."""
    if not leases:
        return 0
    theirs = (RentNotice.period == period.name) & RentNotice.lease.in_(list(leases))
    return int(RentNotice.update(state=after).where(theirs, RentNotice.state == before).execute())


def held_back(period: Period) -> tuple[str, ...]:
    """The leases whose notice waits until an approval names it."""
    return _leases(period, HELD)


def _leases(period: Period, state: str) -> tuple[str, ...]:
    rows: Any = RentNotice.select(RentNotice.lease).where(RentNotice.period == period.name, RentNotice.state == state)
    return tuple(sorted(lease for (lease,) in rows.tuples()))


def _missing(room: Room, run: NoticeRun) -> str:
    """Whose approval is wanted still: `accounting`, an address, or nobody's."""
    if run.approved_at is None:
        return room.config.agency.accounting or "accounting"
    second = room.config.notices.second_approver
    return second if second and run.seconded_at is None else ""


# --- where everything stands


def show(period: Period) -> list[dict[str, Any]]:
    """One row a lease, its latest notice; the public form of a run."""
    with reading():
        latest = {row.lease_id: row for row in _rows(period)}
    return [_shown(row) for _, row in sorted(latest.items())]


def _rows(period: Period) -> Iterable[Any]:
    return list(
        RentNotice.select(RentNotice, Outgoing.state.alias("mail"), Outgoing.sent_at.alias("left_at"))
        .join(Outgoing, JOIN.LEFT_OUTER, on=(Outgoing.key == RentNotice.key))
        .where(RentNotice.period == period.name)
        .order_by(RentNotice.version)
        .objects()
    )


def _shown(row: Any) -> dict[str, Any]:
    sent = row.state == "sent" or (row.state == "approved" and row.channel == channels.EMAIL and row.mail == "sent")
    return {
        "lease": row.lease_id,
        "channel": row.channel,
        "opening_balance": str(row.opening_balance),
        "term_due": str(row.term_due),
        "total_due": str(row.total_due),
        "receipt": row.receipt,
        "status": "sent" if sent else PREPARED if row.state == HELD else row.state,
        "sent_at": row.left_at if sent else None,
        "pdf": row.path or None,
    }
