"""Accounting's own notices by mail: taken apart by lease, held against the accounts, and put up for approval.

Nothing is sent from here: what was found is told, the month's run is prepared with these pages in place of ours, and
its summary asks for the approval as always.
"""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from archive.database import writing
from archive.records import Order, RentNotice
from daemon import log, wording
from daemon.accounting.mapping import mapping_for
from daemon.accounting.parcels import answer, file_of, name_of
from daemon.errors import Permanent
from daemon.notices import page, parts, run, work
from daemon.notices.room import Room
from daemon.notices.telling import euros
from daemon.reading.pdf_text import pages_of
from rules import batch
from rules import period as periods
from rules.batch import References, Split
from rules.exchange import term_named
from rules.fold import fold
from rules.notice import Odd
from rules.period import Period

TEMPLATE = "notice_batch"
MOST = 60  # leases told one by one
_BEFORE = 60  # characters after "échéance" within which a page names its term


def take_in(room: Room, order: Order, now: datetime) -> str:
    """The order `batch`. Never refused: a file that can't be used is answered too. Raises Permanent without it."""
    details, file = json.loads(order.details), file_of(room, order)
    try:
        pages = pages_of(file.content)
        period = periods.parse(details["period"]) if details["period"] else _term(pages)
    except Permanent as error:
        _refuse(order, str(error), now)
        return ""
    found = batch.split(pages, _references(room, name_of(order)))
    if not found.parts:
        _refuse(order, "no_lease", now)
        return ""
    settled = _settled(period)
    with writing():
        parts.keep(period, order.message, details["number"], found.parts, settled)
    prepared = work.prepare(room, period, now)
    with writing():
        answer(order, TEMPLATE, _told(order, period, pages, found, prepared, settled), now, titles=_titles(period))
    log.batch_taken(period.name, len(pages), len(found.parts))
    return ""


def _references(room: Room, name: str) -> References:
    """How a page names its lease: by the account where a mapping for this file says so, else by the lease's number."""
    leases = frozenset(room.house().directory.leases)
    mapping = mapping_for(name, room.config.imports)
    if mapping is None or not (mapping.lease or mapping.accounts):
        return batch.by_reference(leases)
    return batch.by_account(mapping.lease_of, leases)


def _term(pages: Sequence[str]) -> Period:
    """The term that most pages call. Raises Permanent when none says which."""
    named: Counter[Period] = Counter()
    for text in pages:
        _, _, after = " ".join(fold(text).split()).partition("echeance")
        if found := term_named(after[:_BEFORE]):
            named[found] += 1
    if not named:
        raise Permanent("no_period")
    return named.most_common(1)[0][0]


def _settled(period: Period) -> frozenset[str]:
    """The leases whose notice of that term was approved already."""
    rows: Any = RentNotice.select(RentNotice.lease).where(
        RentNotice.period == period.name, RentNotice.state.not_in((*run.OPEN, "replaced"))
    )
    return frozenset(lease for (lease,) in rows.tuples())


def _refuse(order: Order, why: str, now: datetime) -> None:
    with writing():
        told = {"file": name_of(order), "refused": why}
        answer(order, TEMPLATE, told, now, subject="notice_batch_refused")


def _titles(period: Period) -> dict[str, str]:
    return {"month": wording.of(page.term(period))}


# --- what is told


def _told(
    order: Order, period: Period, pages: Sequence[str], found: Split, prepared: run.Prepared, settled: frozenset[str]
) -> dict[str, Any]:  # fmt: skip
    claimed = {part.lease for part in found.parts}
    noticed = _noticed(period)
    differing = [look for look in prepared.odd if look.what in {Odd.PAGE_DIFFERS, Odd.PAGE_UNREAD}]
    return {
        "file": name_of(order),
        "refused": "",
        "period": period.name,
        "month": page.term(period),
        "pages": len(pages),
        "leases": len(claimed),
        "unclaimed": [number + 1 for number in found.unclaimed][:MOST],
        "disputed": [number + 1 for number in found.disputed][:MOST],
        "missing": sorted(look.lease for look in prepared.odd if look.what is Odd.NO_PAGE)[:MOST],
        "extra": sorted(claimed - noticed)[:MOST],
        "late": sorted(claimed & settled)[:MOST],
        "differing": [_difference(look) for look in differing[:MOST]],
        "more": max(0, len(differing) - MOST),
    }


def _noticed(period: Period) -> frozenset[str]:
    rows: Any = RentNotice.select(RentNotice.lease).where(RentNotice.period == period.name)
    return frozenset(lease for (lease,) in rows.tuples())


def _difference(look: run.Look) -> dict[str, str]:
    *printed, ours = [euros(Decimal(part)) for part in look.detail.split(" ")]
    return {"lease": look.lease, "printed": printed[0] if printed else "", "ours": ours}
