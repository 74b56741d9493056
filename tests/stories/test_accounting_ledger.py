"""Accounting mails its export, and hears by return what was taken in, or which lines are faulty."""

import csv
import io
import sqlite3
from random import Random

import pytest
from openpyxl import Workbook

from tests.daemon.test_listen import Wire
from tests.notices import ACCOUNTING, with_notices
from tests.office import LISTS, Office, letter, text_of, until

EXPORTS = LISTS.parent / "exports"
BELIEVED = {"Authentication_Results": "mx.agence.test; dmarc=pass header.from=aubrelac.test"}
MOVEMENTS = (LISTS / "movements.csv").read_bytes()
SUPERVISOR = "direction@aubrelac.test"
HEADER = "date,lease_id,kind,label,debit_eur,credit_eur,reference\n"
SECURITY = '\n[security]\nauthserv = ["mx.agence.test"]\n'


def mailed(
    content: bytes, name: str = "movements.csv", sender: str = ACCOUNTING, subject: str = "Export", **headers: str
) -> bytes:
    return letter(sender, subject, "Ci-joint l'export.", attachments=((name, content),), **(headers or BELIEVED))


@pytest.fixture
def books(office: Office) -> Office:
    """The sample agency with its accounting department, and no movement yet."""
    return with_notices(office, (EXPORTS / "mappings.toml").read_text("utf-8") + SECURITY)


def told(office: Office) -> str:
    """The last mail to accounting."""
    return text_of(office.said_to(ACCOUNTING)[-1])


def lines_known(office: Office) -> int:
    """How many movements are known: an import of them all says how many it adds."""
    said = office.command("import", "movements", str(LISTS / "movements.csv"))
    return len(MOVEMENTS.splitlines()) - 1 - int(said.split(" added")[0].rpartition(" ")[2])


def test_the_ledger_by_mail_is_taken_in_and_answered_with_its_figures(books: Office) -> None:
    books.deliver(mailed(MOVEMENTS))

    books.once()

    (answer,) = books.said_to(ACCOUNTING)
    with (LISTS / "balances.csv").open(encoding="utf-8") as file:
        whole = sum(float(row["balance_eur_at_2026-10-31"]) for row in csv.DictReader(file))
    text = text_of(answer)
    assert answer["Subject"] == "Export comptable importé"
    assert "Le fichier « movements.csv » est importé en entier." in text
    assert "Lignes nouvelles : 3 420" in text
    assert f"Solde de tous les comptes : {whole:,.2f} €".replace(",", " ").replace(".", ",") in text
    assert "Comptes : 60" in text
    assert lines_known(books) == 3420
    assert books.cases() == []
    assert len(books.filed("*.csv")) == 1


def test_the_same_export_again_changes_nothing_and_says_so(books: Office) -> None:
    books.deliver(mailed(MOVEMENTS), mailed(MOVEMENTS, subject="Export bis"))

    books.once()

    texts = [text_of(one) for one in books.said_to(ACCOUNTING)]
    assert sorted("Lignes déjà connues : 3 420" in text for text in texts) == [False, True]
    assert sum("Lignes nouvelles : 3 420" in text for text in texts) == 1


def test_the_same_letter_twice_is_answered_once(books: Office) -> None:
    once = mailed(MOVEMENTS)
    books.deliver(once, once)

    books.once()
    books.once()

    assert len(books.said_to(ACCOUNTING)) == 1


def test_a_faulty_export_is_refused_whole_with_every_line_named(books: Office) -> None:
    lines = (
        "2026-10-01,L00101,appel,Loyer,10.00,0.00,REF-1\n"
        "2026-10-01,L99999,appel,Loyer,10.00,0.00,REF-2\n"
        "2026-10-01,L00101,appel,Loyer,10.123,0.00,REF-3\n"
        "2062-10-01,L00101,appel,Loyer,10.00,0.00,REF-4\n"
        "2026-10-01,L00101,appel,Loyer,11.00,0.00,REF-1\n"
        "2026-10-01,L00101,appel,Lo"
    )
    books.deliver(mailed((HEADER + lines).encode()))

    books.once()

    (answer,) = books.said_to(ACCOUNTING)
    text = text_of(answer)
    assert answer["Subject"] == "Export comptable à corriger : rien n’est importé"
    assert "n’est pas importé : rien n’a changé" in text
    for said in (
        "Ligne 3, lease_id « L99999 » : bail inconnu",
        "Ligne 4, debit_eur « 10.123 » : plus de deux décimales",
        "Ligne 5, date « 2062-10-01 » : l’année 2062 ne peut être juste",
        "Ligne 6, reference « REF-1 » : la ligne 2 a la même référence",
        "Ligne 7, « 2026-10-01 » : 4 valeurs pour 7 colonnes",
    ):
        assert said in text, text
    assert lines_known(books) == 0


def test_more_faults_than_a_mail_can_tell_come_as_a_list(books: Office) -> None:
    lines = "".join(f"2026-10-01,L99999,appel,Loyer,1.00,0.00,REF-{n}\n" for n in range(100))
    books.deliver(mailed((HEADER + lines).encode()))

    books.once()

    (answer,) = books.said_to(ACCOUNTING)
    (listed,) = answer.iter_attachments()
    rows = list(csv.reader(io.StringIO(listed.get_content().lstrip("\ufeff")), delimiter=";"))
    assert "Et 60 autres, dans la liste jointe." in text_of(answer)
    assert [int(row[0]) for row in rows[1:]] == list(range(2, 102))


@pytest.mark.parametrize("name", ["grand-livre-octobre.csv", "ecritures-locataires.xlsx", "extrait-comptes.txt"])
def test_a_mapping_is_chosen_by_the_files_name(books: Office, name: str) -> None:
    books.deliver(mailed((EXPORTS / name).read_bytes(), name))

    books.once()

    assert "Lignes nouvelles : 30" in told(books)
    assert lines_known(books) == 30


def test_french_excel_and_a_workbook_are_read_as_well(books: Office) -> None:
    french = HEADER.replace(",", ";") + "01/10/2026;L00101;règlement;Chèque reçu;0,00;1 234,56;CHQ-1\n"
    book = Workbook()
    assert book.active is not None
    book.active.append(HEADER.strip().split(","))
    book.active.append(["2026-10-02", "L00101", "reglement", "Chèque", 0, 10.5, "CHQ-2"])
    workbook = io.BytesIO()
    book.save(workbook)
    books.deliver(mailed(french.encode("cp1252"), "Été.csv"), mailed(workbook.getvalue(), "a.xlsx", subject="Deux"))

    books.once()

    assert all("est importé en entier" in text_of(one) for one in books.said_to(ACCOUNTING))
    assert "Solde de tous les comptes : -1 245,06 €" in told(books).replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Nothing": "1"},
        {"Authentication_Results": "mx.other.test; dmarc=pass header.from=aubrelac.test"},
        {"Authentication_Results": "mx.agence.test; dmarc=fail header.from=aubrelac.test"},
        {"Authentication_Results": "mx.agence.test; spf=pass smtp.mailfrom=evil.example"},
    ],
)
def test_an_unverified_senders_file_is_not_taken_in_and_a_person_is_told(
    books: Office, headers: dict[str, str]
) -> None:
    books.deliver(mailed(MOVEMENTS, **headers))

    books.once()

    for person in (SUPERVISOR, ACCOUNTING):
        (mail,) = books.said_to(person)
        assert mail["Subject"] == "Fichier reçu au nom de la comptabilité, non importé"
        assert "movements.csv" in text_of(mail)
    assert lines_known(books) == 0
    assert len(books.filed("*.csv")) == 1


def test_a_tenants_csv_is_nobodys_ledger(books: Office) -> None:
    books.deliver(mailed(MOVEMENTS, sender="clemence.bonnefoy@example.org", **BELIEVED))

    books.once()

    assert lines_known(books) == 0
    assert books.said_to(ACCOUNTING) == []


def test_accountings_other_addresses_are_answered_at_theirs(books: Office) -> None:
    text = books.config.read_text()
    other = "logiciel@aubrelac.test"
    books.config.write_text(text.replace("accounting =", f'accounting_also = ["{other}"]\naccounting =', 1))
    books.deliver(mailed(MOVEMENTS, sender=other, Auto_Submitted="auto-generated", **BELIEVED))

    books.once()

    (answer,) = books.said_to(other)
    assert "est importé en entier" in text_of(answer)
    assert books.said_to(ACCOUNTING) == []


def test_a_corrected_file_in_answer_to_ours_needs_no_other_proof(books: Office) -> None:
    books.deliver(mailed(b"nothing\n"))
    books.once()
    (first,) = books.said_to(ACCOUNTING)

    books.deliver(mailed(MOVEMENTS, subject="Re: export", In_Reply_To=str(first["Message-ID"])))
    books.once()

    assert "Lignes nouvelles : 3 420" in told(books)


def test_killed_anywhere_it_is_taken_in_and_answered_once(books: Office) -> None:
    chance = Random(3)  # noqa: S311  the same moments at each run
    books.deliver(mailed(MOVEMENTS))

    for _ in range(12):
        books.killed_after(chance.uniform(0, 1.2))
    books.once()
    books.once()

    answers = books.said_to(ACCOUNTING)
    assert len({str(one["Message-ID"]) for one in answers}) == 1
    assert "Lignes nouvelles : 3 420" in text_of(answers[0])
    assert lines_known(books) == 3420


def forget_that_it_is_done(office: Office) -> None:
    """As after a kill between the answer and the mark on the order."""
    with sqlite3.connect(office.folder / "state" / "vaguemestre.db") as database:
        database.execute("UPDATE \"order\" SET state = 'waiting'")
    database.close()


def test_killed_before_the_order_is_marked_it_is_not_answered_again(books: Office) -> None:
    books.deliver(mailed(MOVEMENTS))
    books.once()

    forget_that_it_is_done(books)
    books.once()

    (answer,) = books.said_to(ACCOUNTING)
    assert "Lignes nouvelles : 3 420" in text_of(answer)


def test_it_comes_in_by_lmtp_as_well(books: Office) -> None:
    text = books.config.read_text()
    socket_ = books.folder / "lmtp"
    books.config.write_text(f'{text}\n[lmtp]\nlisten = "{socket_}"\n')
    process = books.start("run")
    until(socket_.exists)
    wire = Wire(str(socket_))
    wire.begin("gestion@aubrelac.test", sender=ACCOUNTING)
    wire.data(mailed(MOVEMENTS))
    assert wire.reply().startswith("250")
    wire.close()
    until(lambda: books.said_to(ACCOUNTING), 60)
    process.terminate()
    books.finish(process)

    assert "Lignes nouvelles : 3 420" in told(books)
