"""The demonstration is the program's visiting card: it works at once, shows the main job, and leaves nothing behind."""

import imaplib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.demo.letters import first_post, second_post
from tests.office import until

SHOW, END = 240, 90  # seconds to show it all, and to end: it takes ten and one, on a machine that does nothing else
BLOCKED = (
    "import sys; sys.modules['pymap'] = None; from daemon.cli import main; sys.argv = ['vaguemestre', 'demo']; main()"
)


@contextmanager
def started(tmp: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A demonstration whose temporary folder is under `tmp`; whatever happens to the test, it comes to an end."""
    command = [sys.executable, "-m", "daemon", "demo", *arguments]
    environment = os.environ | {"TMPDIR": str(tmp), "COLUMNS": "160", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=END)


def at_work_in(folder: Path) -> list[int]:
    """The processes that have their place there."""
    return [int(link.parent.name) for link in Path("/proc").glob("[0-9]*/cwd") if _target(link).startswith(str(folder))]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # gone, or somebody else's
        return ""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, Path]:
    """Exit code, what was printed, and the folder that must be empty."""
    tmp = tmp_path_factory.mktemp("demo")
    with started(tmp) as process:
        printed, _ = process.communicate(timeout=SHOW)
    return process.returncode, printed, tmp


def test_it_ends_well_and_leaves_nothing_behind(shown: tuple[int, str, Path]) -> None:
    code, printed, tmp = shown

    assert code == 0, printed
    assert list(tmp.iterdir()) == []
    assert at_work_in(tmp) == []


def test_every_letter_is_accounted_for_and_the_tree_is_verified(shown: tuple[int, str, Path]) -> None:
    _, printed, _ = shown

    letters = len(first_post()) + len(second_post())
    assert letters == 32
    assert f"{letters} letters posted, {letters} seen = {letters - 1} filed + 1 duplicates + 0 quarantined" in printed
    assert re.search(r"^Conforme : \d+ documents", printed, re.MULTILINE)


def test_everybody_who_asks_for_something_has_a_case_on_the_clock(shown: tuple[int, str, Path]) -> None:
    _, printed, _ = shown

    rows = re.findall(r"^ (VM-\d{4}-\d{6}) (.*) \d+ h \d\d *$", printed, re.MULTILINE)
    opened = [ref for ref, row in rows if " Re: " not in row]
    assert len(opened) == len(set(opened)) == 23


def test_answers_are_shown_in_full(shown: tuple[int, str, Path]) -> None:
    _, printed, _ = shown

    told = " ".join(printed.replace("│", " ").split())
    assert "Mme Hélène Castaing s’en charge et vous répondra au plus tard" in told
    assert "18 ou 112 : les pompiers" in told
    assert "la lettre recommandée avec avis de réception" in told


def test_a_lease_is_shown_with_its_letters_and_attachments(shown: tuple[int, str, Path]) -> None:
    _, printed, _ = shown

    assert "Bail D0101 - CARVALHO Inès/" in printed
    assert "01 évier cuisine.jpg" in printed


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A demonstration that stays, and what it has printed so far."""
    with started(tmp_path, "--keep") as process:
        printed = ""
        assert process.stdout is not None
        while "commands " not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        yield process, printed


def test_kept_it_can_be_looked_into_until_it_is_interrupted(
    kept: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, printed = kept
    port, password = re.search(r"IMAP .* port (\d+)", printed), re.search(r"password +(\w+)", printed)
    assert port
    assert password

    client = imaplib.IMAP4("127.0.0.1", int(port[1]), timeout=60)
    client.login("ines.carvalho@example.org", password[1])
    status, counted = client.select("INBOX")
    client.logout()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=END)

    assert (status, counted) == ("OK", [b"1"])
    assert process.returncode == 0
    (folder,) = tmp_path.iterdir()
    assert (folder / "GED" / "LISEZ-MOI.txt").exists()
    assert at_work_in(tmp_path) == []


def test_terminated_in_the_middle_it_takes_everything_with_it(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        until(lambda: at_work_in(tmp_path), END)

        process.terminate()
        process.communicate(timeout=END)

    assert process.returncode == 1
    assert list(tmp_path.iterdir()) == []
    assert at_work_in(tmp_path) == []


def test_without_its_mail_servers_it_says_how_to_get_them(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "make demo" in done.stdout
    assert "pip install 'vaguemestre[demo]'" in done.stdout
