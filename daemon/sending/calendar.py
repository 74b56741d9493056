"""A due time as an iCalendar file (RFC 5545), in the words of iTIP (RFC 5546): published, moved, cancelled."""

from datetime import datetime
from typing import Any

from icalendar import Calendar, Event, vCalAddress, vText

from daemon import __version__


def event(
    method: str, uid: str, sequence: int, due_at: datetime, now: datetime, organizer: tuple[str, str], summary: str
) -> bytes:
    """The bytes of the file. `method`: PUBLISH or CANCEL; `organizer`: name and address. Times are written in UTC.

    The event has no length and leaves its reader free: it is when an answer is due, not a meeting.
    """
    calendar, entry = Calendar(), Event()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//Vaguemestre//{__version__}//FR")
    calendar.add("method", method)
    for name, value in _facts(uid, sequence, due_at, now, summary).items():
        entry.add(name, value)
    entry.add("organizer", _organizer(*organizer))
    if method == "CANCEL":
        entry.add("status", "CANCELLED")
    else:
        entry.add("status", "CONFIRMED")
    calendar.add_component(entry)
    return bytes(calendar.to_ical())


def _facts(uid: str, sequence: int, due_at: datetime, now: datetime, summary: str) -> dict[str, Any]:
    return {
        "uid": uid,
        "sequence": sequence,
        "dtstamp": now.replace(microsecond=0),
        "dtstart": due_at.replace(microsecond=0),
        "summary": summary,
        "transp": "TRANSPARENT",
    }


def _organizer(name: str, address: str) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{address}")
    organizer.params["CN"] = vText(name)
    return organizer
