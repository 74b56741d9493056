"""Fixtures that several rooms share; each is written in the module it is imported from."""

from tests.agency import empty_agency
from tests.disks import small_disk
from tests.dovecot import dovecot, user
from tests.office import lists, office, shared_office
from tests.outgoing import mail_room
from tests.postgres import database_url, opened, postgres_server, postgres_url
from tests.rounds import rounds
from tests.smtp import certificate, sink

__all__ = [
    "certificate",
    "database_url",
    "dovecot",
    "empty_agency",
    "lists",
    "mail_room",
    "office",
    "opened",
    "postgres_server",
    "postgres_url",
    "rounds",
    "shared_office",
    "sink",
    "small_disk",
    "user",
]
