"""The demonstration: a whole invented agency in a temporary folder, with mail servers of its own.

Some thirty letters are posted, the daemon works through them, and what came of it is shown. Everything is as it would
be anywhere else (sockets, the program as a process, the tree), but the mail servers: small ones, in memory.
"""

import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from archive.records import database
from daemon import board, clock, report
from daemon.config import Config
from daemon.demo import agency, tables
from daemon.demo.agency import AtWork
from daemon.demo.letters import answers_to, first_post, letters, mail_of, message_id, post, second_post

if TYPE_CHECKING:
    from daemon.demo.servers import PostOffice

MISSING = """The demonstration brings its own mail servers, and they are not installed here ({name}).
Run `make demo` in the project's folder, or: pip install 'vaguemestre[demo]'"""
LEASE = "D0101"  # shown whole in the tree

console = Console(highlight=False)


def show(*, keep: bool) -> bool:
    """Show it all. False when something isn't as it should be; `keep` stays up, and leaves the folder, until Ctrl-C."""
    try:
        from daemon.demo.servers import PostOffice  # noqa: PLC0415  an extra, which may be missing
    except ModuleNotFoundError as error:
        console.print(MISSING.format(name=error.name), markup=False, soft_wrap=True)
        return False
    folder = Path(tempfile.mkdtemp(prefix="vaguemestre-demo-"))
    try:
        with _ended_politely():
            return _Demonstration(folder, PostOffice).run(keep=keep)
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return keep
    finally:
        database.close()
        if not keep:
            shutil.rmtree(folder)


@contextmanager
def _ended_politely() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: the daemon is stopped and the folder removed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Demonstration:
    def __init__(self, folder: Path, servers: "Callable[[str], PostOffice]") -> None:
        self._folder = folder
        self._servers = servers
        self._expected = 0  # letters posted so far

    def run(self, *, keep: bool) -> bool:
        password = secrets.token_hex(4)
        with ExitStack() as stack:
            office = stack.enter_context(self._servers(password))
            config = agency.settle(
                self._folder, imap_port=office.imap_port, smtp_port=office.smtp_port, password=password
            )
            console.print(f"[bold]{config.agency.name}[/bold], an invented agency, in {self._folder}")
            at_work = AtWork(self._folder)
            stack.callback(at_work.end)
            at_work.start()
            try:
                self._two_posts(office, config, at_work)
            except agency.Unfinished as error:
                console.print(str(error), markup=False, soft_wrap=True)
                return False
            well = self._show(office, config)
            if keep:
                self._stay(office, config, password)
            well &= at_work.end()
        return well

    # --- what happens

    def _two_posts(self, office: "PostOffice", config: Config, at_work: AtWork) -> None:
        first = [(one.sender, mail_of(one, config.agency.address, clock.now())) for one in first_post()]
        self._post("The morning's post", first, office, config, at_work)
        second = []
        for one in second_post():
            answered = answers_to(one.sender, office.received)[-1]
            second.append((one.sender, mail_of(one, config.agency.address, clock.now(), answered)))
        self._post("Replies to our answers", second, office, config, at_work)

    def _post(
        self, what: str, mails: Sequence[tuple[str, bytes]], office: "PostOffice", config: Config, at_work: AtWork
    ) -> None:
        """Post letters, and watch until the daemon has done everything that they ask for."""
        before = self._expected
        self._expected += len(mails)
        with _progress() as progress:
            console.print(f"\n[bold]{what}[/bold]: {len(mails)} letters to {config.agency.address}")
            posted = progress.add_task("delivered by SMTP", total=len(mails))
            for number in post(mails, config.agency.address, office.smtp_port):
                progress.update(posted, completed=number)
            read = progress.add_task("read, filed, on the clock", total=len(mails))
            said = progress.add_task("answers and notices sent", total=None)
            shelved = progress.add_task("put in their folders", total=None)
            for now in at_work.until_done(self._expected):
                progress.update(read, completed=now.seen - before)
                _follow(progress, said, now.sent, now.to_send)
                _follow(progress, shelved, now.shelved, now.to_shelve)

    # --- what is shown

    def _show(self, office: "PostOffice", config: Config) -> bool:
        now, root = clock.now(), config.storage.archive
        _title("The cases, soonest due first")
        console.print(board.cases(report.cases(now), config, now))
        _title("Some of the acknowledgements")
        shown = {message_id(one) for one in letters() if one.shown}
        for panel in tables.acknowledgements(shown, office.received):
            console.print(panel)
        _title("Who was told, with the letter enclosed")
        console.print(tables.told(config))
        _title("Who was not answered")
        console.print(tables.unanswered(root))
        _title(f"The document tree; lease {LEASE} whole")
        console.print(tables.tree(root, LEASE))
        return self._prove(config)

    def _prove(self, config: Config) -> bool:
        """The arithmetic, and the verifier that needs nothing of ours."""
        _title("The proof")
        status = report.status(clock.now())
        console.print(tables.counters(status))
        accounted = status["filed"] + status["duplicates"] + status["quarantined"]
        complete = status["seen"] == accounted == self._expected and not status["outbox_failed"]
        sign = "=" if complete else "≠"
        console.print(
            f"{self._expected} letters posted, {status['seen']} seen {sign} {status['filed']} filed "
            f"+ {status['duplicates']} duplicates + {status['quarantined']} quarantined"
        )
        sound, said = agency.verify(config.storage.archive)
        console.print(f"$ bash {config.storage.archive.name}/_ged/verifier.sh\n{said}", markup=False, soft_wrap=True)
        if not (complete and sound):
            console.print("[red]Something is not as it should be.[/red]")
        return complete and sound

    def _stay(self, office: "PostOffice", config: Config, password: str) -> None:
        """Until Ctrl-C; the daemon goes on answering."""
        _title("Look around; Ctrl-C ends it")
        file = self._folder / "vaguemestre.toml"
        console.print(
            f"IMAP      127.0.0.1 port {office.imap_port}, no encryption\n"
            f"SMTP      127.0.0.1 port {office.smtp_port}, no encryption, no login: write to {config.agency.address}\n"
            f"user      {config.agency.address}, or whoever was written to: a tenant, {config.agency.supervisor}...\n"
            f"password  {password}, for all of them\n"
            f"tree      {config.storage.archive}\n"
            f"commands  vaguemestre --config {file} cases, case REF, outbox, quarantine, status, check",
            markup=False,
            soft_wrap=True,
        )
        try:
            Event().wait()
        except KeyboardInterrupt:
            console.print(f"\nEnded. The folder stays: {self._folder}", markup=False, soft_wrap=True)


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console)


def _follow(progress: Progress, task: object, done: int, of: int) -> None:
    progress.update(task, completed=done, total=of or None)  # type: ignore[arg-type]


def _title(text: str) -> None:
    console.print()
    console.rule(f"[bold]{text}[/bold]", align="left")
