"""Mails with a command in them that a notice offers: a click, and Send.

The mail is a new one, no reply: it brings the notice's own token on its last line, which says who may speak and in
which case (daemon/answers/speakers.py).
"""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from daemon.sending.dossier import Dossier
from daemon.sending.identifiers import subject_token
from daemon.sending.subject import stem_of
from daemon.wording import words

CONFIRMED = frozenset({"notice_confirm", "notice_crossed"})  # there is one thing to say


def offered(dossier: Dossier, token: str, intake: str) -> list[dict[str, str]]:
    """The commands that fit this notice: what to write, what it means, and the `mailto:` link (RFC 6068)."""
    ref = dossier.row.case_id
    subject = f"Re: {stem_of(dossier)} {subject_token(str(ref)) if ref else ''}".strip()
    return [{**one, "href": _link(one["prepared"], subject, token, intake)} for one in _fitting(dossier)]


def _fitting(dossier: Dossier) -> list[dict[str, str]]:
    orders = words()["orders"]
    if dossier.row.template in CONFIRMED:
        return list(orders["confirm"])
    return [*_suggested(dossier, orders["suggested"]), *orders["short"]]


def _suggested(dossier: Dossier, forms: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """What the notice of a new case suggests, and only its reader can confirm: whose it is, what it belongs to."""
    if dossier.row.template != "notice_case" or dossier.case is None:
        return
    for suggestion in dossier.details.get("suggestions") or ():
        yield _filled(forms["attach"], suggestion["lease"])
    if dossier.case.related and not dossier.case.merged:
        yield _filled(forms["merge"], dossier.case.related)


def _filled(form: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: text.format(name=name) for key, text in form.items()}


def _link(command: str, subject: str, token: str, intake: str) -> str:
    body = f"{command}\r\n\r\n{token}\r\n"
    return f"mailto:{quote(intake, safe='@')}?subject={quote(subject, safe='')}&body={quote(body, safe='')}"
