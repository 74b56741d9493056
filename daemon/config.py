"""The one configuration file: its sections and keys, what they default to, and how it is loaded.

`load` reads everything and tells every problem at once; nothing here opens a connection. Times are timedeltas, paths
absolute (relative ones are relative to the file). How values are written stands in
`daemon/settings/notation.py`, what is doubtful but stops nothing in `daemon/checks/advice.py`.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from daemon.accounting.mapping import ImportMapping, with_files
from daemon.errors import ConfigError
from daemon.settings.notation import (
    ClosedDays,
    Colour,
    Count,
    CredentialName,
    DatabaseUrl,
    Duration,
    EmailAddress,
    EnvironmentName,
    FilePath,
    Host,
    Hour,
    Iban,
    Listen,
    OpeningHours,
    OptionalAddress,
    Port,
    Territory,
    Text,
    TimeOfDay,
    Timezone,
    TokenUrl,
    is_loopback,
)
from daemon.settings.proofreading import broken_rules, shape_problems, syntax_problem
from daemon.settings.secrets import NAMES, Secret

DEFAULT_PATH = Path("/etc/vaguemestre/vaguemestre.toml")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Legal(Section):
    """What loi Hoguet wants on every letter (décret 72-678 art. 92). Empty ones are warned of, and stop nothing."""

    card: str = ""
    issuer: str = ""
    activity: str = ""
    guarantor: str = ""
    seat: str = ""


class Office(Section):
    """A place with its own clock: the agency itself, or one of its further sites."""

    name: Text = Field(examples=["Cabinet Exemple"])
    timezone: Timezone = "Europe/Paris"
    holidays: Territory = "FR"
    hours: OpeningHours = "mon-fri 09:00-12:30, 14:00-18:00"
    emergency_phone: str = ""
    phone: str = ""
    postal_address: str = ""
    closed: tuple[ClosedDays, ...] = ()


class Site(Office):
    """A further office; the `site` column of the managers names it. What it leaves out is the agency's."""

    def within(self, agency: "Agency") -> Self:
        """The same site, completed by the agency."""
        left_out = Office.model_fields.keys() - self.model_fields_set - {"name"}
        return self.model_copy(update={key: getattr(agency, key) for key in left_out})


class Agency(Office):
    address: EmailAddress = Field(examples=["gestion@agence.test"])  # the one that tenants write to
    code: str = Field(default="AG01", pattern=r"^[A-Za-z0-9-]{1,16}$")  # in the name of the agency's folder, for ever
    supervisor: OptionalAddress = ""
    accounting: OptionalAddress = ""
    accounting_also: tuple[EmailAddress, ...] = ()  # further addresses that accounting's exports come from
    admin: OptionalAddress = ""
    legal: Legal = Legal()


class Storage(Section):
    model_config = ConfigDict(validate_default=True)

    state: FilePath = Path("state")
    database: DatabaseUrl = Field(default_factory=lambda data: f"sqlite:///{data.get('state', 'state')}/vaguemestre.db")
    archive: FilePath = Path("GED")

    @field_validator("archive")
    @classmethod
    def _apart(cls, archive: Path, info: ValidationInfo) -> Path:
        state = info.data.get("state", Path())
        if archive == state or archive in state.parents or state in archive.parents:
            raise ValueError(f"the tree and the state {str(state)!r} stand apart, neither inside the other")
        return archive


class OAuth(Section):
    """How a token is obtained where passwords are no longer taken (Microsoft 365, Gmail): XOAUTH2."""

    token_url: TokenUrl = Field(examples=["https://login.microsoftonline.com/TENANT/oauth2/v2.0/token"])
    client_id: Text = Field(examples=["00000000-0000-0000-0000-000000000000"])
    scope: str = ""
    grant: Literal["client_credentials", "refresh_token"] = "client_credentials"
    client_secret_file: FilePath | None = None
    client_secret_env: EnvironmentName | None = None
    client_secret_credential: CredentialName | None = None
    refresh_token_file: FilePath | None = None
    refresh_token_env: EnvironmentName | None = None
    refresh_token_credential: CredentialName | None = None

    def client_secret(self) -> str:
        """The client's secret, read now; `''` for a public client, which has none. Raises ConfigError."""
        secret = secret_of(self, "client_secret", f"{self.client_id}: ")
        return secret.read() if secret else ""

    def refresh_token(self) -> str:
        """The first refresh token, as the administrator obtained it, read now. Raises ConfigError."""
        return secret_of(self, "refresh_token", f"{self.client_id}: ").read()


class Server(Section):
    """A mail server that we log in to."""

    host: Host = Field(examples=["mail.agence.test"])
    port: Port
    security: Literal["tls", "starttls", "none"]
    user: str
    password_file: FilePath | None = None
    password_env: EnvironmentName | None = None
    password_credential: CredentialName | None = None
    oauth: OAuth | None = None
    timeout: Duration = timedelta(seconds=60)

    @field_validator("security")
    @classmethod
    def _in_clear_only_here(cls, security: str, info: ValidationInfo) -> str:
        host = info.data.get("host", "localhost")
        if security == "none" and not is_loopback(host):
            raise ValueError(f'the password would travel in clear to {host!r}; write "tls" or "starttls"')
        return security

    def password(self) -> str:
        """The password, read now. Raises ConfigError."""
        return secret_of(self, "password", f"{self.user} on {self.host}: ").read()


class Folders(Section):
    """The names of the label folders as the mail client shows them; `/` stands for the server's own separator."""

    inbox: Text = "INBOX"
    works: Text = "Réclamations/Travaux"
    accounts: Text = "Réclamations/Comptabilité"
    complaints: Text = "Réclamations/Autre"
    departures: Text = "Départs"
    requests: Text = "Demandes"
    off_topic: Text = "Hors sujet"
    quarantine: Text = "Quarantaine"
    closed: Text = "Clos"
    acknowledgements: Text = "Accusés"
    sent: Text = "Sent"

    @model_validator(mode="after")
    def _each_its_own(self) -> Self:
        """Two labels in one folder would make a person's correction unreadable."""
        labels = [name for key, name in self if key not in ("acknowledgements", "sent")]
        shared = [name for name, count in Counter(labels).items() if count > 1]
        if shared:
            raise ValueError(f"{' and '.join(map(repr, shared))} is the folder of several labels; give each its own")
        return self


class MailboxConfig(Server):
    name: Text = Field(examples=["gestion"])
    address: EmailAddress = Field(examples=["gestion@agence.test"])
    port: Port = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    user: Text = Field(examples=["gestion"])
    mode: Literal["act", "observe"] = "act"
    answer_since: date | None = None  # letters received before it are filed and never answered
    folders: Folders = Folders()
    move: StrictBool = True  # false leaves every letter where it is
    poll: Duration = timedelta(minutes=2)


class Lmtp(Section):
    listen: Listen = "127.0.0.1:8024"
    size_limit: Count = 52_428_800  # bytes


class Smtp(Server):
    port: Port = 587
    security: Literal["tls", "starttls", "none"] = "starttls"
    user: str = ""  # none: the relay knows us by our address
    null_sender: StrictBool = True  # false where the relay refuses MAIL FROM:<>
    bounce_address: StrictBool = True  # false where the mailbox or the relay knows no local+tag@domain


class Deadlines(Section):
    letter: Duration = timedelta(hours=72)
    request: Duration = timedelta(hours=48)
    counting: Literal["calendar", "business"] = "calendar"


class Reminders(Section):
    """What a manager hears of a clock that runs, beside the notice of the case."""

    at: tuple[TimeOfDay, ...] = (time(9), time(14))  # grouped; none: one by one, as soon as they are owed
    half: StrictBool = True  # at half time as well
    appointments: StrictBool = False  # the due time for a calendar, attached to the notice (.ics)
    absences: FilePath | None = None  # a text file that says who is away


class Digest(Section):
    """The morning's mail, one to each manager and one to the supervisor."""

    at: TimeOfDay = time(8)
    managers: StrictBool = True  # false: the supervisor's only
    by_manager: StrictBool = False  # the supervisor's figures by manager: the staff is told first (C. trav. L1222-4)
    weekly: StrictBool = True


class Limits(Section):
    answers_per_address: Count = 10  # automatic answers to one address, a day
    answers_per_hour: Count = 1000  # to everybody
    threshold: float = Field(default=0.5, ge=0, le=1)  # a confidence below it sends the letter to a person


class Security(Section):
    authserv: tuple[Host, ...] = ()
    internal_mark: str = Field(default="", pattern=r"^$|^[A-Za-z0-9-]+:\s*\S.*$")  # `Header: value`


class Bank(Section):
    """The account that rents are paid into. Without an IBAN the notices tell no way to pay."""

    holder: str = ""
    iban: Iban = ""
    bic: str = ""
    creditor_id: str = ""  # ICS, of the direct debits


class Clearance(Section):
    """How many days a payment may still come back, by its mode: no receipt is given before."""

    direct_debit: int = Field(default=8, ge=0, le=90)
    cheque: int = Field(default=10, ge=0, le=90)
    transfer: int = Field(default=0, ge=0, le=90)
    card: int = Field(default=0, ge=0, le=90)
    cash: int = Field(default=0, ge=0, le=90)
    aid: int = Field(default=0, ge=0, le=90)


class Notices(Section):
    """The monthly notices: when, with whose consent, and what they look like."""

    automatic: StrictBool = False  # each month's run is prepared by itself
    day: int = Field(default=20, ge=1, le=28)  # of the month before the term: then they leave, once approved
    hour: Hour = "09:00"
    lead: Duration = timedelta(days=3)  # the run is prepared and its summary mailed so long before
    second_approver: OptionalAddress = ""  # whose approval is wanted beside accounting's
    rate: int = Field(default=0, ge=0)  # mails a minute (Microsoft 365 takes 30); 0: as fast as they go
    workers: int = Field(default=0, ge=0, le=64)  # processes that print; 0: one a processor
    bound: Decimal = Decimal(5000)  # a total over it, or under its opposite, is odd
    jump: Decimal = Decimal("1.5")  # so many terms more or less owed than a month before is odd
    debit_day: int = Field(default=5, ge=1, le=28)
    answer_requests: StrictBool = True  # a document that a tenant asks for is sent at once
    seal: StrictBool = False  # the archive's seal of the day at the foot of each notice
    colour: Colour = "#1d3557"
    logo: FilePath | None = None  # SVG or PNG
    company: str = ""  # name and legal form, as the commercial code wants them
    capital: str = ""
    registration: str = ""
    bank: Bank = Bank()
    clearance: Clearance = Clearance()


class Config(Section):
    agency: Agency
    storage: Storage
    mailbox: tuple[MailboxConfig, ...]
    smtp: Smtp
    site: tuple[Site, ...] = ()
    lmtp: Lmtp | None = None
    deadlines: Deadlines = Deadlines()
    reminders: Reminders = Reminders()
    digest: Digest = Digest()
    limits: Limits = Limits()
    notices: Notices = Notices()
    security: Security = Security()
    imports: dict[str, ImportMapping] = Field(default_factory=dict)

    @field_validator("imports", mode="before")
    @classmethod
    def _with_files(cls, written: object, info: ValidationInfo) -> object:
        return with_files(written, (info.context or {}).get("base"))

    @field_validator("mailbox")
    @classmethod
    def _at_least_one(cls, mailboxes: tuple[MailboxConfig, ...]) -> tuple[MailboxConfig, ...]:
        if not mailboxes:
            raise ValueError("at least one [[mailbox]] is needed")
        return mailboxes

    @field_validator("site")
    @classmethod
    def _completed(cls, sites: tuple[Site, ...], info: ValidationInfo) -> tuple[Site, ...]:
        agency = info.data.get("agency")
        return sites if agency is None else tuple(site.within(agency) for site in sites)

    def office(self, name: str) -> Office:
        """The site of that name, in any case; the agency itself for a name that no `[[site]]` declares."""
        wanted = name.strip().casefold()
        return next((site for site in self.site if site.name.casefold() == wanted), self.agency)

    def secrets(self) -> Iterator[Secret]:
        """Every secret that the file names."""
        for where, section in self._keepers():
            for name in NAMES:
                secret = secret_of(section, name, f"{where}.")
                if secret:
                    yield secret

    def _keepers(self) -> Iterator[tuple[str, Section]]:
        servers: tuple[tuple[str, Server], ...] = (
            *((f"mailbox[{box.name}]", box) for box in self.mailbox),
            ("smtp", self.smtp),
        )
        for where, server in servers:
            yield where, server
            if server.oauth is not None:
                yield f"{where}.oauth", server.oauth


def secret_of(section: Section, name: str, where: str) -> Secret:
    """The secret `name` of a section (`password`, ...); false when the section has none. `where` is for messages."""
    file, env, credential = (getattr(section, f"{name}_{source}", None) for source in ("file", "env", "credential"))
    return Secret(where + name, file, env or "", credential or "")


def default_path(environ: Mapping[str, str]) -> Path:
    """Where the file is when no `--config` says so."""
    return Path(environ.get("VAGUEMESTRE_CONFIG") or DEFAULT_PATH)


def load(path: Path) -> Config:
    """Read, check and resolve a configuration file. Raises ConfigError with every problem found; opens no secret."""
    data = _read(path)
    broken = broken_rules(data)
    try:
        config = Config.model_validate(data, context={"base": path.absolute().parent})
    except ValidationError as error:
        raise ConfigError([*shape_problems(error, data, Config), *broken]) from None
    if broken:
        raise ConfigError(broken)
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")  # Windows' Notepad writes a mark
    except OSError as error:
        cure = (
            "name the file by --config or VAGUEMESTRE_CONFIG" if isinstance(error, FileNotFoundError) else "mend that"
        )
        raise ConfigError([f"{path}: {error.strerror}; {cure}"]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}: line {line} isn't UTF-8; save the file as UTF-8 in your editor"]) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: {syntax_problem(error, text)}"]) from None


def secret_problems(config: Config, environ: Mapping[str, str]) -> list[str]:
    """Every secret that can't be read: for the commands that need them, before they begin."""
    return [problem for secret in config.secrets() for problem in _reading(secret, environ)]


def _reading(secret: Secret, environ: Mapping[str, str]) -> list[str]:
    try:
        secret.read(environ)
    except ConfigError as error:
        return error.problems
    return []
