"""The commands that tell what is known: cases, outbox, quarantine, counters."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from daemon import board, clock, report
from daemon.commands.common import FAILED, AsJson, configuration, connect, explained, looking
from daemon.errors import Permanent

app = typer.Typer()
outbox_commands = typer.Typer(invoke_without_command=True, help="What waits to be sent, and what failed and why.")
quarantine_commands = typer.Typer(invoke_without_command=True, help="Letters that broke us.")
app.add_typer(outbox_commands, name="outbox")
app.add_typer(quarantine_commands, name="quarantine")


@app.command()
def cases(
    only_open: Annotated[bool, typer.Option("--open", help="Only those that wait for an answer.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their due time.")] = False,
    as_json: AsJson = False,
) -> None:
    """The cases being followed, soonest due first."""
    now = clock.now()
    with looking() as config:
        rows = report.cases(now, only_open=only_open, only_overdue=overdue)
        report.print_json(rows) if as_json else board.show([board.cases(rows, config, now)], Console())


@app.command()
def case(
    ref: str,
    file: Annotated[Path | None, typer.Argument(help="Where --proof also writes the PDF.")] = None,
    proof: Annotated[bool, typer.Option("--proof", help="File its clock's history in the GED, as a PDF.")] = False,
    as_json: AsJson = False,
) -> None:
    """One case: its clock, its letters, what was said; or a proof of its clock."""
    if proof:
        _prove(ref, file, as_json=as_json)
        return
    if file is not None:
        raise typer.BadParameter("a file is written by --proof only")
    with looking() as config:
        found = report.case(ref)
        if found is None:
            typer.echo(f"{ref}: no case has this reference", err=True)
            raise typer.Exit(FAILED)
        report.print_json(found) if as_json else board.show(board.case(found, config, clock.now()), Console())


def _prove(ref: str, file: Path | None, *, as_json: bool) -> None:
    from daemon.app import open_app  # noqa: PLC0415
    from daemon.cases.proof import prove  # noqa: PLC0415

    with explained():
        made = prove(open_app(configuration()).room, ref, clock.now())
        if made is None:
            typer.echo(f"{ref}: no case has this reference", err=True)
            raise typer.Exit(FAILED)
        if file is not None:
            _write(file, made.pdf)
    if as_json:
        report.print_json({"ref": ref.upper(), "path": made.path, "sha256": made.digest})
    else:
        typer.echo(f"{made.path}\nsha256 {made.digest}")


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Permanent(f"{file}: {error.strerror}; the proof stands in the GED all the same") from None


@outbox_commands.callback()
def outbox(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is not None:
        return
    with looking():
        rows = report.outbox()
    report.show(rows, ["id", "kind", "case", "recipient", "state", "tries", "next_try_at", "error"], as_json=as_json)


@outbox_commands.command("retry")
def outbox_retry(row: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Try a mail again at the next pass, whatever held it."""
    from daemon.sending.outbox import retry  # noqa: PLC0415

    with explained():
        connect()
        found = retry(row, clock.now())
    if not found:
        typer.echo(f"outbox: no unsent mail has the id {row}", err=True)
        raise typer.Exit(FAILED)


@quarantine_commands.callback()
def quarantine(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is not None:
        return
    with looking():
        rows = report.quarantine()
    report.show(rows, ["id", "case", "received_at", "sender", "reason"], as_json=as_json)


@quarantine_commands.command("retry")
def quarantine_retry(id: Annotated[str, typer.Argument(metavar="ID")]) -> None:  # noqa: A002  the word of the table
    """Process a letter again, after what broke it was mended."""
    from daemon.app import open_app  # noqa: PLC0415
    from daemon.pipeline import retry  # noqa: PLC0415

    with explained():
        found = retry(open_app(configuration()).desk, id)
    if not found:
        typer.echo(f"quarantine: no letter has the id {id!r}", err=True)
        raise typer.Exit(FAILED)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Counters and health."""
    with looking():
        counters = report.status(clock.now())
    if as_json:
        report.print_json(counters)
    else:
        report.show(
            [{"what": key, "value": value} for key, value in counters.items()], ["what", "value"], as_json=False
        )
