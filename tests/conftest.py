"""Fixtures that several rooms share; each is written in the module it is imported from."""

from tests.agency import empty_agency
from tests.dovecot import dovecot, user
from tests.office import office
from tests.postgres import database_url, opened, postgres_server, postgres_url
from tests.smtp import sink

__all__ = [
    "database_url",
    "dovecot",
    "empty_agency",
    "office",
    "opened",
    "postgres_server",
    "postgres_url",
    "sink",
    "user",
]
