"""A small agency that writes mail: its configuration, two managers, a tenant with a leak, and the rows of an outbox."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from archive.records import Case, Contact, Lease, Manager, Mandate, Message, Outgoing, Owner, Person, Property
from daemon.config import Agency, Config, Legal, Limits, MailboxConfig, Site, Smtp, Storage
from daemon.sending.carrier import SEVEN_BITS, Carrier
from daemon.sending.compose import Composed, Composer
from daemon.sending.dossier import open_dossiers
from daemon.sending.identifiers import Signer
from daemon.sending.outbox import FileSent, Outbox
from daemon.sending.send import Relay
from tests.tables import opened_copy

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)  # a Tuesday, noon in Lyon
TENANT = "clemence.bonnefoy@example.org"
LETTER = b"From: Clemence <clemence.bonnefoy@example.org>\r\nSubject: Fuite\r\n\r\nBonjour, une fuite.\r\n"
PROMISE = {"day": "2026-11-27", "half": "morning"}
GIST = "depuis hier soir l'eau goutte sous l'évier"
SIGNER = Signer(b"\x07" * 32)

LEGAL = Legal(
    card="CPI 6901 2099 000 000 042",
    issuer="CCI Lyon Métropole",
    activity="Gestion immobilière",
    guarantor="Caution Mutuelle Fictive, 1 place des Exemples, 75000 Paris",
    seat="9 place de la Martinière-aux-Exemples, 69001 Lyon",
)


def configuration(port: int = 25, smtp: dict[str, Any] | None = None, **changes: Any) -> Config:
    """The agency's configuration; `smtp` and `changes` replace keys of `[smtp]` and `[agency]`, or whole sections."""
    agency: dict[str, Any] = {
        "name": "Régie Aubrelac",
        "address": "gestion@aubrelac.test",
        "hours": "mon-thu 09:00-12:30, 14:00-18:00; fri 09:00-12:30, 14:00-17:00",
        "phone": "04 65 71 20 10",
        "emergency_phone": "04 65 71 20 99",
        "postal_address": "9 place de la Martinière-aux-Exemples, 69001 Lyon",
        "supervisor": "direction@aubrelac.test",
        "admin": "admin@aubrelac.test",
        "legal": LEGAL,
    }
    sections = {key: changes.pop(key) for key in ("limits", "mailbox") if key in changes}
    return Config(
        agency=Agency(**agency | changes),
        storage=Storage(),
        mailbox=sections.get("mailbox", (mailbox("gestion"),)),
        smtp=Smtp.model_validate({"host": "127.0.0.1", "port": port, "security": "none"} | (smtp or {})),
        site=(MARTINIQUE,),
        limits=sections.get("limits", Limits()),
    )


def mailbox(name: str) -> MailboxConfig:
    return MailboxConfig(name=name, address=f"{name}@aubrelac.test", host="127.0.0.1", user=name)


MARTINIQUE = Site(
    name="Martinique",
    timezone="America/Martinique",
    holidays="FR-MQ",
    hours="mon,tue,thu 07:30-13:00, 14:00-16:30; wed,fri 07:30-13:00",
    phone="0596000010",
    emergency_phone="0596000099",
    postal_address="31 boulevard des Hibiscus, 97200 Fort-de-France",
)


@dataclass
class MailRoom:
    """Writes cases and outbox rows, and sends them. `filed` is what the tree would hold, by digest."""

    filed: dict[str, bytes] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))
    outboxes: list[Outbox] = field(default_factory=list)

    def case(self, **changes: Any) -> Case:
        """A leak of Mme Bonnefoy's, and the letter that opened it."""
        number = next(self.numbers)
        columns = {
            "ref": f"VM-2026-{number:06d}",
            "label": "reclamation/travaux",
            "party": "tenant",
            "lease": "L00101",
            "manager": "G1",
            "subject": "Fuite sous l'évier",
            "sender": TENANT,
            "received_at": NOON,
            "due_at": NOON + timedelta(hours=72),
            "confidence": 0.92,
            "because": "« fuite » et « évier »",
        }
        case = Case.create(**columns | changes)
        Message.create(
            digest=f"letter-{number}",
            id=f"letter-{number}",
            direction="in",
            message_id=f"question-{number}@example.org",
            subject=case.subject,
            sender=case.sender,
            received_at=case.received_at,
            path="letter.eml",
            sidecar="letter.json",
            case=case.ref,
        )
        return case

    def say(
        self, template: str = "acknowledgement", case: Case | None = None, details: Any = None, **changes: Any
    ) -> Outgoing:
        """One row of the outbox, waiting since noon."""
        notice = template.startswith("notice")
        told = {"gist": GIST, "promise": PROMISE} if details is None else details
        columns = {
            "key": f"{template}/{next(self.numbers)}",
            "kind": "notice" if notice else "acknowledgement",
            "template": template,
            "case": case.ref if case else None,
            "answers": f"letter-{int(case.ref[-6:])}" if case else None,
            "recipient": "d.faucheux@aubrelac.test" if notice else TENANT,
            "filed": not notice,
            "automatic": not notice,
            "created_at": NOON,
            "next_try_at": NOON,
            "details": told if isinstance(told, str) else json.dumps(told),
        }
        return Outgoing.create(**columns | changes)

    def compose(self, row: Outgoing, config: Config | None = None, carrier: Carrier = SEVEN_BITS) -> Composed:
        config = config or configuration()
        composer = Composer(config, SIGNER, lambda _digest: LETTER)
        return composer.compose(open_dossiers([row], config)[0], NOON, carrier)

    def outbox(self, config: Config, file_sent: FileSent | None = None, relay: Relay | None = None) -> Outbox:
        composer = Composer(config, SIGNER, lambda _digest: LETTER)
        self.outboxes.append(Outbox(config, composer, relay or Relay(config.smtp), file_sent or self.file))
        return self.outboxes[-1]

    def close(self) -> None:
        for outbox in self.outboxes:
            outbox.close()

    def file(self, rows: Sequence[Outgoing]) -> None:
        self.filed |= {row.digest: row.raw for row in rows if row.raw is not None}


def parsed(mail: Composed | bytes) -> EmailMessage:
    return message_from_bytes(mail if isinstance(mail, bytes) else mail.raw, policy=policy.default)


def text_of(mail: Composed | bytes) -> str:
    """The plain text, as its reader sees it: no-break spaces are spaces."""
    return _content(mail, "plain").replace("\N{NO-BREAK SPACE}", " ")


def html_of(mail: Composed | bytes) -> str:
    return _content(mail, "html")


def _content(mail: Composed | bytes, form: str) -> str:
    body = parsed(mail).get_body((form,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def state_of(row: Outgoing) -> str:
    return str(Outgoing.get_by_id(row.id).state)


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory, tables: Path) -> Path:
    """The agency's records in an SQLite file, to copy."""
    path = tmp_path_factory.mktemp("records") / "vaguemestre.db"
    with closing(opened_copy(tables, path)):
        move_in()
    return path


@pytest.fixture
def mail_room(tmp_path: Path, records: Path) -> Iterator[MailRoom]:
    """The agency's records, on SQLite; `move_in` makes them on whatever database is open."""
    with closing(opened_copy(records, tmp_path / "vaguemestre.db")):
        yield MailRoom()


def move_in() -> MailRoom:
    """Write the agency's records into the database that is open."""
    Manager.create(
        id="G1", civility="Mme", last_name="Faucheux", first_name="Delphine", email="d.faucheux@aubrelac.test",
        phone="0465712011", site="Lyon",
    )  # fmt: skip
    Manager.create(
        id="G5", civility="M.", last_name="Cabrisseau", first_name="Loïc", email="l.cabrisseau@aubrelac.test",
        phone="0596000015", site="Martinique",
    )  # fmt: skip
    home = {
        "name": "Résidence Les Traboules",
        "address": "14 rue du Puits-d'Amour",
        "postcode": "69005",
        "city": "Lyon",
    }
    Property.create(code="0001", manager="G1", **home)
    Property.create(code="0002", name="Résidence Les Alizés", postcode="97200", city="Fort-de-France", manager="G5")
    owner = Owner.create(name="Indivision Roche-Maillard")
    Mandate.create(number="1042", owner=owner)
    for lease, building, furnished in (("L00101", "0001", False), ("L00102", "0001", True), ("L00201", "0002", False)):
        Lease.create(
            id=lease, mandate="1042", property=building, lot="A12", furnished=furnished, start=date(2019, 9, 1),
            rent=Decimal("742.18"), charges=Decimal("85.00"), other=Decimal(0), deposit=Decimal("689.12"),
        )  # fmt: skip
    tenant = Person.create(lease="L00101", role="tenant", civility="Mme", last_name="Bonnefoy", first_name="Clémence")
    Contact.create(person=tenant, kind="email", value=TENANT)
    Contact.create(person=tenant, kind="phone", value="0639982286")
    return MailRoom()
