"""What kind of danger an urgent letter speaks of, so that the right numbers come first."""

import re

from rules.fold import fold

# In the order in which lives are lost: the first row that fits counts. Folded text: no accents, lower case.
KINDS: tuple[tuple[str, str, str], ...] = (
    ("co", r"\bmonoxyde|\bcarbon monoxide|\bdetecteur de co\b", "kills without a smell: nobody may stay inside"),
    ("gas", r"\bgaz\b|\bgas (?:leak|smell)|\bsmell(?:s|ing)? (?:of )?gas\b|\bpropane|\bbutane", "one spark is enough"),
    ("fire", r"\bfeu\b|\bincendie|\bfumees?\b|\bflammes?\b|\bfire\b|\bsmoke\b|\bbrule", "get out, close doors"),
    (
        "electricity",
        r"\belectri|\bcourt[- ]circuit|\betincelle|\bdisjoncteur|\btableau electrique|\bprise qui|\bsparks?\b|\bcables? (?:nus?|denudes?)|\bfils? (?:nus?|denudes?)",
        "don't touch",
    ),
    ("water", r"\beau\b|\bfuites?\b|\binond|\bdegat des eaux|\bcoule\b|\bflood|\bwater\b|\bleak|\bruissel|\bplafond", "shut the main"),
)
_ROWS = tuple((kind, re.compile(pattern)) for kind, pattern, _ in KINDS)


def danger(text: str) -> str:
    """`co`, `gas`, `fire`, `electricity`, `water`; `other` when the text names none of them."""
    folded = fold(text)
    return next((kind for kind, pattern in _ROWS if pattern.search(folded)), "other")
