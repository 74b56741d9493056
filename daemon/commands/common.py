"""What every command needs: the configuration, failures told as sentences, the exit codes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from archive.database import DatabaseTrouble, open_database, reading
from daemon.config import Config, default_path, load
from daemon.errors import ConfigError, Permanent, Temporary

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

FAILED, MISUSED = 1, 2


class Settings:
    """Where the configuration is; it is read by the commands that need it, when they need it."""

    path: Path = default_path(os.environ)


@contextmanager
def explained() -> Iterator[None]:
    """Every foreseen failure as a sentence on stderr, with the exit code of its kind."""
    try:
        yield
    except ConfigError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(MISUSED) from None
    except (Temporary, Permanent, DatabaseTrouble, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None


def configuration() -> Config:
    return load(Settings.path)


def connect() -> Config:
    config = configuration()
    open_database(config.storage.database)
    return config


@contextmanager
def looking() -> Iterator[Config]:
    """For the commands that only read what is known, as of one instant."""
    with explained():
        config = connect()
        with reading():
            yield config
