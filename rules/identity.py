"""Whose letter it is: an equal address identifies, text only suggests."""

from dataclasses import dataclass
from datetime import date

from rules.plan import Role


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """Somebody named in a lease, with every address and telephone we know of them."""

    role: Role
    civility: str = ""
    last_name: str = ""
    first_name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeaseEntry:
    """A lease as identification needs it; `manager` is the id of the one in charge, `left_on` a recorded departure."""

    id: str
    mandate: str = ""
    owner: str = ""
    property_name: str = ""
    property_code: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""
    lot: str = ""
    manager: str | None = None
    site: str = ""
    left_on: date | None = None
    people: tuple[PersonEntry, ...] = ()
    parking: bool = False


@dataclass(frozen=True, slots=True)
class OwnerEntry:
    """An owner, with their mandates and the manager who answers to them."""

    name: str
    mandates: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class ManagerEntry:
    """A gestionnaire of the agency."""

    id: str
    name: str
    emails: tuple[str, ...] = ()
    site: str = ""
