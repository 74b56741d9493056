"""A letter goes where its case has gone, and bears the marks that are true of it: one errand for each letter.

Whatever changes the case writes the row again (archive/whereabouts.py), so nothing is done here but the last word, and
doing it twice changes nothing. A letter that isn't where we expect it was moved by a person, whose word comes next.
The place that a move goes to is noted before the server is told: a move that a crash cut is known for ours.

The marks are a star and, where the folder takes any, a keyword. A star that a person has set before us stays.
"""

from collections.abc import Iterable

from archive import events, whereabouts
from archive.database import writing
from archive.records import Case, Errand, Message, Standing, Step
from daemon.config import Folders
from daemon.mailbox.imap import Session
from daemon.wording import words
from rules.clocks import BREACH
from rules.shelves import Mark, marks

STAR = "star"  # in `Standing.marks`: the flag is ours
FLAG = r"\Flagged"
GONE = "no longer there: moved or removed by a person"


class Tidying:
    """One mailbox; where `moves` is false its letters stay where they are, and are marked."""

    def __init__(self, session: Session, folders: Folders, *, moves: bool) -> None:
        self._session = session
        self._folders = {place: str(name) for place, name in folders.model_dump().items()}
        self._moves = moves

    def carry_out(self, key: str, *, interrupted: bool) -> str:
        """Returns what is to be noted of it. The row is read now that it is ours; on return it may say more."""
        errand = Errand.get_by_id(key)
        if errand.folder:
            self._end_cut_move(errand)
        standing = _standing(errand)
        if standing is None:
            return GONE
        place, target = str(standing.place), str(errand.target)
        moving = self._moves and target not in {"", place}
        had, wanted = set(str(standing.marks).split()), _wanted(errand)
        if not moving and had == wanted:  # as after most answers: the server needn't be asked
            return ""
        uids = self._where(standing, place, errand)
        if not uids:
            return GONE
        self._mark(errand, self._folders[place], uids, had, wanted, again=interrupted)
        if moving:
            self._move(errand, self._folders[place], uids, target)
        return ""

    def _where(self, standing: Standing, place: str, errand: Errand) -> set[int]:
        """Its number in the folder where it is expected, else by its Message-ID."""
        folder = self._folders[place]
        status = self._session.peek(folder)
        if status is None:
            return set()
        if standing.uid and standing.uidvalidity == status.uidvalidity:
            return self._session.kept(folder, [int(standing.uid)])
        return self._session.kept(folder, self._session.find(folder, str(errand.message_id)))

    def _move(self, errand: Errand, folder: str, uids: set[int], target: str) -> None:
        self._session.ensure_folder(self._folders[target])
        with writing():
            Errand.update(folder=target).where(Errand.key == errand.key).execute()
        if self._session.move(folder, uids, self._folders[target]):
            _arrived(errand, target)

    def _end_cut_move(self, errand: Errand) -> None:
        """It was on its way when we died: it has arrived, or is where it was (twice, on a server without MOVE)."""
        standing, on_its_way = _standing(errand), str(errand.folder)
        if standing is None:
            return
        target = self._folders[on_its_way]
        place, message_id = str(standing.place), str(errand.message_id)
        uids = self._where(standing, place, errand)
        self._session.ensure_folder(target)
        if uids:
            arrived = self._session.finish_move(self._folders[place], uids, target, message_id)
        else:
            arrived = not message_id or bool(self._session.find(target, message_id))
        if arrived:
            _arrived(errand, on_its_way)

    # --- marks

    def _mark(
        self, errand: Errand, folder: str, uids: set[int], had: set[str], wanted: set[str], *, again: bool
    ) -> None:
        on = wanted - had
        if STAR in on and not again and self._session.starred(folder, uids):
            on.discard(STAR)  # a person's: it stays when ours would go
        self._session.mark(folder, uids, flags_of(on))
        self._session.mark(folder, uids, flags_of(had - wanted), on=False)
        if had != wanted:
            with writing():
                whereabouts.bears(str(errand.message), str(errand.mailbox), (had | on) & wanted)


def flags_of(marks: Iterable[str]) -> list[str]:
    """As IMAP knows them."""
    keywords = words()["keywords"]
    return sorted(FLAG if mark == STAR else str(keywords[mark]) for mark in marks)


def _wanted(errand: Errand) -> set[str]:
    """The marks that it is to bear, and the star that shows them."""
    true = set(map(str, _marks_of(errand)))
    return true | {STAR} if true else set()


def _marks_of(errand: Errand) -> frozenset[Mark]:
    """What is true of the letter: of the one that opened its case, or was urgent by itself."""
    letter = Message.get_or_none(Message.digest == errand.message)
    case = Case.get_or_none(Case.ref == letter.case_id) if letter is not None and letter.case_id else None
    if letter is None or case is None or not (letter.flagged or events.opened_by(case.ref) == letter.digest):
        return frozenset()
    breached = (Step.case == case.ref) & (Step.what == BREACH) & (Step.at == case.due_at)
    late = bool(Step.select().where(breached).exists())
    return marks(case.status, urgent=case.urgent, answered=case.answered_at is not None, late=late)


def _standing(errand: Errand) -> Standing | None:
    found: Standing | None = Standing.get_or_none(
        Standing.mailbox == errand.mailbox, Standing.message == errand.message
    )
    return found


def _arrived(errand: Errand, place: str) -> None:
    with writing():
        whereabouts.expect(str(errand.message), str(errand.mailbox), place)
        Errand.update(folder="").where(Errand.key == errand.key).execute()
