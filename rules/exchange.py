"""What accounting's letters bring: an export of the accounts, the notices that its own software has printed.

Only the name, the kind and the subject are looked at; whether the letter is truly accounting's is asked elsewhere, and
what is inside is judged by whoever opens it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from rules.fold import fold
from rules.labels import period_coded, period_named
from rules.letter import Attachment, Letter
from rules.period import Period


class Parcel(StrEnum):
    """What a file is to us; the value names the order that takes it in."""

    LEDGER = "ledger"  # the tenants' accounts
    BATCH = "batch"  # a month's notices, printed by accounting


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that a letter brings. `number` is its place among the attachments, from 0."""

    number: int
    name: str
    what: Parcel
    period: str = ""  # of a batch, when the letter names it: 2026-12


_SHEETS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")  # those that aren't read are refused, with the cure
_SHEET_TYPES = frozenset({"text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"})
_OURS = re.compile(r"(?:avis|courrier|listes|contacts|anomalies)-[\w-]+\.csv$|(?:exemple|courrier|avis)-[\w-]+\.pdf$")
_NOTICES = re.compile(r"quittanc|echeance|\bavis\b|\bavis_|appels? de loyer")  # else a PDF is an invoice, a scan


def enclosed(letter: Letter) -> tuple[Enclosed, ...]:
    """The files to take in, in their order. Ours, which an answer brought back, are none."""
    found = (_seen(number, one, letter) for number, one in enumerate(letter.attachments) if one.content)
    return tuple(one for one in found if one is not None)


def _seen(number: int, one: Attachment, letter: Letter) -> Enclosed | None:
    name = fold(one.name)
    if one.inline or _OURS.match(name):
        return None
    if name.endswith(_SHEETS) or (not name and one.media_type in _SHEET_TYPES):
        return Enclosed(number, one.name or _named(one.media_type), Parcel.LEDGER)
    is_pdf = name.endswith(".pdf") or one.media_type == "application/pdf"
    if is_pdf and (_NOTICES.search(name) or _NOTICES.search(fold(letter.subject))):
        period = term_named(one.name) or term_named(letter.subject)
        return Enclosed(number, one.name, Parcel.BATCH, period.name if period else "")
    return None


def _named(media_type: str) -> str:
    return "export.csv" if media_type == "text/csv" else "export.xlsx"


def term_named(text: str) -> Period | None:
    """The term that a subject or a file's name says: `décembre 2026`, `2026-12`, `202612`."""
    words = re.sub(r"[_.]", " ", text)
    found = re.search(r"(?<!\d)(20\d\d)[ -](0[1-9]|1[0-2])(?!\d)", words)
    return period_named(words) or (period_coded(f"{found[1]}{found[2]}") if found else period_coded(words))
