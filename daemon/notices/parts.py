"""Notices that accounting's own software printed: cut from the file that it mailed, in place of ours.

Everything else is the run's: the same approval, the same channels, the same proofs. The pages are cut when the notice
is made, from the letter as it stands in the tree; the notice that the accounts give is embedded, as in ours.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from archive.records import NoticePart
from daemon.errors import Permanent
from daemon.notices.press import Job, Printed
from daemon.notices.room import Room
from daemon.reading.parse import parse
from rules.batch import Part
from rules.notice import Notice, Odd, Oddity, Way, facts
from rules.period import Period

Supplied = Mapping[str, NoticePart]  # by lease


def of(period: Period) -> dict[str, NoticePart]:
    """The pages that accounting gave for a term, by lease; empty when the notices are ours."""
    return {row.lease_id: row for row in NoticePart.select().where(NoticePart.period == period.name)}


def by_key(keys: Iterable[str]) -> dict[str, NoticePart]:
    """The same, by the keys of the notices."""
    wanted = list(keys)
    return {row.key: row for row in NoticePart.select().where(NoticePart.key.in_(wanted))} if wanted else {}


def keep(period: Period, message: str, number: int, parts: Sequence[Part], settled: frozenset[str]) -> None:
    """The parts of a file, in place of those of an earlier one. Inside a write transaction.

    `settled` are the leases whose notice of that term was approved: what is approved isn't changed.
    """
    old = NoticePart.delete().where(NoticePart.period == period.name, NoticePart.lease.not_in(sorted(settled)))
    old.execute()
    for part in parts:
        if part.lease not in settled:
            NoticePart.create(
                key=f"rent_notice/{part.lease}/{period.name}",
                lease=part.lease,
                period=period.name,
                message=message,
                number=number,
                pages=json.dumps(part.pages),
                total=part.total,
            )


def odd(lease: str, notice: Notice | None, supplied: Supplied) -> tuple[Oddity, ...]:
    """What the pages say otherwise than the accounts. Nothing when accounting prints nothing."""
    if notice is None or not supplied:
        return ()
    part = supplied.get(lease)
    if part is None:
        return (Oddity(Odd.NO_PAGE),)
    if part.total is None:
        return (Oddity(Odd.PAGE_UNREAD, f"{notice.total_due}"),)
    same = part.total == notice.total_due
    return () if same else (Oddity(Odd.PAGE_DIFFERS, f"{part.total} {notice.total_due}"),)


def state(period: Period) -> str:
    """What the pages are, in one text: another file, another approval."""
    rows = NoticePart.select().where(NoticePart.period == period.name).order_by(NoticePart.key)
    return repr([(row.key, row.message, row.number, row.pages, str(row.total)) for row in rows])


def as_printed(notice: Notice, part: NoticePart) -> Notice:
    """The notice as the pages say it: their total, and no receipt, which only our own document gives."""
    asked = notice.total_due if part.total is None else part.total
    way = Way.PAY if notice.way is Way.NOTHING else notice.way
    return replace(notice, total_due=asked, way=way if asked > 0 else Way.NOTHING, receipts=())


def proof(part: NoticePart) -> dict[str, Any]:
    """Where the pages come from, for the sidecar."""
    pages = [number + 1 for number in json.loads(part.pages)]
    total = None if part.total is None else str(part.total)
    return {"letter": part.message, "attachment": part.number, "pages": pages, "total": total}


# --- cutting


def cut(room: Room, jobs: Sequence[Job], supplied: Mapping[str, NoticePart]) -> Iterator[Printed]:
    """The documents of these jobs, each of which has a part, by its name; or why there is none."""
    files: dict[tuple[str, int], bytes] = {}
    for job in jobs:
        part = supplied[job.name]
        try:
            where = (part.message, part.number)
            if where not in files:
                files = {where: _source(room, part)}
            yield job.name, _document(files[where], job.notice, json.loads(part.pages))
        except (OSError, LookupError, ValueError) as error:
            yield job.name, Permanent(f"notice {job.notice.number}: accounting's pages can't be read ({error})")


def _source(room: Room, part: NoticePart) -> bytes:
    letter = parse(room.bytes_of(part.message), received_at=room.desk.clock())
    return letter.attachments[part.number].content


def _document(source: bytes, notice: Notice, pages: Sequence[int]) -> bytes:
    """These pages, with the notice as data: the same bytes each time. Raises ValueError when they can't be read."""
    import pikepdf  # noqa: PLC0415  with WeasyPrint it takes 45 MB: loaded when something is printed

    from daemon.pdf import DATA  # noqa: PLC0415

    written = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(source)) as whole, pikepdf.new() as one:
            for number in pages:
                one.pages.append(whole.pages[number])
            data = json.dumps(facts(notice), ensure_ascii=False, indent=1).encode()
            one.attachments[DATA] = pikepdf.AttachedFileSpec(one, data, filename=DATA, mime_type="application/json")
            one.save(written, deterministic_id=True)
    except pikepdf.PdfError as error:
        raise ValueError(str(error)) from error
    return written.getvalue()
