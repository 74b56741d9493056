"""How IMAP writes UIDs, sizes, dates and letters, and how we read them. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

BATCH_BYTES = 8 << 20  # letters fetched at once, besides their number: a 40 MB one comes alone

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_DRAFT = re.compile(rb"\bFLAGS \([^)]*\\Draft\b", re.IGNORECASE)
_NAMESPACE = re.compile(rb'\(\("((?:[^"\\]|\\.)*)" (?:"((?:[^"\\]|\\.)*)"|NIL)')


@dataclass(frozen=True, slots=True)
class Fetched:
    """A letter as the server keeps it. `raw` is None when it has the letter and doesn't give it."""

    uid: int
    internal_date: datetime | None
    raw: bytes | None
    draft: bool = False


class Status(NamedTuple):
    uidvalidity: int
    uidnext: int


def uid_set(uids: Iterable[int]) -> str:
    """UIDs as IMAP writes them: `3:7,9`."""
    ranges: list[list[int]] = []
    for uid in sorted(uids):
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in ranges)


def shown(name: str, delimiter: str) -> str:
    """A folder as a mail client shows it: `/` between levels, without the prefix that some servers want."""
    plain = name.replace(delimiter, "/") if delimiter else name
    return "INBOX" if plain.upper() == "INBOX" else plain.removeprefix("INBOX/")


def letters_in(answer: list[Any]) -> Iterator[Fetched]:
    """A literal comes with what stands before and after it; lines without one tell of other people's flags."""
    for item, after in zip(answer, [*answer[1:], b""], strict=True):
        if not isinstance(item, tuple):
            continue
        about = item[0] + b" " + (after if isinstance(after, bytes) else b"")
        uid, date = _UID.search(about), _DATE.search(about)
        if uid:
            told = _date(date[1].decode("ascii", "replace")) if date else None
            yield Fetched(int(uid[1]), told, item[1], _DRAFT.search(about) is not None)


def _date(text: str) -> datetime | None:
    with suppress(ValueError, OverflowError):
        return parsedate_to_datetime(text.strip()).astimezone(UTC)
    return None


def format_date(day: date) -> str:
    """As a SEARCH wants it, in no language but IMAP's: `1-Feb-2026` (RFC 9051, 9)."""
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"


def chunks(uids: Collection[int], size: int) -> Iterator[list[int]]:
    listed = list(uids)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def packs(sizes: list[tuple[int, int]], batch: int) -> Iterator[list[tuple[int, int]]]:
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


def sizes_in(answer: list[Any]) -> dict[int, int]:
    """Bytes by UID."""
    found = ((_UID.search(line), _SIZE.search(line)) for line in answer if isinstance(line, bytes))
    return {int(uid[1]): int(size[1]) for uid, size in found if uid and size}


def namespace_in(answer: list[Any]) -> tuple[str, str] | None:
    """Prefix and separator of the personal namespace (RFC 2342)."""
    found = _NAMESPACE.match(answer[0] or b"") if answer else None
    if found is None:
        return None
    return found[1].decode("ascii", "replace"), (found[2] or b"").decode("ascii", "replace")
