"""Commands in a mail: what is read of each line, and that none of them travels."""

from datetime import date

import pytest

from rules.commands import TABLE, Command, Fault, Name, keeps_text_inside, read_commands
from rules.fold import fold

TUESDAY = date(2026, 11, 24)


def one(line: str) -> Command:
    (found,), rest = read_commands(line, TUESDAY)
    assert rest == ""
    return found


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("#clos", Name.CLOSE),
        ("# Clos.", Name.CLOSE),
        ("#CLÔTURE", Name.CLOSE),
        ("#tel vu avec elle", Name.PHONE),
        ("#téléphone", Name.PHONE),
        ("#séparer", Name.SPLIT),
        ("#depart", Name.RELABEL),
        ("#oui", Name.CONFIRM),
        ("#  clos", Name.CLOSE),
        ("- #clos : c’est fini", Name.CLOSE),
        ("• #clos", Name.CLOSE),
        ("« #clos »", Name.CLOSE),
        ("*#clos*", Name.CLOSE),
        ("#délai 3jours la pièce est commandée", Name.EXTEND),
        ("#envoyer", Name.SEND),
    ],
)
def test_accents_capitals_and_what_stands_around_it_don_t_matter(line: str, name: Name) -> None:
    assert (one(line).name, one(line).fault) == (name, None)


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("#rappel vendredi", date(2026, 11, 27)),
        ("#rappel mardi", date(2026, 12, 1)),
        ("#rappel demain", date(2026, 11, 25)),
        ("#rappel le 3 décembre", date(2026, 12, 3)),
        ("#rappel dans 3 jours", date(2026, 11, 27)),
        ("#rappel dans une semaine", date(2026, 12, 1)),
        ("#rappel 1er janvier", date(2027, 1, 1)),
        ("#suivi 15/12", date(2026, 12, 15)),
        ("#suivi 2026-12-15", date(2026, 12, 15)),
        ("#suivi 15/12/26", date(2026, 12, 15)),
        ("#attente artisan jeudi 3 décembre", date(2026, 12, 3)),
        ("#courrier 23/11 1A 234", date(2026, 11, 23)),
        ("#courrier 23 décembre", date(2025, 12, 23)),
    ],
)
def test_days_are_read_as_people_write_them(line: str, day: date) -> None:
    assert one(line).day == day


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("#terminé", Fault.UNKNOWN),
        ("#rappel", Fault.DATE),
        ("#rappel 31/02", Fault.DATE),
        ("#courrier 30/11/2026", Fault.FUTURE),
        ("#rappel 12/11/2026", Fault.PAST),
        ("#suivi 12/11/2026", Fault.PAST),
        ("#attente artisan 12/11/2026", Fault.PAST),
        ("#urgent #pour Sissoko", Fault.PLACE),
        ("#délai bientôt", Fault.DAYS),
        ("#délai 0 jour", Fault.DAYS),
        ("#attente Godot", Fault.AWAITED),
        ("#réclamation toto", Fault.KIND),
        ("#rattacher", Fault.LEASE),
        ("#fusionner celui-là", Fault.CASE),
        ("#pour", Fault.PERSON),
        ("#aide", Fault.HELP),
    ],
)
def test_what_is_missing_or_wrong_is_said(line: str, fault: Fault) -> None:
    assert one(line).fault is fault
    assert one(line).line == line


def test_what_follows_is_kept() -> None:
    assert (one("#délai 3 jours plombier malade").days, one("#délai 3 jours plombier malade").reason) == (
        3,
        "plombier malade",
    )
    assert one("#délai deux semaines").days == 14
    assert one("#réclamation comptabilité").whom == "reclamation/comptabilite"
    assert one("#rattacher l00113").whom == "L00113"
    assert one("#fusionner vm-2026-000012").whom == "VM-2026-000012"
    assert one("#pour Amaury Sissoko-Brun").whom == "Amaury Sissoko-Brun"
    assert one("#courrier 23/11 1A 234").reason == "1A 234"


def test_a_line_that_begins_with_a_number_sign_and_a_number_is_text() -> None:
    assert read_commands("#1 du palier\nle code est #12", TUESDAY) == ((), "#1 du palier\nle code est #12")


def test_no_command_stays_in_the_text_wherever_it_stands() -> None:
    found, rest = read_commands("#urgent\nBonjour,\n#truc\nle plombier passe.\n#clos", TUESDAY)

    assert [command.word for command in found] == ["urgent", "truc", "clos"]
    assert rest == "Bonjour,\nle plombier passe."


@pytest.mark.parametrize(
    "text", ["Cordialement, #clos", "Bonjour, #clos le plombier passe jeudi.", "Merci (#note elle ment)"]
)
def test_a_command_in_the_middle_of_a_line_is_a_slip_and_never_travels(text: str) -> None:
    (found,), _ = read_commands(f"Bonjour,\n{text}", TUESDAY)

    assert (found.fault, found.line) == (Fault.PLACE, text)


@pytest.mark.parametrize(
    "text", ["l'appartement #12", "notre page #immobilier", "voir https://aubrelac.test/aide#note", "- #bruit du soir"]
)
def test_a_number_sign_in_a_sentence_is_text(text: str) -> None:
    assert read_commands(text, TUESDAY) == ((), text)


def test_what_is_closed_waits_for_nothing() -> None:
    found, _ = read_commands("#clos\n#suivi 15/12\n#urgent", TUESDAY)

    assert [command.fault for command in found] == [None, Fault.AGAINST, None]


def test_the_text_beside_some_commands_is_ours() -> None:
    assert keeps_text_inside(read_commands("#note", TUESDAY)[0])
    assert not keeps_text_inside(read_commands("#clos\n#urgent", TUESDAY)[0])


def test_every_word_of_the_table_is_folded_and_has_its_reason() -> None:
    assert all(row.word == fold(row.word) and row.reason for row in TABLE)
    assert len({row.word for row in TABLE}) == len(TABLE)
