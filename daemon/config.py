"""The one configuration file, checked whole: every problem at once, each with its value and its cure."""

from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Legal(Section):
    card: str = ""
    issuer: str = ""
    activity: str = ""
    guarantor: str = ""
    seat: str = ""


class Office(Section):
    """A place with its own clock: the agency itself, or one of its further sites."""

    name: str
    timezone: str = "Europe/Paris"
    holidays: str = "FR"
    hours: str = "mon-fri 09:00-12:30, 14:00-18:00"
    emergency_phone: str = ""
    phone: str = ""
    postal_address: str = ""
    closed: tuple[str, ...] = ()


class Site(Office):
    """A further office; the `site` column of the managers names it. What it leaves out is the agency's."""


class Agency(Office):
    address: str  # the e-mail address that tenants write to
    code: str = "AG01"
    supervisor: str = ""
    accounting: str = ""
    admin: str = ""
    legal: Legal = Legal()


class Storage(Section):
    state: Path = Path("state")
    database: str = "sqlite:///state/vaguemestre.db"
    archive: Path = Path("GED")


class OAuth(Section):
    token_url: str
    client_id: str
    scope: str = ""
    grant: Literal["client_credentials", "refresh_token"] = "client_credentials"
    # client_secret_file | client_secret_env | client_secret_credential; refresh_token_file | ...


class Folders(Section):
    """The names of the label folders as the mail client shows them; `/` stands for the server's own separator."""

    inbox: str = "INBOX"
    works: str = "Réclamations/Travaux"
    accounts: str = "Réclamations/Comptabilité"
    complaints: str = "Réclamations/Autre"
    departures: str = "Départs"
    requests: str = "Demandes"
    off_topic: str = "Hors sujet"
    quarantine: str = "Quarantaine"
    closed: str = "Clos"
    acknowledgements: str = "Accusés"
    sent: str = "Sent"


class MailboxConfig(Section):
    name: str
    address: str
    host: str
    port: int = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str
    oauth: OAuth | None = None
    mode: Literal["act", "observe"] = "act"
    answer_since: date | None = None
    folders: Folders = Folders()
    move: bool = True  # false leaves every letter where it is
    poll: timedelta = timedelta(minutes=2)
    timeout: timedelta = timedelta(seconds=60)


class Lmtp(Section):
    listen: str = "127.0.0.1:8024"
    size_limit: int = 52_428_800


class Smtp(Section):
    host: str
    port: int = 587
    security: Literal["tls", "starttls", "none"] = "starttls"
    user: str = ""
    null_sender: bool = True
    timeout: timedelta = timedelta(seconds=60)


class Deadlines(Section):
    letter: timedelta = timedelta(hours=72)
    request: timedelta = timedelta(hours=48)
    counting: Literal["calendar", "business"] = "calendar"


class Limits(Section):
    answers_per_address: int = 10  # automatic answers to one address, a day
    answers_per_hour: int = 1000  # to everybody
    threshold: float = 0.5  # a confidence below it sends the letter to a person


class Security(Section):
    authserv: tuple[str, ...] = ()


class Config(Section):
    agency: Agency
    storage: Storage
    mailbox: tuple[MailboxConfig, ...]
    smtp: Smtp
    site: tuple[Site, ...] = ()
    lmtp: Lmtp | None = None
    deadlines: Deadlines = Deadlines()
    limits: Limits = Limits()
    security: Security = Security()


def load(path: Path) -> Config:
    """Read, check and resolve a configuration file. Raises ConfigError with every problem found."""
    raise NotImplementedError  # the configuration's own module comes next
