"""Who speaks for the agency by mail: its managers from any of their addresses, its supervisor, its accounting.

An address alone proves nothing. Whoever speaks is believed when a mail server that we believe says so, or when the mail
carries a grant of ours (daemon/sending/identifiers.py) that names this case and this person.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from archive.prepared import find
from archive.records import Contact, Manager
from daemon.config import Config
from daemon.reading.authenticity import is_aligned, is_internal, is_refuted
from daemon.sending.identifiers import Signer
from rules.identity import Directory
from rules.letter import Letter, normalise_address
from rules.roll import ManagerEntry


@dataclass(frozen=True, slots=True)
class Speaker:
    """One of our own people. `id` is a manager's, else the address; `registered` is where we write to them."""

    id: str
    name: str
    registered: str
    addresses: frozenset[str]
    manager: bool = True


class Speakers:
    """Everybody who may speak for the agency, by address."""

    def __init__(self, config: Config, signer: Signer) -> None:
        self._config = config
        self._signer = signer
        agency = config.agency
        self._offices = {normalise_address(one) for one in (agency.supervisor, agency.accounting) if one}

    def who(self, address: str, directory: Directory) -> Speaker | None:
        """Whose address that is; None for everybody else's."""
        wanted = normalise_address(address)
        for holder in directory.holders.get(wanted, ()):
            if holder.manager is not None:
                return manager_speaking(holder.manager)
        if wanted in self._offices:
            return Speaker(wanted, "", wanted, frozenset({wanted}), manager=False)
        return None

    def addresses(self, directory: Directory) -> frozenset[str]:
        """Every address of our own people."""
        managers = (normalise_address(one) for entry in directory.managers.values() for one in entry.emails)
        return frozenset(managers) | self._offices

    def proven(
        self, letter: Letter, speaker: Speaker, tokens: Iterable[str], refs: Collection[str | None], today: date
    ) -> bool:
        """Whether that person has written this mail, about a case of one of these references (None: about none).

        A server that says that it is forged is believed before any token: a token may have travelled.
        """
        security = self._config.security
        if is_refuted(letter, security.authserv):
            return False
        if is_internal(letter, security.internal_mark) or is_aligned(letter, security.authserv):
            return True
        grants = (grant for token in tokens if (grant := self._signer.grant(token)) is not None)
        return any(grant.case in refs and self._signer.holds(grant, speaker.id, today) for grant in grants)


def manager_speaking(manager: ManagerEntry) -> Speaker:
    return Speaker(manager.id, manager.name, manager.emails[0], frozenset(map(normalise_address, manager.emails)))


def holder_of(address: str) -> str:
    """Whom a notice to that address is for: a manager's id, else the address. Asks the database."""
    wanted = normalise_address(address)
    manager = find(Manager, email=wanted) or find(Manager, email=address)
    if manager is not None:
        return str(manager.id)
    contact = Contact.get_or_none(Contact.kind == "email", Contact.value == wanted, Contact.manager.is_null(False))
    return str(contact.manager_id) if contact is not None else wanted
