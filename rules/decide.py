"""Letter in, plan out: the one place where the rules meet. No effect, no clock, no exception for bad mail.

The order of the questions is the order in which a careful secretary would ask them: is it a machine? is it one of us?
does it belong to a matter that we follow already? who writes, and about what? is anything in danger? And only then:
what do we say.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from rules import deadlines, learned, matters, replies
from rules.automatic import Automatic, automatic
from rules.calendar import Calendar
from rules.classify import classify
from rules.commands import commands
from rules.context import Context, Policy
from rules.danger import danger
from rules.exchange import enclosed
from rules.letter import Alert, Label, Letter, Verdict, normalise_address
from rules.moves import LABEL_OF
from rules.plan import (
    FOLDER_OF,
    TENANTS_SIDE,
    Acknowledge,
    Action,
    CaseView,
    Folder,
    Identity,
    JoinCase,
    Notify,
    Obey,
    OpenCase,
    Plan,
    Provide,
    Role,
    Shelve,
    Take,
)
from rules.reading import asks_or_objects, gist
from rules.requests import wanted

FOLLOWED = frozenset({"open", "waiting"})

# Why a letter that isn't a tenant's request has a case and a clock: what a manager reads.
FOLLOWED_ALL_THE_SAME = {
    "alert": "Suivie tout de même : un départ ou une institution est en cause.",
    "owner": "Suivie tout de même : elle vient d'un propriétaire.",
    "unsure": "Suivie tout de même : ce classement n'est pas sûr.",
}
SORTED_BY_A_PERSON = "Une personne l'avait déjà rangée dans ce dossier de la boîte."

# A person has read it, and says by its folder that nothing is to be answered.
DEALT_WITH = frozenset({Folder.OFF_TOPIC, Folder.CLOSED})

SURE_ENOUGH_TO_PUT_ASIDE = 0.85  # of a known tenant's letter; measured confidences above it are right 9 times in 10

# What these machines say is about our own mail, or about nobody's matter.
NEVER_A_CASE = frozenset({"bounce", "auto-reply", "own", "report"})


def decide(letter: Letter, context: Context, judged: Verdict | None = None) -> Plan:
    """What this letter sets in motion. `judged`: what `classify` says of it, by whoever has asked already."""
    plan = _decided(letter, context, judged or classify(letter))
    return plan if context.put_in is None else _staying(plan, context.put_in)


def _decided(letter: Letter, context: Context, judged: Verdict) -> Plan:
    signs = automatic(letter, context.own)
    verdict = _sorted(learned.weigh(judged, letter, context.layer), context.put_in)
    if signs is not None and signs.robot:
        verdict = replace(verdict, automated=True)
    said = f"{letter.subject}\n{letter.text}"
    identity = context.directory.identify(letter, said)
    if signs is None and verdict.automated and _must_be_heard(verdict, identity):
        verdict = replace(verdict, automated=False)
    plan = Plan(verdict, identity, gist=gist(letter), danger=danger(said) if verdict.urgent else "")
    aside = _aside(plan, signs, letter, context)
    if aside is not None:
        return aside
    may_answer = signs is None and not verdict.automated
    followed = _followed(letter, context)
    if followed is not None:
        heard = replace(plan, verdict=_heard_in_a_thread(plan, letter, context))
        if not _is_another_matter(plan.verdict, heard.verdict, followed):
            return _follow_up(heard, letter, followed, context, may_answer=may_answer)
    if context.put_in in DEALT_WITH:
        return replace(plan, silence="put away")
    return _new_matter(plan, letter, context, may_answer=may_answer)


def _sorted(verdict: Verdict, put_in: Folder | None) -> Verdict:
    """A person has said by its folder what it is: no doubt is left."""
    label = LABEL_OF.get(put_in) if put_in is not None else None
    if label is None:
        return verdict
    return replace(verdict, label=label, confidence=1.0, because=f"{verdict.because} {SORTED_BY_A_PERSON}".strip())


def _staying(plan: Plan, put_in: Folder) -> Plan:
    """Where a person has put it, it stays: an urgent one too, with its flag."""
    actions = (replace(one, folder=put_in) if isinstance(one, Shelve) else one for one in plan.actions)
    return replace(plan, actions=tuple(actions))


def _aside(plan: Plan, signs: Automatic | None, letter: Letter, context: Context) -> Plan | None:
    """What isn't anybody's matter: old letters, machines, our own people and their commands. None: it is one."""
    if _is_old(letter, context):
        return replace(plan, silence="answer_since")
    if context.returned is not None:
        return _quiet(replace(plan, actions=(context.returned, Shelve(Folder.OFF_TOPIC)), silence="robot"), context)
    if (ours := _of_ours(letter, signs, context)) is not None:
        return _quiet(replace(plan, actions=ours, silence="colleague"), context)
    if signs is not None and _is_never_a_case(signs, plan.verdict, plan.identity):
        return _quiet(replace(plan, actions=(Shelve(Folder.OFF_TOPIC),), silence="robot"), context)
    if plan.identity.party is Role.MANAGER and normalise_address(letter.sender.address) not in context.own:
        return replace(plan, silence="colleague")
    return None


def _of_ours(letter: Letter, signs: Automatic | None, context: Context) -> tuple[Action, ...] | None:
    """What our own people's letter makes us do; None when it isn't one of those that may command or bring files."""
    taken = _taken(letter, signs, context) if context.accountant else ()
    if not taken and (signs is not None or not (context.commander or context.accountant)):
        return None
    return (*taken, *(_obeyed(letter, context) if context.commander and signs is None else ()))


def _taken(letter: Letter, signs: Automatic | None, context: Context) -> tuple[Take, ...]:
    """The files that accounting sends; its software may send them by itself at night, a bounce may bring them back."""
    if signs is not None and signs.kind in NEVER_A_CASE:
        return ()
    files = enclosed(letter)
    by = normalise_address(letter.sender.address)
    return (Take(files, by, "" if context.verified else "unverified"),) if files else ()


def _obeyed(letter: Letter, context: Context) -> tuple[Action, ...]:
    """Each command, or why it isn't obeyed: a name in From proves nothing."""
    by, told = normalise_address(letter.sender.address), commands(letter)
    if not context.verified:
        return tuple(Obey(one, by, context.about, "unverified") for one in told)
    return tuple(Obey(one, by, context.about, "" if one.name else "unknown") for one in told)


def judge(letter: Letter, own: frozenset[str] = frozenset()) -> Verdict:
    """The verdict on a letter alone, without the agency: `automated` is whatever must never be answered."""
    verdict = classify(letter)
    return verdict if automatic(letter, own) is None else replace(verdict, automated=True)


def _is_never_a_case(signs: Automatic, verdict: Verdict, identity: Identity) -> bool:
    """A machine that says nothing a person must answer.

    A notification (web form, registered-letter service, copier) is judged by its content; a mailing only when something
    says that it isn't one: a known sender, a registered letter, a departure.
    """
    if not signs.robot:
        return False
    if signs.kind != "bulk":
        return signs.kind in NEVER_A_CASE
    known = identity.party in TENANTS_SIDE or identity.party is Role.OWNER
    return not (known or verdict.registered or Alert.DEPARTURE in verdict.alerts)


def _must_be_heard(verdict: Verdict, identity: Identity) -> bool:
    """The text alone makes it a machine: too little against a danger, or against somebody known who asks something."""
    known = identity.party in TENANTS_SIDE or identity.party is Role.OWNER
    return verdict.urgent or (known and verdict.label is not Label.OFF_TOPIC)


def _is_old(letter: Letter, context: Context) -> bool:
    since = context.policy.answer_since
    return since is not None and letter.received_at < since


# --- a case that exists


def _followed(letter: Letter, context: Context) -> CaseView | None:
    """The case that a letter belongs to for certain.

    A Message-ID that we signed proves it; any other sign counts only when the sender takes part in that case
    (osTicket's rule: a guessed token must not open somebody else's file).
    """
    if context.signed:
        return context.signed[0]
    sender = normalise_address(letter.sender.address)
    candidates = (*context.known, *context.named)
    return next((case for case in candidates if sender in case.participants), None)


def _heard_in_a_thread(plan: Plan, letter: Letter, context: Context) -> Verdict:
    """What it is about, where thanks and the like are passed over: "cela coule encore" isn't thanks, nor is a farewell.

    Nor is what asks or objects. An owner's thanks are, in the thread of a case.
    """
    open_to_doubt = context.put_in not in DEALT_WITH
    unsure = plan.verdict.confidence < _least_confidence(plan, context) or (open_to_doubt and asks_or_objects(letter))
    alerted = {Alert.DEPARTURE, Alert.INSTITUTION} & set(plan.verdict.alerts) and open_to_doubt
    return _matter(plan.verdict, plan.identity, unsure=unsure) if unsure or alerted else plan.verdict


def _is_another_matter(judged: Verdict, heard: Verdict, case: CaseView) -> bool:
    """Somebody who announces a departure in the thread of a leak opens a matter of its own: it has other stakes."""
    announced = judged.label is Label.DEPARTURE or Alert.DEPARTURE in judged.alerts
    return announced and heard.label is Label.DEPARTURE and case.label is not Label.DEPARTURE


def _follow_up(plan: Plan, letter: Letter, case: CaseView, context: Context, *, may_answer: bool) -> Plan:
    verdict, calendar = plan.verdict, _calendar(plan.identity, context)
    heard = may_answer and _is_waited_for(case, plan.identity)
    says_something = heard or not (verdict.label is Label.OFF_TOPIC or context.put_in in DEALT_WITH)
    reopened = says_something and (case.status not in FOLLOWED or case.answered)
    until = _due(verdict, letter, calendar, context) if reopened else None
    newly_urgent = verdict.urgent and not case.urgent
    warned = newly_urgent and may_answer and bool(letter.sender.address)
    going_on = _going_on(case, letter, calendar, context) if may_answer else None
    joining = JoinCase(case.ref, urgent=newly_urgent, reopen_until=until, resume_until=going_on, heard=heard)
    actions: list[Action] = [joining]
    if warned:  # not a second acknowledgement: the emergency numbers, once
        actions.append(Acknowledge(letter.sender.address, "acknowledgement_urgent"))
    if says_something or going_on is not None:
        actions += replies.notified(plan, "notice_follow_up", case.lease, context, holder=case.manager)
    actions += replies.provided(plan, letter, context, may_answer=may_answer)
    inbox = newly_urgent or replies.rings(verdict)
    actions.append(Shelve(Folder.INBOX if inbox else FOLDER_OF[case.label], flagged=newly_urgent))
    stranger = normalise_address(letter.sender.address) not in case.participants
    silence = "" if warned else "follow-up"
    return _quiet(replace(plan, actions=tuple(actions), silence=silence, stranger=stranger), context)


def _is_waited_for(case: CaseView, identity: Identity) -> bool:
    """The owner whose agreement was asked has written, whatever the words."""
    return case.waits_for == Role.OWNER and identity.party is Role.OWNER


def _going_on(case: CaseView, letter: Letter, calendar: Calendar, context: Context) -> datetime | None:
    """The due time of a clock that stood still until the tenant wrote: any letter of a person sets it going."""
    if case.waits_for != "tenant" or case.paused_at is None or case.due_at is None:
        return None
    counting = context.policy.counting
    return deadlines.resumed(case.due_at, case.paused_at, letter.received_at, calendar, counting)


# --- a new matter


def _new_matter(plan: Plan, letter: Letter, context: Context, *, may_answer: bool) -> Plan:
    unsure = plan.verdict.confidence < _least_confidence(plan, context)
    verdict = _matter(plan.verdict, plan.identity, unsure=unsure)
    asked = wanted(letter, answers_notice=context.answers_notice)
    paper = asked.on_paper and asked.only and not (verdict.urgent or verdict.alerts)  # says nothing else: no doubt left
    if paper or (verdict.label is Label.OFF_TOPIC and asked):
        verdict = replace(verdict, label=Label.REQUEST)  # whoever asks for a document of theirs is never off topic
    unsure = unsure and not paper
    if verdict.label is Label.OFF_TOPIC:
        return _off_topic(plan, context)
    second_thoughts = verdict.label is not plan.verdict.label and Alert.DEPARTURE in verdict.alerts
    to_sort = unsure or second_thoughts
    plan = replace(plan, verdict=verdict)
    due_at = _due(verdict, letter, _calendar(plan.identity, context), context, strict=to_sort)
    provided = replies.provided(plan, letter, context, may_answer=may_answer)
    case = OpenCase(verdict.label, due_at, verdict.urgent, to_sort, related=_related(plan, letter, context))
    template = replies.acknowledgement(verdict, plan.identity, to_sort=to_sort)
    actions: list[Action] = [case]
    silence = replies.silence(verdict, plan.identity, letter, context) if may_answer else "robot"
    said: list[Acknowledge | Notify] = []
    if not silence:
        said.append(Acknowledge(letter.sender.address, template))
    pressing = case.urgent or case.to_sort or case.label is Label.DEPARTURE
    alerted = bool(set(verdict.alerts) - {Alert.SENSITIVE})
    said += replies.notified(plan, "notice_case", plan.identity.lease, context, pressing=pressing or alerted)
    actions += _said_or_provided(said, provided, plan, to_sort=to_sort)
    stays = verdict.urgent or to_sort or replies.rings(verdict)
    actions.append(Shelve(Folder.INBOX if stays else FOLDER_OF[verdict.label], flagged=verdict.urgent))
    return _quiet(replace(plan, actions=tuple(actions), silence=silence), context)


def _said_or_provided(
    said: list[Acknowledge | Notify], provided: list[Provide], plan: Plan, *, to_sort: bool
) -> list[Action]:  # fmt: skip
    """A document that answers the letter whole goes in place of the acknowledgement and of the word to the manager."""
    verdict = plan.verdict
    plain = verdict.label is Label.REQUEST and not (to_sort or verdict.urgent or verdict.alerts or verdict.registered)
    if not provided or not plain or not provided[0].wanted.only:
        return [*said, *provided]
    return [replace(provided[0], answers=True, instead=tuple(said))]


def _least_confidence(plan: Plan, context: Context) -> float:
    """What a tenant wrote is put aside as nobody's matter only when that is nearly certain."""
    aside = plan.verdict.label is Label.OFF_TOPIC and plan.identity.party in TENANTS_SIDE
    return max(context.policy.threshold, SURE_ENOUGH_TO_PUT_ASIDE) if aside else context.policy.threshold


def _matter(verdict: Verdict, identity: Identity, *, unsure: bool) -> Verdict:
    """The label that a case would have.

    What a person wrote isn't put aside on a weak judgement, nor when it may announce a departure; an owner's letter is
    never off topic, nor an institution's. Then the second reading counts.
    """
    if verdict.label is not Label.OFF_TOPIC or verdict.automated:
        return verdict
    if Alert.DEPARTURE in verdict.alerts or Alert.INSTITUTION in verdict.alerts:
        return _followed_all_the_same(verdict, Label.COMPLAINT, "alert")
    if identity.party is Role.OWNER:
        return _followed_all_the_same(verdict, Label.REQUEST, "owner")
    return _followed_all_the_same(verdict, Label.REQUEST, "unsure") if unsure else verdict


def _followed_all_the_same(verdict: Verdict, otherwise: Label, why: str) -> Verdict:
    because = f"{verdict.because} {FOLLOWED_ALL_THE_SAME[why]}".strip()
    return replace(verdict, label=_second(verdict, otherwise), because=because)


def _second(verdict: Verdict, otherwise: Label) -> Label:
    second = verdict.runner_up
    return otherwise if second is None or second is Label.OFF_TOPIC else second


def _off_topic(plan: Plan, context: Context) -> Plan:
    """Nothing to answer; but what a person wrote is shown to a person."""
    shelve = Shelve(Folder.OFF_TOPIC)
    if plan.verdict.automated:
        return _quiet(replace(plan, actions=(shelve,), silence="robot"), context)
    notices = replies.notified(plan, "notice_letter", plan.identity.lease, context, pressing=False)
    actions: tuple[Action, ...] = (*notices, shelve)
    return _quiet(replace(plan, actions=actions, silence="off-topic"), context)


# --- clocks, people, places


def _due(verdict: Verdict, letter: Letter, calendar: Calendar, context: Context, *, strict: bool = False) -> datetime:
    allowed = time_allowed(verdict.label, verdict.alerts, context.policy, strict=strict)
    start, _ = deadlines.starting_at(letter.received_at, context.seen_at)
    return deadlines.due(start, allowed, calendar, context.policy.counting)


def time_allowed(label: Label, alerts: Collection[str], policy: Policy, *, strict: bool = False) -> timedelta:
    """What the agency has to answer: less for a request, unless an institution makes it."""
    is_request = label is Label.REQUEST and not strict and Alert.INSTITUTION not in alerts
    return policy.request if is_request else policy.letter


def _calendar(identity: Identity, context: Context) -> Calendar:
    site = context.directory.site_of(identity)
    return context.calendars.get(site, context.calendars[""])


def _related(plan: Plan, letter: Letter, context: Context) -> str | None:
    """A case that it may belong to, for a person to confirm: one that it points at, else one of the same matter."""
    pointed = (*context.signed, *context.known, *context.named)
    if pointed:
        return pointed[0].ref
    earlier = [case.told for case in context.recent if case.told is not None]
    said = f"{letter.subject}\n{plan.gist}"
    return matters.same_matter(plan.verdict.label, said, letter.received_at, earlier)


def _quiet(plan: Plan, context: Context) -> Plan:
    """In observe mode nothing is sent and nothing moves: only the case remains."""
    if not context.policy.observe:
        return plan
    kept = tuple(action for action in plan.actions if isinstance(action, OpenCase | JoinCase))
    return replace(plan, actions=kept, silence="observe")
