"""Killed between any two effects, the next start ends in the same state as if nothing had happened.

One child process does a whole piece of work and dies before its n-th effect; the parent recovers, does the work again as
the daemon would, and compares. Then the same with a second death during the recovery.
"""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive.durable import Disk
from archive.incoming import Incoming
from tests import plis
from tests.plis import DAY, JPEG, NOW, arrival, letter, pli

LATER = NOW + timedelta(minutes=3)
GROUP = (pli("un", attachments=[("photo.jpg", JPEG)]), pli("deux"), pli("trois", DAY))


def killed(work: Callable[[Disk], None], step: int) -> bool:
    """Do the work in a child that gets SIGKILL before its effect number `step`. False when it finished before."""
    child = os.fork()
    if child == 0:
        left = step

        def count(_effect: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        work(Disk(count))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def file_group(root: Path) -> Callable[[Disk], None]:
    def work(disk: Disk) -> None:
        into = plis.tree(root, disk)
        with into.lock(0):
            into.settle(into.file(GROUP, NOW, "daemon"))

    return work


def recover(root: Path) -> Callable[[Disk], None]:
    """A start: what was filed goes to the database, what is missing is filed again."""

    def work(disk: Disk) -> None:
        into = plis.tree(root, disk)
        with into.lock(0):
            into.settle(into.recover(LATER))
            into.settle(into.file(GROUP, LATER, "daemon"))

    return work


State = tuple[dict[str, int], list[str], list[str], bool]


def state(root: Path) -> State:
    """Documents by path and size (the time of filing may differ), what lies in tmp, ids in the journal, all sound."""
    held = {path: len(content) for path, content in plis.documents(root).items()}
    left = sorted(path.name for path in (root / "_ged" / "tmp").iterdir())
    return held, left, sorted(fields[1] for fields in plis.filed_lines(root)), plis.sound(root)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory where there is one: a kill loses nothing that the kernel has, and a fsync costs nothing."""
    memory = Path("/dev/shm")  # noqa: S108  that is what it is for
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="vaguemestre-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> State:
    root = tmp_path_factory.mktemp("whole")
    assert not killed(file_group(root), 10_000)
    return state(root)


def test_killed_between_any_two_effects_of_filing_the_tree_ends_the_same(place: Path, expected: State) -> None:
    step = 0
    while killed(file_group(root := place / f"{step}"), step):
        recover(root)(Disk())

        assert state(root) == expected, f"killed before effect {step}"
        step += 1

    assert step > 60


@pytest.mark.slow
def test_killed_again_during_the_recovery_the_tree_ends_the_same(place: Path, expected: State) -> None:
    total = 0
    for first in range(32, 84, 10):
        second = 0
        while True:
            root = place / f"{first}-{second}"
            killed(file_group(root), first)
            again = killed(recover(root), second)
            recover(root)(Disk())

            assert state(root) == expected, f"killed before effect {first}, then before effect {second} of the recovery"
            if not again:
                break
            second += 1
            total += 1

    assert total > 100


def test_recovery_gives_back_what_was_filed_and_not_settled(tmp_path: Path) -> None:
    into = plis.tree(tmp_path)
    with into.lock(0):
        filed = into.file(GROUP, NOW, "daemon")

    later = plis.tree(tmp_path)
    with later.lock(0):
        recovered = later.recover(LATER)
        later.settle(recovered)
        nothing = later.recover(LATER)

    assert recovered == filed
    assert nothing == []
    assert [fields[3] for fields in plis.journal(tmp_path)] == ["FILE"] * 3


def test_a_plan_that_is_settled_in_parts_stays_until_the_last(tmp_path: Path) -> None:
    into = plis.tree(tmp_path)
    with into.lock(0):
        filed = into.file(GROUP, NOW, "daemon")
        into.settle(filed[:2])

        assert plis.tree(tmp_path)._read_plans()

        into.settle(filed[2:])

    assert list((tmp_path / "_ged" / "tmp").iterdir()) == []


def test_recovery_leaves_alone_what_a_person_put_in_the_place_of_a_target(tmp_path: Path) -> None:
    def work(disk: Disk) -> None:
        into = plis.tree(tmp_path, disk)
        with into.lock(0):
            into.file([pli()], NOW, "daemon")

    plis.tree(tmp_path)
    step = 0
    while killed(work, step) and not any(path.endswith(".eml") for path in plis.documents(tmp_path)):
        step += 1
    (half,) = (path for path in plis.documents(tmp_path) if path.endswith(".eml"))
    (tmp_path / half).unlink()
    (tmp_path / half).write_text("a note of mine")

    into = plis.tree(tmp_path)
    with into.lock(0):
        recovered = into.recover(LATER)

    assert recovered == []
    assert (tmp_path / half).read_text() == "a note of mine"


def test_a_recovery_that_changed_something_is_in_the_journal(tmp_path: Path) -> None:
    plis.file(plis.tree(tmp_path), pli("avant"))
    with next((tmp_path / "_ged" / "journal").rglob("*.journal")).open("ab") as book:
        book.write(b"torn")

    into = plis.tree(tmp_path)
    with into.lock(0):
        into.recover(LATER)

    assert [fields[3] for fields in plis.journal(tmp_path)] == ["FILE", "RECOVER"]


LETTERS = [(letter("un"), arrival(1)), (letter("deux"), arrival(2)), (letter("un"), arrival(3))]


def test_killed_between_any_two_effects_of_receiving_nothing_told_is_lost_and_nothing_is_torn(tmp_path: Path) -> None:
    def work(state: Path) -> Callable[[Disk], None]:
        def receive(disk: Disk) -> None:
            incoming = Incoming(state, disk=disk)
            for raw, seen in LETTERS:
                incoming.receive(raw, seen)
                (state / f"told {seen.uid}").touch()

        return receive

    step = 0
    while killed(work(tmp_path / f"{step}"), step):
        state = tmp_path / f"{step}"
        state.mkdir(exist_ok=True)
        told = {int(path.name[5:]) for path in state.glob("told *")}
        incoming = Incoming(state)
        incoming.interrupted()

        held = {digest: incoming.read(digest) for digest in incoming.waiting()}

        assert told <= {each.uid for _, arrivals in held.values() for each in arrivals}, f"killed before effect {step}"
        assert all(raw in (letter("un"), letter("deux")) for raw, _ in held.values())

        digests = incoming.receive_many(LETTERS)
        assert set(incoming.waiting()) == set(digests)
        assert {each.key for digest in set(digests) for each in incoming.read(digest)[1]} == {a.key for _, a in LETTERS}
        assert not list((state / "incoming").glob("*.tmp"))
        step += 1

    assert step > 20


def daemon(home: Path) -> Callable[[Disk], None]:
    """The whole way of three letters, the database played by a file that is written at once."""

    def work(disk: Disk) -> None:
        incoming, into = Incoming(home, disk=disk), plis.tree(home / "GED", disk)
        database = home / "database"
        with into.lock(0):
            filed = into.recover(LATER)
            commit(database, [one.digest for one in filed])
            into.settle(filed)
        for digest in incoming.interrupted():
            incoming.count_try(digest)
        incoming.receive_many([(each.documents[0].content, arrival(n)) for n, each in enumerate(GROUP)])
        group = incoming.waiting(10)
        incoming.take(group)
        letters = {digest: incoming.read(digest) for digest in group}
        new = [each for each in GROUP if each.digest in letters and each.digest not in committed(database)]
        with into.lock(0):
            filed = into.file(new, NOW, "daemon")
            commit(database, [one.digest for one in filed])
            into.settle(filed)
        incoming.done(group)
        incoming.release()

    return work


def committed(database: Path) -> list[str]:
    return database.read_text().split() if database.exists() else []


def commit(database: Path, digests: list[str]) -> None:
    draft = database.with_suffix(".new")
    draft.write_text("\n".join(sorted({*committed(database), *digests})))
    draft.rename(database)


def test_killed_anywhere_on_its_way_each_letter_is_filed_and_recorded_once(place: Path, expected: State) -> None:
    step = 0
    while killed(daemon(home := place / f"{step}"), step):
        home.mkdir(exist_ok=True)
        daemon(home)(Disk())

        assert state(home / "GED") == expected, f"killed before effect {step}"
        assert committed(home / "database") == sorted(each.digest for each in GROUP)
        assert [path.name for path in (home / "incoming").iterdir()] == ["in-hand"]
        step += 1

    assert step > 100


def test_a_letter_that_kills_the_daemon_is_counted_each_time(tmp_path: Path) -> None:
    deadly = letter("poison")

    def work(disk: Disk) -> None:
        incoming = Incoming(tmp_path, disk=disk)
        for digest in incoming.interrupted():
            incoming.count_try(digest)
        incoming.receive(deadly, arrival())
        incoming.take(incoming.waiting(1))
        os.kill(os.getpid(), signal.SIGKILL)

    for _ in range(3):
        assert killed(work, 10_000)

    incoming = Incoming(tmp_path)
    (digest,) = incoming.interrupted()
    assert incoming.count_try(digest) == 3
