"""How we log in to each server of the configuration: one way, for the daemon and for `check`."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from daemon.config import Config, MailboxConfig, OAuth
from daemon.mailbox.imap import Session
from daemon.mailbox.link import Link
from daemon.mailbox.oauth import TokenSource
from daemon.sending.send import Relay


def sessions(config: Config) -> Callable[[MailboxConfig], Session]:
    """What makes an IMAP session of a mailbox, not yet connected, each time anew.

    One source of tokens a mailbox, however often it connects. Calling it raises ConfigError when a password can't be
    read.
    """
    tokens = {box.name: _mailbox_token(config, box) for box in config.mailbox}

    def session(box: MailboxConfig) -> Session:
        return Session(box, password=_password(box), token=tokens[box.name])

    return session


def link(config: Config, box: MailboxConfig) -> Link:
    """The bare connection under a session. Raises ConfigError when the password can't be read."""
    return Link(box, _password(box), _mailbox_token(config, box), None)


def relay(config: Config) -> Relay:
    """The relay, not yet connected; it reads its password by itself."""
    return Relay(config.smtp, relay_token(config))


def relay_token(config: Config) -> Callable[[], str] | None:
    """What gives the relay's access token; None where it takes a password, or nothing."""
    source = _token(config.smtp.oauth, config.storage.state / "oauth-smtp.json")
    return None if source is None else source.token


def _password(box: MailboxConfig) -> str:
    return "" if box.oauth is not None else box.password()


def _mailbox_token(config: Config, box: MailboxConfig) -> TokenSource | None:
    return _token(box.oauth, config.storage.state / f"oauth-imap-{quote(box.name, safe='')}.json")


def _token(oauth: OAuth | None, kept: Path) -> TokenSource | None:
    """Each account keeps its rotated refresh token in a file of its own."""
    return None if oauth is None else TokenSource(oauth, kept)
