"""How we log in to each server of the configuration: one way, for the daemon and for `check`."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from daemon.config import Config, MailboxConfig, OAuth
from daemon.imap import Session
from daemon.imap_link import Link
from daemon.oauth import TokenSource
from daemon.send import Relay


def session(config: Config, box: MailboxConfig) -> Session:
    """An IMAP session, not yet connected. Raises ConfigError when the password can't be read."""
    return Session(box, password=_password(box), token=_token(config, f"imap-{box.name}", box.oauth))


def link(config: Config, box: MailboxConfig) -> Link:
    """The bare connection under a session. Raises ConfigError when the password can't be read."""
    return Link(box, _password(box), _token(config, f"imap-{box.name}", box.oauth), None)


def relay(config: Config) -> Relay:
    """The relay, not yet connected; it reads its password by itself."""
    return Relay(config.smtp, relay_token(config))


def relay_token(config: Config) -> Callable[[], str] | None:
    """What gives the relay's access token; None where it takes a password, or nothing."""
    source = _token(config, "smtp", config.smtp.oauth)
    return None if source is None else source.token


def _password(box: MailboxConfig) -> str:
    return "" if box.oauth is not None else box.password()


def _token(config: Config, name: str, oauth: OAuth | None) -> TokenSource | None:
    """Each account keeps its rotated refresh token in a file of its own."""
    return None if oauth is None else TokenSource(oauth, _kept(config.storage.state, name))


def _kept(state: Path, name: str) -> Path:
    return state / f"oauth-{quote(name, safe='')}.json"
