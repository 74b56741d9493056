"""Tries everything that the daemon needs and tells every problem at once, each with its datum and its cure.

The checks run side by side, each on its own time: a server that doesn't answer holds up no other, and after `PATIENCE`
it is told as a fault. Nothing is moved or made that stays, and nothing is sent but, once the daemon has run, a probe to
our own mailbox (daemon/checks/probe.py), which follows when the servers are well.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from archive.database import DatabaseTrouble, open_database, without_password, writing
from daemon import clock
from daemon.checks import disk as check_disk
from daemon.checks import mail as check_mail
from daemon.checks import probe as check_probe
from daemon.checks import sent as check_sent
from daemon.checks.advice import warnings
from daemon.config import Config, secret_problems
from daemon.errors import ConfigError, Permanent, Temporary
from daemon.reminders import absences

PATIENCE = timedelta(seconds=30)  # for all checks together, which run at once
BUILT = datetime(2026, 1, 1, tzinfo=UTC)  # a clock before this program was written is wrong
FORESEEN = (Temporary, Permanent, DatabaseTrouble, OSError, ConfigError)

Report = Iterator[tuple[bool, str]]  # each finding of one check: whether it is well, and a sentence
Check = Callable[[], Report]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. A finding that is `ok` may still warn; the message then begins with "warning:"."""

    name: str
    ok: bool
    message: str


def run_checks(
    config: Config, now: datetime | None = None, patience: timedelta = PATIENCE, environ: Mapping[str, str] = os.environ
) -> list[Finding]:
    """Every finding, in the order of the configuration. It takes `patience` at most, and once more for the probe."""
    if stranger := check_disk.wrong_user(config.storage.state):
        return [Finding("user", ok=False, message=stranger)]  # it would try another one's rights, and leave files
    now = now or clock.now()
    found = [finding for slot in _at_once(_checks(config, now, environ), patience) for finding in slot]
    if all(finding.ok for finding in found) and check_probe.may_begin(config):
        probing = _at_once([("case address", partial(check_probe.case_addresses, config, now))], patience)
        found += [finding for slot in probing for finding in slot]
        copies = _at_once([("sent mail", partial(check_sent.copies, config, now))], patience)
        found += [finding for slot in copies for finding in slot]
    return found


def _checks(config: Config, now: datetime, environ: Mapping[str, str]) -> list[tuple[str, Check]]:
    return [
        ("configuration", partial(_configuration, config, environ)),
        *((f"imap[{box.name}]", partial(check_mail.mailbox, config, box)) for box in config.mailbox),
        ("smtp", partial(check_mail.relay, config)),
        *([("lmtp", partial(check_mail.lmtp, config.lmtp.listen))] if config.lmtp else []),
        ("database", partial(_database, config.storage.database)),
        ("tree", partial(check_disk.folder, config.storage.archive)),
        ("state", partial(check_disk.folder, config.storage.state)),
        ("fonts", _fonts),
        ("clock", partial(_clock, config, now)),
    ]


# --- all at once, none for ever


def _at_once(checks: Sequence[tuple[str, Check]], patience: timedelta) -> list[list[Finding]]:
    found: list[list[Finding]] = [[] for _ in checks]
    threads = []
    for slot, (name, check) in zip(found, checks, strict=True):
        thread = threading.Thread(target=_collect, args=(name, check, slot), name=f"check {name}", daemon=True)
        thread.start()
        threads.append(thread)
    deadline = clock.monotonic() + patience.total_seconds()
    late = []
    for thread, (name, _) in zip(threads, checks, strict=True):
        thread.join(max(0.0, deadline - clock.monotonic()))
        late.append([Finding(name, ok=False, message=_no_answer(patience))] if thread.is_alive() else [])
    return [[*slot, *more] for slot, more in zip(found, late, strict=True)]


def _no_answer(patience: timedelta) -> str:
    return f"no answer within {patience.total_seconds():.0f} s; see the network, the firewall and the disk"


def _collect(name: str, check: Check, slot: list[Finding]) -> None:
    try:
        slot.extend(Finding(name, ok, message) for ok, message in check())
    except ConfigError as error:
        slot.extend(Finding(name, ok=False, message=problem) for problem in error.problems)
    except FORESEEN as error:
        slot.append(Finding(name, ok=False, message=str(error)))
    except Exception as error:  # noqa: BLE001  the loop's: a check that breaks must not hide the others
        slot.append(Finding(name, ok=False, message=f"the check itself failed: {type(error).__name__}: {error}"))


# --- the small checks


def _configuration(config: Config, environ: Mapping[str, str]) -> Report:
    problems = secret_problems(config, environ)
    yield from ((False, problem) for problem in problems)
    yield from ((True, f"warning: {text}") for text in warnings(config))
    if config.reminders.absences is not None:
        yield from ((False, fault) for fault in absences.problems(config.reminders.absences))
    if not problems:
        yield True, f"{len(config.mailbox)} mailbox(es), {len(config.site)} further site(s), every secret readable"


def _database(url: str) -> Report:
    """Open it, bring its tables up to date, and take the writer's lock. One that doesn't exist isn't made here."""
    where = without_password(url)
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:") and not file.exists():
        check_disk.try_writing(check_disk.nearest(file.parent))
        yield True, f"{where}: it will be made at the first start"
        return
    engine = open_database(url)
    try:
        with writing():
            yield True, f"{where}: opened, its tables are up to date, it can be written"
    finally:
        engine.close()


def _fonts() -> Report:
    """WeasyPrint finds its libraries as it is imported: pango, harfbuzz, fontconfig."""
    try:
        from daemon import pdf  # noqa: PLC0415  what is missing must not keep this module from being imported
    except OSError as error:
        cure = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig"
        yield False, f"notices can't be printed: {error}; {cure}"
        return
    missing = pdf.missing_fonts()
    yield from ((False, f"the font {path!r} is missing; install vaguemestre again") for path in missing)
    if not missing:
        yield True, f"WeasyPrint and its libraries, {len(pdf.FACES)} faces"


def _clock(config: Config, now: datetime) -> Report:
    """Deadlines are counted on it. A time zone that is unknown was told when the configuration was read."""
    if now < BUILT:
        yield (
            False,
            f"the clock says {now:%Y-%m-%d}, before this program was written; set it (timedatectl set-ntp true)",
        )
        return
    offices = {office.name: office.timezone for office in (config.agency, *config.site)}
    times = (f"{name} {now.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %z}" for name, zone in offices.items())
    yield True, ", ".join(times)
