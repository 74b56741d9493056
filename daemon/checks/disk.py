"""Whether a folder keeps what it is given: the promises of the tree's write protocol, tried on the disk itself."""

import os
import pwd
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

Report = Iterator[tuple[bool, str]]

ROOT = 0
LEAST_FREE = 256 << 20  # bytes: some days of an agency's letters
LEAST_INODES = 10_000  # a letter takes two to ten
LITTLE = 0.05  # a share of the volume under which a word is said


def wrong_user(state: Path) -> str:
    """What to do when root asks for a state that is another user's; `''` when all is well."""
    owner = nearest(state).stat().st_uid if state.exists() else ROOT
    if os.geteuid() != ROOT or owner == ROOT:
        return ""
    name = _name_of(owner)
    return f"{str(state)!r} belongs to {name}, and root is not who runs the daemon: sudo -u {name} vaguemestre check"


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def nearest(folder: Path) -> Path:
    """The folder, or the first above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def folder(path: Path) -> Report:
    """Try every promise under a folder, or where it will be made."""
    here = nearest(path)
    try_writing(here)
    yield True, str(path) if here == path else f"{path}: it will be made at the first start"
    with tempfile.TemporaryDirectory(prefix=".vaguemestre-check-", dir=_quiet_place(here)) as place:
        for promise, try_it in PROMISES.items():
            yield from _kept(promise, try_it, Path(place))
    yield from _room(here)


def try_writing(here: Path) -> None:
    """Raises OSError with the cure when nothing can be made in a folder."""
    if not here.is_dir():
        raise NotADirectoryError(f"{here}: it is a file, and a folder is needed; move it away")
    if not os.access(here, os.W_OK | os.X_OK):
        owner = _name_of(here.stat().st_uid)
        raise PermissionError(
            f"{here}: {_name_of(os.geteuid())} may not write in it; it belongs to {owner} (chown, chmod)"
        )


def _quiet_place(here: Path) -> Path:
    """In a tree, the system's own part, which its verifiers pass over."""
    own = here / "_ged"
    return own if own.is_dir() else here


def _kept(promise: str, try_it: Callable[[Path], None], place: Path) -> Report:
    try:
        try_it(place)
    except OSError as error:
        yield False, f"{place.parent}: {promise} doesn't work here: {error.strerror or error}; use a local file system"


# --- the promises (each leaves the place as the next one wants it)


def _fsync(place: Path) -> None:
    """Bytes and names reach the disk before we answer for them."""
    with (place / "letter").open("xb", buffering=0) as file:
        file.write(b"letter")
        os.fsync(file.fileno())
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rename(place: Path) -> None:
    (place / "letter").rename(place / "filed")
    if (place / "letter").exists() or (place / "filed").read_bytes() != b"letter":
        raise OSError("the file is not where it was moved to")


def _exclusive(place: Path) -> None:
    """A name that is taken is never written over."""
    try:
        os.close(os.open(place / "filed", os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    raise OSError("a second file of the same name was made over the first")


def _link(place: Path) -> None:
    os.link(place / "filed", place / "second")
    try:
        os.link(place / "filed", place / "second")
    except FileExistsError:
        return
    raise OSError("a link was made over a file")


def _french(place: Path) -> None:
    """Names hold accents, and stay as they were given (NFC)."""
    name = "Œuvre à l'été.eml"
    (place / name).write_bytes(b"")
    if name not in {path.name for path in place.iterdir()}:
        raise OSError("accents in names come back changed")


PROMISES: dict[str, Callable[[Path], None]] = {
    "fsync": _fsync,
    "rename": _rename,
    "exclusive creation": _exclusive,
    "hard link": _link,
    "a French name": _french,
}


# --- room


def _room(here: Path) -> Report:
    volume = os.statvfs(here)
    free, total = volume.f_bavail * volume.f_frsize, volume.f_blocks * volume.f_frsize
    yield _enough(free, total, LEAST_FREE, f"{here}: {_size(free)} free of {_size(total)}")
    if volume.f_files:  # some file systems (btrfs) count none
        inodes = f"{here}: {volume.f_favail} inodes free of {volume.f_files}"
        yield _enough(volume.f_favail, volume.f_files, LEAST_INODES, inodes)


def _enough(free: int, total: int, least: int, text: str) -> tuple[bool, str]:
    if free < least:
        return False, f"{text}; make room: letters stay on the mail server until there is some"
    if free < total * LITTLE:
        return True, f"warning: {text}; make room soon"
    return True, text


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
