"""Whether mail to the address of a case comes back to us: `check` sends a probe to one, and what became of it is kept.

A probe is a mail of ours to ourselves, to the address that a case which never was would have. Whoever sees it arrive
notes that: `check`, which looks into the mailbox, or the daemon, which takes it in before anybody looks. It is nobody's
letter: it is neither filed nor counted nor answered. From then on notices name the address of their case in Reply-To,
until a later probe is lost.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from archive.database import writing
from archive.prepared import find
from archive.records import Fact
from daemon.sending import wire
from daemon.sending.identifiers import HEADER, Signer
from rules.letter import Letter, normalise_address

CASE = "VM-0000-000000"  # no year is 0000: nobody's case
VALID = timedelta(days=30)  # for a probe that a slow server brings late
FORM = "Probe of the address of a case: nothing to do, nothing to answer.\r\n"


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe to a mailbox of ours. `to` is the address that it tries."""

    to: str
    message_id: str
    sent_at: datetime


def works(mailbox: str) -> bool:
    """Whether the last probe to an address of that mailbox came back."""
    return find(Fact, name=_proved(mailbox)) is not None


def proved_at(mailbox: str) -> datetime | None:
    """When a probe was last seen to have come back."""
    fact = find(Fact, name=_proved(mailbox))
    return datetime.fromisoformat(fact.value) if fact is not None else None


def pending(mailbox: str) -> Probe | None:
    """The probe that is under way."""
    fact = find(Fact, name=_sent(mailbox))
    if fact is None:
        return None
    told = json.loads(fact.value)
    return Probe(told["to"], told["message_id"], datetime.fromisoformat(told["sent_at"]))


def compose(mailbox: str, signer: Signer, now: datetime) -> tuple[Probe, bytes]:
    """A probe to that mailbox, and its bytes."""
    ours = wire.address(mailbox)
    to = signer.case_address(ours, CASE, secrets.token_hex(8), (now + VALID).date())
    token = signer.token(to, None)
    domain = ours.rpartition("@")[2]
    head = {
        "From": ours,
        "To": to,
        "Subject": "Vaguemestre",
        "Date": format_datetime(now),
        "Message-ID": f"<{token}@{domain}>",
        "Auto-Submitted": "auto-generated",
        HEADER: token,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=us-ascii",
    }
    raw = b"".join(wire.header(name, value) for name, value in head.items()) + b"\r\n" + FORM.encode()
    return Probe(to, f"{token}@{domain}", now), raw


def sent(mailbox: str, probe: Probe) -> None:
    """Note, before it leaves, that it is under way: the daemon may see it come back before we have gone on."""
    told = {"to": probe.to, "message_id": probe.message_id, "sent_at": probe.sent_at.isoformat()}
    with writing():
        _remember(_sent(mailbox), json.dumps(told))


def unsent(mailbox: str) -> None:
    """It didn't leave, which says nothing of the address."""
    with writing():
        Fact.delete().where(Fact.name == _sent(mailbox)).execute()


def came_back(mailbox: str, now: datetime) -> None:
    with writing():
        _came_back(mailbox, now)


def lost(mailbox: str) -> None:
    """It didn't come back, or was refused: notices do without the addresses of cases."""
    with writing():
        Fact.delete().where(Fact.name.in_([_sent(mailbox), _proved(mailbox)])).execute()


def is_one(letter: Letter, signer: Signer) -> bool:
    """Whether a letter is a probe of ours."""
    return any(_tries(one.address, signer) for one in letter.to)


def note(letter: Letter, now: datetime) -> None:
    """A probe is in our hands; one that isn't waited for (an old one, read again) says nothing. In a transaction."""
    to = {normalise_address(one.address) for one in letter.to}
    for fact in Fact.select().where(Fact.name.startswith("probe/")):
        if normalise_address(json.loads(fact.value)["to"]) in to:
            _came_back(fact.name.removeprefix("probe/"), now)


def _tries(address: str, signer: Signer) -> bool:
    grant = signer.grant(address) if "+" in address else None
    return grant is not None and grant.case == CASE


def _came_back(mailbox: str, now: datetime) -> None:
    Fact.delete().where(Fact.name == _sent(mailbox)).execute()
    _remember(_proved(mailbox), now.isoformat())


def _remember(name: str, value: str) -> None:
    row = Fact.insert(name=name, value=value)
    row.on_conflict(conflict_target=[Fact.name], update={Fact.value: value}).execute()


def _sent(mailbox: str) -> str:
    return f"probe/{normalise_address(mailbox)}"


def _proved(mailbox: str) -> str:
    return f"case_address/{normalise_address(mailbox)}"
