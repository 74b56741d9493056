"""What managers are given to read: two pages with pictures, and a sheet with every command."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from rules.commands import NAMES, Name
from rules.fold import fold

DOCS = Path(__file__).parent.parent / "docs"
FONTS = DOCS.parent / "templates" / "fonts"
SHEET = """
@font-face { font-family: House; src: url("Lato-Regular.ttf") }
@page { size: A4; margin: 15mm 16mm }
html { font: 10pt/1.25 House }
body { margin: 0 }
h1 { font-size: 15pt; margin: 0 0 2mm }
h2 { font-size: 11.5pt; margin: 3mm 0 1mm }
p { margin: 0 0 1.5mm }
table { border-collapse: collapse; width: 100%; margin: 1mm 0 }
td, th { padding: 0.5mm 1.5mm; text-align: left; vertical-align: top }
code { font: 9pt House }
img { max-width: 100%; height: 66mm }
"""


@pytest.mark.parametrize("guide", ["gestionnaires.md", "aide-memoire.md"])
def test_a_manager_reads_two_pages_with_pictures(guide: str) -> None:
    page = MarkdownIt().enable("table").render((DOCS / guide).read_text())
    fonts = FontConfiguration()
    sheet = CSS(string=SHEET, base_url=f"{FONTS}/", font_config=fonts)

    printed = HTML(string=page, base_url=f"{DOCS}/").render(stylesheets=[sheet], font_config=fonts)

    assert "<img" in page
    assert len(printed.pages) <= 2


def test_every_command_stands_on_the_sheet() -> None:
    told = set(re.findall(r"#([a-z]+)", fold((DOCS / "aide-memoire.md").read_text())))

    words = defaultdict(set)
    for word, name in NAMES.items():
        if name is not Name.SEND:  # for accounting alone
            words[name].add(word)
    assert [name for name, ways in words.items() if not ways & told] == []


@pytest.mark.parametrize(
    ("guide", "named"),
    [
        ("gestionnaires.md", "MessageCopyForSentAsEnabled"),  # without these two, Microsoft 365 keeps an answer from us
        ("gestionnaires.md", "MessageCopyForSendOnBehalfEnabled"),
        ("administrateur.md", "L1222-4"),  # C. trav.: the staff is told before they are counted one by one
    ],
)
def test_what_nobody_can_guess_is_named(guide: str, named: str) -> None:
    assert named in (DOCS / guide).read_text()
