"""Every table, and nothing else.

Times are stored as UTC text of fixed width, which sorts as it reads on both engines; money as whole cents. `database`
is a proxy: `archive.database.open_database` decides which engine stands behind it. Peewee makes `case_id` beside
`case`: the bare annotations tell the type checker.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    DatabaseProxy,
    Field,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

database = DatabaseProxy()


class ProseField(TextField):
    """Text as a correspondent wrote it, less what an engine refuses: NUL (PostgreSQL), lone surrogates (both)."""

    def db_value(self, value: str | None) -> str | None:
        return None if value is None else value.replace("\0", "").encode("utf-8", "replace").decode()


class LineField(ProseField):
    """A name, a key, an address: text short enough for an index (PostgreSQL takes 2,704 bytes).

    It is cut the same way when it is stored and when it is looked up. No length is declared: VARCHAR would make the two
    engines disagree about a hostile Message-ID.
    """

    def db_value(self, value: str | None) -> str | None:
        stored = super().db_value(value)
        return None if stored is None else stored.encode()[:2000].decode("utf-8", "ignore")


class InstantField(Field):
    """An aware datetime, kept as `2026-11-24T13:32:05.000000Z`."""

    field_type = "TEXT"

    def db_value(self, value: datetime | None) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"{value} has no time zone: it may be any of 38 instants"
            raise ValueError(message)
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def python_value(self, value: str | None) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class DayField(Field):
    """A calendar date, kept as `2026-11-24`."""

    field_type = "TEXT"

    def db_value(self, value: date | None) -> str | None:
        return None if value is None else value.isoformat()

    def python_value(self, value: str | None) -> date | None:
        return None if value is None else date.fromisoformat(value)


class MoneyField(Field):
    """Euros as a Decimal of two places, kept as whole cents. A third decimal is an error, never rounded.

    What the engine computes (`fn.SUM`) comes back in cents; give it an alias, or peewee may guess a column by its name.
    """

    field_type = "BIGINT"

    def db_value(self, value: Decimal | None) -> int | None:
        if value is None:
            return None
        cents = Decimal(value) * 100
        if cents != cents.to_integral_value():
            message = f"{value} euros isn't a whole number of cents"
            raise ValueError(message)
        return int(cents)

    def python_value(self, value: int | None) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class Table(Model):
    """What all tables share. peewee adds `owner_id` beside a foreign key `owner`; it is declared for type checkers."""

    class Meta:
        database = database
        legacy_table_names = False


# --- the agency: what `import` brings in


class Manager(Table):
    """A gestionnaire. `works_in` is `own` (a notice for each case) or `shared` (reads the shared mailbox)."""

    id = LineField(primary_key=True)
    civility = LineField(default="")
    last_name = LineField()
    first_name = LineField(default="")
    email = LineField()
    phone = LineField(default="")
    site = LineField(default="")
    backup = LineField(null=True)
    works_in = LineField(default="own")


class Property(Table):
    """A building. `code` (four digits) is given at its first import and names its folder for ever."""

    code = LineField(primary_key=True)
    name = LineField(unique=True)
    address = LineField(default="")
    postcode = LineField(default="")
    city = LineField(default="")
    manager = ForeignKeyField(Manager, null=True, backref="properties")
    manager_id: str | None


class Share(Table):
    """A manager who shares a building with the one in charge: hears of its cases, and may answer."""

    property = ForeignKeyField(Property, backref="shares", on_delete="CASCADE")
    property_id: str
    manager = ForeignKeyField(Manager, backref="shares", on_delete="CASCADE")
    manager_id: str

    class Meta:
        primary_key = CompositeKey("property", "manager")


class Owner(Table):
    id = AutoField()
    name = LineField(unique=True)


class Mandate(Table):
    """A mandat de gestion: its number and whose it is."""

    number = LineField(primary_key=True)
    owner = ForeignKeyField(Owner, backref="mandates")
    owner_id: int


class Lease(Table):
    """A lease runs until a departure or its settlement: `end` is only the contract's term."""

    id = LineField(primary_key=True)
    mandate = ForeignKeyField(Mandate, backref="leases")
    mandate_id: str
    property = ForeignKeyField(Property, backref="leases")
    property_id: str
    lot = LineField(default="")
    furnished = BooleanField(default=False)
    tense_zone = BooleanField(null=True)  # zone tendue, as the agency's software says
    start = DayField()
    end = DayField(null=True)
    left_on = DayField(null=True)  # a departure that was recorded
    rent = MoneyField()
    charges = MoneyField()
    other = MoneyField()
    deposit = MoneyField()
    channel = LineField(default="post")  # of the monthly notice: email or post
    consent_on = DayField(null=True)
    insurance_until = DayField(null=True)
    payment = LineField(default="")  # a rules.labels.Mode: transfer, direct_debit, cheque, cash, card, aid
    mandate_reference = LineField(default="")  # RUM, of a direct debit
    postal = LineField(default="")  # where the tenant's post goes when not to the property; commas between its lines
    term_months = IntegerField(default=1)  # what one call covers: a month, a quarter


class Person(Table):
    """Somebody named in a lease, or an owner. `role` is a `rules.plan.Role`; `wording` is what the import said."""

    id = AutoField()
    lease = ForeignKeyField(Lease, null=True, backref="people", on_delete="CASCADE")
    lease_id: str | None
    owner = ForeignKeyField(Owner, null=True, backref="people", on_delete="CASCADE")
    owner_id: int | None
    role = LineField()
    civility = LineField(default="")
    last_name = LineField(default="")
    first_name = LineField(default="")
    wording = LineField(default="")
    source = LineField(default="import")  # import, or who added this person: an import leaves those alone


class Contact(Table):
    """An address or a telephone of a person or a manager, normalised. `source`: import, or a manager's confirmation."""

    id = AutoField()
    person = ForeignKeyField(Person, null=True, backref="contacts", on_delete="CASCADE")
    person_id: int | None
    manager = ForeignKeyField(Manager, null=True, backref="contacts", on_delete="CASCADE")
    manager_id: str | None
    kind = LineField()  # email, phone
    value = LineField(index=True)
    source = LineField(default="import")


class Movement(Table):
    """A line of the tenant account.

    One reference may carry several lines of one call, and stand in several accounts: lease, reference and label
    together name a line.
    """

    id = AutoField()
    lease = ForeignKeyField(Lease, backref="movements")
    lease_id: str
    day = DayField(index=True)
    kind = LineField()  # appel, reglement, regularisation, avoir, frais
    label = LineField()
    debit = MoneyField()
    credit = MoneyField()
    reference = LineField(index=True)


# --- mail that came in


class Cursor(Table):
    """How far one folder of one mailbox was read: every UID up to `last_uid` is recorded.

    UIDVALIDITY 0 is a folder that was looked for and wasn't there.
    """

    mailbox = LineField()
    folder = LineField()
    uidvalidity = BigIntegerField()
    last_uid = BigIntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("mailbox", "folder")


class CaseNumber(Table):
    """The last number given in a year; reserved in a transaction of its own, so gaps are allowed."""

    year = IntegerField(primary_key=True)
    last = IntegerField()


class Case(Table):
    """A matter that is followed until it is answered. `ref` looks like VM-2026-000123."""

    ref = LineField(primary_key=True)
    label = LineField()
    status = LineField(default="open", index=True)  # open, waiting, answered, closed
    party = LineField()
    lease = ForeignKeyField(Lease, null=True, backref="cases")
    lease_id: str | None
    owner = ForeignKeyField(Owner, null=True, backref="cases")
    owner_id: int | None
    manager = ForeignKeyField(Manager, null=True, backref="cases")
    manager_id: str | None
    subject = ProseField(default="")
    sender = LineField(index=True)  # bare, lower case
    received_at = InstantField()
    due_at = InstantField(index=True)
    answered_at = InstantField(null=True)
    urgent = BooleanField(default=False)
    to_sort = BooleanField(default=False)
    confidence = FloatField(default=1.0)
    because = ProseField(default="")
    gist = ProseField(default="")  # what was quoted of its letters, one after the other
    related = LineField(null=True)  # a case that it may belong to
    merged = LineField(null=True)  # the case that it has become part of
    paused_at = InstantField(null=True)  # since then its clock stands still; due_at moves when it goes on
    paused_seconds = IntegerField(default=0)  # how long it stood still before
    waits_for = LineField(default="")  # tenant (then the clock stands still), owner, artisan, syndic, works
    waits_until = InstantField(null=True)  # then it has waited long enough, and a person is told
    remind_at = InstantField(null=True)  # a person wants to hear of it again


class Step(Table):
    """What happened to a case, in order (opened, joined, answered, bounced...), and the message that proves it."""

    id = AutoField()
    case = ForeignKeyField(Case, backref="steps")
    case_id: str
    at = InstantField()
    what = LineField()
    message = LineField(null=True)  # digest of the pli
    detail = ProseField(default="")


class Event(Table):
    """An event record of the tree that this database knows: `key` is `<id of the pli>.e<number>`."""

    key = LineField(primary_key=True)
    case = ForeignKeyField(Case, backref="events")
    case_id: str
    op = LineField()  # an archive.journal.Op
    at = InstantField()
    by = LineField(default="")  # a manager's id, a mailbox in which somebody moved a letter, or a command
    sidecar = ProseField()  # where the record stands in the tree


class Correction(Table):
    """What a person has taught us: this letter is not `was` but `label` (or `label` indeed, when nobody was sure).

    `key` is that of its event; `traits` what rules.learned reads in the letter, as JSON, or `""` until it is read.
    """

    key = LineField(primary_key=True)
    case = ForeignKeyField(Case, backref="corrections")
    case_id: str
    message = LineField()  # digest of the letter
    at = InstantField(index=True)
    by = LineField(default="")
    was = LineField()
    label = LineField()
    undone_at = InstantField(null=True)
    traits = ProseField(default="")


class Message(Table):
    """A pli of the tree: a letter received or a message sent. `state` is filed, duplicate or quarantined."""

    digest = LineField(primary_key=True)  # sha256 of the bytes, hex
    id = LineField(index=True)  # its short form, as in file names
    direction = LineField()  # in, out
    state = LineField(default="filed")
    content_digest = LineField(index=True, default="")
    same_as = LineField(null=True)
    message_id = LineField(index=True, default="")
    subject = ProseField(default="")
    sender = LineField(default="", index=True)
    received_at = InstantField(index=True)
    path = ProseField()  # of the main document, relative to the tree
    sidecar = ProseField()
    case = ForeignKeyField(Case, null=True, backref="messages")
    case_id: str | None
    label = LineField(default="")
    automated = BooleanField(default=False)
    shelf = LineField(default="")  # the rules.plan.Folder where each copy of it belongs in a mailbox; "" when it stays
    flagged = BooleanField(default=False)
    reason = ProseField(default="")  # of a quarantine


class Receipt(Table):
    """One sight of a letter: where and when it reached us. `key` is `imap/box/folder/validity/uid` or `lmtp/id`."""

    key = LineField(primary_key=True)
    message = ForeignKeyField(Message, backref="receipts")
    message_id: str
    received_at = InstantField()
    state = LineField()  # filed, duplicate, quarantined: seen is their sum


class Standing(Table):
    """Where a letter is expected in a mailbox: where it came in, where we moved it, where a person was seen to put it.

    `uid` is 0 while its number there isn't known. `marks` are those that we have put on it.
    """

    mailbox = LineField()
    message = LineField()  # digest of the pli
    place = LineField()  # a rules.plan.Folder
    uidvalidity = BigIntegerField(default=0)
    uid = BigIntegerField(default=0)
    marks = LineField(default="")  # rules.shelves.Mark, and `star` for the flag

    class Meta:
        primary_key = CompositeKey("mailbox", "message")


class Sighting(Table):
    """A letter that was seen in a folder, and of which nothing was concluded yet; it may still be in `incoming/`."""

    mailbox = LineField()
    place = LineField()  # a rules.plan.Folder
    uidvalidity = BigIntegerField()
    uid = BigIntegerField()
    message = LineField(index=True)  # digest of the pli
    seen_at = InstantField()
    state = LineField(default="seen")  # seen, held (too many at once: a person is asked), confirmed

    class Meta:
        primary_key = CompositeKey("mailbox", "place", "uidvalidity", "uid")


class Errand(Table):
    """Something to do in an IMAP mailbox, afterwards and repeatably: move, flag, append a copy, follow a case."""

    key = LineField(primary_key=True)
    kind = LineField()  # move, flag, append, tidy
    mailbox = LineField(index=True)
    folder = LineField(default="")  # where it stands; of a `tidy`: the place that a move under way goes to
    uidvalidity = BigIntegerField(default=0)
    uid = BigIntegerField(default=0)
    target = LineField()
    flagged = BooleanField(default=False)
    message = LineField()  # digest of the pli
    message_id = LineField(default="")
    state = LineField(default="waiting", index=True)  # waiting, doing, done, failed
    tries = IntegerField(default=0)
    error = ProseField(default="")


# --- mail that goes out


class Outgoing(Table):
    """One thing to say to one person. The key is unique, so that a replay can't say it twice."""

    id = AutoField()
    key = LineField(unique=True)
    kind = LineField()  # acknowledgement, notice, ...: a mail of templates/mails
    template = LineField()
    case = ForeignKeyField(Case, null=True, backref="outgoing")
    case_id: str | None
    answers = LineField(null=True)  # digest of the letter that it answers
    recipient = LineField(index=True)
    filed = BooleanField()  # goes to a correspondent: it is filed in the tree before the first attempt
    automatic = BooleanField(default=True)  # counts for the caps, goes with a null sender
    # waiting, sending, uncertain, deferred, sent, failed, held; bounced: came back; withdrawn: no longer allowed
    state = LineField(default="waiting", index=True)
    message_id = LineField(default="", index=True)
    # The frozen bytes; null until they are composed. The name hides Model.raw(), which nobody here calls.
    raw = BlobField(null=True)  # type: ignore[assignment]
    digest = LineField(default="")
    created_at = InstantField()
    next_try_at = InstantField(index=True)
    tries = IntegerField(default=0)
    urgent = BooleanField(default=False)  # goes before the others
    bulk = BooleanField(default=False)  # one of many: goes after the others, and no copy is put in the mailbox
    encloses = LineField(null=True)  # digest of the pli whose document is attached
    released = BooleanField(default=False)  # a person let it pass the caps
    first_try_at = InstantField(null=True)  # the five days before giving up run from here
    sent_at = InstantField(null=True, index=True)
    error = ProseField(default="")
    details = ProseField(default="{}")  # JSON: what the template needs beyond the case and the letter


# --- the monthly notices


class NoticeRun(Table):
    """One month's notices: the period is the term called. Approved when every approval that is set was given."""

    period = LineField(primary_key=True)  # 2026-12
    due_at = InstantField()  # they leave from then on
    prepared_at = InstantField()
    fingerprint = LineField(default="")  # of what the last summary told
    summary = LineField(default="")  # its key in the outbox
    approved_at = InstantField(null=True)
    approved_by = LineField(default="")
    seconded_at = InstantField(null=True)
    seconded_by = LineField(default="")


class RentNotice(Table):
    """What one lease gets for one term. A correction is a new row, which replaces the one before it; both stay.

    `data` is the notice itself (rules.notice.facts, JSON) from its computation until it stands in the tree.
    """

    id = AutoField()
    key = LineField(unique=True)  # rent_notice/L00101/2026-12, then .../2 for a correction
    lease = ForeignKeyField(Lease, backref="notices")
    lease_id: str
    period = LineField(index=True)
    version = IntegerField(default=1)
    number = LineField()
    kind = LineField()  # call, statement, account
    issued_on = DayField()
    channel = LineField()  # email, post
    address = LineField(default="")  # where the mail goes
    opening_balance = MoneyField()
    term_due = MoneyField()
    total_due = MoneyField()
    receipt = LineField()  # a rules.receipt.ReceiptKind
    odd = ProseField(default="[]")  # JSON: what a person should look at
    data = ProseField(default="")
    state = LineField(default="prepared", index=True)  # prepared, held, approved, sent, printed, failed, replaced
    digest = LineField(default="", index=True)  # of its pli, once it is filed
    path = ProseField(default="")  # of its document, relative to the tree
    batch = IntegerField(default=0)  # the print batch that holds it
    printed_at = InstantField(null=True)
    error = ProseField(default="")


class NoticePart(Table):
    """The pages of a notice in the file that accounting's own software printed; they stand in place of ours."""

    key = LineField(primary_key=True)  # of the notice: rent_notice/L00101/2026-12
    lease = ForeignKeyField(Lease, backref="parts")
    lease_id: str
    period = LineField(index=True)
    message = LineField()  # digest of the letter that brought it
    number = IntegerField()  # of the attachment, from 0
    pages = LineField()  # JSON: numbers, from 0
    total = MoneyField(null=True)  # what the pages ask for; null when it couldn't be read


class Consent(Table):
    """A tenant's express agreement to e-mail: for one address, from one day (law of 1989, art. 21), until withdrawn."""

    key = LineField(primary_key=True)  # lease/address/day
    lease = ForeignKeyField(Lease, backref="consents")
    lease_id: str
    address = LineField()
    given_on = DayField()
    withdrawn_at = InstantField(null=True)
    proof = LineField(default="")  # digest of the letter that withdrew it


class Order(Table):
    """What a letter makes us do, once: a command of our own people, a document that a tenant asks for."""

    key = LineField(primary_key=True)  # order/<digest of the letter>/<number>
    name = LineField()  # a rules.commands.Name; answered, document
    message = LineField()  # digest of the letter
    case = ForeignKeyField(Case, null=True, backref="orders")
    case_id: str | None
    lease = LineField(default="")
    by = LineField()  # who gave it: a manager's id, the address that gave it, as registered
    at = InstantField()
    details = ProseField(default="{}")  # JSON
    state = LineField(default="waiting", index=True)  # waiting, done, refused
    error = ProseField(default="")


class Duty(Table):
    """Something owed at a time, once: `rent_notice/<lease>/<YYYY-MM>`, `digest/<manager>/<day>`."""

    key = LineField(primary_key=True)
    due_at = InstantField(index=True)
    done_at = InstantField(null=True)


class Appointment(Table):
    """What one person's calendar was told last of the due time of a case. `stands`: it wasn't cancelled."""

    case = ForeignKeyField(Case, backref="appointments")
    case_id: str
    address = LineField()
    due_at = InstantField()
    sequence = IntegerField()
    stands = BooleanField(default=True)

    class Meta:
        primary_key = CompositeKey("case", "address")


class Fact(Table):
    """A few single values: first start, last fetch, what `check` found."""

    name = LineField(primary_key=True)
    value = ProseField()


TABLES: tuple[type[Table], ...] = (
    Manager, Property, Share, Owner, Mandate, Lease, Person, Contact, Movement,
    Cursor, CaseNumber, Case, Step, Event, Correction, Message, Receipt, Standing, Sighting, Errand,
    Outgoing, NoticeRun, RentNotice, NoticePart, Consent, Order, Duty, Appointment, Fact,
)  # fmt: skip


def values(row: Table) -> dict[str, Any]:
    """The columns of a row, foreign keys as bare ids: for tests and JSON."""
    return dict(row.__data__)
