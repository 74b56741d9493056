"""Databases with their tables made, to copy: making them anew would be most of what many tests cost.

That `open_database` makes them, on both engines, is what `tests/archive/test_database_migrations.py` claims.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from peewee import Database

from archive.database import open_database


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that knows nothing yet."""
    path = tmp_path_factory.mktemp("tables") / "vaguemestre.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def blank(tmp_path: Path, tables: Path) -> Iterator[Database]:
    """An open SQLite database that knows nothing yet."""
    with closing(opened_copy(tables, tmp_path / "vaguemestre.db")) as engine:
        yield engine


def opened_copy(source: Path, target: Path) -> Database:
    target.parent.mkdir(exist_ok=True)
    shutil.copy(source, target)
    return open_database(f"sqlite:///{target}")
