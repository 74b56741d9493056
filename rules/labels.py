"""What accounting's lines say of themselves: the component of a call, the mode of a payment, the term that it names.

Accounting software writes free French labels and short references. Each table below is read from the top, the first row
that matches decides, and every row says why it is there. Labels are compared without accents and in lower case.
"""

import re
from datetime import date
from enum import StrEnum
from functools import lru_cache

from rules import fold as plain
from rules.period import Period, month, months_from, quarter


class Component(StrEnum):
    """What a sum is owed for."""

    RENT = "rent"
    CHARGES = "charges"
    OTHER = "other"  # parking, cellar, insurance for account: called with the term
    ARREARS = "arrears"  # a balance carried forward, whose terms are no longer known
    REGULARISATION = "regularisation"  # yearly charges, TEOM: owed once, beside the terms
    DEPOSIT = "deposit"
    FEES = "fees"
    REFUND = "refund"  # money given back to the tenant
    UNPAID = "unpaid"  # a payment came back, and which one can't be told


class Mode(StrEnum):
    """How a debt is settled."""

    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct_debit"
    CHEQUE = "cheque"
    CASH = "cash"
    CARD = "card"
    AID = "aid"  # housing aid, paid to the agency by the CAF or the MSA
    OFFSET = "offset"  # compensation (C. civ. 1347) with what the agency owed the tenant
    REBATE = "rebate"  # the sum is no longer asked
    UNKNOWN = "unknown"


# What a call's line is for; "loyer parking" is parking, so the accessories come before the rent.
PARKING = r"stationnement|parking|garage|\bbox\b"
COMPONENTS: tuple[tuple[str, Component], ...] = (
    (r"depot de garantie|\bcaution\b", Component.DEPOSIT),  # called with the first term, never part of it
    (r"regul", Component.REGULARISATION),  # before "charges": "regularisation charges 2025"
    (r"\bfrais\b|honoraires", Component.FEES),
    (r"provision|forfait|charges|\bteom\b|ordures|\beau\b|chauffage", Component.CHARGES),
    (rf"{PARKING}|\bcave\b|jardin|assurance", Component.OTHER),
    (r"loyer|revision|indemnite d.occupation", Component.RENT),
)

# How it was paid; an export that says nothing in its label often does in its reference.
MODES: tuple[tuple[str, Mode], ...] = (
    (r"\bcaf\b|\bmsa\b|tiers payant|\bapl\b|\bals\b|\balf\b", Mode.AID),  # before "virement": the CAF pays by transfer
    (r"prelevement|\bprlv\b|\bsdd\b", Mode.DIRECT_DEBIT),
    (r"cheque|\bchq\b", Mode.CHEQUE),
    (r"espece|\besp\b|guichet", Mode.CASH),
    (r"\bcarte\b|\bcb\b|\btpe\b", Mode.CARD),
    (r"virement|\bvir\b|\bsct\b", Mode.TRANSFER),
)

UNLIVED = re.compile(PARKING)  # nobody's post goes there
REJECTED = re.compile(r"rejet|impaye|retour|\brej\b|r-?transaction")  # a payment that came back
REFUNDED = re.compile(r"solde de tout compte|rembours|\bsolde-")
REASSIGNED = re.compile(r"reaffect|impute par erreur|\bod-")  # booked on the wrong account, and moved
CANCELLED = re.compile(r"annul|doublon|extourne")  # a line called by mistake
CARRIED = re.compile(r"solde anterieur|a nouveau|report|\bran-")
PLANNED = re.compile(r"echeancier|plan d.apurement")  # the current rent and an instalment of a plan
SETTLED = re.compile(r"solde de tout compte|\bsolde-")  # the account of a tenant who left was closed

MONTHS = {
    "janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6,
    "juillet": 7, "aout": 8, "septembre": 9, "octobre": 10, "novembre": 11, "decembre": 12,
    "janv": 1, "fevr": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip

# A ledger says the same few things thousands of times.
fold = lru_cache(maxsize=8192)(plain.fold)

_DAY = r"(\d{1,2})/(\d{1,2})/(20\d\d)"
_RANGE = re.compile(rf"du {_DAY} au {_DAY}")
_QUARTER = re.compile(r"\b([1-4]) ?(?:er|e|eme|nd|de)? ?trim\w*\.? (20\d\d)|\bt([1-4])[ -/](20\d\d)")
# "Révision IRL T3 2026": the quarter of an index, which is no term.
_INDEX = re.compile(
    r"\b(?:irl|ilc|ilat|icc|indice)\b[^,;]{0,24}?"
    r"(?:\b[1-4] ?(?:er|e|eme|nd|de)? ?trim\w*\.? 20\d\d|\bt[1-4][ -/]20\d\d)"
)
_NAMED = re.compile(r"\b(" + "|".join(MONTHS) + r")\b\.? ?(?:de )?(20\d\d)")
_NUMBERED = re.compile(r"(?<![\d/])(?:(0[1-9]|1[0-2])/(20\d\d)|(20\d\d)-(0[1-9]|1[0-2]))(?![\d/-])")
_COMPACT = re.compile(r"(?<!\d)(20\d\d)(0[1-9]|1[0-2])(?!\d)")  # APP-202612-L00101
_AID_MONTH = re.compile(r"(?<!\d)(\d\d)(0[1-9]|1[0-2])(?!\d)")  # CAF-2610-82620
_SINGLE_DAY = re.compile(_DAY)


@lru_cache(maxsize=8192)
def component(label: str) -> Component:
    """What a called line is for; OTHER when its label says nothing known."""
    text = fold(label)
    return next((found for pattern, found in COMPONENTS if re.search(pattern, text)), Component.OTHER)


@lru_cache(maxsize=8192)
def mode(label: str, reference: str = "") -> Mode:
    """How a payment came: the label's word wins over the reference's prefix."""
    for text in (fold(label), fold(reference)):
        for pattern, found in MODES:
            if re.search(pattern, text):
                return found
    return Mode.UNKNOWN


@lru_cache(maxsize=8192)
def says(pattern: re.Pattern[str], label: str, reference: str = "") -> bool:
    """One of the patterns above is in the label or in the reference."""
    return bool(pattern.search(fold(label)) or pattern.search(fold(reference)))


@lru_cache(maxsize=8192)
def period_named(text: str) -> Period | None:
    """The term that a label or a reference names, if it names one: a month, a quarter, or two dates.

    A range inside one month is that month's term (a prorata), one over several is a term of several months.
    """
    folded = _INDEX.sub(" ", fold(text))
    if match := _RANGE.search(folded):
        return _range(match)
    if match := _QUARTER.search(folded):
        return quarter(int(match[2] or match[4]), int(match[1] or match[3]))
    if match := _NAMED.search(folded):
        return month(int(match[2]), MONTHS[match[1]])
    if match := _NUMBERED.search(folded):
        return month(int(match[2] or match[3]), int(match[1] or match[4]))
    return None


def period_coded(reference: str) -> Period | None:
    """The month in a call's reference, such as APP-202612-L00101."""
    match = _COMPACT.search(reference)
    return month(int(match[1]), int(match[2])) if match else None


def aid_month(reference: str) -> Period | None:
    """The month that a housing-aid payment is for, such as CAF-2610-82620."""
    match = _AID_MONTH.search(reference)
    return month(2000 + int(match[1]), int(match[2])) if match else None


def day_named(label: str) -> date | None:
    """The first full date in a label: the day of a payment that was moved."""
    match = _SINGLE_DAY.search(label)
    return _day(match[1], match[2], match[3]) if match else None


def _range(match: re.Match[str]) -> Period | None:
    first, last = _day(*match.groups()[:3]), _day(*match.groups()[3:])
    if first is None or last is None or last < first:
        return None
    span = (last.year - first.year) * 12 + last.month - first.month + 1
    return months_from(first, span)


def _day(day: str, number: str, year: str) -> date | None:
    try:
        return date(int(year), int(number), int(day))
    except ValueError:  # 31/02: what a person typed
        return None
