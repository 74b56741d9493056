"""Did a machine write this letter, or is there a reason not to answer it automatically? (RFC 3834 and what followed)

Two robots that answer one another fill a mailbox in a night, so one sign is enough to say nothing. But a web form, a
copier or a registered-letter service carries a tenant's words, and a few signs stand on letters that a person wrote:
those are told apart by `kind` and `robot`, so that silence never means that nobody reads.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rules.automatic_signs import (
    ABSENT_SUBJECT,
    BOUNCE_SUBJECT,
    CALENDAR_METHODS,
    DAEMONS,
    DENIED,
    DISCUSSION,
    DISTRIBUTION,
    FORWARDED_SUBJECT,
    LIST_HEADERS,
    LIST_NAMES,
    LIST_PRECEDENCE,
    MACHINES,
    NULL_SENDER,
    OTHER_REPORT,
    OUR_COPY,
    OUR_FORM,
    OUR_LOOP,
    OUR_REPLY_TO,
    PARTS,
    REPORT_TYPES,
    REQUESTS,
    SIGNS,
    TAKES_LETTERS,
    Kind,
    Sign,
    Writer,
)
from rules.fold import fold
from rules.letter import Attachment, Letter, normalise_address

Headers = Mapping[str, tuple[str, ...]]

_COMMENT = re.compile(r"\([^()]*\)")
_SHOWN = 80  # characters of a header that a manager is shown


@dataclass(frozen=True, slots=True)
class Automatic:
    """A reason never to answer a letter automatically, whichever its kind.

    `robot` says whether a machine wrote it: when it didn't, the letter opens its case and reaches its manager like any
    other. `because` is French, fit to show a manager.
    """

    kind: Kind
    because: str
    robot: bool = True


def automatic(letter: Letter, own: frozenset[str]) -> Automatic | None:
    """The strongest sign that this letter must not be answered automatically; None when there is none.

    `own` holds the agency's own mailboxes, normalised; their plus-addresses are ours too. Only headers and structure
    are read: what the text alone gives away is the classifier's business.
    """
    headers = _by_name(letter)
    if _is_our_list(headers, own):
        headers = _without_list(headers)
    found = (
        _report(letter)
        or _from_ourselves(letter, headers, own)
        or _written_by(DAEMONS, letter)
        or _first_sign(SIGNS, headers)
        or _written_by(MACHINES, letter)
        or _null_sender(letter, headers)
        or _mailing_list(headers)
        or _first_sign(REQUESTS, headers)
        or _answers_to_us(letter, own)
    )
    return None if found is None else _named_by_subject(found, letter.subject)


def _by_name(letter: Letter) -> Headers:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in letter.headers:
        found[name] = (*found.get(name, ()), value)
    return found


# --- what the structure says


def _report(letter: Letter) -> Automatic | None:
    media_type, _, parameters = fold(letter.header("content-type")).partition(";")
    found = _typed(media_type.strip(), parameters)
    is_report = media_type.strip() == "multipart/report"
    if found is not None or (not is_report and FORWARDED_SUBJECT.match(fold(letter.subject))):
        return found  # a person may hand on somebody's report
    found = next(filter(None, map(_part, letter.attachments)), None)
    return Automatic(*OTHER_REPORT) if found is None and is_report else found


def _typed(media_type: str, parameters: str) -> Automatic | None:
    match media_type:
        case "multipart/report":
            known = REPORT_TYPES.get(_parameter(parameters, "report-type"))
        case "text/calendar":
            return _calendar(_parameter(parameters, "method"))
        case other:
            known = PARTS.get(other)
    return None if known is None else Automatic(*known[:2])


def _parameter(parameters: str, name: str) -> str:
    found = re.search(rf'\b{name}\s*=\s*"?([^";\s]+)', parameters)
    return found[1] if found else ""


def _part(attachment: Attachment) -> Automatic | None:
    media_type = attachment.media_type.lower()
    if media_type in PARTS:
        return Automatic(*PARTS[media_type][:2])
    if media_type in {"text/calendar", "application/ics"}:
        found = re.search(rb"^METHOD:\s*([A-Za-z]+)", attachment.content[:4000], re.MULTILINE | re.IGNORECASE)
        return _calendar(found[1].decode("ascii").lower()) if found else None
    return None


def _calendar(method: str) -> Automatic | None:
    known = CALENDAR_METHODS.get(method)
    return None if known is None else Automatic(*known)


# --- what the headers say


def _first_sign(signs: tuple[Sign, ...], headers: Headers) -> Automatic | None:
    return next((found for sign in signs if (found := _told_by(sign, headers)) is not None), None)


def _told_by(sign: Sign, headers: Headers) -> Automatic | None:
    for value in headers.get(sign.header, ()):
        if sign.value.search(_bare(value)):
            because = sign.because.format(header=sign.header.title(), value=_shown(value))
            return Automatic(sign.kind, because, robot=sign.kind != "suppressed")
    return None


def _bare(value: str) -> str:
    """The folded value without its comments (RFC 5322 3.2.2): `no (typed by hand)` is `no`."""
    return _COMMENT.sub("", fold(value)).strip()


def _shown(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _mailing_list(headers: Headers) -> Automatic | None:
    named = next(_list_signs(headers), None)
    if named is None:
        return None
    header, value = named
    discussed = any(TAKES_LETTERS.search(fold(post)) for post in headers.get("list-post", ()))
    because = (DISCUSSION if discussed else DISTRIBUTION).format(header=header.title(), value=_shown(value))
    return Automatic("bulk", because, robot=not discussed)


def _list_signs(headers: Headers) -> Iterator[tuple[str, str]]:
    for header in LIST_HEADERS:
        yield from ((header, value) for value in headers.get(header, ()))
    for value in headers.get("precedence", ()):
        if LIST_PRECEDENCE.search(_bare(value)):
            yield "precedence", value


def _is_our_list(headers: Headers, own: frozenset[str]) -> bool:
    """Our mailbox is itself a group (Google Groups, Mailman): then every letter wears the headers of a list."""
    names = [fold(value) for header in LIST_NAMES for value in headers.get(header, ())]
    return any(address in name or f"<{address.replace('@', '.')}>" in name for address in own for name in names)


def _without_list(headers: Headers) -> Headers:
    kept = {name: values for name, values in headers.items() if name not in LIST_HEADERS and name != "x-loop"}
    precedence = tuple(value for value in kept.pop("precedence", ()) if not LIST_PRECEDENCE.search(_bare(value)))
    return {**kept, "precedence": precedence}


# --- what the addresses say


def _null_sender(letter: Letter, headers: Headers) -> Automatic | None:
    """RFC 5321 4.5.5: only servers' notices go without a return path, so that nothing answers them."""
    senders = [*headers.get("return-path", ())]
    if letter.envelope_sender is not None:
        senders.append(letter.envelope_sender)
    empty = any(_bare(sender).strip("<> ") in {"", "mailer-daemon"} for sender in senders)
    return Automatic("notification", NULL_SENDER) if empty else None


def _written_by(writers: tuple[Writer, ...], letter: Letter) -> Automatic | None:
    for writer in writers:
        value = letter.sender.address if writer.part == "address" else letter.sender.name
        if writer.pattern.search(fold(value)):
            return Automatic(writer.kind, writer.because.format(value=_shown(value)))
    return None


def _is_ours(address: str, own: frozenset[str]) -> bool:
    normalised = normalise_address(address)
    local, at, domain = normalised.rpartition("@")
    return normalised in own or f"{local.partition('+')[0]}{at}{domain}" in own


def _from_ourselves(letter: Letter, headers: Headers, own: frozenset[str]) -> Automatic | None:
    """Our own mail come back; or a form, a copier, that writes in our name and whose letter somebody must read."""
    for value in headers.get("x-loop", ()):
        if any(address in fold(value) for address in own):
            return Automatic("own", OUR_LOOP.format(value=_shown(value)))
    sender = letter.sender.address
    if not _is_ours(sender, own):
        return None
    ours = _answers_or_announces(letter, headers) and not _carries_anothers_words(letter, own)
    return Automatic("own" if ours else "notification", (OUR_COPY if ours else OUR_FORM).format(value=_shown(sender)))


def _answers_or_announces(letter: Letter, headers: Headers) -> bool:
    """What we send either answers a letter (a colleague's copy) or says that it is automatic (an acknowledgement)."""
    announced = any(not DENIED.match(_bare(value)) for value in headers.get("auto-submitted", ()))
    return announced or bool(letter.in_reply_to or letter.references)


def _carries_anothers_words(letter: Letter, own: frozenset[str]) -> bool:
    """A web form names its author in Reply-To; a copier answers nothing and brings a document."""
    if any(not _is_ours(reply_to.address, own) for reply_to in letter.reply_to):
        return True
    documents = any(attachment.media_type != "message/rfc822" for attachment in letter.attachments)
    return documents and not letter.in_reply_to and not letter.references


def _answers_to_us(letter: Letter, own: frozenset[str]) -> Automatic | None:
    ours = next((reply_to.address for reply_to in letter.reply_to if _is_ours(reply_to.address, own)), None)
    return None if ours is None else Automatic("suppressed", OUR_REPLY_TO.format(value=_shown(ours)), robot=False)


# --- what the subject adds to another sign


def says_absent(subject: str) -> bool:
    """Whether a subject begins as those of absent people's programs do.

    Of a stranger's letter it proves nothing; on a reply of our own people's, a program wrote it before our subject.
    """
    return ABSENT_SUBJECT.match(fold(subject)) is not None


def _named_by_subject(found: Automatic, subject: str) -> Automatic:
    folded = fold(subject)
    if found.kind == "suppressed":
        return replace(found, kind="notification", robot=True) if ABSENT_SUBJECT.match(folded) else found
    if found.kind in {"notification", "bulk"} and found.robot and ABSENT_SUBJECT.match(folded):
        return replace(found, kind="auto-reply")
    if found.kind in {"notification", "report"} and BOUNCE_SUBJECT.match(folded):
        return replace(found, kind="bounce")
    return found
