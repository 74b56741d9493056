"""A PostgreSQL server of the tests' own, as a child process, and the databases that the persistence tests run on.

Debian's `postgresql` package is enough. The server refuses to run as root, so root lends it to the user `postgres`. Where
it can't be started the PostgreSQL half of the tests is skipped, and says why.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from peewee import Database

from archive.database import open_database

PASSWORD = "a-secret-that-no-message-shows"
_names = (f"vaguemestre_{number}" for number in count())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server, without a database name."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here (Debian: apt-get install postgresql)")
    if os.geteuid() == 0 and _lent_to() is None:
        pytest.skip("PostgreSQL doesn't run as root, and there is no user `postgres` to lend it to")
    folder = Path(tempfile.mkdtemp(prefix="vaguemestre-postgres-"))
    try:
        _make_cluster(programs, folder)
        yield from _running(programs, folder)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A new, empty database."""
    return _create(postgres_server, "template0")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/vaguemestre.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: str) -> str:
    """The name of a database with its tables made, to copy."""
    url = _create(postgres_server, "template0")
    open_database(url).close()
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> str:
    """A new database on each engine in turn, its tables made."""
    if request.param == "sqlite":
        shutil.copy(tables, tmp_path / "vaguemestre.db")
        return f"sqlite:///{tmp_path}/vaguemestre.db"
    server, model = (str(request.getfixturevalue(name)) for name in ("postgres_server", "postgres_tables"))
    return _create(server, model)


@pytest.fixture
def opened(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    with closing(open_database(database_url)) as engine:
        yield engine


def _create(server: str, model: str) -> str:
    name = next(_names)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {model}")
    return f"{server}/{name}"


def _programs() -> Path | None:
    """The folder of initdb and postgres: Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(folders) if (folder / "postgres").exists()), None)


def _lent_to() -> dict[str, Any] | None:
    try:
        owner = pwd.getpwnam("postgres")
    except KeyError:
        return None
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _as_owner() -> dict[str, Any]:
    return (_lent_to() or {}) if os.geteuid() == 0 else {}


def _make_cluster(programs: Path, folder: Path) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if owner := _as_owner():
        os.chown(folder, owner["user"], owner["group"])
        os.chown(secret, owner["user"], owner["group"])
    made = subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", "vaguemestre", "-A", "scram-sha-256", f"--pwfile={secret}",
         "-E", "UTF8", "--locale=C", "--no-sync"],
        cwd=folder, check=False, capture_output=True, text=True, **_as_owner(),
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"initdb made no PostgreSQL cluster: {made.stderr.strip()}")


def _running(programs: Path, folder: Path) -> Iterator[str]:
    port = _free_port()
    command: list[str | Path] = [
        programs / "postgres",
        "-D",
        folder / "data",
        "-p",
        str(port),
        "-h",
        "127.0.0.1",
        "-k",
        folder,
        "-F",
    ]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, **_as_owner()) as server:
        assert server.stderr is not None
        seen: list[str] = []
        for line in server.stderr:
            seen.append(line)
            if "ready to accept connections" in line:
                break
        else:
            pytest.skip(f"PostgreSQL didn't start: {''.join(seen[-3:]).strip()}")
        reader = Thread(target=deque, args=(server.stderr, 0))  # a full pipe would stop the server
        reader.start()
        yield f"postgresql://vaguemestre:{PASSWORD}@127.0.0.1:{port}"
        server.send_signal(signal.SIGQUIT)  # stop at once, nothing here is kept
        server.wait()
        reader.join()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
