"""Everything that is to be said leaves once, in order, whatever one recipient or the server does."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from peewee import Database

from archive.records import Errand, Outgoing, Receipt
from daemon.config import Limits
from daemon.sending.outbox import bounced, retry
from daemon.sending.outcome import GIVE_UP, LONGEST_WAIT, wait
from daemon.sending.send import Relay
from tests.outgoing import NOON, SIGNER, TENANT, MailRoom, configuration, mailbox, move_in, parsed, state_of, text_of
from tests.smtp import Sink

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def mail_room(opened: Database) -> Iterator[MailRoom]:
    """The agency's records on each engine in turn: here the database is half of what is tested."""
    room = move_in()
    yield room
    room.close()


def row_of(row: Outgoing) -> Outgoing:
    return Outgoing.get_by_id(row.id)


# --- what goes, and in which order


def test_what_is_due_is_sent_once(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case())
    outbox = mail_room.outbox(configuration(sink.port))

    first, second = outbox.drain(NOON), outbox.drain(NOON + HOUR)

    assert (first.sent, second.sent) == (1, 0)
    assert [one.recipient for one in sink.accepted] == [TENANT]
    assert state_of(row) == "sent"
    assert row_of(row).sent_at == NOON


def test_what_is_not_due_waits(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case(), next_try_at=NOON + MINUTE)
    outbox = mail_room.outbox(configuration(sink.port))

    outbox.drain(NOON)
    waited = state_of(row)
    outbox.drain(NOON + MINUTE)

    assert (waited, state_of(row)) == ("waiting", "sent")


def test_the_urgent_go_first_then_the_oldest(mail_room: MailRoom, sink: Sink) -> None:
    case = mail_room.case()
    for name, age, urgent in (("new", 0, False), ("old", 60, False), ("danger", 1, True), ("older", 90, False)):
        mail_room.say(case=case, recipient=f"{name}@x.test", created_at=NOON - age * MINUTE, urgent=urgent)

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert [one.recipient.partition("@")[0] for one in sink.accepted] == ["danger", "older", "old", "new"]


def test_a_tenant_has_an_answer_before_a_manager_has_a_notice_unless_it_is_urgent(
    mail_room: MailRoom, sink: Sink
) -> None:
    case = mail_room.case()
    for name, template, urgent in (
        ("m", "notice_case", False),
        ("danger", "notice_case", True),
        ("t", "acknowledgement", False),
    ):
        mail_room.say(template, case=case, recipient=f"{name}@x.test", urgent=urgent)

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert [one.recipient.partition("@")[0] for one in sink.accepted] == ["danger", "t", "m"]


def test_hundreds_go_over_one_connection(mail_room: MailRoom, sink: Sink) -> None:
    case = mail_room.case()
    for number in range(150):
        mail_room.say(case=case, recipient=f"t{number}@x.test")

    counts = mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert counts.sent == len({one.recipient for one in sink.accepted}) == len(sink.accepted) == 150
    assert sink.connections == 1


def test_a_stop_comes_between_two_messages(mail_room: MailRoom, sink: Sink) -> None:
    rows = [mail_room.say(case=mail_room.case()) for _ in range(5)]

    counts = mail_room.outbox(configuration(sink.port)).drain(NOON, should_stop=lambda: len(sink.accepted) == 2)

    assert counts.sent == 2
    assert [state_of(row) for row in rows] == ["sent", "sent", "waiting", "waiting", "waiting"]


def test_an_answer_leaves_with_a_null_sender_and_a_notice_with_a_way_back(mail_room: MailRoom, sink: Sink) -> None:
    case = mail_room.case()
    mail_room.say(case=case)
    notice = mail_room.say("notice_case", case)

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    answer, told = sink.accepted
    assert answer.sender == ""
    assert bounced(told.sender, SIGNER) == notice


def test_a_bounce_address_of_another_row_is_nobodys(mail_room: MailRoom) -> None:
    row = mail_room.say(case=mail_room.case())

    assert bounced(SIGNER.bounce_address("gestion@aubrelac.test", row.id, row.key), SIGNER) == row
    assert bounced(SIGNER.bounce_address("gestion@aubrelac.test", row.id, "another key"), SIGNER) is None
    assert bounced("gestion@aubrelac.test", SIGNER) is None


# --- frozen, filed, copied


def test_what_was_sent_is_what_was_filed_byte_for_byte(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case())
    mail_room.say("notice_case", mail_room.case())

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    answer = sink.accepted[0].raw
    assert mail_room.filed == {hashlib.sha256(answer).hexdigest(): answer}  # and nothing to our own people
    assert row_of(row).digest == hashlib.sha256(answer).hexdigest()
    assert f"<{row_of(row).message_id}>" == parsed(answer)["Message-ID"]


def test_nothing_goes_before_it_is_filed(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case())
    full_disk = OSError(28, "No space left on device")

    def refuse(_rows: object) -> None:
        raise full_disk

    outbox = mail_room.outbox(configuration(sink.port), file_sent=refuse)
    with pytest.raises(OSError, match="No space left"):
        outbox.drain(NOON)
    refused = list(sink.accepted)
    mail_room.outbox(configuration(sink.port)).drain(NOON + MINUTE)

    assert refused == []
    assert state_of(row) == "sent"
    assert len(sink.accepted) == 1


def test_a_second_try_sends_the_same_bytes(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case())
    sink.acts = {TENANT: ["data 451 not now", "data 451 not yet"]}
    outbox = mail_room.outbox(configuration(sink.port))

    for hours in range(4):
        outbox.drain(NOON + hours * HOUR)

    assert len(sink.taken) == 3
    assert len({one.raw for one in sink.taken}) == 1
    assert state_of(row) == "sent"


def test_a_copy_of_an_answer_is_owed_to_the_mailbox_once(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case())
    mail_room.say("notice_case", mail_room.case())

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    errand = Errand.get()
    assert Errand.select().count() == 1
    assert (errand.key, errand.kind, errand.target) == (f"copy/{row.key}", "append", "acknowledgements")
    assert (errand.mailbox, errand.state) == ("gestion", "waiting")
    assert (errand.message, errand.message_id) == (row_of(row).digest, row_of(row).message_id)


def test_a_mail_that_no_automat_wrote_is_copied_to_sent(mail_room: MailRoom, sink: Sink) -> None:
    mail_room.say(case=mail_room.case(), automatic=False)

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert Errand.get().target == "sent"


def test_a_notice_doesnt_stay_in_the_database(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say("notice_case", mail_room.case())

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert row_of(row).raw is None


# --- one bad recipient


@pytest.mark.parametrize(
    ("acts", "state"),
    [
        (["550 5.1.1 no such user"], "failed"),
        (["data 554 spam"], "failed"),
        (["450 4.2.1 later"], "deferred"),
        (["data 451 later"], "deferred"),
        (["421 4.3.2 shutting down"], "deferred"),
        (["cut"], "sent"),  # a short message had left whole: uncertain, so repeated
        (["cut after"], "sent"),
        (["cut after", "cut after"], "uncertain"),
    ],
)
def test_one_bad_recipient_never_blocks_the_others(
    mail_room: MailRoom, sink: Sink, acts: list[str], state: str
) -> None:
    case = mail_room.case()
    rows = [mail_room.say(case=case, recipient=f"{name}@x.test") for name in ("bad", "good", "better")]
    sink.acts = {"bad@x.test": list(acts)}

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert [state_of(row) for row in rows] == [state, "sent", "sent"]
    assert [one.recipient for one in sink.accepted if "good" in one.recipient] == ["good@x.test"]


@pytest.mark.parametrize("recipient", ["nobody", "a@b\r\nBcc: x@y.test", ""])
def test_an_address_that_is_none_fails_alone_and_is_quoted(mail_room: MailRoom, sink: Sink, recipient: str) -> None:
    bad = mail_room.say(case=mail_room.case(), recipient=recipient)
    good = mail_room.say(case=mail_room.case())

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert (state_of(bad), state_of(good)) == ("failed", "sent")
    assert repr(recipient) in row_of(bad).error


def test_a_mail_that_cant_be_made_fails_alone(mail_room: MailRoom, sink: Sink) -> None:
    unknown = mail_room.say("acknowledgement_of_nothing", mail_room.case())
    broken = mail_room.say(case=mail_room.case(), details={"promise": {"day": "yesterday"}})
    good = mail_room.say(case=mail_room.case())

    counts = mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert [state_of(row) for row in (unknown, broken, good)] == ["failed", "failed", "sent"]
    assert "acknowledgement_of_nothing" in row_of(unknown).error
    assert "not composed: ValueError: Invalid isoformat string: 'yesterday'" in row_of(broken).error
    assert counts.failed == 2


# --- later, and never


def test_a_wait_doubles_from_five_minutes_to_four_hours_each_row_a_little_apart() -> None:
    waits = [wait(tries, "ack/1") for tries in range(1, 60)]

    assert 5 * MINUTE <= waits[0] <= 6.25 * MINUTE
    assert all(before * 1.5 < after for before, after in pairwise(waits[:6]))
    assert max(waits) <= LONGEST_WAIT
    assert waits[-1] >= 3 * HOUR
    assert len({wait(3, f"ack/{number}") for number in range(50)}) > 25


def test_a_deferred_row_comes_back_when_its_time_comes(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case())
    sink.acts = {TENANT: ["450 4.2.1 greylisted"]}
    outbox = mail_room.outbox(configuration(sink.port))

    outbox.drain(NOON)
    deferred = row_of(row)
    outbox.drain(NOON + 4 * MINUTE)
    too_early = state_of(row)
    outbox.drain(deferred.next_try_at)

    assert (deferred.state, deferred.error, deferred.tries) == ("deferred", "450 4.2.1 greylisted", 1)
    assert too_early == "deferred"
    assert state_of(row) == "sent"


def test_a_row_is_given_up_after_five_days_of_tries_and_not_before(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case(), created_at=NOON - 30 * DAY)  # the daemon was off for a month
    sink.acts = {TENANT: ["450 4.2.1 later"] * 100}
    outbox = mail_room.outbox(configuration(sink.port))
    now, states = NOON, []

    while now < NOON + GIVE_UP + 5 * HOUR and state_of(row) != "failed":
        outbox.drain(now)
        states.append((now, state_of(row)))
        now = max(now + MINUTE, row_of(row).next_try_at)

    assert [state for at, state in states if at < NOON + GIVE_UP] == ["deferred"] * (len(states) - 1)
    assert states[-1][1] == "failed"
    assert 25 < len(states) < 50


@pytest.mark.parametrize(("act", "why"), [("550 5.1.1 no such user", "refusé par le serveur"), ("", "abandonné")])
def test_the_manager_hears_once_of_what_was_refused_or_given_up(
    mail_room: MailRoom, sink: Sink, act: str, why: str
) -> None:
    row = mail_room.say(case=mail_room.case(), first_try_at=None if act else NOON - GIVE_UP)
    sink.acts = {TENANT: [act or "450 4.2.1 later"]}
    outbox = mail_room.outbox(configuration(sink.port))

    outbox.drain(NOON)
    outbox.drain(NOON + HOUR)

    told = [one for one in sink.accepted if one.recipient == "d.faucheux@aubrelac.test"]
    assert len(told) == 1
    assert why in text_of(told[0].raw)
    assert TENANT in text_of(told[0].raw)
    assert state_of(row) == "failed"


def test_when_the_manager_cant_be_reached_the_administrator_hears_it_and_then_nobody(
    mail_room: MailRoom, sink: Sink
) -> None:
    mail_room.say("notice_case", mail_room.case())
    refuse = ["550 5.1.1 no such user"] * 9
    sink.acts = {name: list(refuse) for name in ("d.faucheux@aubrelac.test", "admin@aubrelac.test")}
    outbox = mail_room.outbox(configuration(sink.port))

    for hours in range(5):
        outbox.drain(NOON + hours * HOUR)

    assert [(row.template, row.recipient, row.state) for row in Outgoing.select().order_by(Outgoing.id)] == [
        ("notice_case", "d.faucheux@aubrelac.test", "failed"),
        ("notice_failed", "admin@aubrelac.test", "failed"),
    ]


def test_a_failure_climbs_one_step_when_the_manager_has_gone_too(mail_room: MailRoom, sink: Sink) -> None:
    mail_room.say(case=mail_room.case())
    refuse = ["550 5.1.1 no such user"] * 9
    sink.acts = {name: list(refuse) for name in (TENANT, "d.faucheux@aubrelac.test")}

    mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert [(one.recipient, "d.faucheux@aubrelac.test" in text_of(one.raw)) for one in sink.accepted] == [
        ("admin@aubrelac.test", True)
    ]


# --- the server


def test_when_the_server_is_away_the_pass_stops_and_rows_keep_their_time(mail_room: MailRoom, sink: Sink) -> None:
    rows = [mail_room.say(case=mail_room.case()) for _ in range(3)]
    sink.close()

    counts = mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert "refused" in counts.unreachable
    assert counts.sent == counts.deferred == 0
    assert [(row_of(row).state, row_of(row).tries, row_of(row).next_try_at) for row in rows] == [
        ("waiting", 0, NOON)
    ] * 3


def test_the_log_says_once_that_the_server_is_away_and_once_that_it_is_back(
    mail_room: MailRoom, sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    mail_room.say(case=mail_room.case())
    sink.greeting = "421 4.3.2 not now"
    outbox = mail_room.outbox(configuration(sink.port))

    for minutes in range(3):
        outbox.drain(NOON + minutes * MINUTE)
    sink.greeting = "220 sink ESMTP"
    outbox.drain(NOON + 3 * MINUTE)

    told = [line.split("event=")[1] for line in capsys.readouterr().err.splitlines()]
    assert [line.split(" ")[0] for line in told] == ["relay_lost", "relay_back", "mail_sent"]
    assert "421 4.3.2 not now" in told[0]
    assert "away=180s" in told[1]


def test_a_server_that_dies_in_the_middle_costs_the_others_nothing(mail_room: MailRoom, sink: Sink) -> None:
    case = mail_room.case()
    rows = [mail_room.say(case=case, recipient=f"{name}@x.test") for name in "abcd"]
    sink.acts = {"b@x.test": ["421 bye"], "c@x.test": ["421 bye"]}

    counts = mail_room.outbox(configuration(sink.port)).drain(NOON)

    assert [state_of(row) for row in rows] == ["sent", "deferred", "deferred", "waiting"]
    assert row_of(rows[3]).tries == 0
    assert counts.unreachable


def test_a_server_that_goes_away_within_a_pass_leaves_the_next_row_as_it_was(mail_room: MailRoom, sink: Sink) -> None:
    rows = [mail_room.say(case=mail_room.case()) for _ in range(2)]

    def after_the_first() -> bool:
        if sink.accepted:
            sink.close()
        return False

    counts = mail_room.outbox(configuration(sink.port)).drain(NOON, after_the_first)

    left = row_of(rows[1])
    assert "refused" in counts.unreachable
    assert [state_of(row) for row in rows] == ["sent", "waiting"]
    assert (left.tries, left.first_try_at, left.next_try_at) == (0, None, NOON)


def test_a_row_is_written_down_as_being_sent_before_the_server_hears_of_it(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case())
    seen = []

    class Watched(Relay):
        def deliver(self, raw: bytes, sender: str, recipient: str) -> str:
            seen.append((state_of(row), row_of(row).tries, row_of(row).raw))
            return super().deliver(raw, sender, recipient)

    config = configuration(sink.port)
    mail_room.outbox(config, relay=Watched(config.smtp)).drain(NOON)

    assert [(state, tries, bytes(raw or b"")) for state, tries, raw in seen] == [("sending", 1, sink.accepted[0].raw)]


def test_a_row_found_half_sent_is_repeated_at_once_with_the_same_bytes(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case())
    sink.acts = {TENANT: ["450 4.2.1 later"]}
    outbox = mail_room.outbox(configuration(sink.port))
    outbox.drain(NOON)
    frozen = row_of(row).raw
    Outgoing.update(state="sending", next_try_at=NOON + DAY).execute()  # as a death leaves it

    resumed = outbox.resume(NOON + MINUTE)
    uncertain = state_of(row)
    outbox.drain(NOON + MINUTE)

    assert (resumed, uncertain, state_of(row)) == (1, "uncertain", "sent")
    assert [one.raw for one in sink.accepted] == [bytes(frozen or b"")]


def test_a_cut_after_the_last_byte_is_repeated_once_at_once_and_then_with_patience(
    mail_room: MailRoom, sink: Sink
) -> None:
    row = mail_room.say(case=mail_room.case())
    sink.acts = {TENANT: ["cut after"] * 3}
    outbox = mail_room.outbox(configuration(sink.port))

    outbox.drain(NOON)
    twice = row_of(row)
    outbox.drain(NOON + MINUTE)
    outbox.drain(NOON + HOUR)
    outbox.drain(NOON + 2 * HOUR)

    assert (twice.state, twice.tries) == ("uncertain", 2)
    assert twice.next_try_at > NOON + 5 * MINUTE
    assert len(sink.taken) == 4
    assert len({one.raw for one in sink.taken}) == 1
    assert state_of(row) == "sent"


def test_an_idle_pass_gives_the_connection_back(mail_room: MailRoom, sink: Sink) -> None:
    mail_room.say(case=mail_room.case())
    outbox = mail_room.outbox(configuration(sink.port))

    outbox.drain(NOON)
    outbox.drain(NOON + MINUTE)

    assert sink.commands[-1].upper() == "QUIT"


# --- the caps


def flood(mail_room: MailRoom, number: int, recipient: str = TENANT, at: datetime = NOON) -> list[Outgoing]:
    case = mail_room.case()
    return [mail_room.say(case=case, recipient=recipient, created_at=at, next_try_at=at) for _ in range(number)]


def held() -> int:
    return int(Outgoing.select().where(Outgoing.state == "held").count())


def test_one_address_gets_ten_automatic_answers_a_day(mail_room: MailRoom, sink: Sink) -> None:
    flood(mail_room, 12)
    flood(mail_room, 1, TENANT.upper())  # the same address
    flood(mail_room, 1, "other@x.test")

    counts = mail_room.outbox(configuration(sink.port)).drain(NOON)

    answers = [one.recipient.casefold() for one in sink.accepted if one.sender == ""]
    assert (answers.count(TENANT), answers.count("other@x.test")) == (10, 1)
    assert counts.held == held() == 3


def test_a_day_is_the_agencys_and_a_restart_forgets_nothing(mail_room: MailRoom, sink: Sink) -> None:
    evening = NOON + 11 * HOUR  # 23:00 in Lyon
    config = configuration(sink.port)
    flood(mail_room, 10, at=evening)
    mail_room.outbox(config).drain(evening)
    flood(mail_room, 1, at=evening)

    mail_room.outbox(config).drain(evening + 30 * MINUTE)  # another process
    before_midnight = held()
    mail_room.outbox(config).drain(evening + 61 * MINUTE)

    assert (before_midnight, held()) == (1, 0)


def test_all_together_get_so_many_an_hour_and_the_rest_follows(mail_room: MailRoom, sink: Sink) -> None:
    config = configuration(sink.port, limits=Limits(answers_per_hour=5))
    for number in range(8):
        flood(mail_room, 1, f"t{number}@x.test")
    outbox = mail_room.outbox(config)

    outbox.drain(NOON)
    first = held()
    outbox.drain(NOON + 59 * MINUTE)
    still = held()
    outbox.drain(NOON + HOUR)

    assert (first, still, held()) == (3, 3, 0)
    assert len([one for one in sink.accepted if one.sender == ""]) == 8


def test_notices_are_never_held(mail_room: MailRoom, sink: Sink) -> None:
    case = mail_room.case()
    for _ in range(20):
        mail_room.say("notice_case", case)

    counts = mail_room.outbox(configuration(sink.port, limits=Limits(answers_per_hour=1))).drain(NOON)

    assert (counts.sent, counts.held) == (20, 0)


def test_the_administrator_hears_of_what_is_held_once_a_day(mail_room: MailRoom, sink: Sink) -> None:
    outbox = mail_room.outbox(configuration(sink.port))
    flood(mail_room, 12)
    outbox.drain(NOON)
    flood(mail_room, 3)
    outbox.drain(NOON + MINUTE)

    told = [one for one in sink.accepted if one.recipient == "admin@aubrelac.test"]
    assert [parsed(one.raw)["Subject"] for one in told] == ["Accusés automatiques retenus"]
    assert "(2 à cette heure)" in text_of(told[0].raw)


def test_a_loop_of_last_week_is_not_answered_by_itself(mail_room: MailRoom, sink: Sink) -> None:
    flood(mail_room, 12)
    outbox = mail_room.outbox(configuration(sink.port))
    outbox.drain(NOON)

    outbox.drain(NOON + 6 * DAY)

    assert held() == 2


def test_many_held_answers_to_one_address_dont_hide_the_others(mail_room: MailRoom, sink: Sink) -> None:
    config = configuration(sink.port, limits=Limits(answers_per_address=1, answers_per_hour=2))
    flood(mail_room, 10)
    flood(mail_room, 2, "other@x.test", NOON + MINUTE)
    outbox = mail_room.outbox(config)
    outbox.drain(NOON + MINUTE)

    outbox.drain(NOON + 2 * MINUTE)

    assert "other@x.test" in [one.recipient for one in sink.accepted]


# --- again, by hand


@pytest.mark.parametrize("state", ["failed", "held", "deferred", "uncertain", "waiting"])
def test_a_person_may_have_anything_unsent_tried_again(mail_room: MailRoom, sink: Sink, state: str) -> None:
    row = mail_room.say(case=mail_room.case(), state=state, next_try_at=NOON + DAY, first_try_at=NOON - 9 * DAY)
    config = configuration(sink.port, limits=Limits(answers_per_address=1, answers_per_hour=1))
    flood(mail_room, 1)
    outbox = mail_room.outbox(config)
    outbox.drain(NOON)

    assert retry(row.id, NOON + MINUTE)
    outbox.drain(NOON + MINUTE)

    assert state_of(row) == "sent"  # past the caps, too


@pytest.mark.parametrize("state", ["sent", "sending"])
def test_what_is_sent_or_being_sent_is_not_tried_again(mail_room: MailRoom, state: str) -> None:
    row = mail_room.say(case=mail_room.case(), state=state)

    assert not retry(row.id, NOON)
    assert not retry(row.id + 1000, NOON)
    assert state_of(row) == state


def test_a_retried_failure_that_fails_again_is_told_again(mail_room: MailRoom, sink: Sink) -> None:
    row = mail_room.say(case=mail_room.case())
    sink.acts = {TENANT: ["550 5.1.1 no such user"] * 2}
    outbox = mail_room.outbox(configuration(sink.port))

    outbox.drain(NOON)
    retry(row.id, NOON + HOUR)
    outbox.drain(NOON + HOUR)

    assert [one.recipient for one in sink.accepted] == ["d.faucheux@aubrelac.test"] * 2
    assert {json.loads(one.details)["of"] for one in Outgoing.select().where(Outgoing.kind == "notice")} == {row.id}


def test_the_copy_goes_to_the_mailbox_that_the_letter_came_to(mail_room: MailRoom, sink: Sink) -> None:
    case = mail_room.case()
    row = mail_room.say(case=case)
    Receipt.create(key="imap/martinique/INBOX/1/7", message=row.answers, received_at=NOON, state="filed")

    mail_room.outbox(configuration(sink.port, mailbox=(mailbox("lyon"), mailbox("martinique")))).drain(NOON)

    assert Errand.get().mailbox == "martinique"
