"""Who hears of a letter, and what: an acknowledgement or why there is none, documents, notices to managers."""

from rules.context import Context
from rules.letter import Alert, Label, Letter, Verdict, normalise_address
from rules.plan import TENANTS_SIDE, Identity, Notify, Plan, Provide, Role
from rules.requests import wanted
from rules.roll import LeaseEntry

HOLDERS = frozenset({Role.TENANT, Role.CO_TENANT})  # of a lease, also when it has ended: whose documents they are


def acknowledgement(verdict: Verdict, identity: Identity, *, to_sort: bool) -> str:
    """Which mail of templates/mails; the first that fits, danger before all."""
    if verdict.urgent:
        return "acknowledgement_urgent"
    if Alert.DEATH in verdict.alerts or Alert.VIOLENCE in verdict.alerts:
        return "acknowledgement_care"
    if verdict.label is Label.DEPARTURE and not to_sort and identity.party is not Role.OWNER:
        registered = verdict.registered
        return "acknowledgement_departure_registered" if registered else "acknowledgement_departure"
    if identity.party is Role.OWNER:
        return "acknowledgement_owner"
    if identity.party not in TENANTS_SIDE:
        return "acknowledgement_unknown"
    return "acknowledgement_neutral" if to_sort else "acknowledgement"


def silence(verdict: Verdict, identity: Identity, letter: Letter, context: Context) -> str:
    """Why a person who wrote hears nothing; '' when they are answered."""
    if not letter.sender.address:
        return "no address"
    if Alert.INSTITUTION in verdict.alerts:
        return "institution"
    if identity.party is Role.OTHER:
        return "other person"
    pressing = verdict.urgent or verdict.label is Label.DEPARTURE
    if identity.party is Role.UNKNOWN and context.asked_before and not pressing:
        return "asked before"
    return ""


def provided(plan: Plan, letter: Letter, context: Context, *, may_answer: bool) -> list[Provide]:
    """The documents that a tenant asks for, when it is certain whose they are; they go to the registered address.

    The address that the letter came from is that of a holder of the lease, or it wouldn't be known by it.
    """
    sender = normalise_address(letter.sender.address)
    lease = context.directory.lease(plan.identity.lease or "") if plan.identity.method == "address" else None
    if lease is None or not _holds(lease, sender) or not may_answer or not context.policy.answer_requests:
        return []
    asked = wanted(letter, answers_notice=context.answers_notice)
    return [Provide(asked, lease.id, sender)] if asked else []


def _holds(lease: LeaseEntry, address: str) -> bool:
    """A guarantor's, an occupant's, a spouse who left's address is in the lease too: it isn't theirs to ask."""
    holders = (person for person in lease.people if person.role in HOLDERS)
    return any(normalise_address(email) == address for person in holders for email in person.emails)


def notified(
    plan: Plan, template: str, lease: str | None, context: Context, *, pressing: bool = True, holder: str | None = None
) -> list[Notify]:
    """One notice for all who are to hear of it; none when they all read the shared mailbox and nothing presses.

    `holder` is in charge of the case already. A case that was handed to somebody is theirs alone.
    """
    charge = holder or _in_charge(plan.identity, lease, context)
    entry = context.directory.lease(lease or plan.identity.lease or "")
    beside = entry.shares if entry is not None and entry.manager == charge else ()
    readers = [one for one in dict.fromkeys((charge, *beside)) if pressing or one not in context.shared]
    if not readers:
        return []
    urgent = plan.verdict.urgent or rings(plan.verdict)
    attach = Alert.SENSITIVE not in plan.verdict.alerts
    return [Notify(readers[0], template, urgent, attach, tuple(one for one in readers[1:] if one))]


def _in_charge(identity: Identity, lease: str | None, context: Context) -> str | None:
    """The manager of the person who writes, else of the case, else of the likeliest lease; None: the supervisor."""
    if identity.manager is not None:
        return identity.manager
    likely = lease or (identity.suggestions[0].lease if identity.suggestions else None)
    entry = context.directory.lease(likely) if likely is not None else None
    return entry.manager if entry is not None else None


def rings(verdict: Verdict) -> bool:
    """A death or violence is for a person at once: it stays where telephones ring."""
    return Alert.DEATH in verdict.alerts or Alert.VIOLENCE in verdict.alerts
