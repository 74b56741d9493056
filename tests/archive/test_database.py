"""What a database promises, on SQLite and on PostgreSQL alike."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import psycopg
import pytest
from peewee import SQL, Database, IntegrityError, SqliteDatabase
from peewee import DatabaseError as EngineError

from archive.database import (
    DatabaseTrouble,
    Unavailable,
    Unusable,
    open_database,
    reading,
    reserve_case_numbers,
    without_password,
    writing,
)
from archive.records import Case, Fact, Lease, Mandate, Message, Movement, Owner, Property
from tests.postgres import PASSWORD

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

OPEN = "import sys; from archive.database import *; from archive.records import *; open_database(sys.argv[1])\n"


def program(url: str, script: str) -> subprocess.Popen[str]:
    """Another process at the same database."""
    return subprocess.Popen(
        [sys.executable, "-c", OPEN + script, url], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def case(ref: str) -> None:
    Case.create(ref=ref, label="demande", party="tenant", sender="a@example.org", received_at=NOW, due_at=NOW)


def sql(engine: Database, text: str) -> Any:
    return engine.execute_sql(text)  # type: ignore[no-untyped-call]  # peewee's stubs leave it bare


def short_wait(engine: Database) -> None:
    """30 s are the promise; a test doesn't wait that long."""
    sql(engine, "PRAGMA busy_timeout = 50" if isinstance(engine, SqliteDatabase) else "SET lock_timeout = 50")


# --- transactions


def test_a_transaction_is_kept_whole(opened: Database) -> None:
    with writing():
        Fact.create(name="one", value="1")
        Fact.create(name="two", value="2")

    assert Fact.select().count() == 2


def test_a_transaction_that_fails_leaves_nothing(opened: Database) -> None:
    def fail() -> None:
        with writing():
            Fact.create(name="one", value="1")
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()

    assert Fact.select().count() == 0


def test_a_transaction_inside_another_fails_alone(opened: Database) -> None:
    def fail() -> None:
        with writing():
            Fact.create(name="inner", value="1")
            Fact.create(name="outer", value="twice")

    with writing():
        Fact.create(name="outer", value="1")
        with pytest.raises(IntegrityError):
            fail()

    assert [fact.name for fact in Fact.select()] == ["outer"]


def test_a_row_never_points_to_nothing(opened: Database) -> None:
    with pytest.raises(IntegrityError), writing():
        Mandate.create(number="1042", owner=999)


def test_a_mistake_of_the_program_is_not_taken_for_trouble_of_the_database(opened: Database) -> None:
    with pytest.raises(EngineError), writing():
        Fact.select(SQL("nothing FROM nowhere WHERE")).execute()


def test_reading_sees_one_instant_while_others_write(opened: Database) -> None:
    Fact.create(name="before", value="1")

    with reading():
        first = Fact.select().count()
        other = Thread(target=lambda: (Fact.create(name="meanwhile", value="2"), opened.close()))
        other.start()
        other.join()
        second = Fact.select().count()

    assert (first, second, Fact.select().count()) == (1, 1, 2)


def test_threads_write_side_by_side(opened: Database) -> None:
    start = Barrier(4)

    def write(name: str) -> None:
        start.wait()
        for number in range(25):
            with writing():
                Fact.create(name=f"{name}/{number}", value="x")
        opened.close()

    threads = [Thread(target=write, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Fact.select().count() == 100


# --- other processes


def test_a_writer_waits_for_another_and_then_succeeds(opened: Database, database_url: str) -> None:
    Fact.create(name="shared", value="nobody")
    holder = """
with writing():
    Fact.update(value="theirs").execute(); print("held", flush=True); sys.stdin.readline()
"""
    waiting, done = Event(), Event()

    def write() -> None:
        waiting.set()
        with writing():
            Fact.update(value=Fact.value.concat(", then ours")).execute()
        opened.close()
        done.set()

    with program(database_url, holder) as other:
        assert said(other) == "held"
        writer = Thread(target=write)
        writer.start()
        waiting.wait()
        stood = not done.wait(0.3)
        other.communicate("go on\n")
        writer.join()

    assert stood
    assert Fact.get().value == "theirs, then ours"


def test_a_lock_that_is_never_released_is_told_with_the_url(opened: Database, database_url: str) -> None:
    Fact.create(name="shared", value="nobody")
    holder = """
with writing():
    Fact.update(value="theirs").execute(); print("held", flush=True); sys.stdin.readline()
"""
    short_wait(opened)

    with program(database_url, holder) as other:
        assert said(other) == "held"
        with pytest.raises(Unavailable, match="locked for 30 s") as trouble, writing():
            Fact.update(value="ours").execute()
        other.communicate("go on\n")

    assert without_password(database_url) in str(trouble.value)
    assert PASSWORD not in str(trouble.value)


def test_a_full_disk_is_told_and_the_next_transaction_is_a_new_one(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/vaguemestre.db")
    (pages,) = sql(engine, "PRAGMA page_count").fetchone()
    sql(engine, f"PRAGMA max_page_count = {pages}")  # SQLite then ends the transaction by itself, as on a full disk

    with pytest.raises(Unavailable, match="the disk is full: make room"), writing():
        Fact.create(name="large", value="x" * 100_000)

    sql(engine, "PRAGMA max_page_count = 100000")
    with writing():
        Fact.create(name="large", value="x" * 100_000)
    assert Fact.select().count() == 1
    engine.close()


def test_a_writer_killed_in_the_middle_leaves_nothing_half_written(opened: Database, database_url: str) -> None:
    writer = """
with writing():
    Fact.create(name="whole", value="1")
print("committed", flush=True)
with writing():
    Fact.create(name="half", value="1"); print("half", flush=True); sys.stdin.readline()
"""

    with program(database_url, writer) as other:
        assert [said(other), said(other)] == ["committed", "half"]
        other.kill()
        other.wait()

    with writing():
        Fact.create(name="afterwards", value="1")
    assert {fact.name for fact in Fact.select()} == {"whole", "afterwards"}


def test_whatever_was_reported_survives_a_kill_at_any_moment(opened: Database, database_url: str) -> None:
    writer = """
for group in range(10_000):
    with writing():
        for row in range(3): Fact.create(name=f"{group}/{row}", value="x")
    print(group, flush=True)
"""
    reported = 0

    for stop in (1, 7, 20):
        Fact.delete().execute()
        with program(database_url, writer) as other:
            while reported != stop:
                reported = int(said(other))
            other.kill()
            reported = max([reported, *(int(line) for line in (other.stdout or []))])
        groups = [fact.name.partition("/")[0] for fact in Fact.select()]
        assert {group: groups.count(group) for group in groups} == {str(g): 3 for g in range(len(groups) // 3)}
        assert len(groups) // 3 > reported


# --- case numbers


def test_case_numbers_follow_each_other_and_start_again_each_year(opened: Database) -> None:
    assert reserve_case_numbers(2026, 2) == ["VM-2026-000001", "VM-2026-000002"]
    assert reserve_case_numbers(2026, 1) == ["VM-2026-000003"]
    assert reserve_case_numbers(2027, 1) == ["VM-2027-000001"]
    assert reserve_case_numbers(2026, 0) == []


def test_two_processes_never_get_the_same_number(opened: Database, database_url: str) -> None:
    taker = "for _ in range(40): print(*reserve_case_numbers(2026, 3))"

    with program(database_url, taker) as one, program(database_url, taker) as other:
        numbers = (one.communicate()[0] + other.communicate()[0]).split()

    assert sorted(numbers) == [f"VM-2026-{number:06d}" for number in range(1, 241)]


def test_a_rebuilt_database_goes_on_after_its_highest_case(opened: Database) -> None:
    case("VM-2026-999999")
    case("VM-2026-1000003")
    case("VM-2025-000009")

    assert reserve_case_numbers(2026, 1) == ["VM-2026-1000004"]


def test_numbers_are_not_reserved_inside_a_transaction_that_may_fail(opened: Database) -> None:
    with pytest.raises(RuntimeError, match="before the transaction"), writing():
        reserve_case_numbers(2026, 1)


# --- what the fields keep


def test_text_that_an_engine_refuses_is_stored_without_it(opened: Database) -> None:
    Fact.create(name="subject", value="nul \0, lone surrogate \udc80, Thu Hà, 🏠")

    assert Fact.get_by_id("subject").value == "nul , lone surrogate ?, Thu Hà, 🏠"


def test_a_message_id_of_any_length_is_found_again(opened: Database) -> None:
    endless = "é" * 5000
    Message.create(
        digest="d",
        id="d",
        direction="in",
        message_id=endless,
        received_at=NOW,
        path="p",
        sidecar="s",
        subject="x" * 9000,
    )

    found = Message.get(Message.message_id == endless)

    assert found.digest == "d"
    assert len(found.subject) == 9000


def test_instants_sort_as_they_passed(opened: Database) -> None:
    paris = datetime.fromisoformat("2026-11-24T10:30:00.000001+01:00")
    early = datetime.fromisoformat("0099-01-01T00:00:00+00:00")
    for name, at in (("b", paris), ("c", NOW.replace(microsecond=2)), ("a", early)):
        Case.create(ref=name, label="demande", party="tenant", sender="x", received_at=at, due_at=at)

    found = [(row.ref, row.received_at) for row in Case.select().order_by(Case.received_at)]

    assert found == [("a", early), ("b", paris), ("c", NOW.replace(microsecond=2))]


def test_an_instant_without_a_time_zone_is_refused(opened: Database) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Case.create(ref="x", label="x", party="x", sender="x", received_at=datetime(2026, 1, 1), due_at=NOW)  # noqa: DTZ001


def test_money_is_kept_to_the_cent_and_never_rounded(opened: Database) -> None:
    owner = Owner.create(name="SCI")
    Property.create(code="0001", name="P")
    Mandate.create(number="1", owner=owner)
    Lease.create(
        id="L1",
        mandate="1",
        property="0001",
        start=date(2026, 1, 1),
        rent=Decimal("742.18"),
        charges=0,
        other=0,
        deposit=0,
    )

    Movement.create(
        lease="L1", day=NOW.date(), kind="appel", label="x", debit=Decimal("-0.10"), credit=0, reference="r"
    )

    assert Lease.get().rent == Decimal("742.18")
    assert Movement.get().debit == Decimal("-0.10")
    with pytest.raises(ValueError, match=r"1\.234"):
        Movement.create(
            lease="L1", day=NOW.date(), kind="x", label="x", debit=Decimal("1.234"), credit=0, reference="r"
        )


# --- what goes wrong at the door


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:s3cr:et@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:p@ss/w@h:5432/d?x=1", "postgresql://u:***@h:5432/d?x=1"),
        ("postgresql://h/d?user=u&password=s3cret&x=1", "postgresql://h/d?user=u&password=***&x=1"),
        ("postgresql:///d", "postgresql:///d"),
        ("sqlite:////var/lib/v.db", "sqlite:////var/lib/v.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize("url", ["mysql://u:s3cret@h/d", "v.db", "", "sqlite://v.db"])
def test_a_url_of_no_engine_is_refused_with_the_two_forms(url: str) -> None:
    with pytest.raises(Unusable, match="sqlite:///path or postgresql://") as refusal:
        open_database(url)

    assert "s3cret" not in str(refusal.value)


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(Unusable, match="forgets"):
        open_database("sqlite:///:memory:")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/state/of/things/v.db").close()

    assert (tmp_path / "state/of/things/v.db").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")

    with pytest.raises(Unavailable, match=r"state/v\.db: its folder can't be made"):
        open_database(f"sqlite:///{tmp_path}/state/v.db")


def test_a_folder_in_place_of_the_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "v.db").mkdir()

    with pytest.raises(Unavailable, match=r"v\.db: it can't be opened"):
        open_database(f"sqlite:///{tmp_path}/v.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.db").write_text("lease_id;mandate_no\n" * 200)

    with pytest.raises(Unusable, match="isn't an SQLite database"):
        open_database(f"sqlite:///{tmp_path}/v.db")


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/v.db"
    open_database(url).close()
    with (tmp_path / "v.db").open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)

    with pytest.raises(Unusable, match="damaged"):
        open_database(url)


def test_sqlite_commits_reach_the_disk(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/v.db")

    pragmas = {
        name: sql(engine, f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    engine.close()

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(
        Unavailable, match=r"postgresql://u:\*\*\*@127.0.0.1:1/d: the server can't be reached"
    ) as trouble:
        open_database("postgresql://u:s3cret@127.0.0.1:1/d")

    assert "s3cret" not in str(trouble.value)


def test_a_missing_driver_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peewee.psycopg", None)
    monkeypatch.setattr("peewee.psycopg2", None)

    with pytest.raises(Unusable, match=r"driver is missing; install vaguemestre\[postgresql\]"):
        open_database("postgresql://u@127.0.0.1:1/d")


def test_a_wrong_password_is_told_without_it(postgres_url: str) -> None:
    wrong = postgres_url.replace(PASSWORD, "s3cret")

    with pytest.raises(DatabaseTrouble, match="password authentication failed") as trouble:
        open_database(wrong)

    assert "s3cret" not in str(trouble.value)


def cut(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as surgeon:
        surgeon.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid() AND datname = current_database()"
        )


def test_whoever_only_reads_has_a_cut_connection_opened_again_too(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    cut(postgres_url)

    with pytest.raises(Unavailable):
        Fact.select().count()

    assert Fact.select().count() == 0
    engine.close()


def test_a_connection_that_the_server_cut_is_opened_again(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    cut(postgres_url)

    with pytest.raises(Unavailable), writing():
        Fact.create(name="lost", value="1")
    with writing():
        Fact.create(name="kept", value="1")

    assert [fact.name for fact in Fact.select()] == ["kept"]
    engine.close()
