"""What kind of danger an urgent letter speaks of, so that the right numbers come first."""

import re

from rules.fold import fold

# In the order in which lives are lost: the first row that fits counts. Folded text: no accents, lower case.
KINDS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("co", ("monoxyde", "carbon monoxide", r"detecteur de co\b"), "kills without a smell: nobody may stay inside"),
    ("gas", (r"gaz\b", "gas leak", r"smell(?:s|ing)? (?:of )?gas", "propane", "butane"), "one spark is enough"),
    ("fire", (r"feu\b", "incendie", r"fumees?\b", "flammes?", r"fire\b", r"smoke\b", "brule"), "get out, close doors"),
    (
        "electricity",
        ("electri", "court[- ]circuit", "etincelle", "disjoncteur", r"sparks?\b", "(?:cable|fil)s? (?:nu|denude)"),
        "don't touch",
    ),
    ("water", (r"eau\b", r"fuites?\b", "inond", r"coule\b", "flood", r"water\b", "leak", "plafond"), "shut the main"),
)
_ROWS = tuple((kind, re.compile("|".join(rf"\b{sign}" for sign in signs))) for kind, signs, _ in KINDS)


def danger(text: str) -> str:
    """`co`, `gas`, `fire`, `electricity`, `water`; `other` when the text names none of them."""
    folded = fold(text)
    return next((kind for kind, pattern in _ROWS if pattern.search(folded)), "other")
