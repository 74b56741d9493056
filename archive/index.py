"""From a sidecar to the rows of the database, and never the other way.

The tree is the truth: whatever the database says of a letter is written here, from the pli's sidecar alone. So the
same code serves the letter that has just been filed, the roll-forward after a power cut, and a rebuild from the tree.
Every row has a key of its own; indexing a sidecar twice changes nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from archive import whereabouts
from archive.pli import Filed
from archive.prepared import Prepared, add, add_once, change, find
from archive.records import (
    Case,
    Duty,
    Errand,
    Lease,
    Manager,
    Message,
    Order,
    Outgoing,
    Owner,
    Receipt,
    RentNotice,
    Step,
)

Record = Mapping[str, Any]

TO_CORRESPONDENTS = frozenset({"acknowledgement", "answer"})  # kinds of mail that are filed before they go


def is_indexed(digest: str) -> bool:
    return find(Message, digest=digest) is not None


def index_letter(record: Record, now: datetime) -> None:
    """Write everything that a received pli's sidecar says, but where it stands (`place`).

    Inside a write transaction.
    """
    if is_indexed(record["digest"]):
        return
    _open_or_join(record)
    _message(record)
    first, *again = record["sources"]
    add_receipts(record["digest"], record["state"], [first])
    add_receipts(record["digest"], "duplicate", again)
    _note(record)
    for said in record["plan"]["say"]:
        say(said, now, record["case"], record["digest"])
    _orders(record, now)
    _returned(record)
    _errands(record, record["sources"])


def readmit(record: Record, now: datetime) -> None:
    """A letter leaves the quarantine: it is recorded as any other, under the case and the clock that it has."""
    decision, attachment = record["decision"], record["attachment"]
    now_read = {"state": "filed", "reason": "", **_read_of(record), **_shelf_of(record)}
    Message.update(now_read).where(Message.digest == record["digest"]).execute()
    Receipt.update(state="filed").where(Receipt.message == record["digest"], Receipt.state == "quarantined").execute()
    opening = record["plan"].get("open")
    if opening:
        Case.update(
            label=opening["label"],
            party=attachment["party"],
            lease=_known(Lease, attachment["lease"]),
            owner=_owner(attachment["owner"]),
            manager=_known(Manager, attachment["manager"]),
            subject=record["subject"],
            sender=record["from"],
            urgent=opening["urgent"],
            to_sort=opening["to_sort"],
            confidence=decision["confidence"],
            because=decision["because"],
            gist="\n".join(_gists(record)),
        ).where(Case.ref == record["case"]).execute()
    for said in record["plan"]["say"]:
        say(said, now, record["case"], record["digest"])
    _orders(record, now)
    _returned(record)
    if record["case"]:
        whereabouts.follow(record["case"], ("", ""))  # out of the quarantine's folder


def place(filed: Filed) -> None:
    """The pli stands in the tree: its short id and its paths."""
    change(Message, filed.digest, id=filed.id, path=filed.path, sidecar=filed.sidecar)


def bearer(short: str) -> str | None:
    """The digest of the pli that bears a short id; None when it is free."""
    found = find(Message, id=short)
    return None if found is None else str(found.digest)


def add_receipts(digest: str, state: str, sources: Sequence[Record]) -> int:
    """Count sights of a letter; one that was counted is not counted again. Returns how many are new."""
    rows = [
        {"key": s["key"], "message": digest, "received_at": datetime.fromisoformat(s["received_at"]), "state": state}
        for s in sources
    ]
    if not rows:
        return 0
    new = [row for row in rows if find(Receipt, key=row["key"]) is None]
    for row in new:
        add(Receipt, **row)
    for source in filter(_is_received, sources):
        sight = (source["mailbox"], source["uidvalidity"], source["uid"])
        whereabouts.came_in(digest, [sight], source.get("put_in") or whereabouts.INBOX)
    return len(new)


def _is_received(source: Record) -> bool:
    """It came to a mailbox, and wasn't put in its folder of sent mail."""
    return bool(source.get("mailbox")) and not source.get("place")


def _message(record: Record) -> None:
    add(
        Message,
        digest=record["digest"],
        id="",
        direction=record["direction"],
        state=record["state"],
        same_as=record["same_as"],
        received_at=datetime.fromisoformat(record["dates"]["received"]),
        path="",
        sidecar="",
        reason=record.get("reason", ""),
        **_read_of(record),
        **_shelf_of(record),
    )


def _shelf_of(record: Record) -> dict[str, Any]:
    """Where its copies belong in a mailbox, whichever way the first of them came."""
    shelf = record["plan"].get("shelve")
    return {"shelf": shelf["folder"], "flagged": shelf["flagged"]} if shelf else {}


def _read_of(record: Record) -> dict[str, Any]:
    """What was read in a letter, and thought of it."""
    return {
        "content_digest": record["content_digest"],
        "message_id": record["message_id"],
        "subject": record["subject"],
        "sender": record["from"],
        "case": record["case"],
        "label": record["decision"].get("label", ""),
        "automated": "automated" in record["decision"].get("flags", ()),
    }


# --- the case


def _open_or_join(record: Record) -> None:
    plan = record["plan"]
    if plan.get("open"):
        _open(record, plan["open"])
    elif plan.get("join"):
        _join(record, plan["join"])


def _open(record: Record, opening: Record) -> None:
    attachment, decision = record["attachment"], record["decision"]
    received = datetime.fromisoformat(record["dates"]["received"])
    add_once(
        Case,
        ref=record["case"],
        label=opening["label"],
        party=attachment["party"],
        lease=_known(Lease, attachment["lease"]),
        owner=_owner(attachment["owner"]),
        manager=_known(Manager, attachment["manager"]),
        subject=record["subject"],
        sender=record["from"],
        received_at=received,
        due_at=datetime.fromisoformat(opening["due"]),
        urgent=opening["urgent"],
        to_sort=opening["to_sort"],
        related=opening["related"],
        confidence=decision.get("confidence", 0.0),
        because=decision.get("because", ""),
        gist="\n".join(_gists(record)),
    )
    add(Step, case=record["case"], at=received, what="opened", message=record["digest"])


def _join(record: Record, joining: Record) -> None:
    received = datetime.fromisoformat(record["dates"]["received"])
    add(Step, case=record["case"], at=received, what="joined", message=record["digest"])
    changes: dict[str, Any] = {}
    if new := _gists(record):
        changes["gist"] = Case.gist.concat("".join(f"\n{one}" for one in new))
    if joining.get("heard"):
        changes |= {"waits_for": "", "waits_until": None}
    if joining.get("resume"):
        changes |= _resumed(record, joining["resume"])
    if joining["urgent"]:
        changes["urgent"] = True
    if joining["reopen"]:
        changes |= {"status": "open", "due_at": datetime.fromisoformat(joining["reopen"]), "answered_at": None}
        add(Step, case=record["case"], at=received, what="reopened", message=record["digest"])
    if changes:
        before = whereabouts.shelves_of(record["case"])
        Case.update(**changes).where(Case.ref == record["case"]).execute()
        if joining["reopen"] or joining["urgent"] or joining.get("resume"):
            whereabouts.follow(record["case"], before)


def _gists(record: Record) -> tuple[str, ...]:
    """What the mails that follow from a letter quote of it."""
    said = (one["details"].get("gist") for one in record["plan"]["say"])
    return tuple(dict.fromkeys(str(gist) for gist in said if gist))


def _resumed(record: Record, due: str) -> dict[str, Any]:
    """What the case waited for has come: its clock runs again."""
    received = datetime.fromisoformat(record["dates"]["received"])
    case = Case.get_by_id(record["case"])
    add(Step, case=record["case"], at=received, what="resumed", message=record["digest"])
    paused = round((received - case.paused_at).total_seconds()) if case.paused_at else 0
    return {
        "status": "open",
        "due_at": datetime.fromisoformat(due),
        "paused_at": None,
        "paused_seconds": case.paused_seconds + max(paused, 0),
        "waits_for": "",
        "waits_until": None,
    }


def _note(record: Record) -> None:
    """A letter that changes nothing of its case stands in its history all the same."""
    noted = record["plan"].get("step")
    if noted:
        at = datetime.fromisoformat(record["dates"]["received"])
        step = {"at": at, "what": noted["what"], "message": record["digest"], "detail": noted["detail"]}
        add(Step, case=record["case"], **step)


def _known(table: type[Lease] | type[Manager], key: str | None) -> str | None:
    """A foreign key that still points somewhere: a sidecar may be older than the agency's lists."""
    return key if key and find(table, id=key) else None


def _owner(name: str | None) -> int | None:
    row = find(Owner, name=name) if name else None
    return row.id if row is not None else None


# --- what is said, what is moved


def say(said: Record, now: datetime, case: str | None = None, answers: str | None = None) -> None:
    """A row of the outbox, once for its key."""
    add_once(
        Outgoing,
        key=said["key"],
        kind=said["kind"],
        template=said["template"],
        case=case,
        answers=said.get("answers", answers),
        recipient=said["to"],
        filed=said["kind"] in TO_CORRESPONDENTS,
        automatic=said["kind"] == "acknowledgement",
        urgent=said["details"].get("urgent", False),
        created_at=now,
        next_try_at=now,
        details=json.dumps(said["details"], ensure_ascii=False, sort_keys=True),
    )


def _orders(record: Record, now: datetime) -> None:
    for number, order in enumerate(record["plan"].get("orders", ())):
        add_order(record["digest"], number, {"case": record["case"], **order}, now)


def add_order(digest: str, number: int, order: Record, now: datetime) -> None:
    """Something that a letter makes us do, once: `daemon/answers/orders.py` and `daemon/cases/casework.py` do it."""
    add_once(
        Order,
        key=f"order/{digest}/{number}",
        name=order["name"],
        message=digest,
        case=order["case"],
        lease=order.get("lease", ""),
        by=order["by"],
        at=datetime.fromisoformat(order["at"]) if order.get("at") else now,
        details=json.dumps(order["details"], ensure_ascii=False, sort_keys=True),
    )


def _returned(record: Record) -> None:
    """A mail of ours came back: it is marked, its case has a step, and what it had answered is open again."""
    returned = record["plan"].get("returned")
    if not returned:
        return
    row = Outgoing.get_or_none(Outgoing.key == returned["key"])
    if row is None:
        return
    Outgoing.update(state="bounced", error=returned["reason"]).where(Outgoing.id == row.id).execute()
    if row.case_id is None:
        return
    received = datetime.fromisoformat(record["dates"]["received"])
    step = {"case": row.case_id, "at": received, "message": record["digest"], "detail": row.recipient}
    add(Step, what="bounced", **step)
    if row.kind == "document":
        reopened = Case.update(status="open", answered_at=None).where(
            Case.ref == row.case_id, Case.status == "answered"
        )
        before = whereabouts.shelves_of(row.case_id)
        if reopened.execute():
            add(Step, what="undelivered", **step)
            whereabouts.follow(row.case_id, before)


def _errands(record: Record, sources: Iterable[Record]) -> None:
    for source in sources:
        add_errand(record, source)


def add_errand(record: Record, source: Record) -> None:
    """Move (and flag) one copy of a letter in the mailbox where it was seen; nothing when it stays as it is.

    Where a person had put it already, it stays.
    """
    shelf = record["plan"].get("shelve")
    if not shelf or not _is_received(source):
        return
    stays = shelf["folder"] == "inbox" or not shelf["move"] or bool(source.get("put_in"))
    if stays and not shelf["flagged"]:
        return
    add_once(
        Errand,
        key=f"shelve/{source['key']}",
        kind="flag" if stays else "move",
        mailbox=source["mailbox"],
        folder=source["folder"],
        uidvalidity=source["uidvalidity"],
        uid=source["uid"],
        target=shelf["folder"],
        flagged=shelf["flagged"],
        message=record["digest"],
        message_id=record["message_id"],
    )


# --- a document of ours: a rent notice, a receipt, a statement


def index_document(filed: Filed, now: datetime) -> None:
    """Write what the sidecar of a document says: its message, the notice that it is, and the mail that encloses it."""
    record = filed.record
    if not is_indexed(filed.digest):
        _message(record)
    place(filed)
    _notice(filed, now)
    for said in record["plan"]["say"]:
        _enclose(record, said, now)


def _notice(filed: Filed, now: datetime) -> None:
    document = filed.record["document"]
    if document["kind"] != "rent_notice":
        return
    made = {"digest": filed.digest, "path": filed.path, "data": "", "error": ""}
    RentNotice.update(**made).where(RentNotice.key == document["key"]).execute()
    Duty.update(done_at=now).where(Duty.key == document["key"], Duty.done_at.is_null()).execute()
    RentNotice.update(state="replaced").where(
        RentNotice.lease == document["lease"],
        RentNotice.period == document["period"],
        RentNotice.version < document["version"],
    ).execute()


def _enclose(record: Record, said: Record, now: datetime) -> None:
    add_once(
        Outgoing,
        key=said["key"],
        kind=said["kind"],
        template=said["template"],
        case=record["case"],
        answers=said.get("answers"),
        encloses=record["digest"],
        recipient=said["to"],
        filed=True,
        automatic=False,
        bulk=said["bulk"],
        created_at=now,
        next_try_at=max(now, datetime.fromisoformat(said["not_before"])) if said["not_before"] else now,
        details=json.dumps(said["details"], ensure_ascii=False, sort_keys=True),
    )


# --- a mail of ours, filed before it goes

_SENT_AS = Prepared(
    lambda digest, message_id, key: Outgoing.update(digest=digest, message_id=message_id).where(Outgoing.key == key),
    digest=Outgoing.digest,
    message_id=Outgoing.message_id,
    key=Outgoing.key,
)


def index_sent(filed: Filed) -> None:
    """Write what the sidecar of a mail of ours says.

    Its message, and the row of the outbox that will send these bytes.
    """
    record = filed.record
    if not is_indexed(filed.digest):
        _message(record)
    place(filed)
    for key in record["said"]:
        _SENT_AS.run(digest=filed.digest, message_id=record["message_id"], key=key)
