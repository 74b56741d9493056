"""What every letter asks of the database, its SQL written once: peewee writes it slower than SQLite answers it.

Rows by equality, new rows, changes to one row, and `Prepared` for what else is asked often. The SQL is peewee's own for
the engine in use, and values pass through the fields as always.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from peewee import Field, Value

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


class Prepared:
    """A query of any shape.

    `write` makes it, with stand-ins for the values that are named; `fields` says by which field each of them is stored.
    Only values that the caller gives may differ from one use to the next.
    """

    def __init__(self, write: Callable[..., Any], **fields: Field) -> None:
        self._write = write
        self._fields = fields
        self._written: dict[str, tuple[str, tuple[Any, ...], tuple[Callable[[Any], Any], ...]]] = {}

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The selected columns, each as its field reads it."""
        readers = self._sql()[2]
        return [tuple(read(value) for read, value in zip(readers, row, strict=True)) for row in self._found(values)]

    def models(self, table: type[Row], **values: Any) -> list[tuple[Row, Any]]:
        """Rows of a table whose columns were all selected, each with the one column that was selected after them."""
        read = self._sql()[2][-1]
        return [(_row(table, row[:-1]), read(row[-1])) for row in self._found(values)]

    def run(self, **values: Any) -> int:
        """How many rows were changed."""
        sql, parameters, _ = self._sql()
        return int(database.execute_sql(sql, self._filled(parameters, values)).rowcount)

    def _found(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        sql, parameters, _ = self._sql()
        rows: list[tuple[Any, ...]] = database.execute_sql(sql, self._filled(parameters, values)).fetchall()
        return rows

    def _filled(self, parameters: tuple[Any, ...], values: Mapping[str, Any]) -> list[Any]:
        stored = {name: _stored(self._fields[name], value) for name, value in values.items()}
        return [stored[one.name] if isinstance(one, _Slot) else one for one in parameters]

    def _sql(self) -> tuple[str, tuple[Any, ...], tuple[Callable[[Any], Any], ...]]:
        engine = type(database.obj).__name__
        if engine not in self._written:
            query = self._write(**{name: Value(_Slot(name), converter=False) for name in self._fields})
            sql, parameters = query.sql()
            columns = getattr(query, "_returning", None) or ()
            self._written[engine] = sql, tuple(parameters), tuple(map(_reader, columns))
        return self._written[engine]


class _Slot:
    """Where a value goes, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name


def _stored(field: Any, value: Any) -> Any:
    return field.db_value(value)


def _reader(column: Any) -> Callable[[Any], Any]:
    read: Callable[[Any], Any] = column.python_value if isinstance(column, Field) else _same
    return read


def _same(value: Any) -> Any:
    return value


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
