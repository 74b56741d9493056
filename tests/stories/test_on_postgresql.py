"""A network of agencies sets `database` to PostgreSQL; nothing else changes."""

from tests.answers import MANAGER, outlook
from tests.office import LISTS, Office, letter


def test_the_whole_way_on_postgresql(office: Office, postgres_url: str) -> None:
    office.config.write_text(
        office.config.read_text().replace('archive = "GED"', f'archive = "GED"\ndatabase = "{postgres_url}"')
    )
    for kind in ("leases", "owners", "managers", "movements"):
        office.command("import", kind, str(LISTS / f"{kind}.csv"))
    office.deliver(letter(), letter("sci.balisier@example.org", "Devis", "Bonjour, où en est le devis ? Cordialement"))

    office.once()
    notice = office.said_to(MANAGER)[-1]
    office.deliver(b"Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0100\r\n" + letter(), outlook(notice, "#clos"))
    office.once()

    assert {case["sender"] for case in office.cases()} == {"clemence.bonnefoy@example.org", "sci.balisier@example.org"}
    assert len(office.said_to("clemence.bonnefoy@example.org")) == 1
    status = office.json("status")
    assert (status["seen"], status["filed"], status["duplicates"]) == (4, 3, 1)
    assert office.folders()["Clos"] == 3, "the letter, its copy and the command have followed the case"
    assert not (office.folder / "state" / "vaguemestre.db-wal").exists(), "the SQLite file beside isn't used"
