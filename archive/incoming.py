"""The one door in: a letter is durable here before anybody is told that we have it.

`<state>/incoming/<sha256>.eml` holds the received bytes, `<sha256>.<receipt>.json` one sight of them (two mailboxes,
or IMAP and LMTP, may see the same letter). What lies here is the to-do list: a file leaves it only after the database
knows the letter. The receipt gets its name before the letter, so a letter never waits without one; if a power cut
should keep only the letter, it is processed all the same.

A letter that the disk has spoiled meanwhile is put aside in `<state>/damaged`, as it is.

One process works on a folder; its threads may all use one `Incoming`.
"""

import errno
import heapq
import json
import os
import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import Any

from archive.durable import DISK, Disk, full_disk_told

WINDOW = 5000  # letters remembered at once, the oldest on the disk: a backlog of any size takes the same memory
IN_HAND = "in-hand"
_LETTER = re.compile(r"([0-9a-f]{64})\.eml")
_RECEIPT = re.compile(r"([0-9a-f]{64})\.[0-9a-f]{16}\.json")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LATEST = 2**33  # seconds, the year 2242: what every file system can keep as a file's time


# These say nothing of the file that was to be read. Others do: a bad sector, another owner, a link in its place.
_NOT_ITS_FAULT = frozenset({errno.ENOENT, errno.EMFILE, errno.ENFILE, errno.ENOMEM})


@dataclass(frozen=True, slots=True)
class Arrival:
    """One sight of a letter. `received_at`: IMAP INTERNALDATE or LMTP time; `seen_at`: when we saw it; both aware.

    `source` is imap, lmtp, or found: a letter that lay in the folder with no receipt, its times are those of the file.
    `envelope_sender`: `''` is the null sender, None means that the transport did not say.
    """

    source: str
    received_at: datetime
    seen_at: datetime
    mailbox: str = ""
    folder: str = ""
    uidvalidity: int = 0
    uid: int = 0
    lmtp_id: str = ""
    envelope_sender: str | None = None
    envelope_recipients: tuple[str, ...] = ()
    place: str = ""  # where it stood in the mailbox, when it wasn't received: sent, draft
    put_in: str = ""  # the rules.plan.Folder where a person had put it before we saw it

    @property
    def key(self) -> str:
        """What tells this sight from every other: a UID means nothing without its UIDVALIDITY (RFC 9051, 2.3.1.1)."""
        if self.source == "imap":
            return f"imap/{self.mailbox}/{self.folder}/{self.uidvalidity}/{self.uid}"
        return f"{self.source}/{self.lmtp_id}"


class Damaged(Exception):  # noqa: N818  a state of the world, not a mistake
    """The file of a letter no longer holds the bytes that were received, or can't be read. The text names it."""

    def __init__(self, text: str, digest: str, arrivals: tuple[Arrival, ...]) -> None:
        super().__init__(text)
        self.digest = digest
        self.arrivals = arrivals


class Incoming:
    """The letters that wait under `<state>/incoming`, which is made when missing."""

    def __init__(self, state: Path, *, window: int = WINDOW, disk: Disk = DISK) -> None:
        self._path = state / "incoming"
        self._aside = state / "damaged"
        self._disk = disk
        self._remembered = window
        self._lock = threading.RLock()
        self._drafts = count()
        self._window: dict[str, list[str]] = {}  # digest -> its receipts, oldest letter first
        self._read: dict[str, tuple[str, ...]] = {}  # the receipts that `read` gave
        disk.make_path(self._path)
        self._folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        disk.sync_path(self._path.parent)
        self._mark = os.open(IN_HAND, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640, dir_fd=self._folder)
        disk.sync_folder(self._folder, "incoming")

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._mark)
        os.close(self._folder)

    # --- the receiving side

    def receive(self, raw: bytes, arrival: Arrival) -> str:
        """Keep a letter; durable on return, and the same again does nothing more. Returns the sha256 of the bytes, hex.

        Raises DiskFull: answer 4xx, or leave the letter in its mailbox.
        """
        return self.receive_many([(raw, arrival)])[0]

    def receive_many(self, letters: Sequence[tuple[bytes, Arrival]]) -> list[str]:
        """The same for a group, with one fsync of the folder."""
        digests = [sha256(raw).hexdigest() for raw, _ in letters]
        files: dict[str, bytes] = {}  # receipts before letters
        times: dict[str, datetime] = {}
        for digest, (_, arrival) in zip(digests, letters, strict=True):
            files[_receipt_name(digest, arrival)] = _encode(arrival)
        for digest, (raw, arrival) in zip(digests, letters, strict=True):
            files[f"{digest}.eml"] = raw
            times[f"{digest}.eml"] = min(arrival.received_at, times.get(f"{digest}.eml", arrival.received_at))
        with full_disk_told(self._path):
            self._keep(files, times)
        return digests

    def _keep(self, files: Mapping[str, bytes], times: Mapping[str, datetime]) -> None:
        """Written and fsynced under other names, then named in their order. What is there already stays as it is."""
        drafts = {name: f"{os.getpid()}-{next(self._drafts)}.tmp" for name in files}
        try:
            self._disk.write_all(((drafts[name], content) for name, content in files.items()), self._folder, 0o640)
            for name, moment in times.items():
                self._date(drafts[name], moment)
            with self._lock:
                for name, draft in drafts.items():
                    self._name(draft, name)
        except OSError:
            for draft in drafts.values():
                self._disk.unlink(draft, self._folder)
            raise
        self._disk.sync_folder(self._folder, "incoming")

    def _date(self, draft: str, moment: datetime) -> None:
        """A letter's file bears the time of its receipt, as in a Maildir: the order is read without opening any."""
        seconds = min(max(moment.timestamp(), 0), _LATEST)
        os.utime(draft, (seconds, seconds), dir_fd=self._folder)

    def _name(self, draft: str, name: str) -> None:
        if self._holds(name):
            self._disk.unlink(draft, self._folder)
        else:
            self._disk.rename(draft, self._folder, name, self._folder)
        if _RECEIPT.fullmatch(name):
            self._remember(name)

    def _remember(self, receipt: str) -> None:
        """A letter of the window has one more receipt; others are found by the next scan."""
        known = self._window.get(receipt[:64])
        if known is not None and receipt not in known:
            known.append(receipt)

    # --- the working side

    def waiting(self, limit: int | None = None) -> list[str]:
        """Digests of the letters that wait, oldest first, `limit` at most. Reads the folder only when it must."""
        with self._lock:
            if limit is None or len(self._window) < limit:
                self._scan(None if limit is None else max(limit, self._remembered))
            return list(islice(self._window, limit))

    def size(self, digest: str) -> int:
        """The bytes of a letter; 0 when it waits no more."""
        with suppress(FileNotFoundError):
            return os.stat(f"{digest}.eml", dir_fd=self._folder, follow_symlinks=False).st_size
        return 0

    def read(self, digest: str) -> tuple[bytes, tuple[Arrival, ...]]:
        """The bytes and the receipts of a letter. Raises Damaged, or FileNotFoundError when it waits no more."""
        with self._lock:
            if digest not in self._window:
                self._scan(None)
            receipts = tuple(self._window.get(digest, ()))
            raw, fault = self._letter(digest)
            self._read[digest] = receipts
        arrivals = self._arrivals(digest, receipts)
        if fault:
            raise Damaged(fault, digest, arrivals)
        return raw, arrivals

    def set_aside(self, digest: str) -> Path:
        """A damaged letter waits no more: its file is kept as it is, with its receipts. Returns where."""
        self._disk.make_path(self._aside)
        number = next(n for n in count(1) if not (self._aside / f"{digest}.{n}.eml").exists())
        kept = self._aside / f"{digest}.{number}.eml"
        aside = os.open(self._aside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with self._lock:
                for name in self._read.pop(digest, ()):  # the letter last: alone it is still told as damaged
                    self._disk.rename(name, self._folder, name, aside)
                self._disk.rename(f"{digest}.eml", self._folder, kept.name, aside)
                self._disk.unlink(f"{digest}.tries", self._folder)
                self._window.pop(digest, None)
            self._disk.sync_folder(aside, "damaged")
            self._disk.sync_folder(self._folder, "incoming")
        finally:
            os.close(aside)
        return kept

    def _letter(self, digest: str) -> tuple[bytes, str]:
        """The bytes, and what is wrong with them."""
        file = f"{self._path / digest}.eml"
        try:
            raw = self._content(f"{digest}.eml")
        except OSError as error:
            if error.errno in _NOT_ITS_FAULT:
                raise
            return b"", f"{file} can't be read: {error.strerror}"
        found = sha256(raw).hexdigest()
        return raw, "" if found == digest else f"{file} no longer holds what was received: its sha256 is {found}"

    def _arrivals(self, digest: str, receipts: Sequence[str]) -> tuple[Arrival, ...]:
        read = [arrival for name in receipts if (arrival := _decode(self._content(name))) is not None]
        return tuple(sorted(read, key=lambda each: each.received_at)) or (self._found(digest),)

    def take(self, digests: Sequence[str]) -> None:
        """Durably: these are in hand. If the process dies before `release`, one of them may have killed it."""
        self._disk.cut(self._mark, 0, IN_HAND)
        with full_disk_told(self._path):
            self._disk.append(self._mark, "".join(f"{digest}\n" for digest in digests).encode(), IN_HAND)
        self._disk.sync(self._mark, IN_HAND)

    def release(self) -> None:
        """The group is done. If a power cut brings the mark back, each letter still here has one try less; no harm."""
        self._disk.cut(self._mark, 0, IN_HAND)

    def interrupted(self) -> list[str]:
        """At the start: the letters that were in hand when the process died. What a torn write left is cleared away."""
        self._sweep()
        marked = os.pread(self._mark, os.fstat(self._mark).st_size, 0).decode("ascii", "replace").split("\n")
        return [digest for digest in marked if _DIGEST.fullmatch(digest) and self._holds(f"{digest}.eml")]

    def count_try(self, digest: str) -> int:
        """Durably: one more try of a letter begins. Returns how many there were, this one included."""
        tries = self.tries(digest) + 1
        with full_disk_told(self._path):
            self._disk.replace(self._path / f"{digest}.tries", f"{tries}\n".encode())
        return tries

    def tries(self, digest: str) -> int:
        """How often a letter was tried with the count kept."""
        with suppress(FileNotFoundError, ValueError):
            return int(self._content(f"{digest}.tries"))
        return 0

    def done(self, digests: Sequence[str]) -> None:
        """After the database commit: the letters leave, with the receipts that `read` gave.

        A receipt that came meanwhile stays, and its letter with it. Not fsynced: a power cut may bring a letter back,
        and the key of its receipt says that it is recorded.
        """
        with self._lock:
            for digest in digests:
                self._leave(digest)

    def _leave(self, digest: str) -> None:
        read = self._read.pop(digest, ())
        left = [name for name in self._window.get(digest, ()) if name not in read]
        if not left:  # the letter before its receipts: a receipt alone is nothing, a letter alone would be found again
            self._disk.unlink(f"{digest}.eml", self._folder)
            self._disk.unlink(f"{digest}.tries", self._folder)
            self._window.pop(digest, None)
        else:
            self._window[digest] = left
        for name in read:
            self._disk.unlink(name, self._folder)

    # --- the folder

    def _scan(self, limit: int | None) -> None:
        """Look at the folder: the oldest letters by receipt, and the receipts of each."""
        letters: list[tuple[int, str]] = []
        receipts: dict[str, list[str]] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if _LETTER.fullmatch(entry.name):
                    with suppress(FileNotFoundError):
                        letters.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name[:64]))
                elif _RECEIPT.fullmatch(entry.name):
                    receipts.setdefault(entry.name[:64], []).append(entry.name)
        oldest = sorted(letters) if limit is None else heapq.nsmallest(limit, letters)
        self._window = {digest: sorted(receipts.get(digest, ())) for _, digest in oldest}

    def _sweep(self) -> None:
        """Drafts of a process that died, and receipts whose letter never came: nobody was told that we have it."""
        names = set(os.listdir(self._folder))  # noqa: PTH208  pathlib can't list a descriptor
        for name in sorted(names):
            alone = _RECEIPT.fullmatch(name) and f"{name[:64]}.eml" not in names
            if alone or name.endswith(".tmp"):
                self._disk.unlink(name, self._folder)

    def _found(self, digest: str) -> Arrival:
        """For a letter without any readable receipt."""
        moment = datetime.fromtimestamp(os.stat(f"{digest}.eml", dir_fd=self._folder).st_mtime, UTC)
        return Arrival("found", moment, moment, lmtp_id=digest)

    def _holds(self, name: str) -> bool:
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=self._folder, follow_symlinks=False)
            return True
        return False

    def _content(self, name: str) -> bytes:
        with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._folder), "rb") as file:
            return file.read()


def _receipt_name(digest: str, arrival: Arrival) -> str:
    return f"{digest}.{sha256(arrival.key.encode()).hexdigest()[:16]}.json"


def _encode(arrival: Arrival) -> bytes:
    fields = asdict(arrival) | {
        "received_at": arrival.received_at.isoformat(),
        "seen_at": arrival.seen_at.isoformat(),
    }
    return json.dumps(fields).encode()


def _decode(content: bytes) -> Arrival | None:
    """None for a receipt that can't be read: the letter counts more than its receipt."""
    with suppress(ValueError, TypeError, KeyError):
        fields: dict[str, Any] = json.loads(content)
        times = {name: datetime.fromisoformat(fields[name]) for name in ("received_at", "seen_at")}
        return Arrival(**(fields | times | {"envelope_recipients": tuple(fields["envelope_recipients"])}))
    return None
