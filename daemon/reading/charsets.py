"""Bytes to text, whatever the sender claimed of them. Never raises, and says when it had to guess.

Mail programs lie: UTF-8 announced as Latin-1, Windows-1252 announced as ISO-8859-1, charsets that don't exist. The
chain is what was announced, then UTF-8, then Windows-1252 (the charset of French mail that says nothing), with U+FFFD
for the rest.
"""

import binascii
import re
import unicodedata
from collections.abc import Iterator

# What senders write, and the codec that reads it.
_CODECS = {
    "iso-8859-1": "cp1252",  # WHATWG Encoding: who says Latin-1 means Windows-1252 (€, curly quotes)
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "utf-8",  # a superset
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "utf8mb4": "utf-8",  # MySQL's name, seen in mail that applications send
    "unicode-1-1-utf-7": "utf-7",
    "gb2312": "gb18030",  # a superset
    "gbk": "gb18030",
    "x-sjis": "shift_jis",
    "x-euc-jp": "euc_jp",
    "x-mac-roman": "mac_roman",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
}

# Python codecs that aren't charsets: they transform, warn, or take quadratic time on a hostile text.
_NOT_CHARSETS = frozenset({
    "base64", "bz2", "hex", "idna", "mbcs", "oem", "palmos", "punycode", "quopri", "raw_unicode_escape", "rot13",
    "undefined", "unicode_escape", "unicode_internal", "uu", "zlib",
})  # fmt: skip

_SINGLE_BYTE = re.compile(r"(?:cp|windows-)125\d|iso-?8859|mac|koi8|cp(437|850|858)$")
_MULTIBYTE_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_BASE64_LINES = _BASE64 + b"\r\n\t "
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))


def decode(content: bytes, announced: str = "") -> tuple[str, str]:
    """The text, and what was wrong with the announced charset (`''` when it told the truth)."""
    name = announced.strip().strip("\"'").lower().removeprefix("charset=")
    codec = _CODECS.get(name, name) or "utf-8"
    if codec != "utf-8" and _SINGLE_BYTE.match(codec) and _is_really_utf8(content):
        return content.decode("utf-8"), f"charset: {name[:40]!r} announced, utf-8 found"
    text = _strictly(content, codec)
    if text is not None:
        return text, ""
    return _guess(content), f"charset: {name[:40]!r} doesn't read it" if name else "charset: none announced, not utf-8"


def _is_really_utf8(content: bytes) -> bool:
    """Accented text in a one-byte charset is never well-formed UTF-8 by chance."""
    return _MULTIBYTE_UTF8.search(content) is not None and _strictly(content, "utf-8") is not None


def _strictly(content: bytes, codec: str) -> str | None:
    if codec.replace("-", "_") in _NOT_CHARSETS:
        return None
    try:
        text = content.decode(codec)
    except (LookupError, ValueError):  # no such codec, bytes it refuses, NUL in its name
        return None
    return None if codec != "utf-8" and _SURROGATES.search(text) else text


def _guess(content: bytes) -> str:
    """UTF-8 with a few broken bytes when most of it is UTF-8 (a text cut within a character), else Windows-1252."""
    text = content.decode("utf-8", "replace")
    if text.count("\ufffd") <= len(_MULTIBYTE_UTF8.findall(content)) // 4:
        return text
    return content.decode("cp1252", "replace")


# --- transfer encodings


def unbase64(content: bytes) -> tuple[bytes, int]:
    """Decoded as a mail client does, and how many bytes were there that don't belong. Never raises."""
    foreign = len(content.translate(None, _BASE64_LINES))
    try:
        return binascii.a2b_base64(content), foreign  # skips what isn't base64 (RFC 2045, 6.8), ends at the padding
    except binascii.Error:
        kept = content.translate(None, _NOT_BASE64).partition(b"=")[0]
        kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4)), foreign


def unuuencode(content: bytes) -> bytes:
    """The file between `begin` and `end`; lines that aren't uuencoded are skipped."""
    return b"".join(_uu_lines(content))


def _uu_lines(content: bytes) -> Iterator[bytes]:
    for line in content.splitlines():
        if line.startswith((b"begin ", b"end")):
            continue
        try:
            yield binascii.a2b_uu(line)
        except binascii.Error:
            continue


# --- header text


def header_text(value: bytes) -> str:
    """A header's value as a person reads it: unfolded, RFC 2047 words decoded, no control character, NFC."""
    text, _ = decode(value)
    return one_line(decode_words(text) if "=?" in text else text)


def decode_words(text: str) -> str:
    """Replace the encoded words of RFC 2047, also where it forbids them (in quotes, with spaces): senders do it."""
    pieces: list[str] = []
    pending = bytearray()  # a character may be cut between two words of one charset (seen from Exchange)
    charset, end = "", 0
    for word in _ENCODED_WORD.finditer(text):
        between, named = text[end : word.start()], word[1].partition("*")[0]  # RFC 2231, 5: the language after *
        if between.strip() or end == 0 or named.lower() != charset.lower():
            pieces += [decode(bytes(pending), charset)[0], "" if end and not between.strip() else between]
            pending.clear()
        charset, end = named, word.end()
        pending += _word_bytes(word[2], word[3])
    return "".join([*pieces, decode(bytes(pending), charset)[0], text[end:]])


def _word_bytes(encoding: str, encoded: str) -> bytes:
    data = encoded.encode("utf-8", "replace")
    if encoding in "bB":
        return unbase64(data)[0]
    return binascii.a2b_qp(data, header=True)


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")


def one_line(text: str) -> str:
    """On one line, without control characters: CRLF hidden in an encoded word must not make a header."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return unicodedata.normalize("NFC", _CONTROLS.sub(" ", _SURROGATES.sub("\ufffd", text)).strip())
