"""The journal is a chain: nobody mends it unseen, and a crash never breaks it."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from archive.journal import GENESIS, Event, Journal, Op
from tests.plis import NOW

DOCUMENT = sha256(b"document").hexdigest()


def event(id_: str = "w9n4c7be", op: str = Op.FILE) -> Event:
    return Event(op, id_, DOCUMENT)


def day(root: Path, name: str = "2026-11-24") -> Path:
    return root / name[:4] / f"{name}.journal"


def test_each_line_carries_the_hash_of_the_one_before(tmp_path: Path) -> None:
    book = Journal(tmp_path)

    book.append([event("a"), event("b")], NOW)
    book.append([event("c")], NOW)

    lines = day(tmp_path).read_bytes().splitlines(keepends=True)
    assert [line.split(b"\t")[0].decode() for line in lines] == [
        GENESIS, sha256(lines[0]).hexdigest(), sha256(lines[1]).hexdigest(),
    ]  # fmt: skip
    assert [line.split(b"\t")[1] for line in lines] == [b"1", b"2", b"3"]


def test_a_line_has_eight_fields_of_plain_ascii(tmp_path: Path) -> None:
    Journal(tmp_path).append([event()], NOW)

    line = day(tmp_path).read_bytes().decode("ascii")
    assert line == f"{GENESIS}\t1\t2026-11-24T13:32:05Z\tFILE\tw9n4c7be\t{DOCUMENT}\t-\tdaemon\n"


def test_the_first_line_of_a_day_seals_the_day_before(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    book.append([event("a"), event("b")], NOW)

    book.append([event("c")], NOW + timedelta(days=3))

    seal = sha256(day(tmp_path).read_bytes()).hexdigest()
    assert day(tmp_path, "2026-11-27").read_text().startswith(f"{seal}\t3\t")


def test_a_clock_that_steps_back_never_reopens_a_sealed_day(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    book.append([event("a")], NOW)
    book.append([event("b")], NOW + timedelta(days=1))
    sealed = day(tmp_path).read_bytes()

    book.append([event("c")], NOW)

    assert day(tmp_path).read_bytes() == sealed
    assert day(tmp_path, "2026-11-25").read_text().count("\n") == 2


def test_a_new_year_follows_the_old_one(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    book.append([event("a")], datetime(2026, 12, 31, 23, 30, tzinfo=UTC))

    book.append([event("b")], datetime(2027, 1, 1, 0, 30, tzinfo=UTC))

    seal = sha256(day(tmp_path, "2026-12-31").read_bytes()).hexdigest()
    assert day(tmp_path, "2027-01-01").read_text().startswith(f"{seal}\t2\t")


def test_what_another_process_wrote_is_continued(tmp_path: Path) -> None:
    ours, theirs = Journal(tmp_path), Journal(tmp_path)
    ours.append([event("a")], NOW)
    theirs.append([event("b")], NOW)
    theirs.append([event("c")], NOW + timedelta(days=1))

    ours.append([event("d")], NOW)

    assert [each.id for each in ours.events()] == ["a", "b", "c", "d"]
    assert [line.split("\t")[1] for line in day(tmp_path, "2026-11-25").read_text().splitlines()] == ["3", "4"]


@pytest.mark.parametrize("torn", [b"0", b"\0" * 300, b"abc\tdef\n", GENESIS.encode() + b"\t3\t2026", b"\n", b"\n\n"])
def test_a_torn_last_line_is_cut_and_the_chain_goes_on(tmp_path: Path, torn: bytes) -> None:
    book = Journal(tmp_path)
    book.append([event("a"), event("b")], NOW)
    sound = day(tmp_path).read_bytes()
    with day(tmp_path).open("ab") as file:
        file.write(torn)

    book = Journal(tmp_path)
    cut = book.mend()
    book.append([event("c")], NOW)

    assert cut == len(torn)
    assert day(tmp_path).read_bytes().startswith(sound)
    assert [each.id for each in Journal(tmp_path).events()] == ["a", "b", "c"]


def test_a_whole_journal_is_not_touched_by_mending(tmp_path: Path) -> None:
    Journal(tmp_path).append([event("a")], NOW)
    before = day(tmp_path).read_bytes()

    assert Journal(tmp_path).mend() == 0
    assert day(tmp_path).read_bytes() == before


def test_a_day_that_died_before_its_first_line_still_follows(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    book.append([event("a")], NOW)
    day(tmp_path, "2026-11-25").touch()

    book = Journal(tmp_path)
    book.mend()
    book.append([event("b")], NOW + timedelta(days=1))

    seal = sha256(day(tmp_path).read_bytes()).hexdigest()
    assert day(tmp_path, "2026-11-25").read_text().startswith(f"{seal}\t2\t")


def test_a_journal_that_ends_in_nonsense_is_not_continued_before_it_is_mended(tmp_path: Path) -> None:
    Journal(tmp_path).append([event("a")], NOW)
    with day(tmp_path).open("ab") as file:
        file.write(b"nonsense\n")

    with pytest.raises(ValueError, match=r"nonsense.*recover the tree first"):
        Journal(tmp_path).append([event("b")], NOW)


@pytest.mark.parametrize("word", ["", "deux mots", "é", "a\tb", "a\nb"])
def test_a_name_can_t_get_into_the_journal(word: str) -> None:
    with pytest.raises(ValueError, match="can't stand in the journal"):
        Event(Op.FILE, "w9n4c7be", DOCUMENT, actor=word)


def test_a_hash_that_is_none_and_an_unknown_event_are_refused() -> None:
    with pytest.raises(ValueError, match="no sha256"):
        Event(Op.FILE, "w9n4c7be", "abc")
    with pytest.raises(ValueError, match="GUESS"):
        Event("GUESS", "w9n4c7be")
