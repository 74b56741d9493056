"""People move mail too: the watch over the label folders, and what a move means for a case.

Each look reads how far every folder has grown (STATUS, on the connection that fetches letters), takes the heads of what
is new there, and notes where each known letter was seen. Only then it concludes, letter by letter: a move counts when
the letter stands in another folder, has left the one where it was expected, and no move of ours is pending. What can't
be told yet waits for a later look. After a server has numbered a folder anew, nothing of what is found in it counts.

More than twenty at once may be a slip of the hand: they wait until a person confirms them (`learn confirm`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import groupby
from typing import Any

from archive import index, whereabouts
from archive.database import writing
from archive.records import Case, Cursor, Errand, Event, Message, Sighting, Standing
from daemon import log
from daemon.cases import casebook
from daemon.config import MailboxConfig
from daemon.desk import Desk, holding_tree
from daemon.errors import Permanent
from daemon.mailbox import strays
from daemon.mailbox.imap import Fetched, Session, Status
from daemon.reading.parse import content_digest
from rules.letter import Label
from rules.moves import LABEL_OF, Matter, Meaning, meaning
from rules.plan import Folder

MOST_AT_ONCE = 20
AT_ONCE = timedelta(minutes=1)  # a mail program moves a selection in several steps
UNKNOWN_FOR = timedelta(hours=1)  # a letter may be seen before it is filed
UNCLEAR_FOR = timedelta(days=7)  # a copy that stays beside its letter

OnSent = Callable[[MailboxConfig, str, int, Sequence[Fetched]], object]
"""Given the mailbox, the folder, its UIDVALIDITY and new messages in `Sent`; after a crash, the same again."""


def look(session: Session, config: MailboxConfig, desk: Desk, on_sent: OnSent | None = None) -> int:
    """See what people have moved in a mailbox, and do what it means. Returns how many cases changed.

    Raises what the session, the tree and the database raise; what was seen is kept, and concluded by the next look.
    """
    watch = _Watch(session, config, desk)
    watch.make_folders()
    watch.see()
    if on_sent is not None:
        watch.see_sent(on_sent)
    else:
        watch.begin_sent()
    return watch.conclude()


@dataclass(frozen=True, slots=True)
class _Move:
    """A letter that a person moved. `sighting` is where it stands now."""

    letter: Message
    expected: Folder
    sighting: Sighting
    meaning: Meaning | None


class _Watch:
    """One look at one mailbox."""

    def __init__(self, session: Session, config: MailboxConfig, desk: Desk) -> None:
        self._session = session
        self._config = config
        self._desk = desk
        self._now = desk.clock()
        self._name = config.name
        self._renumbered: set[Folder] = set()
        self._folder_of = {Folder(place): str(name) for place, name in config.folders.model_dump().items()}

    def make_folders(self) -> None:
        """So that a person finds `Clos` before we have put anything there."""
        if self._config.mode == "act" and self._config.move:
            for place in (*LABEL_OF, Folder.CLOSED):
                self._session.ensure_folder(self._folder_of[place])

    # --- seeing

    def see(self) -> None:
        """Note what is new in the label folders and in `Clos`. The inbox is read by the one door in."""
        for place in (*LABEL_OF, Folder.CLOSED):
            folder = self._folder_of[place]
            status = self._session.peek(folder)
            last = self._last_uid(place, folder, status)
            if status is not None and last is not None and status.uidnext > last + 1:
                self._see_new(place, folder, status, last)

    def begin_sent(self) -> None:
        """Nobody reads it yet: remember only from where on."""
        for folder in self._sent_folders():
            self._last_uid(Folder.SENT, folder, self._session.peek(folder))

    def see_sent(self, on_sent: OnSent) -> None:
        """What stands in `Sent` and wasn't there before, whole, to whoever knows what an answer means."""
        for folder in self._sent_folders():
            status = self._session.peek(folder)
            last = self._last_uid(Folder.SENT, folder, status)
            if status is None or last is None or status.uidnext <= last + 1:
                continue
            for batch in self._session.fetch(folder, last, uidvalidity=status.uidvalidity):
                on_sent(self._config, folder, status.uidvalidity, batch)
                self._read_up_to(folder, status, max((one.uid for one in batch), default=last))

    def _sent_folders(self) -> list[str]:
        """The one that is configured, and every other that the server marks so: mail clients don't agree on one."""
        marked = self._session.marked("\\Sent")
        return list(dict.fromkeys([self._folder_of[Folder.SENT], *marked]))

    def _last_uid(self, place: Folder, folder: str, status: Status | None) -> int | None:
        """How far a folder was looked through; None when there is nothing to tell of what it holds now.

        The first look, and the first one after its UIDs have changed, only remember where it ends.
        """
        cursor = Cursor.get_or_none(Cursor.mailbox == self._name, Cursor.folder == folder)
        validity = status.uidvalidity if status is not None else 0
        if cursor is not None and cursor.uidvalidity == validity:
            return int(cursor.last_uid)
        appeared = cursor is not None and cursor.uidvalidity == 0
        last = 0 if status is None or appeared else status.uidnext - 1
        if cursor is not None and status is not None and not appeared:
            self._renumbered.add(place)
        with writing():
            whereabouts.begin(self._name, self._now)
            if cursor is not None and not appeared:
                log.folder_changed(self._name, folder, gone=status is None)
                whereabouts.forget(self._name, place)
            whereabouts.read_up_to(self._name, folder, validity, last)
        return 0 if appeared else None

    def _see_new(self, place: Folder, folder: str, status: Status, last: int) -> None:
        some_wait = bool(self._desk.incoming.waiting(1))  # asked first: what leaves `incoming/` is then in the database
        heads = self._session.heads(folder, last, status.uidvalidity)
        letters = {
            uid: self._letter_of(folder, uid, message_id, place, some_wait=some_wait)
            for uid, message_id in heads.items()
        }
        unknown = [uid for uid, digest in letters.items() if not digest]
        strays.take_in(self._session, self._config, self._desk, place, status.uidvalidity, unknown)
        with writing():
            for uid, digest in letters.items():
                if digest:
                    whereabouts.saw(digest, self._name, place, status.uidvalidity, uid, self._now)
            whereabouts.read_up_to(self._name, folder, status.uidvalidity, max((*heads, last)))

    def _letter_of(self, folder: str, uid: int, message_id: str, place: Folder, *, some_wait: bool) -> str:
        """The digest of a letter in a folder; `""` when it has gone, or hasn't come to us.

        A Message-ID is enough for one that we expect there; whatever would change a case is known by its bytes.
        """
        received = (Message.message_id == message_id) & (Message.direction == "in")
        known = list(Message.select(Message.digest).where(received).limit(2)) if message_id else []
        if len(known) == 1 and self._is_expected(known[0].digest, place):
            return str(known[0].digest)
        if message_id and not known and not some_wait:
            return ""
        raw = next((one.raw for one in self._session.fetch_again(folder, [uid]) if one.raw is not None), None)
        return "" if raw is None else self._known_digest(raw)

    def _known_digest(self, raw: bytes) -> str:
        waits = self._desk.incoming.size(sha256(raw).hexdigest()) > 0  # asked first, as above
        digest = _digest_of(raw)
        return digest if waits or index.is_indexed(digest) else ""

    def _is_expected(self, digest: str, place: Folder) -> bool:
        here = (Standing.mailbox == self._name) & (Standing.message == digest) & (Standing.place == place)
        return bool(Standing.select().where(here).exists())

    def _read_up_to(self, folder: str, status: Status, uid: int) -> None:
        with writing():
            whereabouts.read_up_to(self._name, folder, status.uidvalidity, uid)

    # --- concluding

    def conclude(self) -> int:
        """Do what the sightings mean, as far as it can be told."""
        if self._desk.unsettled:  # what the last death or failed commit kept from the database comes first
            with holding_tree(self._desk):
                pass
        rows = list(Sighting.select().where(Sighting.mailbox == self._name).order_by(Sighting.message))
        if not rows:
            return 0
        standing = self._still_standing(rows)
        by_letter = [(digest, list(group)) for digest, group in groupby(rows, lambda row: str(row.message))]
        moves = [move for digest, seen in by_letter if (move := self._move(digest, seen, standing)) is not None]
        held = self._too_many(moves)
        for move in moves:
            if move not in held:
                self._carry_out(move)
        return sum(move.meaning is not None and move not in held for move in moves)

    def _still_standing(self, rows: Iterable[Sighting]) -> set[tuple[str, int]]:
        """Place and UID of those that are still there: one question a folder."""
        found: set[tuple[str, int]] = set()
        by_place: dict[str, list[Sighting]] = {}
        for row in rows:
            by_place.setdefault(str(row.place), []).append(row)
        for place, seen in by_place.items():
            folder = self._folder_of[Folder(place)]
            status = self._session.peek(folder)
            uids = [row.uid for row in seen if status is not None and row.uidvalidity == status.uidvalidity]
            if uids:
                found |= {(place, uid) for uid in self._session.kept(folder, uids)}
        return found

    def _move(self, digest: str, seen: list[Sighting], standing: set[tuple[str, int]]) -> _Move | None:
        """What can be told of one letter now; None when there is nothing, or not yet."""
        gone = [row for row in seen if (row.place, row.uid) not in standing]
        self._drop(gone)
        here = [row for row in seen if row not in gone]
        letter = Message.get_or_none(Message.digest == digest)
        if letter is None:
            self._drop(row for row in here if self._now - row.seen_at > UNKNOWN_FOR)
            return None
        expected = Standing.get_or_none(Standing.mailbox == self._name, Standing.message == digest)
        if expected is None or expected.place in self._renumbered or self._config.mode == "observe":
            self._follow(digest, here)  # without a word: nobody knows what was there, or nothing is to be changed
            return None
        elsewhere = [row for row in here if row.place != expected.place]
        at_home = [row for row in here if row.place == expected.place]
        if at_home:
            self._follow(digest, at_home)
        if len(elsewhere) != 1 or elsewhere[0].state == "held" or self._is_pending(digest):
            return None
        if at_home or not self._has_left(letter, expected):
            self._drop(row for row in elsewhere if self._now - row.seen_at > UNCLEAR_FOR)
            return None
        return _Move(letter, Folder(expected.place), elsewhere[0], _meaning(letter, expected, elsewhere[0]))

    def _is_pending(self, digest: str) -> bool:
        """A move of ours isn't done yet: whoever moved it, it isn't clear from where."""
        ours = (Errand.mailbox == self._name) & (Errand.message == digest)
        following = (Errand.kind == "tidy") & ((Errand.target != "") | (Errand.folder != ""))
        moving = (Errand.kind == "move") | following
        return bool(Errand.select().where(ours & moving & Errand.state.in_(("waiting", "doing"))).exists())

    def _has_left(self, letter: Message, expected: Standing) -> bool:
        """No copy of it stands where it was expected, by its number and by its Message-ID."""
        folder = self._folder_of[Folder(expected.place)]
        status = self._session.peek(folder)
        if status is None:
            return True
        numbered = bool(expected.uid) and expected.uidvalidity == status.uidvalidity
        if numbered and self._session.kept(folder, [expected.uid]):
            return False
        if not letter.message_id:
            return numbered
        return not self._session.kept(folder, self._session.find(folder, letter.message_id))

    # --- what follows

    def _too_many(self, moves: list[_Move]) -> list[_Move]:
        """Those that wait for a person's word, because so many came at once."""
        new = [move for move in moves if move.meaning is not None and move.sighting.state == "seen"]
        since = self._now - AT_ONCE
        lately = Event.select().where(Event.by == self._name, Event.at > since).count()
        waiting = (Sighting.mailbox == self._name) & (Sighting.state == "held")
        lately += Sighting.select().where(waiting & (Sighting.seen_at > since)).count()
        if not new or len(new) + lately <= MOST_AT_ONCE:
            return []
        first = min(move.sighting.seen_at for move in new)
        with writing():
            for move in new:
                self._hold(move.sighting)
            self._ask(len(new), first)
        log.moves_held(self._name, len(new))
        return new

    def _hold(self, sighting: Sighting) -> None:
        Sighting.update(state="held").where(_is(sighting)).execute()

    def _ask(self, count: int, first: datetime) -> None:
        to = self._desk.house().supervisor
        if to:
            key = f"moves/{self._name}/{first:%Y%m%dT%H%M%S.%f}"
            told = {"count": count, "mailbox": self._name}
            notice = {"key": key, "kind": "notice", "template": "notice_moves", "to": to, "details": told}
            index.say(notice, self._now)

    def _carry_out(self, move: _Move) -> None:
        seen = move.sighting
        settle = partial(self._drop, [seen])
        if move.meaning is None:
            self._follow(str(move.letter.digest), [seen])
            return
        moved = {"mailbox": self._name, "place": seen.place, "uidvalidity": seen.uidvalidity, "uid": seen.uid}
        try:
            casebook.carry_out(self._desk, move.meaning, move.letter, moved, settle)
        except (LookupError, ValueError, Permanent) as error:  # the pli of that case isn't what it should be
            log.crashed(f"moves/{self._name}", error)
            self._follow(str(move.letter.digest), [seen])

    def _follow(self, digest: str, seen: Sequence[Sighting]) -> None:
        """The letter is expected where it stands; nothing else follows from it."""
        if not seen:
            return
        last = max(seen, key=lambda row: row.seen_at)
        with writing():
            whereabouts.expect(digest, self._name, last.place, last.uidvalidity, last.uid)
            for row in seen:
                Sighting.delete().where(_is(row)).execute()

    def _drop(self, rows: Iterable[Sighting]) -> None:
        gone = list(rows)
        if gone:
            with writing():
                for row in gone:
                    Sighting.delete().where(_is(row)).execute()


def _is(row: Sighting) -> object:
    here = (Sighting.mailbox == row.mailbox) & (Sighting.place == row.place)
    return here & (Sighting.uidvalidity == row.uidvalidity) & (Sighting.uid == row.uid)


def _digest_of(raw: bytes) -> str:
    """That of the pli that holds these bytes, also with other trace headers; their own when nobody knows them."""
    own = sha256(raw).hexdigest()
    if Message.select().where(Message.digest == own).exists():
        return own
    same = Message.get_or_none(Message.content_digest == content_digest(raw), Message.direction == "in")
    return own if same is None else str(same.digest)


def _meaning(letter: Message, expected: Standing, seen: Sighting) -> Meaning | None:
    matter = Matter(Label(letter.label) if letter.label else Label.COMPLAINT)
    if letter.case_id:
        case = Case.get_by_id(letter.case_id)
        matter = Matter(Label(case.label), case.status, case.to_sort)
    return meaning(Folder(expected.place), Folder(seen.place), matter)


# --- a person's word on many at once


def held() -> list[Sighting]:
    """The moves that wait for a person's word."""
    return list(Sighting.select().where(Sighting.state == "held").order_by(Sighting.seen_at, Sighting.uid))


def held_rows() -> list[dict[str, Any]]:
    """The same as `learn list` tells them."""
    letters = {row.message: Message.get_or_none(Message.digest == row.message) for row in held()}
    return [
        {
            "id": "",
            "at": row.seen_at,
            "by": row.mailbox,
            "case": letter.case_id if letter else None,
            "was": letter.label if letter else "",
            "label": str(LABEL_OF.get(Folder(row.place), row.place)),
            "state": "to confirm",
            "words": "",
        }
        for row in held()
        for letter in (letters[row.message],)
    ]


def confirm() -> int:
    """They are meant: the next look carries them out. Returns how many."""
    with writing():
        return int(Sighting.update(state="confirmed").where(Sighting.state == "held").execute())


def dismiss() -> int:
    """They were a slip: the letters stay where they are now, and no case changes. Returns how many."""
    with writing():
        rows = held()
        for row in rows:
            whereabouts.expect(row.message, row.mailbox, row.place, row.uidvalidity, row.uid)
            Sighting.delete().where(_is(row)).execute()
    return len(rows)
