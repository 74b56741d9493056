"""The power fails between any two effects, on a disk that keeps nothing but what was fsynced, or keeps the rest by chance."""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive.durable import Disk
from archive.incoming import Incoming
from archive.tree import Filed  # noqa: TC001  as plain as the other imports
from tests import plis
from tests.plis import DAY, JPEG, NOW, arrival, letter, pli
from tests.power import Cut, Fate, FrailDisk

LATER = NOW + timedelta(minutes=3)
BEFORE = pli("avant", DAY)
GROUP = (pli("un", attachments=[("photo.jpg", JPEG)]), pli("deux"), pli("trois", DAY))
LETTERS = [(letter(f"{n}"), arrival(n)) for n in range(4)]


def strict(_kind: str) -> bool:
    """Nothing lasts but what was promised."""
    return True


def names_first(kind: str) -> bool:
    """Every change of a name lasts, no byte does that was not promised: ext4 with data=writeback."""
    return kind == "bytes"


def by_chance(seed: int) -> Fate:
    chance = random.Random(seed)  # noqa: S311  a test that can be repeated
    return lambda _kind: chance.random() < 0.5


FATES = [strict, names_first, *(by_chance(seed) for seed in range(2))]
NAMES = ["strict", "names first", "chance 0", "chance 1"]


@pytest.fixture
def place() -> Iterator[Path]:
    memory = Path("/dev/shm")  # noqa: S108  that is what it is for
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="vaguemestre-") as folder:
        yield Path(folder)


def ends(work: Callable[[Disk], None], disk: FrailDisk) -> bool:
    """True when the work is finished before the disk fails."""
    with suppress(Cut):
        work(disk)
        return True
    return False


def survives(work: Callable[[Disk], None], root: Path, left: Path, lasts: int, fate: Fate) -> bool:
    """Work until the power fails, then build what remains. True when the work is finished before."""
    disk = FrailDisk(root, lasts)
    finished = ends(work, disk)
    if not finished:
        disk.remains(left, fate)
    disk.close()
    return finished


@pytest.mark.parametrize("fate", FATES, ids=NAMES)
def test_the_power_fails_while_filing_and_each_pli_is_whole_or_absent(place: Path, fate: Fate) -> None:
    def work(disk: Disk) -> None:
        into = plis.tree(root, disk)
        with into.lock(0):
            told.extend(into.file(GROUP, NOW, "daemon"))
            into.settle(told)

    step = 0
    while True:
        root, left = place / f"{step}", place / f"{step} after"
        plis.file(plis.tree(root), BEFORE)
        told: list[Filed] = []
        if survives(work, root, left, step, fate):
            break

        into = plis.tree(left)
        with into.lock(0):
            recovered = into.recover(LATER)
            into.settle(recovered)

        assert plis.sound(left), f"power cut before effect {step}"
        assert all(left.joinpath(one.path).exists() for one in told)

        plis.file(into, *GROUP, now=LATER)
        assert len(plis.filed_lines(left)) == 4
        assert plis.sound(left)
        step += 1

    assert step > 50


@pytest.mark.slow
@pytest.mark.parametrize("fate", FATES, ids=NAMES)
def test_the_process_dies_and_then_the_power_fails_during_the_recovery(place: Path, fate: Fate) -> None:
    def work(disk: Disk) -> None:
        plis.file(plis.tree(root, disk), *GROUP)

    def recover(disk: Disk) -> None:
        into = plis.tree(root, disk)
        with into.lock(0):
            told.extend(into.recover(LATER))
            into.settle(told)

    told: list[Filed] = []
    steps = 0
    for killed in range(30, 84, 3):
        for lasts in range(100):
            told = []
            root, left = place / f"{killed}-{lasts}", place / f"{killed}-{lasts} after"
            plis.file(plis.tree(root), BEFORE)
            disk = FrailDisk(root, killed)
            ends(work, disk)
            disk.revive(lasts)
            recovered = ends(recover, disk)
            disk.remains(left, fate)
            disk.close()

            into = plis.tree(left)
            with into.lock(0):
                into.settle(into.recover(LATER))

            assert plis.sound(left), f"killed before effect {killed}, power cut before {lasts} of the recovery"
            assert all(left.joinpath(one.path).exists() for one in told)
            steps += 1
            if recovered:
                break

    assert steps > 100


@pytest.mark.parametrize("fate", FATES, ids=NAMES)
def test_lines_that_could_be_read_after_a_kill_are_not_lost_when_the_power_fails_later(place: Path, fate: Fate) -> None:
    def work(disk: Disk) -> None:
        plis.file(plis.tree(root, disk), *GROUP)

    root, left = place / "disk", place / "after"
    plis.file(plis.tree(root), BEFORE)
    disk = FrailDisk(root, 10_000)
    disk.fails_before("fsync 2026-11-24")
    assert not ends(work, disk)
    assert len(plis.filed_lines(root)) == 4  # written, not promised
    disk.revive(10_000)

    into = plis.tree(root, disk)
    with into.lock(0):
        told = into.recover(LATER)
        into.settle(told)
    disk.remains(left, fate)
    disk.close()

    later = plis.tree(left)
    with later.lock(0):
        later.settle(later.recover(LATER))
    assert len(told) == 3
    assert len(plis.filed_lines(left)) == 4
    assert plis.sound(left)


@pytest.mark.parametrize("fate", FATES, ids=NAMES)
def test_the_power_fails_while_receiving_and_no_letter_told_is_lost(place: Path, fate: Fate) -> None:
    def work(disk: Disk) -> None:
        incoming = Incoming(root, disk=disk)
        told.append(incoming.receive(*LETTERS[0]))
        incoming.take(told)
        taken.extend(told)
        told.extend(incoming.receive_many(LETTERS[1:]))
        incoming.close()

    step = in_hand = 0
    while True:
        root, left = place / f"{step}", place / f"{step} after"
        root.mkdir()
        told: list[str] = []
        taken: list[str] = []
        if survives(work, root, left, step, fate):
            break

        incoming = Incoming(left)
        interrupted = incoming.interrupted()
        waiting = incoming.waiting()

        assert set(told) <= set(waiting), f"power cut before effect {step}"
        assert {incoming.read(digest)[0] for digest in waiting} <= {raw for raw, _ in LETTERS}
        assert set(interrupted) <= set(waiting)
        assert set(taken) <= set(interrupted), f"power cut before effect {step}"
        in_hand += len(taken)
        incoming.close()
        step += 1

    assert step > 20
    assert in_hand > 5  # the power did fail with a letter in hand


def test_a_folder_made_by_a_process_that_died_is_made_durable_by_the_next(place: Path) -> None:
    root, left = place / "disk", place / "after"
    root.mkdir()
    disk = FrailDisk(root, 10_000)
    disk.fails_before("fsync folder disk")
    assert not ends(lambda disk: Incoming(root, disk=disk).close(), disk)
    assert (root / "incoming").is_dir()  # seen, not promised
    disk.revive(10_000)

    incoming = Incoming(root, disk=disk)
    digest = incoming.receive(*LETTERS[0])
    incoming.close()
    disk.remains(left, strict)
    disk.close()

    later = Incoming(left)
    assert later.waiting() == [digest]
    later.close()


def test_a_frail_disk_forgets_what_was_not_fsynced(tmp_path: Path) -> None:
    root, left = tmp_path / "disk", tmp_path / "after"
    (root / "kept").mkdir(parents=True)
    disk = FrailDisk(root, 1000)
    (root / "kept" / "lost").write_bytes(b"x")
    (root / "kept" / "torn").write_bytes(b"x")
    disk.sync_path(root / "kept")
    (root / "kept" / "late").write_bytes(b"x")

    disk.remains(left, strict)
    disk.close()

    assert sorted((path.name, path.read_bytes()) for path in (left / "kept").iterdir()) == [
        ("lost", b""),
        ("torn", b""),
    ]
