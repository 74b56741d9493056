"""What a mail may tell: the facts of a dossier under the names that the templates use."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from archive import threads
from archive.records import Lease, Outgoing
from daemon.config import Office
from daemon.sending.dossier import Dossier, phones_of
from daemon.wording import curly, day, half_day, moment, opening_hours, quoted, shortened, tidy, words
from rules.appointments import Method
from rules.letter import Alert
from rules.plan import Role

COMPLAINTS = "reclamation/"  # how the labels of complaints begin
BREAKER = "notice_breaker"  # the mail that tells of held answers
LONGEST_REPLY = 300  # characters of a server's words that are told
# GRDF's emergency number is the mainland network's: elsewhere gas comes in bottles, or from somebody else.
OFF_THE_NETWORK = {
    "postcode": ("97", "98", "20"),  # overseas, Corsica
    "territory": (
        "FR-GP", "FR-MQ", "FR-GF", "FR-RE", "FR-YT", "FR-BL", "FR-MF", "FR-PM", "FR-NC", "FR-PF", "FR-WF", "FR-97",
    ),
}  # fmt: skip
# To these, no name of a manager is given: it would tell a stranger who looks after somebody.
STRANGERS = frozenset({Role.UNKNOWN, Role.OTHER, ""})


def facts(dossier: Dossier) -> dict[str, Any]:
    """Every name that a template of an answer or a notice may use."""
    return {**_agency(dossier), **_matter(dossier), **_answer(dossier)}


def _agency(dossier: Dossier) -> dict[str, Any]:
    agency, office = dossier.config.agency, dossier.office
    return {
        "agency": agency,
        "legal": agency.legal,
        "office": office,
        "office_address": office.postal_address or agency.postal_address or agency.legal.seat,
        "hours": opening_hours(office.hours),
    }


def _matter(dossier: Dossier) -> dict[str, Any]:
    """What is common to an answer and a notice."""
    details, case, letter = dossier.details, dossier.case, dossier.letter
    received = letter.received_at if letter else case.received_at if case else None
    return {
        "ref": dossier.row.case_id or "",
        "label": dossier.label,
        "complaint": dossier.label.startswith(COMPLAINTS),
        "urgent": dossier.urgent,
        "quote": quoted(str(details.get("gist") or "")),
        "received": day(dossier.local(received)) if received else "",
        "received_at": moment(dossier.local(received)) if received else "",
        "attachments": int(details.get("attachments") or 0),
        "known": dossier.party not in STRANGERS,
    }


def _answer(dossier: Dossier) -> dict[str, Any]:
    details, lease = dossier.details, dossier.lease
    promise = details.get("promise")
    mourning = Alert.DEATH in dossier.alerts and Alert.VIOLENCE not in dossier.alerts
    return {
        "manager": _manager(dossier) if dossier.party not in STRANGERS else None,
        "promise": half_day(datetime.fromisoformat(promise["day"]).date(), promise["half"]) if promise else "",
        "danger": str(details.get("danger") or "other"),
        "mainland": _on_the_network(dossier.office, lease),
        "furnished": bool(lease and lease.furnished),
        "condolences": mourning,
    }


def _manager(dossier: Dossier) -> dict[str, str] | None:
    """Who answers."""
    manager = dossier.stand_in if "stand_in" in dossier.details else dossier.manager
    if manager is None:
        return None
    name = " ".join(filter(None, (manager.civility, manager.first_name, manager.last_name)))
    return {"name": name, "phone": manager.phone, "email": manager.email}


def _on_the_network(office: Office, lease: Lease | None) -> bool:
    if lease is not None and lease.property.postcode:
        return not str(lease.property.postcode).startswith(OFF_THE_NETWORK["postcode"])
    return not office.holidays.upper().startswith(OFF_THE_NETWORK["territory"])


def answer_facts(dossier: Dossier) -> dict[str, Any]:
    """What a manager's answer adds, or a question to an owner."""
    details = dossier.details
    text = str(details.get("text") or "")
    return {
        "text": text,
        "paragraphs": [part.splitlines() for part in re.split(r"\n\s*\n", text) if part.strip()],
        "author": tidy(str(details.get("author") or "")),
        "matter": label_words(dossier),
        "lease": _lease(dossier.lease),
    }


# --- facts that only our own people are told


def inside_facts(dossier: Dossier) -> dict[str, Any]:
    """What a notice adds: who writes and how to reach them, the clock, the reasons."""
    details, case = dossier.details, dossier.case
    confidence = dossier.decision.get("confidence")
    return {
        "sender": {"name": tidy(str(details.get("name") or "")), "address": dossier.sender},
        "sender_phone": dossier.phone,
        "role": words()["roles"].get(dossier.party, ""),
        "lease": _lease(dossier.lease),
        "due_at": moment(dossier.local(case.due_at)) if case else "",
        "label_words": label_words(dossier),
        "to_sort": bool(case and case.to_sort),
        "confidence": round(100 * confidence) if confidence else None,
        "because": curly(str(dossier.decision.get("because") or (case.because if case else ""))),
        "alerts": _alerts(dossier),
        "silence": words()["silences"].get(details.get("silence"), ""),
        "suggestions": details.get("suggestions") or (),
        "cluster": [one.ref for one in threads.cluster_of(case)] if case else [],
        "related": (case.related if case else None) or "",
        "estimate": str(details.get("estimate") or ""),
        "sensitive": Alert.SENSITIVE in dossier.alerts,
        "reason": tidy(str(details.get("reason") or "")),
        "other": tidy(str(details.get("other") or "")),
        "told": str(details.get("told") or "").splitlines(),
        "faults": [
            {"word": tidy(one["word"]), "why": words()["faults"][one["fault"]]} for one in details.get("faults") or ()
        ],
        "alone": bool(details.get("alone")),
        "help": bool(details.get("help")),
        "nowhere": bool(details.get("nowhere")),
        "forwarded": bool(details.get("forwarded")),
        "commands": words()["orders"],
        "count": int(details.get("count") or 0),
        "mailbox": tidy(str(details.get("mailbox") or "")),
        "failed": _failed(details),
        "digest": dict(NO_DIGEST) | dict(details.get("digest") or {}),
        "answered": _answered(bars_of(dossier)),
        "reminders": _by_stage(details.get("reminders") or ()),
        "appointment": _appointment(dossier),
        "instead_of": str(details.get("instead_of") or ""),
        "beside": tuple(details.get("beside") or ()),
        "held": _held() if dossier.row.template == BREAKER else 0,
        "limits": dossier.config.limits,
        "damaged": dict(NO_DAMAGE) | _damage(dossier),
        "setting": str(details.get("setting") or ""),
        "run": details.get("run") or {},
        "why": str(details.get("why") or ""),
        "exchange": details.get("exchange") or {},
    }


def _held() -> int:
    """How many automatic answers are held back."""
    return int(Outgoing.select().where(Outgoing.state == "held").count())


def _damage(dossier: Dossier) -> dict[str, Any]:
    told = dossier.details.get("damaged") or {}
    return told and told | {"received": moment(dossier.local(datetime.fromisoformat(told["received"])))}


def _appointment(dossier: Dossier) -> dict[str, Any]:
    told = dossier.details.get("appointment")
    if not told:
        return {"due": "", "stands": False}
    due = moment(dossier.local(datetime.fromisoformat(told["due"])))
    return {"due": due, "stands": told["method"] == Method.PUBLISH}


def _alerts(dossier: Dossier) -> list[str]:
    """What a manager must not miss.

    The notification of an electronic registered letter hides who sent it, and leaves fifteen days to accept it (CPCE
    R53-3).
    """
    flags = dossier.decision.get("flags") or ()
    said = (("stranger", bool(dossier.details.get("stranger"))), ("lre", {"registered", "automated"} <= set(flags)))
    first = [name for name, is_so in said if is_so]
    return [words()["alerts"][one] for one in (*first, *(alert for alert in Alert if alert in dossier.alerts))]


NO_DAMAGE: Mapping[str, Any] = {"id": "", "received": "", "sender": "", "again": False}


# Every name that the templates of a digest use.
NO_DIGEST: Mapping[str, Any] = {
    "sections": (), "bounced": (), "clusters": (), "figures": (), "people": (), "trend": (), "arithmetic": {},
    "head": "", "instead_of": "", "day": "",
}  # fmt: skip


def bars_of(dossier: Dossier) -> Sequence[tuple[int, int]]:
    """The bars of a digest's picture: answered in time and late, day by day; none when there is nothing to show."""
    return [(good, late) for good, late in (dossier.details.get("digest") or {}).get("chart") or ()]


def lines_of(dossier: Dossier) -> list[str]:
    """The cases of which a digest or a reminder has a line."""
    sections = (dossier.details.get("digest") or {}).get("sections") or ()
    lines = [*(dossier.details.get("reminders") or ()), *(line for section in sections for line in section["lines"])]
    return [str(line["ref"]) for line in lines]


def _answered(bars: Sequence[tuple[int, int]]) -> dict[str, int]:
    return {"in_time": sum(good for good, _ in bars), "late": sum(late for _, late in bars), "days": len(bars)}


def _by_stage(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a reminder under the words of their stage, the latest first."""
    titles = words()["stages"]
    groups = [(stage, [line for line in lines if line["stage"] == stage]) for stage in titles]
    return [{"stage": stage, "title": titles[stage], "lines": found} for stage, found in groups if found]


def _failed(details: Mapping[str, Any]) -> dict[str, Any] | None:
    row = Outgoing.get_or_none(Outgoing.id == details["of"]) if "of" in details else None
    if row is None:
        return None
    return {
        "id": row.id,
        "case": row.case_id or "",
        "recipient": row.recipient,
        "kind": words()["kinds"].get(row.kind, row.kind),
        "error": shortened(tidy(row.error), LONGEST_REPLY),
        "refused": bool(details.get("refused")),
        "posted": bool(details.get("posted")),
        "phone": next(iter(phones_of([row.recipient]).values()), ""),
    }


def label_words(dossier: Dossier) -> str:
    """The label as a manager reads it; a case to sort has none yet."""
    to_sort = dossier.case is not None and dossier.case.to_sort
    return str(words()["labels"].get("" if to_sort else dossier.label, ""))


def _lease(lease: Lease | None) -> dict[str, str] | None:
    if lease is None:
        return None
    building = lease.property
    town = f"{building.postcode} {building.city}".strip()
    return {"id": lease.id, "lot": lease.lot, "place": ", ".join(filter(None, (building.name, building.address, town)))}
