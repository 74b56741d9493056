"""What is known and set when a letter is decided upon."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from rules import learned
from rules.calendar import Calendar
from rules.identity import Directory
from rules.plan import CaseView, Folder, Returned


@dataclass(frozen=True, slots=True)
class Policy:
    """What the agency has set. `answer_since`: letters received before it are filed and never answered."""

    letter: timedelta = timedelta(hours=72)
    request: timedelta = timedelta(hours=48)
    counting: Literal["calendar", "business"] = "calendar"
    threshold: float = 0.5
    answer_since: datetime | None = None
    observe: bool = False
    answer_requests: bool = True  # a document that a tenant asks for is sent at once


@dataclass(frozen=True, slots=True)
class Context:
    """What the agency knows when a letter is opened.

    `signed` are the cases of Message-IDs that we signed and that the letter answers; `known` those of other messages
    that it answers; `named` those whose reference stands in its subject; `recent` those that its sender has open.
    `shared` are the managers of whom whoever reads for them now works in the shared mailbox.
    `calendars` are keyed by site, the agency's own under `""`. `asked_before`: this unknown sender was asked for a
    reference already. `returned`: the mail of ours that this one brings back. `commander`: the sender's address may
    command; `verified`: and it is truly theirs, for a trusted server or an answer to our own signed mail says so.
    `about` is the key of the mail of ours that this letter answers. `accountant`: the address is accounting's.
    `put_in` is the folder where a person had put it before we saw it.
    """

    directory: Directory
    calendars: Mapping[str, Calendar]
    seen_at: datetime
    own: frozenset[str] = frozenset()
    policy: Policy = Policy()
    shared: frozenset[str] = frozenset()
    signed: tuple[CaseView, ...] = ()
    known: tuple[CaseView, ...] = ()
    named: tuple[CaseView, ...] = ()
    recent: tuple[CaseView, ...] = ()
    asked_before: bool = False
    layer: learned.Layer = learned.NOTHING  # what the agency's people have corrected
    returned: Returned | None = None
    commander: bool = False
    accountant: bool = False
    verified: bool = False
    about: str = ""
    put_in: Folder | None = None

    @property
    def answers_notice(self) -> bool:
        """Whether it answers a month's notice."""
        return self.about.startswith("rent_notice/")
