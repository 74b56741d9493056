"""What `classify` prints: the verdict on files of letters, without the agency and without a trace."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from daemon.reading.parse import parse
from rules import learned
from rules.automatic import automatic
from rules.decide import judge
from rules.learned import Layer
from rules.letter import Letter, Verdict


def letters_of(
    paths: Sequence[Path], now: datetime, layer: Layer | None = None
) -> Iterator[tuple[Path, dict[str, Any] | OSError]]:
    """The verdict on each .eml of these files and folders, in order; the error of a file that can't be read.

    With the agency's `layer` the verdict is the one that it would give, and the row says how it came about.
    """
    for path in _files(paths):
        try:
            raw = path.read_bytes()
        except OSError as error:
            yield path, error
            continue
        yield path, _row(path, parse(raw, received_at=now), layer)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*.eml") if p.is_file())
        else:
            yield path


def told(row: dict[str, Any]) -> str:
    """A row for a person: one line, and the lines of an explanation below it."""
    lines = [f"{row['path']}: {row['label']} ({row['confidence']:.2f}) {row['because']}"]
    if "explain" in row:
        why = row["explain"]
        chances = ", ".join(f"{label} {chance:.3f}" for label, chance in why["model"].items())
        said = [*(flag for flag in ("urgent", "registered") if row[flag]), *row["alerts"]]
        lines += [f"  rules: {', '.join(filter(None, (*said, why['rules']))) or '-'}", f"  model: {chances}"]
        shifts = ", ".join(f"{label} {shift:+.2f}" for label, shift in why["agency"]["shifts"].items())
        lines.append(f"  agency: {shifts or '-'}")
        lines += [_lesson(one) for one in why["agency"]["lessons"]]
    return "\n".join(lines)


def _lesson(one: dict[str, Any]) -> str:
    words = ", ".join(one["words"])
    return f"    {one['id']}: {one['was']} -> {one['label']}, alike {one['degree']:.2f} ({words})"


def _row(path: Path, letter: Letter, layer: Layer | None) -> dict[str, Any]:
    shipped = judge(letter)
    verdict = shipped if layer is None else learned.weigh(shipped, letter, layer)
    row = {
        "path": str(path),
        "label": str(verdict.label),
        "confidence": round(verdict.confidence, 4),
        "urgent": verdict.urgent,
        "registered": verdict.registered,
        "automated": verdict.automated,
        "alerts": [str(alert) for alert in verdict.alerts],
        "because": verdict.because,
    }
    return row if layer is None else row | {"explain": _explanation(letter, shipped, layer)}


def _explanation(letter: Letter, shipped: Verdict, layer: Layer) -> dict[str, Any]:
    """What the rules, the shipped model and the agency's corrections each said, likeliest and most alike first."""
    signs = automatic(letter, frozenset())
    alike = learned.likenesses(letter, layer)
    chances = sorted(shipped.chances, key=lambda one: -one[1])
    return {
        "rules": signs.kind if signs is not None else "",
        "model": {str(label): round(chance, 4) for label, chance in chances},
        "agency": {
            "shifts": {str(label): round(shift, 3) for label, shift in learned.shifts(alike).items()},
            "lessons": [
                {
                    "id": one.lesson.key,
                    "was": str(one.lesson.was),
                    "label": str(one.lesson.label),
                    "degree": round(one.degree, 3),
                    "words": list(learned.telling(one.shared)),
                }
                for one in alike
            ],
        },
    }
