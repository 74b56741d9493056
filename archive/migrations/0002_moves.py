"""What happens to a case later, where letters stand in a mailbox, and what people have taught us."""

from typing import Any

from peewee import BigIntegerField, CompositeKey, Database, ForeignKeyField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Case(Table):
    ref = TextField(primary_key=True)


class Event(Table):
    key = TextField(primary_key=True)
    case = ForeignKeyField(Case)
    op = TextField()
    at = TextField()
    by = TextField()
    sidecar = TextField()


class Correction(Table):
    key = TextField(primary_key=True)
    case = ForeignKeyField(Case)
    message = TextField()
    at = TextField(index=True)
    by = TextField()
    was = TextField()
    label = TextField()
    undone_at = TextField(null=True)
    traits = TextField()


class Standing(Table):
    mailbox = TextField()
    message = TextField()
    place = TextField()
    uidvalidity = BigIntegerField()
    uid = BigIntegerField()
    marks = TextField()

    class Meta:
        primary_key = CompositeKey("mailbox", "message")


class Sighting(Table):
    mailbox = TextField()
    place = TextField()
    uidvalidity = BigIntegerField()
    uid = BigIntegerField()
    message = TextField(index=True)
    seen_at = TextField()
    state = TextField()

    class Meta:
        primary_key = CompositeKey("mailbox", "place", "uidvalidity", "uid")


TABLES = (Event, Correction, Standing, Sighting)


def up(_migrator: Any, db: Database) -> None:
    with db.bind_ctx((Case, *TABLES), bind_refs=False, bind_backrefs=False):
        db.create_tables(TABLES)
