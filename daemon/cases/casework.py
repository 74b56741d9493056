"""What our own people have ordered by mail, carried out: each order is one event of its case, or a few.

An order stands in the sidecar of the letter that gave it and in the database; its event goes to the tree, to the
journal, then to the database, in the transaction that marks the order as done. An event that a crash kept from the
database is rolled forward at the next start, and found there when the order comes up again: nothing is done twice.
"""

import json
from collections.abc import Callable, Mapping

from archive import events, index
from archive.database import writing
from archive.events import Happening
from archive.incoming import Arrival
from archive.records import Case, Message, Order
from daemon import log
from daemon.cases import clockwork, matters
from daemon.cases.clockwork import followed
from daemon.cases.job import ACTOR, Doer, Job, Refused
from daemon.cases.people import owner_addresses
from daemon.desk import Desk, holding_tree
from daemon.reading.parse import parse
from rules.commands import Fault


def carry_out(desk: Desk) -> int:
    """Do what was ordered and isn't done yet, in the order in which it was given. Returns how many orders."""
    waiting = list(Order.select().where(Order.state == "waiting", Order.name.in_(list(DOERS))))
    given = {order.message: max(one.at for one in waiting if one.message == order.message) for order in waiting}
    return sum(_carry_out(desk, order) for order in sorted(waiting, key=lambda one: (given[one.message], *_place(one))))


def _place(order: Order) -> tuple[str, int]:
    """Its mail, and its number among what that mail orders."""
    message, _, number = str(order.key).rpartition("/")
    return message, int(number)


def _carry_out(desk: Desk, order: Order) -> int:
    case = Case.get_or_none(Case.ref == order.case_id) if order.case_id else None
    job = Job(desk, order, case, json.loads(order.details))
    refused = ""
    try:
        happenings, also = DOERS[order.name](job)
        with holding_tree(desk):
            for happening in happenings:
                if not events.is_recorded(happening):
                    events.record(desk.tree, happening, desk.clock(), ACTOR)
            with writing():
                also()
                _mark(order, "done")
    except (Refused, LookupError, ValueError) as error:
        refused = str(error)
        with writing():
            _tell_of_refusal(job, error.fault if isinstance(error, Refused) else Fault.GONE)
            _mark(order, "refused", refused)
    log.order_done(str(order.name), str(order.message), refused)
    return 1


def _tell_of_refusal(job: Job, fault: Fault) -> None:
    """Whoever gave an order that the world has overtaken must not believe that it was carried out."""
    line, to = str(job.details.get("line") or ""), str(job.details.get("to") or "")
    if line and to:
        told = {"faults": [{"word": line, "fault": str(fault)}], "alone": True}
        row = {"key": f"refused/{job.order.key}", "kind": "notice", "template": "notice_commands", "to": to}
        index.say(row | {"details": told}, job.desk.clock(), job.order.case_id, str(job.order.message))


def _mark(order: Order, state: str, error: str = "") -> None:
    Order.update(state=state, error=error).where(Order.key == order.key).execute()


# --- others who must act


def agree(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """The owner is asked by mail; what comes back joins the case."""
    case = job.case
    to = owner_addresses(case)[0] if case is not None else ""
    details = {
        "text": job.details["text"],
        "author": job.name(),
        "by": str(job.order.by),
        "source": str(job.order.message),
        "copies": [],
        "to": to,
        "owner": True,
        "references": [],
    }
    row = {"key": f"agreement/{job.order.key}", "kind": "answer", "template": "agreement", "to": to}
    said = row | {"details": details | {"as": row["key"]}, "answers": events.opened_by(job.ref)}
    asked = followed(job, "owner", "")
    return asked, lambda: index.say(said, job.desk.clock(), job.ref)


def confirm(job: Job) -> tuple[list[Happening], Callable[[], object]]:
    """What was held back goes as if it had been proven from the start."""
    held = Message.get_or_none(Message.digest == job.details["whom"])
    if held is None:
        raise Refused("nothing was held back")
    letter = parse(job.desk.tree.read(held.path), received_at=held.received_at)
    arrival = Arrival("retry", held.received_at, job.desk.clock(), lmtp_id=held.digest)
    heard = job.desk.hear(letter, [arrival], job.desk.house(), confirmed=True)

    def follow_up() -> None:
        if heard is None:
            return
        for number, order in enumerate(heard.orders):
            index.add_order(str(held.digest), number, order, job.desk.clock())
        for said in heard.say:
            index.say(said, job.desk.clock(), heard.case.ref if heard.case else None, str(held.digest))

    if heard is None or heard.case is None:
        return [], follow_up
    return [events.note(heard.case.ref, what="confirmed", **job.facts)], follow_up


DOERS: Mapping[str, Doer] = {
    "answered": clockwork.answered,
    "close": clockwork.close,
    "note": matters.note,
    "wait": clockwork.wait,
    "extend": clockwork.extend,
    "hand": matters.hand,
    "relabel": matters.relabel,
    "attach": matters.attach,
    "merge": matters.merge,
    "split": matters.split,
    "urgent": matters.urgent,
    "remind": clockwork.remind,
    "phone": clockwork.told_otherwise("phone"),
    "counter": clockwork.told_otherwise("counter"),
    "post": clockwork.told_otherwise("post"),
    "new": matters.new,
    "follow": clockwork.follow,
    "agree": agree,
    "confirm": confirm,
}
