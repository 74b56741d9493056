"""Who is away today: by the calendar file of the configuration, and by the automatic answers of absent managers."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from archive.records import Contact, Manager, Message
from daemon import log
from daemon.reading.authenticity import is_refuted
from daemon.reading.parse import parse
from rules import absence
from rules.letter import normalise_address

OLDEST = timedelta(days=120)  # an older automatic answer tells nothing of today


class Absences:
    """What was read once is remembered.

    `bytes_of` gives a letter's bytes by its digest; `authserv` are servers whose Authentication-Results are believed.
    """

    def __init__(
        self,
        path: Path | None,
        timezone: ZoneInfo,
        bytes_of: Callable[[str], bytes],
        authserv: Collection[str] = (),
    ) -> None:
        self._path = path
        self._zone = timezone
        self._bytes_of = bytes_of
        self._authserv = authserv
        self._stamp: tuple[int, int] | None = None
        self._listed: tuple[absence.Absence, ...] = ()
        self._until: dict[str, date] = {}

    def away(self, now: datetime) -> frozenset[str]:
        """The ids of the managers who are away today."""
        today = now.astimezone(self._zone).date()
        return absence.away(self._calendar(), today) | self._answering(now, today)

    def _calendar(self) -> tuple[absence.Absence, ...]:
        """The lines of the file, read again when it has changed; what is wrong with it is said once."""
        if self._path is None:
            return ()
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                self._listed, faults = absence.read_calendar(self._path.read_text("utf-8"))
                self._stamp = stamp
                for fault in faults:
                    log.absences_faulty(f"{self._path}: {fault}")
        except (OSError, UnicodeDecodeError) as error:
            if self._stamp != (0, 0):
                log.absences_faulty(f"{self._path}: {getattr(error, 'strerror', None) or 'it is no UTF-8'}")
            self._stamp = (0, 0)
        return self._listed

    def _answering(self, now: datetime, today: date) -> frozenset[str]:
        """Managers whose mail program says that they are away, and who have written nothing since."""
        owners = _addresses()
        found = Message.select().where(
            Message.direction == "in", Message.sender.in_(list(owners)), Message.received_at > now - OLDEST
        )
        last = {owners[row.sender]: row for row in found.order_by(Message.received_at)}
        return frozenset(
            manager
            for manager, row in last.items()
            if row.automated and absence.announces(row.subject) and self._last_day(row) >= today
        )

    def _last_day(self, row: Message) -> date:
        if row.digest not in self._until:
            self._until[row.digest] = self._told_by(row)
        return self._until[row.digest]

    def _told_by(self, row: Message) -> date:
        """The last day of an absence; long ago when a server that we believe says that somebody else announced it."""
        received = row.received_at.astimezone(self._zone).date()
        try:
            letter = parse(self._bytes_of(row.digest), received_at=row.received_at)
        except OSError:  # the tree is away: what the subject says is enough
            return absence.until(str(row.subject), received)
        return (
            date.min
            if is_refuted(letter, self._authserv)
            else absence.until(f"{letter.subject}\n{letter.text}", received)
        )


def _addresses() -> Mapping[str, str]:
    """The manager of each address."""
    found = {contact.value: contact.manager_id for contact in Contact.select().where(Contact.manager.is_null(False))}
    return found | {normalise_address(manager.email): manager.id for manager in Manager.select()}


def problems(path: Path) -> tuple[str, ...]:
    """What is wrong with the calendar file, for `check`."""
    try:
        return tuple(f"{path}: {fault}" for fault in absence.read_calendar(path.read_text("utf-8"))[1])
    except OSError as error:
        return (f"{path}: {error.strerror}; make it, or leave reminders.absences out",)
    except UnicodeDecodeError:
        return (f"{path}: it is no UTF-8; save it as UTF-8 in your editor",)
