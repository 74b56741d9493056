"""What accounting reads about the files that it sends: in French, the same in both forms, whatever there is to tell."""

import re
from typing import Any

import pytest

from tests.outgoing import MailRoom, html_of, parsed, text_of
from tests.test_french import readable, words

LINES = [
    {"line": 3, "column": "Débit", "value": "12,345", "advice": "plus de deux décimales"},
    {"line": 4, "column": "", "value": "2026-10-01", "advice": "ligne coupée"},
    {"line": 5, "column": "Pièce", "value": "", "advice": "cette cellule ne peut pas être vide"},
    {"line": 0, "column": "", "value": "", "advice": "le fichier est vide"},
]
TAKEN = {
    "file": "export.csv", "taken": True, "added": 3420, "updated": 1, "unchanged": 0, "accounts": 60,
    "total": "1\N{NO-BREAK SPACE}234,56\N{NO-BREAK SPACE}€", "owed": "2\N{NO-BREAK SPACE}€", "credit": "1\N{NO-BREAK SPACE}€",
    "lines": [], "more": 0,
}  # fmt: skip
BATCH: dict[str, Any] = {
    "file": "q.pdf", "refused": "", "period": "2026-12", "month": "décembre 2026", "pages": 8, "leases": 7,
    "unclaimed": [], "disputed": [], "missing": [], "extra": [], "late": [], "differing": [], "more": 0,
}  # fmt: skip
WRONG = {
    "unclaimed": [4], "disputed": [5, 6], "missing": ["L00105"], "extra": ["L00124"], "late": ["L00101"], "more": 2,
    "differing": [
        {"lease": "L00102", "printed": "1,00\N{NO-BREAK SPACE}€", "ours": "2,00\N{NO-BREAK SPACE}€"},
        {"lease": "L00103", "printed": "", "ours": "3,00\N{NO-BREAK SPACE}€"},
    ],
}  # fmt: skip
CASES = [
    ("notice_ledger", TAKEN, {}),
    ("notice_ledger", TAKEN | {"lines": LINES, "more": 3}, {}),
    (
        "notice_ledger",
        {"file": "x.csv", "taken": False, "lines": LINES, "more": 0},
        {"subject": "notice_ledger_refused"},
    ),
    ("notice_exchange_refused", {"from": "compta@aubrelac.test", "files": ["a.csv", "b.xlsx"]}, {}),
    ("notice_batch", BATCH, {"titles": {"month": "de décembre 2026"}}),
    ("notice_batch", BATCH | WRONG, {"titles": {"month": "de décembre 2026"}}),
    *(
        ("notice_batch", {"file": "q.pdf", "refused": why}, {"subject": "notice_batch_refused"})
        for why in ("unreadable", "no_period", "no_lease")
    ),
]


@pytest.mark.parametrize(("template", "exchange", "more"), CASES)
def test_it_reads_well_and_its_two_forms_say_the_same(
    mail_room: MailRoom, template: str, exchange: dict[str, Any], more: dict[str, Any]
) -> None:
    row = mail_room.say(template, None, {"exchange": exchange} | more)

    mail = mail_room.compose(row)
    text, page = text_of(mail), html_of(mail)

    faults = r"None|undefined|\{[{%]| {2}| [,.)]|\(\)|\( |,,|[^.]\.\.[^.]|« »|<>|\n{3}|:\n\n?-- "
    assert re.findall(faults, text) == [], text
    assert sorted(words(readable(page))) == sorted(words(text) + words("Régie Aubrelac"))
    assert "None" not in str(parsed(mail)["Subject"])
    for one in exchange.get("lines", ()):
        assert one["advice"] in text
