"""The agency as its letters show it: name, address, bank, legal particulars. Plain values, from the configuration."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bank:
    """The account that rents are paid into (loi Hoguet: apart from the agency's own)."""

    holder: str = ""
    iban: str = ""  # with or without spaces
    bic: str = ""
    creditor_id: str = ""  # ICS, of the direct debits


@dataclass(frozen=True, slots=True)
class Legal:
    """What article 92 of decree 72-678 wants on every document, and the commercial code on a company's."""

    company: str = ""  # name and legal form
    capital: str = ""  # as printed
    registration: str = ""  # SIREN or RCS, as printed
    seat: str = ""
    activity: str = ""
    card: str = ""
    issuer: str = ""
    guarantor: str = ""


@dataclass(frozen=True, slots=True)
class House:
    """`colour` is a CSS colour; `logo` an SVG or PNG image (the name is set in type when there is none)."""

    name: str
    city: str
    address: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    hours: str = ""
    emergency_phone: str = ""
    colour: str = "#1d3557"
    logo: bytes = b""
    bank: Bank = Bank()
    legal: Legal = Legal()
