"""What one letter sets in motion, as values. `rules.decide` makes a plan, the daemon carries it out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from rules.commands import Command
from rules.exchange import Enclosed
from rules.letter import Label, Verdict
from rules.matters import Told
from rules.requests import Wanted


class Role(StrEnum):
    """Who a person is to the agency."""

    TENANT = "tenant"
    CO_TENANT = "co_tenant"
    OCCUPANT = "occupant"
    GUARANTOR = "guarantor"
    FORMER = "former"  # a spouse who left, a tenant whose lease has ended
    OWNER = "owner"
    MANAGER = "manager"
    UNCLEAR = "unclear"  # named in a lease, in a capacity that a person must read
    OTHER = "other"  # supplier, syndic, applicant, neighbour: known not to be one of the above
    UNKNOWN = "unknown"


TENANTS_SIDE = frozenset({Role.TENANT, Role.CO_TENANT, Role.OCCUPANT, Role.GUARANTOR, Role.FORMER, Role.UNCLEAR})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A lease that a letter seems to be about. `score` 0 to 1; `reasons` in French, fit to show a manager."""

    lease: str
    score: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose letter it is. Only an equal address (or the thread of a case) identifies; text only suggests."""

    party: Role = Role.UNKNOWN
    name: str = ""
    lease: str | None = None  # set when it is certain
    leases: tuple[str, ...] = ()  # every lease of that person
    owner: str | None = None
    manager: str | None = None  # id of the manager in charge, or of the manager who writes
    method: str = ""  # "address", "thread" or ""
    suggestions: tuple[Suggestion, ...] = ()  # best first; never acted upon


class Folder(StrEnum):
    """Where a letter stands in the shared mailbox after it is recorded (the names shown are configured)."""

    INBOX = "inbox"
    WORKS = "works"
    ACCOUNTS = "accounts"
    COMPLAINTS = "complaints"
    DEPARTURES = "departures"
    REQUESTS = "requests"
    OFF_TOPIC = "off_topic"
    QUARANTINE = "quarantine"
    CLOSED = "closed"
    ACKNOWLEDGEMENTS = "acknowledgements"
    SENT = "sent"


FOLDER_OF = {
    Label.WORKS: Folder.WORKS,
    Label.ACCOUNTS: Folder.ACCOUNTS,
    Label.COMPLAINT: Folder.COMPLAINTS,
    Label.DEPARTURE: Folder.DEPARTURES,
    Label.REQUEST: Folder.REQUESTS,
    Label.OFF_TOPIC: Folder.OFF_TOPIC,
}


@dataclass(frozen=True, slots=True)
class CaseView:
    """What the decision needs to know of a case that a letter may belong to."""

    ref: str
    label: Label
    status: str  # "open", "waiting", "answered", "closed"
    lease: str | None
    urgent: bool = False
    participants: frozenset[str] = frozenset()  # normalised addresses of those who take part in it
    told: Told | None = None  # what it is about, where that is asked
    waits_for: str = ""  # "tenant", "owner", "artisan", "syndic", "works"
    due_at: datetime | None = None
    paused_at: datetime | None = None  # since then its clock stands still
    answered: bool = False  # somebody has answered; works may go on all the same
    manager: str | None = None  # in charge of it, perhaps another than of its building


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A new case, with its clock."""

    label: Label
    due_at: datetime
    urgent: bool = False
    to_sort: bool = False  # a person must say what it is
    related: str | None = None  # a case that it may belong to, for a person to confirm


@dataclass(frozen=True, slots=True)
class JoinCase:
    """A follow-up: the letter belongs to a case that exists.

    `reopen_until` is the new due time of an answered one, `resume_until` that of one whose clock stood still. `heard`:
    whom it waited for has written.
    """

    ref: str
    urgent: bool = False
    reopen_until: datetime | None = None
    resume_until: datetime | None = None
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Tell the sender, at once and automatically. `template` names a mail in templates/mails."""

    to: str
    template: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the manager in charge (the supervisor when nobody is). `manager` is an id or None.

    `beside` are the ids of others who share the building: each is told.
    """

    manager: str | None
    template: str
    urgent: bool = False
    attach: bool = True
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelve:
    """Move the letter to that folder of the mailbox it came from; flag it when urgent."""

    folder: Folder
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail of ours came back undelivered. `key` names it in the outbox; `manager` is in charge of whom it was for."""

    key: str
    row: int
    recipient: str
    reason: str
    case: str | None = None
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class Obey:
    """A command of our own people, to be carried out. `about` is the key of the mail that it answers.

    `refused`: why it isn't obeyed; whoever is named as its sender is told so at the registered address.
    """

    command: Command
    by: str
    about: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Provide:
    """Give a tenant the documents asked for, at the registered address `to`.

    `answers`: that answers the letter whole; `instead` is done in its place when it can't be done.
    """

    wanted: Wanted
    lease: str
    to: str
    answers: bool = False
    instead: tuple[Acknowledge | Notify, ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """Files of accounting's to take in. `by` is its registered address, which hears what came of them.

    `refused`: why none is; then a person is told as well.
    """

    files: tuple[Enclosed, ...]
    by: str
    refused: str = ""


Action = OpenCase | JoinCase | Acknowledge | Notify | Shelve | Returned | Obey | Provide | Take


Kind = TypeVar("Kind", bound=Action)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one letter sets in motion, in order.

    `silence` says why nothing is said to the sender, if nothing is. `gist` is the sentence of the sender's own that
    says what the matter is, fit to quote. `danger` is the kind of an urgent letter's danger (rules.danger).
    `stranger`: it joins a case in which its sender takes no part (a proved thread that somebody else holds).
    """

    verdict: Verdict
    identity: Identity
    actions: tuple[Action, ...] = ()
    silence: str = ""
    gist: str = ""
    danger: str = ""
    stranger: bool = False

    def first(self, kind: type[Kind]) -> Kind | None:
        """The first action of that kind; None when it has none."""
        return next((action for action in self.actions if isinstance(action, kind)), None)
