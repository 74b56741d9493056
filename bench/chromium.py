"""A headless Chromium kept warm, as a peer that prints pages: spoken to by its DevTools protocol, over a pipe.

Its time is the processor time of all its processes, read from /proc: a page passes through several of them.
"""

import json
import os
import shutil
import subprocess
import tempfile
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--allow-file-access-from-files")
TICK = 1000 / os.sysconf("SC_CLK_TCK")  # ms


def found() -> str:
    """The program on this machine; `''` without one."""
    return next(filter(None, map(shutil.which, NAMES)), "")


class Chromium:
    """One browser with one page, which prints one document after another."""

    def __init__(self, program: str, base: str) -> None:
        """`base` is a file URL: a page there may load the fonts beside it."""
        self._profile = tempfile.TemporaryDirectory()
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        command = [program, *FLAGS, f"--user-data-dir={self._profile.name}"]
        there = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'  # the descriptors that the protocol wants
        self._process = subprocess.Popen(
            ["bash", "-c", there, "bash", *command], pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._rest, self._number, self._session = b"", 0, ""
        target = self._ask("Target.createTarget", url=base)["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        self._frame = self._ask("Page.getFrameTree")["frameTree"]["frame"]["id"]

    def print(self, html: str) -> bytes:
        self._ask("Page.setDocumentContent", frameId=self._frame, html=html)
        self._ask("Runtime.evaluate", expression="document.fonts.ready.then(() => 1)", awaitPromise=True)
        made = self._ask("Page.printToPDF", preferCSSPageSize=True, printBackground=True, generateTaggedPDF=True)
        return b64decode(made["data"])

    def cpu(self) -> float:
        """Milliseconds of processor time that all its processes have taken."""
        return _family(self._process.pid) * TICK

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        os.close(self._to)
        os.close(self._from)
        self._profile.cleanup()

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._write(json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._next())
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _write(self, content: bytes) -> None:
        while content:
            content = content[os.write(self._to, content) :]

    def _next(self) -> bytes:
        while b"\0" not in self._rest:
            read = os.read(self._from, 1 << 20)
            if not read:
                raise RuntimeError("the browser has gone")
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return message


def _family(pid: int) -> int:
    """Ticks of a process and of all that came from it, those that ended too, in user and in kernel mode."""
    parents, ticks = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(stat.parent.name)], ticks[int(stat.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return sum(count for one, count in ticks.items() if _descends(one, pid, parents))


def _descends(one: int, pid: int, parents: Mapping[int, int]) -> bool:
    while one and one != pid:
        one = parents.get(one, 0)
    return one == pid
