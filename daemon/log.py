"""One function per event, one line each on stderr: `event=letter_filed letter=1f0c2a9d case=VM-2026-000123`.

Whoever reads the log learns what happened and where to look, and nothing of a tenant but an id: the digest of a letter,
a case reference, a lease. No name, address or subject is an argument here; what a server or a library says in its own
words loses its addresses first. Under systemd a line begins with its priority (sd-daemon(3)) and journald gives the
time; elsewhere the line carries it.
"""

import contextlib
import json
import os
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol

from daemon import clock


class Priority(IntEnum):
    """As syslog(3) numbers them."""

    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6


class Filed(Protocol):
    """What the log wants of a pli of the tree (archive.tree.Filed has it)."""

    @property
    def digest(self) -> str: ...
    @property
    def record(self) -> Mapping[str, Any]: ...


SHORT = 8  # characters of a digest, as in the tree's file names
DEPTH = 4  # innermost frames of an unexpected error

_BARE = re.compile(r"[\w./:+,%\[\]-]+", re.ASCII)
_ADDRESS = re.compile(r"[^\s<>\"(),;:=\[\]]+@[^\s<>\"'(),;:=\[\]]+")


# --- the daemon itself


def started(version: str, pid: int) -> None:
    _say(Priority.NOTICE, "started", version=version, pid=pid)


def stopping(signal: str) -> None:
    _say(Priority.NOTICE, "stopping", signal=signal)


def stopped() -> None:
    _say(Priority.NOTICE, "stopped")


def reloaded() -> None:
    _say(Priority.NOTICE, "reloaded")


def reload_refused(problems: Sequence[str]) -> None:
    """The new configuration is faulty; the old one stays."""
    for problem in problems:
        _say(Priority.ERROR, "reload_refused", problem=problem)


def sender_died(exit_code: int | None) -> None:
    """The process that sends has ended by itself; the daemon ends too, and its next start recovers."""
    _say(Priority.ERROR, "sender_died", exit_code=exit_code)


def configuration_warning(warning: str) -> None:
    _say(Priority.WARNING, "configuration_warning", warning=warning)


def trouble(where: str, error: BaseException) -> None:
    """Something that passes by itself or that a person mends: a server gone, a full disk, a locked database."""
    _say(Priority.ERROR, "trouble", where=where, **_foreseen(error))


def crashed(where: str, error: BaseException) -> None:
    """An error that nobody foresaw, caught by one of the loops."""
    _say(Priority.ERROR, "crashed", where=where, **_unexpected(error))


# --- letters


def letter_received(digest: str, source: str) -> None:
    """Its bytes are on disk. `source` is `imap/<mailbox>`, `lmtp`, ..."""
    _say(Priority.INFO, "letter_received", letter=digest[:SHORT], source=source)


def letter_filed(filed: Filed) -> None:
    """It is in the tree and in the database, and its case is on the clock."""
    record = filed.record
    decision, attachment = record.get("decision") or {}, record.get("attachment") or {}
    _say(
        Priority.INFO,
        "letter_filed",
        letter=filed.digest[:SHORT],
        case=record.get("case"),
        label=decision.get("label"),
        lease=attachment.get("lease"),
    )


def duplicate_seen(digest: str, first: str) -> None:
    _say(Priority.INFO, "duplicate_seen", letter=digest[:SHORT], first=first[:SHORT])


def letter_failed(digest: str, error: BaseException) -> None:
    """It broke us once; it is tried again, three times in all."""
    _say(Priority.WARNING, "letter_failed", letter=digest[:SHORT], **_unexpected(error))


def letter_quarantined(digest: str, reason: str) -> None:
    """`reason` may quote the letter after its first colon: that part is in the quarantine only."""
    _say(Priority.ERROR, "letter_quarantined", letter=digest[:SHORT], reason=reason.partition(":")[0])


def letter_damaged(digest: str, kept: Path) -> None:
    """The disk has spoiled it before it was filed: kept aside, and asked for again where it came from by IMAP."""
    _say(Priority.ERROR, "letter_damaged", letter=digest[:SHORT], kept=kept)


# --- mailboxes


def imap_connected(mailbox: str) -> None:
    _say(Priority.INFO, "imap_connected", mailbox=mailbox)


def imap_lost(mailbox: str, error: BaseException, retry_in: timedelta) -> None:
    _say(Priority.WARNING, "imap_lost", mailbox=mailbox, **_foreseen(error), retry_in=_seconds(retry_in))


def imap_back(mailbox: str, away: timedelta) -> None:
    _say(Priority.NOTICE, "imap_back", mailbox=mailbox, away=_seconds(away))


def uidvalidity_changed(mailbox: str, folder: str) -> None:
    """The server numbers its letters anew: the folder is read again, and the letters known are only counted."""
    _say(Priority.WARNING, "uidvalidity_changed", mailbox=mailbox, folder=folder)


def letter_withheld(mailbox: str, folder: str, uid: int) -> None:
    """The server has the letter and doesn't give it: it is asked for every hour, and a person should look."""
    _say(Priority.ERROR, "letter_withheld", mailbox=mailbox, folder=folder, uid=uid)


def errand_failed(mailbox: str, kind: str, digest: str, error: BaseException) -> None:
    """A move or a copy in the mailbox that couldn't be done."""
    _say(Priority.WARNING, "errand_failed", mailbox=mailbox, kind=kind, letter=digest[:SHORT], **_foreseen(error))


def lmtp_listening(listen: str) -> None:
    _say(Priority.INFO, "lmtp_listening", listen=listen)


def lmtp_deferred(error: BaseException) -> None:
    """A letter was answered 4xx: the fault is ours, and the sending server keeps it."""
    _say(Priority.ERROR, "lmtp_deferred", **_foreseen(error))


def folder_changed(mailbox: str, folder: str, *, gone: bool) -> None:
    """A label folder was removed, renamed or numbered anew: it is watched from where it is now."""
    _say(Priority.NOTICE, "folder_changed", mailbox=mailbox, folder=folder, gone="yes" if gone else "no")


def case_changed(case: str, what: str, record: str) -> None:
    """A person made something of a case; `record` is the event in the tree."""
    _say(Priority.INFO, "case_changed", case=case, what=what, record=record)


def moves_held(mailbox: str, count: int) -> None:
    """Too many letters were moved at once: a person confirms or dismisses them (`learn confirm`)."""
    _say(Priority.WARNING, "moves_held", mailbox=mailbox, count=count)


# --- mail that goes out


def mail_sent(outgoing: int, kind: str, case: str | None) -> None:
    _say(Priority.INFO, "mail_sent", outgoing=outgoing, kind=kind, case=case)


def mail_deferred(outgoing: int, kind: str, case: str | None, reason: str, next_try_at: datetime) -> None:
    _say(
        Priority.WARNING,
        "mail_deferred",
        outgoing=outgoing,
        kind=kind,
        case=case,
        reason=without_addresses(reason),
        next_try_at=next_try_at.isoformat(timespec="seconds"),
    )


def mail_failed(outgoing: int, kind: str, case: str | None, reason: str) -> None:
    _say(Priority.ERROR, "mail_failed", outgoing=outgoing, kind=kind, case=case, reason=without_addresses(reason))


def mail_held(outgoing: int, kind: str, case: str | None, reason: str) -> None:
    """Kept back by a cap: a person decides (`outbox retry`)."""
    _say(Priority.WARNING, "mail_held", outgoing=outgoing, kind=kind, case=case, reason=without_addresses(reason))


def mail_uncertain(outgoing: int, kind: str, case: str | None) -> None:
    """The connection was cut after the last byte: it is repeated, with the same bytes and Message-ID."""
    _say(Priority.WARNING, "mail_uncertain", outgoing=outgoing, kind=kind, case=case)


def breaker_tripped(sent: int, limit: int) -> None:
    """Too many automatic answers in an hour: the others are held until the hour has room, or a person looks."""
    _say(Priority.ERROR, "breaker_tripped", sent=sent, limit=limit)


def relay_lost(error: BaseException) -> None:
    """The mail server that takes our mail can't be used; what waits keeps its time."""
    _say(Priority.ERROR, "relay_lost", **_foreseen(error))


def relay_back(away: timedelta) -> None:
    _say(Priority.NOTICE, "relay_back", away=_seconds(away))


# --- what is owed at a time


def duty_failed(key: str, error: BaseException) -> None:
    _say(Priority.ERROR, "duty_failed", duty=key, **_unexpected(error))


def notices_prepared(period: str, notices: int, odd: int) -> None:
    """A month's run was computed; accounting looks at it."""
    _say(Priority.INFO, "notices_prepared", period=period, notices=notices, odd=odd)


def notices_approved(period: str, notices: int) -> None:
    _say(Priority.NOTICE, "notices_approved", period=period, notices=notices)


def notices_filed(notices: int, mailed: int) -> None:
    """A group of notices stands in the tree; `mailed` of them wait in the outbox, the others are for the post."""
    _say(Priority.INFO, "notices_filed", notices=notices, mailed=mailed)


def notice_failed(key: str) -> None:
    """One notice couldn't be made; the others went on (`notices show`)."""
    _say(Priority.ERROR, "notice_failed", notice=key)


def notices_posted(period: str, notices: int, batch: int) -> None:
    """The print batch of those that go by post was made."""
    _say(Priority.NOTICE, "notices_posted", period=period, notices=notices, batch=batch)


def mail_returned(outgoing: int, kind: str, case: str | None) -> None:
    """A mail of ours came back: a person is told."""
    _say(Priority.WARNING, "mail_returned", outgoing=outgoing, kind=kind, case=case)


def mail_withdrawn(outgoing: int, kind: str, case: str | None, reason: str) -> None:
    """It was to go, and may no longer: a consent was withdrawn, a correction replaced it."""
    _say(Priority.NOTICE, "mail_withdrawn", outgoing=outgoing, kind=kind, case=case, reason=reason)


def order_done(name: str, letter: str, refused: str) -> None:
    """What a letter asked of us was done, or refused with this reason."""
    _say(Priority.INFO, "order_done", order=name, letter=letter[:SHORT], refused=refused or None)


def absences_faulty(reason: str) -> None:
    """A line of the calendar of absences that isn't understood, or the file itself."""
    _say(Priority.WARNING, "absences_faulty", reason=reason)


def batch_taken(period: str, pages: int, leases: int) -> None:
    """Accounting's own notices of a term were taken apart; nothing leaves before they are approved."""
    _say(Priority.INFO, "batch_taken", period=period, pages=pages, leases=leases)


def ledger_taken(letter: str, added: int, updated: int, unchanged: int) -> None:
    """An export that accounting mailed was taken in; its letter is told by its digest."""
    _say(
        Priority.INFO, "ledger_taken", letter=letter[:SHORT], added=added, updated=updated, unchanged=unchanged
    )  # fmt: skip


def ledger_refused(letter: str, faults: int) -> None:
    """An export that accounting mailed has faulty lines: nothing of it was taken in."""
    _say(Priority.WARNING, "ledger_refused", letter=letter[:SHORT], faults=faults)


def day_counted(seen: int, filed: int, duplicates: int, quarantined: int) -> None:
    """The daily arithmetic; `seen` is the sum of the others or something was lost."""
    priority = Priority.INFO if seen == filed + duplicates + quarantined else Priority.ERROR
    _say(priority, "day_counted", seen=seen, filed=filed, duplicates=duplicates, quarantined=quarantined)


# --- how a line is made


def line(event: str, pairs: Mapping[str, object]) -> str:
    """`event=... key=value ...` on one line, whatever the values hold; pairs without a value are left out."""
    said = {"event": event, **pairs}
    return " ".join(f"{key}={_value(value)}" for key, value in said.items() if value is not None)


def without_addresses(text: str) -> str:
    """The text of a server or a library, every e-mail address in it replaced."""
    return _ADDRESS.sub("[address]", text)


def _say(priority: Priority, event: str, **pairs: object) -> None:
    if "JOURNAL_STREAM" in os.environ:
        text = f"<{priority:d}>{line(event, pairs)}"
    else:
        text = f"{clock.now().isoformat(timespec='seconds')} {line(event, pairs)}"
    with contextlib.suppress(OSError, ValueError):  # a full or closed log must not stop the mail
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _value(value: object) -> str:
    """Bare when it is plainly one word; otherwise between quotes, every character that could end the line escaped."""
    text = str(value)
    if _BARE.fullmatch(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in quoted)


def _foreseen(error: BaseException) -> dict[str, object]:
    """An error of a server or of the machine: its words, for the operator."""
    return {"error": type(error).__name__, "reason": without_addresses(str(error)) or None}


def _unexpected(error: BaseException) -> dict[str, object]:
    """An error of ours: its kind and the way to it. Its words may quote a letter, so they aren't told."""
    frames = traceback.extract_tb(error.__traceback__)[-DEPTH:]
    way = ",".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return {"error": type(error).__name__, "at": way or None}


def _seconds(time: timedelta) -> str:
    return f"{time.total_seconds():.0f}s"
