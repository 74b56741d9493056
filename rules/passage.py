"""The passage that decided: the writer's own words that speak most for a reading, short enough for a glance.

A sentence that a table of the rules tells by name comes first; then the one whose words the learned model weighs most.
A long sentence is cut at its commas, and only the part that tells is kept. A name, a greeting, an address, an account
number, an insult, a private matter are not quoted.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from rules.alarms import SENSITIVE, UNFIT, VIOLENCE, ringing
from rules.fold import fold
from rules.lexicon import is_common
from rules.marks import OPENING
from rules.tagging import Sentence, sentence_of, words
from rules.weights import Weights, leaning

_LONGEST = 120  # characters quoted
_FEWEST = 2  # words that aren't too common to explain anything, in a passage
_TRIED = 4  # sentences tried, best first
_TOLD_BY_A_TABLE = 10.0  # more than any sentence's words weigh
_NAMES_ITS_MATTER = 0.5
SUBJECT = -0.4  # a subject names a thing where a sentence says what of it: it must tell more
PRIVATE = frozenset([*SENSITIVE, *VIOLENCE])
# Where a long sentence may be cut: after a comma and the like, and before what opens another clause.
_JOINTS = re.compile(
    r"(?<=[,;:()])\s+|\s+(?=[-–—(]\s?)"
    r"|\s+(?=(?:mais|car|donc|puisque|parce que|alors que|sauf que|vu que|but|because)\b)"
)
_REPLY = re.compile(r"^(?:(?:re|tr|fwd?|aw|wg)\s?:\s*)+", re.IGNORECASE)
_AROUND = " ,;:-–—*•>_\"'«»"
_BRACKETS = "()[]"
_QUOTES = {0xAB: "“", 0xBB: "”"}

Matter = Callable[[Sentence], float]  # what the tables say of a sentence: 0 when they say nothing


def passage(told: Sequence[Sentence], weights: Weights, head: str, matter: Matter, *, private: bool) -> str:
    """The words of `told` that speak most for `head`, on one line; `''` when nothing fit to be quoted does.

    `private`: there is something private in the letter, which the passage must not be.
    """
    weighed = ((_weight(sentence, weights, head, matter), -place) for place, sentence in enumerate(told))
    for weight, place in sorted(weighed, reverse=True)[:_TRIED]:
        if weight <= 0:
            break
        shown = _shown(_cut(told[-place], weights, head, matter))
        if _is_fit(shown, private=private):
            return shown
    return ""


def named(sentence: Sentence, notions: frozenset[str], *, found: bool) -> float:
    """The weight of what the tables say: whether one of their rows is met (`found`), or one of these notions."""
    if found:
        return _TOLD_BY_A_TABLE - sentence.asks  # a question about keys after the plain word
    return _NAMES_ITS_MATTER * any(not notions.isdisjoint(names) for names in sentence.run)


def file_named(names: Sequence[str], weights: Weights, head: str) -> str:
    """The name among `names` that speaks most for `head`; `''` when none does."""
    best = max(names, key=lambda name: _name_weight(name, weights, head), default="")
    return _shown(best) if best and _name_weight(best, weights, head) > 0 else ""


def _name_weight(name: str, weights: Weights, head: str) -> float:
    return leaning(weights, head, {f"a:{word}" for word in words(name)})


def _weight(sentence: Sentence, weights: Weights, head: str, matter: Matter) -> float:
    framed = ("^", *sentence.words, "$")
    names = {f"w:{word}" for word in sentence.words}
    names.update(f"w:{one}_{two}" for one, two in pairwise(framed))
    return leaning(weights, head, names) + matter(sentence)


# --- the part that tells


def _cut(sentence: Sentence, weights: Weights, head: str, matter: Matter) -> str:
    """The sentence, or when it is long, the clause that tells with as many of its neighbours as there is room for."""
    written = " ".join(sentence.written.split())
    if len(written) <= _LONGEST:
        return written + (" ?" if sentence.asks else "")
    clauses = _JOINTS.split(written)
    first = max(range(len(clauses)), key=lambda place: _weight(sentence_of(clauses[place]), weights, head, matter))
    last = first + 1
    while last < len(clauses) and len(" ".join(clauses[first : last + 1])) <= _LONGEST:
        last += 1
    while first and len(" ".join(clauses[first - 1 : last])) <= _LONGEST:
        first -= 1
    return " ".join(clauses[first:last])


def _shown(text: str) -> str:
    """On one line, without its greeting, in quotation marks of the second rank, cut at a word."""
    bare = OPENING.sub("", _REPLY.sub("", "".join(c for c in text if c.isprintable())))
    plain = bare.strip(_AROUND).translate(_QUOTES)
    if plain.count("(") != plain.count(")"):
        plain = plain.strip(_BRACKETS)
    if len(plain) <= _LONGEST:
        return plain
    cut_at = plain[: _LONGEST - 1].rpartition(" ")[0]
    return f"{cut_at or plain[: _LONGEST - 1]}…"


def _is_fit(shown: str, *, private: bool) -> bool:
    """Whether a manager may be shown it: no address, number or insult, nothing private, and more than a greeting."""
    plain = fold(shown)
    if sum(1 for _ in _telling(plain)) < _FEWEST or UNFIT.search(plain):
        return False
    return not private or ringing(plain).isdisjoint(PRIVATE)


def _telling(plain: str) -> Iterator[str]:
    return (word for word in words(plain) if len(word) > 1 and not is_common(word))
