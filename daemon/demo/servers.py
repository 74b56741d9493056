"""The mail servers of the demonstration, in memory and on loopback: SMTP takes letters, IMAP shows them.

Whoever is written to has a mailbox, which opens with the one password: the agency's, which the daemon watches, and
those of its tenants and managers, where its answers arrive. pymap is the IMAP server (IDLE, MOVE and UIDPLUS); what
comes by SMTP is put in its mailboxes byte for byte and by the envelope, as a mail server does.
"""

import asyncio
import socket
import threading
from argparse import Namespace
from functools import partial
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata
from pysasl.creds.server import ServerCredentials

from daemon import clock
from daemon.demo.letters import HOST
from rules.letter import normalise_address

PATIENCE = 60.0  # seconds that the servers are given to come up, and to end


class PostOffice:
    """A context manager: both servers run in a thread of their own. `received`: what each address got, oldest first."""

    def __init__(self, password: str) -> None:
        self.received: dict[str, list[bytes]] = {}
        self._password = password
        self._doors = (_door(), _door())
        self.imap_port, self.smtp_port = (int(door.getsockname()[1]) for door in self._doors)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="post office", daemon=True)
        self._open = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._over: asyncio.Event

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._open.wait(PATIENCE):
            raise TimeoutError("the demonstration's mail servers don't start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE)

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        mailboxes = _Mailboxes()
        await mailboxes.lock(self._password)
        imap_door, smtp_door = self._doors
        clerk = _Clerk(mailboxes, self.received)
        imap = await asyncio.start_server(mailboxes.answer, sock=imap_door)
        smtp = await self._loop.create_server(
            partial(SMTP, clerk, hostname="localhost", enable_SMTPUTF8=True), sock=smtp_door
        )
        self._open.set()
        await self._over.wait()
        imap.close()
        smtp.close()


def _door() -> socket.socket:
    """A free port. asyncio sends short answers at once (TCP_NODELAY) only where the protocol is named."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.bind((HOST, 0))
    door.listen()
    return door


class _Config(Config):
    """pymap's settings, but for a greeting that asks the DNS for our name: there may be no network."""

    @property
    def greeting(self) -> bytes:
        return b"the demonstration's mailboxes"


class _Login(Login):
    """Whoever knows the password may open any mailbox."""

    hashed: str | None = None

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        name = credentials.authcid
        self.users_dict.setdefault(name, UserMetadata(self.config, name, password=self.hashed))
        return await super().authenticate(credentials)


class _Mailboxes:
    """pymap's mailboxes in memory, one set for each address that was written to or logged in."""

    def __init__(self) -> None:
        options = Namespace(host=HOST, port=0, debug=False, cert=None, key=None, tls=False)
        unused = Namespace(proxy_protocol=None, passlib_cfg=None, demo_data=False, demo_user="", demo_password="")
        self._config = _Config.from_args(Namespace(**vars(options), **vars(unused)))
        self._config.apply_context()
        self._login = _Login(self._config)
        talk = IMAPServer(self._login, self._config)
        self.answer = ProxyProtocolReader(self._config.proxy_protocol).get_callback(talk)

    async def lock(self, password: str) -> None:
        self._login.hashed = await Passwords(self._config).hash_password(password)

    async def put(self, address: str, raw: bytes) -> None:
        boxes, _ = self._config.set_cache.setdefault(address, (MailboxSet(), FilterSet()))
        inbox = await boxes.get_mailbox("INBOX")
        await inbox.append(AppendMessage(raw, clock.now()), recent=True)


class _Clerk:
    """What aiosmtpd asks at the end of a message."""

    def __init__(self, mailboxes: _Mailboxes, received: dict[str, list[bytes]]) -> None:
        self._mailboxes = mailboxes
        self._received = received

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        raw = bytes(envelope.original_content or b"")
        for address in map(normalise_address, envelope.rcpt_tos):
            await self._mailboxes.put(address, raw)
            self._received.setdefault(address, []).append(raw)
        return "250 2.0.0 delivered"
