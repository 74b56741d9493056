"""What a cell of a spreadsheet says: an amount, a day, yes or no, an address, a telephone.

French Excel writes `1 234,56` with a no-break space, `01/09/2019` and `VRAI`; other software writes `1234.56`,
`2019-09-01` and `yes`. Every form that can be read in one way only is read; one that could mean two things is refused.
Each function takes the text of a cell and raises ValueError with what is wrong and what to write instead.
"""

import re
from datetime import date
from decimal import Decimal
from typing import TypeVar

from rules.fold import fold
from rules.labels import Mode, mode
from rules.ledger import Kind
from rules.letter import normalise_address

T = TypeVar("T")

_PLAIN = re.compile(r"(-?)([0-9]+|[0-9]{1,3}(?: [0-9]{3})+)(?:[.,]([0-9]*))?")
_GROUPED = re.compile(r"(-?)([0-9]{1,3}(?:\.[0-9]{3})+(?=,)|[0-9]{1,3}(?:,[0-9]{3})+(?=\.))[.,]([0-9]*)")  # 1.234,56
_CURRENCY = re.compile(r"\s*(?:€|eur|euros?)$")
_LARGEST = 9  # digits before the decimals: a rent of a thousand million is a slip of the keyboard

_MIDNIGHT = r"(?:[T ]00:00(?::00(?:\.0+)?)?)?"
_ISO_DAY = re.compile(rf"([0-9]{{4}})[-/]([0-9]{{1,2}})[-/]([0-9]{{1,2}}){_MIDNIGHT}")
_FRENCH_DAY = re.compile(rf"([0-9]{{1,2}})[/.-]([0-9]{{1,2}})[/.-]([0-9]{{4}}){_MIDNIGHT}")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}")

_LOCAL = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_DOMAIN = r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_](?:[\w-]*[^\W_])"
_EMAIL = re.compile(rf"{_LOCAL}@{_DOMAIN}", re.ASCII)  # an accent there is a slip, nearly always
_LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3: a path is at most 256 octets, angle brackets included

# France's numbers abroad and at home: the country codes that a leading 0 replaces.
_HOME_CODES = {
    "33": "the mainland",
    "596": "Martinique",
    "590": "Guadeloupe, Saint-Martin, Saint-Barthélemy",
    "594": "Guyane",
    "262": "La Réunion, Mayotte",
}

# How people write it, folded; what we keep.
_ANSWERS = dict.fromkeys(("yes", "y", "oui", "o", "true", "vrai", "1", "x"), True) | dict.fromkeys(
    ("no", "n", "non", "false", "faux", "0"), False
)
_CHANNELS = dict.fromkeys(("email", "e-mail", "mail", "courriel", "electronique"), "email") | dict.fromkeys(
    ("post", "poste", "courrier", "postal", "papier"), "post"
)
_WORKPLACES = dict.fromkeys(("own", "propre", "personnelle"), "own") | dict.fromkeys(
    ("shared", "partagee", "commune"), "shared"
)
_TERMS = {str(count): count for count in (1, 2, 3, 6, 12)} | {
    "mensuel": 1, "bimestriel": 2, "trimestriel": 3, "semestriel": 6, "annuel": 12,
    "monthly": 1, "quarterly": 3, "yearly": 12,
}  # fmt: skip
_MANDATE = re.compile(r"[A-Za-z0-9+?/:().,' -]{1,35}")  # EPC130-08, AT-01
_PAYMENTS = (Mode.TRANSFER, Mode.DIRECT_DEBIT, Mode.CHEQUE, Mode.CASH, Mode.CARD, Mode.AID)


def amount(text: str) -> Decimal:
    """Euros, of two decimals. Never negative: a sum in the other direction stands in the other column."""
    plain = _CURRENCY.sub("", fold(" ".join(text.split())))
    found = _PLAIN.fullmatch(plain) or _GROUPED.fullmatch(plain)
    if found is None:
        raise ValueError("not an amount; write euros and cents, such as 742.18")
    sign, whole, decimals = found[1], re.sub(r"[ .,]", "", found[2]), found[3] or ""
    if len(decimals) > 2:  # noqa: PLR2004  cents
        raise ValueError("more than two decimals; write 1234.00 for a thousand, or round to the cent")
    if len(whole) > _LARGEST:
        raise ValueError("too large for an amount in euros")
    if sign and Decimal(f"{whole}.{decimals or 0}"):
        raise ValueError("negative; write it without its sign, in the column for the other direction if there is one")
    return Decimal(f"{whole}.{decimals:0<2}")


def day(text: str) -> date:
    """A date, ISO or French."""
    if found := _ISO_DAY.fullmatch(text):
        year, month, number = found[1], found[2], found[3]
    elif found := _FRENCH_DAY.fullmatch(text):
        number, month, year = found[1], found[2], found[3]
    elif _SHORT_YEAR.fullmatch(text):
        raise ValueError("write the year with four digits")
    else:
        raise ValueError("not a date; write 2026-11-24 or 24/11/2026")
    try:
        return date(int(year), int(month), int(number))
    except ValueError as error:
        raise ValueError(f"no such day ({error}); write 2026-11-24 or 24/11/2026") from error


def answer(text: str) -> bool:
    """Yes or no."""
    return _chosen(text, _ANSWERS, "yes or no")


def channel(text: str) -> str:
    """How the monthly notice goes: `email` or `post`."""
    return _chosen(text, _CHANNELS, "email or post")


def workplace(text: str) -> str:
    """Where a manager reads: `own` or `shared`."""
    return _chosen(text, _WORKPLACES, "own or shared")


def payment(text: str) -> str:
    """How a tenant pays: a `rules.labels.Mode`."""
    found = mode(text)
    if found not in _PAYMENTS:
        raise ValueError("an unknown way to pay; write virement, prélèvement, chèque, espèces, carte or CAF")
    return str(found)


def mandate(text: str) -> str:
    """The reference of a direct debit's mandate, RUM (SEPA: 35 characters of a small Latin set)."""
    if not _MANDATE.fullmatch(text):
        raise ValueError("a mandate reference (RUM) has at most 35 letters, figures and signs, without accents")
    return text


def months(text: str) -> int:
    """How many months one call covers."""
    return _chosen(text, _TERMS, "1, 2, 3, 6 or 12 (mensuel, trimestriel, semestriel, annuel)")


def movement_kind(text: str) -> str:
    """The nature of an account's line: a `rules.ledger.Kind`."""
    return _chosen(text, {str(kind): str(kind) for kind in Kind}, ", ".join(Kind))


def postcode(text: str) -> str:
    """A spreadsheet takes 01000 for a number and drops its zero."""
    return text.zfill(5) if text.isdigit() else text


def parts(text: str) -> tuple[str, ...]:
    """The values of a cell that holds several, separated by semicolons; each once, in their order."""
    return tuple(dict.fromkeys(" ".join(part.split()) for part in text.split(";") if part.strip()))


def email(text: str) -> str:
    """One address, as addresses are compared."""
    if len(text) > _LONGEST_EMAIL or not _EMAIL.fullmatch(text):
        raise ValueError("not an e-mail address; write name@domain.fr, and `;` between two")
    return normalise_address(text)


def phone(text: str) -> str:
    """The digits of a number; a French one as it is dialled in France, another with its `+` and country code."""
    written = " ".join(text.split())
    digits = re.sub(r"\D", "", written.replace("(0)", ""), flags=re.ASCII)
    if written.startswith(("+", "00")):
        return _from_abroad(digits.removeprefix("00") if written.startswith("00") else digits)
    if re.search(r"[^\d\s.\-/()]", written, flags=re.ASCII):
        raise ValueError("not a telephone number")
    if len(digits) == 9 and digits[0] != "0":  # noqa: PLR2004  a spreadsheet took it for a number and dropped its zero
        digits = f"0{digits}"
    if not re.fullmatch(r"0[1-9][0-9]{8}", digits):
        raise ValueError("a French number has ten digits; a foreign one begins with + and its country")
    return digits


def _from_abroad(digits: str) -> str:
    for code in _HOME_CODES:
        local = digits.removeprefix(code).removeprefix("0")
        if digits.startswith(code) and len(local) == 9:  # noqa: PLR2004  ten digits with their zero
            return f"0{local}"
    if digits.startswith("0") or not 7 <= len(digits) <= 15:  # noqa: PLR2004  ITU-T E.164: fifteen at most
        raise ValueError("an international number has 7 to 15 digits")
    return f"+{digits}"


def _chosen(text: str, choices: dict[str, T], wanted: str) -> T:
    found = choices.get(fold(text.strip()))
    if found is None:
        raise ValueError(f"write {wanted}")
    return found
