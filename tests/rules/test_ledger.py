"""The account of a tenant: its balance, its terms, and which payment settled what."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from rules import labels, period
from rules.allocation import Allocation, Term, allocate
from rules.labels import Component, Mode
from rules.ledger import ZERO, Entry, Kind, balance, read, term_of
from rules.period import Period
from tests.accounts import balances, entry, movements


def call(month: str, rent: str = "700", charges: str = "50") -> list[Entry]:
    day = f"{month}-01"
    reference = f"APP-{month.replace('-', '')}-L1"
    return [
        entry(day, "appel", "Loyer", rent, reference=reference),
        entry(day, "appel", "Provision pour charges", charges, reference=reference),
    ]


def pay(day: str, amount: str, label: str = "Virement DUPONT", reference: str = "VIR-1") -> Entry:
    return entry(day, "reglement", label, credit=amount, reference=reference)


def term(entries: list[Entry], month: str) -> Term:
    return next(found for found in allocate(entries).terms() if found.period.name == month)


# --- the sixty accounts of the sample


@pytest.mark.parametrize("lease", sorted(balances()))
def test_the_sample_balances_come_out_to_the_cent_from_both_sides(lease: str) -> None:
    entries = movements()[lease]

    assert balance(entries, date(2026, 10, 31)) == balances()[lease]
    assert allocate(entries).balance == balances()[lease]


def test_every_term_of_the_sample_is_read_from_its_reference() -> None:
    for lease, entries in movements().items():
        for found in allocate(entries).terms():
            references = {debt.reference for debt in found.debts}
            assert references == {f"APP-{found.period.first:%Y%m}-{lease}"}


@pytest.mark.parametrize("lease", sorted(balances()))
def test_no_cent_is_lost_or_made(lease: str) -> None:
    conserved(allocate(movements()[lease]))


def conserved(allocation: Allocation) -> None:
    for debt in allocation.book.debts:
        assert ZERO <= allocation.left(debt) <= debt.amount
    for credit in allocation.book.credits:
        assert ZERO <= allocation.unspent(credit) <= credit.amount
    assert all(share.amount > 0 and share.amount == round(share.amount, 2) for share in allocation.shares)


@pytest.mark.parametrize("seed", range(200))
def test_the_order_of_the_lines_makes_no_difference(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    entries = some_account(rng)
    shuffled = rng.sample(entries, len(entries))

    first, second = allocate(entries), allocate(shuffled)

    conserved(first)
    assert first == second
    assert first.balance == balance(entries)


def some_account(rng: random.Random) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(1, 13):
        entries += call(
            f"2026-{number:02}", f"{rng.randrange(30000, 90000) / 100:.2f}", f"{rng.randrange(1, 9000) / 100:.2f}"
        )
        for _ in range(rng.randrange(4)):
            entries.append(some_line(rng, number))
    return entries


def some_line(rng: random.Random, number: int) -> Entry:
    day, amount = f"2026-{number:02}-{rng.randrange(1, 29):02}", f"{rng.randrange(1, 150000) / 100:.2f}"
    lines = (
        pay(day, amount, reference=f"VIR-{rng.randrange(9)}"),
        pay(day, amount, "CAF – tiers payant", f"CAF-26{number:02}-1"),
        pay(day, amount, "Prélèvement SEPA", "PRLV-1"),
        pay(day, amount, f"Virement loyer {rng.choice(list(labels.MONTHS)[:12])} 2026"),
        entry(day, "reglement", "Rejet prélèvement SEPA", amount),
        entry(day, "regularisation", "TEOM 2026", amount),
        entry(day, "regularisation", "Régularisation charges 2025 – trop-versé", credit=amount),
        entry(day, "avoir", "Geste commercial", credit=amount),
        entry(day, "frais", "Frais bancaires de rejet", amount),
    )
    return rng.choice(lines)


def test_a_day_gives_the_same_settlements_however_its_payments_are_ordered() -> None:
    day = [pay("2026-10-05", "300", reference="VIR-1"), pay("2026-10-05", "450", reference="VIR-2")]

    assert allocate([*call("2026-10"), *day]) == allocate([*reversed(day), *reversed(call("2026-10"))])


# --- C. civ. 1342-10


def test_a_payment_that_says_nothing_goes_to_the_oldest_term() -> None:
    entries = [*call("2026-09"), *call("2026-10"), pay("2026-10-05", "750")]

    assert term(entries, "2026-09").paid
    assert term(entries, "2026-10").settled() == 0


@pytest.mark.parametrize(
    "label", ["Virement loyer octobre 2026", "VIR LOYER 10/2026", "L1 2026-10", "loyer d'Oct. 2026"]
)
def test_the_debtor_chooses_the_term_that_they_name(label: str) -> None:
    entries = [*call("2026-09"), *call("2026-10"), pay("2026-10-05", "750", label)]

    assert term(entries, "2026-10").paid
    assert term(entries, "2026-09").settled() == 0


def test_what_exceeds_the_chosen_term_goes_to_the_oldest() -> None:
    entries = [*call("2026-09"), *call("2026-10"), pay("2026-10-05", "850", "Virement loyer + échéancier")]

    assert term(entries, "2026-10").paid
    assert term(entries, "2026-09").settled() == 100


def test_a_term_chosen_before_it_is_called_waits_for_it() -> None:
    entries = [*call("2026-10"), pay("2026-10-28", "750", "Virement loyer novembre 2026")]

    assert term(entries, "2026-10").settled() == 0
    assert term([*entries, *call("2026-11")], "2026-11").paid


def test_a_term_chosen_for_another_century_is_a_slip_of_the_pen() -> None:
    assert term([*call("2026-10"), pay("2026-10-28", "750", "Virement loyer novembre 2062")], "2026-10").paid


def test_money_paid_in_advance_settles_the_next_terms_as_they_fall_due() -> None:
    entries = [*call("2026-10"), pay("2026-10-03", "2250"), *call("2026-11"), *call("2026-12")]

    assert all(found.paid for found in allocate(entries).terms())


def test_money_that_waits_without_a_wish_gives_way_to_money_meant_for_the_term() -> None:
    waiting, meant = pay("2026-10-02", "500"), pay("2026-10-03", "750", "Virement loyer novembre 2026", "VIR-2")

    payments = term([waiting, meant, *call("2026-11")], "2026-11").payments()

    assert [(credit.reference, amount) for credit, amount in payments] == [("VIR-2", Decimal(750))]


def test_a_housing_aid_goes_to_its_month_even_when_an_older_term_is_unpaid() -> None:
    entries = [*call("2026-09"), *call("2026-10"), pay("2026-11-06", "200", "CAF 972 – tiers payant", "CAF-2610-82620")]

    assert term(entries, "2026-10").settled() == 200


def test_a_direct_debit_pays_the_term_that_it_was_presented_for() -> None:
    entries = [*call("2026-09"), *call("2026-10"), pay("2026-10-05", "750", "Prélèvement SEPA", "PRLV-261005-1")]

    assert term(entries, "2026-10").paid


def test_equal_debts_are_paid_in_proportion_and_to_the_cent() -> None:
    found = term([*call("2026-10", "700.01", "49.99"), pay("2026-10-05", "100")], "2026-10")

    assert found.settled(Component.RENT) + found.settled(Component.CHARGES) == 100
    assert found.settled(Component.RENT) == Decimal("93.33")


def test_fees_come_last_and_never_stand_before_a_term() -> None:
    fees = entry("2026-09-15", "frais", "Commandement de payer – acte de commissaire de justice", "148.72")

    allocation = allocate([fees, *call("2026-10"), pay("2026-10-05", "750")])

    assert allocation.terms()[0].paid
    assert [allocation.left(debt) for debt in allocation.book.debts if debt.component is Component.FEES] == [
        Decimal("148.72")
    ]


def test_a_yearly_regularisation_does_not_take_the_rent_from_its_term() -> None:
    entries = [entry("2026-09-12", "regularisation", "TEOM 2026", "62.18"), *call("2026-10"), pay("2026-10-05", "750")]

    assert term(entries, "2026-10").paid


def test_a_balance_carried_forward_is_older_than_the_terms() -> None:
    carried = entry("2026-09-30", "regularisation", "Report solde antérieur au 30/09/2026", "300", reference="RAN-2026")

    assert term([carried, *call("2026-10"), pay("2026-10-05", "750")], "2026-10").left() == 300


# --- payments that came back, corrections, refunds


def test_a_rejected_direct_debit_never_happened_and_its_fee_stays_apart() -> None:
    entries = [
        *call("2026-11"),
        pay("2026-11-05", "750", "Prélèvement SEPA", "PRLV-1"),
        entry(
            "2026-11-08",
            "reglement",
            "Rejet prélèvement SEPA – provision insuffisante (AM04)",
            "750",
            reference="REJ-2611-L1",
        ),
        entry("2026-11-08", "frais", "Frais bancaires de rejet", "8.50", reference="REJ-2611-L1"),
    ]

    assert term(entries, "2026-11").settled() == 0
    assert balance(entries) == Decimal("758.50")
    assert len(read(entries).void) == 1


def test_a_rejected_payment_that_nobody_made_is_a_debt_and_is_seen() -> None:
    lone = entry("2026-11-08", "reglement", "Rejet prélèvement SEPA", "750", reference="REJ-2611-L1")

    assert [debt.component for debt in read([lone]).debts] == [Component.UNPAID]


def test_a_transfer_booked_on_a_namesake_is_paid_on_the_day_it_was_received() -> None:
    moved = entry(
        "2026-05-20",
        "regularisation",
        "Réaffectation virement du 04/03/2026 imputé par erreur (homonyme)",
        credit="750",
    )

    ((credit, amount),) = term([*call("2026-03"), moved], "2026-03").payments()

    assert (credit.received, credit.mode, amount) == (date(2026, 3, 4), Mode.TRANSFER, Decimal(750))


def test_the_namesakes_own_account_forgets_that_transfer() -> None:
    entries = [
        *call("2026-03"),
        pay("2026-03-04", "750"),
        entry(
            "2026-05-20", "regularisation", "Réaffectation virement du 04/03/2026 imputé par erreur (homonyme)", "750"
        ),
    ]

    assert not term(entries, "2026-03").paid


def test_a_line_called_twice_and_cancelled_is_neither_owed_nor_paid() -> None:
    entries = [
        *call("2026-01"),
        entry("2026-01-01", "appel", "Stationnement janvier 2026", "90", reference="APP-202601-L1"),
        pay("2026-01-05", "840"),
        entry("2026-01-07", "appel", "Stationnement janvier 2026 (doublon)", "90", reference="APP-202601-L1"),
        entry("2026-01-19", "avoir", "Annulation doublon stationnement janvier 2026", credit="90"),
    ]

    found = term(entries, "2026-01")

    assert found.paid
    assert (found.called(), found.settled()) == (Decimal(840), Decimal(840))


def test_overpaid_charges_settle_by_compensation_and_say_so() -> None:
    entries = [
        entry("2026-06-18", "regularisation", "Régularisation charges 2025 – trop-versé", credit="44.32"),
        *call("2026-07"),
    ]

    assert [credit.mode for credit, _ in term(entries, "2026-07").payments()] == [Mode.OFFSET]


def test_the_deposit_given_back_settles_what_is_owed_and_the_rest_is_refunded() -> None:
    entries = [
        *call("2026-06"),
        entry("2026-08-09", "frais", "Retenue état des lieux (facture)", "174.90"),
        entry("2026-08-21", "avoir", "Dépôt de garantie porté au crédit du compte", credit="1000", reference="DG-L1"),
        entry(
            "2026-08-22",
            "reglement",
            "Virement solde de tout compte au locataire sortant",
            "75.10",
            reference="SOLDE-L1",
        ),
    ]

    allocation = allocate(entries)

    assert allocation.balance == 0
    assert allocation.terms()[0].paid
    assert all(allocation.left(debt) == 0 for debt in allocation.book.debts)


def test_a_deposit_called_with_the_first_term_is_not_part_of_it() -> None:
    entries = [
        *call("2026-02"),
        entry("2026-02-01", "appel", "Dépôt de garantie", "661", reference="DG-L1"),
        pay("2026-02-01", "750"),
    ]

    assert term(entries, "2026-02").called() == 750
    assert term(entries, "2026-02").paid


# --- what labels say


@pytest.mark.parametrize(
    ("label", "reference", "mode"),
    [
        ("Virement entrée dans les lieux", "PRLV-250616-4901", Mode.TRANSFER),
        ("CAF – tiers payant", "CAF-2610-1", Mode.AID),
        ("Espèces – reçu guichet", "ESP-1", Mode.CASH),
        ("Chèque", "CHQ-1234567", Mode.CHEQUE),
        ("PRELEVEMENT SEPA", "", Mode.DIRECT_DEBIT),
        ("CB 4978", "", Mode.CARD),
        ("M. DUPONT", "VIR-1", Mode.TRANSFER),
        ("M. DUPONT", "", Mode.UNKNOWN),
    ],
)
def test_the_label_tells_the_mode_and_else_the_reference(label: str, reference: str, mode: Mode) -> None:
    assert labels.mode(label, reference) is mode


@pytest.mark.parametrize(
    ("text", "name", "months"),
    [
        ("Loyer 4e trimestre 2026", "2026-10", 3),
        ("Loyer T4 2026", "2026-10", 3),
        ("Loyer du 01/10/2026 au 31/12/2026", "2026-10", 3),
        ("Loyer du 16/06/2026 au 30/06/2026", "2026-06", 1),
        ("Loyer août 2026", "2026-08", 1),
        ("LOYER FEVRIER 2026", "2026-02", 1),
    ],
)
def test_a_label_names_its_term(text: str, name: str, months: int) -> None:
    found = labels.period_named(text)

    assert found is not None
    assert (found.name, found.months) == (name, months)


@pytest.mark.parametrize(
    "text", ["Virement acompte", "du 31/02/2026 au 31/02/2026", "du 31/12/2026 au 01/10/2026", "Fuite du 02 au 09/12"]
)
def test_a_label_that_names_no_term_is_not_guessed(text: str) -> None:
    assert labels.period_named(text) is None


def test_a_calls_reference_wins_over_the_months_that_its_label_mentions() -> None:
    line = entry("2026-12-01", "appel", "Révision IRL, rappel d'octobre 2026", "12", reference="APP-202612-L1")

    assert term_of(line).name == "2026-12"
    assert term_of(replace(line, label="Loyer 4e trimestre 2026")).months == 3


# --- periods


def test_periods_follow_one_another_without_a_gap() -> None:
    months = [period.month(2026 + n // 12, n % 12 + 1) for n in range(40)]
    quarters = [period.quarter(2026 + n // 4, n % 4 + 1) for n in range(12)]

    for series in (months, quarters):
        for before, after in pairwise(series):
            assert after.first == before.last + timedelta(days=1)
            assert after.previous == before


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-01", "décembre", "2026-12-01", "٢٠٢٦-01", ""])
def test_what_is_not_a_month_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="not a month") as refusal:
        period.parse(text)

    assert repr(text) in str(refusal.value)


def test_kinds_are_those_of_the_export() -> None:
    assert [kind.value for kind in Kind] == ["appel", "reglement", "regularisation", "avoir", "frais"]
    assert period.parse("2028-02") == Period(date(2028, 2, 1), date(2028, 2, 29))
