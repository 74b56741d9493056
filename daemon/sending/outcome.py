"""What became of a mail, and what follows from it: the next try, the copy for the mailbox, the word to a person.

All of it is written in one transaction with the row's new state, under unique keys: whatever a crash interrupts,
nothing is said or copied twice.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from archive.prepared import add_once, change
from archive.records import Errand, Outgoing
from daemon import log
from daemon.config import Agency, Config
from daemon.errors import Permanent, Temporary
from daemon.sending.compose import Composer
from daemon.sending.dossier import Dossier, open_dossiers
from daemon.sending.send import Cut, Uncertain, Unreachable, Unwelcome
from rules.letter import normalise_address
from rules.plan import Folder

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=4)
GIVE_UP = timedelta(days=5)  # RFC 5321 4.5.4.1: four to five days at least
JITTER = 0.25  # of a wait: rows that failed together don't come back together


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row.

    `cut`: the connection was lost; `untried`: no server was there, and it keeps its time; `unwelcome`: it was refused
    for its sender, and one line of the configuration cures that.
    """

    row: Outgoing
    state: str
    error: str = ""
    next_try_at: datetime | None = None
    refused: bool = False
    cut: bool = False
    untried: bool = False
    unwelcome: Unwelcome | None = None


def outcome_of(row: Outgoing, error: Permanent | Temporary, now: datetime) -> Outcome:
    """What follows from a failure. `row.tries` counts this try; `row.state` is the one before it."""
    text = str(error)
    match error:
        case Unreachable():
            return Outcome(row, row.state, text, untried=True)
        case Permanent():
            return Outcome(row, "failed", text, refused=True)
    cut = isinstance(error, Cut | Uncertain)
    if now - (row.first_try_at or now) >= GIVE_UP:
        return Outcome(row, "failed", text, cut=cut)
    state = "uncertain" if isinstance(error, Uncertain) else "deferred"
    at_once = state == "uncertain" and row.tries <= 1
    unwelcome = error if isinstance(error, Unwelcome) else None
    return Outcome(row, state, text, now if at_once else now + wait(row.tries, row.key), cut=cut, unwelcome=unwelcome)


def wait(tries: int, key: str) -> timedelta:
    """How long after that many tries: 5 minutes, doubled each time, 4 hours at most; each key a little apart."""
    longest = LONGEST_WAIT / (1 + JITTER)
    base: timedelta = min(FIRST_WAIT * 2 ** min(tries - 1, 10), longest)
    share = sha256(f"{key}/{tries}".encode()).digest()[0] / 255
    return base * (1 + JITTER * share)


class Clerk:
    """Writes outcomes, inside a write transaction of the caller's."""

    def __init__(self, config: Config, composer: Composer) -> None:
        self._config = config
        self._composer = composer

    def write(self, outcome: Outcome, now: datetime) -> None:
        row = outcome.row
        changes: dict[str, Any] = {"state": outcome.state, "error": outcome.error}
        match outcome.state:
            case "sent":
                # A correspondent's copy stands in the tree; a notice needn't be kept.
                changes |= {"sent_at": now, "raw": None}
                self._copy(row)
                log.mail_sent(row.id, row.kind, row.case_id)
            case "failed":
                self._tell_of_failure(outcome, now)
                log.mail_failed(row.id, row.kind, row.case_id, outcome.error)
            case _ if outcome.untried:
                changes |= {"tries": row.tries - 1, "first_try_at": row.first_try_at if row.tries > 1 else None}
            case "uncertain":
                changes |= {"next_try_at": outcome.next_try_at}
                log.mail_uncertain(row.id, row.kind, row.case_id)
            case _:
                changes |= {"next_try_at": outcome.next_try_at}
                if outcome.unwelcome is not None:
                    self._tell_of_refusal(outcome.unwelcome, now)
                log.mail_deferred(row.id, row.kind, row.case_id, outcome.error, outcome.next_try_at or now)
        _update(row, **changes)

    def hold(self, rows: Iterable[tuple[Outgoing, str]], now: datetime) -> None:
        """Answers too many: kept, and the administrator is told, once a day."""
        for row, reason in rows:
            _update(row, state="held", error=reason)
            log.mail_held(row.id, row.kind, row.case_id, reason)
        self._tell_admin("breaker", "notice_breaker", {}, now)

    def _tell_of_refusal(self, unwelcome: Unwelcome, now: datetime) -> None:
        told = {"setting": unwelcome.setting, "reason": str(unwelcome.reply)}
        self._tell_admin(f"sender/{unwelcome.setting}", "notice_sender", told, now)

    def _tell_admin(self, what: str, template: str, details: Mapping[str, Any], now: datetime) -> None:
        """Once a day."""
        say(f"{what}/{now.date().isoformat()}", template, _first(_overseers(self._config.agency)), None, details, now)

    def _copy(self, row: Outgoing) -> None:
        """What went to a correspondent is put beside the letters, in the mailbox where people look."""
        if not row.filed or row.bulk:  # a thousand notices would bury what people wrote
            return
        add_once(
            Errand,
            key=f"copy/{row.key}",
            kind="append",
            mailbox=self._composer.mailbox(row).name,
            target=str(Folder.ACKNOWLEDGEMENTS if row.automatic else Folder.SENT),
            message=row.digest,
            message_id=row.message_id,
        )

    def _tell_of_failure(self, outcome: Outcome, now: datetime) -> None:
        """To the manager in charge; when it is the manager's mail that failed, to whoever is above.

        The failure of such a word goes to the administrator alone, and the failure of that one to the log: no mail
        about a mail about a mail.
        """
        row = outcome.row
        told: list[str] = [self._config.agency.admin]
        if row.template != "notice_failed":
            told = [_email(open_dossiers([row], self._config)[0]), *_overseers(self._config.agency)]
        elif json.loads(row.details).get("last"):
            return
        details = {
            "of": row.id,
            "recipient": row.recipient,
            "refused": outcome.refused,
            "last": row.template == "notice_failed",
        }
        say(_failure_key(row), "notice_failed", _first(told, but=row.recipient), row.case_id, details, now)


def say(
    key: str,
    template: str,
    to: str,
    case: str | None,
    details: Mapping[str, Any],
    now: datetime,
    *,
    urgent: bool = False,
) -> None:
    """One more notice to our own people, once; nobody is told when there is nobody."""
    if not to:
        return
    Outgoing.insert(
        key=key,
        kind="notice",
        template=template,
        case=case,
        recipient=to,
        filed=False,
        automatic=False,
        urgent=urgent,
        created_at=now,
        next_try_at=now,
        details=json.dumps(details, ensure_ascii=False, sort_keys=True),
    ).on_conflict_ignore().execute()


def _failure_key(row: Outgoing) -> str:
    """A row that failed, was retried by hand and failed again is told of again."""
    name = f"failed/{row.key}/"
    return f"{name}{Outgoing.select().where(Outgoing.key.startswith(name)).count() + 1}"


def _email(dossier: Dossier) -> str:
    return str(dossier.manager.email) if dossier.manager else ""


def _overseers(agency: Agency) -> list[str]:
    """Who hears what a manager can't: the administrator for the daemon's own troubles, else the supervisor."""
    return [agency.admin, agency.supervisor]


def _first(addresses: Iterable[str], but: str = "") -> str:
    """The first address there is, other than that one."""
    return next((one for one in addresses if one and normalise_address(one) != normalise_address(but)), "")


def _update(row: Outgoing, **changes: Any) -> None:
    change(Outgoing, row.id, **changes)
