"""Mail programs of managers: how each answers a notice."""

import html
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Any

from tests.office import OURS, Office, text_of

MANAGER = "d.faucheux@aubrelac.test"
OTHER = "a.sissoko@aubrelac.test"
TENANT = "clemence.bonnefoy@example.org"


def case_of(office: Office, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = office.json("case", ref)
    return found


def steps(office: Office, ref: str) -> list[str]:
    return [step["what"] for step in case_of(office, ref)["steps"]]


def reply(
    notice: EmailMessage,
    text: str,
    page: str = "",
    sender: str = f"Delphine Faucheux <{MANAGER}>",
    to: str = OURS,
    cc: str = "",
    files: tuple[tuple[str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """An answer as any program sends it: the thread, the new text, the files."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = to
    if cc:
        mail["Cc"] = cc
    mail["Subject"] = headers.pop("Subject", f"RE: {notice['Subject']}")
    mail["Date"] = "Mon, 23 Nov 2026 09:00:00 +0100"
    own = sha256(repr((sender, to, text)).encode()).hexdigest()[:20]
    mail["Message-ID"] = f"<{own}@aubrelac.test>"
    thread = {"In_Reply_To": notice["Message-ID"], "References": notice["Message-ID"]} | headers
    for key, value in thread.items():
        if value:
            mail[key.replace("_", "-")] = value
    mail.set_content(text)
    if page:
        mail.add_alternative(page, subtype="html")
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return mail.as_bytes()


def outlook(notice: EmailMessage, text: str, **more: Any) -> bytes:
    """Above a header block, without any mark on the lines below; HTML made by Word."""
    head = f"De : Régie Aubrelac <{OURS}>\nEnvoyé : lundi 23 novembre 2026 08:12\nÀ : Delphine Faucheux <{MANAGER}>\nObjet : {notice['Subject']}\n"
    signature = "\n\nDelphine Faucheux\nGestionnaire\nRégie Aubrelac\n04 65 71 20 11\n" + MANAGER
    quoted = text_of(notice)
    signed = text if "Delphine" in text else text + signature
    lines = "".join(f'<p class="MsoNormal">{html.escape(line)}<o:p></o:p></p>' for line in signed.split("\n"))
    block = '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>De :</b> ' + "<br>".join(
        html.escape(line) for line in head.split("\n")
    )
    page = (
        f'<html><body lang="FR"><div class="WordSection1">{lines}{block}</p></div>{_page(notice)}</div></body></html>'
    )
    return reply(notice, f"{signed}\n\n{head}\n{quoted}", page, **more)


def thunderbird(notice: EmailMessage, text: str, **more: Any) -> bytes:
    """Below the quotation, each line of it marked."""
    quoted = "\n".join(f"> {line}" for line in text_of(notice).splitlines())
    signature = f"-- \nDelphine Faucheux\n{MANAGER}"
    return reply(notice, f"Le 23/11/2026 à 08:12, Régie Aubrelac a écrit :\n{quoted}\n\n{text}\n\n{signature}", **more)


def gmail(notice: EmailMessage, text: str, program: str = "Gmail", **more: Any) -> bytes:
    """HTML alone, the quotation in a blockquote."""
    said = "".join(f"<div>{html.escape(line) or '<br>'}</div>" for line in text.split("\n"))
    when = "Le lun. 23 nov. 2026 à 08:12, Régie Aubrelac &lt;gestion@aubrelac.test&gt; a écrit :"
    if program == "Gmail":
        quote = f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{when}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid">'
    else:
        quote = f'<div><br><blockquote type="cite"><div>{when}</div><br>'
    page = f"<html><body>{said}{quote}{_page(notice)}</blockquote></div></body></html>"
    mail = EmailMessage(policy=SMTP)
    for key, value in reply_headers(notice, **more).items():
        mail[key] = value
    mail.set_content(page, subtype="html")
    return mail.as_bytes()


def reply_headers(
    notice: EmailMessage, sender: str = f"Delphine Faucheux <{MANAGER}>", to: str = OURS
) -> dict[str, str]:
    return {
        "From": sender,
        "To": to,
        "Subject": f"Re: {notice['Subject']}",
        "Date": "Mon, 23 Nov 2026 09:05:00 +0100",
        "Message-ID": f"<html-{len(str(notice))}@aubrelac.test>",
        "In-Reply-To": str(notice["Message-ID"]),
    }


def _page(notice: EmailMessage) -> str:
    body = notice.get_body(("html",))
    assert body is not None
    content: str = body.get_content()
    return content.partition("<body")[2].partition(">")[2].partition("</body>")[0]
