"""What `classify` prints: the verdict on files of letters, without the agency and without a trace."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from daemon.parse import parse
from rules.decide import judge


def letters_of(paths: Sequence[Path], now: datetime) -> Iterator[tuple[Path, dict[str, Any] | OSError]]:
    """The verdict on each .eml of these files and folders, in order; the error of a file that can't be read."""
    for path in _files(paths):
        try:
            raw = path.read_bytes()
        except OSError as error:
            yield path, error
            continue
        yield path, _row(path, raw, now)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*.eml") if p.is_file())
        else:
            yield path


def _row(path: Path, raw: bytes, now: datetime) -> dict[str, Any]:
    verdict = judge(parse(raw, received_at=now))
    return {
        "path": str(path),
        "label": str(verdict.label),
        "confidence": round(verdict.confidence, 4),
        "urgent": verdict.urgent,
        "registered": verdict.registered,
        "automated": verdict.automated,
        "alerts": [str(alert) for alert in verdict.alerts],
        "because": verdict.because,
    }
