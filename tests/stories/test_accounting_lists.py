"""What accounting is given: the lists of the end of the quittancement, and the contacts that changed."""

import csv
import io

from tests.notices import ACCOUNTING, few_accounts, notice_office
from tests.office import Office, letter

TERM = ("--period", "2026-11")
__all__ = ["few_accounts", "notice_office"]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_the_lists_come_with_the_summary_and_by_command_alike(notice_office: Office) -> None:
    notice_office.command("notices", "prepare", *TERM)
    notice_office.once()

    (summary,) = notice_office.said_to(ACCOUNTING)
    attached = {part.get_filename(): part for part in summary.iter_attachments()}
    mailed = table(bytes(attached["listes-2026-11.csv"].get_payload(decode=True)).decode("utf-8-sig"))
    printed = table(notice_office.command("notices", "lists", *TERM, "--csv"))

    assert mailed == printed
    told = {(row["Liste"], row["Bail"]): row for row in printed}
    assert told["Assurances", "L00102"]["Date"] == "31/08/2026"
    assert told["Quittances non délivrées", "L00120"]["Motif"] == "terme non réglé"
    assert told["Quittances non délivrées", "L00120"]["Montant"] == "72,00"
    assert ("Assurances", "L00120") not in told  # a parking place
    assert [row["lease"] for row in notice_office.json("notices", "lists", *TERM)] == [row["Bail"] for row in printed]

    assert_readable(notice_office)


def assert_readable(office: Office) -> None:
    """Eighty columns hold every lease on a line of its own, its sums whole."""
    shown = office.command("notices", "show", *TERM).splitlines()
    for row in office.json("notices", "show", *TERM):
        (line,) = [line for line in shown if row["lease"] in line]
        assert all(row[name] in line for name in ("opening_balance", "term_due", "total_due", "receipt", "status"))
    listed = office.command("notices", "lists", *TERM).splitlines()
    for row in office.json("notices", "lists", *TERM):
        lines = [line for line in listed if row["lease"] in line]
        assert any(all(row[name] in line for name in ("why", "day", "until", "amount") if row[name]) for line in lines)
    assert max(map(len, (*shown, *listed))) <= 80


def test_a_withdrawn_consent_is_given_back_with_its_proof(notice_office: Office) -> None:
    notice_office.command("notices", "prepare", *TERM)
    notice_office.deliver(
        letter("ewen.legoff@example.org", "Mes avis", "Bonjour, je préfère le papier pour mes avis d'échéance.")
    )
    notice_office.once()

    rows = table(notice_office.command("export", "contacts", "--since", "2026-11-01"))

    (one,) = rows
    assert (one["Bail"], one["Changement"], one["Valeur"]) == ("L00102", "accord retiré", "ewen.legoff@example.org")
    (proof,) = [record for record in notice_office.sidecars() if record.get("direction") == "in"]
    assert one["Preuve"] == proof["digest"]
    everything = table(notice_office.command("export", "contacts"))
    assert {"accord pour le courriel", "accord retiré"} == {row["Changement"] for row in everything}


def test_a_mapping_that_nobody_configured_is_a_mistake_of_usage(notice_office: Office) -> None:
    export = str(notice_office.folder / "x.csv")

    notice_office.command("import", "movements", export, "--mapping", "ics", expect=2)
    notice_office.command("import", "leases", export, "--mapping", "ics", expect=2)
