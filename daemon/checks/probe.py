"""Sends a probe to the address of a case of each mailbox, and looks whether it comes back (daemon/sending/probe.py).

Mail takes its time: a check that can't wait says so, and the next one concludes.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from archive.database import open_database
from daemon import clock
from daemon.config import Config, MailboxConfig
from daemon.errors import Permanent, Temporary
from daemon.mailbox import accounts
from daemon.mailbox.imap import Session
from daemon.sending import probe
from daemon.sending.identifiers import Signer, load_secret

Report = Iterator[tuple[bool, str]]

WAIT = timedelta(seconds=8)  # for a probe on its way; most agencies' own mail takes two
GLANCE = 0.25  # seconds between two looks
FRESH = timedelta(hours=20)  # a proof so young is believed: who checks each hour sends one probe a day
LOST_AFTER = timedelta(minutes=15)  # a mail to ourselves that takes longer isn't one to wait for
WITHOUT = "notices are then known by their thread and their signed token alone"
CURE = "let the mail server deliver local+tag@domain, or write [smtp] bounce_address = false"


def may_begin(config: Config) -> bool:
    """A probe is remembered in the database, which the first start makes."""
    url = config.storage.database
    return not url.startswith("sqlite:") or Path(url.removeprefix("sqlite:///")).exists()


def case_addresses(config: Config, now: datetime) -> Report:
    """What is known of each mailbox, after a probe where one is owed."""
    signer = Signer(load_secret(config.storage.state))
    engine = open_database(config.storage.database)
    try:
        for box in config.mailbox:
            yield from _Trial(config, box, signer, now).findings()
    finally:
        engine.close()


class _Trial:
    """One mailbox."""

    def __init__(self, config: Config, box: MailboxConfig, signer: Signer, now: datetime) -> None:
        self._config = config
        self._box = box
        self._signer = signer
        self._now = now
        local, _, domain = box.address.rpartition("@")
        self._form = f"{local}+VM-...@{domain}"

    def findings(self) -> Report:
        if self._box.mode == "observe":
            yield True, f'{self._form}: tried when mode is "act"; {WITHOUT}'
            return
        address = self._box.address
        proved, waiting = probe.proved_at(address), probe.pending(address)
        if waiting is None and proved is not None and self._now - proved < FRESH:
            yield self._well(proved)
            return
        yield self._seen(waiting) if waiting is not None else self._tried()

    def _tried(self) -> tuple[bool, str]:
        """Send a probe, and wait a moment for it."""
        one, raw = probe.compose(self._box.address, self._signer, self._now)
        smtp = self._config.smtp
        relay = accounts.relay(self._config)
        probe.sent(self._box.address, one)
        try:
            relay.deliver(raw, "" if smtp.null_sender else self._config.agency.address, one.to)
        except Permanent as error:
            return self._ill(f"the relay refuses it ({error})")
        except Temporary:
            probe.unsent(self._box.address)
            raise
        finally:
            relay.close()
        return self._seen(one, wait=True)

    def _seen(self, waiting: probe.Probe, *, wait: bool = False) -> tuple[bool, str]:
        with accounts.sessions(self._config)(self._box) as session:
            if _until(lambda: self._is_back(session, waiting), WAIT if wait else timedelta()):
                return self._well(self._now)
        if self._now - waiting.sent_at < LOST_AFTER:
            when = f"{waiting.sent_at.astimezone():%H:%M}"
            return True, f"{self._form}: the probe sent at {when} isn't back yet; check again in some minutes"
        return self._ill(f"the probe sent at {waiting.sent_at.astimezone():%Y-%m-%d %H:%M} hasn't come back")

    def _is_back(self, session: Session, waiting: probe.Probe) -> bool:
        """In the inbox, or in the hands of the daemon, which then says so."""
        address = self._box.address
        if probe.pending(address) != waiting:
            return probe.works(address)
        if session.find(self._box.folders.inbox, waiting.message_id):
            probe.came_back(address, self._now)
            return True
        return False

    def _well(self, proved: datetime) -> tuple[bool, str]:
        return True, f"{self._form}: a probe came back ({proved:%Y-%m-%d}), so the Reply-To of a notice names its case"

    def _ill(self, reason: str) -> tuple[bool, str]:
        """Where bounces come back to such an address too, they would be lost: that is a fault."""
        probe.lost(self._box.address)
        if self._config.smtp.bounce_address:
            return False, f"{self._form}: {reason}: {CURE}; {WITHOUT}"
        return True, f"warning: {self._form}: {reason}; {WITHOUT}"


def _until(happens: Callable[[], bool], wait: timedelta) -> bool:
    deadline = clock.monotonic() + wait.total_seconds()
    while not happens():
        if clock.monotonic() >= deadline:
            return False
        threading.Event().wait(GLANCE)
    return True
