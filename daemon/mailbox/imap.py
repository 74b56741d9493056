r"""One session with an IMAP server, on imap-tools: letters out in bulk, and moves that lose nothing of anybody's.

People work in the same mailbox. So `\Seen` is never touched (EXAMINE, BODY.PEEK), and nothing is expunged that we did
not put away ourselves: UID MOVE (RFC 6851), else COPY and UID EXPUNGE (RFC 4315), else COPY and `\Deleted` alone.
Never a plain EXPUNGE, nor `MailBox.move`, `delete` or `flag` of imap-tools, which end in one.

Folders are named as a mail client shows them, with `/` between levels. Raises `Disconnected` (the session is over),
`Temporary` (the server says later) or `Permanent` (it refuses).
"""

import re
import ssl
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from typing import Self

from imap_tools.errors import UnexpectedCommandStatusError
from imap_tools.utils import encode_folder, quote

from daemon import clock
from daemon.config import MailboxConfig
from daemon.errors import Permanent, Temporary
from daemon.mailbox.link import Disconnected, Link, Silent
from daemon.mailbox.oauth import TokenSource
from daemon.mailbox.words import (
    BATCH_BYTES,
    Fetched,
    Status,
    chunks,
    format_date,
    letters_in,
    namespace_in,
    packs,
    shown,
    sizes_in,
    uid_set,
)

__all__ = ["Disconnected", "Fetched", "Session", "Silent", "Status"]

MOVE_BATCH = 200  # UIDs in one MOVE: 6,600 a second on Dovecot, 100 a second one by one
SIZES_AT_ONCE = 1000
LONGEST_IDLE = timedelta(minutes=28)  # RFC 2177: renewed before 29 minutes
MOST_DEATHS = 20  # in one session; more, and it isn't the letters
GLANCE = 0.5  # seconds between two looks at whether somebody interrupts an IDLE

_HAPPENED = re.compile(rb"\* \d+")  # EXISTS, EXPUNGE, FETCH; the rest of such a line may still be on its way
_BRACKETS = re.compile(r"[<>\s]+")


class Session:
    """A context manager: connects and logs in, logs out. One thread at a time."""

    def __init__(
        self,
        config: MailboxConfig,
        *,
        password: str = "",
        token: TokenSource | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._link = Link(config, password, token, trust)
        self._deaths = 0  # of the link, on letters that the server couldn't read
        self._opened_validity = 0
        self._opened = ""  # the folder that is open
        self._told: dict[str, Status] = {}  # the last status of each folder
        self._ready: set[str] = set()  # folders that are known to exist
        self._root: tuple[str, str] | None = None

    def __enter__(self) -> Self:
        self._link.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._link.__exit__()

    # --- folders

    def status(self, folder: str) -> Status:
        """UIDVALIDITY and UIDNEXT of a folder, as of now.

        By EXAMINE: STATUS of the folder that is open tells what it was when it was opened (RFC 9051, 6.3.11; Dovecot
        does so).
        """
        self._open(folder, writing=False)
        uidnext = self._opened_number("UIDNEXT") or max(self._link.search("ALL"), default=0) + 1
        self._told[folder] = Status(self._opened_validity, uidnext)
        return self._told[folder]

    def peek(self, folder: str) -> Status | None:
        """The same without leaving the folder that is open, None when there is no such folder (any more)."""
        if folder == self._opened:
            self._opened = ""
            return self.status(folder) if self._exists(folder) else None
        try:
            with self._link.within(f"status of {folder!r}"):
                found = self._link.box.folder.status(self._name(folder), ("UIDVALIDITY", "UIDNEXT"))
        except Permanent:
            if self._exists(folder):
                raise
            return None
        return Status(found["UIDVALIDITY"], found["UIDNEXT"])

    def _exists(self, folder: str) -> bool:
        with self._link.within(f"search of {folder!r}"):
            listed = self._link.box.folder.list("", self._name(folder))
        there = any(not {"\\Noselect", "\\NonExistent"} & set(one.flags) for one in listed)
        if not there:
            self._ready.discard(folder)
        return there

    def marked(self, flag: str) -> list[str]:
        r"""The folders that the server marks so (RFC 6154: `\Sent`), as a mail client shows them."""
        with self._link.within("list of folders"):
            found = self._link.box.folder.list()
        return [shown(one.name, one.delim) for one in found if flag.lower() in {each.lower() for each in one.flags}]

    def ensure_folder(self, folder: str) -> None:
        """Create and subscribe the folder when it is missing."""
        if folder in self._ready:
            return
        name = self._name(folder)
        with self._link.within(f"making of {folder!r}"):
            if not self._link.box.folder.list("", name):
                self._create(name)
        self._ready.add(folder)

    def _create(self, name: str) -> None:
        try:
            self._link.box.folder.create(name)
        except UnexpectedCommandStatusError:
            if not self._link.box.folder.list("", name):  # else somebody was faster
                raise
        with suppress(UnexpectedCommandStatusError):  # a client that shows all folders needs no subscription
            self._link.box.folder.subscribe(name, value=True)

    def _name(self, folder: str) -> str:
        """The server's name of a folder: its separator, and the prefix that some want (`INBOX.`)."""
        if folder.upper() == "INBOX":
            return "INBOX"
        if self._root is None:
            with self._link.within("namespace"):
                self._root = self._personal_namespace()
        prefix, separator = self._root
        name = folder.replace("/", separator or "-")
        return name if name.startswith(prefix) else prefix + name

    def _personal_namespace(self) -> tuple[str, str]:
        """RFC 2342; a server without it tells its separator by LIST."""
        if self._link.can("NAMESPACE"):
            _, data = self._link.box.client.namespace()
            if found := namespace_in(data):
                return found
        roots = self._link.box.folder.list("", "")
        return "", roots[0].delim.replace("NIL", "") if roots else "/"

    # --- letters out

    def fetch(
        self, folder: str, after_uid: int, batch: int = 50, *, uidvalidity: int | None = None
    ) -> Iterator[list[Fetched]]:
        """The letters with a higher UID than `after_uid`, in their order, at most `batch` or 8 MB at once.

        A letter that vanishes meanwhile is left out. Raises Temporary when `uidvalidity` isn't the folder's any more.
        """
        self._open(folder, writing=False)
        if uidvalidity is not None and self._opened_validity != uidvalidity:
            raise Temporary(f"{folder!r} has been renumbered (UIDVALIDITY) since its status was read")
        uids = sorted(uid for uid in self._link.search(f"UID {after_uid + 1}:*") if uid > after_uid)
        yield from self._fetch(folder, uids, batch)

    def fetch_again(self, folder: str, uids: Collection[int]) -> list[Fetched]:
        """Letters that were withheld before: given now, withheld still, or left out because they are gone."""
        self._open(folder, writing=False)
        return [letter for letters in self._fetch(folder, sorted(uids), 1) for letter in letters]

    def fetch_these(self, folder: str, uids: Collection[int], batch: int = 50) -> Iterator[list[Fetched]]:
        """These letters, as `fetch` gives them."""
        self._open(folder, writing=False)
        yield from self._fetch(folder, sorted(uids), batch)

    def since(self, folder: str, uids: Collection[int], day: date) -> set[int]:
        """Those of the UIDs that the server received on that day of its own or later, drafts and the deleted apart."""
        self._open(folder, writing=False)
        asked = ("SINCE", format_date(day), "UNDELETED", "UNDRAFT")
        some = (self._link.search("UID", uid_set(chunk), *asked) for chunk in chunks(sorted(uids), SIZES_AT_ONCE))
        return set().union(*some) & set(uids)

    def _fetch(self, folder: str, uids: list[int], batch: int) -> Iterator[list[Fetched]]:
        for some in chunks(uids, SIZES_AT_ONCE):
            for pack in packs(self._sizes(folder, some), batch):
                yield self._letters(folder, pack)

    def _sizes(self, folder: str, uids: list[int]) -> list[tuple[int, int]]:
        with self._surviving(folder):
            answer = self._link.uid("FETCH", uid_set(uids), "(RFC822.SIZE)")
            sizes = sizes_in(answer)
            return [(uid, sizes[uid]) for uid in uids if uid in sizes]
        return [(uid, BATCH_BYTES) for uid in uids]  # one of them is sick: each comes alone

    def _letters(self, folder: str, pack: list[tuple[int, int]]) -> list[Fetched]:
        sizes = dict(pack)
        found: dict[int, Fetched] = {}
        with self._surviving(folder):
            found = self._bodies(list(sizes), sum(sizes.values()))
        for uid in sizes.keys() - found.keys():
            found |= self._alone(folder, uid, sizes[uid])
        return [found[uid] for uid in sizes if uid in found]

    def _alone(self, folder: str, uid: int, size: int) -> dict[int, Fetched]:
        """A letter that didn't come with the others: late, gone, or there and not to be had."""
        with self._surviving(folder):
            if found := self._bodies([uid], size):
                return found
        return {uid: Fetched(uid, None, None)} if self._still_there([uid]) else {}

    @contextmanager
    def _surviving(self, folder: str) -> Iterator[None]:
        """A letter that it can't read makes a server refuse a whole command, and Dovecot hang up: come back."""
        try:
            yield
        except Silent:
            raise
        except Disconnected:
            self._deaths += 1
            if self._deaths > MOST_DEATHS:
                raise
            self._link.__exit__()
            self._link = self._link.again()
            self._link.__enter__()
            self._open(folder, writing=False)
        except (Temporary, Permanent):
            return

    def _bodies(self, uids: list[int], size: int) -> dict[int, Fetched]:
        answer = self._link.uid("FETCH", uid_set(uids), "(UID FLAGS INTERNALDATE BODY.PEEK[])", size=size)
        return {letter.uid: letter for letter in letters_in(answer)}

    def find(self, folder: str, message_id: str) -> list[int]:
        """The UIDs of the letters with that Message-ID (without brackets), in a folder; `[]` for an empty one."""
        wanted = _BRACKETS.sub("", message_id)
        if not wanted:
            return []
        self._open(folder, writing=False)
        charset = () if wanted.isascii() else ("CHARSET", "UTF-8")
        likely = self._link.search(*charset, "HEADER", "Message-ID", quote(wanted.encode()))
        found = self._message_ids(likely)
        return [uid for uid in sorted(likely) if found.get(uid) == wanted]  # a server looks for substrings

    def _message_ids(self, uids: Collection[int]) -> dict[int, str]:
        if not uids:
            return {}
        answer = self._link.uid("FETCH", uid_set(uids), "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        heads = {one.uid: (one.raw or b"").partition(b":")[2] for one in letters_in(answer)}
        return {uid: _BRACKETS.sub("", head.decode("utf-8", "replace")) for uid, head in heads.items()}

    def heads(self, folder: str, after_uid: int, uidvalidity: int) -> dict[int, str]:
        """The Message-ID (or `""`) of each letter with a higher UID. Raises Temporary as `fetch` does."""
        self._open(folder, writing=False)
        if self._opened_validity != uidvalidity:
            raise Temporary(f"{folder!r} has been renumbered (UIDVALIDITY) since its status was read")
        uids = sorted(uid for uid in self._link.search(f"UID {after_uid + 1}:*") if uid > after_uid)
        return {uid: found for some in chunks(uids, SIZES_AT_ONCE) for uid, found in self._message_ids(some).items()}

    # --- letters put away

    def kept(self, folder: str, uids: Collection[int]) -> set[int]:
        """Those of the UIDs that still stand in the folder and aren't marked as deleted."""
        self._open(folder, writing=False)
        return self._link.search("UID", uid_set(uids), "UNDELETED") & set(uids) if uids else set()

    def present(self, folder: str, uids: Collection[int]) -> set[int]:
        """Those of the UIDs that still stand in the folder."""
        self._open(folder, writing=False)
        return self._still_there(uids)

    def move(self, folder: str, uids: Collection[int], target: str) -> set[int]:
        """Move letters to a folder that exists. Returns those that it moved; the others had left before."""
        self._open(folder, writing=True)
        moved: set[int] = set()
        for chunk in chunks(sorted(uids), MOVE_BATCH):
            try:
                moved |= self._move(self._still_there(chunk), encode_folder(self._name(target)))
            except Permanent:
                if self._exists(target):
                    raise
                self.ensure_folder(target)  # a person has renamed or removed it since
                moved |= self._move(self._still_there(chunk), encode_folder(self._name(target)))
        return moved

    def _move(self, uids: set[int], target: bytes) -> set[int]:
        if not uids:
            return set()
        if self._link.can("MOVE"):
            self._link.uid("MOVE", uid_set(uids), target)
            return uids - self._still_there(uids)
        self._link.uid("COPY", uid_set(uids), target)
        self._put_off(uids)
        return uids

    def finish_move(self, folder: str, uids: Collection[int], target: str, message_id: str) -> bool:
        """End a move that was cut between its COPY and its removal. False when there was no copy: move it again.

        A server that has MOVE leaves nothing half done.
        """
        if self._link.can("MOVE") or not self.find(target, message_id):
            return False
        self._open(folder, writing=True)
        self._put_off(self._still_there(uids))
        return True

    def _put_off(self, uids: set[int]) -> None:
        """Remove these and only these. A server without UIDPLUS keeps them, marked, until a person empties it."""
        if not uids:
            return
        self._link.uid("STORE", uid_set(uids), "+FLAGS.SILENT", r"(\Deleted)")
        if self._link.can("UIDPLUS"):
            self._link.uid("EXPUNGE", uid_set(uids))

    def mark(self, folder: str, uids: Collection[int], flags: Collection[str], *, on: bool = True) -> None:
        r"""Set (or take off) `\Flagged`, the star of a mail client, and keywords where the folder takes any."""
        if not flags:
            return
        self._open(folder, writing=True)
        allowed = self._permanent_flags()
        known = [flag for flag in flags if flag.startswith("\\") or r"\*" in allowed or flag.lower() in allowed]
        for chunk in chunks(sorted(uids), MOVE_BATCH) if known else ():
            self._link.uid("STORE", uid_set(chunk), f"{'+' if on else '-'}FLAGS.SILENT", f"({' '.join(known)})")

    def _permanent_flags(self) -> list[str]:
        r"""Those that the open folder keeps (RFC 3501, 7.1); `\*` means that new keywords may be made."""
        _, data = self._link.box.client.response("PERMANENTFLAGS")
        return (data[0] or b"").decode("ascii", "replace").strip("()").lower().split()

    def starred(self, folder: str, uids: Collection[int]) -> set[int]:
        r"""Those of the UIDs that bear `\Flagged`."""
        self._open(folder, writing=False)
        return self._link.search("UID", uid_set(uids), "FLAGGED") & set(uids) if uids else set()

    def append(self, folder: str, raw: bytes, date: datetime, *, seen: bool = True) -> None:
        """Put a letter in a folder that exists."""
        with self._link.within(f"append to {folder!r}", size=len(raw)):
            self._link.box.append(raw, self._name(folder), dt=date, flag_set=[r"\Seen"] if seen else None)

    # --- waiting

    def idle(self, folder: str, seconds: float, interrupted: Callable[[], bool] = lambda: False) -> bool:
        """Wait until something happens in the folder (True), the time is over or somebody interrupts (False).

        A server without IDLE (RFC 2177) is simply waited for: the caller polls.
        """
        until = clock.monotonic() + min(seconds, LONGEST_IDLE.total_seconds())
        if not self._link.can("IDLE"):
            return _pause(until, interrupted)
        told = self._told.get(folder)
        if self.status(folder) != told and told is not None:
            return True  # it happened since the caller looked: the server won't say it again
        with self._link.within("idle", extra=seconds), self._link.box.idle:
            while not interrupted() and (left := until - clock.monotonic()) > 0:
                before = clock.monotonic()
                said = self._link.said_within(min(left, GLANCE))
                if any(_HAPPENED.match(line) for line in said):
                    return True
                if not said and clock.monotonic() - before < min(left, GLANCE) / 2:
                    break  # readable, and no line: the server has hung up, as the end of IDLE will find
        return False

    def _open(self, folder: str, *, writing: bool) -> None:
        with self._link.within(f"opening of {folder!r}"):
            self._opened = ""
            self._link.box.folder.set(self._name(folder), readonly=not writing)
            self._opened = folder
            self._opened_validity = self._opened_number("UIDVALIDITY")

    def _opened_number(self, code: str) -> int:
        _, data = self._link.box.client.response(code)
        return int(data[0] or 0)

    def _still_there(self, uids: Collection[int]) -> set[int]:
        return self._link.search("UID", uid_set(uids)) & set(uids) if uids else set()


def _pause(until: float, interrupted: Callable[[], bool]) -> bool:
    while not interrupted() and (left := until - clock.monotonic()) > 0:
        threading.Event().wait(min(left, GLANCE))
    return False
