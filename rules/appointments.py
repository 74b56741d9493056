"""What people's calendars are to be told of a due time: a new one, a moved one, none any more (iTIP, RFC 5546).

A due time is a published event: nobody is invited and nobody answers. Its UID is the case's; each word about it to one
person has a higher SEQUENCE than the one before, which is how a calendar knows the last word.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Method(StrEnum):
    """RFC 5546 1.4, as far as we use it."""

    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Said:
    """The last word to one address. `stands`: it was no cancellation."""

    address: str
    due_at: datetime
    sequence: int
    stands: bool = True


@dataclass(frozen=True, slots=True)
class Word:
    """One more word to one address."""

    address: str
    method: Method
    due_at: datetime
    sequence: int


def owed(
    said: Iterable[Said], due_at: datetime | None, concerned: Collection[str], readers: Collection[str]
) -> Iterator[Word]:
    """What is to be said after what was said.

    `due_at`: when an answer is due, None while no clock runs. `concerned`: the addresses of those in charge, here or
    away; `readers`: those that read for them now. Whoever takes over hears of the due time; a deputy for some days
    doesn't: the reminders do for that.
    """
    last = {one.address: one for one in said}
    newest = max((one.sequence for one in last.values()), default=-1)
    for one in last.values():
        wanted = due_at is not None and (one.address in concerned or one.address in readers)
        if not wanted and one.stands:
            yield Word(one.address, Method.CANCEL, one.due_at, newest + 1)
        elif wanted and due_at is not None and (not one.stands or one.due_at != due_at):
            yield Word(one.address, Method.PUBLISH, due_at, newest + 1)
    known = last.keys() & {*concerned, *readers}
    if due_at is not None and not known:
        yield from (Word(address, Method.PUBLISH, due_at, newest + 1) for address in readers)
