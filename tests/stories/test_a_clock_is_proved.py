"""The history of a case's clock, printed on demand and kept in the document tree."""

import json
from hashlib import sha256

from tests.office import Office, letter
from tests.plis import verify


def test_the_proof_of_a_clock_is_printed_and_filed_beside_the_letter(office: Office) -> None:
    office.deliver(letter())
    office.once()
    (case,) = office.cases()
    out = office.folder / "preuve.pdf"

    assert any(case["ref"] in line and "Fuite" in line for line in office.command("cases").splitlines())
    assert "Reçu" in office.command("case", case["ref"])
    told = json.loads(office.command("case", case["ref"], str(out), "--proof", "--json"))

    printed = out.read_bytes()
    assert printed.startswith(b"%PDF")
    assert told["sha256"] == sha256(printed).hexdigest()
    assert (office.tree / told["path"]).read_bytes() == printed
    (received,) = [path for path in office.filed() if "Reçu" in path.name]
    assert (office.tree / told["path"]).parent == received.parent
    assert verify(office.tree)[0] == 0
    assert any(message["path"] == told["path"] for message in office.json("case", case["ref"])["messages"])
    office.command("case", "VM-2026-999999", "--proof", expect=1)
    office.command("case", case["ref"], str(out), expect=2)
