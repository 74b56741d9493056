"""The rent roll as identification needs it: who rents what, for whom, and who looks after it."""

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

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class LeaseEntry:
    """A lease. `manager`: id of the one in charge; `shares`: of others who share the building.

    `left_on`: a recorded departure; `parking`: no flat.
    """

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
    shares: tuple[str, ...] = ()
    site: str = ""
    left_on: date | None = None
    people: tuple[PersonEntry, ...] = ()
    parking: bool = False

    def left_before(self, day: date) -> bool:
        return self.left_on is not None and self.left_on < day


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
