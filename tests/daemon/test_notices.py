"""The month's run, piece by piece: on the sample's own accounts, in one process."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.records import (
    Consent,
    Contact,
    Duty,
    Fact,
    Lease,
    Movement,
    NoticeRun,
    Order,
    Outgoing,
    Person,
    RentNotice,
    database,
)
from daemon.answers import orders
from daemon.app import App, open_app
from daemon.config import load
from daemon.notices import channels, console, dispatch, papers, press, run, summary, work
from daemon.reading.parse import parse
from daemon.sending import bounces
from rules import period as periods
from tests.accounts import HOUSE
from tests.notices import ACCOUNTING, NOTICES, few_accounts
from tests.office import CONFIG

__all__ = ["few_accounts"]

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
NOVEMBER, DECEMBER = periods.parse("2026-11"), periods.parse("2026-12")
BY_MAIL, BY_POST = "L00102", "L00105"


@dataclass
class Agency:
    """The wired parts of an agency in a folder; `set` writes further keys of `[notices]` and wires them again."""

    folder: Path
    app: App

    def set(self, *lines: str) -> "Agency":
        if not database.is_closed():
            database.close()
        return agency_in(self.folder, "\n".join(lines))

    def prepare(self, *leases: str, period: periods.Period = NOVEMBER) -> run.Prepared:
        return run.prepare(self.app.room, period, NOON, leases or (BY_MAIL, BY_POST))

    def approve(self, **more: Any) -> run.Approval:
        return run.approve(self.app.room, NOVEMBER, NOON, "test", **more)

    def dispatch(self) -> dispatch.Dispatched:
        return dispatch.dispatch(self.app.room, NOVEMBER, NOON)


def agency_in(folder: Path, more: str = "") -> Agency:
    text = CONFIG.format(
        imap_port=1, smtp_port=1, user="nobody", mailbox="", more=NOTICES.replace("[notices]\n", f"[notices]\n{more}\n")
    )
    config = folder / "vaguemestre.toml"
    config.write_text(text.replace('admin = "', f'accounting = "{ACCOUNTING}"\nadmin = "', 1))
    app = open_app(load(config))
    app.desk.clock = lambda: NOON
    return Agency(folder, app)


@pytest.fixture
def agency(tmp_path: Path, few_accounts: Path) -> Iterator[Agency]:
    shutil.copytree(few_accounts, tmp_path / "state")
    yield agency_in(tmp_path)
    database.close()


def notice(lease: str, version: int = 1) -> RentNotice:
    return RentNotice.get(RentNotice.lease == lease, RentNotice.version == version)


def pay(lease: str, amount: str, day: date = date(2026, 10, 30)) -> None:
    Movement.create(
        lease=lease, day=day, kind="reglement", label="Virement", debit="0.00", credit=amount, reference=f"VIR-{amount}"
    )


# --- preparing and approving


def test_prepared_again_nothing_changes_and_nobody_is_told_twice(agency: Agency) -> None:
    for _ in range(2):
        summary.send(agency.app.room, agency.prepare(), NOON)

    assert agency.prepare().changed == 0
    assert RentNotice.select().count() == 2
    assert Outgoing.select().where(Outgoing.template == "notice_run").count() == 1
    assert {duty.key for duty in Duty.select()} == {f"rent_notice/{lease}/2026-11" for lease in (BY_MAIL, BY_POST)}


def test_a_corrected_account_is_computed_again_and_told_again(agency: Agency) -> None:
    summary.send(agency.app.room, agency.prepare(), NOON)
    pay(BY_MAIL, "100.00")

    prepared = agency.prepare()
    summary.send(agency.app.room, prepared, NOON)

    assert prepared.changed == 1
    assert str(notice(BY_MAIL).opening_balance) == "52.84"
    assert Outgoing.select().where(Outgoing.template == "notice_run").count() == 2


def test_a_second_approver_is_waited_for(agency: Agency) -> None:
    agency = agency.set('second_approver = "direction@aubrelac.test"')
    summary.send(agency.app.room, agency.prepare(), NOON)

    first, second = agency.approve(), agency.approve(second=True)

    assert (first.approved, first.missing) == (0, "direction@aubrelac.test")
    assert second.approved == 2
    assert {row.recipient for row in Outgoing.select()} == {ACCOUNTING, "direction@aubrelac.test"}


def test_an_approval_of_other_figures_counts_no_more(agency: Agency) -> None:
    agency = agency.set('second_approver = "direction@aubrelac.test"')
    agency.prepare()
    agency.approve()
    pay(BY_MAIL, "100.00")
    agency.prepare()

    assert agency.approve(second=True).missing == ACCOUNTING


def test_what_is_held_back_stays_so_until_an_approval_names_it(agency: Agency) -> None:
    agency.prepare()

    first = agency.approve(but=[BY_POST])
    again = agency.prepare(BY_MAIL)  # the others' correction, with its own approval
    pay(BY_POST, "1.00")
    computed = agency.prepare(BY_POST)
    without, named = agency.approve(), agency.approve(also=[BY_POST])

    assert (first.approved, first.held) == (1, (BY_POST,))
    assert (again.open, again.held, computed.held) == (1, (BY_POST,), (BY_POST,))
    assert console.said_of(again).startswith("2026-11: 1 notices to approve, held back: L00105, ")
    assert (without.approved, without.held) == (1, (BY_POST,))
    assert console.said_of_approval(without) == "1 notices approved, held back: L00105"
    assert (named.approved, named.held) == (1, ())
    refusal = agency.approve(also=[BY_POST])
    assert (refusal.refused, refusal.gone) == ("not_waiting", ("L00105",))


def test_the_summary_names_what_is_held_back_and_counts_the_others(agency: Agency) -> None:
    agency.prepare()
    agency.approve(but=[BY_POST])

    summary.send(agency.app.room, prepared := agency.prepare(BY_MAIL), NOON)

    (mail,) = Outgoing.select().where(Outgoing.template == "notice_run")
    told = json.loads(mail.details)["run"]
    assert (told["count"], told["held"]) == (1, [BY_POST])
    held, open_ = sorted(summary.csv_of(prepared).splitlines()[1:], key=lambda line: "retenu" not in line)
    assert held.startswith(BY_POST)
    assert "retenu" not in open_
    assert [console.shortly(row, prepared.held)["status"] for row in run.show(NOVEMBER)] == ["prepared", "held"]


def test_what_one_approver_lets_go_is_asked_of_the_other_again(agency: Agency) -> None:
    agency = agency.set('second_approver = "direction@aubrelac.test"')
    agency.prepare()

    agency.approve(second=True, but=[BY_POST])
    assert agency.approve().approved == 1
    freed = agency.approve(also=[BY_POST])
    assert (freed.approved, freed.missing) == (0, "direction@aubrelac.test")
    assert agency.approve(second=True, also=[BY_POST]).approved == 1


def test_a_lease_named_without_a_word_for_it_approves_nothing(agency: Agency) -> None:
    agency.prepare()
    agency.approve(but=[BY_POST])
    room, details = agency.app.room, {"about": "", "words": []}

    for number, words in enumerate(
        ("2026-11 L00105", "2026-11 avec L00102", "2026-11 sauf L00102 avec L00105 et L99999")
    ):
        said = json.dumps(details | {"words": words.split()})
        Order.create(key=f"order/{number}", name="send", message="0" * 64, by=ACCOUNTING, at=NOON, details=said)
    orders.obey(room, NOON, lambda: False)

    refused = [order.error for order in Order.select().order_by(Order.key)]
    assert refused == ["bare_lease: L00105", "not_waiting: L00102", "unknown_lease: L99999"]
    assert notice(BY_POST).state == "held"


def test_what_was_approved_is_what_is_printed(agency: Agency) -> None:
    agency.prepare(BY_MAIL)
    agency.approve()
    before = notice(BY_MAIL).total_due
    pay(BY_MAIL, "100.00")

    assert run.prepare(agency.app.room, NOVEMBER, NOON, ()).kept == 1
    assert agency.dispatch().filed == 1
    (row,) = Outgoing.select().where(Outgoing.kind == "rent_notice")
    assert f"{before}".replace(".", ",") in row.details


def test_a_late_run_promises_no_debit(agency: Agency) -> None:
    agency.prepare("L00101")
    agency.approve()
    agency.dispatch()

    (row,) = Outgoing.select().where(Outgoing.kind == "rent_notice")
    told = json.loads(row.details)["told"]
    assert (told["debit"].split(), told["debit_past"]) == (["jeudi", "5", "novembre", "2026"], True)


# --- what a tenant asks for


def asked_for(lease: str, month: str) -> Order:
    details = {"papers": ["notice"], "months": [month], "answers": True, "on_paper": False}
    return Order(key=f"order/{month}", name="document", lease=lease, by="a@example.org", details=json.dumps(details))


def test_a_month_inside_a_quarter_is_answered_with_the_quarters_notice(agency: Agency) -> None:
    october, room = periods.parse("2026-10"), agency.app.room
    Movement.delete().where(Movement.lease == BY_MAIL).execute()
    Lease.update(term_months=3).where(Lease.id == BY_MAIL).execute()
    made_now = papers.provide(room, asked_for(BY_MAIL, "2026-12"), NOON)
    agency.prepare(BY_MAIL, period=october)
    run.approve(room, october, NOON, "test")
    dispatch.dispatch(room, october, NOON)

    from_the_tree = papers.provide(room, asked_for(BY_MAIL, "2026-11"), NOON)

    assert (made_now, from_the_tree) == ("", "")
    first, second = Outgoing.select().where(Outgoing.kind == "document").order_by(Outgoing.id)
    assert all("votre avis d’échéance d’octobre à décembre 2026" in row.details for row in (first, second))
    assert second.encloses == notice(BY_MAIL).digest


def test_a_notice_asked_for_on_the_day_of_the_run_does_not_stand_for_the_months_own(agency: Agency) -> None:
    papers.provide(agency.app.room, asked_for(BY_MAIL, "2026-12"), NOON)
    agency.prepare(BY_MAIL, period=DECEMBER)
    run.approve(agency.app.room, DECEMBER, NOON, "test")

    dispatch.dispatch(agency.app.room, DECEMBER, NOON)

    assert Outgoing.select().where(Outgoing.kind == "rent_notice").count() == 1
    assert notice(BY_MAIL).digest


def test_two_tenants_who_ask_for_the_same_on_one_day_are_both_answered(agency: Agency) -> None:
    for number in range(2):
        order = asked_for(BY_MAIL, "2026-12")
        order.key = f"order/{number}"
        assert papers.provide(agency.app.room, order, NOON) == ""

    first, second = Outgoing.select().where(Outgoing.kind == "document")
    assert first.encloses == second.encloses


# --- channels


def test_without_consent_to_that_very_address_it_is_posted(agency: Agency) -> None:
    agency.prepare(BY_MAIL)
    Contact.update(value="other@example.org").where(Contact.value == "ewen.legoff@example.org").execute()

    prepared = agency.prepare(BY_MAIL)

    assert notice(BY_MAIL).channel == "post"
    assert "no_consent" in {look.what for look in prepared.odd}
    Lease.update(consent_on=date(2026, 11, 1)).where(Lease.id == BY_MAIL).execute()
    agency.prepare(BY_MAIL)
    assert notice(BY_MAIL).channel == "email"


def test_a_withdrawn_consent_stops_a_mail_that_waits(agency: Agency) -> None:
    agency.prepare(BY_MAIL)
    agency.approve()
    agency.dispatch()
    (row,) = Outgoing.select().where(Outgoing.kind == "rent_notice")
    assert channels.gate([row]) == {}

    channels.withdraw(BY_MAIL, NOON, "letter")

    assert channels.gate([row]) == {row.id: "no consent to this address stands"}
    assert Consent.get().withdrawn_at == NOON
    agency.prepare(BY_MAIL, period=DECEMBER)
    assert RentNotice.get(RentNotice.period == "2026-12").channel == "post"


@pytest.mark.parametrize("state", ["failed", "bounced", "withdrawn"])
def test_what_does_not_arrive_is_posted(agency: Agency, state: str) -> None:
    agency.prepare(BY_MAIL)
    agency.approve()
    agency.dispatch()
    Outgoing.update(state=state).where(Outgoing.kind == "rent_notice").execute()

    assert channels.fall_back() == 1
    assert work.post(agency.app.room, NOVEMBER, NOON).letters == 1
    assert notice(BY_MAIL).state == "printed"
    assert channels.fall_back() == 0


def test_mails_are_paced(agency: Agency) -> None:
    agency = agency.set("rate = 30")
    agency.prepare(BY_MAIL, "L00112", "L00120")
    agency.approve()

    agency.dispatch()

    times = [row.next_try_at for row in Outgoing.select().where(Outgoing.kind == "rent_notice").order_by(Outgoing.id)]
    assert times == [NOON, NOON + timedelta(seconds=2), NOON + timedelta(seconds=4)]


# --- trouble


def test_a_notice_that_can_not_be_printed_stops_no_other_and_a_person_is_told(agency: Agency) -> None:
    Person.update(last_name="丁").where(Person.lease == BY_MAIL).execute()
    agency.prepare()
    agency.approve()

    sent = work.send(agency.app.room, NOVEMBER, NOON)

    assert (notice(BY_MAIL).state, notice(BY_POST).state) == ("failed", "printed")
    assert "the font has no" in sent.made.failed[f"rent_notice/{BY_MAIL}/2026-11"]
    told = Outgoing.get(Outgoing.template == "notice_run_failed")
    assert told.recipient == ACCOUNTING
    Person.update(last_name="Le Goff").where(Person.lease == BY_MAIL).execute()
    agency.prepare(BY_MAIL)
    agency.approve()
    assert agency.dispatch().filed == 1


class Bomb:
    """Ends the process that opens it."""

    number = "bomb"

    def __reduce__(self) -> Any:
        return os._exit, (1,)


def test_a_printer_that_dies_takes_one_notice_with_it(agency: Agency) -> None:
    agency.prepare(BY_MAIL)
    job = press.Job("fine", dispatch.notice_of(notice(BY_MAIL)), HOUSE)
    jobs = [replace(job, name=f"fine {n}") for n in range(3)]
    bomb = press.Job("bomb", Bomb(), HOUSE)  # type: ignore[arg-type]

    made = dict(press._together([jobs[0], bomb, *jobs[1:]], 2))

    assert {name for name, pdf in made.items() if isinstance(pdf, bytes)} == {"fine 0", "fine 1", "fine 2"}
    assert "died" in str(made["bomb"])


# --- what is owed, and when


def began(day: datetime) -> None:
    Fact.update(value=day.isoformat()).where(Fact.name == "first_start").execute()


@pytest.mark.parametrize(
    ("first_start", "now", "owed"),
    [
        (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 16, 12, tzinfo=UTC), {"2026-11"}),
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 17, 9, tzinfo=UTC), {"2026-12"}),
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 3, 9, tzinfo=UTC), {"2026-12"}),
        (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 12, 3, 9, tzinfo=UTC), set()),
    ],
    ids=["late", "in time", "off on the day", "before the installation"],
)
def test_runs_are_prepared_in_time_or_caught_up_and_never_from_before(
    agency: Agency, first_start: datetime, now: datetime, owed: set[str]
) -> None:
    agency = agency.set("automatic = true")
    began(first_start)

    for _ in range(2):
        work.keep(agency.app.room, now)

    assert {row.period for row in NoticeRun.select()} == owed
    assert Outgoing.select().where(Outgoing.template == "notice_run").count() == len(owed)


def test_nothing_is_prepared_unless_it_is_set(agency: Agency) -> None:
    began(datetime(2026, 10, 1, tzinfo=UTC))

    assert work.keep(agency.app.room, NOON) == 0
    assert NoticeRun.select().count() == 0


def test_what_is_approved_early_leaves_on_its_day(agency: Agency) -> None:
    early = agency.app.room.due_at(NOVEMBER) - timedelta(days=1)
    agency.prepare(BY_POST)
    agency.approve()

    work.keep(agency.app.room, early)
    assert notice(BY_POST).state == "approved"
    work.keep(agency.app.room, early + timedelta(days=1))

    assert notice(BY_POST).state == "printed"


# --- what comes back


def report(agency: Agency, row: Outgoing, *, to: str = "", quoting: str = "", action: str = "failed") -> Any:
    raw = (
        f"From: MAILER-DAEMON@mx.example.org\r\nTo: {to or 'gestion@aubrelac.test'}\r\nSubject: Undelivered\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--B\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; {row.recipient}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; 550 no such user\r\n\r\n--B\r\nContent-Type: text/rfc822-headers\r\n\r\n{quoting}\r\n--B--\r\n"
    ).encode()
    letter = parse(raw, received_at=NOON)
    return bounces.brought_back(letter, raw, agency.app.desk.signer, NOON)


@pytest.fixture
def sent_row(agency: Agency) -> Outgoing:
    row = Outgoing.create(
        key="rent_notice/L00102/2026-11", kind="rent_notice", template="rent_notice", recipient="ewen.legoff@example.org",
        filed=True, automatic=False, state="sent", created_at=NOON, next_try_at=NOON, sent_at=NOON,
    )  # fmt: skip
    token = agency.app.desk.signer.token(row.key, None)
    Outgoing.update(message_id=f"{token}@aubrelac.test").where(Outgoing.id == row.id).execute()
    return Outgoing.get_by_id(row.id)


def test_a_report_names_the_mail_by_its_address_by_our_message_id_or_by_who_failed(
    agency: Agency, sent_row: Outgoing
) -> None:
    address = agency.app.desk.signer.bounce_address("gestion@aubrelac.test", sent_row.id, sent_row.key)

    found = [
        report(agency, sent_row, to=address),
        report(agency, sent_row, quoting=f"Message-ID: <{sent_row.message_id}>\r\n"),
        report(agency, sent_row),
    ]

    assert [(row.key, reason) for row, reason in found] == [(sent_row.key, "550 no such user")] * 3


def test_a_delay_brings_nothing_back_and_neither_does_a_forged_address(agency: Agency, sent_row: Outgoing) -> None:
    forged = f"gestion+b-{sent_row.id}-aaaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaa@aubrelac.test"
    Outgoing.update(recipient="else@example.org").where(Outgoing.id == sent_row.id).execute()

    assert report(agency, sent_row, action="delayed") is None
    assert report(agency, sent_row, to=forged) is None
