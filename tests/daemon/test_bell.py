"""The bell of the mailboxes: what is to be put away waits while letters are read, and is never forgotten."""

from threading import Event

import pytest

from daemon.mailbox.bell import AWAY_EVERY, Bell


class Watched:
    """A bell over one mailbox, on a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wake = Event()
        self.bell = Bell([self.wake], lambda: self.now)

    def heard(self) -> bool:
        was = self.wake.is_set()
        self.wake.clear()
        return was


def test_it_is_heard_at_once_when_nothing_is_read() -> None:
    room = Watched()

    room.bell.ring()

    assert room.heard()


def test_what_is_rung_for_while_letters_are_read_is_heard_when_they_are() -> None:
    room = Watched()

    with room.bell.while_reading():
        room.bell.ring()
        meanwhile = room.heard()

    assert (meanwhile, room.heard()) == (False, True)


def test_a_long_reading_is_interrupted_now_and_then() -> None:
    room = Watched()
    heard = []

    with room.bell.while_reading():
        for _ in range(40):
            room.now += 1
            room.bell.ring()
            heard.append(room.heard())

    assert [number for number, one in enumerate(heard, 1) if one] == [AWAY_EVERY + 1, 2 * AWAY_EVERY + 2]


def test_nobody_is_called_for_nothing() -> None:
    room = Watched()

    with room.bell.while_reading():
        pass

    assert not room.heard()


def test_a_reading_that_fails_forgets_nothing() -> None:
    room = Watched()

    def fail() -> None:
        with room.bell.while_reading():
            room.bell.ring()
            raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        fail()

    assert room.heard()
