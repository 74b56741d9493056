"""The lists of the end of the quittancement, lease by lease."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rules import period
from rules.ledger import Entry, Kind
from rules.lists import Subject, Why, items, months_before, series
from rules.notice import Lease, Named, Outcome
from rules.plan import Role
from rules.reckoning import compute

DECEMBER = period.month(2026, 12)
LEASE = Lease("L1", date(2022, 12, 31), Decimal("500.00"), postcode="69001", insurance_until=date(2027, 6, 30))
NOTHING = Outcome(None)


def found(lease: Lease, *, furnished: bool = False, left: bool = False) -> dict[Subject, Why]:
    return {one.subject: one.why for one in items(lease, NOTHING, DECEMBER, furnished=furnished, left=left)}


@pytest.mark.parametrize(
    ("end", "furnished", "why"),
    [
        (date(2026, 12, 31), False, Why.TERM_REACHED),
        (date(2026, 11, 30), False, Why.TERM_PASSED),
        (date(2027, 6, 14), False, Why.LANDLORD_NOTICE),  # six months before: 14 December
        (date(2027, 3, 14), True, Why.LANDLORD_NOTICE),  # three, furnished
        (date(2027, 3, 14), False, None),
        (date(2028, 8, 31), False, None),
        (None, False, None),
    ],
)
def test_a_lease_is_told_at_its_term_and_when_a_landlord_may_still_give_notice(
    end: date | None, furnished: bool, why: Why | None
) -> None:
    assert found(replace(LEASE, end=end), furnished=furnished).get(Subject.TERM) == why


@pytest.mark.parametrize(
    ("until", "why"),
    [
        (None, Why.UNKNOWN),
        (date(2026, 11, 30), Why.EXPIRED),
        (date(2026, 12, 1), Why.EXPIRING),
        (date(2027, 1, 30), Why.EXPIRING),
        (date(2027, 1, 31), None),
    ],
)
def test_an_insurance_is_asked_for_a_month_before_it_ends(until: date | None, why: Why | None) -> None:
    assert found(replace(LEASE, insurance_until=until)).get(Subject.INSURANCE) == why


def test_nobody_insures_a_parking_place() -> None:
    assert Subject.INSURANCE not in found(replace(LEASE, insurance_until=None, property="Parking Épervière"))


def test_a_revision_is_due_at_the_anniversary_and_lost_a_year_later() -> None:
    (one,) = items(LEASE, NOTHING, DECEMBER, furnished=False, left=False)

    assert (one.subject, one.day, one.until) == (Subject.REVISION, date(2026, 12, 31), date(2027, 12, 31))


def test_a_lease_of_a_leap_day_has_its_anniversary_on_the_last_of_february() -> None:
    lease = replace(LEASE, start=date(2024, 2, 29))

    (one,) = items(lease, NOTHING, period.month(2027, 2), furnished=False, left=False)

    assert (one.day, one.until) == (date(2027, 2, 28), date(2028, 2, 29))


def test_the_first_month_is_no_anniversary() -> None:
    assert Subject.REVISION not in found(replace(LEASE, start=date(2026, 12, 1)))


@pytest.mark.parametrize(
    ("postcode", "whose"),
    [
        ("69001", Why.MAINLAND),
        ("20200", Why.CORSICA),
        ("97200", Why.OVERSEAS),
        ("97122", Why.OVERSEAS),
        ("97600", Why.OVERSEAS),
        ("97133", Why.NO_SERIES),
        ("97150", Why.NO_SERIES),
        ("97500", Why.NO_SERIES),
        ("98800", Why.NO_SERIES),
        ("", Why.NO_SERIES),
        ("L-1234", Why.NO_SERIES),
    ],
)
def test_the_index_is_that_of_the_place(postcode: str, whose: Why) -> None:
    assert series(postcode) == whose


@pytest.mark.parametrize(
    ("day", "count", "before"),
    [
        (date(2027, 3, 31), 1, date(2027, 2, 28)),
        (date(2027, 1, 15), 1, date(2026, 12, 15)),
        (date(2028, 8, 29), 6, date(2028, 2, 29)),
    ],
)
def test_months_are_counted_by_the_calendar(day: date, count: int, before: date) -> None:
    assert months_before(day, count) == before


def test_a_tenant_who_left_is_in_no_list_of_leases() -> None:
    assert found(replace(LEASE, end=date(2026, 1, 1), insurance_until=None), left=True) == {}


# --- receipts


def receipts(*entries: Entry) -> list[tuple[Why, str, Decimal | None]]:
    people = (Named(Role.TENANT, "Bonnefoy"),)
    outcome = compute(LEASE, people, entries, DECEMBER, date(2026, 11, 24))
    listed = items(LEASE, outcome, DECEMBER, furnished=False, left=False)
    return [(one.why, one.detail, one.amount) for one in listed if one.subject is Subject.RECEIPT]


CALL = Entry(date(2026, 11, 1), Kind.CALL, "Loyer novembre 2026", debit=Decimal("500.00"), reference="APP-202611-L1")


def paid(amount: str, day: int = 3, label: str = "Virement") -> Entry:
    return Entry(date(2026, 11, day), Kind.PAYMENT, label, credit=Decimal(amount), reference=f"P{day}")


def test_a_quittance_that_is_given_is_in_no_list() -> None:
    assert receipts(CALL, paid("500.00")) == []


def test_a_payment_that_may_come_back_withholds_it() -> None:
    assert receipts(CALL, paid("500.00", 20, "Chèque")) == [(Why.CLEARING, "2026-11", Decimal("500.00"))]


def test_a_part_payment_says_what_is_left() -> None:
    assert receipts(CALL, paid("200.00")) == [(Why.PART_PAID, "2026-11", Decimal("300.00"))]


def test_a_term_that_nobody_paid_is_told() -> None:
    assert receipts(CALL) == [(Why.UNPAID, "2026-11", Decimal("500.00"))]
