"""Which prepared answer fits a common request: a draft for a manager to read and send, never sent by itself.

The words of the request decide, in the order of the table; a letter that asks for none of these gets no draft.
"""

import re
from enum import StrEnum

from rules.fold import fold
from rules.letter import Label


class Draft(StrEnum):
    """The answers of `templates/answers`, by the names of their files."""

    INSURANCE = "insurance"
    LEAVING = "leaving"
    CERTIFICATE = "certificate"
    BANK = "bank"
    STATEMENT = "statement"
    RECEIPT = "receipt"


# The words, folded, and why they mean that answer; the narrower ones first.
_TABLE: tuple[tuple[Draft, re.Pattern[str], str], ...] = (
    (Draft.INSURANCE, re.compile(r"\bassur(?:ance|e|er|eur)\b"), "the certificate of the home's insurance"),
    (Draft.LEAVING, re.compile(r"\bpreavis\b|\bresili\w+|\bdonner (?:mon|notre) conge\b"), "how one leaves"),
    (
        Draft.CERTIFICATE,
        re.compile(r"\b(?:attestation|certificat) (?:de |d')(?:location|residence|domicile|locataire|loyer|bail)\b"),
        "its names",
    ),
    (Draft.BANK, re.compile(r"\brib\b|\biban\b|\bcoordonnees bancaires\b"), "its names"),
    (Draft.STATEMENT, re.compile(r"\b(?:releve|decompte|historique|situation) (?:de |du |des )"), "its names"),
    (Draft.RECEIPT, re.compile(r"\bquittances?\b"), "its name"),
)


def draft(label: Label | str, said: str) -> Draft | None:
    """The answer for a request in these words (its subject and its gist); none for a complaint or a departure."""
    if label != Label.REQUEST:
        return None
    words = fold(said)
    return next((found for found, pattern, _ in _TABLE if pattern.search(words)), None)
