"""Effects on files that survive a power cut, each one a step that a test can interrupt.

A file is *durable* when its bytes were fsynced and so was the folder that names it. The functions here work relative
to an open folder descriptor, never follow a symbolic link, and announce each effect to `effect` before they do it.
"""

import ctypes
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
WINDOW = 64  # files open at once between write and fsync: far under the usual limit of 1,024 descriptors
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NOREPLACE = 1  # RENAME_NOREPLACE of renameat2(2)
_NO_RENAMEAT2 = frozenset({errno.ENOSYS, errno.EINVAL})  # an old kernel, or a file system (NFS) without the flag
# The standard library has no renameat2; glibc has it since 2.28, musl does not.
_RENAMEAT2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)

Effect = Callable[[str], None]
File = tuple[str, bytes]  # a name without a slash, and what it holds


class DiskFull(OSError):  # noqa: N818  a state of the world, not a mistake
    """No space or quota left (ENOSPC, EDQUOT), and nothing half done.

    Keep `incoming/`, stop fetching, answer 4xx, try again later.
    """


class FsyncFailed(BaseException):
    """The kernel could not put bytes on the disk and may have dropped them: nobody may catch this, the process ends.

    A second fsync on the same descriptor would report success without the bytes being there, so nothing may be retried
    in this process (the PostgreSQL project's "fsyncgate", 2018). The next start recovers from what is really on the
    disk. It is no `Exception`, so that a loop's `except Exception` lets it through; a thread that meets it must end the
    process.
    """


def _quiet(_what: str) -> None:
    return


@contextmanager
def full_disk_told(where: Path) -> Iterator[None]:
    """Inside, "no space left" and "quota exceeded" become DiskFull, with the place in words."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in FULL or isinstance(problem, DiskFull):
            raise
        cure = "free some, the daemon resumes by itself"
        raise DiskFull(problem.errno, f"no space left under {where}: {cure}") from problem


class Disk:
    """The effects. `effect` is told of each one before it is done; a test dies there.

    `renameat2` is that function of the C library, None where there is none.
    """

    def __init__(self, effect: Effect = _quiet, *, renameat2: Any = _RENAMEAT2) -> None:
        self._effect = effect
        self._renameat2 = renameat2

    def write_all(self, files: Iterable[File], folder: int, mode: int = 0o440) -> None:
        """New files, complete and fsynced on return; their names are durable only after `sync_folder`.

        All are written before the first is fsynced, so that one journal commit of the file system serves the group.
        """
        rest = iter(files)
        while window := list(islice(rest, WINDOW)):
            self._write_window(window, folder, mode)

    def _write_window(self, files: list[File], folder: int, mode: int) -> None:
        opened: list[tuple[str, int]] = []
        try:
            for name, content in files:
                self._effect(f"write {name}")
                opened.append((name, os.open(name, _NEW_FILE, mode, dir_fd=folder)))
                _write_whole(opened[-1][1], name, content)
            for name, descriptor in opened:
                self.sync(descriptor, name)
        finally:
            for _name, descriptor in opened:
                os.close(descriptor)

    def sync(self, descriptor: int, name: str) -> None:
        """Bytes and size on the disk, or FsyncFailed."""
        self._effect(f"fsync {name}")
        try:
            os.fsync(descriptor)
        except OSError as problem:
            message = f"fsync of {name!r} failed ({problem.strerror}): the process must end, the next start recovers"
            raise FsyncFailed(message) from problem

    def sync_folder(self, folder: int, name: str) -> None:
        """The names in a folder on the disk, or FsyncFailed."""
        self._effect(f"fsync folder {name}")
        try:
            os.fsync(folder)
        except OSError as problem:
            if problem.errno == errno.EINVAL:  # fsync(2): this file system does not do it for folders
                return
            message = f"fsync of the folder {name!r} failed ({problem.strerror}): the process must end"
            raise FsyncFailed(message) from problem

    def make_folder(self, name: str, parent: int) -> None:
        self._effect(f"mkdir {name}")
        os.mkdir(name, 0o750, dir_fd=parent)

    def rename(self, name: str, source: int, new_name: str, target: int) -> None:
        """Rename over whatever bears the new name: only for files whose name says what they hold."""
        self._effect(f"rename to {new_name}")
        os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)

    def rename_new(self, name: str, source: int, new_name: str, target: int) -> None:
        """Rename without replacing. Raises FileExistsError when the new name is taken."""
        self._effect(f"rename to {new_name}")
        if not self._renamed_new(name, source, new_name, target):
            os.link(name, new_name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
            os.unlink(name, dir_fd=source)

    def _renamed_new(self, name: str, source: int, new_name: str, target: int) -> bool:
        """False when C library, kernel or file system can't; the errors of the rename itself are raised."""
        if self._renameat2 is None:
            return False
        if self._renameat2(source, os.fsencode(name), target, os.fsencode(new_name), _NOREPLACE) == 0:
            return True
        code = ctypes.get_errno()
        if code in _NO_RENAMEAT2:
            return False
        raise OSError(code, os.strerror(code), new_name)

    def unlink(self, name: str, folder: int) -> None:
        """Remove a name; none there is as good."""
        self._effect(f"unlink {name}")
        try:
            os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return

    def append(self, descriptor: int, content: bytes, name: str) -> None:
        """More bytes at the end of an open file; not yet fsynced."""
        self._effect(f"append to {name}")
        _write_bytes(descriptor, content)

    def cut(self, descriptor: int, size: int, name: str) -> None:
        """Leave only the first `size` bytes of an open file; not yet fsynced."""
        self._effect(f"cut {name}")
        os.ftruncate(descriptor, size)

    def replace(self, path: Path, content: bytes, mode: int = 0o640) -> None:
        """A small file of our own in its new form, durably: after a crash it is the old one or the new one."""
        folder = os.open(path.parent, FOLDER_FLAGS)
        try:
            self.unlink(f"{path.name}.tmp", folder)
            self.write_all([(f"{path.name}.tmp", content)], folder, mode)
            self.rename(f"{path.name}.tmp", folder, path.name, folder)
            self.sync_folder(folder, path.parent.name)
        finally:
            os.close(folder)

    def make_path(self, path: Path) -> None:
        """A folder and all those above it, durably. For roots, which the configuration names: links are followed."""
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        for folder in reversed(missing):
            self._effect(f"mkdir {folder.name}")
            folder.mkdir(mode=0o750, exist_ok=True)
            self.sync_path(folder.parent)

    def sync_path(self, folder: Path) -> None:
        """The names in a folder on the disk, or FsyncFailed."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.sync_folder(descriptor, folder.name)
        finally:
            os.close(descriptor)


DISK = Disk()  # the real one, for those who interrupt nothing


def _write_whole(descriptor: int, name: str, content: bytes) -> None:
    _write_bytes(descriptor, content)
    size = os.fstat(descriptor).st_size
    if size != len(content):
        raise OSError(errno.EIO, f"{name} has {size} bytes on the disk instead of {len(content)}")
    # Linux starts writing the pages out on this advice (mm/fadvise.c), so that the fsyncs that follow find them
    # written: a hundred files of 2 kB in 5 ms instead of 14 on ext4.
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _write_bytes(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
