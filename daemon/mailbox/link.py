"""The connection under an IMAP session: TLS that is checked, a login, and a deadline on every command.

A server that stays silent would otherwise hold a mailbox for ever, so when the deadline passes the connection is cut
from beside. Every failure is told in one of three classes, with the server's own words.
"""

import select
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from imaplib import IMAP4, IMAP4_SSL
from typing import Any, Self

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError

from daemon.config import MailboxConfig
from daemon.errors import Permanent, Temporary
from daemon.mailbox.deadline import Deadline
from daemon.mailbox.oauth import TokenSource

SLOWEST = 50_000  # bytes a second of the worst line that an agency has: what is large may take longer

# Response codes of a refusal that passes by itself (RFC 5530).
_PASSING = ("UNAVAILABLE", "INUSE", "LIMIT", "OVERQUOTA", "SERVERBUG", "CONTACTADMIN")


class Disconnected(Temporary):
    """The session is over: connect again."""


class Silent(Disconnected):
    """The server gave no answer in time."""


class Link:
    """A context manager: connects and logs in, logs out. One thread at a time."""

    def __init__(
        self, config: MailboxConfig, password: str, token: TokenSource | None, trust: ssl.SSLContext | None
    ) -> None:
        self.box: BaseMailBox
        self._config = config
        self._password = password
        self._token = token
        self._trust = trust
        self._timeout = config.timeout.total_seconds()
        self._client: IMAP4 | None = None
        self._deadline = Deadline(self._cut, self._timeout)
        self._late = False
        self._over = False

    def __enter__(self) -> Self:
        self._deadline.start()
        try:
            with self.within("connect"):
                self.box = _Box(self._connect())
            with self.within("login"):
                self._log_in()
        except BaseException:
            self._hang_up()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if not self._over:
            with suppress(Temporary, Permanent), self.within("logout"):
                self.box.logout()
        self._hang_up()

    def again(self) -> "Link":
        """Another link to the same mailbox, not yet connected."""
        return Link(self._config, self._password, self._token, self._trust)

    def can(self, capability: str) -> bool:
        return capability in self.box.client.capabilities

    def search(self, *criteria: str | bytes) -> set[int]:
        """The UIDs of the opened folder that answer these criteria."""
        answer = self.uid("SEARCH", *criteria)
        return {int(uid) for line in answer if isinstance(line, bytes) for uid in line.split()}

    def uid(self, command: str, *arguments: str | bytes, size: int = 0) -> list[Any]:
        """A UID command on the opened folder. `size`: the bytes that are expected."""
        with self.within(command, size=size):
            status, data = self.box.client.uid(command, *arguments)  # type: ignore[arg-type]  # bytes go as they are
            if status != "OK":
                raise _refusal(f"{self._where()}: {command}", status, data)
            return list(data)

    def said_within(self, seconds: float) -> list[bytes]:
        """The lines that the server says by itself during an IDLE; `[]` when it says none, or has hung up.

        What came with the last answer waits in imaplib's buffer, where polling the socket (imap-tools' way) can't see
        it: a letter that arrived at the wrong millisecond was told a poll later.
        """
        said = self._lines_at_hand()
        if not said:
            poller = select.poll()
            poller.register(self.box.client.sock, select.POLLIN)
            said = self._lines_at_hand() if poller.poll(seconds * 1000) else []
        return said

    def _lines_at_hand(self) -> list[bytes]:
        sock = self.box.client.sock
        before = sock.gettimeout()
        sock.settimeout(0)
        said: list[bytes] = []
        try:
            with suppress(BlockingIOError, ssl.SSLWantReadError):
                while line := self.box.client.readline():
                    said.append(line)
        finally:
            sock.settimeout(before)
        return said

    @contextmanager
    def within(self, what: str, *, size: int = 0, extra: float = 0) -> Iterator[None]:
        """Cut the connection when the deadline passes, and say what went wrong in our words."""
        seconds = self._timeout + extra + size / SLOWEST
        try:
            with self._deadline.of(seconds):
                yield
        except UnexpectedCommandStatusError as error:
            raise _refusal(f"{self._where()}: {what}", *error.command_result[:2]) from error
        except (IMAP4.abort, OSError) as error:
            self._over = True
            if self._late or isinstance(error, TimeoutError):
                raise Silent(f"{self._where()}: {what}: no answer within {seconds:.0f} s") from error
            raise Disconnected(f"{self._where()}: {what}: {error}") from error
        except (IMAP4.error, ImapToolsError) as error:
            raise Permanent(f"{self._where()}: {what}: {error}") from error

    def _connect(self) -> IMAP4:
        config = self._config
        trust = self._trust or ssl.create_default_context()  # imaplib by itself believes any certificate
        if config.security == "tls":
            return _TlsClient(self._opened, config.host, config.port, ssl_context=trust, timeout=self._timeout)
        client = _Client(self._opened, config.host, config.port, timeout=self._timeout)
        if config.security == "starttls":
            client.starttls(trust)
        return client

    def _opened(self, client: IMAP4) -> None:
        """There is a socket to cut, though the server hasn't greeted yet."""
        self._client = client
        # imaplib sends a letter and its line end apart: the end must not wait for the acknowledgement of the letter.
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _log_in(self) -> None:
        if self._token is not None:
            self._log_in_by_token(self._token)
        elif self._password.isascii() and self._config.user.isascii():
            self.box.login(self._config.user, self._password, initial_folder=None)
        else:
            self.box.login_utf8(self._config.user, self._password, initial_folder=None)
        _, data = self.box.client.capability()  # what it said before the login was for strangers
        self.box.client.capabilities = tuple(data[-1].decode("ascii", "replace").upper().split())

    def _log_in_by_token(self, token: TokenSource) -> None:
        response = token.sasl(self._config.user).encode()
        said: list[bytes] = []

        def answer(challenge: bytes) -> bytes:
            """The token first; the error that comes back as a second challenge wants an empty line."""
            said.append(challenge)
            return b"" if any(said) else response

        try:
            self.box.client.authenticate("XOAUTH2", answer)
        except IMAP4.abort:
            raise
        except IMAP4.error as error:
            token.forget()
            reason = b" ".join(filter(None, said)).decode("utf-8", "replace")
            raise Permanent(f"{self._where()}: the token is refused: {error} {reason}".rstrip()) from error

    def _cut(self) -> None:
        self._late = True
        if self._client is not None:
            with suppress(OSError):  # of the TCP socket: TLS would first wait for the other side
                socket.socket.shutdown(self._client.sock, socket.SHUT_RDWR)

    def _hang_up(self) -> None:
        self._over = True
        self._deadline.close()
        if self._client is not None:
            with suppress(OSError, ValueError):
                self._client.shutdown()

    def _where(self) -> str:
        return f"{self._config.name} on {self._config.host}:{self._config.port}"


class _Client(IMAP4):
    """imaplib's client, which shows itself as soon as it has a socket."""

    def __init__(self, opened: Callable[[IMAP4], None], host: str, port: int, timeout: float) -> None:
        self._opened = opened
        super().__init__(host, port, timeout)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        super().open(host, port, timeout)
        self._opened(self)


class _TlsClient(IMAP4_SSL):
    """The same over TLS."""

    def __init__(
        self, opened: Callable[[IMAP4], None], host: str, port: int, *, ssl_context: ssl.SSLContext, timeout: float
    ) -> None:
        self._opened = opened
        super().__init__(host, port, ssl_context=ssl_context, timeout=timeout)

    def open(self, host: str = "", port: int | None = 993, timeout: float | None = None) -> None:
        super().open(host, port, timeout)
        self._opened(self)


class _Box(BaseMailBox):
    """imap-tools on a client that we have made."""

    def __init__(self, client: IMAP4) -> None:
        self._made = client
        super().__init__()

    def _get_mailbox_client(self) -> IMAP4:
        return self._made


def _refusal(what: str, status: str, data: Any) -> Temporary | Permanent:
    said = b" ".join(line for line in data or () if isinstance(line, bytes)).decode("utf-8", "replace")
    text = f"{what}: {status} {said}".rstrip()
    if any(said.upper().startswith(f"[{code}") for code in _PASSING):
        return Temporary(text)
    return Permanent(text)
