"""What is wrong with a configuration file, in words: each problem names its key, quotes the value and gives the cure.

`shape_problems` translates what pydantic found, key by key; `broken_rules` checks what holds between keys (one secret,
in one place; names given once). A secret written by mistake is never quoted: these lines end in logs and in mails.
"""

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from daemon.settings.secrets import NAMES, SOURCES

Table = dict[str, Any]

# pydantic's name of an error -> the cure. {example} is the field's own, {ctx} what pydantic adds.
CURES = {
    "string_type": "it must be text: put it between quotes",
    "int_type": "it must be a whole number, without quotes",
    "float_type": "it must be a number, without quotes",
    "float_parsing": "it must be a number, without quotes",
    "bool_type": "it must be true or false, without quotes",
    "path_type": "it must be a path: put it between quotes",
    "literal_error": "it must be {expected}",
    "greater_than_equal": "it must be at least {ge}",
    "less_than_equal": "it must be at most {le}",
    "string_pattern_mismatch": "it must be letters, digits and dashes, 16 at most",
    "date_type": 'it must be a day: "2026-11-20"',
    "date_parsing": 'it must be a day: "2026-11-20"',
    "date_from_datetime_parsing": 'it must be a day: "2026-11-20"',
    "date_from_datetime_inexact": 'it must be a day, without a time: "2026-11-20"',
}


def shape_problems(error: ValidationError, data: Table, model: type[BaseModel]) -> list[str]:
    """Every value that a model refused, in the order of the model."""
    return [_problem(details, data, model) for details in error.errors()]


def _problem(details: ErrorDetails, data: Table, model: type[BaseModel]) -> str:
    place = details["loc"]
    where = named_place(place, data)
    match details["type"]:
        case "missing":
            return f"{where}: missing; {_addition(place, model)}"
        case "extra_forbidden":
            return f"{where}: unknown key ({_quoted(place[-1], details['input'])}); {_nearest(place, model)}"
        case "tuple_type" | "model_type":
            return f"{where}: {_quoted(place[-1], details['input'])}: {_brackets(place, model)}"
        case "value_error":
            cure = details["msg"].removeprefix("Value error, ")
        case kind:
            cure = CURES[kind].format(**details.get("ctx", {})) if kind in CURES else details["msg"]
    return f"{where}: {_quoted(place[-1], details['input'])}: {cure}"


def named_place(place: tuple[int | str, ...], data: Table) -> str:
    """`mailbox[gestion].port`: an item of a list goes by its name, else by its number from 1."""
    text, here = "", data
    for step in place:
        here = _inside(here, step)
        text += f"[{_name_of(here, step)}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _inside(here: Any, step: int | str) -> Any:
    try:
        return here[step]
    except (LookupError, TypeError):
        return None


def _name_of(item: Any, index: int) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return name if name and isinstance(name, str) else str(index + 1)


def _quoted(key: int | str, value: object) -> str:
    if isinstance(value, dict | list | tuple):
        return "value a table" if isinstance(value, dict) else "value a list"
    if _keeps_secret(str(key)):
        return f"value of {len(str(value))} characters (not shown)"
    return f"value {value!r}" if isinstance(value, str) else f"value {value}"


def _keeps_secret(key: str) -> bool:
    """Whether a secret may stand under that key, rightly or not: `password`, `token`; `password_env`, by mistake."""
    return bool(re.search(r"pass|secret|token|credential", key)) and not key.endswith(("_file", "_url"))


def _addition(place: tuple[int | str, ...], model: type[BaseModel]) -> str:
    field = _field_at(place, model)
    if field is not None and _model_of(field) is not None:
        brackets = "[[{}]]" if get_args(field.annotation)[1:] else "[{}]"
        return f"add {brackets.format(place[-1])} and its keys under it"
    examples = (field.examples if field is not None else None) or ["..."]
    return f'add {place[-1]} = "{examples[0]}"'


def _brackets(place: tuple[int | str, ...], model: type[BaseModel]) -> str:
    field = _field_at(place, model)
    names = ".".join(str(step) for step in place if isinstance(step, str))
    if field is None or _model_of(field) is None:
        return f"it must be a list: {names.rpartition('.')[2]} = [...]"
    double = _is_list(field)
    return f"it is a table: write {f'[[{names}]]' if double else f'[{names}]'} on a line, and its keys under it"


def _nearest(place: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """What was probably meant: the right way to keep a secret, a key spelt like it, or its home in another section."""
    key = str(place[-1])
    if key in NAMES:
        return f'a secret is never written here: put it in a file and write {key}_file = "..."'
    home = _model_at(place[:-1], model)
    known = list(home.model_fields) if home is not None else []
    if close := difflib.get_close_matches(key, known, n=1):
        return f"did you mean {close[0]!r}?"
    elsewhere = [name for name, section in _sections(model) if key in section.model_fields]
    if elsewhere:
        return f"it belongs in [{elsewhere[0]}]"
    return f"known ones are {', '.join(known)}"


def _sections(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        section = _model_of(field)
        if section is not None:
            yield name, section
            yield from ((f"{name}.{inner}", deeper) for inner, deeper in _sections(section))


def _field_at(place: tuple[int | str, ...], model: type[BaseModel]) -> FieldInfo | None:
    names = [step for step in place if isinstance(step, str)]
    home = _model_at(tuple(names[:-1]), model)
    return home.model_fields.get(names[-1]) if home is not None else None


def _model_at(place: tuple[int | str, ...], model: type[BaseModel]) -> type[BaseModel] | None:
    here: type[BaseModel] | None = model
    for step in place:
        if isinstance(step, str) and here is not None:
            field = here.model_fields.get(step)
            here = _model_of(field) if field is not None else None
    return here


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    """The section that a field holds: itself, optional, or a list of them."""
    candidates = (field.annotation, *get_args(field.annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def _is_list(field: FieldInfo) -> bool:
    return getattr(field.annotation, "__origin__", None) is tuple


def syntax_problem(error: tomllib.TOMLDecodeError, text: str) -> str:
    """A line that isn't TOML, with the line itself unless a secret may stand in it."""
    found = re.search(r"\(at line (\d+), column \d+\)", str(error))
    if found is None:
        return f"{error}; the file stops too early, a quote or a bracket isn't closed"
    line = text.splitlines()[int(found[1]) - 1].strip() if text else ""
    shown = "(not shown)" if _keeps_secret(line) else repr(line)
    return f'line {found[1]}: {shown}: {error}; text stands between quotes, as in key = "value"'


# --- what holds between keys


def broken_rules(data: Table) -> list[str]:
    """Every rule between keys that the file breaks; what has the wrong shape is passed over, it is told elsewhere."""
    mailboxes, sites = _tables(data, "mailbox"), _tables(data, "site")
    smtp = data.get("smtp")
    return [
        *_doubles("mailbox", mailboxes),
        *_doubles("site", sites),
        *(text for place, box in _placed("mailbox", mailboxes) for text in _of_login(place, box)),
        *(_of_relay("smtp", smtp) if isinstance(smtp, dict) else ()),
    ]


def _tables(data: Table, name: str) -> list[Table]:
    value = data.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _placed(section: str, tables: list[Table]) -> Iterator[tuple[str, Table]]:
    return ((f"{section}[{_name_of(table, index)}]", table) for index, table in enumerate(tables))


def _doubles(section: str, tables: list[Table]) -> Iterator[str]:
    names = Counter(str(table["name"]).casefold() for table in tables if "name" in table)
    return (
        f"{section}.name: value {name!r} is given {n} times; a name is given once" for name, n in names.items() if n > 1
    )


def _of_relay(place: str, smtp: Table) -> Iterator[str]:
    if smtp.get("user") or "oauth" in smtp:
        yield from _of_login(place, smtp)
        return
    for key in _sources(smtp, "password"):
        yield f'{place}.{key}: it has no user to go with; add user = "...", or leave it out'


def _of_login(place: str, server: Table) -> Iterator[str]:
    oauth = server.get("oauth")
    if not isinstance(oauth, dict):
        yield from _exactly_one(place, server, "password", " (or a table [oauth])")
        return
    for key in _sources(server, "password"):
        yield f"{place}.{key}: there is an [oauth] table too; keep one of the two"
    yield from _of_oauth(f"{place}.oauth", oauth)


def _of_oauth(place: str, oauth: Table) -> Iterator[str]:
    if oauth.get("grant", "client_credentials") == "client_credentials":
        yield from _exactly_one(place, oauth, "client_secret")
        for key in _sources(oauth, "refresh_token"):
            yield f'{place}.{key}: the grant client_credentials has no refresh token; write grant = "refresh_token"'
        return
    yield from _exactly_one(place, oauth, "refresh_token")
    yield from _at_most_one(place, oauth, "client_secret")  # a public client has none


def _exactly_one(place: str, table: Table, name: str, otherwise: str = "") -> Iterator[str]:
    if not _sources(table, name) and name not in table:  # written in clear, it is refused as an unknown key
        yield f"{place}.{name}: missing; write one of {_choices(name)}{otherwise}"
    yield from _at_most_one(place, table, name)


def _at_most_one(place: str, table: Table, name: str) -> Iterator[str]:
    given = _sources(table, name)
    if len(given) > 1:
        yield f"{place}.{name}: given by {' and '.join(given)}; keep one of {_choices(name)}"


def _sources(table: Table, name: str) -> list[str]:
    return [f"{name}_{source}" for source in SOURCES if f"{name}_{source}" in table]


def _choices(name: str) -> str:
    return ", ".join(f"{name}_{source}" for source in SOURCES)
