"""What a printed notice costs, beside the same page given to WeasyPrint without thinking of speed, in the same run.

    python -m bench.notices [--rounds 3] [--memory 20000] [--workers 2]

Prints CPU time a notice (median and mean, in ms), bytes, the ratio to naive, the gain of several workers, and the
resident memory of a process as it goes on printing. Beside them a headless Chromium that is kept warm, where there
is one. The notices are the November run of the sample agency. Trust the ratios: the rounds are interleaved, so a busy
machine slows all alike.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import segno
from weasyprint import HTML

from bench.chromium import Chromium, found
from daemon import pdf
from daemon.notices import page
from daemon.notices.press import Job, print_all
from rules import epc, period
from rules.notice import Notice
from rules.reckoning import compute
from tests.accounts import HOUSE, leases, movements

# How one writes the page who has not measured: flex boxes, tables that measure their columns, striped rows.
NAIVE = """
table { table-layout: auto }
.head { position: static; display: flex; justify-content: space-between; margin-bottom: -9mm }
.brand, .agency { position: static }
.pair { display: flex; justify-content: space-between }
.called, .account { float: none }
.sums tr:nth-child(even) td { color: #20262b }
"""


# Chromium knows no running elements: what stands in the margins of our page stands in its flow there.
FLOWING = """
@page { margin: 18mm 20mm 25mm }
.paying { page: auto }
.legal { position: absolute; top: 240mm }
.slip { bottom: auto; top: 202mm }
.head { top: 0 }
"""
MANY = 2  # times the sample, for the workers
FIRST = 1000  # notices after which the memory is looked at first


@dataclass(slots=True)
class Tally:
    """CPU milliseconds and sizes of one way of printing."""

    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, printer: Callable[[Notice], bytes], notice: Notice, clock: Callable[[], float]) -> None:
        start = clock()
        self.sizes.append(len(printer(notice)))
        self.times.append(clock() - start)

    def __str__(self) -> str:
        median, mean = statistics.median(self.times), statistics.mean(self.times)
        return f"{median:7.1f} ms median  {mean:7.1f} ms mean  {statistics.mean(self.sizes):8.0f} bytes"


def november() -> Iterator[Notice]:
    """Every notice of the sample agency's run of November 2026."""
    for lease, (terms, people) in leases().items():
        notice = compute(terms, people, movements()[lease], period.parse("2026-11"), date(2026, 10, 31)).notice
        if notice is not None:
            yield notice


def ours(notice: Notice) -> bytes:
    return pdf.render(notice, HOUSE)


def naive(notice: Notice) -> bytes:
    """`HTML(string).write_pdf()`: the style sheet in the page, fonts found anew, the best of eight QR masks."""
    return bytes(HTML(string=_whole(notice)).write_pdf())


def naive_lasting(notice: Notice) -> bytes:
    """The same, as PDF/A-3 with tags and the data inside: what ours is."""
    attached = [pdf.data(notice)]
    return bytes(HTML(string=_whole(notice)).write_pdf(pdf_variant="pdf/a-3a", attachments=attached))


def _whole(notice: Notice, more: str = NAIVE) -> str:
    css = page.sheet(HOUSE.colour, page.folder("fonts").as_uri()) + more
    transfer = pdf.transfer(notice, HOUSE)
    if transfer is not None:
        bank = HOUSE.bank
        text = epc.payload(bank.holder, bank.iban, bank.bic, notice.total_due, transfer.reference)
        transfer = replace(transfer, qr=segno.make_qr(text, error="m").svg_data_uri(border=0, omitsize=True))
    return page.page(notice, HOUSE, transfer=transfer).replace("</head>", f"<style>{css}</style></head>")


@contextmanager
def warm() -> Iterator[Chromium | None]:
    """A browser that has printed a page, if this machine has one."""
    program = found()
    if not program:
        yield None
        return
    browser = Chromium(program, (page.folder("fonts") / "README.md").as_uri())
    try:
        browser.print("<p>Bonjour")
        yield browser
    finally:
        browser.close()


def compare(notices: list[Notice], rounds: int) -> None:
    """Each notice in every way, one way after the other, so that a busy minute slows all of them."""
    with warm() as browser:
        ways: dict[str, tuple[Callable[[Notice], bytes], Callable[[], float]]] = {
            "naive, plain PDF": (naive, _own_cpu),
            "naive, PDF/A-3a": (naive_lasting, _own_cpu),
            "ours, PDF/A-3a": (ours, _own_cpu),
        }
        if browser is not None:
            ways["warm Chromium"] = (lambda notice: browser.print(_whole(notice, FLOWING)), browser.cpu)
        tallies = {name: Tally() for name in ways}
        for notice in notices * rounds:
            for name, (printer, clock) in ways.items():
                tallies[name].add(printer, notice, clock)
    mine = statistics.median(tallies["ours, PDF/A-3a"].times)
    for name, tally in tallies.items():
        print(f"{name:18} {tally}  x{statistics.median(tally.times) / mine:.2f}")


def _own_cpu() -> float:
    return time.process_time() * 1000


def share(notices: list[Notice], workers: int, rounds: int) -> None:
    """The program's own printers, their start included: one process and several, in turn.

    Beside the clock, the processor's time: it says what the same work gives where so many processors are free.
    """
    jobs = [Job(str(number), notice, HOUSE) for number, notice in enumerate(notices * MANY)]
    pairs = [(_spent(jobs, 1), _spent(jobs, workers)) for _ in range(rounds)]
    for name, place, most in (("by the clock", 0, 1), ("by processor time", 1, workers)):
        gains = sorted(most * alone[place] / together[place] for alone, together in pairs)
        print(f"{workers} workers, {name}: x{statistics.median(gains):.2f} (x{gains[0]:.2f} to x{gains[-1]:.2f})")


def _spent(jobs: list[Job], workers: int) -> tuple[float, float]:
    """Seconds on the clock, and of all processors by this process and those that it started."""
    start, used = time.monotonic(), sum(os.times()[:4])
    for _ in print_all(jobs, workers):
        pass
    return time.monotonic() - start, sum(os.times()[:4]) - used


def go_on(notices: list[Notice], count: int) -> None:
    """Resident memory while `count` notices are printed, at the first thousand and at each fifth."""
    for number in range(1, count + 1):
        ours(notices[number % len(notices)])
        if number == FIRST or number % max(count // 5, 1) == 0:
            print(f"after {number:6} notices: {_resident():.0f} MiB", flush=True)


def _resident() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=1, help="times that each thing is measured")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--memory", type=int, default=0, help="notices to print while watching the memory")
    chosen = options.parse_args()
    notices = list(november())
    ours(notices[0])  # fonts and style sheet are parsed once a process
    compare(notices, chosen.rounds)
    if chosen.workers > 1:
        share(notices, chosen.workers, chosen.rounds)
    if chosen.memory:
        apart = get_context("spawn").Process(
            target=go_on, args=(notices, chosen.memory)
        )  # what was naive left its traces
        apart.start()
        apart.join()


if __name__ == "__main__":
    main()
