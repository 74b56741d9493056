"""What accounting is told of a run, in one mail: the figures, what is odd, three notices to look at, a list of all.

Told once for the same figures. Its Message-ID is signed and names this very state of the run: `#envoyer` in answer to
it approves what it showed, and nothing else.
"""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from archive import index
from archive.database import writing
from archive.records import NoticeRun, Outgoing, Person, RentNotice
from daemon import wording
from daemon.accounting import lists
from daemon.errors import Permanent
from daemon.notices import channels, dispatch, page, parts, run
from daemon.notices.press import Job
from daemon.notices.room import Room
from daemon.notices.run import Look, Prepared
from daemon.notices.telling import euros
from rules.ledger import ZERO
from rules.notice import Odd
from rules.period import Period
from rules.plan import Role

SAMPLES = 3
MOST_TOLD = 60  # lines of what is odd in the mail; the list has them all
FOLDER = "notices"  # in the state folder


def send(room: Room, prepared: Prepared, now: datetime) -> str:
    """Queue the summary, unless it was sent for these figures already. Returns its key; `''` without an address."""
    to = recipients(room)
    key = _key(prepared.period)
    waits = bool(prepared.open or prepared.held)
    if not to or not waits or _said(key):
        return key if to and waits else ""
    folder = _folder(room, prepared.period)
    samples = _samples(room, prepared.period)
    files = [_file(room, folder, f"exemple-{name}.pdf", pdf, "application/pdf") for name, pdf in samples]
    table = csv_of(prepared).encode("utf-8-sig")
    files.append(_file(room, folder, f"avis-{prepared.period.name}.csv", table, "text/csv"))
    listed = lists.csv_of_lists(lists.lists(room, prepared.period, now)).encode("utf-8-sig")
    files.append(_file(room, folder, f"listes-{prepared.period.name}.csv", listed, "text/csv"))
    details = {
        "run": _told(room, prepared, now),
        "titles": {"month": wording.of(page.term(prepared.period))},
        "files": files,
    }
    with writing():
        for number, address in enumerate(to):
            index.say(notice(key if not number else f"{key}/{number}", "notice_run", address, details), now)
        NoticeRun.update(summary=key).where(NoticeRun.period == prepared.period.name).execute()
    return key


def recipients(room: Room) -> list[str]:
    """Accounting, else the supervisor; and whoever else must approve."""
    agency, second = room.config.agency, room.config.notices.second_approver
    return [one for one in dict.fromkeys((agency.accounting or agency.supervisor, second)) if one]


def _key(period: Period) -> str:
    return f"notice_run/{period.name}/{run.fingerprint(period)[:16]}"


def _said(key: str) -> bool:
    return bool(Outgoing.select().where(Outgoing.key == key).exists())


def notice(key: str, template: str, to: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """A word to our own people, as the outbox takes it (archive.index.say)."""
    return {"key": key, "kind": "notice", "template": template, "to": to, "details": dict(details)}


# --- what it says


def _told(room: Room, prepared: Prepared, now: datetime) -> dict[str, Any]:
    """The run in figures and words, as `templates/mails/notice_run` shows it."""
    due_at = room.due_at(prepared.period)
    rows = [row for row in _open_rows(prepared.period) if row.state == run.PREPARED]
    odd = sorted(prepared.odd, key=lambda look: (list(Odd).index(look.what), look.lease))
    names = tenants(look.lease for look in odd[:MOST_TOLD])
    words = wording.words()["odd"]
    return {
        "period": prepared.period.name,
        "month": page.term(prepared.period),
        "count": len(rows),
        "held": prepared.held,
        "kept": prepared.kept,
        "called": euros(sum((row.term_due for row in rows), ZERO)),
        "total": euros(sum((row.total_due for row in rows), ZERO)),
        "by_mail": sum(row.channel == channels.EMAIL for row in rows),
        "by_post": sum(row.channel == channels.POST for row in rows),
        "full": sum(row.receipt == "quittance" for row in rows),
        "part": sum(row.receipt == "reçu" for row in rows),
        "counts": [{"what": words[what.value], "count": count} for what, count in _ranked(prepared)],
        "odd": [_line(look, names, words) for look in odd[:MOST_TOLD]],
        "more": max(0, len(odd) - MOST_TOLD),
        "leaves": wording.moment(due_at.astimezone(room.zone)) if due_at > now else "",
        "second": room.config.notices.second_approver,
        "no_bank": not room.config.notices.bank.iban,
    }


def _ranked(prepared: Prepared) -> list[tuple[Odd, int]]:
    return sorted(prepared.counts.items(), key=lambda pair: list(Odd).index(pair[0]))


def _line(look: Look, names: Mapping[str, str], words: Mapping[str, str]) -> dict[str, Any]:
    return {
        "lease": look.lease,
        "name": names.get(look.lease, ""),
        "what": words[look.what.value],
        "detail": detail(look),
        "notice": look.notice,
    }


def detail(look: Look) -> str:
    """The figures that made a check speak, as people write them."""
    return ", ".join(_written(part) for part in look.detail.split(" ")) if _figures(look.detail) else look.detail


def _figures(text: str) -> bool:
    return bool(text) and all(part[:1].isdigit() or part[:1] == "-" for part in text.split(" "))


def _written(part: str) -> str:
    if "." in part:
        return euros(Decimal(part))
    pieces = part.split("-")
    return "/".join(reversed(pieces)) if len(pieces) > 1 and pieces[0] else part


def tenants(leases: Iterable[str]) -> dict[str, str]:
    """The tenant's name of each lease, for people who look at a list."""
    wanted = list(dict.fromkeys(leases))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        rows = Person.select().where(Person.lease.in_(wanted[start : start + 500]), Person.role == Role.TENANT)
        found |= {str(row.lease_id): f"{row.last_name} {row.first_name}".strip() for row in rows}
    return found


def _open_rows(period: Period) -> list[RentNotice]:
    n = RentNotice
    columns = (n.lease, n.state, n.number, n.channel, n.opening_balance, n.term_due, n.total_due, n.receipt, n.odd)
    return list(n.select(*columns).where(n.period == period.name, n.state.in_(run.OPEN)).order_by(n.lease))


def csv_of(prepared: Prepared) -> str:
    """Every notice that waits for an approval, one a line, for a spreadsheet in French."""
    headings, words = wording.words()["columns"]["run"], wording.words()["odd"]
    looks: dict[str, list[str]] = {}
    for look in prepared.odd:
        looks.setdefault(look.lease, []).append(f"{words[look.what.value]} {detail(look)}".strip())
    rows = _open_rows(prepared.period)
    names = tenants([*(row.lease_id for row in rows), *looks])
    silent = sorted(set(looks) - {row.lease_id for row in rows})
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(headings)
    writer.writerows(_cells(row, names, looks) for row in rows)
    writer.writerows([lease, names.get(lease, ""), *[""] * 5, " | ".join(looks[lease])] for lease in silent)
    return text.getvalue()


def _cells(row: RentNotice, names: Mapping[str, str], looks: Mapping[str, Sequence[str]]) -> list[str]:
    amounts = (row.opening_balance, row.term_due, row.total_due)
    channel, receipt = wording.words()["channels"][row.channel], "" if row.receipt == "none" else row.receipt
    held = [wording.words()["run"]["held"]] if row.state == run.HELD else []
    odd = " | ".join((*held, *looks.get(row.lease_id, ())))
    return [row.lease_id, names.get(row.lease_id, ""), channel, *(_comma(one) for one in amounts), receipt, odd]


def _comma(amount: Decimal) -> str:
    return str(amount).replace(".", ",")


# --- what it brings


def _samples(room: Room, period: Period) -> Iterator[tuple[str, bytes]]:
    """Three notices as they would be printed: an ordinary one, one with something odd, one by post where there are."""
    rows = RentNotice.select().where(RentNotice.period == period.name, RentNotice.state.in_(run.OPEN))
    chosen = _chosen(list(rows.order_by(RentNotice.lease).limit(500)))
    for row in chosen:
        entry = room.house().directory.lease(row.lease_id)
        job = Job(row.key, dispatch.notice_of(row), room.letterheads.of(entry.site if entry else ""))
        made = dict(dispatch.documents(room, [job], parts.by_key([row.key])))[row.key]
        if not isinstance(made, Permanent):  # it will be told when the run is made
            yield row.number, made


def _chosen(rows: Sequence[RentNotice]) -> list[RentNotice]:
    plain = [row for row in rows if row.odd == "[]" and row.receipt == "quittance"]
    odd = sorted((row for row in rows if row.odd != "[]"), key=lambda row: -len(row.odd))
    part = [row for row in rows if row.receipt == "reçu" or row.channel == channels.POST]
    picked = {row.key: row for some in (plain[:1], odd[:1], part[:1]) for row in some}
    picked |= {row.key: row for row in rows[:SAMPLES] if len(picked) < SAMPLES}
    return list(picked.values())[:SAMPLES]


def _folder(room: Room, period: Period) -> Path:
    folder = room.config.storage.state / FOLDER / period.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _file(room: Room, folder: Path, name: str, content: bytes, media_type: str) -> dict[str, str]:
    write(folder / name, content)
    path = (folder / name).relative_to(room.config.storage.state)
    return {"path": str(path), "name": name, "type": media_type}


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, whatever happens meanwhile."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
