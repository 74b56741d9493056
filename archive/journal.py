"""The journal: what happened to each pli, one line each, in a chain that nobody can mend unseen.

One file a day (`_ged/journal/2026/2026-11-24.journal`), ASCII, fields apart by tabs:

    PREV SEQ UTC OP ID SHA256(document) SHA256(sidecar) ACTOR

PREV is the sha256 of the previous line, its newline included (`head -1 FILE | sha256sum`); on the first line of a day,
of the whole previous file; on the very first line, 64 zeros. SEQ counts from 1 through all the days. `-` stands for a
hash that an event has not. There are only ids and hashes in it: a chain with a tenant's name could never honour an
erasure request. A day is never earlier than the last one, whatever the machine's clock says, and a file that has a
successor never changes.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from archive.durable import DISK, Disk, full_disk_told

GENESIS = "0" * 64
NONE = "-"
_WORD = re.compile(r"[!-~]+")
_HASH = re.compile(r"[0-9a-f]{64}|-")
_LINE = re.compile(
    rb"[0-9a-f]{64}\t\d+\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\t[A-Z]+\t[!-~]+"
    rb"\t(?:[0-9a-f]{64}|-)\t(?:[0-9a-f]{64}|-)\t[!-~]+\n"
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d\.journal")


class Op(StrEnum):
    """What can happen to a pli, or to the tree."""

    FILE = "FILE"
    OPEN = "OPEN"
    RELABEL = "RELABEL"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    ANSWER = "ANSWER"
    CLOSE = "CLOSE"
    REOPEN = "REOPEN"
    BREACH = "BREACH"
    UNLEARN = "UNLEARN"
    NOTE = "NOTE"
    AMEND = "AMEND"
    SENT = "SENT"
    RECLASSIFY = "RECLASSIFY"
    REVISE = "REVISE"
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    ELIMINATE = "ELIMINATE"
    VERIFY = "VERIFY"
    EXPORT = "EXPORT"
    SEAL = "SEAL"
    RECOVER = "RECOVER"


@dataclass(frozen=True, slots=True)
class Event:
    """One line to be. Raises ValueError for what can't stand in it: a space, an accent, a hash that is none."""

    op: str
    id: str
    document: str = NONE
    sidecar: str = NONE
    actor: str = "daemon"

    def __post_init__(self) -> None:
        Op(self.op)
        for word in (self.id, self.actor):
            if not _WORD.fullmatch(word):
                raise ValueError(f"{word!r} can't stand in the journal: ASCII without spaces only")
        for value in (self.document, self.sidecar):
            if not _HASH.fullmatch(value):
                raise ValueError(f"{value!r} is no sha256")


@dataclass(frozen=True, slots=True)
class _Tail:
    """The end of the chain: the last file and its size, the last sequence number, the hash of the last line."""

    day: str = ""
    size: int = 0
    sequence: int = 0
    link: str = GENESIS


class Journal:
    """The chain of one tree. Every method but `events` needs the tree's lock."""

    def __init__(self, folder: Path, disk: Disk = DISK) -> None:
        self._folder = folder
        self._disk = disk
        self._tail = _Tail()
        self._durable = ""  # the day whose file has a durable name

    def append(self, events: Sequence[Event], now: datetime) -> None:
        """Chain the events, with one fsync. Raises DiskFull, and then none of them is in the journal."""
        if not events:
            return
        tail = self._end()
        day = max(f"{now.astimezone(UTC):%Y-%m-%d}", tail.day)
        if day != tail.day:
            tail = _Tail(day, 0, tail.sequence, self._seal(tail.day))
        content, self._tail = _chained(events, tail, now)
        try:
            with full_disk_told(self._folder):
                self._write(day, tail.size, content)
        except BaseException:
            self._tail = _Tail()  # whatever was written, look again
            raise

    def mend(self) -> int:
        """After a crash: cut what a torn write left after the last whole line, and make the rest durable.

        Returns the number of bytes cut.
        """
        day = self._last_day()
        if not day:
            return 0
        with self._path(day).open("r+b") as file:
            content = file.read()
            sound = _sound_length(content)
            if sound < len(content):
                self._disk.cut(file.fileno(), sound, day)
            self._disk.sync(file.fileno(), day)  # lines that can be read may have been written without their fsync
        self._sync_name(day)
        self._tail = _Tail()
        return len(content) - sound

    def head(self) -> str:
        """The sha256 of the last line: who notes it elsewhere can prove later that nothing before it has changed."""
        return self._end().link

    def events(self, since: str = "") -> Iterator[Event]:
        """What happened, oldest first, from the day `since` (`2026-11-24`) on. A torn last line is left out."""
        for day in self._days():
            if day >= since:
                for line in self._path(day).read_bytes().splitlines(keepends=True):
                    if _LINE.fullmatch(line):
                        _prev, _sequence, _utc, *fields = line.decode("ascii").split()
                        yield Event(*fields)

    def last_seal(self) -> str:
        """The sha256 of the last day that is over: another day's lines have begun. `''` on the first day."""
        days = self._days()
        return self._seal(days[-2]) if len(days) > 1 else ""

    def _end(self) -> _Tail:
        """The end of the chain, read again when another process has written since."""
        day = self._last_day()
        if day and self._tail.day == day and self._path(day).stat().st_size == self._tail.size:
            return self._tail
        return self._read_end(day)

    def _read_end(self, day: str) -> _Tail:
        if not day:
            return _Tail()
        content = self._path(day).read_bytes()
        last = content[:-1].rpartition(b"\n")[2] + b"\n"
        if content and _LINE.fullmatch(last):
            return _Tail(day, len(content), int(last.split()[1]), sha256(last).hexdigest())
        if content:
            raise ValueError(f"the journal of {day} ends with {last[-60:]!r}: recover the tree first")
        before = [each for each in self._days() if each < day]  # died between making the file and its first line
        sequence = self._read_end(before[-1]).sequence if before else 0
        return _Tail(day, 0, sequence, self._seal(before[-1] if before else ""))

    def _seal(self, day: str) -> str:
        """The sha256 of a whole day."""
        return sha256(self._path(day).read_bytes()).hexdigest() if day else GENESIS

    def _write(self, day: str, size: int, content: bytes) -> None:
        path = self._path(day)
        self._disk.make_path(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
        try:
            self._append(descriptor, size, content, day)
        finally:
            os.close(descriptor)
        self._sync_name(day)

    def _sync_name(self, day: str) -> None:
        """Once a day and process: a file found at the start may have a name that never reached the disk."""
        if day != self._durable:
            self._disk.sync_path(self._path(day).parent)
            self._disk.sync_path(self._folder)
            self._durable = day

    def _append(self, descriptor: int, size: int, content: bytes, day: str) -> None:
        try:
            self._disk.append(descriptor, content, day)
        except OSError:
            self._disk.cut(descriptor, size, day)  # no half line stays when the disk is full
            raise
        self._disk.sync(descriptor, day)

    def _path(self, day: str) -> Path:
        return self._folder / day[:4] / f"{day}.journal"

    def _days(self) -> list[str]:
        return [day for year in sorted(_listed(self._folder)) for day in self._days_of(year)]

    def _days_of(self, year: str) -> list[str]:
        return sorted(name[:10] for name in _listed(self._folder / year) if _DAY.fullmatch(name))

    def _last_day(self) -> str:
        """The last day written, `''` before the first."""
        years = sorted(_listed(self._folder), reverse=True)
        return next((days[-1] for year in years if (days := self._days_of(year))), "")


def _listed(folder: Path) -> list[str]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return [path.name for path in folder.iterdir()]
    return []


def _chained(events: Sequence[Event], tail: _Tail, now: datetime) -> tuple[bytes, _Tail]:
    """The lines that continue the chain, and its new end."""
    moment = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    lines, link = [], tail.link
    for sequence, event in enumerate(events, tail.sequence + 1):
        fields = (link, str(sequence), moment, event.op, event.id, event.document, event.sidecar, event.actor)
        lines.append("\t".join(fields).encode("ascii") + b"\n")
        link = sha256(lines[-1]).hexdigest()
    content = b"".join(lines)
    return content, _Tail(tail.day, tail.size + len(content), tail.sequence + len(events), link)


def _sound_length(content: bytes) -> int:
    """The length without the malformed lines at the end; one in the middle is no torn write, it stays for `verify`."""
    lines = content.splitlines(keepends=True)
    while lines and not _LINE.fullmatch(lines[-1]):
        lines.pop()
    return sum(map(len, lines))
