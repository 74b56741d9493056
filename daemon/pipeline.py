"""The one path that every letter follows: read it, decide, file it, record it.

Letters wait in `incoming/` and are worked through in groups: one transaction, a few fsyncs for all of them. Within a
group the order for each letter is never broken: durable, decided, in the tree, in the database, and only then out of
`incoming/`. A group that fails is tried again one letter at a time, so that a bad letter stops nobody else; a letter
that fails three times goes to quarantine, with a minimal case so that its deadline runs.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from peewee import fn

from archive import events, index, threads, whereabouts
from archive.database import Unavailable, reserve_case_numbers, writing
from archive.incoming import Arrival, Damaged, Incoming
from archive.prepared import find
from archive.records import Errand, Message, Outgoing, Receipt
from archive.tree import DiskFull, Filed, Locked, Pli, Tree
from daemon import damage, filing, log
from daemon.answers.filing import answer_pli
from daemon.answers.hearing import Heard
from daemon.errors import Temporary
from daemon.filing import Broken, House, Opened
from daemon.reading.authenticity import is_aligned
from daemon.reading.parse import parse
from daemon.sending import bounces, probe
from daemon.sending.identifiers import Signer
from rules.automatic import automatic
from rules.decide import Context, Policy, decide
from rules.learned import Layer
from rules.letter import Label, Letter, normalise_address
from rules.plan import FOLDER_OF, Folder, JoinCase, OpenCase, Returned

GROUP = 50  # letters in hand at once
GROUP_BYTES = 4 * 1024 * 1024  # and their bytes, unless one alone has more
LOCK_WAIT = 30.0  # seconds to wait for another process that writes the tree
MOST_TRIES = 3
ACTOR = "vaguemestre"  # in the journal


class Hear(Protocol):
    """What a letter of our own people sets in motion; None when it is anybody else's (daemon/answers/hearing.py)."""

    def __call__(
        self, letter: Letter, arrivals: Sequence[Arrival], house: House, *, confirmed: bool = False
    ) -> Heard | None: ...


def _nobody(*_: object, **__: object) -> Heard | None:
    return None


class CaseNumbers:
    """Case references, reserved some at a time in a transaction of their own and given out one by one."""

    def __init__(self, timezone: ZoneInfo) -> None:
        self._timezone = timezone
        self._year = 0
        self._free: deque[str] = deque()

    def reserve(self, now: datetime, count: int) -> None:
        """Have at least `count` of the agency's year; those of another year are left unused."""
        year = now.astimezone(self._timezone).year
        if year != self._year:
            self._year, self._free = year, deque()
        missing = count - len(self._free)
        if missing > 0:
            self._free.extend(reserve_case_numbers(year, missing))

    def next(self) -> str:
        return self._free.popleft()


@dataclass(slots=True)
class Desk:
    """Where letters are worked on: the places, and what the agency knows and has set.

    `policy_of` gives the policy of the mailbox that a letter came to; `house` the agency as it stands in the database
    now.
    """

    incoming: Incoming
    tree: Tree
    signer: Signer
    house: Callable[[], House]
    policy_of: Callable[[Sequence[Arrival]], Policy]
    own: frozenset[str]
    clock: Callable[[], datetime]
    numbers: CaseNumbers
    layer: Callable[[], Layer] = Layer  # what the agency's people have corrected
    commanders: frozenset[str] = frozenset()  # addresses of our own people whose commands are obeyed
    accountants: frozenset[str] = frozenset()  # addresses that accounting's exports come from
    authserv: tuple[str, ...] = ()  # mail servers whose Authentication-Results are believed
    hear: Hear = _nobody  # what a letter of our own people sets in motion (daemon/answers/hearing.py)
    admin: str = ""  # who is told of the daemon's own troubles
    unsettled: bool = False  # a group may be in the tree and not in the database


# --- the work


def _nobody_waits() -> None:
    return


def work(
    desk: Desk, should_stop: Callable[[], bool] = lambda: False, on_done: Callable[[], None] = _nobody_waits
) -> int:
    """Work through `incoming/` until it is empty, or somebody says stop. Returns how many letters were done.

    `on_done` is called after each group: what it gave to send and to move needn't wait for the others.

    Raises Temporary when the disk is full or the database can't be written: nothing is lost, call again later.
    """
    done = 0
    left: set[str] = set()  # tried in this pass, and still there
    while not should_stop():
        waiting = [digest for digest in desk.incoming.waiting(GROUP + len(left)) if digest not in left][:GROUP]
        if not waiting:
            break
        waiting = _within_memory(desk, waiting)
        finished = _group(desk, waiting)
        left |= set(waiting) - finished
        done += len(finished)
        if finished:
            on_done()
    return done


def _within_memory(desk: Desk, digests: list[str]) -> list[str]:
    """The first of these letters, as many as may be in memory together; one at least."""
    sizes = accumulate(map(desk.incoming.size, digests))
    return [
        digest
        for number, (digest, size) in enumerate(zip(digests, sizes, strict=True))
        if not number or size <= GROUP_BYTES
    ]


def resume(desk: Desk) -> int:
    """After a death: roll the tree forward into the database, then take what was in hand one letter at a time.

    Returns how many plis were rolled forward.
    """
    with _foreseen(), desk.tree.lock(LOCK_WAIT):
        recovered = _recover(desk)
    suspects = desk.incoming.interrupted()
    desk.incoming.release()
    for digest in suspects:
        if len(suspects) == 1 and desk.incoming.count_try(digest) >= MOST_TRIES:
            _set_aside(desk, digest, "the process died three times with this letter in hand")
        else:
            _group(desk, [digest])
    return recovered


@contextmanager
def holding_tree(desk: Desk) -> Iterator[None]:
    """The tree is ours for a group of writes.

    When the last group failed between the tree and the database, it is rolled forward first: what a sidecar says is
    obeyed, and never decided again.
    """
    with _foreseen(), desk.tree.lock(LOCK_WAIT):
        if desk.unsettled:
            _recover(desk)
        desk.unsettled = True
        yield
        desk.unsettled = False


def journal_head(desk: Desk) -> str:
    """The hash of the journal's last line. Raises Temporary while another process holds the tree."""
    with _foreseen(), desk.tree.lock(LOCK_WAIT):
        return desk.tree.head()


def _recover(desk: Desk) -> int:
    recovered = desk.tree.recover(desk.clock())
    with writing():
        for filed in recovered:
            _roll_forward(filed, desk.clock())
    desk.tree.settle(recovered)
    desk.unsettled = False
    return len(recovered)


def _roll_forward(filed: Filed, now: datetime) -> None:
    """Write to the database what a sidecar says and a power cut kept from it."""
    if events.is_event(filed):
        events.apply(filed)
    elif filed.record["sources"]:
        index.index_letter(filed.record, now)
        index.place(filed)
    elif "document" in filed.record:
        index.index_document(filed, now)
    else:
        index.index_sent(filed)


def _group(desk: Desk, digests: Sequence[str]) -> set[str]:
    """Process a group; when it fails, each of its letters alone. Returns those that are finished."""
    desk.incoming.take(digests)
    try:
        with _foreseen():
            _process(desk, digests)
    except Temporary:
        desk.incoming.release()
        raise
    except Damaged as damaged:
        desk.incoming.release()
        with _foreseen():
            damage.put_right(desk.incoming, damaged, desk.admin, desk.clock())
        others = [digest for digest in digests if digest != damaged.digest]
        return {damaged.digest} | (_group(desk, others) if others else set())
    except Exception as error:  # noqa: BLE001  the loop's: one bad letter must not stop the others
        desk.incoming.release()
        if len(digests) == 1:
            return _failed(desk, digests[0], error)
        return {done for digest in digests for done in _group(desk, [digest])}
    desk.incoming.release()
    return set(digests)


@contextmanager
def _foreseen() -> Iterator[None]:
    """What is nobody's fault and passes: a full disk, a locked tree or database."""
    try:
        yield
    except (DiskFull, Locked, Unavailable) as error:
        raise Temporary(str(error)) from error


def _failed(desk: Desk, digest: str, error: Exception) -> set[str]:
    """A letter that raised: tried again at once, twice, then put aside with its reason."""
    log.letter_failed(digest, error)
    if desk.incoming.count_try(digest) < MOST_TRIES:
        return _group(desk, [digest])
    return _set_aside(desk, digest, f"{type(error).__name__}: {error}")


def _set_aside(desk: Desk, digest: str, reason: str) -> set[str]:
    """To quarantine; a letter that can't even be put there stays in `incoming/`, and the log says so."""
    try:
        with _foreseen():
            _quarantine(desk, digest, reason)
    except Temporary:
        raise
    except Exception as error:  # noqa: BLE001  the loop's: one bad letter must not stop the others
        log.crashed("quarantine", error)
        return set()
    log.letter_quarantined(digest, reason)
    return {digest}


def _process(desk: Desk, digests: Sequence[str]) -> None:
    read = {digest: desk.incoming.read(digest) for digest in digests}
    opened = dict(sorted(read.items(), key=lambda one: (one[1][1][0].received_at, one[1][1][0].uid)))
    now = desk.clock()
    desk.numbers.reserve(now, len(digests))
    with holding_tree(desk):
        with writing():
            plis: list[Pli] = []
            for digest, (raw, arrivals) in opened.items():
                if (pli := _open(desk, digest, raw, arrivals, now, plis)) is not None:
                    plis.append(pli)
            filed = desk.tree.file(plis, now, ACTOR)
            for one in filed:
                index.place(one)
        desk.tree.settle(filed)
    desk.incoming.done(digests)
    for one in filed:
        log.letter_filed(one)


def _open(
    desk: Desk, digest: str, raw: bytes, arrivals: tuple[Arrival, ...], now: datetime, group: Sequence[Pli]
) -> Pli | None:
    """Read one letter, decide, and write its rows; None when it was here before. `group`: those opened just before."""
    known = find(Message, digest=digest)
    if known is not None and known.state != "retry":
        _seen_again(desk, known, arrivals)
        return None
    letter = _read(raw, arrivals)
    if probe.is_one(letter, desk.signer):
        _take_probe(letter, arrivals, now)
        return None
    first = _same_letter(desk, letter, arrivals, group)
    house = desk.house()
    if first is not None:
        pli = filing.copy_pli(letter, raw, arrivals, first, house)
        log.duplicate_seen(letter.digest, first["digest"])
    else:
        pli = _decided(desk, letter, raw, arrivals, house, known)
    if known is None:
        index.index_letter(pli.record, now)
    else:
        index.readmit(pli.record, now)
    return pli


def _decided(
    desk: Desk, letter: Letter, raw: bytes, arrivals: tuple[Arrival, ...], house: House, known: Message | None
) -> Pli:
    heard = desk.hear(letter, arrivals, house) if not _is_old(desk, letter, arrivals) else None
    if heard is not None:
        return answer_pli(heard, raw, arrivals, house)
    plan = decide(letter, _context(desk, letter, raw, arrivals, house))
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


def _read(raw: bytes, arrivals: Sequence[Arrival]) -> Letter:
    first = arrivals[0]
    return parse(
        raw,
        received_at=first.received_at,
        envelope_sender=first.envelope_sender,
        envelope_recipients=first.envelope_recipients,
    )


# --- the same letter again


def _seen_again(desk: Desk, known: Message, arrivals: Sequence[Arrival]) -> None:
    """The same bytes: counted, and shelved like the first, unless a person has put it back."""
    sources = [filing.source_of(arrival) for arrival in arrivals]
    new = index.add_receipts(known.digest, "duplicate", sources)
    if not new:
        return
    log.duplicate_seen(known.digest, known.digest)
    for arrival in arrivals:
        if arrival.place:
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


# --- mail of ours


def file_sent(desk: Desk, rows: Sequence[Outgoing]) -> None:
    """File mails of ours before they go; those that are filed already are left alone."""
    now, house = desk.clock(), desk.house()
    new = [row for row in rows if not index.is_indexed(row.digest)]
    if not new:
        return
    beside = [row.encloses or row.answers for row in new]  # with the document that it brings, else the letter
    there = {m.digest: m for m in Message.select().where(Message.digest.in_(beside))}
    plis = [_sent_pli(row, there.get(digest), house, now) for row, digest in zip(new, beside, strict=True)]
    with holding_tree(desk):
        filed = desk.tree.file(plis, now, ACTOR)
        with writing():
            for one in filed:
                index.index_sent(one)
        desk.tree.settle(filed)


def _sent_pli(row: Outgoing, beside: Message | None, house: House, now: datetime) -> Pli:
    raw = bytes(row.raw or b"")
    return filing.sent_pli(parse(raw, received_at=now), raw, row, beside, house)


def file_documents(desk: Desk, plis: Sequence[Pli], then: Callable[[Sequence[Filed]], None]) -> None:
    """File documents of ours, with the mails that enclose them; `then` writes what else the same transaction says."""
    now = desk.clock()
    with holding_tree(desk):
        filed = desk.tree.file(plis, now, ACTOR)
        with writing():
            for one in filed:
                index.index_document(one, now)
            then(filed)
        desk.tree.settle(filed)


# --- quarantine


def _quarantine(desk: Desk, digest: str, reason: str) -> None:
    """File the bytes apart, with the reason and a case, so that a person reads it in time."""
    raw, arrivals = desk.incoming.read(digest)
    if _is_there_again(digest, reason):
        desk.incoming.done([digest])
        return
    now = desk.clock()
    letter, house = _what_can_be_read(raw, arrivals, digest), desk.house()
    desk.numbers.reserve(now, 1)
    due = letter.received_at + desk.policy_of(arrivals).letter
    writer = house.directory.identify(letter, "")
    pli = filing.quarantine_pli(Broken(letter, writer, reason, desk.numbers.next(), due), raw, arrivals, house)
    with holding_tree(desk):
        with writing():
            index.index_letter(pli.record, now)
            filed = desk.tree.file([pli], now, ACTOR)
            index.place(filed[0])
        desk.tree.settle(filed)
    desk.incoming.done([digest])


def _is_there_again(digest: str, reason: str) -> bool:
    """A letter that left the quarantine and broke us again goes back to where it was."""
    with writing():
        again = Message.update(state="quarantined", reason=reason)
        return bool(again.where(Message.digest == digest, Message.state == "retry").execute())


def _what_can_be_read(raw: bytes, arrivals: Sequence[Arrival], digest: str) -> Letter:
    """A letter from whatever the parser makes of its head; an empty one when even that breaks."""
    blank = Letter(digest=digest, received_at=arrivals[0].received_at, size=len(raw))
    try:
        head = _read(raw[: 16 * 1024].partition(b"\r\n\r\n")[0] + b"\r\n\r\n", arrivals)
    except Exception:  # noqa: BLE001  this letter has broken us before
        return blank
    return replace(blank, sender=head.sender, subject=head.subject, message_id=head.message_id)


def retry(desk: Desk, short: str) -> bool:
    """Send a quarantined letter through again, under the case that it has; False when there is none of that id.

    Its bytes come from the tree, where they stay. The next pass processes it.
    """
    found = Message.get_or_none(Message.id == short, Message.state == "quarantined")
    if found is None:
        return False
    raw = desk.tree.read(found.path)
    receipt = Receipt.select().where(Receipt.message == found.digest).order_by(Receipt.received_at).get()
    arrival = Arrival("retry", receipt.received_at, desk.clock(), lmtp_id=receipt.key)
    desk.incoming.receive(raw, arrival)
    with writing():
        Message.update(state="retry").where(Message.digest == found.digest).execute()
    return True
