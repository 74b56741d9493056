"""The example is true: it loads, shows every key there is, and what it calls a default is one."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from daemon.checks.advice import missing_particulars
from daemon.cli import app
from daemon.config import Config, load

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "vaguemestre.example.toml"
GUIDE = ROOT / "docs" / "administrateur.md"
README = ROOT / "README.md"
LOG = ROOT / "daemon" / "log.py"

_HEADING = re.compile(r"#?\[\[?([a-z.-]+)\]\]?(?:\s+#.*)?")
_MAPPING = re.compile(r"^imports\.[a-z-]+")  # its name is the administrator's
_KEY = re.compile(r"(#?)([a-z_]+) = (.*)")


def shown() -> Iterator[tuple[str, str, bool]]:
    """Each key line of the example: its dotted key, the line, whether it is commented out."""
    section = ""
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if heading := _HEADING.fullmatch(line):
            section = _MAPPING.sub("imports", heading[1])
        elif key := _KEY.fullmatch(line):
            yield f"{section}.{key[2]}", f"{key[2]} = {key[3]}", key[1] == "#"


def keys(model: type[BaseModel], section: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of the models, dotted, with its field."""
    for name, field in model.model_fields.items():
        inner = next((part for part in _parts(field.annotation) if issubclass(part, BaseModel)), None)
        if inner is None:
            yield f"{section}{name}", field
        else:
            yield from keys(inner, f"{section}{name}.")


def _parts(annotation: Any) -> Iterator[type]:
    for part in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(part, type) and not hasattr(part, "__args__"):
            yield part


KEYS = dict(keys(Config))


def test_the_example_loads_and_lacks_no_legal_particular(tmp_path: Path) -> None:
    path = tmp_path / "vaguemestre.toml"
    path.write_bytes(EXAMPLE.read_bytes())

    config = load(path)

    assert config.mailbox[0].mode == "observe"
    assert missing_particulars(config) == []


def test_the_example_shows_every_key_there_is_and_no_other() -> None:
    assert {key for key, _, _ in shown()} == set(KEYS)


@pytest.mark.parametrize(("key", "line"), [(key, line) for key, line, commented in shown() if commented])
def test_a_value_shown_as_a_default_is_the_default(key: str, line: str) -> None:
    field = KEYS[key]
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None or default is PydanticUndefined:
        return

    value = tomllib.loads(line)[key.rpartition(".")[2]]

    assert TypeAdapter(field.rebuild_annotation()).validate_python(value) == default


def test_everything_that_is_commented_out_loads_as_well(tmp_path: Path) -> None:
    """All sections at once, with the choices that exclude one another left out."""
    other_choice = re.compile(
        r"#?(password_\w+|\w+_env|\w+_credential|refresh_token_\w+|database|mode|file|account_row|amount|side) = "
    )
    lines = [line for line in EXAMPLE.read_text("utf-8").splitlines() if not other_choice.match(line)]
    path = tmp_path / "vaguemestre.toml"
    path.write_text("\n".join(re.sub(r"^#(?=[a-z]+|\[)", "", line) for line in lines), "utf-8")

    config = load(path)

    assert config.lmtp is not None
    assert config.mailbox[0].oauth is not None
    assert config.smtp.oauth is not None
    assert config.mailbox[0].answer_since is not None


def test_a_default_is_known_for_most_keys() -> None:
    assert sum(commented for _, _, commented in shown()) > 40


@pytest.mark.parametrize("key", KEYS)
def test_the_administrators_guide_explains_every_key(key: str) -> None:
    assert f"`{key}`" in GUIDE.read_text("utf-8")


def commands(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every command as it is typed, groups opened."""
    for name, command in group.commands.items():
        typed = f"{above} {name}".strip()
        yield from commands(command, typed) if hasattr(command, "commands") else [(typed, command)]


COMMANDS = dict(commands(typer.main.get_group(app)))


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("guide", [GUIDE, README], ids=["guide", "readme"])
def test_every_command_is_documented(guide: Path, name: str) -> None:
    """Some share a line: `notices prepare\\|show\\|approve`, `cases [--open]`."""
    group, _, last = name.rpartition(" ")
    together = rf"{group} (?:[\w\\|-]+\|)?{last}\b" if group else rf"{last}\b"

    assert re.search(rf"^\|.*`(?:vaguemestre )?{together}", guide.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_administrators_guide_names_every_option(name: str) -> None:
    common = {"--help", "--json"}  # told once for all commands
    options = {word for one in COMMANDS[name].params for word in one.opts if word.startswith("--")} - common
    guide = GUIDE.read_text("utf-8")

    assert [option for option in options if option not in guide] == []


EVENTS = sorted(set(re.findall(r'_say\(\s*(?:Priority\.\w+|priority),\s*"(\w+)"', LOG.read_text("utf-8"))))


def test_the_log_has_events() -> None:
    assert {"letter_filed", "mail_sent", "imap_lost", "day_counted"} <= set(EVENTS)


@pytest.mark.parametrize("event", EVENTS)
def test_the_administrators_guide_explains_every_event(event: str) -> None:
    assert f"`{event}`" in GUIDE.read_text("utf-8")
