"""Where a notice stands in the tree: the pli of a document of ours, whose sidecar says all that follows from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from archive import names
from archive.records import RentNotice
from archive.tree import Document, Pli
from daemon.filing import lease_place
from daemon.house import House
from daemon.notices.telling import title_of
from rules.notice import Notice
from rules.period import Period


def notice_pli(
    row: RentNotice,
    notice: Notice,
    pdf: bytes,
    said: Sequence[Mapping[str, Any]],
    house: House,
    sender: str,
    now: datetime,
) -> Pli:
    """The pli of a monthly notice, in the folder of its lease and year, under the first day of its term."""
    title = title_of(notice)
    document = {
        "kind": "rent_notice",
        "key": row.key,
        "number": notice.number,
        "lease": row.lease_id,
        "period": row.period,
        "version": row.version,
        "opening_balance": str(notice.opening_balance),
        "term_due": str(notice.term_due),
        "total_due": str(notice.total_due),
        "receipts": [f"{receipt.kind.value} {receipt.period.name}" for receipt in notice.receipts],
    }
    record = document_record(pdf, title, sender, now, said) | {
        "attachment": place_of(row.lease_id, house),
        "kind": "rent_notice",
        "document": document,
        "replaces": notice.replaces or None,
    }
    folder = lease_place(house, row.lease_id, notice.period.first.year)
    return Pli(record["digest"], folder, dated(notice.period, title), (_original(pdf),), record)


def paper_pli(
    pdf: bytes,
    title: str,
    document: Mapping[str, Any],
    said: Sequence[Mapping[str, Any]],
    house: House,
    sender: str,
    now: datetime,
    case: str | None,
) -> Pli:
    """The pli of a document that was made because somebody asked for it."""
    record = document_record(pdf, title, sender, now, said) | {
        "attachment": place_of(document["lease"], house),
        "kind": document["kind"],
        "document": dict(document),
        "case": case,
    }
    local = now.astimezone(house.timezone)
    folder = lease_place(house, document["lease"], local.year)
    name = names.clean(f"{local:%Y-%m-%d} {title}")
    return Pli(record["digest"], folder, name, (_original(pdf),), record)


def document_record(
    pdf: bytes, title: str, sender: str, now: datetime, said: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    digest = sha256(pdf).hexdigest()
    return {
        "digest": digest,
        "content_digest": digest,
        "direction": "out",
        "state": "filed",
        "same_as": None,
        "source": None,
        "sources": [],
        "dates": {"received": now.isoformat(), "header": None},
        "from": sender,
        "to": [one["to"] for one in said],
        "subject": title,
        "message_id": "",
        "references": [],
        "case": None,
        "decision": {},
        "said": [one["key"] for one in said],
        "plan": {"say": [dict(one) for one in said]},
        "replaces": None,
        "retention": None,
    }


def place_of(lease: str, house: House) -> dict[str, Any]:
    """To what the pli is attached, as other sidecars say it."""
    entry = house.directory.lease(lease)
    return {
        "lease": lease,
        "lot": entry.lot if entry else None,
        "property": entry.property_name if entry else None,
        "owner": entry.owner if entry else None,
        "manager": entry.manager if entry else None,
        "method": "lease",
    }


def dated(period: Period, title: str) -> str:
    return names.clean(f"{period.first} {title}")


def _original(pdf: bytes) -> Document:
    return Document("", "original", "application/pdf", pdf)
