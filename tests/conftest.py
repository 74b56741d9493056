"""Fixtures that several rooms share; each is written in the module it is imported from."""

from tests.agency import empty_agency
from tests.disks import small_disk
from tests.dovecot import dovecot, user
from tests.office import lists, office, shared_office
from tests.outgoing import mail_room, records
from tests.postgres import database_url, empty_url, opened, postgres_server, postgres_tables, postgres_url
from tests.rounds import rounds
from tests.smtp import certificate, sink
from tests.tables import blank, tables

__all__ = [
    "blank",
    "certificate",
    "database_url",
    "dovecot",
    "empty_agency",
    "empty_url",
    "lists",
    "mail_room",
    "office",
    "opened",
    "postgres_server",
    "postgres_tables",
    "postgres_url",
    "records",
    "rounds",
    "shared_office",
    "sink",
    "small_disk",
    "tables",
    "user",
]
