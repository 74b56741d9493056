"""The pages of a notice that accounting's own software printed."""

from typing import Any

from peewee import BigIntegerField, Database, ForeignKeyField, IntegerField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Lease(Table):
    id = TextField(primary_key=True)


class NoticePart(Table):
    key = TextField(primary_key=True)
    lease = ForeignKeyField(Lease)
    period = TextField(index=True)
    message = TextField()
    number = IntegerField()
    pages = TextField()
    total = BigIntegerField(null=True)


TABLES = (NoticePart,)


def up(_migrator: Any, db: Database) -> None:
    with db.bind_ctx((Lease, *TABLES), bind_refs=False, bind_backrefs=False):
        db.create_tables(TABLES)
