"""The commands of the monthly rent notices."""

from typing import Annotated

import typer

from daemon import clock, report
from daemon.commands.common import FAILED, AsJson, configuration, connect, explained
from rules.period import Period
from rules.period import parse as parse_period

app = typer.Typer(no_args_is_help=True, help="The monthly rent notices; the period is the term called.")


def _period(text: str) -> Period:
    try:
        return parse_period(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Term = Annotated[Period, typer.Option("--period", parser=_period, metavar="YYYY-MM", help="The term that is called.")]
Leases = Annotated[list[str] | None, typer.Option(metavar="LEASE", help="Only this lease; may be given again.")]


@app.command("prepare")
def notices_prepare(period: Term, lease: Leases = None, as_json: AsJson = False) -> None:
    """Compute the notices, show what is odd, tell accounting; --lease replaces one that was made already."""
    from daemon.notices import console  # noqa: PLC0415

    with explained():
        config = configuration()
        prepared = console.prepare(config, period, tuple(lease or ()), clock.now())
        for warning in console.warnings_of(config):
            typer.echo(f"warning: {warning}", err=True)
        for hint in console.inside(period, tuple(lease or ())):
            typer.echo(hint, err=True)
    report.show(console.odd_rows(prepared), ["lease", "what", "detail"], as_json=as_json)
    if not as_json:
        typer.echo(console.said_of(prepared))


@app.command("show")
def notices_show(period: Term, as_json: AsJson = False) -> None:
    """Where every lease stands; --json has the exact time and the document of each."""
    from daemon.notices import console, run  # noqa: PLC0415

    with explained():
        connect()
        rows, held = run.show(period), run.held_back(period)
    if as_json:
        report.print_json(rows)
    else:
        report.show([console.shortly(row, held) for row in rows], console.SHORT, as_json=False, figures=console.SUMS)


@app.command("approve")
def notices_approve(
    period: Term,
    but: Annotated[list[str] | None, typer.Option("--except", metavar="LEASE", help="Hold this one back.")] = None,
    also: Annotated[
        list[str] | None, typer.Option("--with", metavar="LEASE", help="Let this one go, which was held back.")
    ] = None,
    second: Annotated[bool, typer.Option("--second", help="Give the second approval.")] = False,
) -> None:
    """Approve what is prepared; what was held back stays so until --with names it."""
    from daemon.notices import console  # noqa: PLC0415

    with explained():
        leases = tuple(but or ()), tuple(also or ())
        approval = console.approve(configuration(), period, *leases, clock.now(), second=second)
    typer.echo(console.said_of_approval(approval))


@app.command("send")
def notices_send(period: Term) -> None:
    """Print, file and send what is approved."""
    from daemon.notices import console  # noqa: PLC0415

    with explained():
        whole = console.send(configuration(), period)
    if not whole:
        raise typer.Exit(FAILED)


@app.command("print-batch")
def notices_print_batch(
    period: Term,
    again: Annotated[int, typer.Option("--again", metavar="BATCH", help="Make this batch once more.")] = 0,
) -> None:
    """Make the PDF to print and post, in the order of the postcodes, and its list."""
    from daemon.notices import console  # noqa: PLC0415

    with explained():
        typer.echo(console.print_batch(configuration(), period, clock.now(), again))


@app.command("lists")
def notices_lists(
    period: Term,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a French spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Leases at their term, insurances, revisions due, receipts withheld and why."""
    from daemon.accounting import lists  # noqa: PLC0415
    from daemon.notices import console  # noqa: PLC0415

    with explained():
        rows = console.lists(configuration(), period, clock.now())
    if as_csv:
        typer.echo(lists.csv_of_lists(rows), nl=False)
    elif as_json:
        report.print_json(rows)
    else:
        for title, some in console.apart(rows):
            used = [column for column in lists.COLUMNS[1:] if any(row[column] for row in some)]
            report.show(some, used, as_json=False, title=title, figures=("amount",))


@app.command("audit")
def notices_audit(period: Term, as_json: AsJson = False) -> None:
    """Recompute every amount from the accounts, and compare it with the text of each document."""
    from daemon.notices import console  # noqa: PLC0415

    with explained():
        findings, looked_at = console.audit(configuration(), period)
    report.show(findings, ["lease", "number", "what", "expected", "found"], as_json=as_json)
    if not as_json:
        typer.echo(f"{looked_at} documents, {len(findings)} findings")
    if findings:
        raise typer.Exit(FAILED)
