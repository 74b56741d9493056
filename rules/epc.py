"""The QR code that a banking app reads to fill a transfer in: EPC069-12, version 2, as text.

Twelve lines at most: service tag, version, character set (1 is UTF-8), identification, BIC, name, IBAN, amount,
purpose, structured reference, free text. Names are folded to what every SEPA bank must carry (EPC217-08).
"""

import re
import unicodedata
from decimal import Decimal

from rules.ledger import ZERO

NAME, TEXT = 70, 140  # characters: the whole then stays under the 331 bytes of version 13
MOST = Decimal("999999999.99")

# EPC217-08: what a payment message may hold without a bank refusing or mangling it.
_CARRIED = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
_FOLDED = str.maketrans({
    "–": "-", "—": "-", "’": "'", "&": "+", "\u00a0": " ", "\u202f": " ",
    "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
})  # fmt: skip


def payload(name: str, iban: str, bic: str, amount: Decimal, text: str) -> str:
    """What the code says. Raises ValueError, which quotes what is wrong; `iban` is taken as checked."""
    if not ZERO < amount <= MOST:
        raise ValueError(f"{amount} euros can't be asked by QR code: from 0.01 to {MOST}")
    holder, message = sepa(name), sepa(text)
    if not 0 < len(holder) <= NAME or len(message) > TEXT:
        raise ValueError(f"{name!r} or {text!r} is empty or too long for a QR code (at most {NAME} and {TEXT})")
    lines = ("BCD", "002", "1", "SCT", _bare(bic), holder, _bare(iban), f"EUR{amount:.2f}", "", "", message)
    return "\n".join(lines)


def sepa(text: str) -> str:
    """`text` in the SEPA character set: accents dropped, what has no equivalent left out."""
    plain = unicodedata.normalize("NFD", text.translate(_FOLDED))
    return " ".join(_CARRIED.sub("", plain).split())


def _bare(code: str) -> str:
    return re.sub(r"\s", "", code).upper()
