"""What is to be done in a mailbox after a letter is recorded: move it, flag it, put a copy of an answer beside it.

Each errand is a row, written with the record of its letter, marked `doing` before the server is told and `done` after;
every one may be repeated. They go in batches, and one that fails holds up no other. What a letter owes to its case
comes last (daemon/mailbox/tidying.py).

A move that a crash cut needs no look at the target where the server has MOVE (RFC 6851: a letter stands in one folder
or the other); without MOVE a copy is looked for by Message-ID first. A copy of an answer always is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from peewee import DoesNotExist

from archive import whereabouts
from archive.database import writing
from archive.records import Errand
from daemon import log
from daemon.config import MailboxConfig
from daemon.errors import Permanent, Temporary
from daemon.mailbox.imap import Disconnected, Session
from daemon.mailbox.tidying import GONE, STAR, Tidying, flags_of
from rules.shelves import Mark

AT_ONCE = 1000  # rows read from the database at once
MOST_REFUSALS = 5  # of one errand by the server, before it is given up and a person sees it
LOST = "not found again after the server renumbered the folder"
STAYS = "left where it is: [[mailbox]] move = false"

BytesOf = Callable[[str], bytes]  # of a pli, by its digest

_SAME_COMMAND = attrgetter("kind", "folder", "uidvalidity", "target", "flagged", "state")


def run_errands(session: Session, config: MailboxConfig, bytes_of: BytesOf, now: datetime) -> int:
    """Do what waits for this mailbox. Returns how many errands are done. Raises Disconnected.

    A mailbox that is only observed is not touched: its errands wait until it is set to act.
    """
    if config.mode == "observe":
        return 0
    mailbox = _Mailbox(session, config, bytes_of, now)
    return sum(mailbox.do(list(group)) for rows in _waiting(config.name) for _, group in groupby(rows, _SAME_COMMAND))


def _waiting(mailbox: str) -> Iterator[list[Errand]]:
    """In chunks, each errand once: one that is refused waits for the next pass."""
    after = ""
    open_ones = (Errand.mailbox == mailbox) & Errand.state.in_(("waiting", "doing"))
    while rows := list(Errand.select().where(open_ones & (Errand.key > after)).order_by(Errand.key).limit(AT_ONCE)):
        after = str(rows[-1].key)
        yield sorted(rows, key=lambda row: (*_SAME_COMMAND(row), row.uid))


class _Mailbox:
    """One pass over the errands of one mailbox."""

    def __init__(self, session: Session, config: MailboxConfig, bytes_of: BytesOf, now: datetime) -> None:
        self._session = session
        self._config = config
        self._bytes_of = bytes_of
        self._now = now
        self._tidying = Tidying(session, config.folders, moves=config.move)

    def do(self, group: list[Errand]) -> int:
        """A group that one command serves; when it fails, each of its errands alone."""
        try:
            return self._carry_out(group)
        except Disconnected:
            raise
        except Temporary as error:
            self._told(group, error, "waiting")
        except (Permanent, DoesNotExist, LookupError, OSError) as error:  # the last ones: no bytes for a copy
            if len(group) > 1:
                return sum(self.do([errand]) for errand in group)
            self._refused(group[0], error)
        return 0

    def _carry_out(self, group: list[Errand]) -> int:
        interrupted = group[0].state == "doing"
        _mark(group, "doing")
        match group[0].kind:
            case "tidy":
                for errand in group:
                    _conclude(errand, self._tidying.carry_out(errand.key, interrupted=interrupted))
            case "append":
                self._copy(group)
            case "flag":
                self._shelve(group, moving=False, interrupted=interrupted)
            case "move":
                self._shelve(group, moving=True, interrupted=interrupted)
            case unknown:
                raise Permanent(f"{unknown!r} is no kind of errand")
        return len(group)

    def _copy(self, group: list[Errand]) -> None:
        """One transaction marks them all: a copy that a crash left unmarked is found again by its Message-ID."""
        copied: list[Errand] = []
        try:
            for errand in group:
                self._append(errand)
                copied.append(errand)
        finally:
            _mark(copied, "done")

    def _append(self, errand: Errand) -> None:
        folder = self._folder(errand.target)
        raw = self._bytes_of(errand.message)
        self._session.ensure_folder(folder)
        if not self._session.find(folder, errand.message_id):
            self._session.append(folder, raw, self._now)

    def _shelve(self, group: list[Errand], *, moving: bool, interrupted: bool) -> None:
        target = self._folder(group[0].target)
        folder = str(group[0].folder) or target
        places, note = self._places(group)
        absent = [errand for errand in group if errand not in places.values()]
        if interrupted and moving and self._config.move:
            _mark(absent, "done", moved=True)
        else:
            _mark(absent, "done", note)
        if moving and interrupted and self._config.move:
            places = self._without_finished(places, folder, target)
        if group[0].flagged and places:
            self._flag(folder, places)
        if not moving or target == folder:
            _mark(places.values(), "done")
        elif self._config.move:
            self._move(places, folder, target)
        else:
            _mark(places.values(), "done", STAYS)

    def _flag(self, folder: str, places: dict[int, Errand]) -> None:
        marks = (STAR, str(Mark.URGENT))
        self._session.mark(folder, places, flags_of(marks))
        with writing():
            for errand in places.values():
                whereabouts.bears(errand.message, errand.mailbox, marks)

    def _move(self, places: dict[int, Errand], folder: str, target: str) -> None:
        if not places:
            return
        self._session.ensure_folder(target)
        moved = self._session.move(folder, places, target)
        _mark((errand for uid, errand in places.items() if uid in moved), "done", moved=True)
        _mark((errand for uid, errand in places.items() if uid not in moved), "done", GONE)

    def _places(self, group: Sequence[Errand]) -> tuple[dict[int, Errand], str]:
        """The UID of each letter that is still in the folder, and what to say of the others."""
        folder = str(group[0].folder) or self._folder(group[0].target)
        if self._session.status(folder).uidvalidity != group[0].uidvalidity:
            return self._found_again(group, folder), LOST
        present = self._session.present(folder, [int(errand.uid) for errand in group])
        return {int(errand.uid): errand for errand in group if errand.uid in present}, GONE

    def _found_again(self, group: Sequence[Errand], folder: str) -> dict[int, Errand]:
        """By Message-ID; of two copies each errand takes its own."""
        places: dict[int, Errand] = {}
        for errand in group:
            free = [uid for uid in self._session.find(folder, errand.message_id) if uid not in places]
            if free:
                places[free[0]] = errand
        return places

    def _without_finished(self, places: dict[int, Errand], folder: str, target: str) -> dict[int, Errand]:
        self._session.ensure_folder(target)
        finish = self._session.finish_move
        finished = {uid for uid, errand in places.items() if finish(folder, [uid], target, errand.message_id)}
        _mark((places[uid] for uid in finished), "done", moved=True)
        return {uid: errand for uid, errand in places.items() if uid not in finished}

    def _folder(self, target: str) -> str:
        """The name that a `rules.plan.Folder` has in this mailbox."""
        name = self._config.folders.model_dump().get(target)
        if name is None:
            raise Permanent(f"{target!r} is no folder of [mailbox.folders]")
        return str(name)

    def _refused(self, errand: Errand, error: Exception) -> None:
        refusals = int(errand.tries) + 1
        with writing():
            Errand.update(tries=refusals).where(Errand.key == errand.key).execute()
        self._told([errand], error, "failed" if refusals >= MOST_REFUSALS else "waiting")

    def _told(self, group: Iterable[Errand], error: Exception, state: str) -> None:
        for errand in group:
            log.errand_failed(self._config.name, errand.kind, errand.message, error)
            _mark([errand], state, str(error))


def _mark(errands: Iterable[Errand], state: str, note: str = "", *, moved: bool = False) -> None:
    """One transaction, on the disk on return. `moved`: the letters are expected at their targets from now on."""
    done = list(errands)
    if done:
        with writing():
            Errand.update(state=state, error=note).where(Errand.key.in_([errand.key for errand in done])).execute()
            for errand in done if moved else ():
                whereabouts.expect(errand.message, errand.mailbox, errand.target)


def _conclude(errand: Errand, note: str) -> None:
    """Unless its row has a newer word by now, which the next pass does."""
    with writing():
        still = (Errand.key == errand.key) & (Errand.state == "doing")
        Errand.update(state="done", error=note, target="", folder="").where(still).execute()
