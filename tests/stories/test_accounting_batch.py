"""Accounting prints its notices itself: its one file is taken apart, checked, approved and sent as ours are."""

import io
import json
from decimal import Decimal
from typing import Any

import pikepdf
import pytest

from daemon.reading.pdf_text import pages_of
from tests.notices import ACCOUNTING, FEW, few_accounts, notice_office, pdfs_of
from tests.office import Office, letter, text_of
from tests.printed import printed

BELIEVED = {"Authentication_Results": "mx.agence.test; dmarc=pass header.from=aubrelac.test"}
TERM = ("--period", "2026-11")
__all__ = ["few_accounts", "notice_office"]


def french(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",")


def page_of(lease: str, total: Decimal, more: str = "") -> list[str]:
    return [
        "RÉGIE AUBRELAC (logiciel comptable)",
        f"AVIS D'ÉCHÉANCE novembre 2026   Réf. {lease}",
        "Loyer et charges 123,45",
        f"TOTAL A PAYER : {french(total)} EUR",
        *([more] if more else []),
    ]


@pytest.fixture
def totals(notice_office: Office) -> dict[str, Decimal]:
    """What the accounts ask of each lease."""
    notice_office.command("notices", "prepare", *TERM)
    rows = notice_office.json("notices", "show", *TERM)
    notice_office.once()
    return {row["lease"]: Decimal(row["total_due"]) for row in rows}


def mail_batch(office: Office, pages: list[list[str]], name: str = "quittancement-2026-11.pdf") -> str:
    """Accounting mails its file; returns what it hears first."""
    office.deliver(letter(ACCOUNTING, "Avis", "Ci-joint.", attachments=((name, printed(pages)),), **BELIEVED))
    office.once()
    answers = [one for one in office.said_to(ACCOUNTING) if "fichier de la comptabilité" in one["Subject"]]
    return text_of(answers[-1])


def show(office: Office) -> dict[str, dict[str, Any]]:
    return {row["lease"]: row for row in office.json("notices", "show", *TERM)}


def approve(office: Office) -> None:
    """`#envoyer` in answer to the last summary."""
    summary = [one for one in office.said_to(ACCOUNTING) if "à approuver" in one["Subject"]][-1]
    office.deliver(letter(ACCOUNTING, f"Re: {summary['Subject']}", "#envoyer", In_Reply_To=str(summary["Message-ID"])))
    office.once()
    office.once()


def test_each_page_goes_to_its_tenant_by_their_channel_once_approved(
    notice_office: Office, totals: dict[str, Decimal]
) -> None:
    text = mail_batch(notice_office, [page_of(lease, total) for lease, total in totals.items()])

    assert "est découpé pour novembre 2026 : 8 pages, 8 baux" in text
    assert "Les totaux des pages sont ceux des comptes." in text
    assert notice_office.said_to("ewen.legoff@example.org") == []

    approve(notice_office)

    rows = show(notice_office)
    assert {row["status"] for row in rows.values()} == {"sent", "printed"}
    (mail,) = notice_office.said_to("ewen.legoff@example.org")
    (pdf,) = pdfs_of(mail)
    (page,) = pages_of(pdf)
    assert "logiciel comptable" in page
    assert "L00102" in page
    assert (notice_office.tree / rows["L00102"]["pdf"]).read_bytes() == pdf
    assert "quittance" not in text_of(mail)
    assert f"Total à régler : {french(totals['L00102'])} €" in text_of(mail)
    assert notice_office.json("notices", "audit", *TERM) == []


def test_the_sidecar_proves_where_the_pages_come_from(notice_office: Office, totals: dict[str, Decimal]) -> None:
    mail_batch(notice_office, [page_of(lease, total) for lease, total in totals.items()])
    approve(notice_office)

    records = [one for one in notice_office.sidecars() if one.get("document", {}).get("supplied")]

    assert len(records) == len(FEW)
    proofs = {one["document"]["lease"]: one["document"]["supplied"] for one in records}
    assert proofs["L00101"]["pages"] == [list(totals).index("L00101") + 1]
    letters = {one["digest"] for one in notice_office.sidecars() if one.get("direction") == "in"}
    assert {proof["letter"] for proof in proofs.values()} <= letters


def test_what_is_wrong_is_told_and_nothing_leaves_before_the_approval(
    notice_office: Office, totals: dict[str, Decimal]
) -> None:
    pages = [page_of(lease, total) for lease, total in totals.items() if lease != "L00105"]
    pages[0] = page_of("L00101", totals["L00101"] + 10)
    pages += [["Une page sans référence"], ["Baux L00101 et L00102", "Total 1,00"]]

    text = mail_batch(notice_office, pages)

    assert f"L00101 : page {french(totals['L00101'] + 10)} €, compte {french(totals['L00101'])} €" in text
    assert f"Pages qu’aucun bail ne réclame, envoyées à personne : {len(pages) - 1}." in text
    assert f"Pages qui nomment plusieurs baux, envoyées à personne : {len(pages)}." in text
    assert "Baux sans page, dont l’avis est fait ici : L00105." in text
    notice_office.command("notices", "send", *TERM)
    assert {row["status"] for row in show(notice_office).values()} == {"prepared"}
    summary = [one for one in notice_office.said_to(ACCOUNTING) if "à approuver" in one["Subject"]][-1]
    assert "la page imprimée et le compte ne demandent pas la même somme" in text_of(summary)


def test_a_second_page_follows_the_first_when_it_says_so(notice_office: Office, totals: dict[str, Decimal]) -> None:
    pages = []
    for lease, total in totals.items():
        pages += [page_of(lease, total, "Page 1/2"), ["Conditions générales", "Page 2/2"]]

    text = mail_batch(notice_office, pages)
    approve(notice_office)

    assert "aucun bail ne réclame" not in text
    (pdf,) = pdfs_of(notice_office.said_to("ewen.legoff@example.org")[0])
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert len(document.pages) == 2


def test_an_approval_of_other_pages_approves_nothing(notice_office: Office, totals: dict[str, Decimal]) -> None:
    mail_batch(notice_office, [page_of(lease, total) for lease, total in totals.items()])
    older = [one for one in notice_office.said_to(ACCOUNTING) if "à approuver" in one["Subject"]][-1]
    mail_batch(notice_office, [page_of(lease, total, "corrigé") for lease, total in totals.items()])

    notice_office.deliver(letter(ACCOUNTING, "Re: Avis", "#envoyer", In_Reply_To=str(older["Message-ID"])))
    notice_office.once()

    assert {row["status"] for row in show(notice_office).values()} == {"prepared"}


def test_what_is_approved_already_is_not_changed_by_another_file(
    notice_office: Office, totals: dict[str, Decimal]
) -> None:
    notice_office.command("notices", "approve", *TERM)

    text = mail_batch(notice_office, [page_of(lease, total) for lease, total in totals.items()])
    notice_office.once()

    assert "Baux dont l’avis est déjà approuvé" in text
    (pdf,) = pdfs_of(notice_office.said_to("ewen.legoff@example.org")[0])
    assert "logiciel comptable" not in pages_of(pdf)[0]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"%PDF-1.4 no more", "avis-cut-2026-11 quittances.pdf", "Le fichier ne se lit pas"),
        (printed([["Bonjour"]]), "avis quittances.pdf", "Le mois appelé ne s’y trouve pas"),
        (printed([["Bonjour"]]), "quittances 2026-11.pdf", "Aucune page ne porte la référence d’un bail connu"),
    ],
)
def test_a_file_that_cannot_be_used_is_answered(notice_office: Office, content: bytes, name: str, said: str) -> None:
    notice_office.deliver(letter(ACCOUNTING, "Lot", "Ci-joint.", attachments=((name, content),), **BELIEVED))

    notice_office.once()

    (answer,) = notice_office.said_to(ACCOUNTING)
    assert said in text_of(answer)
    assert notice_office.json("notices", "show", *TERM) == []


def test_an_unverified_batch_is_not_used(notice_office: Office, totals: dict[str, Decimal]) -> None:
    content = printed([page_of("L00101", totals["L00101"] + 500)])
    notice_office.deliver(
        letter(ACCOUNTING, "Avis", "Ci-joint.", attachments=(("quittancement-2026-11.pdf", content),))
    )

    notice_office.once()

    assert json.dumps(show(notice_office)["L00101"]["total_due"]) == json.dumps(str(totals["L00101"]))
    assert any("non importé" in one["Subject"] for one in notice_office.said_to("direction@aubrelac.test"))
