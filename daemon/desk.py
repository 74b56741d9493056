"""Where letters are worked on: the places, what the agency knows, and the tree held for a group of writes.

What is written stands in the tree first and in the database next. Whatever comes between the two is rolled forward:
before the next write when the process lives, at the start when it died.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from archive import events, index
from archive.database import Unavailable, reserve_case_numbers, writing
from archive.incoming import Arrival, Incoming
from archive.records import Message, Outgoing
from archive.tree import DiskFull, Filed, Locked, Pli, Tree
from daemon import filing
from daemon.answers.hearing import Heard
from daemon.errors import Temporary
from daemon.house import House
from daemon.reading.parse import parse
from daemon.sending.identifiers import Signer
from rules.context import Policy
from rules.learned import Layer
from rules.letter import Letter

LOCK_WAIT = 30.0  # seconds to wait for another process that writes the tree
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


# --- the tree, held


@contextmanager
def foreseen() -> Iterator[None]:
    """What is nobody's fault and passes: a full disk, a locked tree or database."""
    try:
        yield
    except (DiskFull, Locked, Unavailable) as error:
        raise Temporary(str(error)) from error


@contextmanager
def holding_tree(desk: Desk) -> Iterator[None]:
    """The tree is ours for a group of writes.

    When the last group failed between the tree and the database, it is rolled forward first: what a sidecar says is
    obeyed, and never decided again.
    """
    with foreseen(), desk.tree.lock(LOCK_WAIT):
        if desk.unsettled:
            recover(desk)
        desk.unsettled = True
        yield
        desk.unsettled = False


def journal_head(desk: Desk) -> str:
    """The hash of the journal's last line. Raises Temporary while another process holds the tree."""
    with foreseen(), desk.tree.lock(LOCK_WAIT):
        return desk.tree.head()


def recover(desk: Desk) -> int:
    """Roll the tree forward into the database; the lock is held. Returns how many plis were."""
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
