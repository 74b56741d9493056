"""What an import finds wrong, in French, for accounting: the sentences of `templates/faults.toml`."""

import re
import tomllib
from functools import cache
from importlib.resources import files

_GAP = re.compile(r"\\\{(\w+)\\\}")  # `{name}`, as re.escape writes it


def in_french(advice: str) -> str:
    """The same advice in French; as it is when it isn't in the table."""
    for pattern, french in _table():
        if found := pattern.fullmatch(advice):
            return french.format(**{name: in_french(value) for name, value in found.groupdict().items()})
    return advice


@cache
def _table() -> tuple[tuple[re.Pattern[str], str], ...]:
    read = tomllib.loads(files("templates").joinpath("faults.toml").read_text("utf-8"))
    return tuple((_pattern(one["says"]), one["french"]) for one in read["fault"])


def _pattern(says: str) -> re.Pattern[str]:
    return re.compile(_GAP.sub(r"(?P<\1>.*)", re.escape(says)), re.DOTALL)
