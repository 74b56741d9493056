"""A case on one line, as reminders and digests show it: display-ready words, frozen with the mail that bears them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from archive.records import Case, Contact, Lease, Manager, Person, Property, Share
from daemon.wording import day, day_and_hour, shortened, tidy, typeset, words
from rules.letter import normalise_address

LONGEST_SUBJECT = 90  # characters

Local = Callable[[datetime], datetime]


class Lines:
    """Makes the lines of some cases, by a few questions to the database however many they are."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._names = names_of(case.sender for case in cases)
        self._managers = {manager.id: manager for manager in Manager.select()}
        wanted = [case.lease_id for case in cases if case.lease_id]
        leases = Lease.select(Lease, Property).join(Property).where(Lease.id.in_(wanted)) if wanted else []
        self._leases = {lease.id: lease for lease in leases}
        self._shares: defaultdict[str, list[str]] = defaultdict(list)
        for share in Share.select().order_by(Share.manager):
            self._shares[share.property_id].append(share.manager_id)

    def in_charge(self, case: Case) -> str | None:
        """The id of the case's manager, else of its building's."""
        lease = self._leases.get(case.lease_id)
        return case.manager_id or (lease.property.manager_id if lease else None)

    def beside(self, case: Case) -> tuple[str, ...]:
        """The ids of the managers who share it; a case that was handed to somebody is theirs alone."""
        lease = self._leases.get(case.lease_id)
        if lease is None or self.in_charge(case) != lease.property.manager_id:
            return ()
        return tuple(self._shares[lease.property_id])

    def site(self, case: Case) -> str:
        manager = self._managers.get(self.in_charge(case))
        return str(manager.site) if manager else ""

    def manager(self, case: Case) -> str:
        """The name of who is in charge, `''` when nobody is."""
        found = self._managers.get(self.in_charge(case))
        return f"{found.civility} {found.last_name}".strip() if found else ""

    def place(self, case: Case) -> str:
        """The building of a case."""
        lease = self._leases.get(case.lease_id)
        return tidy(lease.property.name) if lease else ""

    def line(self, case: Case, local: Local, now: datetime) -> dict[str, Any]:
        """What the templates know of a case; `local` puts a time on the office's clock."""
        lease = self._leases.get(case.lease_id)
        return {
            "ref": case.ref,
            "label": words()["labels"].get("" if case.to_sort else case.label, case.label),
            "subject": shortened(tidy(case.subject), LONGEST_SUBJECT) or words()["subjects"]["none"],
            "address": case.sender,
            "name": self._names.get(normalise_address(case.sender), case.sender),
            "place": _place(lease),
            "manager": self.manager(case),
            "due": day_and_hour(local(case.due_at)),
            "late": case.due_at < now and case.answered_at is None and case.paused_at is None,
            "state": state(case, local),
            "urgent": case.urgent,
        }


def state(case: Case, local: Local) -> str:
    """What is to be said of a case in place of its due time: answered, or waiting for somebody; `''` of the others."""
    told = words()["states"]
    waits = case.status == "waiting" and told["waits"].get(case.waits_for)
    if waits:
        return typeset(waits + (told["until"].format(day=day(local(case.waits_until))) if case.waits_until else ""))
    if case.answered_at is not None:
        return typeset(told["answered"].format(day=day(local(case.answered_at))))
    return ""


def _place(lease: Lease | None) -> str:
    if lease is None:
        return ""
    lot = words()["forms"]["lot"].format(lot=lease.lot) if lease.lot else ""
    return ", ".join(filter(None, (tidy(lease.property.name), lot)))


def names_of(addresses: Iterable[str]) -> Mapping[str, str]:
    """The names of the people who write from these addresses (the keys, normalised)."""
    wanted = {normalise_address(address) for address in addresses} - {""}
    if not wanted:
        return {}
    found = Contact.select(Contact, Person).join(Person).where(Contact.kind == "email", Contact.value.in_(wanted))
    return {contact.value: _called(contact.person) for contact in found}


def _called(person: Any) -> str:
    return " ".join(filter(None, (person.civility, person.last_name)))
