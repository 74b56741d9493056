"""The sample agency with its accounts, ready for a month's notices: whole, or a few leases of every kind."""

import csv
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.dovecot import Dovecot
from tests.office import CONFIG, LISTS, Office
from tests.program import anew
from tests.smtp import Sink

ACCOUNTING = "compta@aubrelac.test"
# By mail and by post, on direct debit, in credit, co-tenants, a parking, deep in debt, gone with a debt.
FEW = ("L00101", "L00102", "L00105", "L00108", "L00112", "L00117", "L00118", "L00120")

NOTICES = """
[notices]
colour = "#0F5B66"
company = "Régie Aubrelac SARL"
[notices.bank]
holder = "Régie Aubrelac – compte gérance"
iban = "FR7630006000011234567890189"
bic = "AGRIFRPPXXX"
creditor_id = "FR00ZZZ000000"
[security]
authserv = ["mx.agence.test"]
"""


def with_notices(office: Office, more: str = NOTICES) -> Office:
    """Its accounting department and its notices' settings."""
    office.configure(more=more)
    text = office.config.read_text()
    office.config.write_text(text.replace('admin = "', f'accounting = "{ACCOUNTING}"\nadmin = "', 1))
    return office


@pytest.fixture(scope="session")
def few_accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with a few leases of the sample agency and their accounts, to copy."""
    folder = tmp_path_factory.mktemp("few")
    config = folder / "vaguemestre.toml"
    config.write_text(CONFIG.format(imap_port=1, smtp_port=1, user="nobody", mailbox="", more=""))
    for kind in ("leases", "owners", "managers", "movements"):
        source = LISTS / f"{kind}.csv"
        if kind in {"leases", "movements"}:
            source = some_of(source, folder / source.name, FEW)
        anew("--config", config, "import", kind, source)
    return folder / "state"


def some_of(source: Path, target: Path, leases: tuple[str, ...]) -> Path:
    with source.open(encoding="utf-8", newline="") as read, target.open("w", encoding="utf-8", newline="") as written:
        rows = csv.DictReader(read)
        writer = csv.DictWriter(written, rows.fieldnames or ())
        writer.writeheader()
        writer.writerows(row for row in rows if row["lease_id"] in leases)
    return target


@contextmanager
def few(folder: Path, accounts: Path, dovecot: Dovecot, user: str, sink: Sink) -> Iterator[Office]:
    """A few leases of every kind, in a folder."""
    shutil.copytree(accounts, folder / "state")
    opened = Office(folder, dovecot, user, sink)
    yield with_notices(opened)
    opened.close()


@pytest.fixture
def notice_office(tmp_path: Path, few_accounts: Path, dovecot: Dovecot, user: str, sink: Sink) -> Iterator[Office]:
    """A few leases of every kind."""
    with few(tmp_path, few_accounts, dovecot, user, sink) as opened:
        yield opened


@pytest.fixture(scope="module")
def looked_at(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, few_accounts: Path, dovecot: Dovecot
) -> Iterator[Office]:
    """The same, for what happens once and is only looked at afterwards by the claims of one module."""
    sink, name = Sink(), f"{request.node.name.removesuffix('.py')}-{time.monotonic_ns()}"
    with few(tmp_path_factory.mktemp("looked-at"), few_accounts, dovecot, name, sink) as opened:
        yield opened
    sink.close()


@pytest.fixture
def whole_office(office: Office) -> Office:
    """All sixty."""
    with_notices(office).command("import", "movements", str(LISTS / "movements.csv"))
    return office


def pdfs_of(mail: EmailMessage) -> list[bytes]:
    return [
        bytes(part.get_content()) for part in mail.iter_attachments() if part.get_content_type() == "application/pdf"
    ]
