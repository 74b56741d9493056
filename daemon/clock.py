"""The only reader of the machine's clock; every other function takes `now`."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  this is the place


def monotonic() -> float:
    """Seconds on a clock that never steps back, for timeouts and rates."""
    return time.monotonic()
