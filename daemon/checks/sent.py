"""Whether what managers write is seen: an answer of which no copy reaches us stops no clock.

Microsoft 365 puts what a delegate sends for the shared mailbox among the delegate's own sent mails, unless two settings
of the mailbox say otherwise, and no server tells which. What tells is a letter that answers a mail which never came by
here, and cases that end again and again without one.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from archive import sidecar
from archive.database import open_database
from archive.records import Case, Manager, Message, Receipt, Step
from daemon.config import Config
from daemon.sending.identifiers import Signer, load_secret

Report = Iterator[tuple[bool, str]]

LOOK_BACK = timedelta(days=30)
MOST = 500  # letters that are looked at, the newest first
ENDED = 5  # cases that ended without a mail: so many are no chance
SETTINGS = "Set-Mailbox ADDRESS -MessageCopyForSentAsEnabled $true -MessageCopyForSendOnBehalfEnabled $true"
CURE = f"on Microsoft 365: {SETTINGS}; elsewhere, or until then, answer with the agency in copy (Cc)"


def copies(config: Config, now: datetime) -> Report:
    """What the last thirty days tell of the answers that people wrote."""
    engine = open_database(config.storage.database)
    try:
        yield from _Search(config, now - LOOK_BACK).findings()
    finally:
        engine.close()


class _Search:
    def __init__(self, config: Config, since: datetime) -> None:
        self._config = config
        self._since = since
        self._signer = Signer(load_secret(config.storage.state))

    def findings(self) -> Report:
        blind = self._answers_to_unseen_mails()
        if blind:
            yield (
                True,
                f"warning: {', '.join(blind[:3])}: the last letter answers a mail that never came by here: {CURE}",
            )
            return
        seen = self._last_seen()
        if seen is not None:
            yield True, f"what people send from the shared mailbox is seen (last on {seen.astimezone():%Y-%m-%d})"
            return
        if not Manager.select().where(Manager.works_in == "shared").exists():
            yield True, "nobody works in the shared mailbox (works_in), and no answer was seen in its sent mail"
            return
        ended = self._ended_without_a_mail()
        if ended >= ENDED:
            yield True, f"warning: {ended} cases were closed, and no answer was ever seen in the sent mail: {CURE}"
        else:
            yield True, "no answer from the shared mailbox was seen yet: answer a letter there, then check again"

    def _answers_to_unseen_mails(self) -> list[str]:
        """The cases of letters whose direct parent nobody here knows, each once, the newest first.

        A relay that gives our own mails other names would make it look so: it is known by no letter's answering one.
        """
        joined = (Step.what == "joined") & (Step.at > self._since)
        letters = (
            Message.select(Message.sidecar, Message.case)
            .join(Step, on=(Step.message == Message.digest))
            .where(joined & (Message.direction == "in"))
            .order_by(Step.at.desc())
            .limit(MOST)
        )
        parents = [(str(letter.case_id), self._parent(str(letter.sidecar))) for letter in letters]
        if not any(self._signer.is_ours(parent) for _, parent in parents):
            return []
        known = self._known([parent for _, parent in parents if parent])
        return list(dict.fromkeys(ref for ref, parent in parents if parent and parent not in known))

    def _parent(self, path: str) -> str:
        """The Message-ID that a letter answers, as its sidecar tells it; `''` when it answers none."""
        try:
            record = sidecar.decode((self._config.storage.archive / path).read_bytes())
        except (OSError, ValueError):  # `ged verify` tells of those
            return ""
        return str((record.get("references") or [""])[-1]).strip("<> ")

    def _known(self, parents: Sequence[str]) -> set[str]:
        ours = {parent for parent in parents if self._signer.is_ours(parent)}
        rows = Message.select(Message.message_id).where(Message.message_id.in_(list(set(parents) - ours)))
        return ours | {str(row.message_id) for row in rows}

    def _last_seen(self) -> datetime | None:
        """Of a mail that a person sent from a mailbox of ours. Those that we sent have no receipt."""
        folders = [f"imap/{box.name}/" for box in self._config.mailbox]
        mails = (
            Receipt.select(Receipt.received_at, Receipt.key)
            .join(Message, on=(Receipt.message == Message.digest))
            .where((Message.direction == "out") & (Receipt.received_at > self._since))
            .order_by(Receipt.received_at.desc())
        )
        return next((one.received_at for one in mails if str(one.key).startswith(tuple(folders))), None)

    def _ended_without_a_mail(self) -> int:
        closed = Step.select(Step.case).where((Step.what == "closed") & (Step.at > self._since))
        return int(Case.select().where(Case.ref.in_(closed) & Case.answered_at.is_null()).count())
