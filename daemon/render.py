"""Fills the mails of `templates/mails`: each is a pair, plain text and HTML, that say the same.

HTML escapes what is filled in; plain text must not (`d&#x27;eau` is no French). A name that a template doesn't know is
an error, never a blank in a tenant's letter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from daemon import wording

SIGNATURE = "-- "  # mail programs leave out what follows when they quote (RFC 3676 4.3)

_SPACES = re.compile(r" {2,}")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail in its two forms; lines end with a bare newline."""

    text: str
    html: str


@cache
def environment() -> Environment:
    """The one Jinja environment, its templates compiled once a process."""
    with as_file(files("templates")) as folder:
        loader = FileSystemLoader([folder / "mails", folder])
    made = Environment(
        loader=loader,
        autoescape=is_html,  # noqa: S701  HTML is escaped; plain text must not be
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,  # all of them: there are few
    )
    made.filters |= {
        "phone": wording.phone,
        "dialled": wording.dialled,
        "of": wording.of,
        "count": wording.count,
        "crlf": lambda text: text.replace("\n", "\r\n"),  # line ends in a mailto: (RFC 6068 5)
        "url": lambda text: quote(text, safe="@"),
    }
    made.globals["words"] = wording.words()
    return made


def is_html(name: str | None) -> bool:
    return name is not None and name.endswith(".html")


def render(template: str, facts: Mapping[str, Any]) -> Rendered:
    """Both forms of a mail. Raises jinja2.TemplateNotFound, and UndefinedError for a name that isn't in `facts`."""
    text, html = (environment().get_template(f"{template}.{form}").render(facts) for form in ("txt", "html"))
    return Rendered(_tidied(wording.typeset(text)), wording.typeset(html))


def prepared(answer: str, facts: Mapping[str, Any]) -> str:
    """An answer of `templates/answers`, for a manager to read and send."""
    written = environment().get_template(f"answers/{answer}.txt").render(facts)
    return _tidied(wording.typeset(written)).strip("\n")


def _tidied(text: str) -> str:
    """A part that is left out leaves no hole: no blank lines or spaces in a row, none at the end of a line."""
    lines = "\n".join(line if line == SIGNATURE else _SPACES.sub(" ", line).rstrip(" ") for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n") + "\n"
