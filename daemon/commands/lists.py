"""The lists that come in from other software, and those that go back."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from daemon import clock
from daemon.accounting.mapping import ImportMapping, names_of
from daemon.commands.common import FAILED, MISUSED, configuration, connect, explained, looking
from daemon.errors import ConfigError

app = typer.Typer()


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="leases, owners, managers or movements.")],
    file: Path,
    mapping: Annotated[str, typer.Option(metavar="NAME", help="Read movements by [imports.NAME].")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Known movements take the amounts of this file.")] = False,
) -> None:
    """Take in a CSV or XLSX list: all of it, or none."""
    from daemon.imports import KINDS, ImportRefused, import_file  # noqa: PLC0415

    if kind not in KINDS:
        typer.echo(f"import: {kind!r} is none of {', '.join(KINDS)}", err=True)
        raise typer.Exit(MISUSED)
    if replace and kind != "movements":
        typer.echo(f"import: --replace is for movements; a newer file of {kind} always replaces", err=True)
        raise typer.Exit(MISUSED)
    with explained():
        chosen = _mapping(kind, mapping)
        connect()
        try:
            done = import_file(kind, file, clock.now(), chosen, replace=replace)
        except ImportRefused as refused:
            typer.echo(str(refused), err=True)
            raise typer.Exit(FAILED) from None
    for warning in done.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"{kind}: {done.added} added, {done.updated} updated, {done.unchanged} unchanged")


def _mapping(kind: str, name: str) -> ImportMapping | None:
    """The mapping of that name. Raises ConfigError when there is none, or for another kind than movements."""
    if not name:
        return None
    known = configuration().imports
    if kind != "movements":
        raise ConfigError([f"--mapping: {kind} have our own columns; a mapping is for movements"])
    if name not in known:
        raise ConfigError([f"--mapping: {name!r} is none of [imports]: {names_of(known)}"])
    return known[name]


export_commands = typer.Typer(no_args_is_help=True, help="What other software takes from here, as CSV.")
app.add_typer(export_commands, name="export")


@export_commands.command("contacts")
def export_contacts(
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="What changed from that day on.")] = None,
) -> None:
    """The consents, addresses and bounces that changed, for accounting's own software."""
    from daemon.accounting import contacts, tables  # noqa: PLC0415

    with looking():
        found = contacts.changes(since.date() if since else None, ZoneInfo(configuration().agency.timezone))
        text = tables.csv_of(contacts.rows(found))
    typer.echo(text, nl=False)
