"""The folders of the tree: found again by their codes, made when missing, durable before anything is filed in them.

A folder is a tuple of components below the root, never a string from outside. Every folder is opened component by
component with O_NOFOLLOW, so that a symbolic link planted in the tree leads nowhere. Needs the tree's lock.
"""

import os
from collections import OrderedDict
from pathlib import Path

from archive import names
from archive.durable import FOLDER_FLAGS, Disk

Parts = tuple[str, ...]

OPEN = 200  # folders kept open within a group of writes
LISTED = 500  # folders whose content is remembered
KNOWN = 50_000  # folders known durable; forgetting one costs an fsync


def open_below(root: Path, parts: Parts) -> int:
    """An open descriptor of a folder below the root, for the caller to close. No link is followed, no `..` is taken."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # the root itself may be a link
    for part in parts:
        if part in {"", ".", ".."}:
            os.close(descriptor)
            raise ValueError(f"{'/'.join(parts)!r} is no folder of the tree")
        try:
            deeper = os.open(part, FOLDER_FLAGS, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = deeper
    return descriptor


class _Listing:
    """The sub-folders of a folder by identity, valid while the folder's time of change stays the same."""

    __slots__ = ("by_identity", "names", "stamp")

    def __init__(self, descriptor: int, parts: Parts) -> None:
        self.stamp = _stamp(descriptor)
        with os.scandir(descriptor) as entries:
            self.names = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        self.by_identity: dict[str, str] = {}
        for name in sorted(self.names):
            self.by_identity.setdefault(names.identity((*parts, name)), name)

    def add(self, descriptor: int, parts: Parts, name: str) -> None:
        self.names.add(name)
        self.by_identity.setdefault(names.identity((*parts, name)), name)
        self.stamp = _stamp(descriptor)


def _stamp(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_ino, status.st_mtime_ns


class Folders:
    """The folders below one root. Between `release` and the next use nothing is kept open, so people may move them."""

    def __init__(self, root: Path, disk: Disk) -> None:
        self._root = root
        self._disk = disk
        self._open: OrderedDict[Parts, int] = OrderedDict()
        self._listings: OrderedDict[Parts, _Listing] = OrderedDict()
        self._durable: set[Parts] = set()
        self._touched: dict[Parts, None] = {}
        self._made: list[Parts] = []

    def resolve(self, wanted: Parts) -> Parts:
        """The same folder as it is called already: a tenant who married, a building that was renamed keep theirs."""
        found: Parts = ()
        for name in wanted:
            found = (*found, self._called(found, name))
        return found

    def _called(self, parent: Parts, name: str) -> str:
        try:
            descriptor = self.descriptor(parent)
        except FileNotFoundError:
            return name
        listing = self._listing(parent, descriptor)
        if name in listing.names:
            return name
        return listing.by_identity.get(names.identity((*parent, name)), name)

    def _listing(self, parts: Parts, descriptor: int) -> _Listing:
        known = self._listings.get(parts)
        if known is None or known.stamp != _stamp(descriptor):
            known = self._listings[parts] = _Listing(descriptor, parts)
        self._listings.move_to_end(parts)
        while len(self._listings) > LISTED:
            self._listings.popitem(last=False)
        return known

    def descriptor(self, parts: Parts, *, make: bool = False) -> int:
        """An open descriptor of the folder, good for the next hundred calls.

        Raises FileNotFoundError unless it may be made.
        """
        if parts in self._open:
            self._open.move_to_end(parts)
            if not make or parts in self._durable:
                return self._open[parts]
        opened = self._opened(parts, make=make)
        previous = self._open.pop(parts, None)
        if previous is not None:
            os.close(previous)
        self._open[parts] = opened
        while len(self._open) > OPEN:
            os.close(self._open.popitem(last=False)[1])
        return opened

    def _opened(self, parts: Parts, *, make: bool) -> int:
        if not parts:
            return open_below(self._root, ())
        parent = self.descriptor(parts[:-1], make=make)
        if make:
            self._make(parts, parent)
        return os.open(parts[-1], FOLDER_FLAGS, dir_fd=parent)

    def _make(self, parts: Parts, parent: int) -> None:
        """Make it when missing; its parent is fsynced at the next `flush` unless this process did so before."""
        try:
            os.stat(parts[-1], dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            self._disk.make_folder(parts[-1], parent)
            self._durable.discard(parts)
            if parts[:-1] in self._listings:
                self._listings[parts[:-1]].add(parent, parts[:-1], parts[-1])
        if parts not in self._durable:
            self._made.append(parts)
            self.touch(parts[:-1])

    def touch(self, parts: Parts) -> None:
        """Names in this folder have changed: the next `flush` makes them durable."""
        self._touched[parts] = None

    def flush(self) -> None:
        """One fsync for each folder touched since the last flush."""
        for parts in self._touched:
            self._disk.sync_folder(self.descriptor(parts), "/".join(parts))
        self._touched.clear()
        if len(self._durable) > KNOWN:
            self._durable.clear()
        self._durable.update(self._made)
        self._made.clear()

    def holds(self, parts: Parts, name: str) -> bool:
        """Whether there is anything of that name in the folder."""
        try:
            os.stat(name, dir_fd=self.descriptor(parts), follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def release(self) -> None:
        """Close every descriptor and forget what was touched: the group is done, or was given up."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()
        self._touched.clear()
        self._made.clear()
