"""The path of a letter, in this process, on a real database and a real tree."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.durable import Disk
from archive.incoming import Arrival, Incoming
from archive.records import Case, Errand, Message, Outgoing, Receipt, database
from daemon import desk, pipeline
from daemon.app import App, open_app
from daemon.config import load
from rules import weights
from tests.office import CONFIG, letter

NOW = datetime.now(UTC)
LYON, MARTINIQUE = "clemence.bonnefoy@example.org", "maryse.saintprix@example.org"


@contextmanager
def opened(folder: Path, more: str = "") -> Iterator[App]:
    (folder / "imap-password").write_text("secret")
    (folder / "a.toml").write_text(CONFIG.format(imap_port=1, smtp_port=1, user="nobody", mailbox="", more=more))
    app = open_app(load(folder / "a.toml"))
    yield app
    app.desk.incoming.close()
    database.obj.close()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with opened(tmp_path) as app:
        yield app


@pytest.fixture
def two_offices(tmp_path: Path, lists: Path) -> Iterator[App]:
    """The sample agency, which counts working days in Lyon and in Martinique."""
    shutil.copytree(lists, tmp_path / "state")
    with opened(tmp_path, '[deadlines]\ncounting = "business"') as app:
        yield app


def arrive(app: App, raw: bytes, uid: int = 1, *, validity: int = 7, at: datetime = NOW) -> str:
    return app.desk.incoming.receive(raw, Arrival("imap", at, NOW, "gestion", "INBOX", validity, uid))


def sidecars(app: App) -> list[Path]:
    return [path for path in app.config.storage.archive.rglob("*.json") if path.parent.name == ".ged"]


def test_all_is_loaded_before_a_letter_that_was_in_hand_at_a_death_is_tried_again(app: App) -> None:
    digest = arrive(app, letter())
    app.desk.incoming.take([digest])
    app.desk.incoming.close()
    weights.shipped.cache_clear()
    loaded: list[int] = []

    def note(effect: str) -> None:
        if effect.startswith(f"write {digest}.tries"):
            loaded.append(weights.shipped.cache_info().currsize)

    app.desk.incoming = Incoming(app.config.storage.state, disk=Disk(note))
    pipeline.resume(app.desk)

    assert loaded == [1]
    assert app.desk.incoming.waiting() == []


def test_a_database_that_fails_after_the_tree_obeys_the_sidecar_later(app: App) -> None:
    arrive(app, letter())
    database.execute_sql("CREATE TRIGGER broken BEFORE UPDATE OF path ON message BEGIN SELECT RAISE(ABORT, 'no'); END")
    assert pipeline.work(app.desk) == 0
    assert Message.select().count() == 0
    first = {path: path.read_bytes() for path in sidecars(app)}
    assert len(first) >= 1

    database.execute_sql("DROP TRIGGER broken")
    pipeline.work(app.desk)

    assert {path: path.read_bytes() for path in sidecars(app)} == first, "nothing was decided again"
    assert (Message.select().count(), Receipt.select().count()) == (1, 1)
    assert Message.get().path
    assert app.desk.incoming.waiting() == []


def test_a_uidvalidity_change_counts_the_letter_again_and_says_nothing(app: App) -> None:
    arrive(app, letter())
    pipeline.work(app.desk)
    said = Outgoing.select().count()

    arrive(app, letter(), uid=31, validity=8)
    pipeline.work(app.desk)

    assert (Case.select().count(), Outgoing.select().count()) == (1, said)
    assert [receipt.state for receipt in Receipt.select().order_by(Receipt.key)] == ["filed", "duplicate"]


@pytest.mark.parametrize("header", [b"", b"Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0100\r\n"])
@pytest.mark.parametrize("together", [True, False])
def test_a_letter_handed_over_by_lmtp_is_put_away_when_the_mailbox_shows_it(
    app: App, header: bytes, *, together: bool
) -> None:
    app.desk.incoming.receive(letter(), Arrival("lmtp", NOW, NOW, lmtp_id="1"))
    if not together:
        pipeline.work(app.desk)

    arrive(app, header + letter())
    pipeline.work(app.desk)

    (errand,) = Errand.select()
    assert (errand.kind, errand.target, errand.uid) == ("move", "works", 1)
    assert Case.select().count() == 1


def test_case_numbers_are_those_of_the_agency_s_year(app: App) -> None:
    numbers = desk.CaseNumbers(app.desk.house().timezone)
    last_hour_in_utc = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    numbers.reserve(last_hour_in_utc, 1)

    assert numbers.next() == "VM-2027-000001"


def test_two_offices_keep_their_own_clocks_in_one_database(two_offices: App) -> None:
    friday = datetime(2027, 3, 26, 16, 0, tzinfo=UTC)  # 17:00 in Lyon, whose clocks jump on Sunday; noon in Martinique
    for uid, sender in enumerate((LYON, MARTINIQUE), 1):
        seen = Arrival("imap", friday, friday, "gestion", "INBOX", 7, uid)
        two_offices.desk.incoming.receive(letter(sender), seen)

    pipeline.work(two_offices.desk)

    due = {case.sender: case.due_at for case in Case.select()}
    assert due == {  # three working days after Easter Monday, at the same hour of the clock on the wall
        LYON: datetime(2027, 4, 1, 15, 0, tzinfo=UTC),
        MARTINIQUE: datetime(2027, 4, 1, 16, 0, tzinfo=UTC),
    }


def test_letters_of_one_group_are_worked_in_the_order_of_their_receipt(app: App) -> None:
    for number in (3, 1, 2):
        arrive(app, letter(f"t{number}@example.org"), uid=number, at=NOW + timedelta(seconds=number))

    pipeline.work(app.desk)

    assert [case.sender for case in Case.select().order_by(Case.ref)] == [f"t{n}@example.org" for n in (1, 2, 3)]


def test_two_copies_in_one_group_are_one_case(app: App) -> None:
    arrive(app, letter())
    arrive(app, b"Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0100\r\n" + letter(), uid=2)

    pipeline.work(app.desk)

    assert Case.select().count() == 1
    assert sorted(str(message.state) for message in Message.select()) == ["duplicate", "filed"]
