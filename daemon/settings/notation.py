"""How values are written in the configuration file: `72h`, `mon-fri 09:00-18:00`, `127.0.0.1:8024`, a path.

Each reader takes what was written and gives the value, or raises ValueError with the cure; `proofreading.py`
adds the key and the value. A relative path is relative to the file, whose folder is the validation context's `base`.
"""

import ipaddress
import re
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, ValidationInfo
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from rules.calendar import parse_closed, parse_hours, territory_named

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
LONGEST = timedelta(days=366)  # a longer wait is a slip of the pen, and would hide every promise
ENGINES = ("sqlite", "postgresql", "postgres")

_DURATION = re.compile(r"(\d{1,9})([dhms])")
_DURATIONS = re.compile(r"(?:\d{1,9}[dhms])+")
_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+")  # RFC 5321 dot-string; the quoted form is not in use
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[\w-]+|localhost")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_.-]+")  # systemd.exec(5): a valid file name


def read_duration(value: object) -> timedelta:
    """A time of at least a second: `90s`, `2m`, `72h`, `5d`, `1h30m`."""
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not _DURATIONS.fullmatch(value):
        raise ValueError('a time is a number with its unit, between quotes: "90s", "2m", "72h", "5d"')
    parts = [timedelta(**{UNITS[unit]: int(number)}) for number, unit in _DURATION.findall(value)]
    total = sum(parts, timedelta())
    if not timedelta(0) < total <= LONGEST:
        raise ValueError("a time is more than zero and at most a year")
    return total


def read_time_of_day(value: object) -> time:
    """An hour on the clock of an office: `08:00`; TOML's own time is taken as well."""
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    found = _TIME_OF_DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('an hour is written between quotes, from "00:00" to "23:59"')
    return time(int(found[1]), int(found[2]))


def read_timezone(name: str) -> str:
    """A name of the tz database. It is looked up, so that a machine without the data is found out at the start."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown (a KeyError), a folder of the database, a path out of it
        message = 'the tz database has no such zone; write for instance "Europe/Paris" or "America/Martinique"'
        raise ValueError(message) from None
    return name


def read_territory(code: str) -> str:
    """A territory whose public holidays are known: `FR`, `FR-MQ`, `FR-57`."""
    territory_named(code)
    return code


def read_hours(text: str) -> str:
    parse_hours(text)
    return text


def read_closed(value: object) -> str:
    """A day or a range of days; TOML's own date is taken as well."""
    text = value.isoformat() if isinstance(value, date) else value
    if not isinstance(text, str):
        raise ValueError('a closed day is text: "2026-12-24" or "2026-08-15..2026-08-31"')  # noqa: TRY004  pydantic's
    parse_closed(text)
    return text


def read_address(text: str) -> str:
    """A bare e-mail address, without a display name."""
    local, _, domain = text.rpartition("@")
    if not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise ValueError('it is no e-mail address; write it bare: "gestion@agence.fr"')
    return text


def read_optional_address(text: str) -> str:
    return text and read_address(text)


def read_host(text: str) -> str:
    """The name or the IP address of a server; its port has a key of its own."""
    if not text or re.search(r"[\s/@]", text) or re.fullmatch(r"[^:]*:\d+", text):
        raise ValueError('a host is a bare name or IP address, such as "imap.agence.fr"; the port has a key of its own')
    return text


def read_listen(text: str, info: ValidationInfo) -> str:
    """`host:port`, `[::1]:port`, or the path of a unix socket (anything with a slash, or a name in `.sock`)."""
    if "/" in text or text.endswith(".sock"):
        return str(from_file(Path(text), info))
    host, _, port = text.rpartition(":")
    if not host.strip("[]") or not port.isascii() or not port.isdecimal() or not 0 < int(port) <= 65535:  # noqa: PLR2004
        raise ValueError('it is neither "127.0.0.1:8024" nor the path of a unix socket, "/run/vaguemestre/lmtp"')
    return text


def read_database(url: str, info: ValidationInfo) -> str:
    """A database URL; the path of a SQLite file is made absolute (four slashes, as the usual notation has it)."""
    engine, _, rest = url.partition("://")
    if engine not in ENGINES:
        raise ValueError('write "sqlite:///state/vaguemestre.db" or "postgresql://user@host/database"')
    if engine != "sqlite":
        return url
    path = rest.removeprefix("/")
    if path == rest or path in ("", ":memory:"):
        raise ValueError('a SQLite database is a file: "sqlite:///state/vaguemestre.db" (three slashes, then its path)')
    return f"sqlite:///{from_file(Path(path), info)}"


def read_token_url(url: str) -> str:
    """Where a token is asked for. In clear only on this machine: the client secret goes there."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return url
    raise ValueError('a token URL begins with https://, such as "https://oauth2.googleapis.com/token"')


def read_environment_name(name: str) -> str:
    if not _ENVIRONMENT_NAME.fullmatch(name):
        raise ValueError(
            'it is no name of an environment variable; the secret itself does not stand here: "IMAP_PASSWORD"'
        )
    return name


def read_credential_name(name: str) -> str:
    if not _CREDENTIAL_NAME.fullmatch(name):
        raise ValueError('it is no name of a systemd credential (LoadCredential=): "imap-password"')
    return name


def read_hour(text: str) -> str:
    """A time of day: `09:00`."""
    if not re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError('a time of day is "09:00", between quotes')
    return text


def read_iban(text: str) -> str:
    """An IBAN with or without spaces, its key checked; kept without spaces."""
    try:
        return text and IBAN(text).compact
    except SchwiftyException as error:
        raise ValueError(f"it is no IBAN ({error}); copy it from the bank's own paper") from None


def read_colour(text: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", text):
        raise ValueError('a colour is "#1d3557"')
    return text


def from_file(path: Path, info: ValidationInfo) -> Path:
    """The path as seen from the configuration file's folder; as it is when there is no file."""
    base: Path | None = (info.context or {}).get("base")
    return path if base is None else base / path


def is_loopback(host: str) -> bool:
    """Whether a server's name can only mean this machine."""
    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _not_empty(value: Any) -> Any:
    if value == "":
        raise ValueError("it is empty")
    return value


Hour = Annotated[str, AfterValidator(read_hour)]
Iban = Annotated[str, AfterValidator(read_iban)]
Colour = Annotated[str, AfterValidator(read_colour)]
Text = Annotated[str, AfterValidator(_not_empty)]
Duration = Annotated[timedelta, BeforeValidator(read_duration)]
TimeOfDay = Annotated[time, BeforeValidator(read_time_of_day)]
Timezone = Annotated[str, AfterValidator(read_timezone)]
Territory = Annotated[str, AfterValidator(read_territory)]
OpeningHours = Annotated[str, AfterValidator(read_hours)]
ClosedDays = Annotated[str, BeforeValidator(read_closed)]
EmailAddress = Annotated[str, AfterValidator(read_address)]
OptionalAddress = Annotated[str, AfterValidator(read_optional_address)]
Host = Annotated[str, AfterValidator(read_host)]
Port = Annotated[StrictInt, Field(ge=1, le=65535)]
Count = Annotated[StrictInt, Field(ge=1)]
Listen = Annotated[str, AfterValidator(read_listen)]
DatabaseUrl = Annotated[str, AfterValidator(read_database)]
TokenUrl = Annotated[str, AfterValidator(read_token_url)]
FilePath = Annotated[Path, BeforeValidator(_not_empty), AfterValidator(from_file)]
EnvironmentName = Annotated[str, AfterValidator(read_environment_name)]
CredentialName = Annotated[str, AfterValidator(read_credential_name)]
