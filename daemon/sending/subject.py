"""The subject of a mail of ours: theirs, cleaned, when we answer; our own words when theirs must not be repeated."""

import re

from daemon.sending.dossier import Dossier
from daemon.sending.facts import label_words
from daemon.wording import LINK, shortened, tidy, words
from rules.letter import Alert

LONGEST = 120  # characters, the reference not counted

_ANSWERED = re.compile(r"(?:\s*(?:re|ref|réf|rép|tr|fw|fwd|aw|wg|sv)\s*(?:\[\d+\])?\s*:)+", re.IGNORECASE)
_REFERENCE = re.compile(r"\s*\[VM-\d{4}-\d{6,}\]", re.IGNORECASE)

# A subject may hold a date of departure, which no mail of ours may repeat, or what a locked telephone must not show.
DISCREET = frozenset({"acknowledgement_departure", "acknowledgement_departure_registered", "acknowledgement_care"})
DISCREET_ALERTS = frozenset({Alert.DEPARTURE, Alert.DEATH, Alert.VIOLENCE})


def subject_of(dossier: Dossier) -> str:
    """One line of visible characters, without the reference of the case."""
    row, table = dossier.row, words()["subjects"]
    stem = stem_of(dossier)
    if row.template == "answer":  # a person's answer keeps the thread together
        return str(table["reply"].format(subject=stem) if stem else table["discreet"])
    if row.kind in {"acknowledgement", "document"}:
        return str(table["discreet"] if _is_discreet(dossier, stem) else table["reply"].format(subject=stem))
    return str(
        table[dossier.details.get("subject") or row.template].format(
            **{"month": "", **(dossier.details.get("titles") or {})},
            urgent=table["urgent"] if dossier.urgent else "",
            label=label_words(dossier),
            subject=stem or table["none"],
            recipient=_recipient_of_failed(dossier),
            told=_told(dossier, stem),
            day=tidy(str((dossier.details.get("digest") or {}).get("day", ""))),
        )
    )


def stem_of(dossier: Dossier) -> str:
    """What the thread is about: their subject without `Re:`, references of ours, links and what can't be seen."""
    subject = _REFERENCE.sub("", LINK.sub("", tidy(dossier.subject)))
    answered = _ANSWERED.match(subject)
    return shortened(subject[answered.end() if answered else 0 :].strip(), LONGEST)


def _is_discreet(dossier: Dossier, stem: str) -> bool:
    return not stem or dossier.row.template in DISCREET or bool(dossier.alerts & DISCREET_ALERTS)


def _told(dossier: Dossier, stem: str) -> str:
    """What a reminder is about: its one case, or how many there are."""
    table, count = words()["subjects"], len(dossier.details.get("reminders") or ())
    return str(table["several"].format(count=count)) if count > 1 else stem or str(table["none"])


def _recipient_of_failed(dossier: Dossier) -> str:
    return tidy(str(dossier.details.get("recipient", "")))
