"""What goes by post: one PDF to print and put in window envelopes, in the order of the postcodes, and its list.

The list (CSV) is what postal providers take: rank, first page and number of pages, the lines of the window. The PDF
asks for one side of the paper: the second tenant's notice must never stand on the back of the first's.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archive import index
from archive.database import writing
from archive.records import RentNotice
from daemon import log, wording
from daemon.notices import channels, page, summary
from daemon.notices.document import data_of
from daemon.notices.room import Room
from rules.period import Period

LINES = 6  # of an address
LARGEST = 8 << 20  # bytes of a PDF that a mail brings


@dataclass(frozen=True, slots=True)
class Letter:
    """One envelope: its notice, the lines of its window, where it goes."""

    row: RentNotice
    lines: tuple[str, ...]
    postcode: str
    city: str
    pdf: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What was made. `unaddressed` are leases whose notice has no address to go to."""

    number: int = 0
    letters: int = 0
    pages: int = 0
    pdf: Path = Path()
    table: Path = Path()
    unaddressed: tuple[str, ...] = ()


def print_batch(room: Room, period: Period, now: datetime, again: int = 0) -> Batch:
    """Make the batch of what wasn't printed yet, or batch `again` once more, and mark it printed.

    The files stand in `<state>/notices/<period>`, durable before the notices are marked.
    """
    rows = _rows(period, again)
    letters = sorted((_letter(room, row) for row in rows), key=_place)
    addressed = [letter for letter in letters if letter.lines]
    missing = tuple(letter.row.lease_id for letter in letters if not letter.lines)
    if not addressed:
        return Batch(unaddressed=missing)
    number = again or _next(period)
    content, first_pages = _merged(addressed)
    folder = room.config.storage.state / summary.FOLDER / period.name
    folder.mkdir(parents=True, exist_ok=True)
    pdf, table = folder / f"courrier-{number}.pdf", folder / f"courrier-{number}.csv"
    summary.write(pdf, content)
    summary.write(table, _listed(addressed, first_pages).encode("utf-8-sig"))
    _mark([letter.row for letter in addressed], number, now)
    log.notices_posted(period.name, len(addressed), number)
    return Batch(number, len(addressed), first_pages[-1] - 1, pdf, table, missing)


def _rows(period: Period, again: int) -> list[RentNotice]:
    n = RentNotice
    wanted = (n.state == "printed") & (n.batch == again) if again else n.state == "approved"
    posted = n.select().where(n.period == period.name, n.channel == channels.POST, n.digest != "", wanted)
    return list(posted.order_by(n.lease))


def _next(period: Period) -> int:
    rows = RentNotice.select(RentNotice.batch).where(RentNotice.period == period.name)
    return max((row.batch for row in rows.order_by(RentNotice.batch.desc()).limit(1)), default=0) + 1


def _letter(room: Room, row: RentNotice) -> Letter:
    """From the document itself: what the window shows is what was printed."""
    pdf = room.bytes_of(row.digest)
    notice = data_of(pdf)
    lines = page.address(notice.tenants, notice.lease)
    odd = {one["what"] for one in json.loads(row.odd)}
    known = () if "no_address" in odd else lines
    postcode, city = page.destination(notice.lease)
    return Letter(row, known, postcode, city, pdf)


def _place(letter: Letter) -> tuple[Any, ...]:
    """As the post sorts: by postcode, then street by street; couriers walk them in order."""
    return letter.postcode, letter.city, letter.lines[-2:], letter.row.lease_id


def _merged(letters: Sequence[Letter]) -> tuple[bytes, list[int]]:
    """The pages of all, and the first page of each, then one past the last."""
    import pikepdf  # noqa: PLC0415  loaded when something is printed

    firsts = [1]
    with pikepdf.new() as whole:
        for letter in letters:
            with pikepdf.open(io.BytesIO(letter.pdf)) as one:
                whole.pages.extend(one.pages)
            firsts.append(len(whole.pages) + 1)
        whole.Root.ViewerPreferences = pikepdf.Dictionary(Duplex=pikepdf.Name.Simplex)
        bytes_ = io.BytesIO()
        whole.save(bytes_, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return bytes_.getvalue(), firsts


def _listed(letters: Sequence[Letter], firsts: Sequence[int]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(wording.words()["columns"]["post"])
    for rank, letter in enumerate(letters, 1):
        first, after = firsts[rank - 1], firsts[rank]
        plain = [line.replace(wording.NO_BREAK, " ") for line in letter.lines]  # a provider matches and transliterates
        lines = [*plain, *[""] * LINES][: max(LINES, len(plain))]
        writer.writerow(
            [rank, letter.row.lease_id, letter.row.number, first, after - first, *lines, letter.postcode, letter.city]
        )
    return text.getvalue()


def _mark(rows: Sequence[RentNotice], number: int, now: datetime) -> None:
    with writing():
        RentNotice.update(state="printed", batch=number, printed_at=now).where(
            RentNotice.id.in_([row.id for row in rows]), RentNotice.state == "approved"
        ).execute()


# --- the word to accounting


def tell(room: Room, period: Period, batch: Batch, now: datetime) -> None:
    """The batch by mail, to be printed and posted: once a batch."""
    to = summary.recipients(room)[:1]
    if not to or not batch.letters:
        return
    state = room.config.storage.state
    paths = [batch.table] if batch.pdf.stat().st_size > LARGEST else [batch.pdf, batch.table]
    kinds = {".pdf": "application/pdf", ".csv": "text/csv"}
    files = [{"path": str(p.relative_to(state)), "name": p.name, "type": kinds[p.suffix]} for p in paths]
    told = {
        "month": page.term(period),
        "letters": batch.letters,
        "pages": batch.pages,
        "unaddressed": list(batch.unaddressed),
        "enclosed": len(paths) > 1,
        "path": str(batch.pdf),
    }
    details = {"run": told, "files": files, "titles": {"month": wording.of(page.term(period))}}
    with writing():
        index.say(
            summary.notice(f"notice_run_posted/{period.name}/{batch.number}", "notice_run_posted", to[0], details), now
        )
