"""A letter that was read and decided upon."""

from dataclasses import dataclass
from typing import Any

from archive.incoming import Arrival
from rules.letter import Letter
from rules.plan import OpenCase, Plan


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter that was read and decided upon. `ref` is the case that it opens (reserved) or joins."""

    letter: Letter
    raw: bytes
    arrivals: tuple[Arrival, ...]
    plan: Plan
    ref: str | None


def decision(plan: Plan) -> dict[str, Any]:
    """What was decided, as a sidecar and a notice tell it."""
    verdict = plan.verdict
    flags = ("urgent", "registered", "automated")
    opening = plan.first(OpenCase)
    return {
        "label": str(verdict.label),
        "flags": [flag for flag in flags if getattr(verdict, flag)],
        "alerts": [str(alert) for alert in verdict.alerts],
        "confidence": round(verdict.confidence, 4),
        "because": verdict.because,
        "runner_up": str(verdict.runner_up) if verdict.runner_up else None,
        "due": opening.due_at.isoformat() if opening else None,
        "silence": plan.silence,
    }
