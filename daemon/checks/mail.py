"""Whether the mail servers do what we need: mailboxes to be watched and sorted, a relay that takes our senders."""

import errno
import socket
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from imap_tools import FolderInfo

from daemon.checks import disk as check_disk
from daemon.config import Config, MailboxConfig
from daemon.errors import Temporary
from daemon.mailbox import accounts
from daemon.mailbox.link import Link
from daemon.mailbox.words import shown
from daemon.sending.send import Relay, Reply, is_about_sender

Report = Iterator[tuple[bool, str]]

PATIENCE = timedelta(seconds=15)  # for each exchange; the daemon itself waits longer

# What a mailbox server may lack, and what happens then.
WITHOUT = {
    "IDLE": "new letters are seen at the next poll only",
    "UIDPLUS": "a letter that is moved stays in its old folder, marked as deleted, until somebody empties it",
}


# --- a mailbox


def mailbox(config: Config, box: MailboxConfig) -> Report:
    """Connect, log in, look at what the server can do and which folders it has. Nothing is opened for writing."""
    hurried = box.model_copy(update={"timeout": min(box.timeout, PATIENCE)})
    with accounts.link(config, hurried) as link:
        yield True, f"{box.host}:{box.port}: logged in as {box.user!r}; {_abilities(link)}"
        with link.within("list of folders"):
            folders = link.box.folder.list()
        yield from ((True, f"warning: no {name}: {what}") for name, what in WITHOUT.items() if _lacks(link, name))
        yield from _folders(box, folders)


def _lacks(link: Link, capability: str) -> bool:
    by_move = capability == "UIDPLUS" and link.can("MOVE")
    return not by_move and not link.can(capability)


def _abilities(link: Link) -> str:
    return ", ".join(name for name in ("MOVE", "UIDPLUS", "IDLE") if link.can(name)) or "no extension that helps"


def _folders(box: MailboxConfig, folders: Iterable[FolderInfo]) -> Report:
    named = {shown(folder.name, folder.delim): folder for folder in folders}
    wanted = [name for _, name in box.folders if box.move]
    missing = sorted(set(wanted) - named.keys() - {"INBOX"})
    if missing:
        when = "at the first start" if box.mode == "act" else 'when mode is "act"'
        yield True, f"{len(missing)} folder(s) will be made {when}: {', '.join(missing)}"
    yield from _sent(box, named)


def _sent(box: MailboxConfig, named: dict[str, FolderInfo]) -> Report:
    """Answers stop the clock, so we must look where the mail clients put them (RFC 6154)."""
    marked = [name for name, folder in named.items() if "\\sent" in {flag.lower() for flag in folder.flags}]
    if marked and box.folders.sent not in marked:
        cure = f'write [mailbox.folders] sent = "{marked[0]}"'
        yield False, f"folders.sent is {box.folders.sent!r}, and sent mail stands in {marked[0]!r}: {cure}"


# --- the relay


class Trial(Relay):
    """A relay that is asked whom it takes as a sender, and given no mail."""

    def refusal_of(self, sender: str, recipient: str) -> str:
        """The server's words when it refuses that sender, else `''`. The null sender is `''`.

        Many servers keep their refusal until they hear a recipient: they are given one, and no mail.
        """
        line = self._connected()
        try:
            asked = _reply(line.docmd("MAIL", f"FROM:<{sender}>"))
            told = _reply(line.docmd("RCPT", f"TO:<{recipient}>")) if asked.says(2) else asked
            line.rset()
        except OSError as error:
            raise Temporary(f"MAIL FROM:<{sender}>: {error}") from error
        return str(told) if not asked.says(2) or is_about_sender(told) else ""


def _reply(answer: tuple[int, bytes]) -> Reply:
    return Reply(answer[0], answer[1].decode("utf-8", "replace"))


def relay(config: Config) -> Report:
    """Connect, greet, secure, log in; then ask about each sender that we use, and give no mail."""
    smtp = config.smtp.model_copy(update={"timeout": min(config.smtp.timeout, PATIENCE)})
    trial = Trial(smtp, accounts.relay_token(config))
    try:
        carrier = trial.connect()
        limit = f"takes {carrier.size} bytes at most" if carrier.size else "names no size limit"
        login = f"logged in as {smtp.user!r}" if smtp.user else "no login"
        yield True, f"{smtp.host}:{smtp.port}: {smtp.security}, {login}, {limit}"
        for sender, cure in _senders(config):
            if refusal := trial.refusal_of(sender, config.agency.address):
                yield False, f"{smtp.host}:{smtp.port}: MAIL FROM:<{sender}> is refused ({refusal}): {cure}"
    finally:
        trial.close()


def _senders(config: Config) -> Iterator[tuple[str, str]]:
    """Each kind of sender that the outbox uses, and the cure where a relay refuses it."""
    address = config.agency.address
    local, _, domain = address.rpartition("@")
    yield address, "let the relay send for that address, or see agency.address"
    if config.smtp.null_sender:
        yield "", "write [smtp] null_sender = false"
    if config.smtp.bounce_address:
        yield f"{local}+check@{domain}", "write [smtp] bounce_address = false"


# --- the way in by LMTP


def lmtp(listen: str) -> Report:
    """Whether we may listen there. A place that is taken is taken by the daemon itself, or told at its start."""
    if "/" in listen:
        check_disk.try_writing(check_disk.nearest(Path(listen).parent))
        yield True, f"{listen}: the socket can be made"
        return
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host.strip("[]"), int(port)))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            hint = "the daemon runs, or another program listens there" if taken else "write another address or port"
            yield taken, f"{listen}: {error.strerror}; {hint}"
        else:
            yield True, f"{listen}: free to listen on"
