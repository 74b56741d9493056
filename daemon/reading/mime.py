"""The parts of a letter, as slices of its bytes: where each begins and ends, what it says it is, its content decoded.

The standard library builds a tree by recursion, line by line, and gives a forwarded letter back re-written. Here a part
is a pair of offsets into the received bytes: nothing is re-serialised, 3,000 nested parts need no stack, and 2 MB of
base64 cost one `bytes.find`. RFC 2046 (multipart), RFC 2045 (transfer encodings), RFC 2183 (disposition); where senders
break them, the most is kept and the defect is told.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from daemon.reading.charsets import decode, decode_words, unbase64, unuuencode

MOST_PARTS = 1000  # a letter of 300,000 parts keeps the others in its bytes only
LONGEST_FIELD = 8192  # bytes of one Content-* field that are read: the library's parser is quadratic in semicolons
_SCANNED = 64, 512 << 20  # times the letter's size, plus bytes: what nesting may cost before the rest stays closed

_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_WELL_KNOWN = re.compile(
    rb"^(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]+|reply-to|received)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_DELIMITER_END = re.compile(rb"(--)?[ \t]*(?:\r?\n|\r?\Z)")
_GUESSED_BOUNDARY = re.compile(rb"^--([^\s-][^\r\n]{0,69}?)[ \t]*\r?\n(?=content-)", re.IGNORECASE | re.MULTILINE)
_NO_SEMICOLON = re.compile(r"^(\w+/[\w.+-]+)[ \t]+(?=\w+=)", re.ASCII)
_ANY_NAME = re.compile(r"name\*?\d*\*?=\"?([^\";]*)", re.IGNORECASE)
_ABOUT = frozenset({"content-type", "content-disposition", "content-transfer-encoding", "content-id"})


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: its name in lower case, its value still folded; `raw` is all of it, line ends included."""

    name: str
    value: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The fields of a head, where its body begins, and what was wrong with it."""

    fields: tuple[Field, ...]
    body: int
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A leaf of the letter: text, an attachment, or a whole forwarded letter, which is not opened.

    `alternative` numbers the outermost multipart/alternative that it stands in, 0 when there is none.
    """

    body: memoryview
    about: Message
    alternative: int = 0

    @property
    def media_type(self) -> str:
        return self.about.get_content_type()

    @property
    def disposition(self) -> str:
        return (self.about.get_content_disposition() or "").strip()

    @property
    def name(self) -> str:
        """The file name as the sender wrote it, decoded; it can't be trusted. `''` when there is none."""
        name = _parameter(self.about, "filename", "content-disposition") or _parameter(self.about, "name")
        return decode_words(name) if "=?" in name else name

    @property
    def inline(self) -> bool:
        return self.disposition != "attachment" and (self.disposition == "inline" or "content-id" in self.about)

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type, `''` when there is none."""
        return _parameter(self.about, name)

    def content(self) -> tuple[bytes, str]:
        """The body less its transfer encoding, and what was wrong with that (`''` when nothing)."""
        encoding = str(self.about.get("content-transfer-encoding", "")).strip().lower()
        raw = bytes(self.body)
        match encoding:
            case "" | "7bit" | "8bit" | "binary":
                return raw, ""
            case "base64":
                return self._from_base64(raw)
            case "quoted-printable":
                return binascii.a2b_qp(raw), ""
            case "x-uuencode" | "uuencode" | "x-uue" | "uue":
                return unuuencode(raw), ""
        return raw, f"transfer encoding: {encoding[:40]!r} is unknown"

    def text(self) -> tuple[str, tuple[str, ...]]:
        """The content as text, and its defects."""
        content, fault = self.content()
        text, lie = decode(content, self.parameter("charset"))
        return text, tuple(filter(None, (fault, lie)))

    def _from_base64(self, raw: bytes) -> tuple[bytes, str]:
        content, foreign = unbase64(raw)
        if self.media_type.startswith("text/") and foreign * 50 > len(raw):
            return raw, "base64: announced, but the text isn't encoded"
        return content, f"base64: {foreign} bytes that don't belong" if foreign else ""


@dataclass(slots=True)
class Opened:
    """What was found in a letter: the fields of its head, its leaves in order, what was wrong with its structure."""

    head: Head
    parts: list[Part] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)


def open_letter(source: bytes) -> Opened:
    """Take a letter apart. Never raises."""
    opened = Opened(read_head(source))
    opened.defects += opened.head.defects
    left = _SCANNED[0] * len(source) + _SCANNED[1]
    waiting = [_Entity(0, len(source))]
    while waiting:
        entity = waiting.pop()
        left -= entity.end - entity.start
        if left < 0 or len(opened.parts) >= MOST_PARTS:
            opened.defects.append("structure: too many parts or nestings, the rest stays in the letter's bytes")
            break
        waiting += reversed(_take_apart(source, entity, opened))
    return opened


# --- the head


def with_line_ends(raw: bytes) -> bytes:
    """The letter; with LF when its only line end is a bare CR, as old scanners send."""
    return raw.replace(b"\r", b"\n") if b"\r" in raw and b"\n" not in raw else raw


def read_head(source: bytes, start: int = 0, end: int | None = None) -> Head:
    """The head that begins at `start`. A line that no field may contain ends it, unless a well-known field follows."""
    end = len(source) if end is None else end
    if source.startswith((b"\r\n", b"\n"), start, end):
        return Head((), start + 1 + (source[start] == ord("\r")))
    blank = _BLANK_LINE.search(source, start, end)
    lines = source[start : blank.start() + 1 if blank else end]
    delimiter = lines.find(b"\n--")  # a part begins: the head is over, whatever its line ends say
    known = _WELL_KNOWN.finditer(lines, 0, delimiter if delimiter >= 0 else len(lines))
    goes_on = max((found.start() for found in known), default=-1)
    found: list[bytearray] = []
    broken = False
    for line in _LINES.finditer(lines):
        match _kind(line[0], bool(found)):
            case "field":
                found.append(bytearray(line[0].lstrip()))
            case "fold":
                found[-1] += line[0]
            case "broken" if line.start() >= goes_on:
                return Head(_fields(found), start + line.start(), ("head: no empty line after it",))
            case "broken" if found:
                found[-1] += b" " + line[0]
                broken = True
    body = blank.end() if blank else end
    return Head(_fields(found), body, ("head: a line that isn't a field",) if broken else ())


def _kind(line: bytes, begun: bool) -> str:
    if not begun and line.startswith((b"From ", b">From ")):  # mbox
        return "skip"
    if line[:1] in (b" ", b"\t") and begun:
        return "fold"
    return "field" if _FIELD.match(line.lstrip()) else "broken"


def _fields(found: list[bytearray]) -> tuple[Field, ...]:
    return tuple(_field(bytes(raw)) for raw in found)


def _field(raw: bytes) -> Field:
    name, _, value = raw.partition(b":")
    return Field(name.strip().decode("ascii").lower(), value, raw)


def _about(fields: tuple[Field, ...], default_type: str) -> Message:
    """What a part says of itself, for the library's reading of parameters (RFC 2231 included)."""
    about = Message()
    about.set_default_type(default_type)
    for one in fields:
        if one.name in _ABOUT:
            text, _ = decode(one.value[:LONGEST_FIELD].replace(b"\r", b"").replace(b"\n", b""))
            about[one.name] = _NO_SEMICOLON.sub(r"\1; ", text.strip())
    return about


def _parameter(about: Message, name: str, header: str = "content-type") -> str:
    try:
        value = about.get_param(name, "", header)
    except (LookupError, TypeError, ValueError):  # continuations numbered by 5,000 digits, or only some of them
        found = _ANY_NAME.search(str(about.get(header, "")))
        return found[1].strip() if found and name != "charset" else ""
    if isinstance(value, tuple):  # RFC 2231: charset, language, text
        value = decode(value[2].encode("raw-unicode-escape"), value[0] or "")[0]
    return str(value or "").strip()


# --- the parts


@dataclass(frozen=True, slots=True)
class _Entity:
    start: int
    end: int
    alternative: int = 0
    default_type: str = "text/plain"


def _take_apart(source: bytes, entity: _Entity, opened: Opened) -> list[_Entity]:
    """The entities inside a multipart; none when it is a leaf, which is noted."""
    head = opened.head if entity.start == 0 else read_head(source, entity.start, entity.end)
    about = _about(head.fields, entity.default_type)
    if about.get_content_maintype() == "multipart":
        spans = _spans_of_multipart(source, head.body, entity.end, about, opened.defects)
        if spans:
            return list(_inside(spans, entity, about))
        about = _as_text(about)
    opened.parts.append(Part(memoryview(source)[head.body : entity.end], about, entity.alternative))
    return []


def _inside(spans: list[tuple[int, int]], entity: _Entity, about: Message) -> Iterator[_Entity]:
    here = spans[0][0] if about.get_content_subtype() == "alternative" else 0  # any number that is its own
    default_type = "message/rfc822" if about.get_content_subtype() == "digest" else "text/plain"  # RFC 2046, 5.1.5
    for start, end in spans:
        yield _Entity(start, end, entity.alternative or here, default_type)


def _as_text(about: Message) -> Message:
    """A multipart in which no part is found is what a person would see: its text."""
    encoding = str(about.get("content-transfer-encoding", ""))
    return _about((Field("content-transfer-encoding", encoding.encode(), b""),), "text/plain")


def _spans_of_multipart(
    source: bytes, start: int, end: int, about: Message, defects: list[str]
) -> list[tuple[int, int]]:
    boundary = _parameter(about, "boundary").encode("utf-8", "replace")
    spans, closed = _spans(source, start, end, boundary) if boundary else ([], False)
    if spans:
        defects += [] if closed else ["structure: a multipart isn't closed"]
        return spans
    guessed = _GUESSED_BOUNDARY.search(source, start, end)
    defects.append("structure: a multipart without its boundary")
    return _spans(source, start, end, guessed[1])[0] if guessed else []


def _spans(source: bytes, start: int, end: int, boundary: bytes) -> tuple[list[tuple[int, int]], bool]:
    """Where the parts between the delimiters begin and end, and whether the last delimiter closes (RFC 2046, 5.1.1)."""
    marks = list(_delimiters(source, start, end, b"--" + boundary))
    ends = [_before_line_end(source, first) for first, _, _ in marks[1:]] + [end]
    spans = [
        (after, max(after, finish))
        for (_, after, closing), finish in zip(marks, ends, strict=False)
        if not closing and finish > after
    ]
    return spans, any(closing for _, _, closing in marks)


def _delimiters(source: bytes, start: int, end: int, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    at = source.find(delimiter, start, end)
    while at >= 0:
        after = at + len(delimiter)
        tail = _DELIMITER_END.match(source, after, end)
        if tail and (at == start or source[at - 1] == ord("\n")):
            yield at, tail.end(), tail[1] is not None
            after = tail.end()
        at = source.find(delimiter, after, end)


def _before_line_end(source: bytes, at: int) -> int:
    at -= source[at - 1] == ord("\n")
    return at - (source[at - 1] == ord("\r"))
