"""The pli of a mail of our own people: beside the letter that it answers, with all that follows from it in its sidecar.

What was sent from the shared mailbox is filed as sent; what came to us as received. The sidecar holds the orders and
the mails that follow, so that a replay obeys it and decides nothing again.
"""

from collections.abc import Sequence
from typing import Any

from archive import names
from archive.incoming import Arrival
from archive.tree import Pli
from daemon import filing
from daemon.answers.hearing import Heard
from daemon.house import House
from rules.letter import Letter
from rules.plan import FOLDER_OF, Identity, Role


def answer_pli(heard: Heard, raw: bytes, arrivals: Sequence[Arrival], house: House) -> Pli:
    """What to file, and all that follows from it."""
    letter, case = heard.letter, heard.case
    plan: dict[str, Any] = {"orders": heard.orders, "step": heard.step if case else None, "say": heard.say}
    if case is not None and not heard.out:
        plan["shelve"] = filing.shelf(FOLDER_OF[case.label], arrivals, house)
    record = filing.letter_record(letter, arrivals) | {
        "direction": "out" if heard.out else "in",
        "case": case.ref if case else None,
        "kind": "answer",
        "decision": {"label": str(case.label) if case else "", "flags": ["automated"] if heard.machine else []},
        "attachment": {"party": str(Role.MANAGER), "manager": heard.by, "method": "address"},
        "plan": plan,
        "said": [one["key"] for one in heard.say],
    }
    documents = (filing.original(raw), *filing.extracted(letter))
    return Pli(letter.digest, _folder(heard, letter, house), _title(heard, letter, house), documents, record)


def _folder(heard: Heard, letter: Letter, house: House) -> tuple[str, ...]:
    if heard.beside is not None:
        return filing.folder_beside(heard.beside)
    return filing.folder_of(Identity(lease=heard.lease), letter.received_at, house)


def _title(heard: Heard, letter: Letter, house: House) -> str:
    local = letter.received_at.astimezone(house.timezone)
    return names.title(local, "Envoyé" if heard.out else "Reçu", letter.subject)
