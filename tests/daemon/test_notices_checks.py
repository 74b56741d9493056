"""What a person is told before a run goes out, and what an auditor finds when it has gone."""

import json
import os
import pty
from datetime import date
from decimal import Decimal

import pytest

from archive.records import Contact, Lease, Movement, NoticeRun, Order, Outgoing, RentNotice
from daemon.answers import orders
from daemon.notices import console, summary
from daemon.notices.audit import audit
from daemon.notices.document import data_of, text_of
from tests.daemon.test_notices import BY_MAIL, BY_POST, NOON, NOVEMBER, Agency, agency, notice, pay
from tests.notices import ACCOUNTING, few_accounts

__all__ = ["agency", "few_accounts"]


def odd(agency: Agency, lease: str) -> set[str]:
    return {look.what for look in agency.prepare(lease).odd if look.lease == lease}


def made(agency: Agency, *leases: str) -> None:
    agency.prepare(*leases)
    agency.approve()
    agency.dispatch()


# --- before


def test_an_address_whose_last_mail_came_back_is_odd(agency: Agency) -> None:
    made(agency, BY_MAIL)
    Outgoing.update(state="bounced").where(Outgoing.kind == "rent_notice").execute()

    assert "bouncing" in odd(agency, BY_MAIL)


def test_a_lease_by_mail_without_an_address_is_odd_and_posted(agency: Agency) -> None:
    Contact.delete().where(Contact.value == "ewen.legoff@example.org").execute()

    assert "no_email" in odd(agency, BY_MAIL)
    assert notice(BY_MAIL).channel == "post"


def test_a_cheque_gives_no_quittance_while_the_setting_says_that_it_may_come_back(agency: Agency) -> None:
    Movement.delete().where(Movement.lease == BY_MAIL).execute()
    pay(BY_MAIL, "655.00", date(2026, 10, 30))
    Movement.update(label="Chèque 123").where(Movement.lease == BY_MAIL).execute()
    Movement.create(
        lease=BY_MAIL, day=date(2026, 10, 1), kind="appel", label="Loyer octobre 2026", debit="655.00", credit="0.00",
        reference="APP-202610",
    )  # fmt: skip
    agency.prepare(BY_MAIL)
    given = notice(BY_MAIL).receipt

    slow = agency.set("clearance.cheque = 60")

    assert given == "quittance"
    assert "receipt_withheld" in odd(slow, BY_MAIL)
    assert notice(BY_MAIL).receipt == "none"


def test_the_seal_of_the_day_is_printed_where_it_is_set(agency: Agency) -> None:
    made(agency, BY_MAIL)
    plain = agency.app.desk.tree.read(notice(BY_MAIL).path)
    sealed = agency.set("seal = true")
    made(sealed, BY_POST)

    stamped = sealed.app.desk.tree.read(notice(BY_POST).path)

    assert "Sceau" not in text_of(plain)
    assert data_of(stamped).seal == sealed.app.desk.tree.seal()


def test_both_approvals_may_come_by_mail(agency: Agency) -> None:
    agency = agency.set('second_approver = "direction@aubrelac.test"')
    summary.send(agency.app.room, agency.prepare(), NOON)
    about = NoticeRun.get().summary

    states = []
    for by, answered in ((ACCOUNTING, about), ("direction@aubrelac.test", f"{about}/1")):
        details = json.dumps({"about": answered, "words": []})
        Order.create(key=f"order/{by}", name="send", message=by, by=by, at=NOON, details=details)
        orders.obey(agency.app.room, NOON, lambda: False)
        states.append(notice(BY_MAIL).state)

    assert states == ["prepared", "approved"]


def test_a_month_inside_a_term_is_told_with_the_month_to_prepare(agency: Agency) -> None:
    Movement.delete().where(Movement.lease == BY_MAIL).execute()
    Lease.update(term_months=3).where(Lease.id == BY_MAIL).execute()

    hints = list(console.inside(NOVEMBER, (BY_MAIL, BY_POST)))

    assert hints == [f"{BY_MAIL}: 2026-11 is inside the term that began with 2026-10; prepare that one"]


# --- afterwards


def findings(agency: Agency) -> list[tuple[str, str, str]]:
    found, _ = audit(agency.app.room, NOVEMBER)
    return [(one["what"], one["expected"], one["found"]) for one in found]


def test_an_auditor_finds_an_account_that_says_something_else(agency: Agency) -> None:
    made(agency, BY_MAIL, BY_POST)
    before = findings(agency)
    pay(BY_MAIL, "100.00")

    after = findings(agency)

    assert before == []
    assert ("opening_balance", "52.84", "152.84") in after
    assert ("total_due", "707.84", "807.84") in after


def test_an_auditor_finds_a_document_that_is_not_the_one_that_was_made(agency: Agency) -> None:
    made(agency, BY_MAIL, BY_POST)
    other = notice(BY_POST)
    RentNotice.update(path=other.path).where(RentNotice.lease == BY_MAIL).execute()

    assert ("lease", BY_MAIL, BY_POST) in findings(agency)


def test_an_auditor_finds_a_document_that_is_gone(agency: Agency) -> None:
    made(agency, BY_MAIL)
    (agency.app.config.storage.archive / notice(BY_MAIL).path).unlink()

    ((what, expected, _),) = findings(agency)

    assert (what, expected) == ("document", notice(BY_MAIL).path)


def test_an_auditor_reads_the_words_of_the_paper_and_not_its_data(agency: Agency) -> None:
    agency.prepare(BY_MAIL)
    row = notice(BY_MAIL)
    told = json.loads(row.data)
    told["lines"][0]["amount"] = str(Decimal(told["lines"][0]["amount"]) - 1)  # the paper shows a line too few
    told["term_due"] = str(Decimal(told["term_due"]) - 1)
    RentNotice.update(data=json.dumps(told)).where(RentNotice.id == row.id).execute()
    agency.approve()
    agency.dispatch()

    assert ("term_due", "655.00", "654.00") in findings(agency)


# --- meanwhile


def test_a_person_who_waits_sees_how_many_are_made_and_how_fast(capsys: pytest.CaptureFixture[str]) -> None:
    _, terminal = pty.openpty()
    kept = os.dup(2)
    os.dup2(terminal, 2)  # somebody looks
    try:
        with console.progress() as tell:
            tell(1, 2)
            tell(2, 2)
    finally:
        os.dup2(kept, 2)

    shown = capsys.readouterr().err
    assert "2/2" in shown
    assert "/s" in shown
