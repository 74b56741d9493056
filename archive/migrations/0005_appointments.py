"""What the calendars of our own people were told of the due times."""

from typing import Any

from peewee import BooleanField, CompositeKey, Database, ForeignKeyField, IntegerField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Case(Table):
    ref = TextField(primary_key=True)


class Appointment(Table):
    case = ForeignKeyField(Case)
    address = TextField()
    due_at = TextField()
    sequence = IntegerField()
    stands = BooleanField()

    class Meta:
        primary_key = CompositeKey("case", "address")


TABLES = (Appointment,)


def up(_migrator: Any, db: Database) -> None:
    with db.bind_ctx((Case, *TABLES), bind_refs=False, bind_backrefs=False):
        db.create_tables(TABLES)
