"""What our notices called and the account lacks."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rules import period
from rules.called import last_posted, unposted
from rules.ledger import Entry
from rules.notice import Notice
from rules.reckoning import compute
from tests.accounts import entry, leases, movements

NOVEMBER = period.parse("2026-11")
RENT = entry("2026-11-01", "appel", "Loyer novembre 2026", "1012", reference="APP-202611-L00107")
CHARGES = entry("2026-11-01", "appel", "Provision pour charges novembre 2026", "95", reference="APP-202611-L00107")
TAX = entry("2026-11-02", "regularisation", "TEOM 2026", "120", reference="TEOM-2026-L00107")


def noticed(*more: Entry) -> Notice:
    notice = compute(*leases()["L00107"], [*movements()["L00107"], *more], NOVEMBER, date(2026, 10, 20)).notice
    assert notice is not None
    return notice


@pytest.mark.parametrize(
    ("posted", "lacking"),
    [
        ((), "1167"),
        ((RENT,), None),
        ((RENT, CHARGES), None),
        ((entry("2026-11-05", "reglement", "Virement", credit="1167", reference="VIR-1"),), "1167"),
        ((entry("2026-11-06", "reglement", "CAF – tiers payant", credit="184", reference="CAF-1"),), "1167"),
    ],
)
def test_a_term_called_is_lacking_until_accounting_posts_it(posted: tuple[Entry, ...], lacking: str | None) -> None:
    found = unposted(noticed(), [*movements()["L00107"], *posted])

    assert (found.amount if found else None) == (Decimal(lacking) if lacking else None)


def test_what_else_a_notice_called_is_counted_once() -> None:
    notice, account = noticed(TAX), movements()["L00107"]

    def lacking(*posted: Entry) -> Decimal | None:
        found = unposted(notice, [*account, *posted])
        return found.amount if found else None

    assert (lacking(), lacking(TAX), lacking(RENT)) == (Decimal(1287), Decimal(1167), Decimal(120))
    assert lacking(RENT, TAX) is None


def test_a_notice_that_calls_nothing_lacks_nothing() -> None:
    left = compute(
        replace(leases()["L00107"][0], left_on=date(2026, 9, 30)), leases()["L00107"][1],
        [RENT], NOVEMBER, date(2026, 10, 20),
    ).notice  # fmt: skip
    assert left is not None

    assert unposted(left, []) is None


def test_the_last_term_posted() -> None:
    assert last_posted(movements()["L00107"]) == period.parse("2026-10")
    assert last_posted([]) is None
