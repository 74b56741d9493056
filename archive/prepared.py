"""What every letter asks of the database, its SQL written once: peewee writes it slower than SQLite answers it.

Rows by equality, new rows, changes to one row. The SQL is peewee's own for the engine in use, and values pass through
the fields as always.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from peewee import Value

from archive.records import Table, database

Row = TypeVar("Row", bound=Table)


def find(table: type[Row], **wanted: Any) -> Row | None:
    """The row whose columns have these values, as `get_or_none` gives it; any of them when there are several."""
    sql, rest = _selecting(type(database.obj).__name__, table, tuple(wanted))
    fields = table._meta.combined  # noqa: SLF001  peewee's way
    values = [fields[name].db_value(value) for name, value in wanted.items()]
    found = database.execute_sql(sql, [*values, *rest]).fetchone()
    return None if found is None else _row(table, found)


def add(table: type[Table], **row: Any) -> None:
    """Insert a row; what it leaves out has its default."""
    _add(table, row, unless_there=False)


def add_once(table: type[Table], **row: Any) -> None:
    """The same; a row with the same key that is there already stays as it is."""
    _add(table, row, unless_there=True)


def change(table: type[Table], key: Any, **values: Any) -> None:
    """Update the row of a table that has this primary key."""
    about: Any = table._meta  # noqa: SLF001  peewee's way
    sql, names = _updating(type(database.obj).__name__, table, tuple(values))
    told = {**values, about.primary_key.name: key}
    database.execute_sql(sql, [about.combined[name].db_value(told[name]) for name in names])


def _add(table: type[Table], row: Mapping[str, Any], *, unless_there: bool) -> None:
    about: Any = table._meta  # noqa: SLF001  peewee's way
    whole = {**about.get_default_dict(), **row}
    sql, names = _inserting(type(database.obj).__name__, table, tuple(whole), unless_there)
    database.execute_sql(sql, [about.combined[name].db_value(whole[name]) for name in names])


@cache
def _selecting(_engine: str, table: type[Table], names: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
    """The SQL, and the parameters that come after the values."""
    fields = table._meta.combined  # noqa: SLF001  peewee's way
    query = table.select().where(*(fields[name] == _place_of(name) for name in names)).limit(1)
    sql, parameters = query.sql()
    return sql, tuple(parameters[len(names) :])


@cache
def _inserting(
    _engine: str, table: type[Table], names: tuple[str, ...], unless_there: bool
) -> tuple[str, tuple[str, ...]]:
    """The SQL, and the names in the order in which it wants the values."""
    query = table.insert({name: _place_of(name) for name in names})
    sql, parameters = (query.on_conflict_ignore() if unless_there else query).sql()
    return sql, tuple(parameters)


@cache
def _updating(_engine: str, table: type[Table], names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The SQL, and the names in the order in which it wants the values, the primary key last."""
    key: Any = table._meta.primary_key  # noqa: SLF001  peewee's way
    query = table.update({name: _place_of(name) for name in names}).where(key == _place_of(key.name))
    sql, parameters = query.sql()
    return sql, tuple(parameters)


def _place_of(name: str) -> Value:
    """Stands for a value: among the parameters its name tells where the value goes."""
    return Value(name, converter=False)


def _row(table: type[Row], found: tuple[Any, ...]) -> Row:
    fields = table._meta.sorted_fields  # noqa: SLF001  peewee's way
    row: Any = table(__no_default__=1)
    row.__data__ = {field.name: field.python_value(value) for field, value in zip(fields, found, strict=True)}
    row._dirty.clear()  # noqa: SLF001  peewee's way
    made: Row = row
    return made
