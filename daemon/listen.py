"""Letters in by LMTP (RFC 2033): the agency's own mail server hands them over, and we answer when they are on the disk.

"250" is only said after the fsync; "4xx" when the fault is ours, so that the sending server keeps the letter and comes
again; one answer for each recipient, as LMTP wants and SMTP does not. What stands between DATA and the final dot is
kept as bytes: NUL, bare LF and lines of any length included.
"""

import asyncio
import logging
import re
import secrets
import socket
import stat
import threading
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import AnyStr

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from archive.durable import DiskFull, FsyncFailed
from archive.incoming import Arrival, Incoming
from daemon import clock, log
from daemon.config import Lmtp
from daemon.errors import ConfigError
from daemon.settings.notation import is_loopback
from rules.letter import normalise_address

GRACE = 20.0  # seconds that a stop waits for the letters in hand
MOMENT = 0.01  # seconds that a connection needs to be ours
WRITERS = 4  # letters written to the disk at once
_END = b"\r\n.\r\n"
# A reply without the enhanced code that RFC 2033 wants (RFC 2034), the greeting apart.
_BARE_REPLY = re.compile(r"^(?!220)(([245])\d\d) (?![245]\.\d+\.\d+ )")

TOO_LARGE = "552 5.3.4 Message too large"
NOT_OURS = "550 5.1.1 No such mailbox here"
TOO_EAGER = "451 4.5.0 Wait for 354 before the letter"  # else its beginning can't be told from a command
DISK_FULL = "452 4.3.1 Insufficient storage, try again later"
OUR_FAULT = "451 4.3.0 Local error, try again later"


class Listener:
    """The LMTP server, in a thread of its own.

    `ours`: the addresses that we take letters for, also with a `+tag`. `on_letters` is called in that thread for each
    one kept. `on_fatal` is told of a failed fsync, after which the process must end (archive/durable.py).
    """

    def __init__(
        self,
        config: Lmtp,
        ours: Collection[str],
        incoming: Incoming,
        *,
        on_letters: Callable[[], None],
        on_fatal: Callable[[BaseException], None],
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._config = config
        self._counter = _Counter(config, frozenset(map(normalise_address, ours)), incoming, on_letters, on_fatal, now)
        self._socket: socket.socket
        self._loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()
        self._stop: asyncio.Event
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="lmtp", daemon=True)

    @property
    def address(self) -> str | tuple[str, int]:
        """Where it listens: a path, or host and port."""
        name = self._socket.getsockname()
        return name if isinstance(name, str) else (str(name[0]), int(name[1]))

    def start(self) -> None:
        """Listen. Raises ConfigError when that can't be done there."""
        self._socket = _bound(self._config.listen)
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's own log names the correspondents
        self._thread.start()
        self._ready.wait()
        log.lmtp_listening(self._config.listen)

    def stop(self) -> None:
        """Take no more connections, finish the letters in hand, hang up. Nothing to do when it couldn't start."""
        if self._thread.ident is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if "/" in self._config.listen:
            Path(self._config.listen).unlink(missing_ok=True)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(self._counter.dialogue, sock=self._socket)
        self._ready.set()
        await self._stop.wait()
        self._loop.remove_reader(self._socket)
        await asyncio.sleep(MOMENT)  # whoever is being connected gets through: asyncio would forget them, not hang up
        server.close()
        await self._counter.close()


class _Counter:
    """Where letters are handed over: what every dialogue shares."""

    def __init__(
        self,
        config: Lmtp,
        ours: frozenset[str],
        incoming: Incoming,
        on_letters: Callable[[], None],
        on_fatal: Callable[[BaseException], None],
        now: Callable[[], datetime],
    ) -> None:
        self.size_limit = config.size_limit
        self._ours = ours
        self._incoming = incoming
        self._on_letters = on_letters
        self._on_fatal = on_fatal
        self._now = now
        self._writers = ThreadPoolExecutor(WRITERS, "lmtp-writer")
        self._in_hand: set[asyncio.Task[None]] = set()

    def dialogue(self) -> LMTP:
        return _Dialogue(self)

    def takes(self, address: str) -> bool:
        """Whether the address, or what it is without its `+tag`, is ours."""
        local, _, domain = normalise_address(address).rpartition("@")
        return not self._ours.isdisjoint((f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"))

    async def finish(self, work: Coroutine[None, None, None]) -> None:
        """Do it to the end, though the client hangs up or the daemon stops meanwhile."""
        task = asyncio.get_running_loop().create_task(work)
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)
        await asyncio.shield(task)

    async def close(self) -> None:
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=GRACE)
        self._writers.shutdown(wait=True)

    async def keep(self, raw: bytes, envelope: Envelope) -> str:
        """Make the letter durable. Returns the reply; nothing is raised, for each recipient wants one."""
        writing = self._writers.submit(self._incoming.receive, raw, self._arrival(envelope))
        try:
            digest = await asyncio.wrap_future(writing)
        except FsyncFailed as error:
            self._on_fatal(error)
            return OUR_FAULT
        except Exception as error:  # noqa: BLE001  one of the loops: the sending server must learn that it keeps the letter
            log.lmtp_deferred(error)
            return DISK_FULL if isinstance(error, DiskFull) else OUR_FAULT
        log.letter_received(digest, "lmtp")
        self._on_letters()
        return f"250 2.0.0 Kept as {digest[:16]}"

    def _arrival(self, envelope: Envelope) -> Arrival:
        now = self._now()
        sender, *recipients = (_text(address) for address in (envelope.mail_from or "", *envelope.rcpt_tos))
        return Arrival(
            source="lmtp",
            received_at=now,
            seen_at=now,
            lmtp_id=secrets.token_hex(12),
            envelope_sender="" if sender == "<>" else sender,
            envelope_recipients=tuple(recipients),
        )

    # What aiosmtpd calls, by these names.

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[bytes]:
        """RFC 2033, 5: an LMTP server must offer these two."""
        session.host_name = hostname
        offered = [responses[0], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", *responses[1:]]
        return [line.encode() for line in offered]

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not self.takes(_text(address)):
            return NOT_OURS
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        log.crashed("lmtp", error)
        return OUR_FAULT


class _Dialogue(LMTP):
    """One connection. aiosmtpd speaks all of LMTP but DATA, which it answers once and reads line by line."""

    def __init__(self, counter: _Counter) -> None:
        self._counter = counter
        self.line_length_limit = counter.size_limit + len(_END)  # aiosmtpd refuses long lines; people send them
        super().__init__(
            counter,
            data_size_limit=counter.size_limit,
            enable_SMTPUTF8=True,
            hostname=socket.gethostname(),
            ident="Vaguemestre",
            loop=asyncio.get_running_loop(),
        )

    async def push(self, status: AnyStr) -> None:
        await super().push(_BARE_REPLY.sub(r"\1 \2.0.0 ", status) if isinstance(status, str) else status)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if await self.check_helo_needed("LHLO"):
            return
        if arg or self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Need RCPT first")
            return
        self._reader.feed_data(b"\r\n")  # so that a dot on the very first line stands after a line end too
        await self.push("354 End with a dot on a line of its own")
        envelope, letter = self.envelope, await self._letter()
        self.envelope = self._create_envelope()
        await self._counter.finish(self._answer(envelope, letter))

    async def _letter(self) -> bytes | str:
        """What stands before the final dot, or the reply that refuses it; too large a letter is dropped as it comes."""
        try:
            received = await self._reader.readuntil(_END)
        except asyncio.LimitOverrunError as error:
            await self._drain(error.consumed)
            return TOO_LARGE
        if not received.startswith(b"\r\n"):
            return TOO_EAGER
        content = received[: 2 - len(_END)].replace(b"\r\n.", b"\r\n")[2:]  # RFC 5321, 4.5.2
        return content if len(content) <= self._counter.size_limit else TOO_LARGE

    async def _drain(self, consumed: int) -> None:
        while True:
            await self._reader.read(consumed)
            try:
                await self._reader.readuntil(_END)
            except asyncio.LimitOverrunError as error:
                consumed = error.consumed
            else:
                return

    async def _answer(self, envelope: Envelope, letter: bytes | str) -> None:
        """One reply for each recipient (RFC 2033, 4.2)."""
        reply = letter if isinstance(letter, str) else await self._counter.keep(letter, envelope)
        with suppress(ConnectionError):
            await self.push("\r\n".join([reply] * len(envelope.rcpt_tos)))


# --- where


def _bound(listen: str) -> socket.socket:
    """A listening socket. Only this machine may hand letters over: LMTP knows no password."""
    try:
        return _bound_path(Path(listen)) if "/" in listen else _bound_port(listen)
    except OSError as error:
        raise ConfigError([f"lmtp.listen: {listen!r} can't be listened at: {error.strerror or error}"]) from error


def _bound_port(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if not is_loopback(host):
        raise ConfigError([f"lmtp.listen: {listen!r} is open to other machines; write 127.0.0.1:{port}, or a path"])
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, int(port)), family=family)


def _bound_path(path: Path) -> socket.socket:
    """The mail server's group may write to it (0660). What a killed daemon left is removed, a living one's isn't."""
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        _remove_stale(path)
    bound = socket.socket(socket.AF_UNIX)
    try:
        bound.bind(str(path))
        path.chmod(0o660)
        bound.listen()
    except OSError:
        bound.close()
        raise
    return bound


def _remove_stale(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise ConfigError([f"lmtp.listen: another program listens at {str(path)!r}; stop it, or choose another path"])


def _text(address: str) -> str:
    """An address as text: bytes that aren't UTF-8 become U+FFFD."""
    return address.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
