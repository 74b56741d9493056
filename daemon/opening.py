"""One letter opened: whether it was here before, what it is, what it sets in motion, and its rows.

What a letter says by itself costs most of the work and asks nobody, so `InHand` has it read before the transaction
begins: on SQLite one writes at a time, and whoever sends waits for it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from peewee import fn

from archive import index, threads, whereabouts
from archive.database import reading
from archive.incoming import Arrival
from archive.prepared import find
from archive.records import Errand, Message, Outgoing
from archive.tree import Pli
from daemon import filing, log
from daemon.answers.filing import answer_pli
from daemon.desk import Desk
from daemon.house import House
from daemon.opened import Opened
from daemon.reading.authenticity import is_aligned
from daemon.reading.parse import parse
from daemon.sending import bounces, probe
from rules.automatic import automatic
from rules.classify import classify
from rules.context import Context
from rules.decide import decide
from rules.letter import Label, Letter, Verdict, normalise_address
from rules.plan import FOLDER_OF, Folder, JoinCase, OpenCase, Returned


@dataclass(frozen=True)
class InHand:
    """A letter in hand: its bytes, and how they came."""

    digest: str
    raw: bytes
    arrivals: tuple[Arrival, ...]

    @cached_property
    def letter(self) -> Letter:
        return read(self.raw, self.arrivals)

    @cached_property
    def verdict(self) -> Verdict:
        """Of the text alone."""
        return classify(self.letter)

    @property
    def order(self) -> tuple[datetime, int]:
        """In which letters are opened: as they were received."""
        return self.arrivals[0].received_at, self.arrivals[0].uid


def read_ahead(letters: Sequence[InHand]) -> None:
    """Have them read and judged, but for those that were here before."""
    with reading():
        new = [one for one in letters if not _is_done(find(Message, digest=one.digest))]
    for one in new:
        _ = one.verdict


def _is_done(known: Message | None) -> bool:
    return known is not None and known.state != "retry"


def read(raw: bytes, arrivals: Sequence[Arrival]) -> Letter:
    """What the bytes say, with what their first arrival says of their envelope."""
    first = arrivals[0]
    return parse(
        raw,
        received_at=first.received_at,
        envelope_sender=first.envelope_sender,
        envelope_recipients=first.envelope_recipients,
    )


def open_letter(desk: Desk, one: InHand, now: datetime, group: Sequence[Pli]) -> Pli | None:
    """Decide, and write the rows; None when it was here before. `group`: those opened just before, not in the tree."""
    known = find(Message, digest=one.digest)
    if known is not None and _is_done(known):
        _seen_again(desk, known, one.arrivals)
        return None
    if probe.is_one(one.letter, desk.signer):
        _take_probe(one.letter, one.arrivals, now)
        return None
    first = _same_letter(desk, one.letter, one.arrivals, group)
    house = desk.house()
    if first is not None:
        pli = filing.copy_pli(one.letter, one.raw, one.arrivals, first, house)
        log.duplicate_seen(one.digest, first["digest"])
    else:
        pli = _decided(desk, one, house, known)
    if known is None:
        index.index_letter(pli.record, now)
    else:
        index.readmit(pli.record, now)
    return pli


def _decided(desk: Desk, one: InHand, house: House, known: Message | None) -> Pli:
    letter, raw, arrivals = one.letter, one.raw, one.arrivals
    heard = desk.hear(letter, arrivals, house) if not _is_old(desk, letter, arrivals) else None
    if heard is not None:
        return answer_pli(heard, raw, arrivals, house)
    plan = decide(letter, _context(desk, letter, raw, arrivals, house), one.verdict)
    ref = _reference(desk, plan.actions, known)
    return filing.letter_pli(Opened(letter, raw, arrivals, plan, ref), house)


def _take_probe(letter: Letter, arrivals: Sequence[Arrival], now: datetime) -> None:
    """Nobody's letter (daemon/sending/probe.py): it leaves the inbox, where people look, and that is all."""
    probe.note(letter, now)
    away = {"folder": str(Folder.OFF_TOPIC), "flagged": False, "move": True}
    record = {"digest": letter.digest, "message_id": letter.message_id, "plan": {"shelve": away}}
    for arrival in arrivals:
        index.add_errand(record, filing.source_of(arrival))


def _is_old(desk: Desk, letter: Letter, arrivals: Sequence[Arrival]) -> bool:
    """What was in the inbox before us sets nothing in motion; in `Sent` nothing that old is looked at."""
    since = desk.policy_of(arrivals).answer_since
    return since is not None and letter.received_at < since and not arrivals[0].place


def _reference(desk: Desk, actions: Sequence[object], known: Message | None) -> str | None:
    for action in actions:
        match action:
            case JoinCase():
                return action.ref
            case OpenCase() if known is not None and known.case_id:
                return str(known.case_id)
            case OpenCase():
                return desk.numbers.next()
    return None


# --- the same letter again


def _seen_again(desk: Desk, known: Message, arrivals: Sequence[Arrival]) -> None:
    """The same bytes: counted, and shelved like the first, unless a person has put it back."""
    sources = [filing.source_of(arrival) for arrival in arrivals]
    new = index.add_receipts(known.digest, "duplicate", sources)
    if not new:
        return
    log.duplicate_seen(known.digest, known.digest)
    for arrival in arrivals:
        if arrival.place or arrival.put_in:
            continue
        whereabouts.saw_in_inbox(known.digest, arrival)
    moved = Errand.select().where(Errand.message == known.digest, Errand.kind == "move", Errand.state == "done")
    put_back = {errand.mailbox for errand in moved}
    record = {"digest": known.digest, "message_id": known.message_id}
    for source in sources:
        if source["mailbox"] not in put_back:
            index.add_errand(record | {"plan": {"shelve": _shelf(desk, known, source["mailbox"])}}, source)


def _shelf(desk: Desk, first: Message, mailbox: str) -> dict[str, Any] | None:
    """Where a copy of a letter goes in one mailbox; None when it stays as it is."""
    shelf = first.shelf
    if first.direction == "out" and first.label:  # a manager's copy of what stands in `Sent`
        shelf = str(FOLDER_OF[Label(first.label)])
    if not shelf:
        return None
    return {"folder": shelf, "flagged": first.flagged, "move": desk.house().moves.get(mailbox, True)}


def _same_letter(
    desk: Desk, letter: Letter, arrivals: Sequence[Arrival], group: Sequence[Pli]
) -> Mapping[str, Any] | None:
    """The first of which this letter is a copy with other trace headers; it may be in the same group."""
    first = find(Message, content_digest=letter.content_digest, state="filed")
    if first is None:
        return None
    shelve = _shelf(desk, first, arrivals[0].mailbox)
    where = next((pli.folder for pli in group if pli.digest == first.digest), None) or filing.folder_beside(first)
    return {"case": first.case_id, "digest": first.digest, "label": first.label, "folder": where, "shelve": shelve}


# --- what the decision needs to know


def _context(desk: Desk, letter: Letter, raw: bytes, arrivals: Sequence[Arrival], house: House) -> Context:
    answered = (*letter.in_reply_to, *reversed(letter.references))
    about = _answered(desk, answered)
    signed = [ref for message_id in answered if (ref := desk.signer.case_of(message_id))]
    sender = normalise_address(letter.sender.address)
    return Context(
        directory=house.directory,
        calendars=house.calendars,
        seen_at=min(arrival.seen_at for arrival in arrivals),
        own=desk.own,
        policy=desk.policy_of(arrivals),
        shared=house.reading_together(),
        signed=threads.by_reference(signed),
        known=threads.by_messages(answered),
        named=threads.in_subject(letter.subject),
        recent=threads.open_of(sender),
        asked_before=sender not in house.directory.holders and threads.was_asked(sender),
        layer=desk.layer(),
        returned=_returned(desk, letter, raw, house),
        commander=sender in desk.commanders,
        accountant=sender in desk.accountants,
        verified=sender in desk.commanders | desk.accountants and _is_verified(desk, letter, sender, about),
        about=about.key if about else "",
        put_in=next((Folder(arrival.put_in) for arrival in arrivals if arrival.put_in), None),
    )


def _answered(desk: Desk, message_ids: Sequence[str]) -> Outgoing | None:
    """The mail of ours that a letter answers: a Message-ID that we signed, and the row that it names."""
    ours = [i.partition("@")[0].lower() for i in message_ids if desk.signer.is_ours(i)]
    found = (Outgoing.get_or_none(fn.LOWER(Outgoing.message_id).startswith(f"{local}@")) for local in ours)
    return next(filter(None, found), None)


def _is_verified(desk: Desk, letter: Letter, sender: str, about: Outgoing | None) -> bool:
    """Nobody but its recipient knows the Message-ID of a mail of ours; else a trusted server must say who writes."""
    told = about is not None and normalise_address(about.recipient) == sender
    return told or is_aligned(letter, desk.authserv)


def _returned(desk: Desk, letter: Letter, raw: bytes, house: House) -> Returned | None:
    signs = automatic(letter, desk.own)
    back = bounces.brought_back(letter, raw, desk.signer, desk.clock()) if signs and signs.kind == "bounce" else None
    if back is None:
        return None
    row, reason = back
    details = json.loads(row.details)
    lease = house.directory.lease(str(details.get("lease") or (row.case.lease_id if row.case else "")))
    manager = (row.case.manager_id if row.case else None) or (lease.manager if lease else None)
    return Returned(row.key, row.id, row.recipient, reason, row.case_id, manager)
