"""How many letters a second go from a real Dovecot to filed, recorded and acknowledged, and how long one takes.

    python -m bench.intake [--letters 20000] [--latency 100] [--small 5000]

The daemon runs as it would anywhere (`vaguemestre run`: SQLite with synchronous=FULL, every fsync), on an agency of
thousands of leases; the answers and notices go to a raw SMTP sink in a process of its own. Beside it, in the same run
on the same mailbox, stands the peer: a bulk raw FETCH by imaplib, the most that any program could take out.
"""

import argparse
import imaplib
import os
import shutil
import signal
import smtplib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from bench.post import AGENCY, MIX, SMALL, Post, lists, tenant
from tests.dovecot import SECRET, Dovecot, free_port, running

USER = "bench"
THOUSAND = 1000
# The program as it is installed for SQLite: peewee would load the PostgreSQL driver that the tests need, of 17 MB.
PLAIN = "import sys; sys.modules['psycopg'] = None; from daemon.cli import main; main()"
TICKS = os.sysconf("SC_CLK_TCK")
CONFIG = """
[agency]
name = "Régie de mesure"
address = "{agency}"
emergency_phone = "04 65 71 20 99"
supervisor = "direction@regie-de-mesure.test"
admin = "admin@regie-de-mesure.test"

[storage]
state = "state"
archive = "GED"

[[mailbox]]
name = "gestion"
address = "{agency}"
host = "127.0.0.1"
port = {imap}
security = "none"
user = "{user}"
password_file = "password"

[lmtp]
listen = "127.0.0.1:{lmtp}"

[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"

[limits]
answers_per_address = 1000000
answers_per_hour = 1000000
"""


# --- what is around the daemon


@dataclass
class Sink:
    """The mails that the sink took: when, how large, for whom."""

    process: subprocess.Popen[str]
    port: int
    taken: list[tuple[float, int, str]] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)

    def read(self, lines: IO[str]) -> None:
        for line in lines:
            moment, size, recipient = line.split()
            with self.news:
                self.taken.append((float(moment), int(size), recipient))
                self.news.notify_all()

    def when(self, recipient: str, after: int, seconds: float = 60) -> float:
        """The time at which a mail for this recipient was taken, among those after the first `after`."""
        found: list[float] = []

        def has_come() -> bool:
            found.extend(moment for moment, _, to in self.taken[after:] if to == recipient)
            return bool(found)

        with self.news:
            if not self.news.wait_for(has_come, seconds):
                sys.exit(f"no answer to {recipient} within {seconds} s")
        return found[0]


@contextmanager
def sink() -> Iterator[Sink]:
    process = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    opened = Sink(process, int(process.stdout.readline()))
    threading.Thread(target=opened.read, args=(process.stdout,), daemon=True).start()
    try:
        yield opened
    finally:
        process.kill()
        process.wait()


def fill(dovecot: Dovecot, letters: Iterator[bytes]) -> int:
    """Put letters in the inbox as a delivery agent does: files of a Maildir. Returns their bytes."""
    box, written = dovecot.root / "mail" / USER, 0
    for name in ("cur", "new", "tmp"):
        (box / name).mkdir(parents=True, exist_ok=True)
    for number, raw in enumerate(letters):
        plain = raw.replace(b"\r\n", b"\n")
        name = f"{1_700_000_000 + number}.M{number:06}P1.bench,S={len(plain)},W={len(raw)}"
        (box / "new" / name).write_bytes(plain)
        written += len(raw)
    owner = (dovecot.root / "mail").stat()
    for path in (box, *box.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    return written


def raw_fetch(port: int, batch: int = 100) -> tuple[int, float]:
    """The peer: every letter's bytes out of the mailbox in bulk, thrown away. Letters, and seconds."""
    client = imaplib.IMAP4("127.0.0.1", port, timeout=120)
    client.login(USER, SECRET)
    client.select("INBOX", readonly=True)
    _, found = client.uid("SEARCH", "ALL")
    uids = found[0].split()
    begun = time.monotonic()
    for start in range(0, len(uids), batch):
        some = uids[start : start + batch]
        client.uid("FETCH", f"{some[0].decode()}:{some[-1].decode()}", "(BODY.PEEK[])")
    taken = time.monotonic() - begun
    client.logout()
    return len(uids), taken


# --- the daemon


@dataclass
class Daemon:
    """`vaguemestre run` as a process; its log is read as it comes."""

    folder: Path
    process: subprocess.Popen[str]
    started: float
    filed: list[float] = field(default_factory=list)
    marks: list[tuple[float, int, float]] = field(default_factory=list)  # each thousand: CPU seconds, kB, time
    other: list[str] = field(default_factory=list)

    def read(self, lines: IO[str]) -> None:
        for line in lines:
            if "event=letter_filed" in line:
                self.filed.append(time.monotonic())
                if len(self.filed) % THOUSAND == 0:
                    self.marks.append((self.cpu(), self.memory(), self.filed[-1]))
            elif "event=letter_received" not in line and "event=mail_sent" not in line:
                self.other.append(line.rstrip())

    def pids(self) -> list[int]:
        """Its processes: the one that takes letters in, and the one that sends."""
        first = self.process.pid
        return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]

    def cpu(self) -> float:
        """Seconds of processor time, of all its threads."""
        return sum(map(_cpu, self.pids()))

    def memory(self) -> int:
        """What its processes take together now, in kB: PSS, for what they share counts once."""
        return sum(_kilobytes(pid, "smaps_rollup", "Pss") for pid in self.pids())

    def peaks(self) -> list[int]:
        """VmHWM of each process, in MB."""
        return [_kilobytes(pid, "status", "VmHWM") // 1024 for pid in self.pids()]

    def count(self, question: str) -> int:
        with sqlite3.connect(f"file:{self.folder}/state/vaguemestre.db?mode=ro", uri=True, timeout=30) as database:
            return int(database.execute(question).fetchone()[0])

    def until(self, happens: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not happens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("\n".join(["the daemon has stopped, or is far too slow:", *self.other[-20:]]))
            time.sleep(0.25)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _kilobytes(pid: int, file: str, name: str) -> int:
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


UNSENT = "SELECT count(*) FROM outgoing WHERE state != 'sent'"
OPEN = "SELECT count(*) FROM errand WHERE state IN ('waiting', 'doing')"


@contextmanager
def agency(dovecot: Dovecot, mails: Sink, tenants: int, lmtp: int) -> Iterator[Path]:
    """A folder with the configuration and the lists imported; on the disk, for a memory file system has no fsync."""
    folder = Path(tempfile.mkdtemp(prefix="vaguemestre-bench-"))
    try:
        (folder / "password").write_text(SECRET)
        values = {"agency": AGENCY, "imap": dovecot.port, "smtp": mails.port, "lmtp": lmtp, "user": USER}
        (folder / "vaguemestre.toml").write_text(CONFIG.format(**values))
        lists(folder, tenants)
        for kind in ("leases", "managers"):
            command = [*vaguemestre(folder), "import", kind, str(folder / f"{kind}.csv")]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        yield folder
    finally:
        shutil.rmtree(folder)


def vaguemestre(folder: Path) -> list[str]:
    return [sys.executable, "-c", PLAIN, "--config", str(folder / "vaguemestre.toml")]


@contextmanager
def at_work(folder: Path) -> Iterator[Daemon]:
    started = time.monotonic()
    process = subprocess.Popen([*vaguemestre(folder), "run"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    opened = Daemon(folder, process, started)
    threading.Thread(target=opened.read, args=(process.stderr,), daemon=True).start()
    try:
        yield opened
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


# --- what is measured


def throughput(daemon: Daemon, mails: Sink, letters: int) -> None:
    curve = Curve(daemon, mails)

    def is_done() -> bool:
        curve.go_on()
        return len(daemon.filed) >= letters and daemon.count(UNSENT) == 0

    daemon.until(is_done, seconds=120 + letters)
    answers = [moment for moment, _, to in mails.taken if to.startswith("tenant")]
    print(f"\n{letters} letters filed, {len(answers)} acknowledged, {len(mails.taken)} mails handed over")
    ends = (daemon.filed[-1], max(*answers, daemon.filed[-1]), max(mails.taken)[0])
    filed, answered, whole = (letters / (end - daemon.started) for end in ends)
    print(f"from the start of the process: {filed:.0f} letters/s filed, {answered:.0f}/s with every answer to a tenant")
    print(f"handed over, {whole:.0f}/s with every notice to a manager too")
    print(f"{daemon.cpu() / letters * 1000:.2f} ms of CPU a letter")
    print(f"VmHWM of the process that takes in and of the one that sends: {daemon.peaks()} MB")
    daemon.until(lambda: daemon.count(OPEN) == 0, seconds=120 + letters)
    print(f"and all put away in the mailbox after {time.monotonic() - daemon.started:.0f} s")


class Curve:
    """A line for each thousand of letters, as they are filed."""

    def __init__(self, daemon: Daemon, mails: Sink) -> None:
        self._daemon, self._mails = daemon, mails
        self._told, self._before, self._burnt, self._sent = 0, daemon.started, 0.0, 0
        print("   thousand   filed/s   mails/s   CPU ms/letter   PSS MB", flush=True)

    def go_on(self) -> None:
        for cpu, peak, moment in self._daemon.marks[self._told :]:
            sent = sum(one <= moment for one, _, _ in self._mails.taken)
            seconds, self._told = moment - self._before, self._told + 1
            print(
                f"{self._told:11}{THOUSAND / seconds:10.0f}{(sent - self._sent) / seconds:10.0f}"
                f"{(cpu - self._burnt) / THOUSAND * 1000:16.2f}{peak / 1024:11.0f}",
                flush=True,
            )
            self._before, self._burnt, self._sent = moment, cpu, sent


def latency(numbers: range, by: str, mails: Sink, deliver: Callable[[int], None]) -> None:
    """One letter at a time on an idle daemon, from the moment at which the server had taken it."""
    waits = []
    for number in numbers:
        already = len(mails.taken)
        deliver(number)
        handed = time.monotonic()
        waits.append(mails.when(tenant(number), already) - handed)
        time.sleep(0.05)
    waits.sort()
    half, most = statistics.median(waits), waits[int(len(waits) * 0.95)]
    print(f"one letter by {by} to its acknowledgement: p50 {half:.3f} s, p95 {most:.3f} s, max {waits[-1]:.3f} s")


def latencies(dovecot: Dovecot, mails: Sink, post: Post, lmtp: int, times: int) -> None:
    with dovecot.person(USER) as person:
        latency(range(times), "IMAP", mails, lambda number: person.put(post.complaint(number), date=datetime.now(UTC)))

    def hand_over(number: int) -> None:
        with smtplib.LMTP("127.0.0.1", lmtp, local_hostname="localhost", timeout=60) as line:
            line.sendmail(tenant(number), [AGENCY], post.complaint(number))

    latency(range(times, 2 * times), "LMTP", mails, hand_over)


def run(letters: int, mix: tuple[tuple[str, float], ...], times: int) -> None:
    tenants, lmtp = max(2 * times, 60, min(5000, letters // 4)), free_port()
    post = Post(tenants, mix)
    with running() as dovecot, sink() as mails, agency(dovecot, mails, tenants, lmtp) as folder:
        size = fill(dovecot, post.letters(letters))
        print(f"{letters} letters, {size / letters / 1024:.1f} kB each, of {tenants} tenants; {shares(mix)}")
        raw_fetch(dovecot.port)  # for Dovecot's own index and the cache of the disk
        count, seconds = raw_fetch(dovecot.port)
        print(f"peer, raw bulk FETCH of this mailbox: {count / seconds:.0f} letters/s")
        with at_work(folder) as daemon:
            throughput(daemon, mails, letters)
            if times:
                latencies(dovecot, mails, post, lmtp, times)
            troubles = [line for line in daemon.other if "event=letter_" in line or "ERROR" in line or "error=" in line]
            print("\n".join([*troubles[:5], ""]))


def shares(mix: tuple[tuple[str, float], ...]) -> str:
    return ", ".join(f"{share:.0%} {name}" for name, share in mix)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=20_000, help="of the mix")
    parser.add_argument("--small", type=int, default=5000, help="small mails in a second run; 0: none")
    parser.add_argument("--latency", type=int, default=100, help="single letters on the idle daemon, by each way")
    chosen = parser.parse_args()
    os.environ["PYTHONUNBUFFERED"] = "1"
    if chosen.letters:
        run(chosen.letters, MIX, chosen.latency)
    if chosen.small:
        run(chosen.small, SMALL, 0)


if __name__ == "__main__":
    main()
