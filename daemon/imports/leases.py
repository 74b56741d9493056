"""The leases: who rents what from whom, since when and for how much.

A line makes or updates its lease, the people named in it, its mandate, its owner and its building. No lease is deleted:
one that is no longer in the file is told (it left the agency, or the export lost it, and only a person knows).
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from archive.records import Contact, Lease, Mandate, Person, Property
from daemon.imports.faults import Findings
from daemon.imports.household import Household
from daemon.imports.lines import Line
from daemon.imports.rows import Counts, Owners, Properties, name_key, settle
from rules import cells
from rules.people import PersonWords, parse_people
from rules.plan import Role

OLDEST = date(1948, 9, 1)  # leases of the law of 1 September 1948 still run
YEAR = timedelta(days=366)
_MOST_NAMED = 20  # leases named in one warning


@dataclass(frozen=True, slots=True)
class LeaseLine:
    """One line of the file. `columns` are those of the lease, `place` those of its building."""

    line: int
    id: str
    mandate: str
    owner: str
    property: str
    place: dict[str, str]
    columns: dict[str, Any]
    people: tuple[PersonWords, ...]  # the tenant first
    contacts: tuple[tuple[str, str], ...]  # of the tenant


# --- reading


def read(lines: list[Line], findings: Findings, today: date) -> list[LeaseLine]:
    found = [_lease(line, today) for line in lines]
    _check_once(found, findings)
    _check_mandates(found, findings)
    _tell_shared_addresses(found, findings)
    return found


def _lease(line: Line, today: date) -> LeaseLine:
    emails = line.emails("tenant_email")
    phones = line.phones("tenant_phone")
    return LeaseLine(
        line=line.number,
        id=line.text("lease_id", required=True),
        mandate=line.text("mandate_no", required=True),
        owner=line.text("owner_name", required=True),
        property=line.text("property_name", required=True),
        place={
            "address": line.text("address"),
            "postcode": cells.postcode(line.text("postcode")),
            "city": line.text("city"),
        },
        columns=_money(line) | _term(line, today) | _notice(line, today, has_email=bool(emails)) | _more(line, today),
        people=_people(line),
        contacts=tuple(("email", email) for email in emails) + tuple(("phone", phone) for phone in phones),
    )


def _money(line: Line) -> dict[str, Any]:
    return {
        "rent": line.amount("rent_eur", required=True),
        "charges": line.amount("charges_eur"),
        "other": line.amount("other_eur"),
        "deposit": line.amount("deposit_eur"),
        "payment": line.choice("payment_method", cells.payment, ""),
    }


def _term(line: Line, today: date) -> dict[str, Any]:
    start = line.day("start_date", since=OLDEST, until=today + 2 * YEAR, required=True)
    end = line.day("end_date", since=OLDEST, until=today + 30 * YEAR)
    if start and end and end < start:
        line.fault("end_date", f"the lease ends before it starts ({start})")
    return {
        "lot": line.text("lot"),
        "furnished": line.choice("furnished", cells.answer, otherwise=False, required=True),
        "tense_zone": line.choice("zone_tendue", cells.answer, None),
        "start": start,
        "end": end,
        "insurance_until": line.day("insurance_expiry", since=OLDEST, until=today + 30 * YEAR),
    }


def _notice(line: Line, today: date, *, has_email: bool) -> dict[str, Any]:
    channel = line.choice("notice_channel", cells.channel, "post", required=True)
    consent = line.day("email_consent_date", since=OLDEST, until=today + YEAR)
    if channel == "email" and (consent is None or consent > today):
        # Law of 6 July 1989, art. 21: by e-mail only with the tenant's express agreement.
        line.warn("email_consent_date", "notices go by e-mail and no consent is dated: they will be posted")
    if channel == "email" and not has_email:
        line.warn("tenant_email", "notices go by e-mail and there is no address: they will be posted")
    return {"channel": channel, "consent_on": consent}


def _more(line: Line, today: date) -> dict[str, Any]:
    """The columns that a file may leave out: then what is known stays."""
    return {name: read(line, today) for column, (name, read) in _OPTIONAL.items() if column in line.named}


def _left_on(line: Line, today: date) -> date | None:
    """The tenant's last day, which isn't the end of the contract."""
    left = line.day("departure_date", since=OLDEST, until=today + YEAR)
    start = line.day("start_date", since=OLDEST, until=today + 2 * YEAR)
    if left and start and left < start:
        line.fault("departure_date", f"the tenant leaves before the lease starts ({start})")
    return left


_OPTIONAL: dict[str, tuple[str, Callable[[Line, date], Any]]] = {
    "mandate_reference": ("mandate_reference", lambda line, _: line.choice("mandate_reference", cells.mandate, "")),
    "postal_address": ("postal", lambda line, _: line.text("postal_address")),
    "departure_date": ("left_on", _left_on),
    "term_months": ("term_months", lambda line, _: line.choice("term_months", cells.months, 1)),
}


def _people(line: Line) -> tuple[PersonWords, ...]:
    last, first = line.text("tenant_last_name", required=True), line.text("tenant_first_name")
    civility = line.text("tenant_civility")
    wording = " ".join(part for part in (civility, last, first) if part)
    named = parse_people(line.named.get("co_tenants", ""), last)
    for person in named:
        if person.unclear:
            advice = f"kept as {person.role}; a person must say what {person.unclear!r} means"
            line.findings.warn(line.number, "co_tenants", person.wording, advice)
    return (PersonWords(last, first, Role.TENANT, civility, wording), *named)


def _check_once(found: list[LeaseLine], findings: Findings) -> None:
    first: dict[str, int] = {}
    for lease in found:
        seen = first.setdefault(lease.id, lease.line)
        if seen != lease.line and lease.id:
            findings.fault(lease.line, "lease_id", lease.id, f"this lease is on line {seen} already: keep one of them")


def _check_mandates(found: list[LeaseLine], findings: Findings) -> None:
    """A mandate is one owner's."""
    owners: dict[str, tuple[str, int]] = {}
    for lease in found:
        owner, line = owners.setdefault(lease.mandate, (lease.owner, lease.line))
        if name_key(owner) != name_key(lease.owner):
            advice = f"mandate {lease.mandate} is {owner!r}'s on line {line}: one of the two is wrong"
            findings.fault(lease.line, "owner_name", lease.owner, advice)


def _tell_shared_addresses(found: list[LeaseLine], findings: Findings) -> None:
    """A couple may share an address, or a tenant have a flat and a parking: two strangers shouldn't."""
    users: dict[str, LeaseLine] = {}
    for lease in found:
        for kind, value in lease.contacts:
            other = users.setdefault(value, lease)
            if kind == "email" and name_key(other.people[0].last_name) != name_key(lease.people[0].last_name):
                advice = f"also the address of {other.people[0].wording} (line {other.line}): see whose it is"
                findings.warn(lease.line, "tenant_email", value, advice)


# --- writing


def check(_found: list[LeaseLine], _findings: Findings) -> None:
    """Nothing in the database can contradict a lease."""


def write(found: list[LeaseLine], findings: Findings) -> Counts:
    counts, agency = Counts(), _Agency(found, findings)
    for lease in found:
        counts.count(added=lease.id not in agency.leases, changed=agency.take_in(lease))
    _tell_missing(set(agency.leases) - {lease.id for lease in found}, findings)
    return counts


def _tell_missing(ids: set[str], findings: Findings) -> None:
    if not ids:
        return
    named = ", ".join(sorted(ids)[:_MOST_NAMED]) + ("..." if len(ids) > _MOST_NAMED else "")
    advice = f"{len(ids)} known and no longer in this file: kept; record the departure of those who left"
    findings.warn(0, "lease_id", named, advice)


class _Agency:
    """What the database knows, read once, and brought to what the lines say one after the other."""

    def __init__(self, found: list[LeaseLine], findings: Findings) -> None:
        self.findings = findings
        self.leases = {lease.id: lease for lease in Lease.select()}
        self.mandates = {mandate.number: mandate for mandate in Mandate.select()}
        self.owners = Owners()
        self.properties = Properties()
        self.people: dict[str | None, list[Person]] = defaultdict(list)
        for person in Person.select().where(Person.lease.is_null(False)).order_by(Person.id):
            self.people[person.lease_id].append(person)
        self.contacts: dict[int | None, list[Contact]] = defaultdict(list)
        for contact in Contact.select().where(Contact.person.is_null(False)):
            self.contacts[contact.person_id].append(contact)
        self._named = {name_key(lease.property) for lease in found}
        self._placed: dict[str, LeaseLine] = {}  # the first line of each building gives its address

    def take_in(self, lease: LeaseLine) -> bool:
        """Bring everything behind one line to what it says; whether anything changed."""
        moved = self._mandate(lease)
        building, placed = self._property(lease)
        wanted = {**lease.columns, "mandate": lease.mandate, "property": building.code}
        known = self.leases.get(lease.id)
        if known is None:
            Lease.create(id=lease.id, **wanted)
            settled = True
        else:
            settled = settle(known, wanted)
        renamed = Household(lease, self.people[lease.id], self.contacts, self.findings).settle()
        return any((moved, placed, settled, renamed))

    def _mandate(self, lease: LeaseLine) -> bool:
        owner = self.owners.take(lease.owner)
        known = self.mandates.get(lease.mandate)
        if known is None:
            self.mandates[lease.mandate] = Mandate.create(number=lease.mandate, owner=owner)
            return True
        if known.owner_id == owner.id:
            return False
        advice = f"mandate {lease.mandate} was {known.owner.name!r}'s, and is now this owner's"
        self.findings.warn(lease.line, "owner_name", lease.owner, advice)
        return settle(known, {"owner": owner.id})

    def _property(self, lease: LeaseLine) -> tuple[Property, bool]:
        building = self.properties.find(lease.property)
        if building is None:
            return self._new_property(lease), True
        first = self._placed.setdefault(building.code, lease)
        if first.place != lease.place:
            advice = f"another address than on line {first.line} for {lease.property!r}: that one was kept"
            self.findings.warn(lease.line, "address", lease.place["address"], advice)
            return building, False
        return building, settle(building, lease.place)

    def _new_property(self, lease: LeaseLine) -> Property:
        renamed = next((row for row in self.properties if self._is_renamed(row, lease)), None)
        if renamed is None:
            made = self.properties.make(lease.property, self.findings, lease.line, **lease.place)
            self._placed[made.code] = lease
            return made
        advice = f"taken for {renamed.name!r} under a new name, at the same address: it keeps its code {renamed.code}"
        self.findings.warn(lease.line, "property_name", lease.property, advice)
        self.properties.rename(renamed, lease.property)
        self._placed[renamed.code] = lease
        return renamed

    def _is_renamed(self, row: Property, lease: LeaseLine) -> bool:
        """The same address, and a name that the file no longer knows."""
        same = bool(row.address) and all(name_key(getattr(row, name)) == name_key(v) for name, v in lease.place.items())
        return same and name_key(row.name) not in self._named
