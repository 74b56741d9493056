"""What ISO 14289-1 (PDF/UA) asks of a printed notice, as far as it can be read from the file.

The judge of the field is veraPDF, a Java program that Debian doesn't carry: where there is one, run it by hand when the
templates change much (`verapdf --flavour ua1 avis.pdf`). What is looked at here is what a template can break.
"""

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pikepdf
import pytest

from tests.daemon.test_pdf import SAMPLE, printed, structure

PAINTS = frozenset(["Tj", "TJ", "'", '"', "Do", "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh", "EI"])
FOOT = 6  # lines at the foot of each page, which a reader need not hear again
KINDS = frozenset(
    f"/{kind}"
    for kind in [
        "Document",
        "Sect",
        "Div",
        "P",
        "Span",
        "NonStruct",
        "H1",
        "H2",
        "Table",
        "THead",
        "TBody",
        "TR",
        "TH",
        "TD",
        "Figure",
        "L",
        "LI",
        "Lbl",
        "LBody",
        "Link",
    ]
)


@pytest.fixture(params=SAMPLE)
def document(request: pytest.FixtureRequest) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(printed(request.param))) as opened:
        yield opened


def elements(node: Any) -> Iterator[Any]:
    """The structure tree in the order of reading: elements, and numbers of marked contents."""
    if isinstance(node, pikepdf.Array):
        for one in node:
            yield from elements(one)
        return
    yield node
    if isinstance(node, pikepdf.Dictionary) and "/K" in node:
        yield from elements(node.K)


def marked(page: pikepdf.Page) -> tuple[list[int], list[str]]:
    """The numbers of a page's marked contents, and what is painted outside of any (7.1)."""
    numbers, outside, depth = [], [], 0
    for instruction in pikepdf.parse_content_stream(page):
        operands = list(instruction.operands)
        match str(instruction.operator):
            case "BDC" | "BMC":
                depth += 1
                if len(operands) > 1 and "/MCID" in operands[1]:
                    numbers.append(int(operands[1].MCID))
            case "EMC":
                depth -= 1
            case paints if paints in PAINTS and not depth:
                outside.append(paints)
    return numbers, outside


def test_everything_painted_is_an_artifact_or_is_read_once(document: pikepdf.Pdf) -> None:
    root = document.Root.StructTreeRoot
    pages = [marked(page) for page in document.pages]
    read = [int(one) for one in elements(root.K) if isinstance(one, int)]

    painted = {page.obj.StructParents: len(numbers) for page, (numbers, _) in zip(document.pages, pages, strict=True)}
    mapped = {int(root.ParentTree.Nums[n]): len(root.ParentTree.Nums[n + 1]) for n in range(0, 2 * len(pages), 2)}
    assert [outside for _, outside in pages] == [[] for _ in pages]
    assert mapped == painted
    assert not Counter(read) - Counter(number for numbers, _ in pages for number in numbers)
    assert sum(mapped.values()) - len(read) <= FOOT * len(pages)


def test_kinds_are_those_of_the_standard_and_headings_begin_with_the_title(document: pikepdf.Pdf) -> None:
    kinds = [str(one.S) for one in elements(document.Root.StructTreeRoot.K) if not isinstance(one, int) and "/S" in one]

    assert set(kinds) <= KINDS
    assert next(kind for kind in kinds if kind.startswith("/H")) == "/H1"


def test_every_cell_of_a_table_names_its_headers(document: pikepdf.Pdf) -> None:
    tables = structure(document, "/Table")

    assert len(tables) >= 2
    for table in tables:
        cells = [one for one in elements(table) if not isinstance(one, int)]
        headers = {bytes(one.ID) for one in cells if one.get("/S") == "/TH"}
        data = [one for one in cells if one.get("/S") == "/TD"]
        assert headers
        assert all({bytes(name) for name in one.A.Headers} <= headers and len(one.A.Headers) for one in data)


def test_a_reader_is_told_the_title_the_language_and_what_a_picture_says(document: pikepdf.Pdf) -> None:
    metadata = document.open_metadata()

    assert metadata["dc:title"] == str(document.docinfo.Title)
    assert "L00" in metadata["dc:title"]
    assert (str(document.Root.Lang), bool(document.Root.ViewerPreferences.DisplayDocTitle)) == ("fr", True)
    assert metadata["pdfuaid:part"] == "1"
    assert all(str(figure.Alt) for figure in structure(document, "/Figure"))
    assert not document.Root.get("/AcroForm")


def test_every_letter_can_be_copied_and_read(document: pikepdf.Pdf) -> None:
    fonts = [one for one in document.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Font"]
    shown = [font for font in fonts if font.Subtype == "/Type0"]

    assert shown
    assert all("/ToUnicode" in font for font in shown)
