"""Mail servers for the tests: real sockets, real dialogues.

`Sink` speaks SMTP by hand and can be told to misbehave towards one recipient; `aiosmtpd_server` is a server written by
others, with TLS and AUTH. Both keep what they were given.
"""

import base64
import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 52428800")

# What a sink may do to a recipient, once each in the order given; afterwards it accepts.
#   "550 no such user"       says so at RCPT
#   "data 451 greylisted"    says so after the last byte
#   "cut"                    takes some of the message, then hangs up
#   "cut after"              takes all of it, then hangs up without a word
#   "hang"                   takes all of it, then says nothing more
Acts = dict[str, list[str]]


@dataclass(frozen=True)
class Taken:
    """One message as it came: the envelope and the bytes. `accepted`: the server said 250."""

    sender: str
    recipient: str
    raw: bytes
    options: str
    connection: int
    accepted: bool


@dataclass
class Sink:
    """A raw SMTP server on loopback."""

    extensions: tuple[str, ...] = EXTENSIONS
    acts: Acts = field(default_factory=dict)
    greeting: str = "220 sink ESMTP"
    mail_replies: list[str] = field(default_factory=list)  # in turn, then 250
    refuses_null: str = (
        ""  # what it says to MAIL FROM:<>; "RCPT 553 ..." waits for the recipient with it, as Postfix does
    )
    refuses_tags: bool = False  # as a server that knows no local+tag@domain
    slowness: float = 0.0  # seconds before each mail is taken
    most_per_connection: int = 0  # then 421 and goodbye, as Exchange and Postfix do; 0: no limit
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    @property
    def accepted(self) -> list[Taken]:
        return [one for one in self.taken if one.accepted]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(10)

    def hang_up(self) -> None:
        """Close every connection, as a server does with idle ones."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, connection.makefile("rwb") as line, contextlib.suppress(OSError, ValueError):
            _Dialogue(self, line, connection, number).run()


class _Dialogue:
    def __init__(self, sink: Sink, line: Any, connection: socket.socket, number: int) -> None:
        self.sink, self.line, self.connection, self.number = sink, line, connection, number
        self.sender = self.options = self.recipient = ""
        self.has_sender = False
        self.count = 0

    def say(self, text: str) -> None:
        self.line.write(f"{text}\r\n".encode())
        self.line.flush()

    def run(self) -> None:
        self.say(self.sink.greeting)
        while command := self.line.readline().decode().rstrip("\r\n"):
            self.sink.commands.append(command)
            if self.answer(command) is False:
                return

    def answer(self, command: str) -> bool | None:
        match command.upper().split(" ")[0].split(":")[0]:
            case "EHLO":
                lines = ("sink", *self.sink.extensions)
                self.say("\r\n".join(f"250{'-' if one is not lines[-1] else ' '}{one}" for one in lines))
            case "MAIL":
                return self.mail(command)
            case "RCPT":
                self.rcpt(command)
            case "DATA":
                return self.data()
            case "RSET" | "NOOP":
                self.say("250 ok")
            case "QUIT":
                self.say("221 bye")
                return False
            case _:
                self.say("502 what?")
        return None

    def mail(self, command: str) -> bool | None:
        if self.sink.most_per_connection and self.count >= self.sink.most_per_connection:
            self.say("421 4.7.0 too many messages on this connection")
            return False
        reply = self.sink.mail_replies.pop(0) if self.sink.mail_replies else "250 ok"
        self.sender, self.options = command.partition("<")[2].split(">")
        if not self.sender and self.sink.refuses_null[:1].isdigit():
            reply = self.sink.refuses_null
        self.has_sender, self.recipient = reply.startswith("2"), ""
        self.say(reply)
        return None

    def rcpt(self, command: str) -> None:
        if not self.has_sender:
            self.say("503 whose mail?")
            return
        recipient = command.partition("<")[2].partition(">")[0]
        acts = self.sink.acts.get(recipient, [])
        if self.sink.refuses_tags and "+" in recipient:
            acts = ["550 5.1.1 no such user"]
        if not self.sender and self.sink.refuses_null:
            acts = [self.sink.refuses_null.removeprefix("RCPT ")]
        if acts and acts[0][:1].isdigit():
            self.recipient = ""
            self.say(acts.pop(0))
            return
        self.recipient = recipient
        self.say("250 ok")

    def data(self) -> bool | None:
        if not self.recipient:
            self.say("554 no valid recipients")
            return None
        acts = self.sink.acts.get(self.recipient, [])
        act = acts.pop(0) if acts else ""
        self.say("354 go on")
        if act == "cut":
            self.connection.recv(1)
            return self.hang_up()
        raw = self.read()
        time.sleep(self.sink.slowness)
        accepted = not act
        self.sink.taken.append(Taken(self.sender, self.recipient, raw, self.options.strip(), self.number, accepted))
        self.count += 1
        if act == "hang":
            self.line.read(1)  # until the client gives up
            return False
        if act == "cut after":
            return self.hang_up()
        self.say(act.removeprefix("data ") if act else "250 2.0.0 queued")
        return None

    def read(self) -> bytes:
        lines = []
        while (one := self.line.readline()) not in (b".\r\n", b""):
            lines.append(one[1:] if one.startswith(b".") else one)
        return b"".join(lines)

    def hang_up(self) -> bool:
        self.connection.shutdown(socket.SHUT_RDWR)
        return False


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A server that accepts everything, until a test gives it acts."""
    server = Sink()
    yield server
    server.close()


# --- a server written by others


@dataclass
class Box:
    """What aiosmtpd's server was given, and who logged in."""

    port: int
    envelopes: list[Envelope]
    logins: list[tuple[str, bytes]]


class _Keep:
    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.logins: list[tuple[str, bytes]] = []

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.envelopes.append(envelope)
        return "250 2.0.0 kept"

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802  aiosmtpd's name
        said = base64.b64decode(args[1])
        self.logins.append(("XOAUTH2", said))
        if b"auth=Bearer good\1\1" in said:
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"401"}', encode_to_b64=True)
        return AuthResult(success=False, handled=False)


@contextlib.contextmanager
def aiosmtpd_server(**options: Any) -> Iterator[Box]:
    """A running aiosmtpd. `users`: name to password, wanted at AUTH; other options are those of `aiosmtpd.smtp.SMTP`."""
    keep, users = _Keep(), options.pop("users", None)

    def authenticate(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        keep.logins.append((mechanism, data.password))
        right = users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=right, handled=False)

    if users is not None:
        options |= {"authenticator": authenticate, "auth_required": True}
    implicit_tls = options.pop("implicit_tls", None)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(keep, hostname="127.0.0.1", port=port, ssl_context=implicit_tls, **options)
    controller.start()
    try:
        yield Box(port, keep.envelopes, keep.logins)
    finally:
        controller.stop()


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost and 127.0.0.1, signed by itself."""

    path: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key)
        return context

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.path))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("tls")
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", made.key, "-out", made.path],
        check=True, capture_output=True,
    )  # fmt: skip
    return made
