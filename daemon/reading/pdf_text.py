"""The words of each page of a PDF that somebody else made.

They are read in a process of its own: a file that makes the reader (pdfium) fall costs an answer, never the daemon.
"""

import json
import subprocess
import sys

import pypdfium2

from daemon.errors import Permanent

PATIENCE = 300.0  # seconds for one file
MOST_PAGES = 20_000


def pages_of(pdf: bytes) -> list[str]:
    """Each page's text. Raises Permanent when the file can't be read."""
    command = [sys.executable, "-m", "daemon.reading.pdf_text"]
    try:
        read = subprocess.run(command, input=pdf, capture_output=True, check=True, timeout=PATIENCE)  # noqa: S603
        pages: list[str] = json.loads(read.stdout)
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise Permanent("unreadable") from error
    return pages


def _read(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    if len(document) > MOST_PAGES:
        raise ValueError(f"{len(document)} pages")
    return [_text(document, number) for number in range(len(document))]


def _text(document: pypdfium2.PdfDocument, number: int) -> str:
    page = document[number]
    words = page.get_textpage()
    text: str = words.get_text_range()
    words.close()
    page.close()
    return text


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_read(sys.stdin.buffer.read())))
