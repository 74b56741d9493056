"""A deadline: what takes too long is cut, within another block as well, and what ends in time is left alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from daemon.mailbox.deadline import Deadline

LONG = 3600.0  # seconds that no test waits
SOON = 0.02


@contextmanager
def kept(cut: Event) -> Iterator[Deadline]:
    deadline = Deadline(cut.set, usual=0.05)
    deadline.start()
    yield deadline
    deadline.close()


def test_what_takes_too_long_is_cut() -> None:
    cut = Event()

    with kept(cut) as deadline, deadline.of(SOON):
        assert cut.wait(10)


def test_an_inner_block_has_no_longer_than_the_outer_one() -> None:
    cut = Event()

    with kept(cut) as deadline, deadline.of(SOON), deadline.of(LONG):
        assert cut.wait(10)


def test_the_outer_block_keeps_its_deadline_when_the_inner_one_has_ended() -> None:
    cut = Event()

    with kept(cut) as deadline, deadline.of(SOON):
        with deadline.of(LONG):
            pass
        assert cut.wait(10)


def test_what_ended_in_time_is_not_cut_afterwards() -> None:
    cut = Event()

    with kept(cut) as deadline:
        with deadline.of(SOON):
            pass
        assert not cut.wait(10 * SOON)
