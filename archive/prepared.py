"""What every letter asks of the database, its SQL written once: peewee writes it slower than SQLite answers it.

`Prepared` is a query of any shape; rows by equality, new rows and changes to one row are made with it. The SQL is
peewee's own for the engine in use, and values pass through the fields as always.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from peewee import Field, Value

from archive.records import Table, database

Row = TypeVar("Row", bound=Table)


def find(table: type[Row], **wanted: Any) -> Row | None:
    """The row whose columns have these values, as `get_or_none` gives it; any of them when there are several."""
    found = _selecting(table, tuple(wanted)).models(table, **wanted)
    return found[0][0] if found else None


def add(table: type[Table], **row: Any) -> None:
    """Insert a row; what it leaves out has its default."""
    _add(table, row, unless_there=False)


def add_once(table: type[Table], **row: Any) -> None:
    """The same; a row with the same key that is there already stays as it is."""
    _add(table, row, unless_there=True)


def change(table: type[Table], key: Any, **values: Any) -> None:
    """Update the row of a table that has this primary key."""
    _updating(table, tuple(values)).run(**values, **{_about(table).primary_key.name: key})


class Prepared:
    """A query of any shape, its SQL written once for each engine.

    `write` makes it, with stand-ins for the values that are named; `fields` says by which field each of them is stored.
    Only values that the caller gives may differ from one use to the next.
    """

    def __init__(self, write: Callable[..., Any], **fields: Any) -> None:
        self._write = write
        self._fields = fields
        self._written: dict[str, tuple[str, tuple[Any, ...], tuple[Callable[[Any], Any], ...]]] = {}

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The selected columns, each as its field reads it."""
        return [_read(self._sql()[2], row) for row in self._found(values)]

    def models(self, table: type[Row], **values: Any) -> list[tuple[Row, tuple[Any, ...]]]:
        """Rows of a table whose columns were all selected first, each with what was selected after them."""
        width = len(_about(table).sorted_fields)
        after = self._sql()[2][width:]
        return [(_row(table, row[:width]), _read(after, row[width:])) for row in self._found(values)]

    def run(self, **values: Any) -> int:
        """How many rows were changed."""
        return int(self._execute(values).rowcount)

    def _found(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._execute(values).fetchall()
        return rows

    def _execute(self, values: Mapping[str, Any]) -> Any:
        sql, parameters, _ = self._sql()
        stored = {name: self._fields[name].db_value(value) for name, value in values.items()}
        return database.execute_sql(sql, [stored[one.name] if isinstance(one, _Slot) else one for one in parameters])

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


def _reader(column: Any) -> Callable[[Any], Any]:
    read: Callable[[Any], Any] = column.python_value if isinstance(column, Field) else _same
    return read


def _same(value: Any) -> Any:
    return value


def _read(readers: tuple[Callable[[Any], Any], ...], row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(read(value) for read, value in zip(readers, row, strict=True))


def _add(table: type[Table], row: Mapping[str, Any], *, unless_there: bool) -> None:
    whole = {**_about(table).get_default_dict(), **row}
    _inserting(table, tuple(whole), unless_there).run(**whole)


@cache
def _selecting(table: type[Table], names: tuple[str, ...]) -> Prepared:
    fields = _fields(table, names)
    return Prepared(
        lambda **values: table.select().where(*(fields[name] == values[name] for name in names)).limit(1), **fields
    )


@cache
def _inserting(table: type[Table], names: tuple[str, ...], unless_there: bool) -> Prepared:
    def write(**values: Value) -> Any:
        query = table.insert(values)
        return query.on_conflict_ignore() if unless_there else query

    return Prepared(write, **_fields(table, names))


@cache
def _updating(table: type[Table], names: tuple[str, ...]) -> Prepared:
    key = _about(table).primary_key

    def write(**values: Value) -> Any:
        return table.update({name: values[name] for name in names}).where(key == values[key.name])

    return Prepared(write, **_fields(table, (*names, key.name)))


def _fields(table: type[Table], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _about(table).combined[name] for name in names}


def _about(table: type[Table]) -> Any:
    """What peewee knows of a table: its fields, by their names and in their order."""
    return table._meta  # noqa: SLF001  peewee's way


def _row(table: type[Row], found: tuple[Any, ...]) -> Row:
    fields = _about(table).sorted_fields
    row: Any = table(__no_default__=1)
    row.__data__ = {field.name: field.python_value(value) for field, value in zip(fields, found, strict=True)}
    row._dirty.clear()  # noqa: SLF001  peewee's way
    made: Row = row
    return made
