"""Letters that a server has and doesn't give: a damaged file, a letter that its own software can't read.

Each is a debt, kept in the database beside the cursor that has passed it, and asked for again every hour until it is
given or gone. So one sick letter neither stops the others nor is forgotten.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from archive.database import writing
from archive.records import Fact

RETRY = timedelta(hours=1)


def due(mailbox: str, folder: str, uidvalidity: int, now: datetime) -> list[int]:
    """The UIDs to ask for again now."""
    tried = _debts(_name(mailbox, folder, uidvalidity))
    return [int(uid) for uid, at in tried.items() if now - datetime.fromisoformat(at) >= RETRY]


def note(mailbox: str, folder: str, uidvalidity: int, uids: Iterable[int], now: datetime) -> None:
    """These were asked for in vain."""
    _keep(_name(mailbox, folder, uidvalidity), {str(uid): now.isoformat() for uid in uids}, frozenset())


def settle(mailbox: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
    """These were given, or are gone."""
    _keep(_name(mailbox, folder, uidvalidity), {}, frozenset(map(str, uids)))


def _name(mailbox: str, folder: str, uidvalidity: int) -> str:
    return f"withheld/{mailbox}/{folder}/{uidvalidity}"


def _debts(name: str) -> dict[str, str]:
    row = Fact.get_or_none(Fact.name == name)
    return {} if row is None else dict(json.loads(row.value))


def _keep(name: str, more: dict[str, str], settled: frozenset[str]) -> None:
    if not more and not settled:
        return
    with writing():
        debts = {uid: at for uid, at in (_debts(name) | more).items() if uid not in settled}
        row = Fact.insert(name=name, value=json.dumps(debts))
        row.on_conflict(conflict_target=[Fact.name], update={Fact.value: json.dumps(debts)}).execute()
