"""The mails about the notices, in every variant, as their readers see them."""

import re
from html import unescape
from typing import Any

import pytest

from archive.records import Outgoing
from daemon.notices import telling
from daemon.sending.compose import Composed
from rules.notice import Party
from tests.outgoing import MailRoom, html_of, parsed, text_of

NB = "\N{NO-BREAK SPACE}"
TOLD = {
    "greeting": "Mme Bonnefoy", "statement": False, "month": "de décembre 2026",
    "receipts": [{"full": True, "month": "de novembre 2026"}, {"full": False, "month": "d’octobre 2026"}],
    "way": "pay", "total": f"827,18{NB}€", "credit": "", "due": "mardi 1er décembre 2026", "debit": "", "debit_past": False,
    "mandate": "", "holder": "Régie Aubrelac", "iban": "FR76", "bic": "AGRI", "reference": f"L00101{NB}2026-12",
    "home": "14 rue du Puits, 69005 Lyon", "replaces": "",
}  # fmt: skip
LETTERS: dict[str, dict[str, Any]] = {
    "pay": {},
    "no bank": {"holder": "", "iban": "", "bic": "", "reference": ""},
    "debit": {"way": "debit", "debit": "samedi 5 décembre 2026", "mandate": "RUM-1"},
    "debit without mandate": {"way": "debit", "debit": "samedi 5 décembre 2026"},
    "debit gone by": {"way": "debit", "debit": "jeudi 5 novembre 2026", "mandate": "RUM-1", "debit_past": True},
    "credit": {"way": "nothing", "credit": f"12,00{NB}€"},
    "even": {"way": "nothing", "receipts": []},
    "statement": {"statement": True, "receipts": []},
    "correction": {"replaces": "202612-L00101"},
}
RUN = {
    "period": "2026-12", "month": "décembre 2026", "count": 1200, "kept": 3, "called": f"9{NB}000,00{NB}€",
    "total": f"9{NB}000,00{NB}€", "by_mail": 48, "by_post": 10, "full": 50, "part": 2, "leaves": "vendredi 20 novembre 2026 à 9 h",
    "counts": [{"what": "assurance expirée ou inconnue", "count": 2}], "more": 5, "held": ["L00105", "L00117"], "second": "direction@aubrelac.test", "no_bank": True,
    "odd": [{"lease": "L00101", "name": "Bonnefoy", "what": "pas d’adresse postale", "detail": "", "notice": False},
            {"lease": "L00102", "name": "Le Goff", "what": "total au-delà de la limite", "detail": f"7{NB}000,00{NB}€", "notice": True}],
}  # fmt: skip
NOTICES: dict[str, tuple[str, dict[str, Any]]] = {
    "run": ("notice_run", RUN),
    "plain run": ("notice_run", RUN | {"kept": 0, "counts": [], "odd": [], "more": 0, "held": [], "second": "", "no_bank": False}),
    "only one held": ("notice_run", RUN | {"count": 0, "held": ["L00105"]}),
    "posted": ("notice_run_posted", {"month": "décembre 2026", "letters": 10, "pages": 12, "unaddressed": ["L1"], "enclosed": True, "path": ""}),
    "posted, one": ("notice_run_posted", {"month": "décembre 2026", "letters": 1, "pages": 1, "unaddressed": [], "enclosed": True, "path": ""}),
    "posted, heavy": ("notice_run_posted", {"month": "décembre 2026", "letters": 10, "pages": 12, "unaddressed": [], "enclosed": False, "path": "/x"}),
    "failed": ("notice_run_failed", {"period": "2026-12", "month": "décembre 2026", "failed": [{"lease": "L1", "why": "the font has no 丁"}]}),
    "approved": ("notice_run_answer", {"approved": 58, "missing": "", "held": ["L00105"], "month": "décembre 2026", "leaves": "vendredi 20 novembre 2026 à 9 h"}),
    "half approved": ("notice_run_answer", {"approved": 0, "missing": "direction@aubrelac.test", "held": [], "month": "décembre 2026", "leaves": ""}),
    **{why: ("notice_run_answer", {"refused": why, "word": "envoyer"}) for why in ("unverified", "outdated", "unknown_lease", "bare_lease", "not_waiting", "no_run", "unknown")},
}  # fmt: skip


def letter(room: MailRoom, changes: dict[str, Any]) -> Outgoing:
    details = {
        "told": TOLD | changes,
        "titles": {"month": "de décembre 2026"},
        "subject": "call",
        "party": "tenant",
        "lease": "L00101",
        "person": "G1",
    }
    return room.say(
        "rent_notice", None, details, kind="rent_notice", automatic=False, bulk=True, recipient="x@example.org"
    )


def notice(room: MailRoom, template: str, run: dict[str, Any]) -> Outgoing:
    return room.say(template, None, {"run": run, "titles": {"month": "de décembre 2026"}})


@pytest.fixture(params=[*LETTERS, *NOTICES, "document", "on paper"])
def mail(request: pytest.FixtureRequest, mail_room: MailRoom) -> Composed:
    name = request.param
    if name in LETTERS:
        return mail_room.compose(letter(mail_room, LETTERS[name]))
    if name in NOTICES:
        return mail_room.compose(notice(mail_room, *NOTICES[name]))
    told = {"greeting": "Mme Bonnefoy", "paper": "votre quittance d’octobre 2026", "on_paper": name == "on paper"}
    case = mail_room.case()
    row = mail_room.say("document", case, {"told": told, "party": "tenant"}, kind="document", automatic=False)
    return mail_room.compose(row)


def test_it_reads_well(mail: Composed) -> None:
    text = text_of(mail)

    assert re.findall(r"None|undefined|\{[{%]| {2}| [,.)]|\(\)|\( |,,|[^.]\.\.[^.]|« »|<>|\n{3}", text) == [], text


def test_its_two_forms_say_the_same_words(mail: Composed) -> None:
    def words(text: str) -> list[str]:
        return sorted(re.findall(r"[\w@.+’'-]*\w", text))

    body = html_of(mail).partition("<body")[2].partition(">")[2]
    shown = unescape(re.sub(r"<[^>]+>", " ", body)).replace(NB, " ")

    assert words(shown) == words(text_of(mail) + " Régie Aubrelac")


def test_its_typography_is_french(mail: Composed) -> None:
    body = parsed(mail).get_body(("plain",))
    assert body is not None
    assert re.findall(r" [;:!?»]|« |[^\s(]«|\w[!?»]\w", str(body.get_content())) == []


@pytest.mark.parametrize(
    ("party", "first_line"),
    [
        (Party("Mme", ("Clémence",), "Bonnefoy"), "Bonjour Mme Bonnefoy,"),
        (Party("M. et Mme", (), "Traoré"), "Bonjour M. et Mme Traoré,"),
        (Party("", (), "SARL Martin"), "Bonjour,"),
        (Party("SARL", (), "Martin"), "Bonjour,"),
        (Party("M.", (), "S.C.I. du Balisier"), "Bonjour,"),
        (Party("", (), "Association Les Amis du Rhône"), "Bonjour,"),
        (Party("", ("Thu Hà",), "Nguyễn"), "Bonjour,"),
        (Party("M.", ("Rui",), "Sá"), "Bonjour M. Sá,"),
    ],
)
def test_a_person_is_greeted_by_name_and_a_company_is_not(party: Party, first_line: str, mail_room: MailRoom) -> None:
    composed = mail_room.compose(letter(mail_room, {"greeting": telling.greeting([party])}))

    assert text_of(composed).splitlines()[0] == first_line
    assert f"<p>{first_line}</p>" in html_of(composed)


def test_one_letter_is_no_plural(mail_room: MailRoom) -> None:
    one, more = (text_of(mail_room.compose(notice(mail_room, *NOTICES[name]))) for name in ("posted, one", "posted"))

    assert "à poster : 1 pli, 1 page." in one
    assert "à poster : 10 plis, 12 pages." in more


@pytest.mark.parametrize("name", ["run", "posted", "failed", "approved", "half approved"])
def test_a_month_that_begins_with_a_vowel_elides_the_word_before_it(name: str, mail_room: MailRoom) -> None:
    template, run = NOTICES[name]

    composed = mail_room.compose(notice(mail_room, template, run | {"month": "août 2026"}))

    for text in (text_of(composed), unescape(html_of(composed))):
        assert "d’échéance d’août 2026" in text
        assert "de août" not in text


def test_only_who_must_pay_sees_an_account(mail_room: MailRoom) -> None:
    for name, changes in LETTERS.items():
        text = text_of(mail_room.compose(letter(mail_room, changes)))

        assert ("IBAN" in text) is (name in {"pay", "statement", "correction"})


def test_it_is_no_newsletter_and_fetches_nothing(mail_room: MailRoom) -> None:
    """A filter sees a personal letter: one sender throughout, no list to leave (a word in answer stops it), no picture."""
    composed = mail_room.compose(letter(mail_room, {}))
    mail = parsed(composed)

    assert "gestion@aubrelac.test" in mail["From"]
    assert mail["Sender"] is None
    assert [name for name in mail if name.lower().startswith("list-")] == []
    assert re.findall(r"<img|url\(|src=|https?://", html_of(composed)) == []


def test_a_failure_may_come_back_and_nothing_else_is_asked(mail_room: MailRoom) -> None:
    mail = parsed(mail_room.compose(letter(mail_room, {})))

    assert mail["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"] == "gestion@aubrelac.test"
    assert "http" not in html_of(mail_room.compose(letter(mail_room, {})))
