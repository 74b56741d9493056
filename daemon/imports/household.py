"""The people of a lease, found again from one file to the next.

A person is the same under the same name; the tenant also under a corrected name, when half of it and an address or a
telephone are the same. A tenant who becomes somebody else leaves nothing of their addresses to the new one, except one
that a manager confirmed: then the person stays, as former.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from archive.records import Contact, Person
from daemon.imports.faults import Findings
from daemon.imports.rows import settle, settle_contacts
from rules.fold import fold
from rules.people import PersonWords
from rules.plan import Role


class NamesPeople(Protocol):
    """A line of the leases, for what it says of people."""

    @property
    def line(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def people(self) -> tuple[PersonWords, ...]: ...
    @property
    def contacts(self) -> tuple[tuple[str, str], ...]: ...


class Household:
    """The people of one lease: those its line names, the tenant first, and those the database knows."""

    def __init__(
        self,
        line: NamesPeople,
        known: Iterable[Person],
        contacts: Mapping[int | None, list[Contact]],
        findings: Findings,
    ) -> None:
        self.line = line
        self.left = [person for person in known if person.source == "import"]  # not yet found again in the line
        self.contacts = contacts
        self.findings = findings

    def settle(self) -> bool:
        paired = [(words, self._again(words)) for words in self.line.people]
        paired = [(words, person or self._corrected(words)) for words, person in paired]
        changed = [self._settle_person(words, person) for words, person in paired]
        gone = [self._let_go(person) for person in self.left]
        return any(changed) or any(gone)

    def _again(self, words: PersonWords) -> Person | None:
        """The person of the same name."""
        return self._pick(person for person in self.left if _same(person, words, "last_name", "first_name"))

    def _corrected(self, words: PersonWords) -> Person | None:
        """The tenant under a corrected name: half of it is the same, and so is an address or a telephone."""
        if words.role is not Role.TENANT:
            return None
        half = (p for p in self.left if _same(p, words, "last_name") or _same(p, words, "first_name"))
        given = set(self.line.contacts)
        return self._pick(p for p in half if given & {(c.kind, c.value) for c in self.contacts.get(p.id, [])})

    def _pick(self, candidates: Iterable[Person]) -> Person | None:
        found = next(iter(candidates), None)
        if found is not None:
            self.left.remove(found)
        return found

    def _settle_person(self, words: PersonWords, person: Person | None) -> bool:
        wanted = {
            "role": str(words.role),
            "civility": words.civility,
            "last_name": words.last_name,
            "first_name": words.first_name,
            "wording": words.wording,
        }
        made = person is None
        person = person or Person.create(lease=self.line.id, **wanted)
        contacts = self.line.contacts if words.role is Role.TENANT else ()
        reached = settle_contacts({"person": person.id}, self.contacts.get(person.id, []), contacts)
        return made or settle(person, wanted) or reached

    def _let_go(self, person: Person) -> bool:
        """Somebody whom the line no longer names; what a manager confirmed about them is kept."""
        if any(contact.source != "import" for contact in self.contacts.get(person.id, [])):
            if person.role != Role.FORMER:
                advice = f"{person.wording!r} is no longer named, but has a confirmed contact: kept as former"
                self.findings.warn(self.line.line, "co_tenants", "", advice)
            reached = settle_contacts({"person": person.id}, self.contacts[person.id], ())
            return settle(person, {"role": str(Role.FORMER)}) or reached
        person.delete_instance()
        return True


def _same(person: Person, words: PersonWords, *columns: str) -> bool:
    return all(fold(getattr(person, column)) == fold(getattr(words, column)) for column in columns)
