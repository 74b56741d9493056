"""The only door out: the one module that speaks SMTP, to the agency's own mail server (the relay).

One connection serves many messages and is opened anew when the server closes it. A message is handed over whole or not
at all, and each way of failing has its class, which says who is to blame:

    Permanent    the server refused this message or this recipient for good
    Temporary    it refused them for now
    Unwelcome    it refused us as a sender, which an administrator can mend
    Cut          the connection was lost before the server could have taken the message
    Uncertain    it was lost after the last byte: the server may have taken it (RFC 5321 4.5.3.2.6)
    Unreachable  the server can't be used at all: no message is to blame
"""

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from daemon.config import Smtp
from daemon.errors import ConfigError, Permanent, Temporary
from daemon.sending.carrier import Carrier

CHUNK = 65_536  # bytes handed to the socket at once, each within the timeout
_NOT_OUR_TURN = 421  # the server is closing, or has had enough of this connection (RFC 5321 3.8)
_LOG_IN_FIRST = frozenset({530, 534, 535, 538})  # RFC 4954 6: about us, not about the recipient
_TOO_LARGE = 552  # RFC 1870 6.1

# What tells of the sender though it comes at RCPT: Postfix waits for it with every refusal (smtpd_delay_reject);
# 5.1.7 and 5.1.8 are about the sender's address (RFC 3463 3.2).
_ABOUT_SENDER = re.compile(r"\b5\.1\.[78]\b|sender address rejected", re.IGNORECASE)
_REFUSED_SENDER = "the server refuses us as a sender"


class Unreachable(Temporary):
    """The relay can't be used now; the text says why, for the operator."""


class Cut(Temporary):
    """The connection was lost and the message was not taken. `begun`: the server had accepted its sender."""

    def __init__(self, text: str, *, begun: bool) -> None:
        super().__init__(text)
        self.begun = begun


class Uncertain(Temporary):
    """The connection was lost after the last byte: the message may have been taken."""


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    text: str

    def says(self, kind: int) -> bool:
        """Whether its first digit is that one (RFC 5321 4.2.1): 2 done, 3 go on, 4 not now, 5 never."""
        return self.code // 100 == kind

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Unwelcome(Temporary):
    """The relay refuses what we give as the sender, for good: `reply`; `[smtp]` `setting` = false is the cure."""

    def __init__(self, reply: Reply, setting: str) -> None:
        super().__init__(f"{_REFUSED_SENDER}: {reply}; set [smtp] {setting} = false")
        self.reply = reply
        self.setting = setting


class Relay:
    """The agency's mail server, as `[smtp]` describes it.

    `token` gives an OAuth2 access token when `[smtp.oauth]` is set. `tls` replaces the system's certificate store.
    """

    def __init__(self, smtp: Smtp, token: Callable[[], str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._smtp = smtp
        self._token = token
        self._tls = tls
        self._line: smtplib.SMTP | None = None

    def connect(self) -> Carrier:
        """Be connected and logged in, and say what the server carries. Raises Unreachable, ConfigError."""
        if self._line is not None and not self._answers():
            self.close()
        return _carrier(self._connected())

    def deliver(self, raw: bytes, sender: str, recipient: str) -> str:
        """Hand one message over and return the server's words. `sender` is `''` for the null sender.

        Raises Permanent, Temporary, Cut, Uncertain or Unreachable; the connection is then fit for the next message, or
        closed.
        """
        reused = self._line is not None
        line = self._connected()
        try:
            return _hand_over(line, raw, sender, recipient)
        except Cut as cut:
            self.close()
            if cut.begun or not reused:
                raise
            # The server had closed the idle connection: nothing of this message was said yet.
            return self._deliver_anew(raw, sender, recipient)
        except Uncertain:
            self.close()
            raise

    def close(self) -> None:
        """Say goodbye, if anybody is still there."""
        if self._line is None:
            return
        with suppress(OSError):
            self._line.quit()
        self._line.close()
        self._line = None

    def _deliver_anew(self, raw: bytes, sender: str, recipient: str) -> str:
        try:
            return _hand_over(self._connected(), raw, sender, recipient)
        except (Cut, Uncertain):
            self.close()
            raise

    def _answers(self) -> bool:
        try:
            return self._line is not None and self._line.noop()[0] == 250  # noqa: PLR2004  RFC 5321 4.1.1.9
        except OSError:
            return False

    def _connected(self) -> smtplib.SMTP:
        if self._line is None:
            self._line = self._open()
        return self._line

    # --- opening

    def _open(self) -> smtplib.SMTP:
        where = f"{self._smtp.host}:{self._smtp.port}"
        try:
            line = self._greeted()
        except ssl.SSLError as error:
            raise Unreachable(f"{where}: no secure connection: {error.reason or error}{_cure_of(error)}") from error
        except OSError as error:  # smtplib's own are OSErrors too
            raise Unreachable(f"{where}: {_said(error)}") from error
        try:
            self._log_in(line, where)
        except OSError as error:
            line.close()
            raise Unreachable(f"{where}: {_said(error)}") from error
        except BaseException:
            line.close()
            raise
        return line

    def _greeted(self) -> smtplib.SMTP:
        smtp, seconds = self._smtp, self._smtp.timeout.total_seconds()
        context = self._tls or ssl.create_default_context()
        # The name given to EHLO is set below; this one keeps smtplib from asking the DNS for ours.
        if smtp.security == "tls":
            line: smtplib.SMTP = smtplib.SMTP_SSL(smtp.host, smtp.port, "localhost", timeout=seconds, context=context)
        else:
            line = smtplib.SMTP(smtp.host, smtp.port, "localhost", timeout=seconds)
        try:
            if line.sock is not None:  # a short message must not wait for the acknowledgement of the one before
                line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.local_hostname = _own_name(line)
            _must(line.ehlo())
            if smtp.security == "starttls":  # never in clear when it isn't offered: smtplib raises
                line.starttls(context=context)
                _must(line.ehlo())
        except BaseException:
            line.close()
            raise
        return line

    def _log_in(self, line: smtplib.SMTP, where: str) -> None:
        user = self._smtp.user
        if not user:
            return
        offered = line.esmtp_features.get("auth", "").upper().split()
        mechanism, responses = self._credentials(user, offered, where)
        code, text = line.docmd("AUTH", f"{mechanism} {responses.pop(0)}".rstrip())
        for response in responses:
            if code != 334:  # noqa: PLR2004  RFC 4954 4: go on
                break
            code, text = line.docmd(response)
        if code != 235:  # noqa: PLR2004  RFC 4954 4: authenticated
            reply = _reply((code, text))
            raise Unreachable(f"{where}: the server refuses to log in {user!r} by {mechanism}: {reply}")

    def _credentials(self, user: str, offered: list[str], where: str) -> tuple[str, list[str]]:
        """The mechanism, and what to say at each turn, in base64."""
        if self._smtp.oauth is not None:
            if self._token is None:
                raise ConfigError(["smtp.oauth: nothing gives a token"])
            # An error comes as a challenge, which an empty answer ends (Google's and Microsoft's XOAUTH2).
            return "XOAUTH2", [_base64(f"user={user}\1auth=Bearer {self._token()}\1\1"), ""]
        password = self._smtp.password()
        if "PLAIN" in offered:
            return "PLAIN", [_base64(f"\0{user}\0{password}")]  # RFC 4616, UTF-8
        if "LOGIN" in offered:
            return "LOGIN", ["", _base64(user), _base64(password)]
        known = " ".join(offered) or "none"
        raise Unreachable(f"{where}: the server offers {known} to log in by; PLAIN or LOGIN is needed")


# --- one message


def _hand_over(line: smtplib.SMTP, raw: bytes, sender: str, recipient: str) -> str:
    carrier = _carrier(line)
    if carrier.size and len(raw) > carrier.size:
        raise Permanent(f"the message has {len(raw)} bytes, and the server takes {carrier.size} at most")
    begun = False
    try:
        for command, reply in _envelope(line, raw, sender, recipient, carrier):
            if not reply.says(3 if command == "DATA" else 2):
                _refused(line, command, sender, reply, begun=begun)
            begun = True
        _say(line, _stuffed(raw))
    except (OSError, ValueError) as error:  # a connection lost; a line that is no reply
        raise Cut(_said(error), begun=begun) from error
    return _taken(line)


def _envelope(
    line: smtplib.SMTP, raw: bytes, sender: str, recipient: str, carrier: Carrier
) -> Iterator[tuple[str, Reply]]:
    """MAIL, RCPT and DATA with the replies to them; in one go where the server allows it (RFC 2920)."""
    options = _options(raw, sender + recipient, carrier)
    commands = (f"MAIL FROM:<{sender}>{options}", f"RCPT TO:<{recipient}>", "DATA")
    line.command_encoding = "utf-8" if carrier.utf8_addresses else "ascii"
    if not line.has_extn("pipelining"):
        for command in commands:
            yield command, _reply(_good_form(line.docmd(command)))
        return
    line.send("".join(f"{command}\r\n" for command in commands))
    replies = [_reply(_good_form(line.getreply())) for _ in commands]
    if replies[2].says(3) and not (replies[0].says(2) and replies[1].says(2)):
        line.send(b".\r\n")  # DATA was taken though nobody is to have it (RFC 2920 3.1)
        line.getreply()
    yield from zip(commands, replies, strict=True)


def _options(raw: bytes, addresses: str, carrier: Carrier) -> str:
    if re.search(r"[\s<>]", addresses):
        raise Permanent(f"{addresses!r} would break out of its command")
    if not addresses.isascii() and not carrier.utf8_addresses:
        raise Permanent(f"{addresses!r} isn't ASCII, and the relay doesn't take such addresses (SMTPUTF8, RFC 6531)")
    options = (
        (f" SIZE={len(raw)}", carrier.size),  # RFC 1870
        (" BODY=8BITMIME", carrier.eight_bit and not raw.isascii()),  # RFC 6152
        (" SMTPUTF8", not addresses.isascii()),
    )
    return "".join(option for option, wanted in options if wanted)


def is_about_sender(reply: Reply) -> bool:
    """Whether a refusal is one of the sender, whatever was just said."""
    return reply.says(5) and _ABOUT_SENDER.search(reply.text) is not None


def _refused(line: smtplib.SMTP, command: str, sender: str, reply: Reply, *, begun: bool) -> NoReturn:
    if reply.code == _NOT_OUR_TURN or reply.code < 0:
        raise Cut(f"the server is closing the connection: {reply}", begun=begun)
    with suppress(OSError):
        line.rset()
    if (command.startswith("MAIL") and reply.code != _TOO_LARGE) or is_about_sender(reply):
        # The recipient has nothing to do with it: an administrator mends it, and the mail goes.
        if reply.says(5):
            raise Unwelcome(reply, "bounce_address" if sender else "null_sender")
        raise Temporary(f"{_REFUSED_SENDER}: {reply}")
    if reply.says(5) and reply.code not in _LOG_IN_FIRST:
        raise Permanent(str(reply))
    raise Temporary(str(reply))


def _taken(line: smtplib.SMTP) -> str:
    """The reply to the last byte."""
    try:
        reply = _reply(_good_form(line.getreply()))
    except (OSError, ValueError) as error:
        raise Uncertain(_said(error)) from error
    if reply.says(2):
        return str(reply)
    if reply.code == _NOT_OUR_TURN:
        raise Cut(f"the server is closing the connection: {reply}", begun=True)
    raise (Permanent if reply.says(5) else Temporary)(str(reply))


def _say(line: smtplib.SMTP, data: bytes) -> None:
    for start in range(0, len(data), CHUNK):
        line.send(data[start : start + CHUNK])


def _stuffed(raw: bytes) -> bytes:
    """The message as DATA wants it: a point that begins a line doubled, a point alone at the end (RFC 5321 4.5.2)."""
    body = raw.replace(b"\r\n.", b"\r\n..")
    first = b"." if raw.startswith(b".") else b""
    end = b"" if raw.endswith(b"\r\n") else b"\r\n"
    return first + body + end + b".\r\n"


# --- small words


def _carrier(line: smtplib.SMTP) -> Carrier:
    size = line.esmtp_features.get("size", "")
    return Carrier(
        eight_bit=line.has_extn("8bitmime"),
        utf8_addresses=line.has_extn("smtputf8"),
        size=int(size) if size.isdecimal() else 0,
    )


def _own_name(line: smtplib.SMTP) -> str:
    """What we call ourselves: our full name, else our address (RFC 5321 4.1.3); no DNS is asked."""
    name = socket.gethostname()
    if "." in name:
        return name
    address = line.sock.getsockname()[0] if line.sock is not None else "127.0.0.1"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _must(answer: tuple[int, bytes]) -> None:
    reply = _reply(answer)
    if not reply.says(2):
        raise ConnectionError(f"the server refuses our greeting: {reply}")


def _good_form(answer: tuple[int, bytes]) -> tuple[int, bytes]:
    if answer[0] < 0:
        raise ValueError(f"the server doesn't speak SMTP: {answer[1]!r}")
    return answer


def _reply(answer: tuple[int, bytes]) -> Reply:
    code, text = answer
    return Reply(code, " ".join(text.decode("utf-8", "replace").split()))


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return str(_reply((error.smtp_code, _as_bytes(error.smtp_error))))
    return str(error) or type(error).__name__


def _as_bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _cure_of(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f" ({error.verify_message}); the certificate must be valid for the host of [smtp]"
    return "; see [smtp] security and port"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
