"""A pli on its way into the tree: what to file, which files that makes, what stands in the tree afterwards. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from archive import names, sidecar
from archive.durable import File
from archive.folders import Parts
from archive.journal import Op
from archive.promise import Promise, Target

ROLES = frozenset({"original", "attachment", "text", "pdf"})


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a pli. `role`: original, attachment, text or pdf.

    The `name` of an attachment is what a sender wrote and isn't trusted; the other roles take the title of the pli.
    """

    name: str
    role: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Pli:
    """What to file. `digest`: the sha256 (hex) of the received bytes, which are the content of the one original.

    `folder`: components below the agency's, as archive/names.py makes them, or below the root when the first is `_ged`
    (the quarantine). `record`: the fields of the sidecar, all
    but those that the tree writes itself (format, id, files, software, dates.filed).
    """

    digest: str
    folder: tuple[str, ...]
    title: str
    documents: tuple[Document, ...]
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filed:
    """A pli in the tree. `id`: the short form, as in file names.

    `path` (of the original) and `sidecar` are relative to the root; `record` is the whole sidecar.
    """

    id: str
    digest: str
    path: str
    sidecar: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A pli that is about to be filed: where its files go, and their bytes in the same order, the sidecar last."""

    promise: Promise
    contents: tuple[bytes, ...]
    filed: Filed

    def files(self) -> list[File]:
        """What to write in `_ged/tmp`."""
        return [(self.staged(number), content) for number, content in enumerate(self.contents)]

    def staged(self, number: int) -> str:
        return f"{self.promise.digest}.{number}"

    def moves(self) -> Iterator[tuple[str, Target]]:
        """The documents, as they are called in `_ged/tmp` and where they go."""
        for number, target in enumerate(self.promise.documents):
            yield self.staged(number), target

    def commit(self) -> tuple[str, Target]:
        """The same for the sidecar."""
        return self.staged(len(self.contents) - 1), self.promise.sidecar


def check(pli: Pli) -> None:
    """Raises ValueError for a pli that would not be what its digest says."""
    originals = [document for document in pli.documents if document.role == "original"]
    if len(originals) != 1:
        raise ValueError(f"a pli has one original, {pli.digest} has {len(originals)}")
    strange = sorted({document.role for document in pli.documents} - ROLES)
    if strange:
        raise ValueError(f"no such role of a document: {', '.join(strange)}")
    found = sha256(originals[0].content).hexdigest()
    if found != pli.digest:
        raise ValueError(f"the original of {pli.digest} is not the bytes that were received: their sha256 is {found}")


def draft(pli: Pli, leaf: Parts, short: str, now: datetime, version: str) -> Draft:
    """The files that make a pli in the folder `leaf`, with `short` as the id that people see."""
    placed = list(_placed(pli, leaf, short))
    entries = [
        sidecar.file_entry("/".join((*folder[len(leaf) :], name)), each.role, each.media_type, each.content)
        for folder, name, each in placed
    ]
    record = sidecar.build(pli.record, names.whole_id(pli.digest), entries, now, version)
    pairs = zip(placed, entries, strict=True)
    targets = tuple(Target(folder, name, entry["sha256"]) for (folder, name, _), entry in pairs)
    name = sidecar.name(record["id"])
    return _committed(record, leaf, targets, tuple(each.content for _, _, each in placed), name, Op.FILE)


def beside(record: dict[str, Any], leaf: Parts, name: str, op: Op) -> Draft:
    """A further record in the folder of sidecars, for a pli that is filed already."""
    return _committed(record, leaf, (), (), name, op)


def _committed(
    record: dict[str, Any],
    leaf: Parts,
    documents: tuple[Target, ...],
    contents: tuple[bytes, ...],
    name: str,
    op: Op,
) -> Draft:
    """The draft of a sidecar and of the documents that come with it."""
    content = sidecar.encode(record)
    target = Target((*leaf, sidecar.FOLDER), name, sha256(content).hexdigest())
    short, digest = sidecar.short_id(record), sidecar.digest(record)
    promise = Promise(short, digest, documents, target, op)
    return Draft(promise, (*contents, content), filed(record, leaf, target.path))


def filed(record: dict[str, Any], leaf: Parts, sidecar_path: str) -> Filed:
    """What stands in the tree, from a sidecar and the folder of its pli."""
    path = "/".join((*leaf, record["files"][0]["name"]))
    return Filed(sidecar.short_id(record), sidecar.digest(record), path, sidecar_path, record)


def _placed(pli: Pli, leaf: Parts, short: str) -> Iterator[tuple[Parts, str, Document]]:
    """Folder and name of each document, the original first."""
    attached = [each for each in pli.documents if each.role == "attachment"]
    others = [each for each in pli.documents if each.role != "attachment"]
    length = len("/".join(leaf)) + 1
    stem = names.stem(pli.title, short, length, attachments=bool(attached))
    taken: set[str] = set()
    for each in sorted(others, key=lambda each: each.role != "original"):
        name = _free(stem, each, taken)
        taken.add(name)
        yield leaf, name, each
    folder = f"{stem} {names.ATTACHED}"
    room = names.PATH_CHARACTERS - length - len(folder) - 1
    for number, each in enumerate(attached, 1):
        yield (*leaf, folder), names.attachment_name(number, each.name, each.media_type, each.content, room), each


def _free(stem: str, document: Document, taken: set[str]) -> str:
    occurrence = 1
    while (name := names.document_name(stem, occurrence, document.media_type, document.content)) in taken:
        occurrence += 1
    return name
