"""A plan: the list of targets of a group of plis, durable before the first of them gets its final name.

After a crash it tells what may lie in the tree half filed: the documents of a pli whose sidecar is not there. Its last
brace is its proof of wholeness; a torn plan was never acted upon.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archive.folders import Parts
from archive.journal import Op

SUFFIX = ".plan"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a file goes: a folder (components below the root), a name in it, and the sha256 of what it will hold."""

    folder: Parts
    name: str
    sha256: str

    @property
    def path(self) -> str:
        return "/".join((*self.folder, self.name))


@dataclass(frozen=True, slots=True)
class Promise:
    """One pli of a plan: its documents, the original first, and the sidecar that commits them."""

    id: str
    digest: str
    documents: tuple[Target, ...]
    sidecar: Target
    op: Op = Op.FILE


@dataclass(frozen=True, slots=True)
class Plan:
    """A group. `day` (UTC) is the first day of the journal where its lines can stand."""

    day: str
    actor: str
    promises: tuple[Promise, ...]


def plan(promises: tuple[Promise, ...], now: datetime, actor: str) -> Plan:
    return Plan(f"{now.astimezone(UTC):%Y-%m-%d}", actor, promises)


def encode(plan: Plan) -> bytes:
    entries = [
        {
            "id": one.id,
            "digest": one.digest,
            "documents": [_written(target) for target in one.documents],
            "sidecar": _written(one.sidecar),
            "op": one.op,
        }
        for one in plan.promises
    ]
    return json.dumps({"day": plan.day, "actor": plan.actor, "promises": entries}, ensure_ascii=False).encode()


def decode(content: bytes) -> Plan:
    """Raises ValueError when the bytes are no whole plan."""
    try:
        read = json.loads(content)
        return Plan(read["day"], read["actor"], tuple(_promise(each) for each in read["promises"]))
    except (KeyError, TypeError) as problem:
        raise ValueError(f"not a plan: {content[:60]!r}") from problem


def _promise(read: dict[str, Any]) -> Promise:
    documents = tuple(_target(each) for each in read["documents"])
    return Promise(read["id"], read["digest"], documents, _target(read["sidecar"]), Op(read["op"]))


def _written(target: Target) -> list[object]:
    return [list(target.folder), target.name, target.sha256]


def _target(read: list[Any]) -> Target:
    folder, name, digest = read
    parts = (*folder, name)
    if any(part in {"", ".", ".."} or "/" in part for part in parts):
        raise ValueError(f"a plan can't lead to {parts!r}")
    return Target(tuple(folder), name, digest)
