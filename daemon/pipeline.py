"""The one path that every letter follows: read it, decide, file it, record it.

Letters wait in `incoming/` and are worked through in groups: one transaction, a few fsyncs for all of them. Within a
group the order for each letter is never broken: durable, decided, in the tree, in the database, and only then out of
`incoming/`. A group that fails is tried again one letter at a time, so that a bad letter stops nobody else; a letter
that fails three times goes to quarantine, with a minimal case so that its deadline runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate

from archive import index
from archive.database import writing
from archive.incoming import Arrival, Damaged
from archive.records import Message, Receipt
from archive.tree import Pli
from daemon import damage, filing, log, opening
from daemon.desk import ACTOR, LOCK_WAIT, Desk, foreseen, holding_tree, recover
from daemon.errors import Temporary
from daemon.filing import Broken
from daemon.opening import InHand
from rules import weights
from rules.letter import Letter

GROUP = 50  # letters in hand at once
GROUP_BYTES = 4 * 1024 * 1024  # and their bytes, unless one alone has more
MOST_TRIES = 3


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
    with foreseen(), desk.tree.lock(LOCK_WAIT):
        recovered = recover(desk)
    suspects = desk.incoming.interrupted()
    desk.incoming.release()
    if suspects:
        _load(desk)
    for digest in suspects:
        if len(suspects) == 1 and desk.incoming.count_try(digest) >= MOST_TRIES:
            _set_aside(desk, digest, "the process died three times with this letter in hand")
        else:
            _group(desk, [digest])
    return recovered


def _load(desk: Desk) -> None:
    """What the first letter would load, half a second long: a kill meanwhile must not count as a try of a letter."""
    desk.house().calendars[""].spans_on(desk.clock().date())
    weights.shipped()


def _group(desk: Desk, digests: Sequence[str]) -> set[str]:
    """Process a group; when it fails, each of its letters alone. Returns those that are finished."""
    desk.incoming.take(digests)
    try:
        with foreseen():
            _process(desk, digests)
    except Temporary:
        desk.incoming.release()
        raise
    except Damaged as damaged:
        desk.incoming.release()
        with foreseen():
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


def _failed(desk: Desk, digest: str, error: Exception) -> set[str]:
    """A letter that raised: tried again at once, twice, then put aside with its reason."""
    log.letter_failed(digest, error)
    if desk.incoming.count_try(digest) < MOST_TRIES:
        return _group(desk, [digest])
    return _set_aside(desk, digest, f"{type(error).__name__}: {error}")


def _set_aside(desk: Desk, digest: str, reason: str) -> set[str]:
    """To quarantine; a letter that can't even be put there stays in `incoming/`, and the log says so."""
    try:
        with foreseen():
            _quarantine(desk, digest, reason)
    except Temporary:
        raise
    except Exception as error:  # noqa: BLE001  the loop's: one bad letter must not stop the others
        log.crashed("quarantine", error)
        return set()
    log.letter_quarantined(digest, reason)
    return {digest}


def _process(desk: Desk, digests: Sequence[str]) -> None:
    letters = [InHand(digest, *desk.incoming.read(digest)) for digest in digests]
    letters.sort(key=lambda one: one.order)
    opening.read_ahead(letters)
    now = desk.clock()
    desk.numbers.reserve(now, len(digests))
    with holding_tree(desk):
        with writing():
            filed = desk.tree.file(_opened(desk, letters, now), now, ACTOR)
            for done in filed:
                index.place(done)
        desk.tree.settle(filed)
    desk.incoming.done(digests)
    for done in filed:
        log.letter_filed(done)


def _opened(desk: Desk, letters: Sequence[InHand], now: datetime) -> list[Pli]:
    plis: list[Pli] = []
    for one in letters:
        if (pli := opening.open_letter(desk, one, now, plis)) is not None:
            plis.append(pli)
    return plis


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
        head = opening.read(raw[: 16 * 1024].partition(b"\r\n\r\n")[0] + b"\r\n\r\n", arrivals)
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
