"""By e-mail or by post: e-mail only with the tenant's express consent to that address (law of 1989, art. 21).

A consent is for one address, from one day, until it is withdrawn; a new address wants a new consent. It is looked at
when a run is prepared, when a notice is filed, and again just before each mail leaves. A mail that doesn't arrive makes
that month's notice go by post.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from peewee import fn

from archive.database import writing
from archive.records import Consent, Outgoing, RentNotice
from daemon.notices.roll import Account
from rules.letter import normalise_address
from rules.notice import Odd, Oddity

EMAIL, POST = "email", "post"
KIND = "rent_notice"  # of the rows of the outbox
LOST = ("failed", "bounced", "withdrawn")  # states of a mail that won't be read


def choose(accounts: Sequence[Account], today: date) -> dict[str, tuple[str, tuple[Oddity, ...]]]:
    """The channel of each lease, with what is odd about it. Inside a write transaction: consents relied on are kept."""
    wanting = [one for one in accounts if one.wish == EMAIL and one.address and _dated(one, today)]
    _record(wanting)
    agreed = _standing(one.lease.id for one in wanting)
    bouncing = _bouncing(one.address for one in wanting)
    return {one.lease.id: _channel(one, agreed.get(one.lease.id, {}), bouncing) for one in accounts}


def _dated(account: Account, today: date) -> bool:
    return account.consent_on is not None and account.consent_on <= today


def _channel(
    account: Account, agreed: Mapping[str, date], bouncing: frozenset[str]
) -> tuple[str, tuple[Oddity, ...]]:  # fmt: skip
    if account.wish != EMAIL:
        return POST, ()
    if not account.address:
        return POST, (Oddity(Odd.NO_EMAIL),)
    if agreed.get(normalise_address(account.address)) != account.consent_on or account.consent_on is None:
        return POST, (Oddity(Odd.NO_CONSENT, account.address),)
    if normalise_address(account.address) in bouncing:
        return EMAIL, (Oddity(Odd.BOUNCING, account.address),)
    return EMAIL, ()


def _record(accounts: Iterable[Account]) -> None:
    """The consent as imported, the first time that it is relied on. One of the same day for another address isn't."""
    wanted = list(accounts)
    known: set[tuple[str, date]] = set()
    if wanted:
        rows = Consent.select(Consent.lease, Consent.given_on).where(Consent.lease.in_([a.lease.id for a in wanted]))
        known = {(row.lease_id, row.given_on) for row in rows}
    new = [
        {"key": _key(a.lease.id, a.address, a.consent_on), "lease": a.lease.id, "given_on": a.consent_on}
        | {"address": normalise_address(a.address)}
        for a in wanted
        if (a.lease.id, a.consent_on) not in known
    ]
    if new:
        Consent.insert_many(new).on_conflict_ignore().execute()


def _key(lease: str, address: str, day: date | None) -> str:
    return f"{lease}/{normalise_address(address)}/{day}"


def _standing(leases: Iterable[str]) -> dict[str, dict[str, date]]:
    """The consents that stand, by lease and address."""
    ids = list(leases)
    found: dict[str, dict[str, date]] = {}
    if ids:
        rows = Consent.select().where(Consent.lease.in_(ids), Consent.withdrawn_at.is_null())
        for row in rows.order_by(Consent.given_on):
            found.setdefault(row.lease_id, {})[row.address] = row.given_on
    return found


def _bouncing(addresses: Iterable[str]) -> frozenset[str]:
    """Those whose last mail of ours came back."""
    wanted = list(dict.fromkeys(addresses))
    if not wanted:
        return frozenset()
    rows: Any = (
        Outgoing.select(Outgoing.recipient, Outgoing.state)
        .where(Outgoing.recipient.in_(wanted), Outgoing.state.in_(("sent", "bounced")))
        .order_by(Outgoing.id)
    )
    last = dict(rows.tuples())
    return frozenset(normalise_address(address) for address, state in last.items() if state == "bounced")


def withdraw(lease: str, now: datetime, proof: str) -> int:
    """No more e-mail to the tenants of a lease, until a later consent. Inside a write transaction."""
    gone = Consent.update(withdrawn_at=now, proof=proof)
    return int(gone.where(Consent.lease == lease, Consent.withdrawn_at.is_null()).execute())


def standing(lease: str) -> bool:
    """Whether a consent to e-mail stands for a lease."""
    return bool(_standing([lease]))


# --- just before a mail leaves


def gate(rows: Sequence[Outgoing]) -> dict[int, str]:
    """Of these rows of the outbox, the notices that may no longer go by mail, and why."""
    notices = {row.id: row for row in rows if row.kind == KIND}
    if not notices:
        return {}
    found = {n.key: n for n in RentNotice.select().where(RentNotice.key.in_([row.key for row in notices.values()]))}
    agreed = _standing({n.lease_id for n in found.values()})
    return {
        number: reason
        for number, row in notices.items()
        if (reason := _forbidden(row, found.get(row.key), agreed)) is not None
    }


def _forbidden(row: Outgoing, notice: RentNotice | None, agreed: Mapping[str, Mapping[str, date]]) -> str | None:
    if notice is None:
        return None
    if notice.state == "replaced":
        return "a correction has replaced it"
    if notice.channel != EMAIL:
        return "it goes by post"
    if normalise_address(row.recipient) not in agreed.get(notice.lease_id, {}):
        return "no consent to this address stands"
    return None


# --- what became of the mails


def settle() -> int:
    """Notices whose mail has left are sent. Returns how many."""
    left = Outgoing.select().where(Outgoing.key == RentNotice.key, Outgoing.state == "sent")
    waiting = (RentNotice.state == "approved") & (RentNotice.channel == EMAIL) & (RentNotice.digest != "")
    if not RentNotice.select().where(waiting, fn.EXISTS(left)).exists():
        return 0
    with writing():
        return int(RentNotice.update(state="sent").where(waiting, fn.EXISTS(left)).execute())


def fall_back() -> int:
    """Notices whose mail was refused, came back or was withdrawn go by post. Returns how many."""
    lost = [row.key for row in Outgoing.select(Outgoing.key).where(Outgoing.kind == KIND, Outgoing.state.in_(LOST))]
    turned = 0
    for start in range(0, len(lost), 500):
        keys = lost[start : start + 500]
        with writing():
            turned += (
                RentNotice.update(channel=POST, state="approved")
                .where(
                    RentNotice.key.in_(keys), RentNotice.channel == EMAIL, RentNotice.state.in_(("approved", "sent"))
                )
                .execute()
            )
    return turned
