"""Letters in from a mailbox, and the watch over it.

A letter is durable in `incoming/` before the `Cursor` row moves past its UID: whatever is cut is read again, and the
key of its receipt keeps it from counting twice. The watch never ends by itself: the server may do what it likes.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event

from archive import whereabouts
from archive.database import DatabaseTrouble, writing
from archive.incoming import Arrival, Incoming
from archive.records import Cursor, Fact
from daemon import clock, log
from daemon.config import MailboxConfig
from daemon.errors import ConfigError, Permanent, Temporary
from daemon.mailbox import withheld
from daemon.mailbox.errands import BytesOf, run_errands
from daemon.mailbox.imap import LONGEST_IDLE, Fetched, Session, Status

__all__ = ["Watch", "backoff", "collect", "run_errands"]

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds between two attempts to connect, before jitter
_FORESEEN = (Temporary, Permanent, ConfigError, DatabaseTrouble, OSError)


def _nobody_waits() -> None:
    return


def collect(
    session: Session,
    config: MailboxConfig,
    incoming: Incoming,
    now: datetime,
    on_letters: Callable[[], None] = _nobody_waits,
) -> int:
    """Take in what is new in the inbox. Returns how many letters, all durable; `on_letters` is called for each batch.

    When the server has renumbered the folder (UIDVALIDITY) everything is read again; equal bytes are known downstream.
    A letter that the server withholds is noted as owed before the cursor passes it (daemon/mailbox/withheld.py).
    """
    folder = config.folders.inbox
    status = session.status(folder)
    last = _last_uid(config.name, folder, status)
    place = Arrival("imap", now, now, config.name, folder, status.uidvalidity)
    taken = 0
    if status.uidnext > last + 1:
        for batch in session.fetch(folder, last, uidvalidity=status.uidvalidity):
            received = _receive(batch, place, incoming)
            _advance(config.name, folder, batch)
            taken += _told(received, on_letters)
    taken += _told(_collect_withheld(session, place, incoming, now), on_letters)
    _remember_fetch(now)
    return taken


def _told(received: int, on_letters: Callable[[], None]) -> int:
    if received:
        on_letters()
    return received


def _receive(batch: list[Fetched], place: Arrival, incoming: Incoming) -> int:
    letters = [
        (one.raw, replace(place, received_at=one.internal_date or place.seen_at, uid=one.uid))
        for one in batch
        if one.raw is not None
    ]
    for digest in incoming.receive_many(letters) if letters else ():
        log.letter_received(digest, f"imap/{place.mailbox}")
    _note_withheld([one.uid for one in batch if one.raw is None], place)
    return len(letters)


def _note_withheld(uids: list[int], place: Arrival) -> None:
    for uid in uids:
        log.letter_withheld(place.mailbox, place.folder, uid)
    withheld.note(place.mailbox, place.folder, place.uidvalidity, uids, place.seen_at)


def _collect_withheld(session: Session, place: Arrival, incoming: Incoming, now: datetime) -> int:
    owed = withheld.due(place.mailbox, place.folder, place.uidvalidity, now)
    if not owed:
        return 0
    letters = session.fetch_again(place.folder, owed)
    taken = _receive(letters, place, incoming)
    still = {one.uid for one in letters if one.raw is None}
    withheld.settle(place.mailbox, place.folder, place.uidvalidity, set(owed) - still)
    return taken


# --- how far we have read


def _last_uid(mailbox: str, folder: str, status: Status) -> int:
    cursor = Cursor.get_or_none(Cursor.mailbox == mailbox, Cursor.folder == folder)
    if cursor is not None and cursor.uidvalidity == status.uidvalidity:
        return int(cursor.last_uid)
    with writing():
        if cursor is not None:
            log.uidvalidity_changed(mailbox, folder)
            whereabouts.forget(mailbox, whereabouts.INBOX)
            whereabouts.renumbered(mailbox, folder, status.uidvalidity, status.uidnext - 1)
        whereabouts.read_up_to(mailbox, folder, status.uidvalidity, 0)
    return 0


def _advance(mailbox: str, folder: str, read: Iterable[Fetched]) -> None:
    uids = [one.uid for one in read]
    if not uids:
        return
    here = (Cursor.mailbox == mailbox) & (Cursor.folder == folder)
    with writing():
        Cursor.update(last_uid=max(uids)).where(here).execute()


def _remember_fetch(now: datetime) -> None:
    row = Fact.insert(name="last_fetch_at", value=now.isoformat())
    with writing():
        row.on_conflict(conflict_target=[Fact.name], update={Fact.value: now.isoformat()}).execute()


# --- the watch


@dataclass(slots=True)
class Watch:
    """The endless watch over one mailbox, on one connection: letters in, errands, people's moves, IDLE, and again.

    `connect` gives a session that isn't entered yet. `on_letters` is called when letters came in; `wake` is set by
    those who have written errands. `stop` ends it within a second or, in the middle of a command, at its end.
    """

    config: MailboxConfig
    connect: Callable[[], Session]
    incoming: Incoming
    bytes_of: BytesOf
    on_letters: Callable[[], None]
    stop: Event
    wake: Event
    look: Callable[[Session], object] = lambda _session: None  # at what people moved (daemon/mailbox/moves.py)
    now: Callable[[], datetime] = clock.now
    dice: Callable[[], float] = random.random
    failures: int = 0
    lost_at: datetime | None = None

    def run(self) -> None:
        """Until `stop` is set. An error of ours is told and survived; only a failed fsync (no Exception) ends it."""
        while not self.stop.is_set():
            try:
                self._one_session()
            except _FORESEEN as error:
                self._lost(error)
            except Exception as error:  # noqa: BLE001  one of the loops: nobody would notice a dead poller for days
                log.crashed(f"imap/{self.config.name}", error)
                self._lost(error)

    def _one_session(self) -> None:
        with self.connect() as session:
            log.imap_connected(self.config.name)
            while not self.stop.is_set():
                self.wake.clear()
                collect(session, self.config, self.incoming, self.now(), self.on_letters)
                run_errands(session, self.config, self.bytes_of, self.now())
                self.look(session)
                self._back()
                session.idle(self.config.folders.inbox, self._patience(), self._interrupted)

    def _patience(self) -> float:
        """IDLE tells, but servers forget: the poll comes all the same."""
        return min(self.config.poll, LONGEST_IDLE).total_seconds()

    def _interrupted(self) -> bool:
        return self.stop.is_set() or self.wake.is_set()

    def _back(self) -> None:
        if self.lost_at is not None:
            log.imap_back(self.config.name, self.now() - self.lost_at)
        self.failures, self.lost_at = 0, None

    def _lost(self, error: Exception) -> None:
        pause = backoff(self.failures, self.dice())
        self.failures += 1
        self.lost_at = self.lost_at or self.now()
        log.imap_lost(self.config.name, error, timedelta(seconds=pause))
        self.stop.wait(pause)


def backoff(failures: int, die: float) -> float:
    """Seconds to wait after so many failures in a row; `die` is between 0 and 1.

    Full jitter: the clients of a server that comes back don't all come at once.
    """
    return die * min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 30))
