"""A disk whose power can be cut: it remembers what POSIX promises to be there afterwards, and nothing else.

The bytes of a file last once it was fsynced, a name in a folder once the folder was. At a cut, `remains` builds what is
left: by `fate`, each thing that was not promised is there or not, whole or torn, as a careless file system may have it.
"""

import os
from collections.abc import Callable
from pathlib import Path

from archive.durable import Disk

Fate = Callable[[str], bool]  # of "name" or "bytes": True leaves what was promised, False what could be seen


class Cut(BaseException):
    """The power is gone. No `Exception`: nobody tidies up."""


class FrailDisk(Disk):
    """Everything below `root` as it stands at the start is promised; then only what is fsynced."""

    def __init__(self, root: Path, lasts: int) -> None:
        super().__init__(self._use)
        self._root = root
        self._lasts = lasts
        self._last = ""
        self._bytes: dict[int, bytes] = {}  # inode of a file -> what is promised of it
        self._names: dict[int, dict[str, int]] = {}  # inode of a folder -> the names promised in it
        self._kept: list[int] = []  # descriptors that keep the inodes from being used again
        for path in (root, *root.rglob("*")):
            self._keep(path)
            if path.is_dir():
                self._promise_names(path)
            else:
                self._bytes[path.stat().st_ino] = path.read_bytes()

    def _keep(self, path: Path) -> None:
        self._kept.append(os.open(path, os.O_RDONLY))

    def revive(self, lasts: int) -> None:
        """The process died, not the machine: all that was written can be read, but no more than before is promised."""
        self._lasts = lasts
        self._last = ""

    def close(self) -> None:
        for descriptor in self._kept:
            os.close(descriptor)
        self._kept.clear()

    def _use(self, effect: str) -> None:
        self._lasts -= 1
        if self._lasts < 0 or effect == self._last:
            raise Cut

    def fails_before(self, effect: str) -> None:
        """Let it fail before the first effect that is called so."""
        self._last = effect

    def sync(self, descriptor: int, name: str) -> None:
        super().sync(descriptor, name)
        path = Path(f"/proc/self/fd/{descriptor}")
        self._bytes[os.fstat(descriptor).st_ino] = path.read_bytes()
        self._keep(path)

    def sync_folder(self, folder: int, name: str) -> None:
        super().sync_folder(folder, name)
        self._promise_names(Path(f"/proc/self/fd/{folder}"))
        self._keep(Path(f"/proc/self/fd/{folder}"))

    def _promise_names(self, folder: Path) -> None:
        self._names[folder.stat().st_ino] = _inodes(folder)

    def remains(self, target: Path, fate: Fate) -> None:
        """What is left after the cut, built at `target`."""
        present = {path.stat().st_ino: path for path in (self._root, *self._root.rglob("*"))}
        self._restore(self._root.stat().st_ino, present, target, fate)

    def _restore(self, inode: int, present: dict[int, Path], target: Path, fate: Fate) -> None:
        target.mkdir()
        promised = self._names.get(inode, {})
        current = _inodes(present[inode]) if inode in present else {}
        for name in sorted({*promised, *current}):
            found = promised.get(name) if promised.get(name) == current.get(name) or fate("name") else current.get(name)
            if found is None:
                continue
            if found in self._names or (found in present and present[found].is_dir()):
                self._restore(found, present, target / name, fate)
            else:
                (target / name).write_bytes(self._content(found, present, fate))

    def _content(self, inode: int, present: dict[int, Path], fate: Fate) -> bytes:
        promised = self._bytes.get(inode, b"")
        current = present[inode].read_bytes() if inode in present else promised
        if current == promised or fate("bytes"):
            return promised
        if fate("bytes"):
            return current
        same = len(promised) if current.startswith(promised) else 0  # what was appended to may tear, not what was there
        return current[: same + (len(current) - same) // 2]


def _inodes(folder: Path) -> dict[str, int]:
    return {path.name: path.lstat().st_ino for path in folder.iterdir()}
