"""Rows brought to what a file says: made, changed or left alone, and what is counted of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archive.records import Contact, Owner, Property, Table, values
from daemon.imports.faults import Findings
from rules.fold import fold

MOST_CODES = 9999


@dataclass(slots=True)
class Counts:
    """How many lines of a file were new, changed something, or said what was known."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0

    def count(self, *, added: bool, changed: bool) -> None:
        self.added += added
        self.updated += changed and not added
        self.unchanged += not changed and not added


def settle(row: Table, wanted: Mapping[str, Any]) -> bool:
    """Change what differs, and say whether anything did. Foreign keys are given as ids."""
    now = values(row)
    different = [name for name, value in wanted.items() if now.get(name) != value]
    for name in different:
        setattr(row, name, wanted[name])
    if different:
        row.save(only=different)
    return bool(different)


def settle_contacts(owner: Mapping[str, Any], known: Iterable[Contact], wanted: Iterable[tuple[str, str]]) -> bool:
    """Bring the imported contacts of a person or a manager to `(kind, value)` pairs, in their order.

    A contact that a manager has confirmed is never touched, and isn't imported a second time.
    """
    known = sorted(known, key=lambda contact: int(contact.id))
    imported = [contact for contact in known if contact.source == "import"]
    confirmed = {(contact.kind, contact.value) for contact in known if contact.source != "import"}
    missing = [pair for pair in wanted if pair not in confirmed]
    if [(contact.kind, contact.value) for contact in imported] == missing:
        return False
    for contact in imported:
        contact.delete_instance()
    for kind, value in missing:
        Contact.create(**owner, kind=kind, value=value)
    return True


def name_key(name: str) -> str:
    """The form in which names of owners and buildings are compared: no case, no accents, single spaces."""
    return " ".join(fold(name).split())


class Owners:
    """The owners by their names."""

    def __init__(self) -> None:
        self._known = {name_key(owner.name): owner for owner in Owner.select()}

    def take(self, name: str) -> Owner:
        """The owner of that name, made if there is none."""
        found = self._known.get(name_key(name))
        if found is None:
            found = self._known[name_key(name)] = Owner.create(name=name)
        return found

    def missing_from(self, names: Iterable[str]) -> list[str]:
        seen = {name_key(name) for name in names}
        return [owner.name for key, owner in self._known.items() if key not in seen]


class Properties:
    """The buildings by their names. A new one gets the next code of four digits, which it keeps for ever."""

    def __init__(self) -> None:
        self._known = {name_key(row.name): row for row in Property.select().order_by(Property.code)}
        self._last = max((int(row.code) for row in self._known.values()), default=0)

    def __iter__(self) -> Iterator[Property]:
        return iter(self._known.values())

    def find(self, name: str) -> Property | None:
        return self._known.get(name_key(name))

    def make(self, name: str, findings: Findings, line: int, **columns: Any) -> Property:
        if self._last >= MOST_CODES:
            raise findings.refuse(f"{name!r} would be building {self._last + 1}: codes have four digits", line)
        self._last += 1
        made = self._known[name_key(name)] = Property.create(code=f"{self._last:04d}", name=name, **columns)
        return made

    def rename(self, row: Property, name: str) -> None:
        del self._known[name_key(row.name)]
        self._known[name_key(name)] = row
        settle(row, {"name": name})
