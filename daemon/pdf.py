"""Prints a notice: the one module that knows WeasyPrint, and it knows nothing of a run.

`render` is a function of its arguments alone: the same notice and house give the same bytes, on any day. The document
is PDF/A-3 (it must last), tagged for screen readers (PDF/UA), and carries its own data as `avis.json`. Nothing is
fetched: the fonts stand in `templates/fonts`, the logo and the QR code are in the page.
"""

import json
import logging
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from hashlib import sha256
from html import unescape
from pathlib import Path
from re import sub
from typing import Any

import segno
from fontTools.ttLib import TTFont
from jinja2 import TemplateError
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from weasyprint import CSS, HTML, Attachment
from weasyprint.document import Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from daemon.errors import Permanent
from daemon.notices import page
from rules import epc
from rules.house import House
from rules.notice import Notice, Way, facts

FACES = ("Lato-Regular.ttf", "Lato-Semibold.ttf")
MASK = 2  # of the QR code: choosing the best of eight costs five times as much, and any one is read as well
DATA = "avis.json"
VARIANT = "pdf/a-3a"

FAULTS = (TemplateError, SchwiftyException, ValueError, TypeError, AttributeError, LookupError, OSError)


class _Complaints(logging.Handler):
    """What WeasyPrint only logs: an image that it can't read, a rule that it doesn't know. For us these are faults."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())

    def raise_any(self) -> None:
        if self.heard:
            complaint = "; ".join(self.heard)
            self.heard.clear()
            raise ValueError(complaint)


@cache
def _complaints() -> _Complaints:
    complaints, logger = _Complaints(), logging.getLogger("weasyprint")
    logger.addHandler(complaints)
    logger.propagate = False
    return complaints


def render(notice: Notice, house: House) -> bytes:
    """The document, as PDF.

    Raises Permanent, which names the notice and what is wrong with it: a letter that the font lacks, a bad IBAN, a
    fault in a template, a font that isn't there. The next notice may well be fine.
    """
    try:
        return _print(notice, house)
    except FAULTS as fault:
        raise Permanent(f"notice {notice.number}: {fault}") from fault


def render_paper(template: str, house: House, number: str, **facts: Any) -> bytes:
    """Another document of a lease, of the same make: `template` of `templates/notices`. Raises Permanent likewise."""
    try:
        html = page.paper(template, house, logo=_logo(house.logo), number=number, **facts)
        return _printed(html, house, number, [])
    except FAULTS as fault:
        raise Permanent(f"{template} {number}: {fault}") from fault


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that travels inside a document."""

    name: str
    text: str
    made: datetime

    @property
    def digest(self) -> str:
        """Its sha256 (hex), for the page to bear."""
        return sha256(self.text.encode()).hexdigest()


def render_sheet(
    template: str, house: House, number: str, choices: Sequence[Mapping[str, Any]], enclosed: Enclosed
) -> bytes:
    """A document for which one page is meant: the first of `choices` (facts for the template) to stand on one.

    Each of them is shorter than the one before; when none stands on one page, the last is printed all the same. Raises
    Permanent likewise.
    """

    @cache
    def laid_out(choice: int) -> Document:
        facts = {**choices[choice], "number": number, "enclosed": enclosed}
        return _laid_out(page.paper(template, house, logo=_logo(house.logo), **facts), house)

    try:
        document = laid_out(_first(len(choices), lambda choice: len(laid_out(choice).pages) == 1))
        return _written(document, number, [_attachment(enclosed, number)])
    except FAULTS as fault:
        raise Permanent(f"{template} {number}: {fault}") from fault


def _first(count: int, fits: Callable[[int], bool]) -> int:
    """The first of so many that fits, else the last; a page that is laid out takes a second, so few are tried."""
    if fits(0):
        return 0
    return min(bisect_left(range(count), True, lo=1, key=fits), count - 1)


def legible(text: str) -> str:
    """A correspondent's words as the font can show them: a sign that it lacks becomes a question mark."""
    return "".join(letter if ord(letter) in _letters() else "?" for letter in text)


def missing_fonts(folder: Path | None = None) -> tuple[str, ...]:
    """The font files that printing needs and doesn't find (in `templates/fonts`): for `check`."""
    paths = ((folder or page.folder("fonts")) / face for face in FACES)
    return tuple(str(path) for path in paths if not path.is_file())


def _print(notice: Notice, house: House) -> bytes:
    html = page.page(notice, house, logo=_logo(house.logo), transfer=transfer(notice, house))
    return _printed(html, house, notice.number, [data(notice)])


def _printed(html: str, house: House, number: str, attachments: list[Attachment]) -> bytes:
    return _written(_laid_out(html, house), number, attachments)


def _laid_out(html: str, house: House) -> Document:
    complaints, press = _complaints(), _press(house.colour)
    _check_letters(html)
    document = HTML(string=html, url_fetcher=_only("data")).render(
        stylesheets=[press.sheet], font_config=press.fonts, pdf_variant=VARIANT
    )
    complaints.raise_any()
    return document


def _written(document: Document, number: str, attachments: list[Attachment]) -> bytes:
    printed = document.write_pdf(
        attachments=attachments, pdf_variant=VARIANT, pdf_identifier=number.encode(), finisher=_declare_accessible
    )
    _complaints().raise_any()
    return bytes(printed)


# --- parsed once a process


@dataclass(frozen=True, slots=True)
class _Press:
    fonts: FontConfiguration
    sheet: CSS


@lru_cache(maxsize=8)
def _press(colour: str) -> _Press:
    """Fonts and style sheet of a house, shared by all its notices."""
    if missing := missing_fonts():
        raise FileNotFoundError(f"the fonts of the notices are missing: {', '.join(missing)}")
    fonts = FontConfiguration()
    text = page.sheet(colour, page.folder("fonts").as_uri())
    return _Press(fonts, CSS(string=text, font_config=fonts, url_fetcher=_only("file")))


@cache
def _only(protocol: str) -> URLFetcher:
    return URLFetcher(allowed_protocols={protocol}, fail_on_errors=True)


@cache
def _letters() -> frozenset[int]:
    """The characters that both faces can show."""
    return frozenset.intersection(*(_covered(page.folder("fonts") / face) for face in FACES))


def _covered(path: Path) -> frozenset[int]:
    with TTFont(path) as font:
        return frozenset(font.getBestCmap())


# --- what goes into the page


def _check_letters(html: str) -> None:
    text = unescape(sub(r"<[^>]*>", "", html))
    lacking = sorted({letter for letter in text if ord(letter) not in _letters() and letter not in "\n\t"})
    if lacking:
        named = ", ".join(f"{letter!r} (U+{ord(letter):04X})" for letter in lacking)
        raise ValueError(f"the font has no {named}")


def transfer(notice: Notice, house: House) -> page.Transfer | None:
    """For whom a payment is expected from, and for nobody else: a second payment would follow a direct debit."""
    if notice.way is not Way.PAY or not house.bank.iban:
        return None
    iban = IBAN(house.bank.iban)
    reference = f"{notice.lease.id} {notice.period.name}"  # names the term: the debtor's choice (C. civ. 1342-10)
    text = epc.payload(house.bank.holder, iban.compact, house.bank.bic, notice.total_due, reference)
    return page.Transfer(iban.formatted, reference, _qr(text))


def _qr(text: str) -> str:
    code = segno.make_qr(text, error="m", encoding="utf-8", mask=MASK, boost_error=False)
    return code.svg_data_uri(border=0, omitsize=True, xmldecl=False)


@lru_cache(maxsize=8)
def _logo(image: bytes) -> str:
    if not image:
        return ""
    kind = "image/png" if image.startswith(b"\x89PNG") else "image/svg+xml"
    return f"data:{kind};base64,{b64encode(image).decode()}"


def data(notice: Notice) -> Attachment:
    """The notice itself, for a machine that reads it (PDF/A-3 wants the date and the relationship)."""
    text = json.dumps(facts(notice), ensure_ascii=False, indent=1)
    return _attachment(Enclosed(DATA, text, _midnight(notice.issued_on)), notice.number)


def _attachment(enclosed: Enclosed, number: str) -> Attachment:
    return Attachment(
        string=enclosed.text,
        name=enclosed.name,
        created=enclosed.made,
        modified=enclosed.made,
        relationship="Data",
        description=number,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


# PDF/UA-1 (ISO 14289-1, 5) is claimed by a property that PDF/A-3 wants described (ISO 19005-3, 6.6.2.3).
_ACCESSIBLE = b"""
<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1" />
<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"
 rdf:about=""><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
</rdf:RDF>"""


def _declare_accessible(_document: Any, pdf: Any) -> None:
    """Called by WeasyPrint just before it writes: it can declare PDF/A or PDF/UA, and both hold here."""
    number = int(pdf.catalog["Metadata"].split()[0])
    metadata = pdf.objects[number]
    metadata.stream = [part.replace(b"</rdf:RDF>", _ACCESSIBLE) for part in metadata.stream]
