"""Where each letter is expected in a mailbox, and where it was seen: the memory of the watch over people's moves.

Every function is called inside a write transaction. A UIDVALIDITY that changes means that the server numbers a folder
anew (a restored copy, a folder made again): what is seen of it then is no move of anybody's.

The folders are states, so the letters of a case follow it: whatever changes a case writes an errand for each of them
(`follow`), which says where the letter goes now; the last word counts.
"""

from collections.abc import Iterable
from datetime import datetime

from archive.incoming import Arrival
from archive.prepared import add_once, find
from archive.records import Case, Cursor, Errand, Fact, Message, Sighting, Standing, Step
from rules.letter import Label
from rules.plan import Folder
from rules.shelves import shelf

INBOX = "inbox"  # the rules.plan.Folder where letters come in


def expect(message: str, mailbox: str, place: str, uidvalidity: int = 0, uid: int = 0) -> None:
    """From now on that letter is expected there."""
    where = {"place": place, "uidvalidity": uidvalidity, "uid": uid}
    row = Standing.insert(mailbox=mailbox, message=message, **where)
    row.on_conflict(conflict_target=[Standing.mailbox, Standing.message], update=where).execute()


def came_in(message: str, arrivals: Iterable[tuple[str, int, int]], place: str = INBOX) -> None:
    """A letter is expected where it came in (mailbox, UIDVALIDITY, UID), unless it was expected somewhere before."""
    for mailbox, uidvalidity, uid in arrivals:
        add_once(Standing, mailbox=mailbox, message=message, place=place, uidvalidity=uidvalidity, uid=uid)


def begin(mailbox: str, at: datetime) -> None:
    """We look at a mailbox for the first time: what its folders held before then isn't ours to open."""
    Fact.insert(name=f"first_contact/{mailbox}", value=at.isoformat()).on_conflict_ignore().execute()


def begun(mailbox: str) -> datetime | None:
    """When we first looked at a mailbox."""
    row = Fact.get_or_none(Fact.name == f"first_contact/{mailbox}")
    return None if row is None else datetime.fromisoformat(row.value)


def saw(message: str, mailbox: str, place: str, uidvalidity: int, uid: int, at: datetime) -> None:
    """A letter stands in a folder; what that means is concluded later."""
    where = {"mailbox": mailbox, "place": place, "uidvalidity": uidvalidity, "uid": uid}
    Sighting.insert(**where, message=message, seen_at=at).on_conflict_ignore().execute()


def saw_in_inbox(message: str, arrival: Arrival) -> None:
    """A letter that we know stands in the inbox (again): put back by a person, unless the server renumbered it."""
    if not arrival.mailbox or arrival.uid <= _renumbered_up_to(arrival):
        return
    saw(message, arrival.mailbox, INBOX, arrival.uidvalidity, arrival.uid, arrival.seen_at)


def renumbered(mailbox: str, folder: str, uidvalidity: int, up_to: int) -> None:
    """The inbox has new numbers, and is read again: up to that UID, nothing in it is news."""
    value = f"{uidvalidity}/{up_to}"
    row = Fact.insert(name=_fact(mailbox, folder), value=value)
    row.on_conflict(conflict_target=[Fact.name], update={Fact.value: value}).execute()


def _renumbered_up_to(arrival: Arrival) -> int:
    row = Fact.get_or_none(Fact.name == _fact(arrival.mailbox, arrival.folder))
    validity, _, up_to = (row.value if row else "0/0").partition("/")
    return int(up_to) if int(validity) == arrival.uidvalidity else 0


def _fact(mailbox: str, folder: str) -> str:
    return f"renumbered/{mailbox}/{folder}"


def forget(mailbox: str, place: str) -> None:
    """What was seen in a folder means nothing any more: it is gone, or renumbered."""
    Sighting.delete().where(Sighting.mailbox == mailbox, Sighting.place == place).execute()
    there = (Standing.mailbox == mailbox) & (Standing.place == place)
    Standing.update(uidvalidity=0, uid=0).where(there).execute()


def read_up_to(mailbox: str, folder: str, uidvalidity: int, last_uid: int) -> None:
    """How far a folder was looked through."""
    how_far = {"uidvalidity": uidvalidity, "last_uid": last_uid}
    row = Cursor.insert(mailbox=mailbox, folder=folder, **how_far)
    row.on_conflict(conflict_target=[Cursor.mailbox, Cursor.folder], update=how_far).execute()


# --- letters follow their case


def shelves_of(ref: str) -> tuple[str, str]:
    """Where the letters of a case belong as it stands now, `""` when there is no such case.

    First those that rang: the one that opened it, the urgent ones. The inbox is for them alone.
    """
    case = Case.get_or_none(Case.ref == ref)
    if case is None:
        return "", ""
    label, answered = Label(case.label), case.answered_at is not None
    rang = shelf(label, case.status, urgent=case.urgent, answered=answered, to_sort=case.to_sort)
    return str(rang), str(shelf(label, case.status, urgent=False, answered=answered, to_sort=False))


def follow(ref: str, before: tuple[str, str], put: tuple[str, str] | None = None) -> None:
    """A case has changed: its letters go where they belong now, unless that was so `before`, and are marked anew.

    `put` is a letter (its digest and its mailbox) that a person has just put where it is.
    """
    rang, others = (now if now != then else "" for now, then in zip(shelves_of(ref), before, strict=True))
    first = find(Step, case=ref, what="opened")
    robots = (Message.shelf == str(Folder.OFF_TOPIC)) & Message.automated
    letters = {one.digest: one for one in Message.select().where((Message.case == ref) & ~robots)}
    for standing in list(Standing.select().where(Standing.message.in_(list(letters)))):
        mailbox, digest = str(standing.mailbox), str(standing.message)
        message_id = letters[digest].message_id
        target = rang if letters[digest].flagged or (first and first.message == digest) else others
        key = f"tidy/{mailbox}/{digest}"
        row = {"key": key, "kind": "tidy", "mailbox": mailbox, "message": digest, "message_id": message_id}
        again = {Errand.state: "waiting", Errand.tries: 0, Errand.error: ""}
        if put == (digest, mailbox):
            again[Errand.target] = row["target"] = ""
        else:
            row["target"] = target
            again |= {Errand.target: target} if target else {}
        Errand.insert(row).on_conflict(conflict_target=[Errand.key], update=again).execute()


def bears(message: str, mailbox: str, marks: Iterable[str]) -> None:
    """The marks that we have put on a letter."""
    here = (Standing.mailbox == mailbox) & (Standing.message == message)
    Standing.update(marks=" ".join(sorted(marks))).where(here).execute()
