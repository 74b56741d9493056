"""Prints many notices at once, in processes of their own: WeasyPrint's time is the interpreter's, one core each.

A worker is a fresh interpreter with a pipe to us: it ends when we do, however we end, and when it dies only the notice
that it had in hand is a failure. A few notices are printed here, without the second that a start takes.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from daemon.errors import Permanent
from rules.house import House
from rules.notice import Notice

FEW = 24  # printed here
AHEAD = 2  # notices given to a worker at once, so that it never waits


@dataclass(frozen=True, slots=True)
class Job:
    """One notice to print; `name` tells the caller which."""

    name: str
    notice: Notice
    house: House


Printed = tuple[str, bytes | Permanent]  # the job's name, and its document or why there is none


def print_all(jobs: Sequence[Job], workers: int = 0) -> Iterator[Printed]:
    """Every job's document, as they come. `workers`: 0 is one a processor."""
    count = min(workers or os.cpu_count() or 1, len(jobs) // FEW)
    return _together(jobs, count) if count > 1 else map(_print, jobs)


def _print(job: Job) -> Printed:
    """Nothing that one notice does may stop the others."""
    try:
        from daemon.pdf import render  # noqa: PLC0415  WeasyPrint takes 45 MB: loaded when something is printed

        return job.name, render(job.notice, job.house)
    except Permanent as error:
        return job.name, error
    except Exception as error:  # noqa: BLE001  the loop's: the others go on
        return job.name, Permanent(f"notice {job.notice.number}: {type(error).__name__}: {error}")


# --- in processes


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    in_hand: list[Job] = field(default_factory=list)


def _together(jobs: Iterable[Job], count: int) -> Iterator[Printed]:
    rest = iter(jobs)
    workers = {worker.pipe: worker for worker in (_start() for _ in range(count))}
    try:
        for worker in workers.values():
            _feed(worker, rest)
        while workers:
            for pipe in wait(list(workers)):
                worker = workers[pipe]  # type: ignore[index]  # wait() gives back what it was given
                yield from _received(worker, rest)
                if not worker.in_hand:
                    del workers[worker.pipe]
                    _end(worker)
        yield from map(_print, rest)  # every worker died
    finally:
        for worker in workers.values():
            worker.process.kill()
            _end(worker)


def _start() -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _feed(worker: _Worker, rest: Iterator[Job]) -> None:
    while len(worker.in_hand) < AHEAD and (job := next(rest, None)) is not None:
        worker.in_hand.append(job)
        worker.pipe.send(job)


def _received(worker: _Worker, rest: Iterator[Job]) -> list[Printed]:
    """What a worker has done; when it died, the notice in hand is a failure and the next one is printed here."""
    try:
        done: Printed = worker.pipe.recv()
        worker.in_hand.pop(0)
        _feed(worker, rest)
    except (EOFError, OSError):
        broken, *others = worker.in_hand
        worker.in_hand = []
        why = Permanent(f"notice {broken.notice.number}: the process that printed it died")
        return [(broken.name, why), *map(_print, others)]
    return [done]


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.join(10)


def serve(pipe: Connection) -> None:
    """A worker's life: print what comes until nobody is at the other end."""
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(_print(job))
