"""The agency as its letters are worked on: who is who, whose clock, who reads for whom now."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rules.calendar import Calendar
from rules.identity import Directory
from rules.reminders import Colleague, readers, stand_in


@dataclass(frozen=True, slots=True)
class House:
    """What is known of the agency. `calendars` are keyed by site, the agency's own under `""`."""

    directory: Directory
    calendars: Mapping[str, Calendar]
    timezone: ZoneInfo
    supervisor: str  # hears what nobody is in charge of; "" when nobody does
    team: Mapping[str, Colleague]  # the managers, by id
    shared: frozenset[str]  # managers who work in the shared mailbox
    moves: Mapping[str, bool]  # mailbox name -> its letters are moved
    away: frozenset[str] = frozenset()  # managers who are away now
    appointments: bool = False  # notices bring the due time for a calendar

    def readers(self, *managers: str | None) -> dict[str, str]:
        """The addresses that read what is for these managers now, and whom each of them replaces."""
        return readers(managers, self.team, self.away, self.supervisor)

    def reader(self, manager: str | None) -> str:
        """The one address that reads what is for a manager now; `''` when nobody does."""
        return next(iter(self.readers(manager)), "")

    def reading_together(self) -> frozenset[str]:
        """The managers of whom whoever reads for them now works in the shared mailbox."""
        return frozenset(one for one in self.team if stand_in(one, self.team, self.away) in self.shared)
