"""The form in which words are compared: lower case, no accents, plain apostrophes.

A tenant's telephone drops accents, a scanner adds them: rules and the learned model both read the folded text. Folding
never changes the number of characters except for ligatures, and takes linear time.
"""

import re
import unicodedata

# Characters of our letters that have a plain equivalent; anything else keeps its lower-case form.
_PLAIN = {
    "œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
    "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "′": "'",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "", "\ufeff": "", "\x00": "", "\r": "",
}  # fmt: skip


def _table() -> dict[int, str]:
    table = {ord(key): value for key, value in _PLAIN.items()}
    for point in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        plain = "".join(c for c in unicodedata.normalize("NFD", chr(point)) if not unicodedata.combining(c)).lower()
        table.setdefault(point, _PLAIN.get(plain, plain))
    table.update(dict.fromkeys(range(768, 880), ""))  # accents typed apart from their letter (Apple, scanners)
    return table


_TABLE = {chr(point): plain for point, plain in _table().items()}
_FOREIGN = re.compile(r"[^\x00-\x7f]")


def fold(text: str) -> str:
    """`text` in lower case without accents, ligatures or typographic apostrophes."""
    folded = text.lower()
    if not folded.isascii():
        for character in set(_FOREIGN.findall(folded)):  # a letter has a dozen of them; `translate` is ten times slower
            folded = folded.replace(character, _TABLE.get(character, character))
    return folded.replace("`", "'").replace("\r", "").replace("\x00", "")
