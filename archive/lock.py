"""Two processes never write one tree at once: a lock for each group of writes, never for the life of a process."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STEP = 0.01  # seconds between two tries; the holder lets go within 2 s


class Locked(TimeoutError):  # noqa: N818  a state of the world, not a mistake
    """Another process kept the lock for as long as we would wait; the text says which one."""


@contextmanager
def locked(path: Path, timeout: float) -> Iterator[None]:
    """Hold an exclusive flock on a file, which is made when it is missing. Waits up to `timeout` seconds, then Locked.

    The lock goes with its process, however that ends. Threads exclude one another as processes do.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    try:
        if not _taken(descriptor, timeout):
            raise Locked(f"{path} is held by {_holder(descriptor)}: waited {timeout:g} s, try again when it is done")
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int, timeout: float) -> bool:
    for _ in range(int(timeout / STEP)):
        if _try(descriptor):
            return True
        time.sleep(STEP)
    return _try(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(descriptor: int) -> None:
    """Say who holds it, for those who wait. A courtesy: a full disk must not refuse the lock."""
    with suppress(OSError):
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".ljust(80).encode(), 0)


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
