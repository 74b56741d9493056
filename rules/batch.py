"""A month's notices in one file, printed by accounting's software: which page is whose, and what each one asks for.

A page belongs to the one lease that it names. A second page that names none belongs to the first only when it says so
("page 2/2"). A page that names two leases is nobody's: it must never reach the wrong person.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules import cells
from rules.fold import fold

# What stands before the sum to pay, in the order in which it is believed.
_TOTALS = (
    r"(?:net|total|montant|solde) (?:general )?(?:a|restant a) (?:payer|regler)",
    r"(?:total|solde|montant|net) (?:a votre debit|du|exigible|a devoir)\b",
    r"total (?:general|de l.avis|de l.echeance|ttc)",
    r"\btotal\b",
)
_SUM = re.compile(r"(?<![\d.,])(-? ?\d{1,3}(?:[ .]\d{3})*,\d{2}|-? ?\d+[.,]\d{2})(?![\d])")
_PAGE = re.compile(r"\bpage ?:? ?(\d{1,2}) ?(?:/|sur|de) ?(\d{1,2})\b")
_WORD = re.compile(r"\w[\w./-]*")
_NEAR = 90  # characters between the words and their sum

References = Callable[[str], frozenset[str]]  # the leases that a page's text names


@dataclass(frozen=True, slots=True)
class Part:
    """The pages (from 0) of one lease, and the sum that they ask for; None when none could be read."""

    lease: str
    pages: tuple[int, ...]
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Split:
    """A file taken apart. `unclaimed` pages name no lease; `disputed` ones name several."""

    parts: tuple[Part, ...]
    unclaimed: tuple[int, ...] = ()
    disputed: tuple[int, ...] = ()


def split(pages: Sequence[str], named: References) -> Split:
    """Take a file apart by what its pages say."""
    owners: dict[str, list[int]] = {}
    unclaimed: list[int] = []
    disputed: list[int] = []
    before: tuple[str, tuple[int, int] | None] = ("", None)  # the last page's lease, and its number
    for number, text in enumerate(pages):
        leases, at = named(text), _numbered(text)
        lease = next(iter(leases)) if len(leases) == 1 else ""
        if not leases and _follows(before[1], at):
            lease = before[0]
        if lease:
            owners.setdefault(lease, []).append(number)
        else:
            (disputed if leases else unclaimed).append(number)
        before = (lease, at)
    parts = (Part(lease, tuple(of), total("\n".join(pages[n] for n in of))) for lease, of in owners.items())
    return Split(tuple(parts), tuple(unclaimed), tuple(disputed))


def by_reference(leases: Collection[str]) -> References:
    """A page names a lease when its number stands there as a word."""
    known = {lease.casefold(): lease for lease in leases}

    def named(text: str) -> frozenset[str]:
        words = _WORD.findall(text.casefold())
        return frozenset(known[form] for word in words for form in _forms(word) if form in known)

    return named


def by_account(lease_of: Callable[[str], str], leases: Collection[str]) -> References:
    """A page names a lease by its account, where accounting's software prints no other number."""

    def named(text: str) -> frozenset[str]:
        words = {word.strip("./-") for word in _WORD.findall(text)}
        return frozenset(lease for lease in map(lease_of, words) if lease in leases)

    return named


def _forms(word: str) -> Iterable[str]:
    """A word, and its pieces: `APP-202612-L00101` names L00101, `L00101.` as well."""
    return (word.strip("./-"), *re.split(r"[./-]", word))


def _numbered(text: str) -> tuple[int, int] | None:
    found = _PAGE.search(fold(text))
    return (int(found[1]), int(found[2])) if found else None


def _follows(before: tuple[int, int] | None, at: tuple[int, int] | None) -> bool:
    return before is not None and at is not None and at == (before[0] + 1, before[1])


def total(text: str) -> Decimal | None:
    """The sum to pay, as the page says it: the last one after the words that are believed most."""
    plain = " ".join(fold(text).split())
    for words in _TOTALS:
        found = [sum_ for match in re.finditer(words, plain) if (sum_ := _sum_after(plain, match.end())) is not None]
        if found:
            return found[-1]
    return None


def _sum_after(text: str, start: int) -> Decimal | None:
    match = _SUM.search(text, start, start + _NEAR)
    if match is None:
        return None
    written = match[1].replace(" ", "")
    try:
        amount = cells.amount(written.lstrip("-"))
    except ValueError:
        return None
    return -amount if written.startswith("-") else amount
