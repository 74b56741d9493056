"""What keeps a command of our own people from being carried out, as far as the agency's lists and the case can tell."""

from collections.abc import Callable
from dataclasses import dataclass

from archive import events, threads
from archive.records import Case, Message
from daemon.cases.people import find_manager, managers_named, owner_addresses
from rules.answer import addresses_somebody
from rules.commands import Command, Fault, Name
from rules.identity import Directory

FAULTS = {
    Name.HAND: Fault.PERSON,
    Name.ATTACH: Fault.LEASE,
    Name.NEW: Fault.LEASE,
    Name.MERGE: Fault.CASE,
    Name.AGREE: Fault.NO_OWNER,
    Name.CONFIRM: Fault.NOTHING_HELD,
    Name.EXTEND: Fault.OVER,
    Name.SPLIT: Fault.ONLY_LETTER,
}
TOLD = frozenset({Name.AGREE, Name.NEW})  # nothing without the text beside them
KEPT = frozenset({Name.NOTE, Name.PHONE, Name.COUNTER})  # the text beside them is read by no correspondent


@dataclass(frozen=True, slots=True)
class About:
    """What a mail's commands are about: its case, the text beside them, who is who.

    `held` gives the digest of the letter that a notice asked about (`''`: none did), `question` the letter that is
    answered.
    """

    case: Case | None
    text: str
    directory: Directory
    held: Callable[[], str]
    question: Callable[[], Message]


def fault_of(command: Command, about: About) -> Fault | None:
    """None when it can be done."""
    if command.name is None or command.name is Name.SEND:
        return Fault.UNKNOWN
    if command.fault is not None:
        return command.fault
    if about.case is None and command.name not in {Name.NEW, Name.CONFIRM}:
        return Fault.NO_CASE
    if command.name is Name.MERGE and _is_of_two_households(command, about.case):
        return Fault.HOUSEHOLD
    if not _makes_sense(command, about):
        namesakes = command.name is Name.HAND and managers_named(command.whom, about.directory)
        return Fault.NAMESAKES if namesakes else FAULTS[command.name]
    return _fault_of_the_text(command, about.text)


def _fault_of_the_text(command: Command, text: str) -> Fault | None:
    """What is wrong with the words beside a command."""
    if command.name in TOLD and not (command.reason or text):
        return Fault.UNTOLD
    return Fault.LETTER if command.name in KEPT and addresses_somebody(text) else None


def _is_of_two_households(command: Command, case: Case | None) -> bool:
    """One of two tenants would read what is written to the other."""
    other = threads.by_reference([command.whom])
    return bool(case and other and other[0].lease and case.lease_id and other[0].lease != case.lease_id)


def _makes_sense(command: Command, about: About) -> bool:
    """Whether what it names is there, and the case in a state in which it can be done."""
    match command.name:
        case Name.ATTACH | Name.NEW:
            return about.directory.lease(command.whom) is not None
        case Name.CONFIRM:
            return bool(about.held())
        case Name.HAND:
            return find_manager(command.whom, about.directory) is not None
        case _:
            return about.case is None or _fits(command, about.case, about.question)


def _fits(command: Command, case: Case, question: Callable[[], Message]) -> bool:
    match command.name:
        case Name.MERGE:
            other = threads.by_reference([command.whom])
            return bool(other) and other[0].ref != case.ref
        case Name.AGREE:
            return bool(owner_addresses(case))
        case Name.EXTEND:
            return case.answered_at is None and str(case.status) != "closed"
        case Name.SPLIT:
            return str(question().digest) != events.opened_by(str(case.ref))
        case _:
            return True
