"""The names that we give to what we send, and how we know them again: signed, so that nobody else can make one up.

A Message-ID of ours is `<VM-2026-000123.k3….s4…@agence.test>`: the case, sixteen characters that stand for the thing
said (its outbox key, so a mail composed twice has the same name), and a signature over both. A reply that carries it
proves its case. Everything is compared in one case of letters: some systems change it on the way. The domain isn't
signed: an agency may change it. The same token travels in `X-Vaguemestre`, for the providers that write a Message-ID of
their own.

The token of a notice to one of our own people is a *grant* besides: `<VM-2026-000123.k3….h8….s4…@agence.test>` also
names who holds it and until when. A reply that carries it, sent from that person's address, may speak in the agency's
name in that case, and in no other. The address of a case, `gestion+vm-2026-000123.h8….s4…@agence.test`, is one too.

A bounce comes back to `gestion+b-<row>-<mark>-<signature>@agence.test`, which names the outbox row that it is about.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from daemon.errors import ConfigError

HEADER = "X-Vaguemestre"
SECRET = "message-id.key"  # noqa: S105  a file's name
LENGTH = 32  # bytes of the secret

_KEY, _SIGNATURE = 10, 15  # bytes; five bits a character of base32: 16 and 24 characters
_BOUNCE_SIGNATURE = 10  # 16 characters: a local part has 64 (RFC 5321 4.5.3.1.1)
_HOLDER, _DAYS = 5, 4  # bytes of who holds a grant; characters of its last day
_ADDRESS_SIGNATURE = 10  # 16 characters
_EPOCH = date(2020, 1, 1)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_TOKEN = re.compile(r"(vm(?:-\d{4}-\d{6,})?)\.([a-z2-7]{16})(?:\.([a-z2-7]{8})([a-z2-7]{4}))?\.([a-z2-7]{24})")
_CASE_ADDRESS = re.compile(r"\+(vm-\d{4}-\d{6,})\.([a-z2-7]{8})([a-z2-7]{4})([a-z2-7]{16})@")
_BOUNCE = re.compile(r"\+b-(\d+)-([a-z2-7]{16})-([a-z2-7]{16})@")


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave for one person to speak in one case (None: in none), up to the end of a day. `holder` is a mark."""

    case: str | None
    holder: str
    until: date


class Signer:
    """Makes and checks our identifiers. `secret`: 32 random bytes, kept for as long as old letters may be answered."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def token(self, key: str, case: str | None, holder: str = "", until: date = date.max) -> str:
        """What names the thing said under `key`: the local part of its Message-ID. With a `holder` it is a grant."""
        name = f"{case or 'VM'}.{_mark(key)}"
        if holder:
            name += f".{self._holder(holder)}{_day(until)}"
        return f"{name}.{self._sign('message', name, _SIGNATURE)}"

    def message_id(self, key: str, case: str | None, domain: str) -> str:
        """The Message-ID of the mail of that key, with its angle brackets (RFC 5322 3.6.4); always the same."""
        return f"<{self.token(key, case)}@{domain}>"

    def is_ours(self, message_id: str) -> bool:
        """Whether we signed this Message-ID (or `X-Vaguemestre` value), with or without its angle brackets."""
        return self._verified(message_id) is not None

    def case_of(self, message_id: str) -> str | None:
        """The case that a Message-ID of ours stands for; None for a stranger's, and for one without a case."""
        case = (self._verified(message_id) or "VM").partition(".")[0]
        return case if case != "VM" else None

    def grant(self, token: str) -> Grant | None:
        """The grant that a Message-ID of ours, or a case's address, is; None for anything else."""
        name = self._verified(token)
        if name is not None:
            case, _, rest = name.partition(".")
            held = rest.partition(".")[2]
            return Grant(case if case != "VM" else None, held[:8], _date(held[8:])) if held else None
        found = _CASE_ADDRESS.search(token.lower())
        if found is None:
            return None
        case, holder, until, signature = found.groups()
        case = case.upper()
        expected = self._sign("address", f"{case}.{holder}{until}", _ADDRESS_SIGNATURE)
        return Grant(case, holder, _date(until)) if hmac.compare_digest(signature, expected) else None

    def holds(self, grant: Grant, holder: str, today: date) -> bool:
        """Whether that person may use it today."""
        return hmac.compare_digest(grant.holder, self._holder(holder)) and today <= grant.until

    def case_address(self, address: str, case: str, holder: str, until: date) -> str:
        """Where one person answers in one case, for mailboxes that take `local+tag@domain`."""
        local, _, domain = address.rpartition("@")
        name = f"{case}.{self._holder(holder)}{_day(until)}"
        return f"{local}+{name.lower()}{self._sign('address', name, _ADDRESS_SIGNATURE)}@{domain}"

    def is_tagged(self, address: str) -> bool:
        """Whether we made this `local+tag@domain`."""
        return self.bounced(address) is not None or ("+" in address and self.grant(address) is not None)

    def bounce_address(self, address: str, row: int, key: str) -> str:
        """Where a mail that couldn't be delivered comes back to. `row` and `key` are those of the outbox."""
        local, _, domain = address.rpartition("@")
        name = f"{row}-{_mark(key)}"
        return f"{local}+b-{name}-{self._sign('bounce', name, _BOUNCE_SIGNATURE)}@{domain}"

    def bounced(self, address: str) -> tuple[int, str] | None:
        """The row, and the mark of its key (see `marks`), that a bounce address names; None when it isn't ours."""
        found = _BOUNCE.search(address.lower())
        if found is None:
            return None
        row, mark, signature = found.groups()
        if not hmac.compare_digest(signature, self._sign("bounce", f"{row}-{mark}", _BOUNCE_SIGNATURE)):
            return None
        return int(row), mark

    def _verified(self, message_id: str) -> str | None:
        """What was signed: `VM-2026-000123.mark`, or `VM-2026-000123.mark.grant`."""
        local = message_id.strip().strip("<>").lower().partition("@")[0]
        found = _TOKEN.fullmatch(local)
        if found is None:
            return None
        case, mark, holder, until, signature = found.groups()
        name = f"{case.upper()}.{mark}" + (f".{holder}{until}" if holder else "")
        return name if hmac.compare_digest(signature, self._sign("message", name, _SIGNATURE)) else None

    def _holder(self, person: str) -> str:
        return self._sign("holder", person, _HOLDER)

    def _sign(self, purpose: str, name: str, length: int) -> str:
        """A signature for one purpose can't serve another."""
        return _base32(hmac.digest(self._secret, f"{purpose}\0{name}".encode(), "sha256")[:length])


def marks(mark: str, key: str) -> bool:
    """Whether `mark` stands for that key: a row's number alone isn't proof after a database was made anew."""
    return mark == _mark(key)


def subject_token(case: str) -> str:
    """How a case shows in a subject, where a person can read it over the telephone."""
    return f"[{case}]"


def load_secret(state: Path) -> bytes:
    """The secret kept in the state folder; made at first use, on the disk before it signs anything.

    Raises ConfigError when the file isn't ours: a new secret would disown every reply to what was sent before.
    """
    path = state / SECRET
    if not path.exists():
        _make_secret(path)
    secret = path.read_bytes()
    if len(secret) != LENGTH:
        cure = "put the copy back, or remove the file to have a new one (replies to older mail then lose their case)"
        raise ConfigError([f"{path}: {len(secret)} bytes instead of {LENGTH}; {cure}"])
    return secret


def _make_secret(path: Path) -> None:
    """Written beside and linked into place: never half a secret, and never two when two processes start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(LENGTH))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(beside, path)
    beside.unlink()
    _fsync_folder(path.parent)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _day(value: date) -> str:
    """A day in four characters."""
    number = min(max((value - _EPOCH).days, 0), 32**_DAYS - 1)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_DAYS)))


def _date(written: str) -> date:
    number = 0
    for letter in written:
        number = number * 32 + _ALPHABET.index(letter)
    return min(_EPOCH + timedelta(days=number), date.max)


def _mark(key: str) -> str:
    return _base32(hashlib.sha256(key.encode()).digest()[:_KEY])


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().lower()
