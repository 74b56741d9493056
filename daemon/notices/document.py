"""A printed notice, read back: the data that it carries, and the words that it shows."""

import io
import subprocess
from functools import cache

from pydantic import TypeAdapter

from daemon.errors import Permanent
from rules.notice import Notice

READER = "pdftotext"  # of poppler-utils


@cache
def _reader() -> TypeAdapter[Notice]:
    return TypeAdapter(Notice)


def read_data(text: str | bytes) -> Notice:
    """A notice from its JSON (rules.notice.facts). Raises ValueError when it isn't one."""
    return _reader().validate_json(text)


def data_of(pdf: bytes) -> Notice:
    """The notice that a document carries. Raises Permanent when it carries none."""
    import pikepdf  # noqa: PLC0415  with WeasyPrint it takes 45 MB: loaded when something is printed

    from daemon.pdf import DATA  # noqa: PLC0415

    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return read_data(document.attachments[DATA].get_file().read_bytes())
    except (pikepdf.PdfError, KeyError, ValueError) as error:
        raise Permanent(f"the document carries no readable {DATA}: {error}") from error


def text_of(pdf: bytes) -> str:
    """What a document shows, each run of blanks as one space. Raises Permanent without a reader."""
    try:
        read = subprocess.run([READER, "-layout", "-", "-"], input=pdf, capture_output=True, check=True)  # noqa: S603
    except FileNotFoundError:
        raise Permanent(f"{READER} is missing: install poppler-utils") from None
    except subprocess.CalledProcessError as error:
        raise Permanent(f"{READER}: {error.stderr.decode(errors='replace').strip()}") from error
    return " ".join(read.stdout.decode(errors="replace").split())
