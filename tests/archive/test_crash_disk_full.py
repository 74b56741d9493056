"""A disk that fills up at any page: nothing is half filed, and it goes on by itself when there is room again."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from archive.durable import Disk
from archive.incoming import Incoming
from archive.tree import DiskFull, Pli, Tree
from tests import plis
from tests.plis import DAY, JPEG, NOW, arrival, file, pli

PAGE = os.sysconf("SC_PAGE_SIZE")
GROUP = (pli("un", attachments=[("photo.jpg", JPEG)]), pli("deux"), pli("trois", DAY))


def leave(disk: Path, pages: int) -> Path:
    """Fill the disk but for that many pages."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler.write_bytes(bytes(free - pages * PAGE))
    return filler


def filed_or_refused(into: Tree) -> bool:
    try:
        return len(file(into, *GROUP)) == 3
    except DiskFull:
        return False


def test_the_refusal_names_the_place_and_the_cure(small_disk: Path) -> None:
    into = plis.tree(small_disk / "GED")
    leave(small_disk, 0)

    with pytest.raises(DiskFull, match=f"no space left under {small_disk / 'GED'}: free some"):
        file(into, *GROUP)


def test_a_disk_that_is_full_at_any_page_leaves_nothing_half_filed(small_disk: Path) -> None:
    refused = 0
    for pages in range(16):
        root = small_disk / f"GED {pages}"
        into = plis.tree(root)
        file(into, pli("avant"))
        filler = leave(small_disk, pages)

        if not filed_or_refused(into):
            refused += 1
            assert len(plis.filed_lines(root)) == 1
            assert list((root / "_ged" / "tmp").iterdir()) == []
        filler.unlink()

        file(into, *GROUP)
        assert len(plis.filed_lines(root)) == 4, f"{pages} pages were left"
        assert plis.sound(root)
        assert list((root / "_ged" / "tmp").iterdir()) == []
        subprocess.run(["rm", "-r", str(root)], check=True)

    assert 5 < refused < 16


def test_a_disk_without_a_free_inode_leaves_nothing_half_filed(small_disk: Path) -> None:
    refused = 0
    for inodes in range(20):
        root = small_disk / f"GED {inodes}"
        into = plis.tree(root)
        file(into, pli("avant"))
        filler = small_disk / "filler"
        filler.mkdir()
        for number in range(os.statvfs(small_disk).f_favail - inodes):
            (filler / f"{number}").touch()

        if not filed_or_refused(into):
            refused += 1
            assert len(plis.filed_lines(root)) == 1
            assert list((root / "_ged" / "tmp").iterdir()) == []
        subprocess.run(["rm", "-r", str(filler)], check=True)

        file(into, *GROUP)
        assert len(plis.filed_lines(root)) == 4
        assert plis.sound(root)
        subprocess.run(["rm", "-r", str(root)], check=True)

    assert 5 < refused < 20


def test_a_disk_that_fills_up_before_any_effect_leaves_nothing_half_filed(tmp_path: Path) -> None:
    """Also where a tmpfs never refuses: at a rename, which needs a new block of the folder on most disks."""
    step = refused = 0
    while True:
        root = tmp_path / f"{step}"
        file(plis.tree(root), pli("avant"))
        seen: list[str] = []

        def refuse(effect: str, seen: list[str] = seen, step: int = step) -> None:
            seen.append(effect)
            if len(seen) == step + 1 and not effect.startswith(("fsync", "unlink")):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        into = plis.tree(root, Disk(refuse))
        if not filed_or_refused(into):
            refused += 1
            assert len(plis.filed_lines(root)) == 1
            assert plis.sound(root), f"no space before {seen[step]!r}"
            assert list((root / "_ged" / "tmp").iterdir()) == []

        file(into, *GROUP)
        assert len(plis.filed_lines(root)) == 4
        assert plis.sound(root)
        step += 1
        if step >= len(seen):
            break

    assert refused == 6 + 8 + 7  # folders, files with the plan, final names: each was refused once


def test_lines_that_a_full_disk_kept_out_of_the_journal_are_written_first_when_there_is_room(small_disk: Path) -> None:
    into = plis.tree(small_disk / "GED")
    book = small_disk / "GED" / "_ged" / "journal" / "2026" / "2026-11-24.journal"
    with into.lock(0):
        while len(plis.journal(small_disk / "GED")) < PAGE // 250 or book.stat().st_size % PAGE < PAGE - 400:
            into.note("VERIFY", "-", "", NOW, "daemon")
    noted = len(plis.journal(small_disk / "GED"))
    filler = leave(small_disk, pages_of(GROUP))

    filed = file(into, *GROUP)
    plans = list((small_disk / "GED" / "_ged" / "tmp").iterdir())
    with into.lock(0), pytest.raises(DiskFull):
        into.note("OPEN", filed[0].id, filed[0].digest, NOW, "daemon")
    owed = 3 - (len(plis.journal(small_disk / "GED")) - noted)
    filler.unlink()
    file(into, pli("après"))

    assert owed == 3
    assert len(plans) == 1
    assert [fields[4] for fields in plis.journal(small_disk / "GED")[noted:]][:3] == [one.id for one in filed]
    assert plis.sound(small_disk / "GED")
    assert list((small_disk / "GED" / "_ged" / "tmp").iterdir()) == []


def test_lines_owed_when_the_process_dies_are_written_by_the_recovery(small_disk: Path) -> None:
    into = plis.tree(small_disk / "GED")
    book = small_disk / "GED" / "_ged" / "journal" / "2026" / "2026-11-24.journal"
    with into.lock(0):
        while not book.exists() or book.stat().st_size % PAGE < PAGE - 400:
            into.note("VERIFY", "-", "", NOW, "daemon")
    filler = leave(small_disk, pages_of(GROUP))
    filed = file(into, *GROUP)
    before = plis.filed_lines(small_disk / "GED")

    later = plis.tree(small_disk / "GED")
    with later.lock(0):
        assert later.recover(NOW) == filed
    still_full = plis.filed_lines(small_disk / "GED")
    filler.unlink()
    with later.lock(0):
        later.settle(later.recover(NOW))

    assert before == still_full
    assert len(plis.filed_lines(small_disk / "GED")) == len(before) + 3
    assert plis.sound(small_disk / "GED")


def pages_of(group: tuple[Pli, ...]) -> int:
    """What the documents, sidecars and the plan of the group take: a page each, they are small."""
    return sum(len(each.documents) + 1 for each in group) + 1


def test_a_letter_that_finds_the_disk_full_is_refused_whole_and_taken_later(small_disk: Path) -> None:
    incoming = Incoming(small_disk)
    raw = b"x" * (3 * PAGE)
    incoming.receive(b"small", arrival(1))
    for pages in range(4):
        filler = leave(small_disk, pages)

        with pytest.raises(DiskFull, match=r"no space left under .*incoming"):
            incoming.receive(raw, arrival(2))

        assert len(incoming.waiting()) == 1
        assert not list((small_disk / "incoming").glob("*.tmp"))
        filler.unlink()

    incoming.receive(raw, arrival(2))
    assert len(incoming.waiting()) == 2
    incoming.close()
