"""The month's notices, from the accounts to the tenant's mailbox: approved by accounting, sent once, kept for good."""

import csv
import json
import re
import subprocess
from collections import Counter
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from daemon.notices.document import text_of as printed_text
from tests.accounts import balances
from tests.notices import ACCOUNTING, FEW, few_accounts, looked_at, notice_office, pdfs_of, whole_office
from tests.office import Office, letter, parsed, text_of

TERM = ("--period", "2026-11")
POSTED = {"L00105", "L00108", "L00117"}
__all__ = ["few_accounts", "looked_at", "notice_office", "whole_office"]


def show(office: Office, period: str = "2026-11") -> dict[str, dict[str, Any]]:
    return {row["lease"]: row for row in office.json("notices", "show", "--period", period)}


def send(office: Office) -> Office:
    """The whole run, by commands."""
    for command in ("prepare", "approve", "send"):
        office.command("notices", command, *TERM)
    return office


@pytest.fixture
def sent(notice_office: Office) -> Office:
    return send(notice_office)


@pytest.fixture(scope="module")
def gone_out(looked_at: Office) -> Office:
    return send(looked_at)


# Receipts for October in the sample's November run: a part, none; every other lease has a quittance.
PART = {"L00104", "L00106", "L00135", "L00157"}
NOTHING = {"L00116", "L00118", "L00119", "L00120", "L00133", "L00149", "L00155"}
GONE = {"L00124", "L00139"}  # owe nothing: no paper


@pytest.mark.slow
def test_the_whole_run_of_the_sample_agency(whole_office: Office) -> None:
    rows = show(send(whole_office))

    assert set(balances()) - set(rows) == GONE
    receipts = {lease: "reçu" if lease in PART else "none" if lease in NOTHING else "quittance" for lease in rows}
    assert {lease: row["receipt"] for lease, row in rows.items()} == receipts
    for lease, row in rows.items():
        assert Decimal(row["opening_balance"]) == balances()[lease]
        assert Decimal(row["total_due"]) == Decimal(row["opening_balance"]) + Decimal(row["term_due"])
    assert Counter(row["status"] for row in rows.values()) == {"sent": 48, "printed": 10}
    mailed = [one.recipient for one in whole_office.sink.accepted if not one.recipient.endswith("aubrelac.test")]
    assert len(mailed) == 48
    for row in rows.values():
        assert (whole_office.tree / row["pdf"]).read_bytes().startswith(b"%PDF")
        assert (row["sent_at"] is None) is (row["status"] == "printed")
    assert whole_office.json("notices", "audit", *TERM) == []


def test_a_tenant_who_left_with_a_debt_gets_a_statement_and_no_call_of_rent(whole_office: Office) -> None:
    debt = whole_office.folder / "debt.csv"
    line = "2026-10-15,L00139,regularisation,Régularisation charges 2025,120.00,0.00,REG-2025-L00139-B"
    debt.write_text(f"date,lease_id,kind,label,debit_eur,credit_eur,reference\n{line}\n")
    whole_office.command("import", "movements", str(debt))

    whole_office.command("notices", "prepare", *TERM, "--lease", "L00139")
    whole_office.command("notices", "approve", *TERM)
    whole_office.command("notices", "send", *TERM)

    row = show(whole_office)["L00139"]
    assert (row["term_due"], row["total_due"], row["receipt"]) == ("0.00", "120.00", "none")
    page = subprocess.run(
        ["pdftotext", "-layout", str(whole_office.tree / row["pdf"]), "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "Avis d’échéance" not in page
    assert "120,00" in page
    assert "Régularisation" in page


def test_one_mail_is_short_personal_and_brings_its_document(gone_out: Office) -> None:
    mail, *_ = gone_out.said_to("ewen.legoff@example.org")

    text = text_of(mail)

    assert text.startswith(
        "Bonjour M. Le Goff,\n\nVotre avis d’échéance de novembre 2026 est joint, avec la quittance d’octobre 2026."
    )
    assert "Total à régler : 807,84 €, pour le dimanche 1er novembre 2026." in text
    assert "IBAN : FR76 3000 6000 0112 3456 7890 189" in text
    assert "Référence à rappeler : L00102 2026-11" in text
    assert mail["Reply-To"] == "gestion@aubrelac.test"
    assert mail["Subject"] == "Votre avis d’échéance de novembre 2026"
    assert len(text) < 1200
    (pdf,) = pdfs_of(mail)
    assert show(gone_out)["L00102"]["pdf"]
    assert (gone_out.tree / show(gone_out)["L00102"]["pdf"]).read_bytes() == pdf


def test_a_tenant_on_direct_debit_sees_no_way_to_pay_twice(gone_out: Office) -> None:
    mail, *_ = gone_out.said_to("clemence.bonnefoy@example.org")

    text = text_of(mail)

    assert re.search("889,36 € (seront prélevés le|relèvent du prélèvement du) jeudi 5 novembre 2026", text)
    assert "IBAN" not in text


def test_those_by_post_are_merged_by_postcode_for_window_envelopes(gone_out: Office) -> None:
    folder = gone_out.folder / "state" / "notices" / "2026-11"

    with (folder / "courrier-1.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    with pikepdf.open(folder / "courrier-1.pdf") as batch:
        pages = len(batch.pages)

    postcodes = [row["Code postal"] for row in rows]
    assert postcodes == sorted(postcodes)
    assert len(rows) == len(POSTED)
    assert sum(int(row["Pages"]) for row in rows) == pages
    assert {row["Bail"] for row in rows} == {lease for lease, row in show(gone_out).items() if row["channel"] == "post"}
    assert rows[0]["Ligne 1"]
    again = gone_out.command("notices", "print-batch", *TERM, "--again", "1")
    assert again.startswith(f"{len(POSTED)} letters, {pages} pages\n"), "what the one who fills envelopes counts"


def test_again_nothing_is_sent_twice(gone_out: Office) -> None:
    before = len(gone_out.sink.accepted)

    gone_out.command("notices", "send", *TERM)
    send(gone_out)

    assert len(gone_out.sink.accepted) == before


def test_a_correction_replaces_and_both_are_kept(sent: Office) -> None:
    first = show(sent)["L00102"]["pdf"]
    more = sent.folder / "more.csv"
    more.write_text(
        "date,lease_id,kind,label,debit_eur,credit_eur,reference\n"
        "2026-10-30,L00102,reglement,Virement,0.00,100.00,VIR-LATE-1\n"
    )
    sent.command("import", "movements", str(more))

    sent.command("notices", "prepare", *TERM, "--lease", "L00102")
    sent.command("notices", "approve", *TERM)
    sent.command("notices", "send", *TERM)

    row = show(sent)["L00102"]
    assert row["opening_balance"] == "52.84"
    assert row["pdf"] != first
    assert (sent.tree / first).exists()
    old, new = sent.said_to("ewen.legoff@example.org")
    assert "annule et remplace le document n° 202611-L00102" in text_of(new)
    assert "annule" not in text_of(old)


def _answer(office: Office, text: str, sender: str = ACCOUNTING, **headers: Any) -> EmailMessage:
    """Accounting answers the summary; returns that summary."""
    office.once()
    summary = office.said_to(ACCOUNTING)[-1]
    headers.setdefault("In_Reply_To", str(summary["Message-ID"]))
    office.deliver(letter(sender, f"Re: {summary['Subject']}", text, **headers))
    office.once()
    return summary


def test_accounting_answers_the_summary_and_all_of_it_leaves(notice_office: Office) -> None:
    notice_office.command("notices", "prepare", *TERM)

    summary = _answer(notice_office, "Bonjour,\n\n#envoyer sauf L00105\n\nMerci")

    assert len(pdfs_of(summary)) == 3
    assert "#envoyer" in text_of(summary)
    notice_office.once()
    rows = show(notice_office)
    assert rows["L00105"]["status"] == "prepared"
    assert Counter(row["status"] for row in rows.values()) == {
        "sent": len(FEW) - 3,
        "printed": 2,
        "prepared": 1,
    }
    assert any("Avis retenu : L00105." in text_of(mail) for mail in notice_office.said_to(ACCOUNTING))
    notice_office.command("notices", "prepare", *TERM)
    again = _answer(notice_office, "#envoyer")
    assert "#envoyer avec L00105" in text_of(again)
    assert show(notice_office)["L00105"]["status"] == "prepared"
    _answer(notice_office, "#envoyer avec L00105", In_Reply_To=str(again["Message-ID"]))
    assert show(notice_office)["L00105"]["status"] == "approved", "it goes with the next day's post"


FORGED: tuple[dict[str, Any], ...] = (
    {"In_Reply_To": "<forged@aubrelac.test>"},
    {"In_Reply_To": "<x@y>", "Authentication_Results": "mx.other.test; dmarc=pass header.from=aubrelac.test"},
    {"In_Reply_To": "<x@y>", "Authentication_Results": "mx.agence.test; spf=pass smtp.mailfrom=evil.example"},
)


def test_only_a_proven_answer_to_the_last_summary_approves(notice_office: Office) -> None:
    def statuses() -> set[str]:
        return {row["status"] for row in show(notice_office).values()}

    def last_answer() -> str:
        return text_of(notice_office.said_to(ACCOUNTING)[-1])

    notice_office.command("notices", "prepare", *TERM)
    notice_office.once()
    older = str(notice_office.said_to(ACCOUNTING)[-1]["Message-ID"])
    forged = [letter(ACCOUNTING, "Re: Avis", f"Bonjour {n}\n\n#envoyer", **one) for n, one in enumerate(FORGED)]
    notice_office.deliver(*forged)
    notice_office.once()
    assert statuses() == {"prepared"}, "a name in From proves nothing"
    refusals = [text_of(mail) for mail in notice_office.said_to(ACCOUNTING)[1:]]
    assert ["rien ne prouve qu’elle vient de vous" in one for one in refusals] == [True] * len(FORGED)

    more = notice_office.folder / "more.csv"
    more.write_text(
        "date,lease_id,kind,label,debit_eur,credit_eur,reference\n"
        "2026-10-30,L00102,reglement,Virement,0.00,100.00,VIR-LATE-1\n"
    )
    notice_office.command("import", "movements", str(more))
    notice_office.command("notices", "prepare", *TERM)
    _answer(notice_office, "#envoyer", In_Reply_To=older)
    assert statuses() == {"prepared"}
    assert "Les chiffres ont changé" in last_answer()

    proof = {"In_Reply_To": "<x@y>", "Authentication_Results": "mx.agence.test; dmarc=pass header.from=aubrelac.test"}
    _answer(notice_office, "#envoyer 2026-11", **proof)
    assert "prepared" not in statuses(), "the agency's own server is believed"


def test_prefers_paper_before_it_leaves(notice_office: Office) -> None:
    notice_office.command("notices", "prepare", *TERM)
    notice_office.command("notices", "approve", *TERM)
    notice_office.deliver(
        letter("ewen.legoff@example.org", "Mes avis", "Bonjour, je préfère le papier pour mes avis d'échéance.")
    )

    notice_office.once()
    notice_office.once()

    row = show(notice_office)["L00102"]
    assert (row["channel"], row["status"]) == ("post", "printed")
    (mail,) = notice_office.said_to("ewen.legoff@example.org")
    assert "arriveront par la poste" in text_of(mail)
    notice_office.command("notices", "prepare", "--period", "2026-12")
    assert show(notice_office, "2026-12")["L00102"]["channel"] == "post"


def bounce_of(taken: Any) -> bytes:
    """A delivery report, as Postfix writes it, to the address that the mail came from."""
    message = parsed(taken)
    return (
        f"Return-Path: <>\r\nDelivered-To: {taken.sender}\r\nFrom: MAILER-DAEMON@mx.example.org (Mail Delivery System)\r\n"
        f"To: {taken.sender}\r\nSubject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n"
        "Date: Tue, 24 Nov 2026 10:00:00 +0100\r\nMessage-ID: <dsn1@mx.example.org>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {taken.recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        f"--B\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message['Message-ID']}\r\n\r\n--B--\r\n"
    ).encode()


def test_a_bounce_sends_that_months_by_post_and_tells_the_manager(sent: Office) -> None:
    (taken,) = [one for one in sent.sink.accepted if one.recipient == "ewen.legoff@example.org"]
    sent.deliver(bounce_of(taken))

    sent.once()
    printed = sent.command("notices", "print-batch", *TERM)

    assert printed.startswith("1 letter, 1 page\n")
    with (sent.folder / "state" / "notices" / "2026-11" / "courrier-2.csv").open(encoding="utf-8-sig") as file:
        (posted,) = csv.DictReader(file, delimiter=";")
    assert (posted["Bail"], posted["Ligne 1"], posted["Ville"]) == ("L00102", "M. Ewen Le Goff", "Lyon")
    row = show(sent)["L00102"]
    assert (row["channel"], row["status"]) == ("post", "printed")
    (told,) = [text_of(one) for one in sent.said_to("d.faucheux@aubrelac.test")]
    assert "Cet avis partira par la poste : vous n’avez rien à renvoyer." in told
    assert "retry" not in told, "it would go twice"
    assert "délai" not in told, "a notice has no case"
    assert "550 5.1.1 no such user" in told
    sent.command("notices", "prepare", "--period", "2026-12")
    assert show(sent, "2026-12")["L00102"]["channel"] == "email"


def test_a_refused_address_goes_by_post_too(notice_office: Office) -> None:
    notice_office.sink.acts["ewen.legoff@example.org"] = ["550 5.1.1 no such user"]
    for command in ("prepare", "approve", "send"):
        notice_office.command("notices", command, *TERM)

    notice_office.once()
    notice_office.command("notices", "print-batch", *TERM)

    assert show(notice_office)["L00102"]["status"] == "printed"


# --- documents on request


def asked(office: Office, *letters: bytes) -> None:
    office.deliver(*letters)
    office.once()
    office.once()


def told_of(office: Office, lease: str) -> list[str]:
    """What our own people were told of a lease."""
    texts = [text_of(parsed(one)) for one in office.sink.accepted if one.recipient.endswith("@aubrelac.test")]
    return [text for text in texts if lease in text]


@pytest.fixture
def case_of(requests: Office) -> dict[str, dict[str, Any]]:
    return {case["lease"]: case for case in requests.cases()}


def test_a_receipt_that_was_sent_is_taken_from_the_tree(gone_out: Office) -> None:
    ewen = "ewen.legoff@example.org"

    asked(gone_out, letter(ewen, "Demande", "Bonjour, pouvez-vous m'envoyer ma quittance d'octobre 2026 ? Merci"))

    (pdf,) = pdfs_of(gone_out.said_to(ewen)[-1])
    assert pdf == (gone_out.tree / show(gone_out)["L00102"]["pdf"]).read_bytes()


def test_a_statement_asks_for_no_other_total_than_the_notice_did(gone_out: Office) -> None:
    """The call of November isn't in accounting's export yet: it stands apart, and the sum is the notice's."""
    ewen, clemence = "ewen.legoff@example.org", "clemence.bonnefoy@example.org"

    asked(
        gone_out,
        *(letter(one, "Relevé", "Bonjour, merci de m'envoyer un relevé de compte.") for one in (ewen, clemence)),
    )

    (by_debit,) = pdfs_of(gone_out.said_to(clemence)[-1])
    assert "exigible par prélèvement le 5 novembre 2026" in printed_text(by_debit).replace(" 827,18 €", "")
    (pdf,) = pdfs_of(gone_out.said_to(ewen)[-1])
    said = printed_text(pdf)
    issued = show(gone_out)["L00102"]
    assert issued["total_due"] == "807.84"
    assert re.search(r"Solde du compte au \d+ \w+ 2026 152,84 €", said)
    assert "Terme de novembre 2026, appelé par l’avis n° 202611-L00102 du" in said
    assert "pas encore comptabilisé" in said
    assert re.search(r"comptabilisé.*655,00 €|655,00 €.*comptabilisé", said)
    assert "Total dû, terme appelé compris 807,84 €" in said
    assert "Reste à régler" not in said


@pytest.fixture
def requests(notice_office: Office) -> Office:
    """Five requests that came together."""
    texts = {
        "ewen.legoff@example.org": "Bonjour, pouvez-vous m'envoyer ma quittance d'août 2026 ? Merci",
        "famille.traore@example.org": "Bonjour, merci de m'envoyer ma quittance de novembre 2026.",
        "curieux@example.com": "Bonjour, je suis Nawal El Khattabi, merci de m'envoyer ma quittance d'octobre 2026.",
        "clemence.bonnefoy@example.org": (
            "Bonjour, merci de m'envoyer un relevé de compte et une attestation de location."
        ),
        "soren.ostergaard@example.com": (
            "Bonjour, merci de m'envoyer ma quittance de septembre 2026. "
            "Par ailleurs, l'interphone ne marche plus depuis lundi."
        ),
    }
    asked(notice_office, *(letter(sender, "Demande", text) for sender, text in texts.items()))
    return notice_office


def test_a_document_asked_for_comes_at_once_to_its_holder_or_a_person_knows_why(
    requests: Office, case_of: dict[str, dict[str, Any]]
) -> None:
    (receipt,) = requests.said_to("ewen.legoff@example.org")
    assert "votre quittance d’août 2026" in text_of(receipt)
    assert any("Quittance d’août 2026" in path.name for path in requests.filed("*.pdf"))
    assert [pdf.startswith(b"%PDF") for pdf in pdfs_of(receipt)] == [True]
    assert (case_of["L00102"]["status"], told_of(requests, "L00102")) == ("answered", [])

    both = requests.said_to("clemence.bonnefoy@example.org")
    assert [len(pdfs_of(mail)) for mail in both] == [1, 1], "a statement and a certificate"

    (plain,) = requests.said_to("famille.traore@example.org")
    assert pdfs_of(plain) == [], "the ordinary acknowledgement"
    (told,) = told_of(requests, "L00105")
    assert "terme absent du compte : 2026-11" in told or "terme sans règlement" in told
    assert case_of["L00105"]["status"] == "open"

    assert sum(len(pdfs_of(mail)) for mail in requests.said_to("soren.ostergaard@example.com")) == 1
    assert (case_of["L00112"]["status"], len(told_of(requests, "L00112"))) == ("open", 1), "another matter is in it"

    assert all(not pdfs_of(mail) for mail in requests.said_to("curieux@example.com"))
    assert requests.said_to("nawal.elkhattabi@example.org") == [], "nobody else gets a tenant's document"
    assert len(requests.filed("*.pdf")) == 4


def test_what_the_sidecar_of_a_notice_says(gone_out: Office) -> None:
    side = next(
        one
        for one in gone_out.sidecars()
        if one.get("kind") == "rent_notice" and one.get("document", {}).get("lease") == "L00102"
    )

    assert side["document"]["key"] == "rent_notice/L00102/2026-11"
    assert side["said"] == ["rent_notice/L00102/2026-11"]
    assert side["document"]["total_due"] == "807.84"
    assert Path(side["files"][0]["name"]).name.startswith("2026-11-01 Avis d’échéance de novembre 2026")
    assert json.dumps(side)
