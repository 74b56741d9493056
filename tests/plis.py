"""Letters and trees for the tests of the archive: small, made by hand, the same each time."""

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from archive import names
from archive.durable import DISK, Disk
from archive.incoming import Arrival
from archive.tree import Document, Filed, Pli, Tree

NOW = datetime(2026, 11, 24, 13, 32, 5, tzinfo=UTC)
AGENCY = "Régie Aubrelac [AG01]"
LEASE = names.lease_folder("0042", "12 rue des Lilas", "Montreuil", "A12", "B01234", "DUPONT Marie", 2026)
DAY = names.unattached_folder(NOW.date())
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(40)


def letter(subject: str = "Fuite salle de bain") -> bytes:
    return f"From: marie.dupont@example.org\r\nSubject: {subject}\r\n\r\nBonjour,\r\n".encode()


def pli(
    subject: str = "Fuite salle de bain",
    folder: tuple[str, ...] = LEASE,
    attachments: Sequence[tuple[str, bytes]] = (),
    raw: bytes | None = None,
) -> Pli:
    content = letter(subject) if raw is None else raw
    attached = (Document(name, "attachment", "application/octet-stream", held) for name, held in attachments)
    original = Document("", "original", "message/rfc822", content)
    record = {"subject": subject, "direction": "in", "dates": {"received": NOW}}
    title = names.title(NOW, "Reçu", subject)
    return Pli(sha256(content).hexdigest(), folder, title, (original, *attached), record)


def tree(root: Path, disk: Disk = DISK) -> Tree:
    return Tree(root, AGENCY, "0.1.0", disk=disk)


def file(into: Tree, *plis: Pli, now: datetime = NOW) -> list[Filed]:
    """File and settle, as after a database commit."""
    with into.lock(5):
        filed = into.file(plis, now, "daemon")
        into.settle(filed)
    return filed


def arrival(uid: int = 1, received_at: datetime = NOW) -> Arrival:
    return Arrival("imap", received_at, NOW, mailbox="gestion", folder="INBOX", uidvalidity=7, uid=uid)


def verify(root: Path) -> tuple[int, str]:
    """The stranger's verifier: its exit code and what it says."""
    done = subprocess.run(["bash", str(root / "_ged" / "verifier.sh")], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def documents(root: Path) -> dict[str, bytes]:
    """What stands in the tree outside `_ged`, by path."""
    files = (path for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0] != "_ged")
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(files)}


def journal(root: Path) -> list[list[str]]:
    """The lines of the journal, as fields."""
    return [line.split("\t") for day in journal_days(root) for line in day.read_text().splitlines()]


def sound(root: Path) -> bool:
    """What the verifier checks, quicker: each document proved by a sidecar, nothing else there, the chain whole."""
    held = documents(root)
    sheets = {path: json.loads(content) for path, content in held.items() if path.endswith(".json")}
    proved = {
        f"{path.split('/.ged/')[0]}/{each['name']}": (each["sha256"], each["size"])
        for path, sheet in sheets.items()
        for each in sheet["files"]
    }
    others = held.keys() - sheets.keys() - {"LISEZ-MOI.txt"}
    found = {path: (sha256(held[path]).hexdigest(), len(held[path])) for path in others}
    lines = [line for day in journal_days(root) for line in day.read_bytes().splitlines(keepends=True)]
    links = ["0" * 64, *(sha256(line).hexdigest() for line in lines)]
    chained = [line.split(b"\t")[0].decode() for line in lines] == links[:-1]  # of one day
    journaled = {fields[6] for fields in journal(root)} >= {sha256(held[path]).hexdigest() for path in sheets}
    return chained and journaled and proved == found


def journal_days(root: Path) -> list[Path]:
    return sorted((root / "_ged" / "journal").rglob("*.journal"))


def filed_lines(root: Path) -> list[tuple[str, ...]]:
    """Operation, id and both hashes of the journal's lines about plis."""
    return sorted(tuple(fields[3:7]) for fields in journal(root) if fields[3] != "RECOVER")
