"""The managers who share a building with the one in charge."""

from typing import Any

from peewee import CompositeKey, Database, ForeignKeyField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Property(Table):
    code = TextField(primary_key=True)


class Manager(Table):
    id = TextField(primary_key=True)


class Share(Table):
    property = ForeignKeyField(Property, on_delete="CASCADE")
    manager = ForeignKeyField(Manager, on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("property", "manager")


TABLES = (Share,)


def up(_migrator: Any, db: Database) -> None:
    with db.bind_ctx((Property, Manager, *TABLES), bind_refs=False, bind_backrefs=False):
        db.create_tables(TABLES)
