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
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Self

from imap_tools.errors import UnexpectedCommandStatusError
from imap_tools.utils import encode_folder, quote

from daemon import clock
from daemon.config import MailboxConfig
from daemon.errors import Permanent, Temporary
from daemon.imap_link import Disconnected, Link
from daemon.oauth import TokenSource

__all__ = ["Disconnected", "Fetched", "Session", "Status", "uid_set"]

BATCH_BYTES = 8 << 20  # letters fetched at once, besides their number: a 40 MB one comes alone
MOVE_BATCH = 200  # UIDs in one MOVE: 6,600 a second on Dovecot, 100 a second one by one
SIZES_AT_ONCE = 1000
LONGEST_IDLE = timedelta(minutes=28)  # RFC 2177: renewed before 29 minutes
GLANCE = 0.5  # seconds between two looks at whether somebody interrupts an IDLE

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_HAPPENED = re.compile(rb"\* \d+ (?:EXISTS|EXPUNGE|FETCH)", re.IGNORECASE)
_NAMESPACE = re.compile(rb'\(\("((?:[^"\\]|\\.)*)" (?:"((?:[^"\\]|\\.)*)"|NIL)')
_BRACKETS = re.compile(r"[<>\s]+")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A letter as the server keeps it. `raw` is None when it has the letter and doesn't give it."""

    uid: int
    internal_date: datetime | None
    raw: bytes | None


class Status(NamedTuple):
    uidvalidity: int
    uidnext: int


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
        self._ready: set[str] = set()  # folders that are known to exist
        self._root: tuple[str, str] | None = None

    def __enter__(self) -> Self:
        self._link.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._link.__exit__()

    # --- folders

    def status(self, folder: str) -> Status:
        """UIDVALIDITY and UIDNEXT of a folder."""
        with self._link.within(f"status of {folder!r}"):
            found = self._link.box.folder.status(self._name(folder), ("UIDVALIDITY", "UIDNEXT"))
            return Status(found["UIDVALIDITY"], found["UIDNEXT"])

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
            found = _NAMESPACE.match(data[0] or b"")
            if found:
                return found[1].decode("ascii", "replace"), (found[2] or b"").decode("ascii", "replace")
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
        if uidvalidity is not None and self._opened_validity() != uidvalidity:
            raise Temporary(f"{folder!r} has been renumbered (UIDVALIDITY) since its status was read")
        uids = sorted(uid for uid in self._link.search(f"UID {after_uid + 1}:*") if uid > after_uid)
        for some in _chunks(uids, SIZES_AT_ONCE):
            for pack in _packs(self._sizes(some), batch):
                yield self._letters(pack)

    def _sizes(self, uids: list[int]) -> list[tuple[int, int]]:
        answer = self._link.uid("FETCH", uid_set(uids), "(RFC822.SIZE)")
        found = ((_UID.search(line), _SIZE.search(line)) for line in answer if isinstance(line, bytes))
        sizes = {int(uid[1]): int(size[1]) for uid, size in found if uid and size}
        return [(uid, sizes[uid]) for uid in uids if uid in sizes]

    def _letters(self, pack: list[tuple[int, int]]) -> list[Fetched]:
        sizes = dict(pack)
        try:
            found = self._bodies(list(sizes), sum(sizes.values()))
        except Disconnected:
            raise
        except (Temporary, Permanent):  # one sick letter may refuse the whole batch
            found = {}
        for uid in sizes.keys() - found.keys():
            found |= self._one_by_one(uid, sizes[uid])
        return [found[uid] for uid in sizes if uid in found]

    def _one_by_one(self, uid: int, size: int) -> dict[int, Fetched]:
        """A letter that didn't come with the others: vanished, late, or there and not given."""
        with suppress(Permanent):
            found = self._bodies([uid], size)
            if found:
                return found
        return {uid: Fetched(uid, None, None)} if uid in self._link.search(f"UID {uid}") else {}

    def _bodies(self, uids: list[int], size: int) -> dict[int, Fetched]:
        answer = self._link.uid("FETCH", uid_set(uids), "(UID INTERNALDATE BODY.PEEK[])", size=size)
        return {letter.uid: letter for letter in _letters_in(answer)}

    def find(self, folder: str, message_id: str) -> list[int]:
        """The UIDs of the letters with that Message-ID (without brackets), in a folder; `[]` for an empty one."""
        wanted = _BRACKETS.sub("", message_id)
        if not wanted:
            return []
        self._open(folder, writing=False)
        charset = () if wanted.isascii() else ("CHARSET", "UTF-8")
        likely = self._link.search(*charset, "HEADER", "Message-ID", quote(wanted.encode()))
        return [uid for uid in sorted(likely) if self._message_id(uid) == wanted]  # a server looks for substrings

    def _message_id(self, uid: int) -> str:
        answer = self._link.uid("FETCH", str(uid), "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        heads = [item[1] for item in answer if isinstance(item, tuple)]
        return _BRACKETS.sub("", heads[0].partition(b":")[2].decode("utf-8", "replace")) if heads else ""

    # --- letters put away

    def present(self, folder: str, uids: Collection[int]) -> set[int]:
        """Those of the UIDs that still stand in the folder."""
        self._open(folder, writing=False)
        return self._still_there(uids)

    def move(self, folder: str, uids: Collection[int], target: str) -> set[int]:
        """Move letters to a folder that exists. Returns those that it moved; the others had left before."""
        self._open(folder, writing=True)
        moved: set[int] = set()
        for chunk in _chunks(sorted(uids), MOVE_BATCH):
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

    def flag(self, folder: str, uids: Collection[int]) -> None:
        r"""Set `\Flagged` (the star of a mail client), and nothing else."""
        self._open(folder, writing=True)
        for chunk in _chunks(sorted(uids), MOVE_BATCH):
            self._link.uid("STORE", uid_set(chunk), "+FLAGS.SILENT", r"(\Flagged)")

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
        self._open(folder, writing=False)
        with self._link.within("idle", extra=seconds), self._link.box.idle as idle:
            while not interrupted() and (left := until - clock.monotonic()) > 0:
                before = clock.monotonic()
                said = idle.poll(min(left, GLANCE))
                if any(_HAPPENED.match(line) for line in said):
                    return True
                if not said and clock.monotonic() - before < min(left, GLANCE) / 2:
                    break  # readable, and no line: the server has hung up, as the end of IDLE will find
        return False

    def _open(self, folder: str, *, writing: bool) -> None:
        with self._link.within(f"opening of {folder!r}"):
            self._link.box.folder.set(self._name(folder), readonly=not writing)

    def _opened_validity(self) -> int:
        _, data = self._link.box.client.response("UIDVALIDITY")
        return int(data[0] or 0)

    def _still_there(self, uids: Collection[int]) -> set[int]:
        return self._link.search("UID", uid_set(uids)) & set(uids) if uids else set()


def uid_set(uids: Iterable[int]) -> str:
    """UIDs as IMAP writes them: `3:7,9`."""
    ranges: list[list[int]] = []
    for uid in sorted(uids):
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in ranges)


def _letters_in(answer: list[Any]) -> Iterator[Fetched]:
    """A literal comes with what stands before and after it; lines without one tell of other people's flags."""
    for item, after in zip(answer, [*answer[1:], b""], strict=True):
        if not isinstance(item, tuple):
            continue
        about = item[0] + b" " + (after if isinstance(after, bytes) else b"")
        uid, date = _UID.search(about), _DATE.search(about)
        if uid:
            yield Fetched(int(uid[1]), _date(date[1].decode("ascii", "replace")) if date else None, item[1])


def _date(text: str) -> datetime | None:
    with suppress(ValueError, OverflowError):
        return parsedate_to_datetime(text.strip()).astimezone(UTC)
    return None


def _chunks(uids: Collection[int], size: int) -> Iterator[list[int]]:
    listed = list(uids)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def _packs(sizes: list[tuple[int, int]], batch: int) -> Iterator[list[tuple[int, int]]]:
    pack: list[tuple[int, int]] = []
    held = 0
    for uid, size in sizes:
        if pack and (len(pack) >= batch or held + size > BATCH_BYTES):
            yield pack
            pack, held = [], 0
        pack.append((uid, size))
        held += size
    if pack:
        yield pack


def _pause(until: float, interrupted: Callable[[], bool]) -> bool:
    while not interrupted() and (left := until - clock.monotonic()) > 0:
        threading.Event().wait(min(left, GLANCE))
    return False
