"""What every tree has before its first pli: the system's own folder, and what a stranger needs to read and check it."""

from importlib import resources
from pathlib import Path

from archive import sidecar
from archive.durable import Disk

OWN = "_ged"


def build(root: Path, disk: Disk) -> None:
    """The skeleton of a tree, where it is missing, with the present reader's guide and verifier."""
    own = root / OWN
    mark = own / "FORMAT"
    if mark.exists() and mark.read_text().strip() != sidecar.FORMAT:
        raise ValueError(f"{mark} says {mark.read_text().strip()!r}, this software writes {sidecar.FORMAT!r}")
    for name in ("tmp", "quarantaine", "journal", "attestations"):
        disk.make_path(own / name)
    data = resources.files("archive")
    _install(disk, root / "LISEZ-MOI.txt", data.joinpath("LISEZ-MOI.txt").read_bytes(), 0o644)
    _install(disk, own / "verifier.sh", data.joinpath("verifier.sh").read_bytes(), 0o755)
    _install(disk, mark, f"{sidecar.FORMAT}\n".encode(), 0o644)


def _install(disk: Disk, path: Path, content: bytes, mode: int) -> None:
    if not path.exists() or path.read_bytes() != content:
        disk.replace(path, content, mode)
