"""The sidecar: one small JSON file beside each pli, which says what it is and proves its documents by size and sha256.

UTF-8, sorted keys, two spaces of indentation (`_ged/verifier.sh` reads it line by line, without any JSON parser), one
newline at the end. It is never rewritten: a change is a whole new sidecar, `<id>.r2.json`, beside the first.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

FORMAT = "vaguemestre-ged 1"
FOLDER = ".ged"
OURS = frozenset({"format", "id", "files", "software"})  # what the tree writes itself; `dates.filed` too
DERIVED = frozenset({"attachment", "text"})  # copies of what the original holds

_SHOWN_ID = re.compile(r"\[([0-9a-z]{8,52})\]")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")  # RFC 6838, 4.2
_SURROGATE = re.compile("[\ud800-\udfff]")


def build(
    record: Mapping[str, Any], whole: str, files: Iterable[dict[str, Any]], filed_at: datetime, version: str
) -> dict[str, Any]:
    """The whole sidecar of a pli. Raises ValueError when the record brings a field that only the tree may write."""
    foreign = sorted(OURS & record.keys())
    if foreign:
        raise ValueError(f"the record of a pli can't set {', '.join(foreign)}: the tree does")
    dates = {**record.get("dates", {}), "filed": filed_at}
    ours = {"format": FORMAT, "id": whole, "files": list(files), "software": f"vaguemestre {version}"}
    built: dict[str, Any] = plain({**record, **ours, "dates": dates})
    return built


def file_entry(name: str, role: str, media_type: str, content: bytes) -> dict[str, Any]:
    """What the sidecar says of one document; `name` is relative to the folder of the pli."""
    kind = media_type.strip().lower()
    entry: dict[str, Any] = {
        "name": name,
        "role": role,
        "sha256": sha256(content).hexdigest(),
        "size": len(content),
        "type": kind if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream",
    }
    return {**entry, "derived": True} if role in DERIVED else entry


def plain(value: Any) -> Any:
    """The value as JSON knows it: times in ISO 8601, decimals as strings, tuples as lists, half characters U+FFFD."""
    match value:
        case str() | Decimal():
            return _SURROGATE.sub("\ufffd", str(value))
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {plain(str(key)): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case set() | frozenset():
            return sorted(plain(each) for each in value)
    return value


def encode(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)
    return text.encode() + b"\n"


def decode(content: bytes) -> dict[str, Any]:
    """Raises ValueError when the bytes are no sidecar of this format."""
    record = json.loads(content)
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError(f"not a sidecar of the format {FORMAT!r}: {content[:60]!r}")
    return record


def name(whole: str, revision: int = 1) -> str:
    """`<id>.json`, then `<id>.r2.json`, ..."""
    return f"{whole}.json" if revision == 1 else f"{whole}.r{revision}.json"


def event_name(whole: str, number: int) -> str:
    """`<id>.e1.json`, `<id>.e2.json`, ...: what happened later to the case that the pli opened."""
    return f"{whole}.e{number}.json"


def short_id(record: Mapping[str, Any]) -> str:
    """The id as people see it, in brackets in the name of the original: 8 characters, more after a collision."""
    whole: str = record["id"]
    shown = [found for found in _SHOWN_ID.findall(record["files"][0]["name"]) if whole.startswith(found)]
    return shown[-1] if shown else whole[:8]


def digest(record: Mapping[str, Any]) -> str:
    """The sha256 (hex) of the original."""
    found: str = next(file["sha256"] for file in record["files"] if file["role"] == "original")
    return found
