"""The commands about the notices: what each does, and the sentence that says so."""

import os
import pwd
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from daemon import clock, pipeline
from daemon.accounting import lists as lists_of
from daemon.app import open_app
from daemon.config import Config
from daemon.errors import Permanent
from daemon.notices import audit as auditing
from daemon.notices import batch, channels, dispatch, roll, run, work
from daemon.notices.room import Room
from daemon.notices.run import Approval, Prepared
from daemon.turn import AlreadyRunning, alone, check_secrets
from rules.period import Period
from rules.reckoning import term_around


def _room(config: Config) -> Room:
    return open_app(config).room


def prepare(config: Config, period: Period, only: tuple[str, ...], now: datetime) -> Prepared:
    """Compute a term's notices. Raises Permanent for a lease that doesn't exist."""
    room = _room(config)
    _check_leases(room, only)
    return work.prepare(room, period, now, only)


def _check_leases(room: Room, leases: Iterable[str]) -> None:
    known = room.house().directory.leases
    if unknown := [lease for lease in leases if lease not in known]:
        raise Permanent(f"no such lease: {', '.join(unknown)}")


def odd_rows(prepared: Prepared) -> list[dict[str, Any]]:
    return [{"lease": o.lease, "what": o.what.value, "detail": o.detail, "notice": o.notice} for o in prepared.odd]


def warnings_of(config: Config) -> list[str]:
    """What is missing in the settings, and would show on every notice."""
    if config.notices.bank.iban:
        return []
    return ["no IBAN is set ([notices.bank] iban): the notices show no account to pay into, no QR code and no slip"]


def said_of(prepared: Prepared) -> str:
    kept = f", {prepared.kept} approved before" if prepared.kept else ""
    stands = f"{prepared.open} notices to approve{_said_of_held(prepared.held)}{kept}"
    return f"{prepared.period.name}: {stands}, {len(prepared.odd)} things to look at"


def _said_of_held(leases: Iterable[str]) -> str:
    """Which are held back, where some are: they go when `notices approve --with` names them."""
    return f", held back: {' '.join(leases)}" if leases else ""


def inside(period: Period, only: tuple[str, ...]) -> Iterator[str]:
    """Of the leases that were named, those whose month is inside a longer term, which has one notice for all."""
    for account in filter(None, map(roll.account, only)):
        term = term_around(account.lease, account.entries, period)
        if term.first < period.first:
            yield f"{account.lease.id}: {period.name} is inside the term that began with {term.name}; prepare that one"


# What a terminal of eighty columns shows of a notice.
SUMS = ("opening", "term", "total")
SHORT = ["lease", "by", *SUMS, "receipt", "status"]


def shortly(row: Mapping[str, Any], held: Collection[str]) -> dict[str, Any]:
    """A row of `notices show` for people: `sent 11-24`, `held`, and no path."""
    status = run.HELD if row["lease"] in held else row["status"]
    day = f" {row['sent_at'].astimezone():%m-%d}" if row["sent_at"] else ""
    return {
        "lease": row["lease"],
        "by": row["channel"],
        "opening": row["opening_balance"],
        "term": row["term_due"],
        "total": row["total_due"],
        "receipt": row["receipt"],
        "status": status + day,
    }


def apart(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Lines of the lists under the name of each, in their order."""
    return [(name, list(some)) for name, some in groupby(rows, key=itemgetter("subject"))]


def approve(
    config: Config, period: Period, but: tuple[str, ...], also: tuple[str, ...], now: datetime, *, second: bool
) -> Approval:
    """Approve. Raises Permanent when nothing was prepared, or a lease that is named has nothing that waits."""
    room = _room(config)
    _check_leases(room, (*but, *also))
    approval = run.approve(room, period, now, f"command:{_user()}", second=second, but=but, also=also)
    if approval.gone:
        leases = " ".join(approval.gone)
        raise Permanent(f"{period.name}: no notice of {leases} waits for an approval; nothing was approved")
    if approval.refused:
        raise Permanent(f"{period.name}: not prepared; run `notices prepare --period {period.name}` first")
    return approval


def said_of_approval(approval: Approval) -> str:
    if approval.missing:
        return f"noted; the approval of {approval.missing} is wanted too{_said_of_held(approval.held)}"
    return f"{approval.approved} notices approved{_said_of_held(approval.held)}"


def send(config: Config, period: Period) -> bool:
    """Make and send what is approved; with a daemon at work, ask it to. False when something couldn't be done."""
    check_secrets(config)
    try:
        with alone(config.storage.state):
            return _send(config, period)
    except AlreadyRunning:
        open_app(config)
        work.hasten(period, clock.now())
        print_(f"{period.name}: the daemon is at work, and sends what is approved")
        return True


def _send(config: Config, period: Period) -> bool:
    app = open_app(config)
    pipeline.resume(app.desk)
    app.outbox.resume(clock.now())
    dispatch.retry_failed(period)
    with progress() as tell:
        sent = work.send(app.room, period, clock.now(), tell=tell, daily=False)
    counts = app.outbox.drain(clock.now())
    app.outbox.close()
    channels.settle()
    print_(
        f"{period.name}: {sent.made.filed} made, {counts.sent} mails sent, {sent.batch.letters} to post"
        + (f" ({sent.batch.pdf})" if sent.batch.letters else "")
    )
    for key, why in sent.made.failed.items():
        print_(f"{key}: {why}")
    if counts.unreachable:
        print_(f"the mail server can't be reached, the mails wait: {counts.unreachable}")
    return not (sent.made.failed or counts.unreachable)


def print_batch(config: Config, period: Period, now: datetime, again: int) -> str:
    made = batch.print_batch(_room(config), period, now, again)
    missing = f"; no address: {', '.join(made.unaddressed)}" if made.unaddressed else ""
    if not made.letters:
        return f"{period.name}: nothing to print{missing}"
    count = f"{_counted(made.letters, 'letter')}, {_counted(made.pages, 'page')}"
    return f"{count}{missing}\n{made.pdf}\n{made.table}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def lists(config: Config, period: Period, now: datetime) -> list[dict[str, Any]]:
    """The lists of the end of the quittancement."""
    return lists_of.lists(_room(config), period, now)


def audit(config: Config, period: Period) -> tuple[list[dict[str, Any]], int]:
    return auditing.audit(_room(config), period)


@contextmanager
def progress() -> Iterator[Callable[[int, int], None]]:
    """A bar with the rate and the time left, where somebody looks at it."""
    columns = (TextColumn("notices"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not os.isatty(2)) as bar:
        task = bar.add_task("notices", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:.1f}/s")


def print_(text: str) -> None:
    Console(stderr=False, highlight=False, soft_wrap=True, markup=False).print(text)


def _user() -> str:
    with suppress(KeyError):
        return pwd.getpwuid(os.getuid()).pw_name
    return str(os.getuid())
