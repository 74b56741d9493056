"""Everything that is to be said waits here, and leaves by one door, once.

A row goes through these states, each written before the effect that it announces:

    waiting -> sending -> sent
                       -> deferred     the server said not now: again in 5 minutes to 4 hours, for 5 days
                       -> uncertain    cut after the last byte, or a death: again at once, same bytes, same Message-ID
                       -> failed       refused for good, or given up: a manager is told
    waiting -> withdrawn               no longer allowed: a consent was withdrawn, a correction replaced it
    sent -> bounced                    it came back: a manager is told
    waiting -> held                    an answer too many: the administrator is told; it goes when the caps allow

Its bytes are composed once and frozen, then filed when they go to a correspondent, and only then handed over. One
transaction a message says both that the last one is sent and that the next one is being sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from peewee import PeeweeException

from archive.database import DatabaseTrouble, writing
from archive.prepared import change
from archive.records import Outgoing
from daemon import log
from daemon.config import Config
from daemon.errors import Permanent, Temporary
from daemon.sending import wire
from daemon.sending.caps import Cap, Caps
from daemon.sending.carrier import Carrier
from daemon.sending.compose import Composed, Composer
from daemon.sending.dossier import Dossier, open_dossiers
from daemon.sending.identifiers import Signer, marks
from daemon.sending.outcome import GIVE_UP, Clerk, Outcome, outcome_of
from daemon.sending.send import Relay, Unreachable

BATCH = 64  # rows composed and filed together
IN_HAND = 4 * 1024 * 1024  # bytes of composed mail kept in memory; beyond, they are read again when their turn comes
MOST_CUTS = 2  # connections lost one after the other: then no message is to blame
READY = ("waiting", "uncertain", "deferred")

FileSent = Callable[[Sequence[Outgoing]], None]
Gate = Callable[[Sequence[Outgoing]], Mapping[int, str]]  # the rows that may no longer go, by id, and why


@dataclass(slots=True)
class Counts:
    """What one pass did. `unreachable`: why it stopped early, in the words of the mail server or of the network."""

    sent: int = 0
    deferred: int = 0
    uncertain: int = 0
    failed: int = 0
    held: int = 0
    withdrawn: int = 0
    unreachable: str = ""

    def add(self, state: str) -> None:
        setattr(self, state, getattr(self, state) + 1)


def _never() -> bool:
    return False


def _open(_rows: Sequence[Outgoing]) -> Mapping[int, str]:
    return {}


class Outbox:
    """Sends what is due.

    `file_sent` files the bytes (`raw`, `digest`) of rows in the tree, durably, before the first attempt; it is called
    again with the same bytes after a crash, and must then do nothing. `gate` is asked before each attempt.
    """

    def __init__(
        self, config: Config, composer: Composer, relay: Relay, file_sent: FileSent, gate: Gate = _open
    ) -> None:  # fmt: skip
        self._config = config
        self._composer = composer
        self._relay = relay
        self._file_sent = file_sent
        self._gate = gate
        self._clerk = Clerk(config, composer)
        self._caps = Caps(config.limits, ZoneInfo(config.agency.timezone))
        self._in_hand: dict[int, bytes] = {}
        self._away_since: datetime | None = None  # the relay

    def resume(self, now: datetime) -> int:
        """Rows that a death left half sent are uncertain, and due at once. Returns how many."""
        halfway = Outgoing.state == "sending"
        if not Outgoing.select().where(halfway).exists():
            return 0
        with writing():
            return int(Outgoing.update(state="uncertain", next_try_at=now).where(halfway).execute())

    def hasten(self, now: datetime) -> None:
        """What was tried and put off is due now: whoever runs one pass, or has mended something, doesn't wait."""
        later = Outgoing.state.in_(("deferred", "uncertain")) & (Outgoing.next_try_at > now)
        if Outgoing.select().where(later).exists():
            with writing():
                Outgoing.update(next_try_at=now).where(later).execute()

    def drain(self, now: datetime, should_stop: Callable[[], bool] = _never) -> Counts:
        """Send all that is due at `now`: urgent, then to people outside, then oldest first; it waits for nothing.

        Stops politely when the server can't be reached, or between two messages when `should_stop` says so. Raises what
        the database and `file_sent` raise; a row that was in hand is then uncertain, and repeated by the next pass.
        """
        counts = Counts()
        self._in_hand.clear()
        self.resume(now)
        self._release(now)
        rows = _due(now)
        if not rows:
            self._relay.close()  # an idle connection takes a place that others may want
        try:
            while rows and not should_stop():
                ready = self._prepared(rows, now, self._connected(now), counts)
                self._send(ready, now, counts, should_stop)
                rows = _due(now)
        except Unreachable as error:
            counts.unreachable = str(error)
            if self._away_since is None:
                self._away_since = now
                log.relay_lost(error)
        return counts

    def close(self) -> None:
        """Say goodbye to the relay."""
        self._relay.close()

    def _connected(self, now: datetime) -> Carrier:
        carrier = self._relay.connect()
        if self._away_since is not None:
            log.relay_back(now - self._away_since)
            self._away_since = None
        return carrier

    # --- composing, freezing, filing

    def _prepared(self, rows: Sequence[Outgoing], now: datetime, carrier: Carrier, counts: Counts) -> list[Outgoing]:
        """Rows that are frozen, and filed if a correspondent gets them. One that can't be composed stops no other."""
        rows = self._allowed(rows, counts)
        unmade = open_dossiers([row for row in rows if not row.digest], self._config)
        made = self._all_made(unmade, now, carrier)
        rows = [row for row in rows if row.digest or row.id in made]
        ready = [row for row in rows if row.digest or isinstance(made[row.id], Composed)]
        held = [(row, reason) for row in rows if isinstance(reason := made.get(row.id), str)]
        if made:
            with writing():
                for row in rows:
                    self._record(row, made.get(row.id), now, counts)
                if held:
                    self._clerk.hold(held, now)
                    self._tell_of_breaker(held, now)
        counts.held += len(held)
        filed = [row for row in ready if row.filed]
        if filed:
            self._file_sent([_with_bytes(row, self._bytes_of(row)) for row in filed])
        return ready

    def _allowed(self, rows: Sequence[Outgoing], counts: Counts) -> Sequence[Outgoing]:
        """The rows that may still go; the others are withdrawn, for good."""
        stopped = self._gate(rows)
        if not stopped:
            return rows
        with writing():
            for row in rows:
                if reason := stopped.get(row.id):
                    withdrawn = {"state": "withdrawn", "error": reason, "raw": None}
                    Outgoing.update(withdrawn).where(Outgoing.id == row.id).execute()
                    log.mail_withdrawn(row.id, row.kind, row.case_id, reason)
        counts.withdrawn += len(stopped)
        return [row for row in rows if row.id not in stopped]

    def _all_made(
        self, dossiers: Sequence[Dossier], now: datetime, carrier: Carrier
    ) -> dict[int, Composed | Permanent | str]:
        """What became of each, by row; those that would fill the memory wait for the next round."""
        made: dict[int, Composed | Permanent | str] = {}
        size = 0
        for dossier in dossiers:
            if size > IN_HAND:
                break
            one = made[dossier.row.id] = self._made(dossier, now, carrier)
            size += len(one.raw) if isinstance(one, Composed) else 0
        return made

    def _made(self, dossier: Dossier, now: datetime, carrier: Carrier) -> Composed | Permanent | str:
        """The mail, or why none can be made, or the limit that holds it back."""
        row = dossier.row
        if row.automatic:
            cap = None if row.released else self._caps.forbids(row.recipient, now)
            if cap is not None:
                return str(cap)
            self._caps.count(row.recipient, now)
        try:
            return self._composer.compose(dossier, now, carrier)
        except Permanent as error:
            return error
        except (PeeweeException, DatabaseTrouble):
            raise
        except Exception as error:  # noqa: BLE001  the loop's: a mail that can't be made must not stop the others
            return Permanent(f"{type(error).__name__}: {error}")

    def _record(self, row: Outgoing, made: Composed | Permanent | str | None, now: datetime, counts: Counts) -> None:
        match made:
            case Composed():
                row.message_id, row.digest = made.message_id, made.digest
                change(Outgoing, row.id, raw=made.raw, message_id=made.message_id, digest=made.digest)
                if sum(map(len, self._in_hand.values())) + len(made.raw) <= IN_HAND:
                    self._in_hand[row.id] = made.raw
            case Permanent():
                self._clerk.write(Outcome(row, "failed", f"not composed: {made}"), now)
                counts.add("failed")

    def _bytes_of(self, row: Outgoing) -> bytes:
        """From memory, else as they were frozen, else from the tree (a row that was made anew from it)."""
        raw = self._in_hand.get(row.id) or Outgoing.get_by_id(row.id).raw
        return bytes(raw) if raw is not None else self._composer.letter_of(row.digest)

    # --- handing over

    def _send(self, rows: Sequence[Outgoing], now: datetime, counts: Counts, should_stop: Callable[[], bool]) -> None:
        """One message after the other; raises Unreachable when the server is gone."""
        last: Outcome | None = None
        cuts = 0
        for row in rows:
            if should_stop():
                break
            with writing():
                if last is not None:
                    self._clerk.write(last, now)
                _begin(row, now)
            last = self._attempt(row, now)
            if not last.untried:
                counts.add(last.state)
            cuts = cuts + 1 if last.cut else 0
            if last.untried or cuts == MOST_CUTS:
                break
        if last is None:
            return
        with writing():
            self._clerk.write(last, now)
        if last.untried or cuts == MOST_CUTS:
            raise Unreachable(last.error)

    def _attempt(self, row: Outgoing, now: datetime) -> Outcome:
        raw = self._bytes_of(row)
        self._in_hand.pop(row.id, None)
        try:
            self._relay.deliver(raw, self._composer.envelope_sender(row), wire.address(row.recipient))
        except (Permanent, Temporary) as error:
            return outcome_of(row, error, now)
        return Outcome(row, "sent")

    # --- the caps

    def _tell_of_breaker(self, held: Sequence[tuple[Outgoing, str]], now: datetime) -> None:
        if any(reason == Cap.HOUR for _, reason in held):
            limit = self._config.limits.answers_per_hour
            log.breaker_tripped(limit - self._caps.room(now), limit)

    def _release(self, now: datetime) -> None:
        """Held answers that the caps allow now wait again. After some days only a person releases them."""
        room = self._caps.room(now)
        if room <= 0:
            return
        held = Outgoing.select(Outgoing.id, Outgoing.recipient).where(
            Outgoing.state == "held", Outgoing.created_at > now - GIVE_UP
        )
        full = self._caps.full(now)
        if full:
            held = held.where(Outgoing.recipient.not_in(full))
        oldest = list(held.order_by(Outgoing.created_at, Outgoing.id).limit(room))
        allowed = [row.id for row in oldest if self._caps.forbids(row.recipient, now) is None]
        if allowed:
            with writing():
                Outgoing.update(state="waiting", error="").where(Outgoing.id.in_(allowed)).execute()


def retry(row_id: int, now: datetime) -> bool:
    """Try a mail again at the next pass, whatever held it; false when no unsent mail has that id."""
    again = {"state": "waiting", "next_try_at": now, "tries": 0, "first_try_at": None, "released": True, "error": ""}
    with writing():
        return bool(
            Outgoing.update(again).where(Outgoing.id == row_id, Outgoing.state.not_in(("sent", "sending"))).execute()
        )


def bounced(address: str, signer: Signer) -> Outgoing | None:
    """The mail that an undelivered one, come back to `address`, was; None when the address isn't ours."""
    named = signer.bounced(address)
    if named is None:
        return None
    row_id, mark = named
    row = Outgoing.get_or_none(Outgoing.id == row_id)
    return row if row is not None and marks(mark, row.key) else None


def _due(now: datetime) -> list[Outgoing]:
    """The next rows to send, their bytes not read yet: what somebody outside waits for before what our people read."""
    columns = [field for field in Outgoing._meta.sorted_fields if field is not Outgoing.raw]  # noqa: SLF001  peewee's way
    due = Outgoing.select(*columns).where(Outgoing.state.in_(READY), Outgoing.next_try_at <= now)
    order = (Outgoing.urgent.desc(), Outgoing.bulk, Outgoing.filed.desc(), Outgoing.created_at, Outgoing.id)
    return list(due.order_by(*order).limit(BATCH))


def _with_bytes(row: Outgoing, raw: bytes) -> Outgoing:
    row.raw = raw
    return row


def _begin(row: Outgoing, now: datetime) -> None:
    row.tries += 1
    row.first_try_at = row.first_try_at or now
    change(Outgoing, row.id, state="sending", tries=row.tries, first_try_at=row.first_try_at)
