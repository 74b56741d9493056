"""An agency with thousands of leases, and the post that its tenants write, as shared/limits.md mixes it.

60 % are texts of 3 kB, 35 % HTML of 36 kB (with its text beside it, as Outlook sends it), 5 % bring a photo of 2 MB.
What they say comes from the training corpus. The same seed makes the same letters.
"""

import base64
import quopri
import random
from collections.abc import Iterator
from pathlib import Path

from training.corpus import examples

AGENCY = "gestion@regie-de-mesure.test"
TENANTS_A_MANAGER = 500
LEASES_A_BUILDING = 20
MIX = (("text", 0.60), ("html", 0.35), ("photo", 0.05))
SMALL = (("small", 1.0),)
LEASE_COLUMNS = (
    "lease_id,mandate_no,owner_name,property_name,address,postcode,city,lot,tenant_civility,tenant_last_name,"
    "tenant_first_name,tenant_email,tenant_phone,furnished,zone_tendue,start_date,rent_eur,charges_eur,notice_channel,"
    "email_consent_date,payment_method,co_tenants,end_date,other_eur,deposit_eur,insurance_expiry"
)
MANAGER_COLUMNS = "manager_id,civility,last_name,first_name,email,phone,site,properties,backup_manager_id"
TRACE = """Received: from mx1.example.net (mx1.example.net [192.0.2.17])\r
 by mail.regie-de-mesure.test (Postfix) with ESMTPS id {number:010X}\r
 for <gestion@regie-de-mesure.test>; Tue, 24 Nov 2026 08:30:00 +0100 (CET)\r
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=2026;\r
 h=from:to:subject:date:message-id; bh={noise};\r
 b={noise}{noise}{noise}\r
Authentication-Results: mx.regie-de-mesure.test; dkim=pass header.d=example.org; spf=pass\r
"""
STYLE = "p.MsoNormal, li.MsoNormal { margin: 0cm; font-size: 11.0pt; font-family: Calibri, sans-serif; }\r\n"
EARLIER = (
    "\r\nLe 20 novembre, la gestion a écrit :\r\n" + 16 * "> Nous revenons vers vous dès que le devis est signé.\r\n"
)
PICTURE = 1_460_000  # bytes: 2 MB in base64
HEAD = """From: Jeanne <{sender}>\r
To: gestion@regie-de-mesure.test\r
Subject: {subject}\r
Date: Tue, 24 Nov 2026 08:30:00 +0100\r
Message-ID: <{message_id}>\r
MIME-Version: 1.0\r
"""


def lists(folder: Path, tenants: int) -> None:
    """`leases.csv` and `managers.csv` as the agency's software would export them."""
    share = TENANTS_A_MANAGER // LEASES_A_BUILDING
    buildings = [f"Résidence {number:03}" for number in range(-(-tenants // LEASES_A_BUILDING))]
    leases = [_lease(number, buildings[number // LEASES_A_BUILDING]) for number in range(tenants)]
    starts = range(0, len(buildings), share)
    managers = [_manager(number, buildings[start : start + share]) for number, start in enumerate(starts)]
    (folder / "leases.csv").write_text("\n".join([LEASE_COLUMNS, *leases, ""]), "utf-8")
    (folder / "managers.csv").write_text("\n".join([MANAGER_COLUMNS, *managers, ""]), "utf-8")


def _lease(number: int, building: str) -> str:
    block = number // LEASES_A_BUILDING
    return (
        f"L{number:05},{block},SCI {block},{building},{block} rue des Mesures,69003,Lyon,A{number:02},Mme,"
        f"Locataire{number},Jeanne,{tenant(number)},0639{number:06},no,yes,2022-05-01,700.00,80.00,email,2022-04-20,"
        "virement,,,0.00,0.00,"
    )


def _manager(number: int, buildings: list[str]) -> str:
    return f"G{number},M.,Gerant{number},Paul,g{number}@regie-de-mesure.test,0465712010,,{';'.join(buildings)},"


def tenant(number: int) -> str:
    return f"tenant{number}@example.org"


class Post:
    """Letters by number; the kind of each is drawn from the mix."""

    def __init__(self, tenants: int, mix: tuple[tuple[str, float], ...] = MIX, seed: int = 42) -> None:
        self._tenants = tenants
        self._mix = mix
        self._seed = seed
        told = [one for one in examples() if not one.automated]
        self._said = [(one.letter.subject or "Bonjour", one.letter.text) for one in told]
        self._picture = random.Random(seed).randbytes(PICTURE)  # noqa: S311  no secret

    def letters(self, count: int) -> Iterator[bytes]:
        return map(self.letter, range(count))

    def complaint(self, number: int) -> bytes:
        """A short letter of a tenant that is certain to be acknowledged."""
        text = f"Bonjour,\r\nle radiateur n° {number} de la chambre ne chauffe plus. Merci de le réparer.\r\n"
        values = {"sender": tenant(number), "subject": "Radiateur", "message_id": f"alone-{number}@example.org"}
        return HEAD.format(**values).encode() + _part("text/plain", text)

    def letter(self, number: int) -> bytes:
        dice = random.Random(f"{self._seed}/{number}")  # noqa: S311  no secret
        kind = dice.choices([name for name, _ in self._mix], [share for _, share in self._mix])[0]
        subject, body = dice.choice(self._said)
        text = f"{body}\r\n\r\nRéférence {number}\r\n".replace("\r\n", "\n").replace("\n", "\r\n")
        noise = base64.b64encode(dice.randbytes(96)).decode()
        head = TRACE.format(number=number, noise=noise) + HEAD.format(
            sender=tenant(dice.randrange(self._tenants)),
            subject=_word(subject),
            message_id=f"bench-{self._seed}-{number}@example.org",
        )
        return head.encode() + self._body(kind, text, dice)

    def _body(self, kind: str, text: str, dice: random.Random) -> bytes:
        match kind:
            case "text":
                return _part("text/plain", text + EARLIER * (len(text) < 1500))
            case "html":
                return _html(text, dice)
            case "photo":
                return _multipart("mixed", [_part("text/plain", text), self._photo(dice)], dice)
        return _part("text/plain", text)

    def _photo(self, dice: random.Random) -> bytes:
        content = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + dice.randbytes(16) + self._picture
        head = (
            b'Content-Type: image/jpeg; name="photo.jpg"\r\nContent-Transfer-Encoding: base64\r\n'
            b'Content-Disposition: attachment; filename="photo.jpg"\r\n\r\n'
        )
        return head + base64.encodebytes(content).replace(b"\n", b"\r\n")


def _html(text: str, dice: random.Random) -> bytes:
    lines = (f'<p class="MsoNormal"><span style="font-size:11.0pt">{line}</span></p>' for line in text.splitlines())
    page = f"<html><head><style>{STYLE * 335}</style></head><body>{''.join(lines)}</body></html>"
    return _multipart("alternative", [_part("text/plain", text), _part("text/html", page)], dice)


def _word(text: str) -> str:
    return f"=?utf-8?B?{base64.b64encode(text[:40].encode()).decode()}?="


def _part(media_type: str, text: str) -> bytes:
    head = f'Content-Type: {media_type}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode() + quopri.encodestring(text.replace("\r\n", "\n").encode()).replace(b"\n", b"\r\n")


def _multipart(subtype: str, parts: list[bytes], dice: random.Random) -> bytes:
    boundary = f"=_{dice.randbytes(12).hex()}".encode()
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"
    return f'Content-Type: multipart/{subtype}; boundary="'.encode() + boundary + b'"\r\n\r\n' + body
