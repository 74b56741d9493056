"""Each thing that a person is told to look at, from the lists that accounting and the managers import."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.records import Outgoing, Person
from daemon.imports import import_file
from daemon.notices import parts
from daemon.reading.pdf_text import pages_of
from rules import batch
from rules.notice import Odd
from tests.agency import row_of
from tests.daemon.test_notices import BY_MAIL, NOON, NOVEMBER, Agency, agency
from tests.notices import few_accounts
from tests.printed import printed

__all__ = ["agency", "few_accounts"]

TODAY = "2026-11-24"  # of the agency of these claims


def written(folder: Path, kind: str, row: dict[str, str]) -> None:
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    import_file(kind, path, NOON)


def lease(**changes: str) -> Callable[[Path], None]:
    """The lease, imported again with some cells changed."""
    return lambda folder: written(folder, "leases", row_of("leases", BY_MAIL) | changes)


def movement(day: str, kind: str, label: str, debit: str = "", credit: str = "") -> Callable[[Path], None]:
    """One more line of its account."""
    row = {"date": day, "lease_id": BY_MAIL, "kind": kind, "label": label, "debit_eur": debit, "credit_eur": credit}
    return lambda folder: written(folder, "movements", row | {"reference": f"X-{label[:3]}-{day}".upper()})


def both(*steps: Callable[[Path], None]) -> Callable[[Path], None]:
    def taken(folder: Path) -> None:
        for step in steps:
            step(folder)

    return taken


def page(*lines: str) -> Callable[[Path], None]:
    """Accounting prints the notices itself, and this is its page."""

    def taken(_: Path) -> None:
        found = batch.split(pages_of(printed([lines])), batch.by_reference([BY_MAIL, "L00105"]))
        parts.keep(NOVEMBER, "letter", 1, found.parts, frozenset())

    return taken


def nobody(_: Path) -> None:
    """No list says this: a lease without a tenant is refused; only a hand in the database leaves one."""
    Person.delete().where(Person.lease == BY_MAIL).execute()


def come_back(_: Path) -> None:
    Outgoing.insert(
        key="rent_notice/L00102/2026-10", kind="rent_notice", template="rent_notice", recipient="ewen.legoff@example.org", filed=True,
        state="bounced", created_at=NOON, next_try_at=NOON,
    ).execute()  # fmt: skip


ARRANGED: dict[Odd, Callable[[Path], None]] = {
    Odd.NO_TENANT: nobody,
    Odd.ROLE_UNCLEAR: lease(co_tenants="MARTIN Paul (voir dossier)"),
    Odd.NO_ADDRESS: lease(notice_channel="post", property_name="Parking Épervière"),
    Odd.RENT_CHANGED: movement("2026-11-01", "appel", "Loyer novembre 2026", debit="612.40"),
    Odd.BALANCE_JUMPED: movement("2026-10-20", "frais", "Remise en état", debit="1500.00"),
    Odd.OVER_BOUND: lease(rent_eur="5200.00"),
    Odd.INSURANCE: lease(insurance_expiry="2026-10-31"),
    Odd.LEASE_ENDING: lease(end_date="2026-11-30"),
    Odd.NO_MANDATE: lease(payment_method="prélèvement"),
    Odd.RECEIPT_WITHHELD: both(
        movement("2026-10-02", "appel", "Rappel de loyer octobre 2026", debit="20.00"),
        movement(TODAY, "reglement", "Chèque octobre 2026", credit="20.00"),
    ),
    Odd.UNMATCHED_REVERSAL: movement("2026-10-28", "reglement", "Rejet prélèvement SEPA", debit="655.00"),
    Odd.LEFT_IN_CREDIT: both(
        lease(departure_date="2026-10-10"), movement("2026-10-20", "reglement", "Virement", credit="900.00")
    ),
    Odd.UNDATED_DEPARTURE: movement("2026-10-20", "reglement", "Solde de tout compte", debit="10.00"),
    Odd.NO_CONSENT: lease(email_consent_date=""),
    Odd.NO_EMAIL: lease(tenant_email=""),
    Odd.NO_PAGE: page("AVIS D'ÉCHÉANCE Réf. L00105", "TOTAL A PAYER : 10,00 EUR"),
    Odd.PAGE_DIFFERS: page("AVIS D'ÉCHÉANCE Réf. L00102", "TOTAL A PAYER : 10,00 EUR"),
    Odd.PAGE_UNREAD: page("AVIS D'ÉCHÉANCE Réf. L00102", "TOTAL A PAYER : voir au dos"),
    Odd.BOUNCING: come_back,
}


def test_every_thing_that_is_odd_is_arranged_here() -> None:
    assert set(ARRANGED) == set(Odd)


@pytest.mark.parametrize("what", ARRANGED)
def test_what_is_odd_is_told_of_that_lease(agency: Agency, tmp_path: Path, what: Odd) -> None:
    lease(insurance_expiry="2027-08-31")(tmp_path)
    before = {look.what for look in agency.prepare(BY_MAIL).odd}

    ARRANGED[what](tmp_path)
    after = {look.what for look in agency.prepare(BY_MAIL).odd}

    assert what not in before
    assert what in after
