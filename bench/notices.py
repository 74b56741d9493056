"""What a printed notice costs, beside the same page given to WeasyPrint without thinking of speed, in the same run.

    python -m bench.notices [--rounds 3] [--memory 2000] [--workers 2]

Prints CPU time a notice (median and mean, in ms), bytes, the ratio to naive, the gain of several workers, and the
resident memory of this process as it goes on printing. The notices are the November run of the sample agency. Trust the
ratios: the rounds are interleaved, so a busy machine slows both alike.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import segno
from weasyprint import HTML

from daemon import pdf
from daemon.notices import page
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


@dataclass(slots=True)
class Tally:
    """CPU milliseconds and sizes of one way of printing."""

    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, printer: Callable[[Notice], bytes], notice: Notice) -> None:
        start = time.process_time()
        self.sizes.append(len(printer(notice)))
        self.times.append((time.process_time() - start) * 1000)

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


def _whole(notice: Notice) -> str:
    css = page.sheet(HOUSE.colour, page.folder("fonts").as_uri()) + NAIVE
    transfer = pdf.transfer(notice, HOUSE)
    if transfer is not None:
        bank = HOUSE.bank
        text = epc.payload(bank.holder, bank.iban, bank.bic, notice.total_due, transfer.reference)
        transfer = replace(transfer, qr=segno.make_qr(text, error="m").svg_data_uri(border=0, omitsize=True))
    return page.page(notice, HOUSE, transfer=transfer).replace("</head>", f"<style>{css}</style></head>")


def compare(notices: list[Notice], rounds: int) -> None:
    ways = {"naive, plain PDF": naive, "naive, PDF/A-3a": naive_lasting, "ours, PDF/A-3a": ours}
    tallies = {name: Tally() for name in ways}
    for notice in notices * rounds:
        for name, printer in ways.items():
            tallies[name].add(printer, notice)
    mine = statistics.median(tallies["ours, PDF/A-3a"].times)
    for name, tally in tallies.items():
        print(f"{name:18} {tally}  x{statistics.median(tally.times) / mine:.2f}")


def share(notices: list[Notice], workers: int) -> None:
    """Wall time of one process and of several forked ones."""
    alone = _wall(lambda: [ours(notice) for notice in notices])
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        together = _wall(lambda: pool.map(ours, notices, chunksize=2))
    rates = f"{len(notices) / together:.1f} notices/s instead of {len(notices) / alone:.1f}"
    print(f"{workers} workers: {rates}: x{alone / together:.2f}")


def go_on(notices: list[Notice], count: int) -> None:
    """Resident memory while `count` notices are printed."""
    for number in range(1, count + 1):
        ours(notices[number % len(notices)])
        if number % max(count // 5, 1) == 0:
            print(f"after {number:6} notices: {_resident():.0f} MiB")


def _wall(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def _resident() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=1, help="times that each notice is printed in each way")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--memory", type=int, default=0, help="notices to print while watching the memory")
    chosen = options.parse_args()
    notices = list(november())
    ours(notices[0])  # fonts and style sheet are parsed once a process
    compare(notices, chosen.rounds)
    if chosen.workers > 1:
        share(notices, chosen.workers)
    if chosen.memory:
        go_on(notices, chosen.memory)


if __name__ == "__main__":
    main()
