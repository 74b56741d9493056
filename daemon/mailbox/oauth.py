"""Access tokens where passwords are no longer taken (Microsoft 365, Gmail): OAuth 2.0 (RFC 6749), sent by XOAUTH2.

A token is asked for when it is needed and kept in memory until five minutes before it ends. A provider may replace the
refresh token at each use and take the old one back: the new one is on the disk, fsynced, before the access token is
used.
"""

import hashlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from archive.durable import DISK, Disk
from daemon import clock
from daemon.config import OAuth
from daemon.errors import Permanent, Temporary

MARGIN = timedelta(minutes=5)  # before its end a token is replaced
LIFETIME = timedelta(hours=1)  # of a token that doesn't tell (RFC 6749, 5.1: then it is documented elsewhere)
TIMEOUT = 30  # seconds
LONGEST_ANSWER = 1 << 20  # bytes

# Errors of RFC 6749, 5.2, that pass by themselves; the others want a person.
_PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


def sasl(user: str, token: str) -> str:
    """What XOAUTH2 says to an IMAP or SMTP server, before base64."""
    return f"user={user}\1auth=Bearer {token}\1\1"


class TokenSource:
    """The access token of one account. Several threads may ask; one request is made.

    `keep` is the file of the rotated refresh token (`<state>/oauth-<name>.json`). A new refresh token in the
    configuration wins over a kept one, for an administrator writes it when the old one has died.
    """

    def __init__(
        self,
        oauth: OAuth,
        keep: Path,
        *,
        now: Callable[[], datetime] = clock.now,
        disk: Disk = DISK,
    ) -> None:
        self._oauth = oauth
        self._keep = keep
        self._now = now
        self._disk = disk
        self._lock = threading.Lock()
        self._token = ""
        self._until: datetime | None = None

    def token(self) -> str:
        """A token that is good for some minutes yet. Raises Temporary, or Permanent with the provider's own words."""
        with self._lock:
            if self._until is None or self._now() >= self._until:
                self._renew()
            return self._token

    def sasl(self, user: str) -> str:
        """The XOAUTH2 response for that user. Raises what `token` raises."""
        return sasl(user, self.token())

    def forget(self) -> None:
        """The server refused the token: the next one is asked for anew."""
        with self._lock:
            self._until = None

    def _renew(self) -> None:
        answer = self._ask(self._grant())
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise Permanent(f"{self._oauth.token_url}: the answer holds no access_token")
        rotated = answer.get("refresh_token")
        if isinstance(rotated, str) and rotated and self._oauth.grant == "refresh_token":
            self._remember(rotated)
        lifetime = _lifetime(answer.get("expires_in"))
        self._token, self._until = token, self._now() + lifetime - min(MARGIN, lifetime / 2)

    def _grant(self) -> dict[str, str]:
        oauth = self._oauth
        secret = oauth.client_secret()
        said = {"grant_type": oauth.grant, "client_id": oauth.client_id}
        said |= {"client_secret": secret} if secret else {}
        said |= {"scope": oauth.scope} if oauth.scope else {}
        return said | ({"refresh_token": self._refresh_token()} if oauth.grant == "refresh_token" else {})

    def _refresh_token(self) -> str:
        configured = self._oauth.refresh_token()
        try:
            kept = json.loads(self._keep.read_bytes())
            return str(kept["refresh_token"]) if kept["instead_of"] == _print_of(configured) else configured
        except (OSError, ValueError, KeyError, TypeError):
            return configured

    def _remember(self, rotated: str) -> None:
        configured = self._oauth.refresh_token()
        kept = {"instead_of": _print_of(configured), "refresh_token": rotated}
        self._disk.make_path(self._keep.parent)
        self._disk.replace(self._keep, json.dumps(kept).encode(), 0o600)

    def _ask(self, said: dict[str, str]) -> dict[str, Any]:
        url = self._oauth.token_url
        request = urllib.request.Request(url, urlencode(said).encode(), {"Accept": "application/json"})  # noqa: S310  the configuration takes https only, and http on this machine
        try:
            with _OPENER.open(request, timeout=TIMEOUT) as answer:
                return _read(url, answer)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(url, error) from None
        except OSError as error:  # URLError is one
            raise Temporary(f"{url}: {getattr(error, 'reason', error)}") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A secret is told to the server that the configuration names, and to no other."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _read(url: str, answer: IO[bytes]) -> dict[str, Any]:
    try:
        found = json.loads(answer.read(LONGEST_ANSWER))
    except ValueError:
        raise Temporary(f"{url}: the answer isn't JSON; is it the token URL?") from None
    if not isinstance(found, dict):
        raise Permanent(f"{url}: the answer isn't a JSON object")
    return found


def _refusal(url: str, error: urllib.error.HTTPError) -> Temporary | Permanent:
    """The provider's own words: `invalid_grant: AADSTS700082: The refresh token has expired...`."""
    try:
        said = _read(url, error)
    except (Temporary, Permanent):
        said = {}
    code, description = str(said.get("error", "")), str(said.get("error_description", ""))
    text = f"{url}: {error.code} {': '.join(filter(None, (code, description))) or error.reason}"
    passes = error.code >= 500 or error.code == 429 or code in _PASSING  # noqa: PLR2004  HTTP's numbers
    return Temporary(text) if passes else Permanent(text)


def _lifetime(seconds: object) -> timedelta:
    """Microsoft once sent the number as text."""
    try:
        return timedelta(seconds=float(str(seconds)))
    except (ValueError, OverflowError):
        return LIFETIME


def _print_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
