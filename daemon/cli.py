"""The commands. Each says what it did and exits with 0; 1: it could not, or a check found a fault; 2.

Usage or configuration.
"""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon import __version__, clock, report
from daemon.commands import lessons, lists, notices, records
from daemon.commands.common import FAILED, MISUSED, AsJson, Settings, configuration, explained
from daemon.config import default_path, load

if TYPE_CHECKING:
    from rules.learned import Layer

app = typer.Typer(
    name="vaguemestre",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The e-mail daemon of a property-management agency: it answers for every letter.",
)
for group in (lists, records):
    app.add_typer(group.app)
app.add_typer(notices.app, name="notices")
app.add_typer(lessons.app, name="learn")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vaguemestre {__version__}")
        raise typer.Exit


@app.callback()
def settings(
    config: Annotated[
        Path | None, typer.Option("--config", help="The configuration file.", envvar="VAGUEMESTRE_CONFIG")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    Settings.path = config or default_path(os.environ)


@app.command()
def run(once: Annotated[bool, typer.Option("--once", help="One complete pass, then exit.")] = False) -> None:
    """Watch the mailboxes, answer, and keep the clocks; until SIGTERM, or for one pass."""
    from daemon import service, turn  # noqa: PLC0415  the other commands start faster without it

    with explained():
        config = configuration()
        done = turn.run_once(config) if once else service.run(config, lambda: load(Settings.path))
    if not done:
        raise typer.Exit(FAILED)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Try everything that the daemon needs, and tell every problem at once."""
    from daemon.checks.run import run_checks  # noqa: PLC0415

    with explained():
        findings = run_checks(configuration())
    rows = [{"name": f.name, "ok": f.ok, "message": f.message} for f in findings]
    report.show(rows, ["name", "ok", "message"], as_json=as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)


@app.command()
def classify(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders of .eml.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what the rules, the model and the agency's corrections each said.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what letters are about; no side effect, and no configuration but for the corrections of --explain."""
    from daemon.verdicts import letters_of, told  # noqa: PLC0415

    missing = [path for path in paths if not path.exists()]
    for path in missing:
        typer.echo(f"{path}: no such file or folder", err=True)
    if missing:
        raise typer.Exit(MISUSED)
    failed = False
    layer = _corrections() if explain else None
    for path, row in letters_of(paths, clock.now(), layer):
        failed |= isinstance(row, OSError)
        if isinstance(row, OSError):
            typer.echo(f"{path}: {row.strerror}", err=True)
        elif as_json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            typer.echo(told(row))
    if failed:
        raise typer.Exit(FAILED)


def _corrections() -> "Layer":
    """The agency's own layer; an empty one where there is no agency."""
    from daemon.cases.learning import layer_of  # noqa: PLC0415
    from rules.learned import Layer  # noqa: PLC0415

    if not Settings.path.exists():
        return Layer()
    with explained():
        return layer_of(configuration())


@app.command()
def demo(keep: Annotated[bool, typer.Option("--keep", help="Stay up afterwards, to look around.")] = False) -> None:
    """A whole agency in a temporary folder, with its own mail servers: the main job, in a minute."""
    from daemon.demo import show  # noqa: PLC0415

    if not show(keep=keep):
        raise typer.Exit(FAILED)


def main() -> None:
    """The console script."""
    sys.exit(app())
