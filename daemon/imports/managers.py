"""The managers: who answers for which buildings, from which office, and who stands in for whom.

Managers and leases may come in either order. A building that no lease has named yet is made, so that it has its manager
when its leases come, and told, because a misspelt name looks the same. A manager who is no longer in the file is kept,
and told while buildings are still theirs. A building has one manager in charge; others may share it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from archive.records import Contact, Lease, Manager, Property, Share
from daemon.imports.faults import Findings
from daemon.imports.lines import Line
from daemon.imports.rows import Counts, Properties, name_key, settle, settle_contacts
from rules import cells


@dataclass(frozen=True, slots=True)
class ManagerLine:
    line: int
    id: str
    columns: dict[str, Any]
    alternates: tuple[str, ...]  # addresses besides the first
    properties: tuple[str, ...]
    shared: tuple[str, ...] | None  # buildings of others'; None when the file doesn't say


# --- reading


def read(lines: list[Line], findings: Findings, _today: date) -> list[ManagerLine]:
    found = [_manager(line) for line in lines]
    ids: dict[str, int] = {}
    charges: dict[str, ManagerLine] = {}
    for manager in found:
        first = ids.setdefault(manager.id, manager.line)
        if first != manager.line and manager.id:
            findings.fault(manager.line, "manager_id", manager.id, f"it is on line {first} already: keep one of them")
        for name in manager.properties:
            other = charges.setdefault(name_key(name), manager)
            if other is not manager:
                advice = (
                    f"it is in {other.id}'s charge on line {other.line}; who shares it names it in shared_properties"
                )
                findings.fault(manager.line, "properties", name, advice)
    for manager in found:
        for name in manager.shared or ():
            if charges.get(name_key(name)) is manager:
                findings.fault(manager.line, "shared_properties", name, "it is in their own charge: name it once")
    return found


def _manager(line: Line) -> ManagerLine:
    emails = line.emails("email", required=True)
    columns = {
        "civility": line.text("civility"),
        "last_name": line.text("last_name", required=True),
        "first_name": line.text("first_name"),
        "email": emails[0] if emails else "",
        "phone": line.text("phone"),  # as tenants will read it
        "site": line.text("site"),
        "backup": line.text("backup_manager_id") or None,
    }
    if workplace := line.choice("works_in", cells.workplace, ""):
        columns["works_in"] = workplace  # a file without it leaves what is known
    id_ = line.text("manager_id", required=True)
    if columns["backup"] == id_:
        line.fault("backup_manager_id", "nobody stands in for themselves: leave it empty or name another manager")
    shared = cells.parts(line.text("shared_properties")) if "shared_properties" in line.named else None
    return ManagerLine(line.number, id_, columns, emails[1:], cells.parts(line.text("properties")), shared)


# --- writing


def check(found: list[ManagerLine], findings: Findings) -> None:
    known = {manager.id for manager in found} | {manager.id for manager in Manager.select(Manager.id)}
    for manager in found:
        backup = manager.columns["backup"]
        if backup and backup not in known:
            findings.fault(manager.line, "backup_manager_id", backup, "no manager has this id")


def write(found: list[ManagerLine], findings: Findings) -> Counts:
    counts, properties = Counts(), Properties()
    managers = {manager.id: manager for manager in Manager.select()}
    contacts: dict[str | None, list[Contact]] = defaultdict(list)
    for contact in Contact.select().where(Contact.manager.is_null(False)):
        contacts[contact.manager_id].append(contact)
    for line in found:
        known = managers.get(line.id)
        settled = _settle(line, known, contacts[line.id])
        charged = [_charge(name, line, properties, findings) for name in line.properties]
        shared = _shares(line) != _wanted(line)
        counts.count(added=known is None, changed=any((settled, shared, *charged)))
    _share(found, properties, findings)
    _discharge(found, properties, findings)
    _tell_missing(set(managers) - {line.id for line in found}, properties, findings)
    return counts


def _settle(line: ManagerLine, known: Manager | None, contacts: Iterable[Contact]) -> bool:
    if known is None:
        Manager.create(id=line.id, **line.columns)
    changed = known is None or settle(known, line.columns)
    reached = settle_contacts({"manager": line.id}, contacts, [("email", email) for email in line.alternates])
    return changed or reached


def _charge(name: str, line: ManagerLine, properties: Properties, findings: Findings) -> bool:
    building = properties.find(name)
    if building is not None:
        return settle(building, {"manager": line.id})
    near = get_close_matches(name, [row.name for row in properties], n=1)
    made = properties.make(name, findings, line.line, manager=line.id)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    findings.warn(line.line, "properties", name, f"no lease names it: made with code {made.code}{meant}")
    return True


def _shares(line: ManagerLine) -> set[str]:
    """The names of the buildings that a manager shares now, in the form in which they are compared."""
    rows = Share.select(Share, Property).join(Property).where(Share.manager == line.id)
    return {name_key(row.property.name) for row in rows}


def _wanted(line: ManagerLine) -> set[str]:
    return _shares(line) if line.shared is None else {name_key(name) for name in line.shared}


def _share(found: list[ManagerLine], properties: Properties, findings: Findings) -> None:
    """Once every building of the file is there: one that nobody has in charge is a slip of the pen."""
    for line in found:
        if line.shared is None:
            continue
        Share.delete().where(Share.manager == line.id).execute()
        for name in dict.fromkeys(line.shared):
            building = properties.find(name)
            if building is None:
                near = get_close_matches(name, [row.name for row in properties], n=1)
                meant = f"; did you mean {near[0]!r}?" if near else ""
                findings.warn(line.line, "shared_properties", name, f"no lease and no manager names it{meant}")
            else:
                Share.insert(property=building.code, manager=line.id).on_conflict_ignore().execute()


def _discharge(found: list[ManagerLine], properties: Properties, findings: Findings) -> None:
    """Buildings that a manager of the file no longer lists, and those with leases that nobody has in charge."""
    listed = {name_key(name) for line in found for name in line.properties}
    here = {line.id: line for line in found}
    for building in properties:
        if building.manager_id in here and name_key(building.name) not in listed:
            advice = f"no longer in {building.manager_id}'s charge, nor in another's"
            findings.warn(here[building.manager_id].line, "properties", building.name, advice)
            settle(building, {"manager": None})
        elif building.manager_id is None and _has_leases(building):
            findings.warn(0, "properties", building.name, "it has leases and nobody in charge")


def _has_leases(building: Property) -> bool:
    return bool(Lease.select().where(Lease.property == building.code).exists())


def _tell_missing(ids: set[str], properties: Properties, findings: Findings) -> None:
    for id_ in sorted(ids):
        charges = [building.name for building in properties if building.manager_id == id_]
        still = f"; still in charge of {', '.join(charges)}" if charges else ""
        findings.warn(0, "manager_id", id_, f"known and no longer in this file: kept{still}")
