"""What a step of a case's history says beside its name, in words that a judge reads.

The steps are written for the program (`artisan 2026-12-15 the reason (G1)`); here they are told in French. What a
manager noted for the file alone, or wrote to a colleague, is nobody else's.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

from daemon.wording import day_and_year, words
from rules.clocks import Step

NOBODY = frozenset({"", "clock", "learn undo"})  # who acts when no person does

_BY = re.compile(r"^(.*?) ?\(([^()]*)\)$", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def more(step: Step, people: Mapping[str, str]) -> str:
    """What else is to be said of that step. `people` are the names of the managers, by id."""
    found = _BY.match(step.detail)
    text, by = (found[1], found[2]) if found else (step.detail, "")
    if text in people and step.what != "handed":
        text, by = "", text
    told = TELLERS.get(step.what, _nothing)(text, people)
    return ", ".join(filter(None, (told, _who(by, people))))


def _who(by: str, people: Mapping[str, str]) -> str:
    table = words()["history"]
    if by in people:
        return str(table["by"].format(name=people[by]))
    return "" if by in NOBODY else str(table["by" if "@" in by else "box"].format(name=by))


def _nothing(_text: str, _people: Mapping[str, str]) -> str:
    return ""


def _as_it_is(text: str, _people: Mapping[str, str]) -> str:
    return text


def _labels(text: str, _people: Mapping[str, str]) -> str:
    was, _, label = text.partition(" -> ")
    table = words()["labels"]
    return str(words()["history"]["labels"].format(was=table.get(was, was), label=table.get(label, label)))


def _wait(text: str, _people: Mapping[str, str]) -> str:
    """Whom the case waits for, until when, and why."""
    whom, _, rest = text.partition(" ")
    first, _, reason = rest.partition(" ")
    until = _on_day(first, "until")
    said = words()["history"]["whom"].get(whom, whom)
    return ", ".join(filter(None, (said, until, reason if until else rest)))


def _longer(text: str, _people: Mapping[str, str]) -> str:
    count, _, reason = text.removeprefix("+").partition(" ")
    table = words()["history"]
    said = table["one_day"] if count == "1" else table["days"].format(count=count).replace("~", "\N{NO-BREAK SPACE}")
    return ", ".join(filter(None, (said, reason)))


def _day(text: str, _people: Mapping[str, str]) -> str:
    first, _, reason = text.partition(" ")
    return ", ".join(filter(None, (_on_day(first, "on"), reason)))


def _on_day(text: str, form: str) -> str:
    if not _DAY.fullmatch(text):
        return ""
    return str(words()["history"][form].format(day=day_and_year(date.fromisoformat(text))))


def _way(text: str, _people: Mapping[str, str]) -> str:
    """How it was answered otherwise than by mail, and what was said."""
    way, _, said = text.partition(" ")
    ways = words()["history"]["ways"]
    return f"{ways[way]} : {said}".rstrip(" :") if way in ways else text


def _colleague(text: str, people: Mapping[str, str]) -> str:
    return people.get(text.partition(" ")[0], "")


TELLERS: Mapping[str, Callable[[str, Mapping[str, str]], str]] = {
    "relabelled": _labels,
    "paused": _wait,
    "followed": _wait,
    "extended": _longer,
    "reminder": _day,
    "answered": _way,
    "wrote": _way,
    "handed": _colleague,
    "attached": _as_it_is,
    "merged": _as_it_is,
    "joined by": _as_it_is,
    "split": _as_it_is,
    "parted": _as_it_is,
    "bounced": _as_it_is,
}
