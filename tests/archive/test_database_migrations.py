"""The tables that the migrations build are the tables that the records declare."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from peewee import Database, PostgresqlDatabase, SqliteDatabase
from peewee import DatabaseError as EngineError
from playhouse.migrations import Runner  # type: ignore[import-untyped]  # peewee's stubs stop at peewee itself

from archive import database
from archive.database import MIGRATIONS, Unusable, open_database
from archive.records import TABLES, Fact

ROOT = Path(__file__).parent.parent.parent


def sql(engine: Database, text: str) -> list[tuple[Any, ...]]:
    cursor: Any = engine.execute_sql(text)  # type: ignore[no-untyped-call]  # peewee's stubs leave it bare
    return list(cursor.fetchall()) if cursor.description else []


def sqlite_schema(engine: Database) -> dict[str, Any]:
    def pragma(name: str, of: str) -> list[tuple[Any, ...]]:
        return sorted(row[1:] for row in sql(engine, f'PRAGMA {name}("{of}")'))

    return {
        table: (
            pragma("table_info", table),
            sorted(row[2:] for row in sql(engine, f'PRAGMA foreign_key_list("{table}")')),
            [(row, pragma("index_info", row[0])) for row in pragma("index_list", table)],
        )
        for table in engine.get_tables()
        if table != "schema_migration"
    }


def postgres_schema(engine: Database) -> dict[str, Any]:
    questions = {
        "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns "
        "WHERE table_schema = 'public'",
        "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "constraints": "SELECT conrelid::regclass::text, contype, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace",
    }
    return {
        name: sorted(row for row in sql(engine, question) if row[0] != "schema_migration")
        for name, question in questions.items()
    }


def declared(engine: Database, schema: Callable[[Database], dict[str, Any]]) -> dict[str, Any]:
    engine.connect()
    with engine.bind_ctx(TABLES):
        engine.create_tables(TABLES)
    found = schema(engine)
    engine.close()
    return found


def test_migrations_build_on_sqlite_what_the_records_declare(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/migrated.db")

    built = sqlite_schema(engine)
    engine.close()

    assert built == declared(SqliteDatabase(f"{tmp_path}/declared.db"), sqlite_schema)


def test_migrations_build_on_postgresql_what_the_records_declare(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    built = postgres_schema(engine)
    sql(engine, "DROP SCHEMA public CASCADE")
    sql(engine, "CREATE SCHEMA public")
    engine.close()

    assert built == declared(PostgresqlDatabase(postgres_url, prefer_psycopg3=True), postgres_schema)


def test_opening_again_changes_nothing(opened: Database, database_url: str) -> None:
    Fact.create(name="kept", value="1")

    again = open_database(database_url)

    applied = Runner(again, str(MIGRATIONS)).applied()
    assert set(applied) == {path.stem for path in MIGRATIONS.glob("[0-9]*.py")}
    assert Fact.get_by_id("kept").value == "1"
    again.close()


def test_programs_that_open_a_new_database_together_all_succeed(empty_url: str) -> None:
    script = "import sys; from archive.database import open_database; sys.stdin.readline(); open_database(sys.argv[1])"
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", script, empty_url],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(6)
    ]

    errors = [program.communicate("go\n")[1] for program in programs]

    assert [program.returncode for program in programs] == [0] * 6, errors


def test_a_database_of_a_newer_version_is_refused_and_left_alone(opened: Database, database_url: str) -> None:
    Runner(opened, str(MIGRATIONS)).History.create(name="9999_what_the_future_holds")

    with pytest.raises(Unusable, match=r"newer version.*9999_what_the_future_holds.*install that version"):
        open_database(database_url)


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    opened: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = tmp_path / "migrations"
    steps.mkdir()
    for path in MIGRATIONS.glob("[0-9]*.py"):
        (steps / path.name).write_text(path.read_text())
    (steps / "9001_fine.py").write_text("def up(migrator, db): db.execute_sql('CREATE TABLE fine (id INTEGER)')")
    (steps / "9002_broken.py").write_text("def up(migrator, db): db.execute_sql('CREATE TABEL')")
    monkeypatch.setattr(database, "MIGRATIONS", steps)

    with pytest.raises(EngineError):
        open_database(database_url)

    assert "fine" not in opened.get_tables()
    assert "9001_fine" not in Runner(opened, str(steps)).applied()
