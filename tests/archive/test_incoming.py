"""A letter that was received is never lost before the database knows it, and never kept after."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from archive.durable import Disk
from archive.incoming import Arrival, Damaged, Incoming
from tests.plis import NOW, arrival, letter


def test_a_letter_comes_back_byte_for_byte_with_its_receipt(tmp_path: Path) -> None:
    raw = b"From: a@b\n\xff\0\r\n.\r\n"
    seen = replace(arrival(), envelope_sender="", envelope_recipients=("gestion@agence.test",))

    digest = Incoming(tmp_path).receive(raw, seen)

    later = Incoming(tmp_path)
    assert digest == sha256(raw).hexdigest()
    assert later.waiting() == [digest]
    assert later.read(digest) == (raw, (seen,))


def test_the_same_letter_seen_twice_the_same_way_is_one_receipt(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)

    digests = [incoming.receive(letter(), arrival()) for _ in range(3)]

    assert incoming.waiting() == [digests[0]]
    assert incoming.read(digests[0])[1] == (arrival(),)


def test_the_same_letter_in_two_mailboxes_is_one_letter_with_two_receipts(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    lmtp = Arrival("lmtp", NOW + timedelta(seconds=1), NOW, lmtp_id="4Xy")

    (digest, _) = incoming.receive_many([(letter(), lmtp), (letter(), arrival())])

    assert incoming.waiting() == [digest]
    assert incoming.read(digest)[1] == (arrival(), lmtp)


def test_a_sight_is_told_from_another_by_everything_that_imap_makes_unique() -> None:
    base = arrival()
    others = (
        replace(base, mailbox="other"),
        replace(base, folder="Sent"),
        replace(base, uidvalidity=8),
        replace(base, uid=2),
        replace(base, source="lmtp"),
    )

    assert base.key == "imap/gestion/INBOX/7/1"
    assert len({each.key for each in (base, *others)}) == 6
    assert Arrival("lmtp", NOW, NOW, lmtp_id="4Xy").key == "lmtp/4Xy"


def test_letters_wait_in_the_order_they_were_received(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    hours = [5, 1, 4, 2, 3]

    digests = incoming.receive_many([(letter(f"{h}"), arrival(h, NOW - timedelta(hours=h))) for h in hours])

    oldest_first = [digest for _, digest in sorted(zip(hours, digests, strict=True), reverse=True)]
    assert incoming.waiting() == oldest_first
    assert incoming.waiting(2) == oldest_first[:2]
    assert Incoming(tmp_path).waiting(3) == oldest_first[:3]


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_an_impossible_time_of_receipt_loses_no_letter(tmp_path: Path, year: int) -> None:
    incoming = Incoming(tmp_path)
    odd = arrival(received_at=datetime(year, 6, 1, tzinfo=UTC))

    digest = incoming.receive(letter(), odd)

    assert incoming.waiting() == [digest]
    assert incoming.read(digest)[1] == (odd,)


def test_a_letter_leaves_with_all_that_was_known_of_it(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    digest = incoming.receive(letter(), arrival())
    incoming.count_try(digest)
    incoming.read(digest)

    incoming.done([digest])

    assert incoming.waiting() == []
    assert [path.name for path in (tmp_path / "incoming").iterdir()] == ["in-hand"]


def test_a_receipt_that_comes_while_the_letter_is_in_hand_keeps_it(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    digest = incoming.receive(letter(), arrival(1))
    incoming.read(digest)

    incoming.receive(letter(), arrival(2))
    incoming.done([digest])

    assert incoming.waiting() == [digest]
    assert incoming.read(digest) == (letter(), (arrival(2),))


def test_receiving_and_working_at_once_loses_no_sight(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    sights = 200
    recorded: set[str] = set()

    def receive() -> None:
        for uid in range(sights):
            incoming.receive(letter(f"{uid % 3}"), arrival(uid))

    receiver = threading.Thread(target=receive)
    receiver.start()
    while receiver.is_alive() or incoming.waiting(10):
        for digest in incoming.waiting(10):
            recorded |= {each.key for each in incoming.read(digest)[1]}
            incoming.done([digest])
    receiver.join()

    assert recorded == {arrival(uid).key for uid in range(sights)}
    assert incoming.waiting() == []


def test_more_letters_than_are_remembered_are_all_worked_off(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path, window=10)
    times = {incoming.receive(letter(f"{n}"), arrival(n, NOW + timedelta(seconds=n))): n for n in range(35)}

    worked: list[int] = []
    while group := incoming.waiting(4):
        for digest in group:
            incoming.read(digest)
            worked.append(times[digest])
        incoming.done(group)

    assert worked == list(range(35))


def test_a_letter_without_receipt_is_worked_all_the_same(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    digest = incoming.receive(letter(), arrival())
    next((tmp_path / "incoming").glob("*.json")).unlink()

    later = Incoming(tmp_path)

    assert later.interrupted() == []
    assert later.waiting() == [digest]
    (found,) = later.read(digest)[1]
    assert (found.source, found.received_at, found.key) == ("found", NOW, f"found/{digest}")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"source": 1, "received_at": "x", "seen_at": ""}', b"\0"]
)
def test_a_receipt_that_can_t_be_read_loses_no_letter(tmp_path: Path, content: bytes) -> None:
    incoming = Incoming(tmp_path)
    digest = incoming.receive(letter(), arrival())
    next((tmp_path / "incoming").glob("*.json")).write_bytes(content)

    raw, (found,) = incoming.read(digest)

    assert (raw, found.source) == (letter(), "found")


def test_what_a_torn_receipt_left_is_cleared_at_the_start(tmp_path: Path) -> None:
    Incoming(tmp_path)
    folder = tmp_path / "incoming"
    (folder / f"{'a' * 64}.{'b' * 16}.json").write_text("{}")
    (folder / "123-0.tmp").write_text("half a let")
    (folder / "a note.txt").write_text("mine")

    incoming = Incoming(tmp_path)

    assert incoming.waiting() == []
    assert incoming.interrupted() == []
    assert sorted(path.name for path in folder.iterdir()) == ["a note.txt", "in-hand"]


def test_a_letter_damaged_on_the_disk_is_told_and_not_passed_off_as_received(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    digest = incoming.receive(letter(), arrival())
    (tmp_path / "incoming" / f"{digest}.eml").write_bytes(letter()[:-1])

    with pytest.raises(Damaged, match=digest) as damaged:
        incoming.read(digest)
    assert (damaged.value.digest, damaged.value.arrivals) == (digest, (arrival(),))


def test_a_letter_that_can_t_be_read_is_told_as_damaged(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    digest = incoming.receive(letter(), arrival())
    file = tmp_path / "incoming" / f"{digest}.eml"
    file.unlink()
    file.symlink_to("/etc/hostname")

    with pytest.raises(Damaged, match="can't be read"):
        incoming.read(digest)
    assert incoming.set_aside(digest).is_symlink()


def test_a_damaged_letter_is_kept_aside_as_often_as_it_comes(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    kept = []
    for half in (b"", b"half"):
        digest = incoming.receive(letter(), arrival())
        (tmp_path / "incoming" / f"{digest}.eml").write_bytes(half)
        with pytest.raises(Damaged):
            incoming.read(digest)
        kept.append(incoming.set_aside(digest))

    assert [path.read_bytes() for path in kept] == [b"", b"half"]
    assert {path.parent for path in kept} == {tmp_path / "damaged"}
    assert len(list((tmp_path / "damaged").glob("*.json"))) == 1
    assert incoming.waiting() == Incoming(tmp_path).waiting() == []
    assert incoming.read(incoming.receive(letter(), arrival())) == (letter(), (arrival(),))


def test_a_letter_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Incoming(tmp_path).read("a" * 64)


def test_letters_in_hand_are_named_after_a_death(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    digests = [incoming.receive(letter(f"{n}"), arrival(n)) for n in range(3)]
    incoming.take(digests)
    incoming.take(digests[:2])

    assert Incoming(tmp_path).interrupted() == digests[:2]


def test_letters_no_longer_in_hand_or_no_longer_there_are_not_named(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    one, other = (incoming.receive(letter(f"{n}"), arrival(n)) for n in range(2))
    incoming.take([one, other])
    incoming.read(one)
    incoming.done([one])
    assert Incoming(tmp_path).interrupted() == [other]

    incoming.release()
    assert Incoming(tmp_path).interrupted() == []


def test_tries_are_counted_over_deaths(tmp_path: Path) -> None:
    digest = Incoming(tmp_path).receive(letter(), arrival())

    counted = [Incoming(tmp_path).count_try(digest) for _ in range(3)]

    assert counted == [1, 2, 3]
    assert Incoming(tmp_path).tries(digest) == 3
    assert Incoming(tmp_path).tries("a" * 64) == 0


def test_a_group_costs_one_fsync_a_file_and_one_for_the_folder(tmp_path: Path) -> None:
    effects: list[str] = []
    incoming = Incoming(tmp_path, disk=Disk(effects.append))
    effects.clear()

    incoming.receive_many([(letter(f"{n}"), arrival(n)) for n in range(50)])

    assert sum(effect.startswith("fsync") for effect in effects) == 2 * 50 + 1


def test_nothing_is_named_before_its_bytes_are_on_the_disk(tmp_path: Path) -> None:
    effects: list[str] = []
    incoming = Incoming(tmp_path, disk=Disk(effects.append))
    effects.clear()

    incoming.receive(letter(), arrival())

    steps = [effect.split()[0] for effect in effects]
    assert steps == ["write", "write", "fsync", "fsync", "rename", "rename", "fsync"]
    assert effects[4].endswith(".json")


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))

    incoming = Incoming(tmp_path)
    incoming.read(incoming.receive(letter(), arrival()))
    incoming.close()

    assert len(list(Path("/proc/self/fd").iterdir())) == before
