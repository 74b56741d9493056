"""Wires everything, in the order in which a reader would tell it. Nothing else connects or reads the configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from archive import index
from archive.database import open_database, writing
from archive.directory import load_directory
from archive.incoming import Arrival, Incoming
from archive.prepared import Prepared, find
from archive.records import Fact, Manager, Message, database
from archive.tree import Tree
from daemon import __version__, clock
from daemon.agenda import Watchers
from daemon.answers.hearing import Answers
from daemon.answers.speakers import Speakers
from daemon.cases import casebook
from daemon.cases.learning import Lessons
from daemon.config import Config, MailboxConfig, Office
from daemon.desk import CaseNumbers, Desk, file_sent, journal_head
from daemon.house import House
from daemon.mailbox import accounts, moves
from daemon.mailbox.imap import Session
from daemon.mailbox.moves import OnSent
from daemon.mailbox.sent import SentMail
from daemon.notices import channels
from daemon.notices.letterhead import Letterheads
from daemon.notices.room import Room
from daemon.reminders.absences import Absences
from daemon.reminders.appointments import Appointments
from daemon.reminders.clocks import Reminders, colleagues
from daemon.reminders.digest import Digests
from daemon.sending.compose import Composer
from daemon.sending.identifiers import Signer, load_secret
from daemon.sending.outbox import Outbox
from rules.calendar import Calendar, parse_closed, parse_hours
from rules.context import Policy
from rules.letter import normalise_address, untagged

AWAY_FOR = 2.0  # seconds for which it is remembered who is away: a hundred letters ask once
FIRST_CONTACT = timedelta(hours=72)  # what came earlier than that before the first start is never answered


@dataclass(slots=True)
class App:
    """The parts, wired.

    `session` makes a connection to a mailbox that isn't entered yet; `bytes_of` reads a pli; `watchers` look at the
    clock (daemon/agenda.py).
    """

    config: Config
    desk: Desk
    outbox: Outbox
    room: Room
    session: Callable[[MailboxConfig], Session]
    bytes_of: Callable[[str], bytes]
    watchers: Watchers
    on_sent: OnSent | None  # what was sent from the shared mailbox is taken in

    def look(self, box: MailboxConfig, session: Session) -> int:
        """At what people have moved in a mailbox. Returns how many cases changed."""
        return moves.look(session, box, self.desk, self.on_sent)

    def close(self) -> None:
        """Give its descriptors back: another App takes its place, and no thread works on this one any more."""
        self.desk.incoming.close()
        if not database.is_closed():
            database.close()


def open_app(config: Config) -> App:
    """Open the database and the tree, and put the desk between them. Raises what they raise."""
    open_database(config.storage.database)
    _remember_first_start(clock.now())
    agency, state = config.agency, config.storage.state
    tree = Tree(config.storage.archive, f"{agency.name} [{agency.code}]", __version__, bearer=index.bearer)
    signer = Signer(load_secret(state))

    def bytes_of(digest: str) -> bytes:
        found = find(Message, digest=digest)
        if found is None:
            raise FileNotFoundError(f"no pli has the digest {digest}")
        return tree.read(found.path)

    own = own_addresses(config)
    absences = Absences(config.reminders.absences, ZoneInfo(agency.timezone), bytes_of, config.security.authserv)
    speakers = Speakers(config, signer)
    desk = Desk(
        incoming=Incoming(state),
        tree=tree,
        signer=signer,
        house=_Houses(config, absences).current,
        policy_of=_Policies(config).of,
        own=own,
        admin=agency.admin or agency.supervisor,
        clock=clock.now,
        numbers=CaseNumbers(ZoneInfo(agency.timezone)),
        layer=Lessons(bytes_of).layer,
        commanders=_commanders(config),
        accountants=_accountants(config),
        authserv=config.security.authserv,
        hear=Answers(config, signer, speakers, own, bytes_of, clock.now).hear,
    )
    outbox = Outbox(
        config,
        Composer(config, signer, bytes_of),
        accounts.relay(config),
        lambda rows: file_sent(desk, rows),
        channels.gate,
    )
    room = Room(config, desk, bytes_of, Letterheads(config))
    watchers = {
        "appointments": Appointments(config, desk.house).look,
        "reminders": Reminders(config, desk.house, absences, partial(casebook.breach, desk)).look,
        "digest": Digests(config, desk.house, absences, partial(journal_head, desk)).look,
    }
    on_sent = SentMail(desk.incoming, signer, clock.now)
    return App(config, desk, outbox, room, accounts.sessions(config), bytes_of, watchers, on_sent)


def own_addresses(config: Config) -> frozenset[str]:
    """The agency's own addresses: a letter from one of them is never answered."""
    addresses = (config.agency.address, *(box.address for box in config.mailbox))
    return frozenset(normalise_address(address) for address in addresses)


def _commanders(config: Config) -> frozenset[str]:
    """Whose commands by mail are obeyed, once it is sure that they wrote."""
    named = (config.agency.accounting, config.notices.second_approver)
    return frozenset(normalise_address(address) for address in named if address) - own_addresses(config)


def _accountants(config: Config) -> frozenset[str]:
    """Whose exports are taken in, once it is sure that they sent them."""
    named = (config.agency.accounting, *config.agency.accounting_also)
    return frozenset(normalise_address(address) for address in named if address) - own_addresses(config)


def _remember_first_start(now: datetime) -> None:
    """Letters received well before the installation are filed and never answered."""
    with writing():
        Fact.insert(name="first_start", value=now.isoformat()).on_conflict_ignore().execute()


def _calendar(office: Office) -> Calendar:
    return Calendar(
        ZoneInfo(office.timezone), office.holidays, parse_hours(office.hours), tuple(map(parse_closed, office.closed))
    )


_IMPORTS = Prepared(lambda: Fact.select(Fact.value).where(Fact.name.startswith("imported/")).order_by(Fact.name))


class _Houses:
    """The agency as it stands in the database, read again after an import; who is away, every other second."""

    def __init__(self, config: Config, absences: Absences) -> None:
        self._config = config
        self._absences = absences
        self._asked = 0.0  # when it was last asked who is away
        self._imports: tuple[tuple[str, ...], ...] = ()
        self._house: House | None = None

    def current(self) -> House:
        imports = tuple(_IMPORTS.rows())
        if self._house is None or imports != self._imports:
            self._imports, self._house, self._asked = imports, self._load(), 0.0
        if not self._asked or clock.monotonic() - self._asked > AWAY_FOR:
            self._asked = clock.monotonic()
            self._house = replace(self._house, away=self._absences.away(clock.now()))
        return self._house

    def _load(self) -> House:
        config = self._config
        managers = list(Manager.select())
        return House(
            directory=load_directory(),
            calendars={m.site: _calendar(config.office(m.site)) for m in managers} | {"": _calendar(config.agency)},
            timezone=ZoneInfo(config.agency.timezone),
            supervisor=config.agency.supervisor or config.agency.admin,
            team=colleagues(),
            shared=frozenset(manager.id for manager in managers if manager.works_in == "shared"),
            moves={box.name: box.move for box in config.mailbox},
            appointments=config.reminders.appointments,
        )


class _Policies:
    """What is set for the mailbox that a letter came to."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._by_name = {box.name: box for box in config.mailbox}
        self._by_address = {normalise_address(box.address): box for box in config.mailbox}
        self._zone = ZoneInfo(config.agency.timezone)
        self._first_start = datetime.fromisoformat(Fact.get_by_id("first_start").value)

    def of(self, arrivals: Sequence[Arrival]) -> Policy:
        box = self._box(arrivals)
        return Policy(
            letter=self._config.deadlines.letter,
            request=self._config.deadlines.request,
            counting=self._config.deadlines.counting,
            threshold=self._config.limits.threshold,
            answer_since=self._since(box),
            observe=box.mode == "observe",
            answer_requests=self._config.notices.answer_requests,
        )

    def _box(self, arrivals: Sequence[Arrival]) -> MailboxConfig:
        """The mailbox that it stands in, else the one that it is addressed to, else the first."""
        for arrival in arrivals:
            if arrival.mailbox in self._by_name:
                return self._by_name[arrival.mailbox]
            for recipient in arrival.envelope_recipients:
                if (box := self._by_address.get(untagged(recipient))) is not None:
                    return box
        return self._config.mailbox[0]

    def _since(self, box: MailboxConfig) -> datetime:
        if box.answer_since is not None:
            return datetime.combine(box.answer_since, time(), self._zone).astimezone(UTC)
        return self._first_start - FIRST_CONTACT
