"""The tables of the first version, as they were then: a copy on purpose, that later changes leave alone."""

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    Database,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


class Table(Model):
    class Meta:
        legacy_table_names = False


class Owner(Table):
    id = AutoField()
    name = TextField(unique=True)


class Mandate(Table):
    number = TextField(primary_key=True)
    owner = ForeignKeyField(Owner)


class Manager(Table):
    id = TextField(primary_key=True)
    civility = TextField()
    last_name = TextField()
    first_name = TextField()
    email = TextField()
    phone = TextField()
    site = TextField()
    backup = TextField(null=True)
    works_in = TextField()


class Property(Table):
    code = TextField(primary_key=True)
    name = TextField(unique=True)
    address = TextField()
    postcode = TextField()
    city = TextField()
    manager = ForeignKeyField(Manager, null=True)


class Lease(Table):
    id = TextField(primary_key=True)
    mandate = ForeignKeyField(Mandate)
    property = ForeignKeyField(Property)
    lot = TextField()
    furnished = BooleanField()
    tense_zone = BooleanField(null=True)
    start = TextField()
    end = TextField(null=True)
    left_on = TextField(null=True)
    rent = BigIntegerField()
    charges = BigIntegerField()
    other = BigIntegerField()
    deposit = BigIntegerField()
    channel = TextField()
    consent_on = TextField(null=True)
    insurance_until = TextField(null=True)
    payment = TextField()
    mandate_reference = TextField()
    postal = TextField()
    term_months = IntegerField()


class Case(Table):
    ref = TextField(primary_key=True)
    label = TextField()
    status = TextField(index=True)
    party = TextField()
    lease = ForeignKeyField(Lease, null=True)
    owner = ForeignKeyField(Owner, null=True)
    manager = ForeignKeyField(Manager, null=True)
    subject = TextField()
    sender = TextField(index=True)
    received_at = TextField()
    due_at = TextField(index=True)
    answered_at = TextField(null=True)
    urgent = BooleanField()
    to_sort = BooleanField()
    confidence = FloatField()
    because = TextField()
    gist = TextField()
    related = TextField(null=True)
    merged = TextField(null=True)
    paused_at = TextField(null=True)
    paused_seconds = IntegerField()
    waits_for = TextField()
    waits_until = TextField(null=True)
    remind_at = TextField(null=True)


class CaseNumber(Table):
    year = IntegerField(primary_key=True)
    last = IntegerField()


class Person(Table):
    id = AutoField()
    lease = ForeignKeyField(Lease, null=True, on_delete="CASCADE")
    owner = ForeignKeyField(Owner, null=True, on_delete="CASCADE")
    role = TextField()
    civility = TextField()
    last_name = TextField()
    first_name = TextField()
    wording = TextField()
    source = TextField()


class Contact(Table):
    id = AutoField()
    person = ForeignKeyField(Person, null=True, on_delete="CASCADE")
    manager = ForeignKeyField(Manager, null=True, on_delete="CASCADE")
    kind = TextField()
    value = TextField(index=True)
    source = TextField()


class Cursor(Table):
    mailbox = TextField()
    folder = TextField()
    uidvalidity = BigIntegerField()
    last_uid = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("mailbox", "folder")


class Duty(Table):
    key = TextField(primary_key=True)
    due_at = TextField(index=True)
    done_at = TextField(null=True)


class Errand(Table):
    key = TextField(primary_key=True)
    kind = TextField()
    mailbox = TextField(index=True)
    folder = TextField()
    uidvalidity = BigIntegerField()
    uid = BigIntegerField()
    target = TextField()
    flagged = BooleanField()
    message = TextField()
    message_id = TextField()
    state = TextField(index=True)
    tries = IntegerField()
    error = TextField()


class Fact(Table):
    name = TextField(primary_key=True)
    value = TextField()


class Message(Table):
    digest = TextField(primary_key=True)
    id = TextField(index=True)
    direction = TextField()
    state = TextField()
    content_digest = TextField(index=True)
    same_as = TextField(null=True)
    message_id = TextField(index=True)
    subject = TextField()
    sender = TextField(index=True)
    received_at = TextField(index=True)
    path = TextField()
    sidecar = TextField()
    case = ForeignKeyField(Case, null=True)
    label = TextField()
    automated = BooleanField()
    shelf = TextField()
    flagged = BooleanField()
    reason = TextField()


class Movement(Table):
    id = AutoField()
    lease = ForeignKeyField(Lease)
    day = TextField(index=True)
    kind = TextField()
    label = TextField()
    debit = BigIntegerField()
    credit = BigIntegerField()
    reference = TextField(index=True)


class Outgoing(Table):
    id = AutoField()
    key = TextField(unique=True)
    kind = TextField()
    template = TextField()
    case = ForeignKeyField(Case, null=True)
    answers = TextField(null=True)
    recipient = TextField(index=True)
    filed = BooleanField()
    automatic = BooleanField()
    state = TextField(index=True)
    message_id = TextField(index=True)
    raw = BlobField(null=True)  # type: ignore[assignment]  # hides Model.raw()
    digest = TextField()
    created_at = TextField()
    next_try_at = TextField(index=True)
    tries = IntegerField()
    urgent = BooleanField()
    bulk = BooleanField()
    encloses = TextField(null=True)
    released = BooleanField()
    first_try_at = TextField(null=True)
    sent_at = TextField(index=True, null=True)
    error = TextField()
    details = TextField()


class NoticeRun(Table):
    period = TextField(primary_key=True)
    due_at = TextField()
    prepared_at = TextField()
    fingerprint = TextField()
    summary = TextField()
    approved_at = TextField(null=True)
    approved_by = TextField()
    seconded_at = TextField(null=True)
    seconded_by = TextField()


class RentNotice(Table):
    id = AutoField()
    key = TextField(unique=True)
    lease = ForeignKeyField(Lease)
    period = TextField(index=True)
    version = IntegerField()
    number = TextField()
    kind = TextField()
    issued_on = TextField()
    channel = TextField()
    address = TextField()
    opening_balance = BigIntegerField()
    term_due = BigIntegerField()
    total_due = BigIntegerField()
    receipt = TextField()
    odd = TextField()
    data = TextField()
    state = TextField(index=True)
    digest = TextField(index=True)
    path = TextField()
    batch = IntegerField()
    printed_at = TextField(null=True)
    error = TextField()


class Consent(Table):
    key = TextField(primary_key=True)
    lease = ForeignKeyField(Lease)
    address = TextField()
    given_on = TextField()
    withdrawn_at = TextField(null=True)
    proof = TextField()


class Order(Table):
    key = TextField(primary_key=True)
    name = TextField()
    message = TextField()
    case = ForeignKeyField(Case, null=True)
    lease = TextField()
    by = TextField()
    at = TextField()
    details = TextField()
    state = TextField(index=True)
    error = TextField()


class Receipt(Table):
    key = TextField(primary_key=True)
    message = ForeignKeyField(Message)
    received_at = TextField()
    state = TextField()


class Step(Table):
    id = AutoField()
    case = ForeignKeyField(Case)
    at = TextField()
    what = TextField()
    message = TextField(null=True)
    detail = TextField()


TABLES = (
    Owner, Mandate, Manager, Property, Lease, Case, CaseNumber, Person, Contact, Cursor, Duty, Errand, Fact,
    Message, Movement, NoticeRun, Order, Outgoing, Receipt, RentNotice, Consent, Step,
)  # fmt: skip


def up(_migrator: Any, db: Database) -> None:
    with db.bind_ctx(TABLES, bind_refs=False, bind_backrefs=False):
        db.create_tables(TABLES)
