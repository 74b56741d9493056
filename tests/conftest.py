"""Fixtures that several rooms share; each is written in the module it is imported from."""

from tests.postgres import database_url, opened, postgres_server, postgres_url

__all__ = ["database_url", "opened", "postgres_server", "postgres_url"]
