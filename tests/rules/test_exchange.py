"""Which files of a letter are accounting's to take in."""

import pytest

from rules.exchange import Enclosed, Parcel, enclosed, term_named
from rules.letter import Attachment, Letter


def seen(name: str, media_type: str = "application/octet-stream", subject: str = "") -> tuple[Enclosed, ...]:
    return enclosed(Letter(subject=subject, attachments=(Attachment(name, media_type, b"x"),)))


@pytest.mark.parametrize("name", ["Export.CSV", "a.xlsx", "grand livre.txt", "old.xls", "x.tsv"])
def test_a_table_is_a_ledger(name: str) -> None:
    assert seen(name) == (Enclosed(0, name, Parcel.LEDGER),)


def test_a_table_without_a_name_is_known_by_its_kind() -> None:
    assert seen("", "text/csv") == (Enclosed(0, "export.csv", Parcel.LEDGER),)


@pytest.mark.parametrize(
    ("name", "subject", "period"),
    [
        ("quittancement-2026-12.pdf", "", "2026-12"),
        ("quittancement_202612.pdf", "", "2026-12"),
        ("lot.pdf", "Avis d'échéance décembre 2026", "2026-12"),
        ("avis de loyer.pdf", "", ""),
    ],
)
def test_a_pdf_that_speaks_of_notices_is_a_batch(name: str, subject: str, period: str) -> None:
    assert seen(name, "application/pdf", subject) == (Enclosed(0, name, Parcel.BATCH, period),)


@pytest.mark.parametrize(
    "name", ["avis-2026-12.csv", "courrier-1.csv", "courrier-1.pdf", "listes-2026-12.csv", "exemple-202612-L00101.pdf"]
)
def test_what_we_sent_ourselves_and_an_answer_brings_back_is_nothing(name: str) -> None:
    assert seen(name, subject="Re: Avis d'échéance") == ()


@pytest.mark.parametrize("name", ["facture.pdf", "logo.png", "lettre.docx"])
def test_an_invoice_and_a_picture_are_nothing(name: str) -> None:
    assert seen(name, subject="Facture du plombier") == ()


def test_a_picture_inside_the_text_and_an_empty_file_are_nothing() -> None:
    files = (Attachment("a.csv", "text/csv", b"x", inline=True), Attachment("b.csv", "text/csv", b""))

    assert enclosed(Letter(attachments=files)) == ()


@pytest.mark.parametrize(
    ("text", "period"),
    [("export_2026_12", "2026-12"), ("2026-13", None), ("120261", None), ("Décembre 2026", "2026-12"), ("", None)],
)
def test_a_term_is_named_in_several_ways(text: str, period: str | None) -> None:
    found = term_named(text)
    assert (found.name if found else None) == period
