"""The commands. Each says what it did and exits with 0; 1: it could not, or a check found a fault; 2.

Usage or configuration.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from archive.database import DatabaseTrouble, open_database, reading
from daemon import __version__, clock, report
from daemon.config import Config, default_path, load
from daemon.errors import ConfigError, Permanent, Temporary
from daemon.mapping import ImportMapping, names_of
from rules.period import Period
from rules.period import parse as parse_period

if TYPE_CHECKING:
    from rules.learned import Layer

app = typer.Typer(
    name="vaguemestre",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The e-mail daemon of a property-management agency: it answers for every letter.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

FAILED, MISUSED = 1, 2


class Settings:
    """Where the configuration is; it is read by the commands that need it, when they need it."""

    path: Path = default_path(os.environ)


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


@contextmanager
def _explained() -> Iterator[None]:
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


def _config() -> Config:
    return load(Settings.path)


def _open_database() -> None:
    open_database(_config().storage.database)


@contextmanager
def _looking() -> Iterator[None]:
    """For the commands that only read what is known, as of one instant."""
    with _explained():
        _open_database()
        with reading():
            yield


# --- the daemon


@app.command()
def run(once: Annotated[bool, typer.Option("--once", help="One complete pass, then exit.")] = False) -> None:
    """Watch the mailboxes, answer, and keep the clocks; until SIGTERM, or for one pass."""
    from daemon import service, turn  # noqa: PLC0415  the other commands start faster without it

    with _explained():
        config = _config()
        done = turn.run_once(config) if once else service.run(config, lambda: load(Settings.path))
    if not done:
        raise typer.Exit(FAILED)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Try everything that the daemon needs, and tell every problem at once."""
    from daemon.check import run_checks  # noqa: PLC0415

    with _explained():
        findings = run_checks(_config())
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
    from daemon.learning import layer_of  # noqa: PLC0415
    from rules.learned import Layer  # noqa: PLC0415

    if not Settings.path.exists():
        return Layer()
    with _explained():
        return layer_of(_config())


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="leases, owners, managers or movements.")],
    file: Path,
    mapping: Annotated[str, typer.Option(metavar="NAME", help="Read movements by [imports.NAME].")] = "",
) -> None:
    """Take in a CSV or XLSX list: all of it, or none."""
    from daemon.imports import KINDS, ImportRefused, import_file  # noqa: PLC0415

    if kind not in KINDS:
        typer.echo(f"import: {kind!r} is none of {', '.join(KINDS)}", err=True)
        raise typer.Exit(MISUSED)
    with _explained():
        chosen = _mapping(kind, mapping)
        _open_database()
        try:
            done = import_file(kind, file, clock.now(), chosen)
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
    known = _config().imports
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

    with _looking():
        found = contacts.changes(since.date() if since else None, ZoneInfo(_config().agency.timezone))
        text = tables.csv_of(contacts.rows(found))
    typer.echo(text, nl=False)


# --- what is known

CASE_COLUMNS = ["ref", "label", "status", "lease", "manager", "sender", "subject", "received_at", "due_at", "urgent"]


@app.command()
def cases(
    only_open: Annotated[bool, typer.Option("--open", help="Only those that wait for an answer.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their due time.")] = False,
    as_json: AsJson = False,
) -> None:
    """The cases being followed, soonest due first."""
    with _looking():
        rows = report.cases(clock.now(), only_open=only_open, only_overdue=overdue)
    report.show(rows, CASE_COLUMNS, as_json=as_json)


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
    with _looking():
        found = report.case(ref)
    if found is None:
        typer.echo(f"{ref}: no case has this reference", err=True)
        raise typer.Exit(FAILED)
    report.print_json(found) if as_json else report.show_case(found)


def _prove(ref: str, file: Path | None, *, as_json: bool) -> None:
    from daemon.app import open_app  # noqa: PLC0415
    from daemon.proof import prove  # noqa: PLC0415

    with _explained():
        made = prove(open_app(_config()).room, ref, clock.now())
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


outbox_commands = typer.Typer(invoke_without_command=True, help="What waits to be sent, and what failed and why.")
notices_commands = typer.Typer(no_args_is_help=True, help="The monthly rent notices; the period is the term called.")
quarantine_commands = typer.Typer(invoke_without_command=True, help="Letters that broke us.")
app.add_typer(outbox_commands, name="outbox")
app.add_typer(quarantine_commands, name="quarantine")
app.add_typer(notices_commands, name="notices")


@outbox_commands.callback()
def outbox(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is not None:
        return
    with _looking():
        rows = report.outbox()
    report.show(rows, ["id", "kind", "case", "recipient", "state", "tries", "next_try_at", "error"], as_json=as_json)


@outbox_commands.command("retry")
def outbox_retry(row: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Try a mail again at the next pass, whatever held it."""
    from daemon.outbox import retry  # noqa: PLC0415

    with _explained():
        _open_database()
        found = retry(row, clock.now())
    if not found:
        typer.echo(f"outbox: no unsent mail has the id {row}", err=True)
        raise typer.Exit(FAILED)


@quarantine_commands.callback()
def quarantine(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is not None:
        return
    with _looking():
        rows = report.quarantine()
    report.show(rows, ["id", "case", "received_at", "sender", "reason"], as_json=as_json)


@quarantine_commands.command("retry")
def quarantine_retry(id: Annotated[str, typer.Argument(metavar="ID")]) -> None:  # noqa: A002  the word of the table
    """Process a letter again, after what broke it was mended."""
    from daemon.app import open_app  # noqa: PLC0415
    from daemon.pipeline import retry  # noqa: PLC0415

    with _explained():
        found = retry(open_app(_config()).desk, id)
    if not found:
        typer.echo(f"quarantine: no letter has the id {id!r}", err=True)
        raise typer.Exit(FAILED)


learn_commands = typer.Typer(no_args_is_help=True, help="What people's corrections have taught.")
app.add_typer(learn_commands, name="learn")

LESSON_COLUMNS = ["id", "at", "by", "case", "was", "label", "state", "words"]


@learn_commands.command("list")
def learn_list(as_json: AsJson = False) -> None:
    """Every correction, newest first; before them the moves that wait for a word, because too many came at once."""
    from daemon import learning, moves  # noqa: PLC0415

    with _looking():
        rows = [*moves.held_rows(), *learning.rows()]
    report.show(rows, LESSON_COLUMNS, as_json=as_json)


@learn_commands.command("undo")
def learn_undo(key: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """A correction no longer counts; its case stays as it is."""
    from daemon.app import open_app  # noqa: PLC0415
    from daemon.casebook import unlearn  # noqa: PLC0415

    with _explained():
        found = unlearn(open_app(_config()).desk, key, "learn undo")
    if not found:
        typer.echo(f"learn: no correction that counts has the id {key!r}", err=True)
        raise typer.Exit(FAILED)


@learn_commands.command("confirm")
def learn_confirm() -> None:
    """The many moves that wait are meant: the daemon carries them out at its next look."""
    from daemon import moves  # noqa: PLC0415

    with _explained():
        _open_database()
        typer.echo(f"{moves.confirm()} moves confirmed")


@learn_commands.command("dismiss")
def learn_dismiss() -> None:
    """The many moves that wait were a slip: the letters stay where they are, and no case changes."""
    from daemon import moves  # noqa: PLC0415

    with _explained():
        _open_database()
        typer.echo(f"{moves.dismiss()} moves dismissed")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Counters and health."""
    with _looking():
        counters = report.status(clock.now())
    if as_json:
        report.print_json(counters)
    else:
        report.show(
            [{"what": key, "value": value} for key, value in counters.items()], ["what", "value"], as_json=False
        )


# --- the monthly notices


def _period(text: str) -> Period:
    try:
        return parse_period(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Term = Annotated[Period, typer.Option("--period", parser=_period, metavar="YYYY-MM", help="The term that is called.")]
Leases = Annotated[list[str] | None, typer.Option(metavar="LEASE", help="Only this lease; may be given again.")]


@notices_commands.command("prepare")
def notices_prepare(period: Term, lease: Leases = None, as_json: AsJson = False) -> None:
    """Compute the notices, show what is odd, tell accounting; --lease replaces one that was made already."""
    from daemon.notices import console  # noqa: PLC0415

    with _explained():
        prepared = console.prepare(_config(), period, tuple(lease or ()), clock.now())
    report.show(console.odd_rows(prepared), ["lease", "what", "detail"], as_json=as_json)
    if not as_json:
        typer.echo(console.said_of(prepared))


@notices_commands.command("show")
def notices_show(period: Term, as_json: AsJson = False) -> None:
    """Where every lease stands."""
    from daemon.notices import run  # noqa: PLC0415

    with _explained():
        _open_database()
        rows = run.show(period)
    report.show(rows, NOTICE_COLUMNS, as_json=as_json)


NOTICE_COLUMNS = [
    "lease", "channel", "opening_balance", "term_due", "total_due", "receipt", "status", "sent_at", "pdf",
]  # fmt: skip


@notices_commands.command("approve")
def notices_approve(
    period: Term,
    but: Annotated[list[str] | None, typer.Option("--except", metavar="LEASE", help="Hold this one back.")] = None,
    second: Annotated[bool, typer.Option("--second", help="Give the second approval.")] = False,
) -> None:
    """Approve what is prepared."""
    from daemon.notices import console  # noqa: PLC0415

    with _explained():
        approval = console.approve(_config(), period, tuple(but or ()), clock.now(), second=second)
    typer.echo(console.said_of_approval(approval))


@notices_commands.command("send")
def notices_send(period: Term) -> None:
    """Print, file and send what is approved."""
    from daemon.notices import console  # noqa: PLC0415

    with _explained():
        whole = console.send(_config(), period)
    if not whole:
        raise typer.Exit(FAILED)


@notices_commands.command("print-batch")
def notices_print_batch(
    period: Term,
    again: Annotated[int, typer.Option("--again", metavar="BATCH", help="Make this batch once more.")] = 0,
) -> None:
    """Make the PDF to print and post, in the order of the postcodes, and its list."""
    from daemon.notices import console  # noqa: PLC0415

    with _explained():
        typer.echo(console.print_batch(_config(), period, clock.now(), again))


@notices_commands.command("lists")
def notices_lists(
    period: Term,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a French spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Leases at their term, insurances, revisions due, receipts withheld and why."""
    from daemon.accounting import lists  # noqa: PLC0415
    from daemon.notices import console  # noqa: PLC0415

    with _explained():
        rows = console.lists(_config(), period, clock.now())
    if as_csv:
        typer.echo(lists.csv_of_lists(rows), nl=False)
    else:
        report.show(rows, lists.COLUMNS, as_json=as_json)


@notices_commands.command("audit")
def notices_audit(period: Term, as_json: AsJson = False) -> None:
    """Recompute every amount from the accounts, and compare it with the text of each document."""
    from daemon.notices import console  # noqa: PLC0415

    with _explained():
        findings, looked_at = console.audit(_config(), period)
    report.show(findings, ["lease", "number", "what", "expected", "found"], as_json=as_json)
    if not as_json:
        typer.echo(f"{looked_at} documents, {len(findings)} findings")
    if findings:
        raise typer.Exit(FAILED)


@app.command()
def demo(keep: Annotated[bool, typer.Option("--keep", help="Stay up afterwards, to look around.")] = False) -> None:
    """A whole agency in a temporary folder, with its own mail servers: the main job, in a minute."""
    from daemon.demo import show  # noqa: PLC0415

    if not show(keep=keep):
        raise typer.Exit(FAILED)


def main() -> None:
    """The console script."""
    sys.exit(app())
