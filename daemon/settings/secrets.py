"""Where a secret is kept, and how it is read: a file, an environment variable or a systemd credential.

Never the configuration itself. It is read late, when a server asks for it, so that a rotated password needs no restart
and a command that speaks to no server needs no secret.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import ConfigError

SOURCES = ("file", "env", "credential")
NAMES = ("password", "client_secret", "refresh_token")
CREDENTIAL_STORE = Path("/etc/credstore")  # systemd.exec(5): where LoadCredential=NAME looks; for a command run by hand


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret: its key (`mailbox[gestion].password`) and the one place where it is, the others being empty."""

    key: str
    file: Path | None = None
    env: str = ""
    credential: str = ""

    def __bool__(self) -> bool:
        return bool(self.file or self.env or self.credential)

    def read(self, environ: Mapping[str, str] = os.environ) -> str:
        """The secret, without the line end that editors add. Raises ConfigError with what is wrong and its cure."""
        if not self:
            raise ConfigError([f"{self.key}: missing; write one of {', '.join(f'{self.key}_{s}' for s in SOURCES)}"])
        if self.env:
            return self._from_environment(environ)
        return self._from_file(self.path(environ))

    def path(self, environ: Mapping[str, str] = os.environ) -> Path:
        """The file that holds it; systemd hands a credential over as a file too."""
        if self.file is not None:
            return self.file
        return Path(environ.get("CREDENTIALS_DIRECTORY", CREDENTIAL_STORE)) / self.credential

    def warning(self) -> str:
        """What is wrong though it works: a file that everybody on this machine may read."""
        if self.file is None or not self.file.exists():
            return ""
        if not self.file.stat().st_mode & stat.S_IROTH:
            return ""
        return f"{self.key}_file: every user of this machine may read {str(self.file)!r}; chmod 640 it"

    def _from_environment(self, environ: Mapping[str, str]) -> str:
        value = environ.get(self.env, "")
        if not value:
            raise ConfigError([f"{self.key}_env: the environment variable {self.env!r} isn't set or is empty; set it"])
        return value

    def _from_file(self, path: Path) -> str:
        kind = "file" if self.file is not None else "credential"
        try:
            text = path.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError([f"{self.key}_{kind}: {_unreadable(path, error)}{self._hint()}"]) from None
        if not text:
            raise ConfigError([f"{self.key}_{kind}: {str(path)!r} is empty; write the secret in it, on one line"])
        if "\n" in text:
            raise ConfigError([f"{self.key}_{kind}: {str(path)!r} has several lines; a secret is one line"])
        return text

    def _hint(self) -> str:
        if self.file is not None:
            return ""
        return f" (systemd hands it over by LoadCredential={self.credential})"


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> str:
    match error:
        case FileNotFoundError():
            return f"there is no file {str(path)!r}; write the secret in it"
        case PermissionError():
            return f"{str(path)!r} can't be read by this user; give it to the group of the service: chmod 640"
        case UnicodeDecodeError():
            return f"{str(path)!r} isn't UTF-8 text; write the secret in it again"
    return f"{str(path)!r} can't be read: {error.strerror}"
