"""The rules of the house, kept by reading the house itself."""

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("daemon", "archive", "rules", "templates")
MAY_IMPORT = {
    "daemon": {"daemon", "archive", "rules", "templates"},
    "archive": {"archive", "rules"},
    "rules": {"rules"},
    "templates": set(),
}
IMPURE = {
    "os",
    "pathlib",
    "socket",
    "subprocess",
    "time",
    "random",
    "threading",
    "sqlite3",
    "peewee",
    "urllib",
    "smtplib",
}
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_go_one_way(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]

    ours = {module.partition(".")[0] for module in imports(path)} & set(ROOMS)

    assert ours <= MAY_IMPORT[room], f"{room} may import {sorted(MAY_IMPORT[room])} only"


READS_ITS_OWN_DATA = {"rules/weights.py": {"pathlib"}}  # the learned weights, shipped beside the module


@pytest.mark.parametrize("path", [p for p in SOURCES if name(p).startswith("rules/")], ids=name)
def test_rules_know_no_file_no_clock_and_no_network(path: Path) -> None:
    allowed = READS_ITS_OWN_DATA.get(name(path), set())

    assert ({module.partition(".")[0] for module in imports(path)} & IMPURE) - allowed == set()


@pytest.mark.parametrize("path", [p for p in SOURCES if name(p) != "daemon/clock.py"], ids=name)
def test_only_the_clock_reads_the_clock(path: Path) -> None:
    read = re.findall(
        r"datetime\.(?:utc)?now\(|\bdate\.today\(|\btime\.(?:time|monotonic|perf_counter)\(", path.read_text()
    )

    assert read == []


FRENCH = re.compile(
    r"\b(?:vous|votre|vos|nous avons|merci|bonjour|madame|monsieur|cordialement|veuillez|locataire|veuillez)\b",
    re.IGNORECASE,
)
FRENCH_TABLES = re.compile(r"^rules/")  # the rule tables hold the words of letters, and the sentences of `because`


def strings(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("path", [p for p in SOURCES if not FRENCH_TABLES.match(name(p))], ids=name)
def test_french_sentences_live_in_templates_and_rule_tables(path: Path) -> None:
    assert [text for text in strings(path) if FRENCH.search(text)] == []


def test_no_other_distribution_owns_our_package_names() -> None:
    owners = {
        (room, found.metadata["Name"])
        for found in distributions()
        for file in found.files or ()
        for room in ROOMS
        if file.parts[0] == room
    }

    assert {owner for _, owner in owners} <= {"vaguemestre"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(build, check=True)
    return next(folder.glob("vaguemestre-*.whl"))


def test_the_wheel_holds_the_rooms_and_their_data_and_nothing_else(wheel: Path) -> None:
    held = {entry for entry in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in entry}
    tracked = subprocess.run(
        ["git", "ls-files", *ROOMS], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")
    if not any(tracked):
        pytest.skip("not a git checkout: nothing to compare the wheel with")

    assert held == {entry for entry in tracked if entry}


def test_every_picture_of_the_guides_is_there_and_shown() -> None:
    docs = ROOT / "docs"
    shown = {found for page in docs.glob("*.md") for found in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text())}

    there = {str(path.relative_to(docs)) for path in docs.glob("images/*")}

    assert shown == there
