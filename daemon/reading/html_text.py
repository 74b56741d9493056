"""What a person reads in an HTML mail, as plain text: paragraphs kept, everything hidden left out, quotations marked.

A blockquote's lines begin with "> " as in plain mail, so that later stages can tell the new text from the old. One pass
over the tags, linear whatever the input; nothing is believed to be closed.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from typing import NamedTuple

_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol",
    "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
_APART = frozenset({  # an empty line before and after
    "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})  # on the line of their row
_UNREAD = frozenset({
    "script", "style", "head", "title", "noscript", "template", "svg", "object", "select",
})  # fmt: skip
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
})  # fmt: skip
_OPENING = re.compile(r"<(?:/?[a-zA-Z]|[!?])")
_NAME = re.compile(r"/?([a-zA-Z][^\s/>]*)")
# How senders hide the preheader that a mail list shows beside the subject, and what replaces a missing text.
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|max-height\s*:\s*0(?![.\d])"
    r"|font-size\s*:\s*0(?:px|pt|em)?\s*[;\"']|opacity\s*:\s*0\s*[;\"']|\shidden(?=[\s=>/]|$)",
    re.IGNORECASE,
)
# Gmail and Outlook indent a paragraph with a blockquote too: without a border, and without the mark of a citation.
_INDENT = re.compile(r"border\s*:\s*(?:none|0)", re.IGNORECASE)
_CITATION = re.compile(r"\bcite\b|quote", re.IGNORECASE)
_DEEPEST = 20  # quotations within quotations; more are a trap for the prefix of each line
_INVISIBLE = re.compile("[\u200b\u200c\u2060\ufeff\u00ad\u034f]+")  # padding of preheaders, soft hyphens


def readable(html: str) -> str:
    """The text of an HTML document. Never raises."""
    page = _Page()
    for token in _tokens(html):
        if isinstance(token, str):
            page.say(token)
        else:
            page.take(token)
    return page.text()


class _Tag(NamedTuple):
    name: str
    closes: bool
    hides: bool  # what it holds isn't shown
    cites: bool  # of a blockquote: it quotes


def _tokens(html: str) -> Iterator["str | _Tag"]:
    """Texts and tags in order; comments and unread elements are left out."""
    at = 0
    never_closed: set[str] = set()
    while opening := _OPENING.search(html, at):
        start = opening.start()
        if start > at:
            yield html[at:start]
        if html.startswith("<!--", start):
            at = _behind(html, "-->", start + 4, never_closed)
            continue
        closing = html.find(">", start)
        if closing < 0:
            at = start
            break
        at = closing + 1
        if html[start + 1] in "!?":
            continue
        tag = _read_tag(html[start + 1 : closing])
        if tag.name in _UNREAD and not tag.closes and html[closing - 1] != "/":
            at = _behind(html, f"</{tag.name}", at, never_closed)
            continue
        yield tag
    if at < len(html):
        yield html[at:]


def _behind(html: str, end: str, at: int, never_closed: set[str]) -> int:
    """Behind the next `end`; right here when there is none, for what follows an unclosed element may be the letter."""
    if end in never_closed:
        return at
    found = re.compile(re.escape(end) + "[^>]*>?" * (end != "-->"), re.IGNORECASE).search(html, at)
    if found is None:
        never_closed.add(end)
        return at
    return found.end()


def _read_tag(tag: str) -> _Tag:
    return _read_known_tag(tag) if len(tag) < _LONG else _read_new_tag(tag)


def _read_new_tag(tag: str) -> _Tag:
    found = _NAME.match(tag)
    name = found[1].lower() if found else ""
    attributes = tag[found.end() :] if found else ""
    hides = name not in _VOID and _HIDDEN.search(attributes) is not None
    cites = _CITATION.search(attributes) is not None or _INDENT.search(attributes) is None
    return _Tag(name, tag.startswith("/"), hides, cites)


_LONG = 400  # characters; longer tags aren't remembered
_read_known_tag = lru_cache(4096)(_read_new_tag)  # a mail made by Word repeats the same few tags


class _Page:
    """The lines read so far. `_gap` is the empty lines owed before the next one."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes: list[bool] = []  # of each open blockquote: is it a quotation?
        self._gap = False
        self._prefix = ""  # of the last line
        self._pre = 0
        self._hidden = ""  # the element that hides what it holds
        self._depth = 0
        self._unseen: list[str] = []

    def take(self, tag: _Tag) -> None:
        if self._hidden:
            self._leave_hidden(tag)
        elif tag.hides and not tag.closes:
            self._hidden, self._depth = tag.name, 1
        elif tag.closes:
            self._close(tag.name)
        else:
            self._open(tag)

    def text(self) -> str:
        if self._hidden:  # it was never closed: better too much than a letter that says nothing
            self._hidden = ""
            for piece in self._unseen:
                self.say(piece)
        self._break()
        return "\n".join(self._lines).strip("\n")

    def _leave_hidden(self, tag: _Tag) -> None:
        if tag.name != self._hidden:
            self._unseen.append(" ")
            return
        self._depth += -1 if tag.closes else 1
        if self._depth == 0:
            self._hidden = ""
            self._unseen.clear()

    def _open(self, tag: _Tag) -> None:
        name = tag.name
        if name in _CELLS:
            self._line.append(" ")
        elif name in _BLOCKS:
            self._break()
            self._gap = self._gap or name in _APART
        match name:
            case "br":
                self._break(always=True)
            case "blockquote" if len(self._quotes) < _DEEPEST:
                self._quotes.append(tag.cites)
            case "li":
                self._line.append("- ")
            case "pre":
                self._pre += 1

    def _close(self, name: str) -> None:
        if name in _CELLS:
            self._line.append(" ")
            return
        if name in _BLOCKS:
            self._break()
            self._gap = self._gap or name in _APART
        if name == "blockquote" and self._quotes:
            self._quotes.pop()
        elif name == "pre":
            self._pre = max(0, self._pre - 1)

    def say(self, raw: str) -> None:
        if self._hidden:
            self._unseen.append(raw)
            return
        text = unescape(raw) if "&" in raw else raw
        if not self._pre:
            self._line.append(text)
            return
        first, *others = text.splitlines() or [""]
        self._line.append(first)
        for other in others:
            self._break(always=True)
            self._line.append(other)

    def _break(self, *, always: bool = False) -> None:
        """End the line. An empty one is only kept when the sender asked for it (`always`)."""
        line = self._take_line()
        if not line and not always:
            return
        prefix = "> " * sum(self._quotes)
        if self._gap and self._lines and self._lines[-1].strip("> "):
            self._lines.append(min(prefix, self._prefix, key=len).rstrip())
        self._gap, self._prefix = False, prefix
        self._lines.append((prefix + line).rstrip())

    def _take_line(self) -> str:
        if not self._line:
            return ""
        line = "".join(self._line)
        self._line.clear()
        if not line.isascii():
            line = _INVISIBLE.sub("", line.replace("\xa0", " "))
        return line.rstrip() if self._pre else " ".join(line.split())
