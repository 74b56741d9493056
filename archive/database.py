"""The database: opened by its URL, brought up to date, and written by one at a time.

SQLite by default (WAL, every commit on the disk, foreign keys enforced), PostgreSQL by URL; the rooms above never ask
which. Each thread has its own connection, opened when it is first used. A write transaction takes its lock at once
(BEGIN IMMEDIATE) and waits up to 30 s for it, so one that has started never finds the database locked halfway.

What goes wrong is told in two classes, `Unavailable` (it may work later) and `Unusable` (it never will), with the URL
less its password, the engine's own words and the cure.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from peewee import (
    Database,
    ImproperlyConfigured,
    InterfaceError,
    OperationalError,
    PostgresqlDatabase,
    Select,
    SqliteDatabase,
    fn,
)
from peewee import DatabaseError as EngineError
from playhouse.migrations import Runner  # type: ignore[import-untyped]  # peewee's stubs stop at peewee itself

from archive.records import Case, CaseNumber, database

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK_WAIT = 30  # seconds
_ALONE = 0x5641_4755  # any constant: the name of PostgreSQL's advisory lock ("VAGU")

_PRAGMAS = (
    ("journal_mode", "wal"),  # readers don't stop the writer; the mode is kept in the file
    ("synchronous", "full"),  # a commit that was reported survives a power cut
    ("foreign_keys", "on"),  # off by default, and for each connection
)


class DatabaseTrouble(Exception):  # noqa: N818  the two below are what is raised
    """The database can't do what was asked. The text is for the operator and holds no password."""


class Unavailable(DatabaseTrouble):
    """It may work later: unreachable, locked, full."""


class Unusable(DatabaseTrouble):
    """It won't work until a person acts: a wrong address, a damaged file, a newer version's tables."""


# The engine's code (the name of SQLite's, the beginning of PostgreSQL's SQLSTATE), our class, and what to do.
_CAUSES: tuple[tuple[str, type[DatabaseTrouble], str], ...] = (
    ("SQLITE_BUSY", Unavailable, f"another program has kept it locked for {LOCK_WAIT} s; it is tried again"),
    ("SQLITE_CANTOPEN", Unavailable, "it can't be opened: see the folder's owner and rights"),
    ("SQLITE_READONLY", Unavailable, "it can't be written: see the owner and rights of the file and its folder"),
    ("SQLITE_PERM", Unavailable, "it can't be written: see the owner and rights of the file and its folder"),
    ("SQLITE_FULL", Unavailable, "the disk is full: make room"),
    ("SQLITE_IOERR", Unavailable, "the disk doesn't answer as it should: see the system's log"),
    ("SQLITE_NOTADB", Unusable, "the file isn't an SQLite database: restore a copy, or rebuild it from the tree"),
    ("SQLITE_CORRUPT", Unusable, "the file is damaged: restore a copy, or rebuild it from the tree"),
    ("55P03", Unavailable, f"another program has kept it locked for {LOCK_WAIT} s; it is tried again"),
    ("53", Unavailable, "the server lacks disk, memory or connections"),
    ("57P", Unavailable, "the server is stopping or starting"),
    ("08", Unavailable, "the connection to the server is lost"),
    ("25006", Unavailable, "the server takes no writes (a standby, or a read-only transaction)"),
    ("28", Unusable, "the server refuses this user: see the name, the password and pg_hba.conf"),
    ("3D000", Unusable, "the server has no such database: create it (createdb)"),
    ("42501", Unusable, "this user may not do that: make it the owner of the database (ALTER DATABASE ... OWNER TO)"),
)


class _Engine(Database):
    """One statement alone is told and mended as a transaction is: whoever only reads asks for neither."""

    place = ""  # the URL less its password

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        if self.in_transaction():
            return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]  # peewee's
        _drop_dead_connection(self)
        with _explained(self):
            return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]


class _Sqlite(_Engine, SqliteDatabase):
    pass


class _Postgresql(_Engine, PostgresqlDatabase):
    pass


def open_database(url: str) -> Database:
    """Open the database of a URL, bring its tables up to date, and put it behind `archive.records.database`.

    `sqlite:////absolute/path` or `postgresql://user:password@host:port/name`. A missing folder is made. Raises
    `Unusable` or `Unavailable`.
    """
    engine = _engine(url)
    try:
        with _explained(engine):
            engine.connect()
            _migrate(engine)
    except ImproperlyConfigured as error:
        raise Unusable(f"{engine.place}: the driver is missing; install vaguemestre[postgresql] ({error})") from error
    except BaseException:
        with suppress(EngineError, InterfaceError):
            engine.close()
        raise
    database.initialize(engine)
    return engine


@contextmanager
def writing(*, alone: bool = False) -> Iterator[None]:
    """One write transaction: all of it, or nothing. Inside another one it is a savepoint. Raises `Unavailable`.

    On SQLite it is the only one at a time. `alone` makes it wait for the others that ask so on PostgreSQL too: imports,
    which look before they write.
    """
    engine = database.obj
    with _explained(engine):
        _drop_dead_connection(engine)
        with engine.atomic():
            if alone:
                _wait_for_others(engine)
            yield


@contextmanager
def reading() -> Iterator[None]:
    """Several questions answered as of one instant, whatever others write meanwhile."""
    engine = database.obj
    with _explained(engine):
        _drop_dead_connection(engine)
        with engine.atomic("DEFERRED" if isinstance(engine, SqliteDatabase) else "REPEATABLE READ"):
            yield


def reserve_case_numbers(year: int, count: int) -> list[str]:
    """The next `count` case references of a year, such as VM-2026-000123, given to this caller for ever.

    They are committed before they are returned: a crash leaves a gap, never the same number twice.
    """
    if database.in_transaction():
        raise RuntimeError("case numbers are reserved before the transaction that uses them")
    with writing():
        _begin_year(year)
        CaseNumber.update(last=CaseNumber.last + count).where(CaseNumber.year == year).execute()
        last = int(CaseNumber.get_by_id(year).last)
    return [f"VM-{year}-{number:06d}" for number in range(last - count + 1, last + 1)]


def _begin_year(year: int) -> None:
    if not CaseNumber.select().where(CaseNumber.year == year).exists():
        CaseNumber.insert(year=year, last=_highest_case(year)).on_conflict_ignore().execute()


def _highest_case(year: int) -> int:
    """The highest number among the cases of a year: a database rebuilt from the tree has cases and no counter."""
    refs = Case.select(Case.ref).where(Case.ref.startswith(f"VM-{year}-"))
    newest = refs.order_by(fn.LENGTH(Case.ref).desc(), Case.ref.desc()).first()
    return int(newest.ref.rpartition("-")[2]) if newest else 0


def without_password(url: str) -> str:
    """A URL fit for a log."""
    masked = re.sub(r"//([^:/@]*):.*@", r"//\1:***@", url)
    return re.sub(r"([?&]password=)[^&]*", r"\1***", masked)


# --- opening


def _engine(url: str) -> _Sqlite | _Postgresql:
    if url.startswith("sqlite:///"):
        engine: _Sqlite | _Postgresql = _sqlite(url.removeprefix("sqlite:///"))
    elif url.startswith(("postgresql://", "postgres://")):
        engine = _postgresql(url.replace("postgres://", "postgresql://", 1))
    else:
        raise Unusable(f"{without_password(url)}: write sqlite:///path or postgresql://user@host/name")
    engine.place = without_password(url)
    return engine


def _sqlite(path: str) -> _Sqlite:
    if path in {"", ":memory:"}:
        raise Unusable(f"sqlite:///{path}: name a file; a database in memory forgets what was answered")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"sqlite:///{path}: its folder can't be made ({error.strerror})") from error
    return _Sqlite(path, pragmas=_PRAGMAS, timeout=LOCK_WAIT, lock_type="IMMEDIATE")


def _postgresql(url: str) -> _Postgresql:
    """What the URL itself says of a timeout or an option goes first."""
    ours: dict[str, Any] = {"connect_timeout": 10, "options": f"-c lock_timeout={LOCK_WAIT * 1000}"}
    said = parse_qs(urlsplit(url).query)
    return _Postgresql(url, prefer_psycopg3=True, **{key: value for key, value in ours.items() if key not in said})


def _migrate(engine: _Sqlite | _Postgresql) -> None:
    runner = Runner(engine, str(MIGRATIONS))
    _refuse_newer(engine, runner)
    if all(migration.applied for migration in runner.status()):
        return
    with _alone(engine):
        _refuse_newer(engine, runner)
        runner.up()


def _refuse_newer(engine: _Sqlite | _Postgresql, runner: Runner) -> None:
    unknown = [migration.name for migration in runner.status() if migration.path is None]
    if unknown:
        raise Unusable(
            f"{engine.place}: a newer version of this program has changed its tables ({', '.join(unknown)}); "
            "install that version again, or restore a copy of the database made before"
        )


@contextmanager
def _alone(engine: _Sqlite | _Postgresql) -> Iterator[None]:
    """One transaction for all migrations, while no other program migrates the same database."""
    with _loose_foreign_keys(engine), engine.atomic():
        _wait_for_others(engine)
        yield


def _wait_for_others(engine: Database) -> None:
    if isinstance(engine, PostgresqlDatabase):  # SQLite's transaction is alone from its beginning
        Select(columns=[fn.pg_advisory_xact_lock(_ALONE)]).execute(engine)


@contextmanager
def _loose_foreign_keys(engine: Database) -> Iterator[None]:
    """SQLite changes a table by making it anew, which must not cascade. The pragma only works outside a transaction."""
    if not isinstance(engine, SqliteDatabase):
        yield
        return
    engine.pragma("foreign_keys", 0)
    try:
        yield
    finally:
        engine.pragma("foreign_keys", 1)


def _drop_dead_connection(engine: Database) -> None:
    """A connection that the server closed is opened again by its next use."""
    if engine.is_closed() or engine.in_transaction() or engine.is_connection_usable():
        return
    engine.close()


# --- what went wrong


def _explained(engine: _Engine) -> AbstractContextManager[None]:
    return _translating(engine.place, engine.database)


@contextmanager
def _translating(place: str, url: str) -> Iterator[None]:
    try:
        yield
    except (EngineError, InterfaceError) as error:
        trouble = _trouble(place, url, _first(error))
        if trouble is None:
            raise
        raise trouble from error


def _trouble(place: str, url: str, error: BaseException) -> DatabaseTrouble | None:
    """Our words for an engine's error; None when the program is mistaken (a missing column, a broken constraint)."""
    original = getattr(error, "orig", error)  # the driver's own exception, which peewee wraps
    code = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None) or ""
    said = _less_secret(str(original).strip().partition("\n")[0], url)
    for prefix, kind, cure in _CAUSES:
        if code.startswith(prefix):
            return kind(f"{place}: {cure} ({said})")
    if not code and isinstance(error, (OperationalError, InterfaceError)):  # libpq has no server to give one
        return Unavailable(f"{place}: the server can't be reached ({said})")
    return None


def _first(error: BaseException) -> BaseException:
    """The error that counts: SQLite on a full disk ends a transaction by itself, and peewee's ROLLBACK then fails."""
    while "no transaction is active" in str(error) and error.__context__ is not None:
        error = error.__context__
    return error


def _less_secret(text: str, url: str) -> str:
    with suppress(ValueError):
        password = urlsplit(url).password
        return text.replace(password, "***") if password else text
    return text
