"""`python -m daemon` as a process, without the second that loading it takes.

A server that has loaded the program forks one process for each command (multiprocessing's forkserver): memory, streams,
signals and exit status are its own, and a kill is a kill. That it starts from nothing too is the claim of
`tests/test_service.py`, of `tests/stories/test_demo.py` and of whatever makes a state folder with `anew`.
"""

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path

LOADED = [
    "daemon.cli", "daemon.service", "daemon.turn", "daemon.pdf", "daemon.checks.run", "daemon.imports",
    "daemon.accounting.tables", "daemon.cases.proof", "daemon.notices.batch", "daemon.notices.console",
]  # fmt: skip
_forks = get_context("forkserver")
_forks.set_forkserver_preload(LOADED)


def anew(*arguments: str | Path) -> None:
    """Run a command to its end in an interpreter of its own. Raises `CalledProcessError`."""
    subprocess.run([sys.executable, "-m", "daemon", *arguments], check=True, capture_output=True)


class Program:
    """One command that runs; what it says goes to files whose names begin with `streams`."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], streams: Path) -> None:
        self.arguments = arguments
        self._printed, self._said = streams.with_suffix(".out"), streams.with_suffix(".err")
        paths = (str(self._printed), str(self._said))
        self._process = _forks.Process(target=_run, args=(arguments, dict(environment), *paths))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    @property
    def said(self) -> str:
        """On stderr, up to now."""
        return self._said.read_text() if self._said.exists() else ""

    def send_signal(self, number: int) -> None:
        if self._process.is_alive():
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, seconds: float) -> None:
        """Raises `TimeoutError` when it still runs."""
        self._process.join(seconds)
        if self._process.exitcode is None:
            raise TimeoutError(f"{self.arguments}: still running after {seconds} s")

    def finish(self, seconds: float) -> tuple[str, str]:
        """What it printed and what it said, at its end."""
        self.wait(seconds)
        printed = self._printed.read_text() if self._printed.exists() else ""  # none when it was killed at birth
        return printed, self.said


def _run(arguments: list[str], environment: dict[str, str], printed: str, said: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for path, stream in ((printed, 1), (said, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  for as long as the process lives
    sys.stderr = open(2, "w", buffering=1, closefd=False, errors="backslashreplace")  # noqa: SIM115
    sys.argv = ["vaguemestre", *arguments]
    runpy.run_module("daemon", run_name="__main__", alter_sys=True)
