"""The agency's own layer (rules.learned), read from the corrections that the database holds.

What a correction teaches is read in its letter, in the tree, and kept beside it: so the layer of a rebuilt database is
the same, and a new edition of the rules reads every letter again.
"""

import json
from collections.abc import Callable
from typing import Any

from peewee import DoesNotExist, fn

from archive.database import open_database, reading, writing
from archive.prepared import Prepared
from archive.records import Correction, Message
from daemon import log
from daemon.config import Config
from daemon.reading.parse import parse
from rules import learned
from rules.learned import Layer, Lesson
from rules.letter import Label

MOST = 1000  # the newest lessons: what people meant years ago counts no longer

BytesOf = Callable[[str], bytes]  # of a pli, by its digest


_STATE = Prepared(
    lambda: Correction.select(fn.COUNT(Correction.key), fn.COUNT(Correction.undone_at), fn.MAX(Correction.at))
)


class Lessons:
    """The layer as it is now, made again when a correction was added or undone."""

    def __init__(self, bytes_of: BytesOf, *, keep: bool = True) -> None:
        self._bytes_of = bytes_of
        self._keep = keep
        self._state: Any = None
        self._layer = learned.NOTHING

    def layer(self) -> Layer:
        (state,) = _STATE.rows()
        if state != self._state:
            self._layer, self._state = self._made(), state
        return self._layer

    def _made(self) -> Layer:
        counting = Correction.select().where(Correction.undone_at.is_null())
        newest = list(counting.order_by(Correction.at.desc(), Correction.key).limit(MOST))
        return learned.layer(
            Lesson(row.key, Label(row.was), Label(row.label), traits)
            for row in newest
            if (traits := self._traits(row)) is not None
        )

    def _traits(self, row: Correction) -> frozenset[str] | None:
        """Kept with the correction, else read now; None when its letter is not to be had."""
        if (kept := traits_of(row)) is not None:
            return kept
        try:
            raw = self._bytes_of(row.message)
        except (OSError, DoesNotExist, LookupError) as error:
            log.trouble("learning", error)
            return None
        found = learned.traits(parse(raw, received_at=row.at))
        if self._keep:
            self._write(row, found)
        return found

    def _write(self, row: Correction, found: frozenset[str]) -> None:
        written = json.dumps({"edition": learned.EDITION, "traits": sorted(found)}, ensure_ascii=False)
        with writing():
            Correction.update(traits=written).where(Correction.key == row.key).execute()


def layer_of(config: Config) -> Layer:
    """The layer of an agency, for a command that only looks. Raises what the database raises."""
    open_database(config.storage.database)

    def bytes_of(digest: str) -> bytes:
        path = config.storage.archive / str(Message.get(Message.digest == digest).path)
        return path.read_bytes()

    with reading():
        return Lessons(bytes_of, keep=False).layer()


def traits_of(row: Correction) -> frozenset[str] | None:
    """What is kept of a lesson; None when it was never read, or by another edition."""
    kept = json.loads(row.traits or "{}")
    return frozenset(kept["traits"]) if kept.get("edition") == learned.EDITION else None


def rows() -> list[dict[str, Any]]:
    """What `learn list` tells: every correction, newest first, and the rarest words that it teaches by."""
    return [
        {
            "id": row.key,
            "at": row.at,
            "by": row.by,
            "case": row.case_id,
            "was": row.was,
            "label": row.label,
            "state": "undone" if row.undone_at else "counts",
            "words": ", ".join(learned.telling(traits_of(row) or frozenset())),
        }
        for row in Correction.select().order_by(Correction.at.desc(), Correction.key)
    ]
