"""What accounting is told of its file is French: every sentence of the movements' import has its translation."""

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest

from daemon.imports import lines, mapped, movements, sheets
from daemon.imports import words as translated
from daemon.imports.words import in_french
from rules import cells

TOLD = {"fault", "warn", "refuse"}
NOT_OURS = (
    "left out: ",
    "not an e-mail",
    "not a telephone",
    "a French number",
    "an international number",
    "an unknown way",
)


def _sentence(node: ast.expr) -> str | None:
    """A message as it would be said, each value replaced by a sample."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(p.value) if isinstance(p, ast.Constant) else "7" for p in parts)
    return None


def _sentences(module: ModuleType) -> Iterator[str]:
    """Whatever is given to `fault`, `warn` and `refuse`, raised as ValueError, returned or named as an advice."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        found: list[ast.expr] = []
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=args) if name in TOLD:
                found = args
            case ast.Call(func=ast.Name(id="ValueError"), args=args):
                found = args
            case ast.Assign(targets=[ast.Name(id="advice")], value=value):
                found = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            case ast.Return(value=ast.JoinedStr() | ast.Constant(value=str()) as value):
                found = [value]
        for one in found:
            text = _sentence(one)
            if text and len(text.split()) > 2:
                yield text


SENTENCES = sorted({text for module in (sheets, lines, movements, mapped, cells) for text in _sentences(module)})


def test_the_sources_hold_sentences() -> None:
    assert len(SENTENCES) > 30


@pytest.mark.parametrize("text", [text for text in SENTENCES if not text.startswith(NOT_OURS)])
def test_every_sentence_has_its_french(text: str) -> None:
    assert in_french(text) != text


def test_values_stand_in_the_french_sentence() -> None:
    said = in_french("the year 2062 can't be right here; expected 1990 to 2027")

    assert said == "l’année 2062 ne peut être juste ; attendue de 1990 à 2027"


def test_a_sentence_that_is_not_in_the_table_stays_as_it_is() -> None:
    assert in_french("something new") == "something new"
    assert translated.in_french("") == ""
