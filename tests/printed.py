"""A PDF as an accounting software prints it: lines of text on pages, and nothing else."""

import io
from collections.abc import Sequence

import pikepdf


def printed(pages: Sequence[Sequence[str]]) -> bytes:
    """One page for each list of lines."""
    written = io.BytesIO()
    with pikepdf.new() as document:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name.Helvetica,
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
        for lines in pages:
            page = document.add_blank_page(page_size=(595, 842))
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=document.make_indirect(font)))
            page.Contents = document.make_stream(_drawn(lines))
        document.save(written)
    return written.getvalue()


def _drawn(lines: Sequence[str]) -> bytes:
    shown = []
    for number, line in enumerate(lines):
        text = line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        shown.append(b"BT /F1 11 Tf 60 %d Td (%s) Tj ET" % (780 - 18 * number, text))
    return b"\n".join(shown)
