"""What is worth a person's attention in a configuration and stops nothing: told at each start and by `check`."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from daemon.config import Config
from daemon.settings.notation import is_loopback


def warnings(config: Config) -> list[str]:
    """What is worth a person's attention and stops nothing."""
    return [
        *(
            f"agency.legal.{key}: missing, and loi Hoguet wants it on every letter"
            for key in missing_particulars(config)
        ),
        *(text for secret in config.secrets() if (text := secret.warning())),
        *_unsaid(config),
        *_exposed(config),
    ]


def missing_particulars(config: Config) -> list[str]:
    """The legal particulars (décret 72-678 art. 92) that the file doesn't give."""
    return [key for key, value in config.agency.legal if not value]


def _unsaid(config: Config) -> Iterator[str]:
    agency = config.agency
    reasons = {
        "emergency_phone": "an urgent letter is acknowledged without the agency's emergency number",
        "supervisor": "nobody is told of a letter without a manager, nor of a deadline that passes",
        "admin": "nobody is told of the daemon's own troubles",
    }
    if config.notices.automatic and not agency.accounting:
        reasons["accounting"] = "nobody is asked to approve the month's notices"
    return (f"agency.{key}: missing; {reason}" for key, reason in reasons.items() if not getattr(agency, key))


def _exposed(config: Config) -> Iterator[str]:
    if urlsplit(config.storage.database).password:
        yield "storage.database: a password stands in the URL; give it by ?passfile=/etc/vaguemestre/pgpass instead"
    listen = config.lmtp.listen if config.lmtp else "/"
    if "/" not in listen and not is_loopback(listen.rpartition(":")[0]):
        yield f"lmtp.listen: {listen!r} is open to other machines and asks for no password; let a firewall guard it"
