"""What our own people write, in their own mailbox or in the shared one: heard, proven, and turned into what follows.

Nothing is done here: what follows stands in the sidecar of the letter (`filing.py`), as orders that
`daemon/cases/casework.py` carries out and as mails that the outbox sends. A mail that isn't proven to come from the
person that it names sets nothing in motion: that person is asked, and the attempt is on the case.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from archive import threads
from archive.incoming import Arrival
from archive.records import Case, Message, Outgoing, Step
from daemon.answers.addressees import addressees, answered_ids, copied, lease_of, recipients
from daemon.answers.faults import About, fault_of
from daemon.answers.speakers import Speaker, Speakers, manager_speaking
from daemon.cases.people import find_manager
from daemon.config import Config
from daemon.house import House
from daemon.reading.parse import parse
from daemon.sending.identifiers import Signer
from rules import answer
from rules.answer import Course, Spoken
from rules.automatic import automatic, says_absent
from rules.commands import Command, Fault, Name, keeps_text_inside
from rules.fold import fold
from rules.letter import Letter, normalise_address, untagged
from rules.plan import CaseView

SENT, DRAFT = "sent", "draft"  # of an arrival: the shared mailbox's folder of sent mail
HELD = frozenset({"notice_confirm", "notice_crossed"})  # they tell of an answer that waits for a person's word
MOST_QUESTIONS = 10  # to one person in a day, whether a mail is theirs
FIRST = frozenset({Name.WAIT, Name.FOLLOW, Name.EXTEND})  # they say what an answer makes of the case
LONGEST_SHOWN = 2000  # characters of somebody else's answer, as a notice shows them


@dataclass(slots=True)
class Heard:
    """What one letter of our own people sets in motion. `beside` is a letter of its case, in whose folder it is filed.

    `orders` and `say` are as the sidecar holds them; `step` is a line of the case's history, and no more.
    """

    letter: Letter
    out: bool = False  # it was sent from the shared mailbox
    by: str = ""
    case: CaseView | None = None
    beside: Message | None = None
    lease: str | None = None  # of a letter without a case, by whom it was sent to
    orders: list[dict[str, Any]] = field(default_factory=list)
    say: list[dict[str, Any]] = field(default_factory=list)
    step: dict[str, str] | None = None
    machine: bool = False  # nobody wrote it


@dataclass(frozen=True, slots=True)
class Answers:
    """`bytes_of` gives a letter's bytes by its digest; `own` are the agency's own addresses."""

    config: Config
    signer: Signer
    speakers: Speakers
    own: frozenset[str]
    bytes_of: Callable[[str], bytes]
    clock: Callable[[], datetime]

    def hear(
        self, letter: Letter, arrivals: Sequence[Arrival], house: House, *, confirmed: bool = False
    ) -> Heard | None:
        """What this letter sets in motion; None when none of our people wrote it, or when it concerns no case.

        `confirmed`: its writer has said, from the registered address, that it is theirs and is to go.
        """
        sent = any(arrival.place for arrival in arrivals)
        draft = any(arrival.place == DRAFT for arrival in arrivals)
        speaker = self.speakers.who(letter.sender.address, house.directory)
        if speaker is None and not sent:
            return None
        by = speaker.id if speaker else arrivals[0].mailbox
        names = [speaker.name] if speaker else [entry.name for entry in house.directory.managers.values()]
        said = answer.spoken(letter, names, letter.received_at.astimezone(house.timezone).date())
        case, refs, clash = self._case_of(letter, said.tokens)
        heard = Heard(letter, sent, by, case, _first_letter(case))
        talk = _Talk(self, house, heard, said, refs, speaker, confirmed=confirmed)
        if case is None:
            return talk.without_case()
        if not confirmed and _is_copy(letter):
            return talk.noted("copy")
        machine = automatic(letter, frozenset() if sent else self.own)
        away = not sent and says_absent(letter.subject)
        if away or (machine is not None and machine.robot):
            heard.machine = True
            absent = away or (machine is not None and machine.kind == "auto-reply" and not sent)
            return talk.noted("absent" if absent else "automatic")
        went = answer.course(letter, talk.addressees, talk.ours, draft=draft)
        if sent:
            return talk.from_shared_mailbox(went)
        return talk.from_own_mailbox(went, clash=clash)

    def _case_of(self, letter: Letter, tokens: Sequence[str]) -> tuple[CaseView | None, frozenset[str], bool]:
        """The case; every reference under which a grant may name it; whether the letter names two cases."""
        signs = self.signs(letter, tokens)
        signed = list(dict.fromkeys(ref for sign in signs if (ref := self._ref_of(sign))))
        by_sign = threads.by_reference(signed[:1])
        named = threads.in_subject(letter.subject)
        found = by_sign or threads.by_messages(answered_ids(letter)) or named
        if not found:
            return None, frozenset(), False
        case = named[0] if named and by_sign and named[0].ref != by_sign[0].ref else found[0]
        refs = {ref for ref in signed if (view := threads.by_reference([ref])) and view[0].ref == case.ref}
        return case, frozenset({case.ref, *refs}), case is not found[0]

    def signs(self, letter: Letter, tokens: Sequence[str]) -> list[str]:
        """Everything in a letter that may be a token of ours: what it answers, where it went, what it repeats."""
        tagged = [address for address in recipients(letter) if "+" in address]
        return [*tokens, *answered_ids(letter), *tagged]

    def _ref_of(self, sign: str) -> str | None:
        grant = self.signer.grant(sign)
        return grant.case if grant is not None else self.signer.case_of(sign)


class _Talk:
    """One letter, its writer and its case."""

    def __init__(
        self,
        answers: Answers,
        house: House,
        heard: Heard,
        said: Spoken,
        refs: frozenset[str],
        speaker: Speaker | None,
        *,
        confirmed: bool,
    ) -> None:
        self._answers = answers
        self._house = house
        self._heard = heard
        self._said = said
        self._refs = refs
        self._speaker = speaker
        self._confirmed = confirmed
        self._row = Case.get_or_none(Case.ref == heard.case.ref) if heard.case else None
        people = answers.speakers.addresses(house.directory)
        tagged = {one for one in recipients(heard.letter) if untagged(one) in answers.own}
        self.ours = answers.own | people | tagged
        self.addressees = addressees(self._row, house.directory) - self.ours
        self._asked_owners = threads.asked_in(self._row) - self.addressees if self._row else set()

    # --- three ways

    def without_case(self) -> Heard | None:
        """A new case from a call, or a command that lacks its case; anything else is a colleague's letter."""
        heard, letter = self._heard, self._heard.letter
        if heard.out:
            heard.lease = lease_of(recipients(letter), self._house.directory)
            return heard
        if self._speaker is None or not self._speaker.manager:
            return None  # what accounting commands is about no case (rules.decide)
        mine = [command for command in self._said.commands if command.name is not Name.SEND]
        if not mine or len(mine) < len(self._said.commands):
            return None
        if not self._is_proven(self._said.tokens):
            return self._asked()
        return self._commanded(self._said.commands)

    def from_shared_mailbox(self, went: Course) -> Heard:
        """Whoever can put a mail in that folder has the mailbox: nothing more is to be proven."""
        if went is Course.DRAFT:
            return self.noted("draft")
        if went is Course.WRITTEN:
            self._answered()
        if self._asks_for_help():
            return self._helped()
        faults = self._faults()
        self._order(command for command in self._said.commands if command.line not in faults)
        if faults:
            self._tell("notice_commands", {"faults": _listed(faults), "alone": True})
        return self._heard if self._heard.orders else self.noted("copied" if went is Course.ELSEWHERE else "noted")

    def from_own_mailbox(self, went: Course, *, clash: bool) -> Heard:
        if went is Course.DRAFT:
            return self.noted("draft")
        tokens = () if clash else self._answers.signs(self._heard.letter, self._said.tokens)
        if went is Course.ELSEWHERE and not self._said.commands:
            if self._hands_back_a_notice() and self._is_proven(tokens):
                self._tell("notice_empty", {"forwarded": True})
            return self.noted("copied")
        if not self._is_proven(tokens):
            return self._asked()
        if went is not Course.INSIDE:
            if went is Course.WRITTEN:
                self._answered()
            return self._commanded(self._said.commands) if self._said.commands else self._heard
        if self._said.commands:
            return self._commanded(self._said.commands, passes_on=not keeps_text_inside(self._said.commands))
        return self._unconfirmed() if self._speaks_of("notice_confirm") else self._passed_on()

    def noted(self, what: str) -> Heard:
        self._heard.step = {"what": what, "detail": self._heard.by}
        return self._heard

    # --- who speaks

    def _is_proven(self, tokens: Iterable[str]) -> bool:
        if self._confirmed or self._speaker is None:
            return self._confirmed
        refs: frozenset[str | None] = self._refs or frozenset({None})  # a grant without a case says who writes
        return self._answers.speakers.proven(self._heard.letter, self._speaker, tokens, refs, self._today())

    def _today(self) -> date:
        return self._answers.clock().astimezone(self._house.timezone).date()

    def _asked(self) -> Heard:
        """Nothing is passed on; the person whose name it bears is asked, at the address that we know."""
        self.noted("unproven")
        if not self._was_asked_enough():
            told = [*(command.line for command in self._said.commands), self._said.text]
            self._tell("notice_confirm", {"told": _shown("\n".join(filter(None, told)))})
        return self._heard

    def _was_asked_enough(self) -> bool:
        """A flood of forged mails doesn't become a flood of questions."""
        to = self._speaker.registered if self._speaker else ""
        asked = (Outgoing.template == "notice_confirm") & (Outgoing.recipient == to)
        since = self._answers.clock() - timedelta(days=1)
        return bool(Outgoing.select().where(asked & (Outgoing.created_at > since)).count() >= MOST_QUESTIONS)

    def _speaks_of(self, template: str) -> bool:
        """Whether it answers that mail of ours."""
        rows = (self._told_by(sign) for sign in self._answers.signs(self._heard.letter, self._said.tokens))
        return any(row is not None and row.template == template for row in rows)

    def _hands_back_a_notice(self) -> bool:
        """Forwarded to ourselves with an answer above, where a reply was meant: whoever did it believes it gone."""
        notice = answer.CUT in fold(self._heard.letter.text)
        return notice and not self._said.empty and {*recipients(self._heard.letter)} <= self.ours

    def _unconfirmed(self) -> Heard:
        """« Oui, c'est bien moi » is for us, and no tenant reads it."""
        return self._refused([{"word": self._said.text.partition("\n")[0], "fault": str(Fault.UNCONFIRMED)}])

    # --- what follows

    @property
    def _case(self) -> Case:
        if self._row is None:
            raise LookupError("this letter belongs to no case")
        return self._row

    def _answered(self) -> None:
        """The person has it: the clock stops when it left, or stands still when the answer is a question."""
        self._order(command for command in self._said.commands if command.name in FIRST and not self._fault(command))
        at = answer.answered_at(self._heard.letter, self._case.received_at, self._answers.clock())
        self._add("answered", {}, at)

    def _passed_on(self) -> Heard:
        """To the writer of the letter, in the agency's name."""
        files = answer.travelling(self._heard.letter.attachments)
        if self._said.empty and not files:
            self.noted("empty")
            self._tell("notice_empty", {})
            return self._heard
        question = self._question()
        if not self._writer(question):
            self.noted("unaddressed")
            self._tell("notice_empty", {"nowhere": True})
            return self._heard
        other = None if self._confirmed else self._crossed(question)
        if other is not None:
            self.noted("crossed")
            self._tell("notice_crossed", other)
            return self._heard
        self.noted("received")
        self._relay(question)
        return self._heard

    def _relay(self, question: Message) -> None:
        asked = parse(self._answers.bytes_of(question.digest), received_at=question.received_at)
        writer = self._writer(question)
        owner = writer in self._asked_owners  # what is said to an owner is no tenant's business
        beside = [] if owner else sorted(copied(asked, self._case) - self.ours - {writer})
        key = f"answer/{self._heard.letter.digest}"
        people = self._speaker.addresses if self._speaker else frozenset()
        instead = self._answers.config.agency.address
        details = {
            "text": answer.without_addresses(self._said.text, people, instead),
            "author": self._speaker.name if self._speaker else "",
            "by": self._heard.by,
            "source": self._heard.letter.digest,
            "copies": beside,
            "to": writer,
            "asked": owner,
            "references": list(asked.references or asked.in_reply_to),
        }
        if writer != normalise_address(question.sender):
            details |= {"fresh": True, "about": {"sender": writer, "subject": self._case.subject}}
        for address in (writer, *beside):
            row = {"kind": "answer", "template": "answer", "to": address, "answers": question.digest}
            own = {"key": key if address == writer else f"{key}/{address}", "details": details | {"as": key}}
            self._heard.say.append(row | own)

    def _writer(self, question: Message) -> str:
        """Whom the answer is for: the writer, or whom a colleague opened the case for; `''` when nobody can be."""
        wrote = normalise_address(question.sender)
        return wrote if wrote in self.addressees | self._asked_owners else normalise_address(self._case.sender)

    def _question(self) -> Message:
        """The letter that is answered: the one that the notice told of, else the last one of the people concerned."""
        rows = [self._told_by(sign) for sign in self._answers.signs(self._heard.letter, self._said.tokens)]
        for row in filter(None, rows):
            found = Message.get_or_none(Message.digest == row.answers, Message.case == self._case.ref)
            if found is not None and normalise_address(found.sender) in self.addressees | self._asked_owners:
                return found
        received = (Message.case == self._case.ref) & (Message.direction == "in") & (Message.state != "duplicate")
        letters = list(Message.select().where(received).order_by(Message.received_at.desc()))
        theirs = (one for one in letters if normalise_address(one.sender) in self.addressees)
        return next(theirs, None) or self._heard.beside or letters[0]

    def _told_by(self, sign: str) -> Outgoing | None:
        """The mail of ours that bears this token."""
        if not self._answers.signer.is_ours(sign):
            return None
        ref, _, rest = sign.strip("<> ").partition("@")[0].partition(".")
        domain = self._answers.config.agency.address.rpartition("@")[2]
        return Outgoing.get_or_none(Outgoing.message_id == f"{ref.upper()}.{rest.lower()}@{domain}")

    def _crossed(self, question: Message) -> dict[str, Any] | None:
        """Somebody else has answered that letter meanwhile: what they said, and who."""
        ref, by = self._case.ref, self._heard.by
        same = (Outgoing.case == ref) & (Outgoing.kind == "answer") & (Outgoing.answers == question.digest)
        for row in Outgoing.select().where(same & Outgoing.state.not_in(("failed", "bounced"))):
            told = _details(row)
            if told.get("by") != by and told.get("source") != self._heard.letter.digest:
                return {"other": told.get("author") or told.get("by"), "told": _shown(str(told.get("text")))}
        answered = (Step.case == ref) & (Step.what == "answered") & (Step.at > question.received_at)
        for step in Step.select().where(answered & (Step.at <= self._answers.clock())):
            if f"({by})" not in step.detail and step.message != self._heard.letter.digest:
                return {"other": self._name_of(step), "told": ""}
        return None

    def _name_of(self, step: Step) -> str:
        by = step.detail.rpartition("(")[2].rstrip(")")
        entry = self._house.directory.managers.get(by)
        return entry.name if entry is not None else str(by)

    # --- commands

    def _commanded(self, commands: Sequence[Command], *, passes_on: bool = False) -> Heard:
        """All of them, or none: a slip in one may mean that the others aren't meant either."""
        if self._asks_for_help():
            return self._helped()
        if faults := self._faults():
            return self._refused(_listed(faults))
        self._order(commands)
        files = answer.travelling(self._heard.letter.attachments)
        if passes_on and not (self._said.empty and not files):
            self._passed_on()
        elif self._heard.step is None:
            self.noted("commanded")
        return self._heard

    def _asks_for_help(self) -> bool:
        commands = self._said.commands
        return bool(commands) and all(command.fault is Fault.HELP for command in commands) and self._said.empty

    def _helped(self) -> Heard:
        self._tell("notice_commands", {"help": True, "subject": "notice_help"})
        return self.noted("commanded")

    def _faults(self) -> dict[str, Fault]:
        """The lines that can't be obeyed, and why."""
        return {one.line: found for one in self._said.commands if (found := self._fault(one)) is not None}

    def _fault(self, command: Command) -> Fault | None:
        about = About(self._row, self._said.text, self._house.directory, self._held, self._question)
        return fault_of(command, about)

    def _refused(self, faults: Sequence[Mapping[str, str]]) -> Heard:
        self._heard.orders.clear()
        self._tell("notice_commands", {"faults": list(faults)})
        return self.noted("refused")

    def _order(self, commands: Iterable[Command]) -> None:
        for command in commands:
            if command.name is None or any(order["line"] == command.line for order in self._heard.orders):
                continue
            told = "\n".join(filter(None, (command.reason, self._said.text if keeps_text_inside([command]) else "")))
            details = {
                "day": command.day.isoformat() if command.day else None,
                "days": command.days,
                "whom": self._whom(command),
                "reason": command.reason,
                "text": told,
                "line": command.line,
                "to": self._speaker.registered if self._speaker else "",
            }
            if command.name is Name.SPLIT:
                details["letter"] = self._question().digest
            at = min(self._heard.letter.received_at, self._answers.clock())
            self._add(str(command.name), details, at, command.line)

    def _whom(self, command: Command) -> str:
        match command.name:
            case Name.HAND:
                found = find_manager(command.whom, self._house.directory)
                return found.id if found else ""
            case Name.CONFIRM:
                return self._held()
            case Name.MERGE:
                return threads.by_reference([command.whom])[0].ref
            case _:
                return command.whom

    def _held(self) -> str:
        """The letter that a notice asked about: its digest."""
        rows = (self._told_by(sign) for sign in self._answers.signs(self._heard.letter, self._said.tokens))
        return next((str(row.answers) for row in rows if row is not None and row.template in HELD), "")

    # --- as the sidecar holds it

    def _add(self, name: str, details: Mapping[str, Any], at: datetime, line: str = "") -> None:
        ref = self._row.ref if self._row is not None else None
        order = {"name": name, "case": ref, "by": self._heard.by, "at": at.isoformat(), "line": line}
        self._heard.orders.append(order | {"details": dict(details)})

    def _tell(self, template: str, details: Mapping[str, Any]) -> None:
        """To the person who wrote (or who is said to have written), at the address that we know.

        From the shared mailbox anybody may have written: it is told to whoever is in charge.
        """
        reader = self._speaker or self._in_charge()
        if reader is None:
            return
        digest = self._heard.letter.digest
        told = {"name": reader.name, "held": digest if template in HELD else "", **details}
        row = {"key": f"{template}/{digest}", "kind": "notice", "template": template, "to": reader.registered}
        self._heard.say.append(row | {"details": told})

    def _in_charge(self) -> Speaker | None:
        directory = self._house.directory
        lease = directory.lease(self._case.lease_id or "")
        manager = directory.managers.get(self._case.manager_id or (lease.manager if lease else None) or "")
        return manager_speaking(manager) if manager is not None and manager.emails else None


def _listed(faults: Mapping[str, Fault]) -> list[dict[str, str]]:
    return [{"word": line, "fault": str(fault)} for line, fault in faults.items()]


def _is_copy(letter: Letter) -> bool:
    """The same mail by another way, its head rewritten by a provider: what it sets in motion is in motion already."""
    same = (Message.message_id == letter.message_id) & (Message.sender == normalise_address(letter.sender.address))
    others = Message.select().where(same & (Message.digest != letter.digest) & Message.case.is_null(False))
    return bool(letter.message_id) and any(one.subject == letter.subject for one in others)


def _first_letter(case: CaseView | None) -> Message | None:
    if case is None:
        return None
    first = Step.get_or_none(Step.case == case.ref, Step.what == "opened")
    return Message.get_or_none(Message.digest == first.message) if first is not None else None


def _details(row: Outgoing) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.details or "{}")
    return found


def _shown(text: str) -> str:
    return text[:LONGEST_SHOWN]
