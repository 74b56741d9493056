"""The agency as its printed letters show it, one letterhead for each office, from the configuration."""

import re
from functools import cached_property

from daemon import wording
from daemon.config import Config, Office
from rules.house import Bank, House, Legal

_TOWN = re.compile(r"\b\d{5}\s+(.+?)\s*$")


class Letterheads:
    """Made once an office. Raises OSError when the logo can't be read."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._made: dict[str, House] = {}

    def of(self, site: str) -> House:
        if site not in self._made:
            self._made[site] = self._house(self._config.office(site))
        return self._made[site]

    @cached_property
    def _logo(self) -> bytes:
        path = self._config.notices.logo
        return path.read_bytes() if path else b""

    def _house(self, office: Office) -> House:
        agency, settings = self._config.agency, self._config.notices
        address = office.postal_address or agency.postal_address or agency.legal.seat
        bank, legal = settings.bank, agency.legal
        return House(
            name=agency.name,
            city=_town(address) or _town(legal.seat) or agency.name,
            address=tuple(part.strip() for part in address.split(",") if part.strip()),
            phone=office.phone,
            email=agency.address,
            hours=wording.opening_hours(office.hours),
            emergency_phone=office.emergency_phone,
            colour=settings.colour,
            logo=self._logo,
            bank=Bank(bank.holder or agency.name, bank.iban, bank.bic, bank.creditor_id),
            legal=Legal(
                settings.company,
                settings.capital,
                settings.registration,
                legal.seat,
                legal.activity,
                legal.card,
                legal.issuer,
                legal.guarantor,
            ),
        )


def _town(address: str) -> str:
    found = _TOWN.search(address)
    return found[1] if found else ""
