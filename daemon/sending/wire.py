"""How a mail stands on the wire: headers, encoded words, parts and their encodings, as bytes (RFC 5322, 2045 to 2047).

Written by hand and small, because the standard library's generator takes a millisecond a mail, and because nothing that
a correspondent wrote can break out of a header here: `unstructured` and `mailbox` take one line of visible characters
(`wording.tidy`) and refuse anything else.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote

LONGEST_LINE = 998  # bytes without the line end (RFC 5322 2.1.1)
FOLDED = 76  # characters of a header line
MOST_NESTED = 50  # multiparts in a letter that a receiver may be asked to open

_WORD_BYTES = 45  # 60 characters of base64; an encoded word has 75 at most (RFC 2047 2)
_ADDRESS = re.compile(r"([^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,64})@([^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,255})")
_PLAIN = re.compile(r"[ -~]*")
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_CONTAINER = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)


# --- headers


def header(name: str, value: str) -> bytes:
    """A header whose value is written as it travels, folds included. Raises ValueError for any other line end.

    All is ASCII but the addresses that RFC 6532 lets be UTF-8.
    """
    if re.search(r"[\r\n]", value.replace("\r\n ", "")):
        raise ValueError(f"the header {name} would break out of its line: {value!r}")
    return f"{name}: {value}\r\n".encode()


def unstructured(text: str) -> str:
    """Free text such as a subject: folded, in encoded words unless it is plain. ValueError for control characters."""
    if not text.isprintable():
        raise ValueError(f"a header takes one line of visible characters, not {text!r}")
    if _PLAIN.fullmatch(text) and "=?" not in text:
        return "\r\n ".join(_wrapped(text))
    return "\r\n ".join(_encoded_words(text))


def mailbox(name: str, address: str) -> str:
    """`"Régie Exemple" <gestion@agence.test>`, its name encoded when it must be. ValueError for control characters."""
    if not name:
        return address
    if _ATOMS.fullmatch(name) and "=?" not in name:
        return f"{name} <{address}>"
    if _PLAIN.fullmatch(name) and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    return f"{unstructured(name)}\r\n <{address}>"


@lru_cache(maxsize=1024)
def address(written: str) -> str:
    """One bare address as it travels, its domain in ASCII (IDNA). Raises ValueError for what is none."""
    found = _ADDRESS.fullmatch(written.strip())
    if found is None:
        raise ValueError(f"{written!r} is no e-mail address")
    local, domain = found.groups()
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise ValueError(f"{written!r} has no domain that the DNS could hold") from error


def message_ids(ids: Iterable[str], most: int = 20) -> str:
    """A References header: the first and the last of a long thread, one a line; what is no Message-ID is left out."""
    sound = [f"<{one}>" for one in (given.strip().strip("<>") for given in ids) if _is_sound(one)]
    kept = sound if len(sound) <= most else [sound[0], *sound[1 - most :]]
    return "\r\n ".join(dict.fromkeys(kept))


def _is_sound(message_id: str) -> bool:
    return re.fullmatch(r"[!-;=?-~]{1,900}", message_id) is not None


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if line and len(line) + len(word) >= FOLDED - len("Subject: "):
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _encoded_words(text: str) -> Iterator[str]:
    """No character is cut in two (RFC 2047 5)."""
    chunk = b""
    for letter in text:
        encoded = letter.encode()
        if len(chunk) + len(encoded) > _WORD_BYTES:
            yield _encoded_word(chunk)
            chunk = b""
        chunk += encoded
    yield _encoded_word(chunk)


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?B?{base64.b64encode(chunk).decode()}?="


# --- parts


def text_part(subtype: str, text: str, *, eight_bit: bool) -> bytes:
    """A text in UTF-8: as it is when the relay takes eight bits and its lines are short, else quoted-printable."""
    body = text.encode()
    if eight_bit and max(map(len, body.split(b"\n"))) <= LONGEST_LINE:
        encoding, encoded = "7bit" if body.isascii() else "8bit", body.replace(b"\n", b"\r\n")
    else:
        encoding, encoded = "quoted-printable", binascii.b2a_qp(body, istext=True).replace(b"\n", b"\r\n")
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode("ascii") + encoded


def letter_part(raw: bytes, file_name: str, *, eight_bit: bool) -> bytes:
    """A received letter as an attachment: as a message when SMTP can carry it so, else its bytes as a file."""
    if not travels(raw, eight_bit=eight_bit):
        return file_part(raw, file_name)
    return _attached("message/rfc822", file_name, "7bit" if raw.isascii() else "8bit") + raw


def file_part(raw: bytes, file_name: str, media_type: str = "application/octet-stream") -> bytes:
    """Bytes of any kind, as a file to save."""
    head = _attached(media_type, file_name, "base64")
    return head + base64.encodebytes(raw).replace(b"\n", b"\r\n")


def shown_part(raw: bytes, content_id: str, file_name: str, media_type: str = "image/png") -> bytes:
    """A picture that the HTML beside it shows (`cid:`, RFC 2392); `content_id` is without angle brackets."""
    head = (
        f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{content_id}>\r\n"
        f'Content-Disposition: inline; filename="{file_name}"\r\n\r\n'
    )
    return head.encode("ascii") + base64.encodebytes(raw).replace(b"\n", b"\r\n")


def travels(raw: bytes, *, eight_bit: bool) -> bool:
    """Whether a letter can be part of another one byte for byte.

    message/rfc822 may not be encoded (RFC 2046 5.2.1): no line over 998 bytes, no NUL, no bare line end, eight bits
    only where the relay takes them; and no nesting that would break the reader at the other end.
    """
    if b"\0" in raw or not (eight_bit or raw.isascii()):
        return False
    lines = raw.split(b"\r\n")
    if raw.count(b"\r") >= len(lines) or raw.count(b"\n") >= len(lines) or max(map(len, lines)) > LONGEST_LINE:
        return False
    few = raw.lower().count(b"content-type:") <= MOST_NESTED  # a photo of 2 MB isn't searched by a pattern
    return few or len(_CONTAINER.findall(raw)) <= MOST_NESTED


def attachment_part(content: bytes, name: str, media_type: str) -> bytes:
    """A file under the name that its sender gave it, in any script (RFC 2231)."""
    kind = media_type if _MEDIA_TYPE.fullmatch(media_type) and "/" in media_type else "application/octet-stream"
    if kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"
    plain = re.fullmatch(r"[ !#-\[\]-~]+", name)
    shown = f'filename="{name}"' if plain else f"filename*=UTF-8''{quote(name or 'fichier', safe='')}"
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n {shown}"
    return head.encode("ascii") + b"\r\n\r\n" + base64.encodebytes(content).replace(b"\n", b"\r\n")


def multipart(subtype: str, parts: Sequence[bytes], name: str) -> bytes:
    """Parts in one. The boundary comes from `name`: `=_` can't stand in quoted-printable or base64."""
    boundary = f"=_{hashlib.sha256(f'{subtype}/{name}'.encode()).hexdigest()[:32]}"
    delimiter = f"\r\n--{boundary}\r\n".encode()
    eight_bit = any(not part.isascii() for part in parts)
    encoding = "8bit" if eight_bit else "7bit"
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\nContent-Transfer-Encoding: {encoding}\r\n'
    return head.encode() + delimiter + delimiter.join(parts) + f"\r\n--{boundary}--\r\n".encode()


def _attached(media_type: str, file_name: str, encoding: str) -> bytes:
    return (
        f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n"
        f'Content-Disposition: attachment; filename="{file_name}"\r\n\r\n'
    ).encode("ascii")
