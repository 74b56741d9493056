"""The monthly notice: what is called, what was paid, which receipts are owed, and what a person should look at."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from rules import epc, period
from rules.labels import Component, Mode
from rules.ledger import ZERO, Entry, balance
from rules.notice import Lease, Named, Notice, NoticeKind, Odd, Outcome, Party, Policy, Way, facts
from rules.plan import Role
from rules.receipt import ReceiptKind, in_words
from rules.reckoning import compute, departed_on, tenants, term_around
from tests.accounts import balances, entry, leases, movements

NOVEMBER = period.parse("2026-11")
RUN = date(2026, 10, 31)

LEASE = Lease(
    id="L1", start=date(2020, 1, 1), rent=Decimal("700.00"), charges=Decimal("50.00"), mandate="1042", owner="M. Untel",
    property="Les Traboules", lot="A12", address="14 rue du Puits", postcode="69005", city="Lyon",
    insurance_until=date(2027, 1, 1),
)  # fmt: skip
TENANT = Named(Role.TENANT, "Bonnefoy", "Clémence", "Mme")


def call(month: str, rent: str = "700.00", charges: str = "50.00") -> list[Entry]:
    day, reference = f"{month}-01", f"APP-{month.replace('-', '')}-L1"
    return [
        entry(day, "appel", f"Loyer {month}", rent, reference=reference),
        entry(day, "appel", f"Provision pour charges {month}", charges, reference=reference),
    ]


def pay(day: str, amount: str, label: str = "Virement BONNEFOY", reference: str = "VIR-1") -> Entry:
    return entry(day, "reglement", label, credit=amount, reference=reference)


def made(entries: list[Entry], lease: Lease = LEASE, today: date = RUN, **options: object) -> Outcome:
    return compute(lease, [TENANT], entries, NOVEMBER, today, **options)  # type: ignore[arg-type]


def notice_of(entries: list[Entry], lease: Lease = LEASE, today: date = RUN, **options: object) -> Notice:
    notice = made(entries, lease, today, **options).notice
    assert notice is not None
    return notice


def odd(outcome: Outcome) -> set[Odd]:
    return {oddity.what for oddity in outcome.oddities}


PAID = [*call("2026-10"), pay("2026-10-05", "750.00")]

# --- the sample agency's run of November 2026

# What is received of October, where it isn't the whole term: a part, or nothing.
PART = {"L00104": "999.40", "L00106": "0.01", "L00135": "1013.91", "L00157": "1009.32"}
NOTHING = {"L00116", "L00118", "L00119", "L00120", "L00133", "L00149", "L00155"}
GONE = {"L00124", "L00139"}


def november(lease: str) -> Outcome:
    terms, people = leases()[lease]
    return compute(terms, people, movements()[lease], NOVEMBER, RUN)


def test_each_running_lease_gets_one_notice_and_nobody_else() -> None:
    assert {lease for lease in leases() if november(lease).notice is None} == GONE
    assert all(departed_on(leases()[lease][0], movements()[lease]) for lease in GONE)


@pytest.mark.parametrize("lease", sorted(set(leases()) - GONE))
def test_a_notice_opens_with_the_expected_balance_and_adds_the_term(lease: str) -> None:
    notice = november(lease).notice
    terms = leases()[lease][0]

    assert notice is not None
    assert notice.kind is NoticeKind.CALL
    assert notice.opening_balance == balances()[lease]
    assert notice.term_due == terms.rent + terms.charges + terms.other
    assert notice.total_due == notice.opening_balance + notice.term_due
    assert notice.past.opening + notice.past.called - notice.past.received == notice.past.closing
    assert sum(due.left for due in (*notice.arrears, *notice.fees)) >= notice.opening_balance


@pytest.mark.parametrize("lease", sorted(set(leases()) - GONE))
def test_receipts_are_given_exactly_for_the_paid_terms(lease: str) -> None:
    notice = november(lease).notice

    assert notice is not None
    if lease in NOTHING:
        assert notice.receipt is ReceiptKind.NONE
    elif lease in PART:
        assert notice.receipt is ReceiptKind.PART
        assert notice.receipts[0].total == Decimal(PART[lease])
    else:
        terms = leases()[lease][0]
        assert notice.receipt is ReceiptKind.FULL
        assert notice.receipts[0].left == 0
        assert notice.receipts[0].total == sum(paid.amount for paid in notice.receipts[0].paid)
        assert notice.receipts[0].charges == terms.charges


def test_an_old_debt_does_not_keep_a_tenant_from_the_receipt_of_a_term_that_they_chose_to_pay() -> None:
    notice = november("L00105").notice

    assert notice is not None
    assert notice.receipt is ReceiptKind.FULL
    assert notice.opening_balance == Decimal("916.01")


def test_a_late_payment_gets_the_receipt_of_the_older_term_that_it_completed() -> None:
    notice = november("L00116").notice

    assert notice is not None
    assert [(receipt.kind, receipt.period.name) for receipt in notice.receipts] == [(ReceiptKind.FULL, "2026-08")]


# --- the call


def test_a_posted_call_wins_over_the_rent_and_is_never_added_to_it() -> None:
    outcome = made([*PAID, *call("2026-11", "712.40")])

    assert outcome.notice is not None
    assert outcome.notice.term_due == Decimal("762.40")
    assert outcome.notice.opening_balance == 0
    assert Odd.RENT_CHANGED in odd(outcome)


def test_an_aid_posted_alone_is_not_taken_for_the_call() -> None:
    aid = entry("2026-11-01", "appel", "Allocation logement (CAF) déduite", credit="189.86", reference="APP-202611-L1")

    assert notice_of([*PAID, aid]).term_due == Decimal("560.14")


def test_a_call_posted_before_its_month_is_not_an_old_debt() -> None:
    early = [replace(line, day=date(2026, 10, 25)) for line in call("2026-11")]

    notice = notice_of([*PAID, *early])

    assert (notice.opening_balance, notice.term_due) == (ZERO, Decimal("750.00"))
    assert notice.arrears == ()


def test_the_lines_of_a_rich_call_stand_as_called_negative_ones_too() -> None:
    reference = "APP-202611-L1"
    more = [
        entry("2026-11-01", "appel", "Révision IRL T3 2026, rappel d'octobre 2026", "12.47", reference=reference),
        entry("2026-11-01", "appel", "Allocation logement (CAF) déduite", credit="189.86", reference=reference),
        entry("2026-11-01", "regularisation", "TEOM 2026", "111.76", reference="TEOM-2026-L1"),
        entry("2026-11-01", "avoir", "Geste commercial", credit="60.00", reference="AV-L1-1"),
    ]

    notice = notice_of([*PAID, *call("2026-11"), *more])

    assert [line.component for line in notice.lines[:3]] == [Component.RENT, Component.RENT, Component.CHARGES]
    assert notice.term_due == Decimal("624.37")
    assert sorted(line.amount for line in notice.lines)[:2] == [Decimal("-189.86"), Decimal("-60.00")]


@pytest.mark.parametrize(
    ("start", "left_on", "rent"),
    [("2026-11-03", None, "653.33"), ("2020-01-01", "2026-11-22", "513.33"), ("2026-11-10", "2026-11-10", "23.33")],
)
def test_the_first_and_the_last_term_are_called_by_the_day(start: str, left_on: str | None, rent: str) -> None:
    gone = date.fromisoformat(left_on) if left_on else None

    notice = notice_of([], replace(LEASE, start=date.fromisoformat(start), left_on=gone))

    assert notice.lines[0].amount == Decimal(rent)
    assert notice.due_on == max(date.fromisoformat(start), NOVEMBER.first)


def test_a_quarterly_lease_is_called_for_its_three_months() -> None:
    quarter = period.quarter(2027, 1)

    notice = compute(LEASE, [TENANT], [], quarter, date(2026, 12, 20)).notice

    assert notice is not None
    assert notice.term_due == 2250
    assert notice.past.period == period.quarter(2026, 4)


def test_a_posted_quarter_is_one_term_with_one_receipt() -> None:
    entries = [
        entry("2026-10-01", "appel", "Loyer 4e trimestre 2026", "2100.00", reference="APP-202610-L1"),
        entry("2026-10-01", "appel", "Provision pour charges 4e trimestre 2026", "150.00", reference="APP-202610-L1"),
        pay("2026-10-08", "2250.00"),
    ]

    notice = compute(LEASE, [TENANT], entries, period.quarter(2027, 1), date(2026, 12, 20)).notice

    assert notice is not None
    assert [(r.kind, r.period, r.total) for r in notice.receipts] == [
        (ReceiptKind.FULL, period.quarter(2026, 4), Decimal("2250.00"))
    ]


def quarterly(entries: list[Entry], month: str, today: date, **changes: object) -> Outcome:
    lease = replace(LEASE, **{"term_months": 3, **changes})  # type: ignore[arg-type]
    return compute(lease, [TENANT], entries, period.parse(month), today)


POSTED_QUARTER = [
    entry("2026-10-01", "appel", "Loyer 4e trimestre 2026", "2100.00", reference="APP-202610-L1"),
    entry("2026-10-01", "appel", "Provision pour charges 4e trimestre 2026", "150.00", reference="APP-202610-L1"),
]


def test_a_lease_that_is_paid_by_the_quarter_is_called_in_its_first_month_only() -> None:
    first = quarterly([], "2026-10", date(2026, 9, 20)).notice

    assert first is not None
    assert (first.period, first.term_due) == (period.quarter(2026, 4), Decimal("2250.00"))
    assert quarterly([], "2026-11", date(2026, 10, 20)).notice is None


def test_a_quarter_that_begins_with_its_lease_is_called_by_the_day() -> None:
    notice = quarterly([], "2026-11", date(2026, 10, 20), start=date(2026, 11, 10)).notice

    assert notice is not None
    assert notice.period == period.Period(date(2026, 11, 1), date(2026, 12, 31))
    assert notice.lines[0].amount == Decimal("1190.00"), "21 days of November, and December"


@pytest.mark.parametrize("months", [1, 3])
def test_a_posted_quarter_is_never_called_again_in_its_later_months(months: int) -> None:
    paid = [*POSTED_QUARTER, pay("2026-10-05", "2250.00")]

    owing = quarterly(POSTED_QUARTER, "2026-11", RUN, term_months=months)

    assert quarterly(paid, "2026-11", RUN, term_months=months).notice is None
    assert owing.notice is not None
    assert (owing.notice.kind, owing.notice.term_due, owing.notice.total_due) == (
        NoticeKind.ACCOUNT,
        Decimal(0),
        Decimal(2250),
    )
    assert Odd.LEFT_IN_CREDIT not in odd(owing)


@pytest.mark.parametrize(
    ("entries", "months", "month", "term"),
    [
        ([], 1, "2026-11", NOVEMBER),
        ([], 3, "2026-12", period.quarter(2026, 4)),
        (POSTED_QUARTER, 1, "2026-11", period.quarter(2026, 4)),
        (POSTED_QUARTER, 1, "2027-01", period.month(2027, 1)),
    ],
)
def test_a_month_is_of_the_term_that_it_is_inside(
    entries: list[Entry], months: int, month: str, term: period.Period
) -> None:
    assert term_around(replace(LEASE, term_months=months), entries, period.parse(month)) == term


def test_water_called_by_the_quarter_beside_a_monthly_rent_changes_nothing() -> None:
    water = entry("2026-10-01", "appel", "Provision eau 4e trimestre 2026", "60.00", reference="APP-202610-EAU")

    notice = notice_of([*PAID, water])

    assert (notice.period, notice.term_due) == (NOVEMBER, Decimal("750.00"))


def test_the_quarter_of_an_index_is_no_term() -> None:
    revised = entry("2026-11-01", "appel", "Révision IRL T3 2026, 12,47 € par mois", "12.47")

    assert notice_of([*PAID, *call("2026-11"), revised]).term_due == Decimal("762.47")


def test_a_run_made_late_takes_off_what_was_paid_in_the_meantime() -> None:
    entries = [*PAID, *call("2026-11"), pay("2026-11-02", "750.00", reference="VIR-2")]

    notice = notice_of(entries, today=date(2026, 11, 3))

    assert (notice.received_since, notice.total_due, notice.way) == (Decimal("750.00"), ZERO, Way.NOTHING)
    assert notice.opening_balance == 0


def test_whatever_the_day_of_the_run_the_total_is_the_whole_account() -> None:
    entries = [
        *PAID,
        *call("2026-11"),
        *call("2026-12"),
        pay("2026-11-05", "400.00"),
        entry("2026-11-09", "frais", "Badge", "45.00"),
    ]

    for day in range(1, 30):
        notice = notice_of(entries, today=date(2026, 11, day))
        assert notice.total_due == balance([line for line in entries if line.day <= NOVEMBER.last])


# --- receipts


def test_a_paid_term_has_its_receipt_with_rent_and_charges_apart_in_figures_and_words() -> None:
    (receipt,) = notice_of(PAID).receipts

    assert (receipt.kind, receipt.rent, receipt.charges, receipt.total) == (
        ReceiptKind.FULL, Decimal("700.00"), Decimal("50.00"), Decimal("750.00"),
    )  # fmt: skip
    assert receipt.words == "sept cent cinquante euros"
    assert [(paid.received, paid.mode) for paid in receipt.paid] == [(date(2026, 10, 5), Mode.TRANSFER)]


def test_fees_stand_apart_and_never_keep_a_receipt_back() -> None:
    fees = entry("2026-09-15", "frais", "Commandement de payer – acte de commissaire de justice", "148.72")

    notice = notice_of([fees, *PAID])

    assert notice.receipt is ReceiptKind.FULL
    assert (notice.arrears, [fee.left for fee in notice.fees]) == ((), [Decimal("148.72")])


def test_what_is_posted_ahead_has_settled_nothing_yet() -> None:
    ahead = entry("2026-11-01", "regularisation", "Régularisation charges 2025 – trop-versé", credit="750.00")

    outcome = made([*call("2026-10"), ahead], today=date(2026, 10, 24))

    assert outcome.notice is not None
    assert outcome.notice.receipts == ()
    assert outcome.withheld == ()


def test_a_part_payment_has_a_receipt_that_says_what_is_left() -> None:
    (receipt,) = notice_of([*call("2026-10"), pay("2026-10-05", "300.00")]).receipts

    assert (receipt.kind, receipt.total, receipt.left) == (ReceiptKind.PART, Decimal("300.00"), Decimal("450.00"))


def test_nothing_paid_is_no_receipt() -> None:
    assert notice_of(call("2026-10")).receipts == ()


def test_a_term_paid_in_advance_has_its_receipt_when_it_is_past() -> None:
    assert notice_of([pay("2026-09-28", "750.00"), *call("2026-10")]).receipt is ReceiptKind.FULL


@pytest.mark.parametrize(
    ("label", "days"), [("Chèque", 10), ("Prélèvement SEPA", 8), ("Virement X", 0), ("Espèces", 0)]
)
def test_a_receipt_waits_until_its_payment_can_no_longer_come_back(label: str, days: int) -> None:
    entries = [*call("2026-10"), pay("2026-10-20", "750.00", label, "")]
    clear = date(2026, 10, 20) + timedelta(days=days)

    if days:
        early = made(entries, today=clear - timedelta(days=1))
        assert early.notice is not None
        assert early.notice.receipts == ()
        assert [held.clear_on for held in early.withheld] == [clear]
        assert Odd.RECEIPT_WITHHELD in odd(early)
    assert notice_of(entries, today=clear).receipt is ReceiptKind.FULL


def test_a_receipt_that_waited_comes_with_the_next_notice_and_only_once() -> None:
    entries = [*call("2026-09"), pay("2026-09-28", "750.00", "Chèque", "CHQ-1"), *call("2026-10")]

    due = notice_of(entries, since=date(2026, 10, 1))
    told = notice_of(entries, since=date(2026, 10, 20))

    assert [receipt.period.name for receipt in due.receipts] == ["2026-09"]
    assert told.receipts == ()


def test_a_rejected_payment_gives_no_receipt() -> None:
    entries = [
        *call("2026-10"),
        pay("2026-10-05", "750.00", "Prélèvement SEPA", "PRLV-1"),
        entry("2026-10-08", "reglement", "Rejet prélèvement SEPA (AM04)", "750.00", reference="REJ-1"),
    ]

    assert notice_of(entries).receipts == ()


def test_an_insurance_for_account_is_told_on_the_receipt() -> None:
    insured = entry("2026-10-01", "appel", "Assurance pour compte, 1/12 de prime", "11.20", reference="APP-202610-L1")

    (receipt,) = notice_of([*call("2026-10"), insured, pay("2026-10-05", "761.20")]).receipts

    assert receipt.others == (("Assurance pour compte, 1/12 de prime", Decimal("11.20")),)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("827.18", "huit cent vingt-sept euros et dix-huit centimes"),
        ("1.01", "un euro et un centime"),
        ("0.01", "un centime"),
        ("0.00", "zéro euro"),
        ("80.00", "quatre-vingts euros"),
        ("200.80", "deux cents euros et quatre-vingts centimes"),
        ("1000.00", "mille euros"),
        ("1580.21", "mille cinq cent quatre-vingts euros et vingt et un centimes"),
        ("1000000.00", "un million d'euros"),
    ],
)
def test_sums_are_put_in_french_words(amount: str, words: str) -> None:
    assert in_words(Decimal(amount)) == words


@pytest.mark.parametrize("amount", ["-1", "1.005", "0.001"])
def test_what_is_no_sum_of_euros_and_cents_is_not_put_in_words(amount: str) -> None:
    with pytest.raises(ValueError, match=amount):
        in_words(Decimal(amount))


# --- how to pay


def test_a_direct_debit_has_its_date_and_its_mandate() -> None:
    debited = replace(LEASE, payment=Mode.DIRECT_DEBIT, mandate_reference="RUM-1")

    notice = notice_of(PAID, debited, policy=Policy(debit_day=8))

    assert (notice.way, notice.debit_on) == (Way.DEBIT, date(2026, 11, 8))


def test_a_direct_debit_without_a_mandate_is_odd() -> None:
    assert Odd.NO_MANDATE in odd(made(PAID, replace(LEASE, payment=Mode.DIRECT_DEBIT)))


@pytest.mark.parametrize("mode", [Mode.TRANSFER, Mode.DIRECT_DEBIT])
def test_a_tenant_in_credit_has_nothing_to_pay(mode: Mode) -> None:
    notice = notice_of([*PAID, pay("2026-10-20", "900.00", reference="VIR-2")], replace(LEASE, payment=mode))

    assert (notice.total_due, notice.way, notice.debit_on) == (Decimal("-150.00"), Way.NOTHING, None)


# --- those who left, those who haven't come


def test_a_tenant_who_left_with_a_debt_gets_a_statement_and_no_call() -> None:
    outcome = made(
        [*call("2026-09"), pay("2026-09-20", "300.00")],
        replace(LEASE, left_on=date(2026, 9, 30), payment=Mode.DIRECT_DEBIT),
    )

    assert outcome.notice is not None
    assert (outcome.notice.kind, outcome.notice.lines) == (NoticeKind.STATEMENT, ())
    assert (outcome.notice.total_due, outcome.notice.way) == (Decimal("450.00"), Way.PAY)
    assert Odd.NO_ADDRESS in odd(outcome)


def test_a_tenant_who_left_owing_nothing_gets_nothing() -> None:
    assert (
        made([*call("2026-09"), pay("2026-09-20", "750.00")], replace(LEASE, left_on=date(2026, 9, 30))).notice is None
    )


def test_a_tenant_who_left_in_credit_is_told_to_a_person() -> None:
    outcome = made([pay("2026-09-20", "20.00")], replace(LEASE, left_on=date(2026, 9, 30)))

    assert outcome.notice is None
    assert Odd.LEFT_IN_CREDIT in odd(outcome)


def test_the_last_receipt_is_given_to_a_tenant_who_left() -> None:
    notice = notice_of(PAID, replace(LEASE, left_on=date(2026, 10, 31), postal=("3 chemin Vert", "44000 NANTES")))

    assert (notice.kind, notice.receipt) == (NoticeKind.STATEMENT, ReceiptKind.FULL)


def test_a_lease_that_has_not_begun_gets_nothing() -> None:
    assert made([], replace(LEASE, start=date(2026, 12, 1))).notice is None


def test_a_contract_at_its_term_is_called_and_said_to_be_odd() -> None:
    outcome = made(PAID, replace(LEASE, end=date(2026, 10, 31)))

    assert outcome.notice is not None
    assert Odd.LEASE_ENDING in odd(outcome)


# --- who is named


def test_a_couple_under_one_name_is_named_together() -> None:
    people = leases()["L00105"][1]

    assert tenants(people) == (Party("M. et Mme", ("Ibrahim", "Fatoumata"), "Traoré"),)


@pytest.mark.parametrize(
    ("civility", "typed", "named"),
    [
        ("", "SCI DU BALISIER", "SCI DU BALISIER"),
        ("SAS", "ATELIERS DU RHÔNE", "ATELIERS DU RHÔNE"),
        ("", "BRASSERIES DU NORD SA", "BRASSERIES DU NORD SA"),
        ("M.", "SÁ", "Sá"),
        ("", "MOREL", "Morel"),
    ],
)
def test_a_company_keeps_its_capitals_and_a_person_is_written_as_in_a_letter(
    civility: str, typed: str, named: str
) -> None:
    assert tenants([Named(Role.TENANT, typed, "", civility)]) == (Party(civility, (), named),)


@pytest.mark.parametrize(
    ("lease", "names"),
    [
        ("L00118", ["Saint-Cyr", "Morel", "Ziegler"]),
        ("L00115", ["Ferreira da Costa", "Ferreira Da Costa"]),  # her grown-up son lives there, and is no tenant
        ("L00133", ["Delannoy"]),  # she left
        ("L00155", ["Cléry"]),  # her mother is her guarantor
    ],
)
def test_only_the_holders_of_the_lease_are_named(lease: str, names: list[str]) -> None:
    assert [party.last for party in tenants(leases()[lease][1])] == names


def test_an_unclear_role_is_not_named_and_a_person_is_told() -> None:
    unclear = Named(Role.UNCLEAR, "MARTIN", "Paul")

    outcome = compute(LEASE, [TENANT, unclear], PAID, NOVEMBER, RUN)

    assert outcome.notice is not None
    assert [party.last for party in outcome.notice.tenants] == ["Bonnefoy"]
    assert [oddity.detail for oddity in outcome.oddities if oddity.what is Odd.ROLE_UNCLEAR] == ["MARTIN Paul"]


def test_a_lease_without_a_tenant_gets_nothing_and_a_person_is_told() -> None:
    outcome = compute(LEASE, [Named(Role.GUARANTOR, "X")], PAID, NOVEMBER, RUN)

    assert outcome.notice is None
    assert odd(outcome) == {Odd.NO_TENANT}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"insurance_until": date(2026, 10, 1)}, Odd.INSURANCE),
        ({"insurance_until": None}, Odd.INSURANCE),
        ({"address": ""}, Odd.NO_ADDRESS),
        ({"property": "Parking Épervière"}, Odd.NO_ADDRESS),
        ({"rent": Decimal(6000)}, Odd.OVER_BOUND),
    ],
)
def test_what_is_odd_is_said(change: dict[str, object], what: Odd) -> None:
    assert what not in odd(made(PAID))
    assert what in odd(made(PAID, replace(LEASE, **change)))  # type: ignore[arg-type]


def test_a_parking_space_needs_no_insurance() -> None:
    parking = replace(LEASE, property="Parking Épervière", insurance_until=None)

    assert Odd.INSURANCE not in odd(made(PAID, parking))


def test_a_balance_that_jumped_is_said() -> None:
    assert Odd.BALANCE_JUMPED in odd(made([*PAID, entry("2026-10-20", "frais", "Facture", "1500.00")]))


# --- the data and the QR code


def test_a_notice_is_plain_data_with_exact_money() -> None:
    data = json.loads(json.dumps(facts(notice_of(PAID))))

    assert data["total_due"] == "750.00"
    assert data["receipts"][0]["paid"][0] == {
        "received": "2026-10-05", "amount": "750.00", "whole": "750.00", "mode": "transfer",
        "label": "Virement BONNEFOY", "reference": "VIR-1",
    }  # fmt: skip
    assert data["period"] == {"first": "2026-11-01", "last": "2026-11-30"}


def test_the_qr_code_says_what_the_standard_wants() -> None:
    text = epc.payload(
        "Régie Aubrelac – compte gérance",
        "FR76 3000 6000 0112 3456 7890 189",
        "AGRIFRPPXXX",
        Decimal("889.36"),
        "L00101 2026-11",
    )

    assert text.split("\n") == [
        "BCD", "002", "1", "SCT", "AGRIFRPPXXX", "Regie Aubrelac - compte gerance", "FR7630006000011234567890189",
        "EUR889.36", "", "", "L00101 2026-11",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "name"), [("0", "X"), ("-1", "X"), ("1000000000", "X"), ("5", "漢字"), ("5", "é" * 71)]
)
def test_a_qr_code_that_no_bank_would_take_is_refused(amount: str, name: str) -> None:
    with pytest.raises(ValueError, match="QR code"):
        epc.payload(name, "FR7630006000011234567890189", "", Decimal(amount), "L1")
