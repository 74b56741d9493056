"""A plan is a value: what would be said, to whom, by when, and where the letter goes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from rules.calendar import Calendar, parse_hours
from rules.context import Context, Policy
from rules.decide import decide, judge
from rules.identity import Directory, LeaseEntry, ManagerEntry, OwnerEntry, PersonEntry
from rules.letter import Address, Alert, Attachment, Label, Letter
from rules.plan import Acknowledge, CaseView, Folder, JoinCase, Notify, OpenCase, Plan, Role, Shelve

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TENANT, OWNER, STRANGER = "marie.dupont@example.org", "sci@example.org", "inconnu@example.com"
OFFICE = Calendar(ZoneInfo("Europe/Paris"), "FR", parse_hours("mon-fri 09:00-12:30, 14:00-18:00"))
DIRECTORY = Directory.of(
    [
        LeaseEntry(
            id="B01", mandate="1", owner="SCI", property_name="Les Lilas", property_code="0001", city="Lyon", lot="A1",
            manager="G1", people=(PersonEntry(Role.TENANT, "Mme", "Dupont", "Marie", (TENANT,)),),
        )
    ],
    [OwnerEntry("SCI", ("1",), (OWNER,), "G1")],
    [ManagerEntry("G1", "Anne Martin", ("anne@agence.test",)), ManagerEntry("G2", "Paul", ("paul@agence.test",))],
)  # fmt: skip
Kind = TypeVar("Kind")
CONTEXT = Context(DIRECTORY, {"": OFFICE}, NOW, own=frozenset({"gestion@agence.test"}))

LEAK = "Bonjour, il y a une fuite sous l'évier de la cuisine depuis hier. Merci d'envoyer un plombier."
LEAVING = "Bonjour, je vous donne congé de mon appartement et je rendrai les clés le 31 mars. Cordialement"
RECEIPT = "Bonjour, pouvez-vous m'envoyer ma quittance du mois d'octobre ? Merci d'avance."
SUPPLIER = (
    "Bonjour, veuillez trouver ci-joint notre facture n° 118 à régler sous 30 jours pour l'intervention de plomberie. "
    "Service facturation, Plomberie du Rhône SARL, fournisseur"
)


def letter(text: str, sender: str = TENANT, headers: Mapping[str, str] | None = None, subject: str = "") -> Letter:
    return Letter(
        digest="d", received_at=NOW, sender=Address("", sender), subject=subject, text=text,
        headers=tuple((headers or {}).items()),
    )  # fmt: skip


def only(plan: Plan, kind: type[Kind]) -> Kind | None:
    found = [action for action in plan.actions if isinstance(action, kind)]
    assert len(found) <= 1
    return found[0] if found else None


def plan_of(text: str, sender: str = TENANT, context: Context = CONTEXT, **more: object) -> Plan:
    return decide(letter(text, sender, **more), context)  # type: ignore[arg-type]


def put_in(folder: Folder) -> Context:
    return replace(CONTEXT, put_in=folder)


def test_a_letter_that_a_person_has_put_away_is_what_its_folder_says_and_stays_there() -> None:
    plan = plan_of(LEAK, context=put_in(Folder.REQUESTS))

    case = only(plan, OpenCase)
    assert case is not None
    assert (case.label, case.to_sort, case.due_at - NOW) == (Label.REQUEST, False, timedelta(hours=48))
    assert only(plan, Shelve) == Shelve(Folder.REQUESTS)
    assert only(plan, Acknowledge) is not None
    assert "Une personne" in plan.verdict.because


@pytest.mark.parametrize(
    ("policy", "opens"), [(Policy(observe=True), True), (Policy(answer_since=NOW + timedelta(days=1)), False)]
)
def test_what_was_put_away_says_nothing_where_nothing_is_to_be_said(policy: Policy, *, opens: bool) -> None:
    plan = plan_of(LEAK, context=replace(put_in(Folder.REQUESTS), policy=policy))

    assert [type(action) for action in plan.actions] == [OpenCase] * opens


def test_an_urgent_letter_that_was_put_away_stays_there_with_its_flag() -> None:
    plan = plan_of("Ça sent fort le gaz dans l'escalier, venez vite !", context=put_in(Folder.WORKS))

    assert only(plan, Shelve) == Shelve(Folder.WORKS, flagged=True)


@pytest.mark.parametrize("folder", [Folder.OFF_TOPIC, Folder.CLOSED])
@pytest.mark.parametrize(("text", "sender"), [(LEAK, TENANT), (LEAVING, TENANT), (RECEIPT, OWNER), (LEAK, STRANGER)])
def test_what_a_person_has_dealt_with_is_only_filed(folder: Folder, text: str, sender: str) -> None:
    plan = plan_of(text, sender, put_in(folder))

    assert (plan.actions, plan.silence) == ((), "put away")


def test_a_follow_up_that_a_person_has_dealt_with_joins_and_opens_nothing_again() -> None:
    answered = CaseView("VM-2026-000001", Label.WORKS, "answered", "B01", participants=frozenset({TENANT}))

    plan = plan_of(LEAK, context=replace(put_in(Folder.CLOSED), named=(answered,)))

    assert plan.actions == (JoinCase("VM-2026-000001"), Shelve(Folder.CLOSED))


def test_a_complaint_has_72_hours_and_a_request_48() -> None:
    complaint, request = only(plan_of(LEAK), OpenCase), only(plan_of(RECEIPT), OpenCase)

    assert complaint is not None
    assert request is not None
    assert complaint.due_at - NOW == timedelta(hours=72)
    assert request.due_at - NOW == timedelta(hours=48)


def test_the_manager_in_charge_is_told_with_the_letter() -> None:
    notice = only(plan_of(LEAK), Notify)

    assert notice == Notify("G1", "notice_case", urgent=False, attach=True)


def test_a_departure_is_told_the_ways_that_count() -> None:
    said = only(plan_of(LEAVING), Acknowledge)

    assert said == Acknowledge(TENANT, "acknowledgement_departure")


@pytest.mark.parametrize(
    "headers",
    [
        {"auto-submitted": "auto-replied"},
        {"precedence": "bulk"},
        {"list-id": "<x.example>", "list-unsubscribe": "<https://x.example>"},
        {"return-path": "<>"},
        {"x-autoreply": "yes"},
        {"feedback-id": "1:2:3"},
    ],
)
def test_a_machine_is_filed_and_never_answered(headers: Mapping[str, str]) -> None:
    plan = plan_of("Je suis absente jusqu'au 12.", STRANGER, headers=headers)

    assert only(plan, Acknowledge) is None
    assert only(plan, OpenCase) is None
    assert only(plan, Shelve) == Shelve(Folder.OFF_TOPIC)


def test_a_person_who_asks_for_no_automatic_answer_still_has_a_case_and_a_manager() -> None:
    plan = plan_of(LEAK, headers={"x-auto-response-suppress": "All"})

    assert only(plan, Acknowledge) is None
    assert only(plan, OpenCase) is not None
    assert only(plan, Notify) is not None
    assert judge(letter(LEAK, headers={"x-auto-response-suppress": "All"})).automated


def test_our_own_mail_is_never_answered() -> None:
    plan = plan_of(LEAK, "gestion@agence.test", headers={"auto-submitted": "auto-replied"})

    assert plan.actions == (Shelve(Folder.OFF_TOPIC),)


def test_an_institution_opens_a_case_of_72_hours_in_silence() -> None:
    text = (
        "Madame, Monsieur, la Caisse d'allocations familiales vous informe du signalement d'un impayé de loyer de votre "
        "locataire et vous demande de répondre sous un mois. Le service contentieux de la CAF du Rhône"
    )
    plan = plan_of(text, "contentieux@caf.example")

    assert Alert.INSTITUTION in plan.verdict.alerts
    case = only(plan, OpenCase)
    assert case is not None
    assert case.due_at - NOW == timedelta(hours=72)
    assert only(plan, Acknowledge) is None
    assert only(plan, Notify) is not None


def test_a_death_is_answered_with_care_and_rings_a_person() -> None:
    plan = plan_of(
        "Bonjour, je vous informe du décès de ma mère, Mme Marie Dupont, survenu le 20 novembre. Que faire ?"
    )

    assert Alert.DEATH in plan.verdict.alerts
    assert only(plan, Acknowledge) == Acknowledge(TENANT, "acknowledgement_care")
    notice = only(plan, Notify)
    assert notice is not None
    assert notice.urgent
    assert only(plan, Shelve) == Shelve(Folder.INBOX)


def test_medical_papers_stay_where_they_are() -> None:
    certificate = Attachment("certificat médical.pdf", "application/pdf", b"%PDF")
    plan = decide(replace(letter(LEAVING + " Ci-joint mon certificat médical."), attachments=(certificate,)), CONTEXT)

    assert Alert.SENSITIVE in plan.verdict.alerts
    notice = only(plan, Notify)
    assert notice is not None
    assert not notice.attach


def test_what_is_unsure_goes_to_a_person_with_the_strictest_clock() -> None:
    unsure = replace(CONTEXT, policy=Policy(threshold=1.0))

    plan = plan_of(RECEIPT, context=unsure)

    case = only(plan, OpenCase)
    assert case is not None
    assert case.to_sort
    assert case.due_at - NOW == timedelta(hours=72)
    assert only(plan, Acknowledge) == Acknowledge(TENANT, "acknowledgement_neutral")
    assert only(plan, Shelve) == Shelve(Folder.INBOX)


def test_a_manager_of_the_shared_mailbox_hears_only_of_what_presses() -> None:
    shared = replace(CONTEXT, shared=frozenset({"G1"}))

    assert only(plan_of(RECEIPT, context=shared), Notify) is None
    assert only(plan_of(LEAVING, context=shared), Notify) is not None


def test_whoever_shares_the_building_hears_of_its_cases_and_of_none_that_was_handed_on() -> None:
    shared = {"B01": replace(DIRECTORY.leases["B01"], shares=("G2",))}
    context = replace(CONTEXT, directory=replace(DIRECTORY, leases=shared))
    handed = CaseView("VM-2026-000001", Label.WORKS, "open", "B01", participants=frozenset({TENANT}), manager="G5")

    assert only(plan_of(LEAK, context=context), Notify) == Notify("G1", "notice_case", beside=("G2",))
    in_mailbox = replace(context, shared=frozenset({"G1"}))
    assert only(plan_of(LEAK, context=in_mailbox), Notify) == Notify("G2", "notice_case")
    follow_up = only(plan_of(LEAK, context=replace(context, known=(handed,))), Notify)
    assert follow_up == Notify("G5", "notice_follow_up")


def test_an_owner_is_never_off_topic() -> None:
    plan = plan_of("Bonjour, merci pour votre appel de ce matin. Bien à vous", OWNER)

    case = only(plan, OpenCase)
    assert case is not None
    assert case.label is not Label.OFF_TOPIC
    assert only(plan, Acknowledge) == Acknowledge(OWNER, "acknowledgement_owner")


def test_a_supplier_is_shown_to_a_person_and_not_answered() -> None:
    plan = plan_of(SUPPLIER, "facturation@plomberie.example")

    assert only(plan, OpenCase) is None
    assert only(plan, Acknowledge) is None
    assert only(plan, Notify) == Notify(None, "notice_letter")


def test_a_colleague_s_mail_is_filed_and_no_more() -> None:
    assert plan_of(LEAK, "paul@agence.test").actions == ()


def test_a_stranger_is_asked_for_a_reference_once() -> None:
    first = plan_of(LEAK, STRANGER)
    again = plan_of(LEAK, STRANGER, replace(CONTEXT, asked_before=True))

    assert only(first, Acknowledge) == Acknowledge(STRANGER, "acknowledgement_unknown")
    assert only(again, Acknowledge) is None
    assert only(again, OpenCase) is not None


def test_old_letters_and_observed_mailboxes_say_nothing() -> None:
    old = replace(CONTEXT, policy=Policy(answer_since=NOW + timedelta(hours=1)))
    observed = replace(CONTEXT, policy=Policy(observe=True))

    assert plan_of(LEAK, context=old).actions == ()
    assert [type(action) for action in plan_of(LEAK, context=observed).actions] == [OpenCase]


CASE = CaseView("VM-2026-000001", Label.WORKS, "open", "B01", participants=frozenset({TENANT}))


def test_a_signed_message_id_proves_the_case_and_a_named_one_only_for_its_people() -> None:
    signed = plan_of(LEAK, STRANGER, replace(CONTEXT, signed=(CASE,)))
    named = plan_of(LEAK, TENANT, replace(CONTEXT, named=(CASE,)))
    guessed = plan_of(LEAK, STRANGER, replace(CONTEXT, named=(CASE,)))

    assert only(signed, JoinCase) == JoinCase(CASE.ref)
    assert (signed.stranger, named.stranger) == (True, False), "a person is told who isn't of the case"
    assert only(named, JoinCase) == JoinCase(CASE.ref)
    opened = only(guessed, OpenCase)
    assert opened is not None
    assert opened.related == CASE.ref


def test_a_letter_to_an_answered_case_opens_it_again() -> None:
    answered = replace(CASE, status="answered")

    joined = only(plan_of(LEAK, context=replace(CONTEXT, signed=(answered,))), JoinCase)

    assert joined == JoinCase(CASE.ref, reopen_until=NOW + timedelta(hours=72))


def test_thanks_in_a_thread_reopen_nothing_and_tell_nobody() -> None:
    answered = replace(CASE, status="answered")

    plan = plan_of("Merci beaucoup, bonne journée !", context=replace(CONTEXT, signed=(answered,)))

    assert only(plan, JoinCase) == JoinCase(CASE.ref)
    assert only(plan, Notify) is None


def test_danger_in_an_open_case_is_answered_once_and_nobody_is_told_otherwise() -> None:
    gas = "Bonjour, maintenant ça sent le gaz très fort dans la cuisine, c'est urgent !"

    plan = plan_of(gas, context=replace(CONTEXT, signed=(CASE,)))
    again = plan_of(gas, context=replace(CONTEXT, signed=(replace(CASE, urgent=True),)))

    assert only(plan, Acknowledge) == Acknowledge(TENANT, "acknowledgement_urgent")
    assert plan.silence == ""
    assert only(again, Acknowledge) is None
    assert again.silence == "follow-up"


def test_a_letter_without_an_address_has_a_case_and_no_answer() -> None:
    plan = plan_of(LEAK, sender="")

    assert only(plan, OpenCase) is not None
    assert only(plan, Acknowledge) is None
    assert plan.silence == "no address"


def test_a_departure_in_the_thread_of_a_leak_opens_its_own_case() -> None:
    plan = plan_of(LEAVING, context=replace(CONTEXT, signed=(CASE,)))

    opened = only(plan, OpenCase)
    assert opened is not None
    assert (opened.label, opened.related) == (Label.DEPARTURE, CASE.ref)


FAREWELL = letter("Merci pour la réparation, tout va bien. Nous serons partis au printemps.")


@pytest.mark.parametrize("confidence", [0.49, 0.99])
def test_a_departure_told_among_thanks_in_an_old_thread_opens_its_own_case(confidence: float) -> None:
    thanks = replace(
        judge(FAREWELL),
        label=Label.OFF_TOPIC, confidence=confidence, runner_up=Label.DEPARTURE, alerts=(Alert.DEPARTURE,),
    )  # fmt: skip

    plan = decide(FAREWELL, replace(CONTEXT, signed=(replace(CASE, status="closed"),)), thanks)

    opened = only(plan, OpenCase)
    assert opened == OpenCase(Label.DEPARTURE, NOW + timedelta(hours=72), to_sort=True, related=CASE.ref)
    notice = only(plan, Notify)
    assert notice is not None
    assert notice.template == "notice_case"


def test_a_departure_that_only_may_be_one_is_told_in_the_case_that_it_joins() -> None:
    doubtful = replace(
        judge(FAREWELL), label=Label.OFF_TOPIC, confidence=0.99, runner_up=Label.WORKS, alerts=(Alert.DEPARTURE,)
    )

    plan = decide(FAREWELL, replace(CONTEXT, signed=(replace(CASE, status="closed"),)), doubtful)

    assert only(plan, JoinCase) == JoinCase(CASE.ref, reopen_until=NOW + timedelta(hours=72))
    assert only(plan, Notify) is not None
    assert Alert.DEPARTURE in plan.verdict.alerts


def test_without_such_a_sign_thanks_that_look_a_little_like_a_departure_open_nothing() -> None:
    thanks = replace(judge(FAREWELL), label=Label.OFF_TOPIC, confidence=0.49, runner_up=Label.DEPARTURE, alerts=())

    plan = decide(FAREWELL, replace(CONTEXT, signed=(CASE,)), thanks)

    assert only(plan, OpenCase) is None
    assert only(plan, Notify) is not None


def test_business_hours_are_a_setting() -> None:
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    context = replace(CONTEXT, policy=Policy(counting="business"), seen_at=friday)

    plan = decide(replace(letter(LEAK), received_at=friday), context)

    case = only(plan, OpenCase)
    assert case is not None
    assert case.due_at == datetime(2026, 12, 2, 9, 0, tzinfo=UTC)


def test_a_second_letter_that_only_may_be_off_topic_is_heard() -> None:
    answered = replace(CASE, status="answered")
    again = letter("Bonjour, cela coule encore, merci de revenir.")
    doubtful = replace(judge(again), label=Label.OFF_TOPIC, confidence=0.49, runner_up=Label.WORKS)

    plan = decide(again, replace(CONTEXT, signed=(answered,)), doubtful)

    assert only(plan, JoinCase) == JoinCase(CASE.ref, reopen_until=NOW + timedelta(hours=72))
    assert plan.verdict.label is Label.WORKS


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour, je suis locataire chez vous et il y a une fuite dans la salle de bain.",
        "Il y a une fuite dans la cuisine. Ne pas répondre à ce mail, appelez-moi au 06 39 98 00 00.",
        "Plus d'eau chaude depuis hier. Les photos sont ici : https://photos.example/x merci",
    ],
)
def test_a_known_tenant_is_heard_whatever_the_words_resemble(text: str) -> None:
    plan = plan_of(text)

    assert only(plan, OpenCase) is not None
    assert only(plan, Acknowledge) is not None
    assert only(plan, Notify) is not None


def test_danger_told_by_a_stranger_who_wants_no_mail_is_answered_all_the_same() -> None:
    plan = plan_of("Ça sent le gaz dans l'escalier ! Ne pas répondre ici, appelez-moi tout de suite.", STRANGER)

    assert only(plan, Acknowledge) == Acknowledge(STRANGER, "acknowledgement_urgent")
