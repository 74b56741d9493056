"""The commands about what people's corrections have taught."""

from typing import Annotated

import typer

from daemon import report
from daemon.commands.common import FAILED, AsJson, configuration, connect, explained, looking

app = typer.Typer(no_args_is_help=True, help="What people's corrections have taught.")

LESSON_COLUMNS = ["id", "at", "by", "case", "was", "label", "state", "words"]


@app.command("list")
def learn_list(as_json: AsJson = False) -> None:
    """Every correction, newest first; before them the moves that wait for a word, because too many came at once."""
    from daemon.cases import learning  # noqa: PLC0415
    from daemon.mailbox import moves  # noqa: PLC0415

    with looking():
        rows = [*moves.held_rows(), *learning.rows()]
    report.show(rows, LESSON_COLUMNS, as_json=as_json)


@app.command("undo")
def learn_undo(key: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """A correction no longer counts; its case stays as it is."""
    from daemon.app import open_app  # noqa: PLC0415
    from daemon.cases.casebook import unlearn  # noqa: PLC0415

    with explained():
        found = unlearn(open_app(configuration()).desk, key, "learn undo")
    if not found:
        typer.echo(f"learn: no correction that counts has the id {key!r}", err=True)
        raise typer.Exit(FAILED)


@app.command("confirm")
def learn_confirm() -> None:
    """The many moves that wait are meant: the daemon carries them out at its next look."""
    from daemon.mailbox import moves  # noqa: PLC0415

    with explained():
        connect()
        typer.echo(f"{moves.confirm()} moves confirmed")


@app.command("dismiss")
def learn_dismiss() -> None:
    """The many moves that wait were a slip: the letters stay where they are, and no case changes."""
    from daemon.mailbox import moves  # noqa: PLC0415

    with explained():
        connect()
        typer.echo(f"{moves.dismiss()} moves dismissed")
