"""Names are readable by people and harmless to every file system."""

import unicodedata
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import pairwise

import pytest

from archive import names
from tests.plis import JPEG

MOMENT = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)
HOSTILE = (
    "../../etc/passwd", "C:\\Windows\\system32", "a\0b", "con", "CON.txt", "com1 .log", "LPT¹", "aux.tar.gz", "conin$",
    "", " ", ".", "..", "...", "-rf", "\u202egnp.exe", "a\u200bb", "\ud800", "\ue000", "e\u0301", "<script>", 'a|b?c*d"e',
    "x" * 500, "é" * 300, "🏠" * 200, " - ", "~", "a\r\nb", "\u2028", ".ged", "\x7f", "a" * 119 + "é", "ﬀ" * 100,
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_any_text_makes_one_harmless_component(text: str) -> None:
    made = names.component(text)

    assert made
    assert len(made.encode()) <= 120
    assert not set(made) & set('/\\:*?"<>|')
    assert made == made.strip(" .-")
    assert made == unicodedata.normalize("NFC", made)
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} for c in made)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_name_that_is_made_is_not_changed_again(text: str) -> None:
    made = names.component(text)

    assert names.component(made) == made


def test_a_subject_reads_as_it_was_written() -> None:
    assert names.component("Fuite\r\n salle   de bain à 14:32") == "Fuite salle de bain à 14h32"


@pytest.mark.parametrize("device", ["con", "PRN", "aux.txt", "nul.tar.gz", "COM7", "lpt³.x", "CONOUT$", "com1 .log"])
def test_a_device_of_windows_is_no_name(device: str) -> None:
    assert names.component(device) == f"_{device}"


@pytest.mark.parametrize("word", ["console", "auxiliaire", "commun", "com10", "nullité"])
def test_a_word_that_begins_like_a_device_is_left_alone(word: str) -> None:
    assert names.component(word) == word


def test_a_long_name_keeps_its_beginning_and_a_trace_of_the_rest() -> None:
    one, other = names.component("loyer " * 40 + "1"), names.component("loyer " * 40 + "2")

    assert one != other
    assert one.startswith("loyer loyer")
    assert one[-7] == "~"


def test_a_character_is_never_cut_in_two() -> None:
    assert names.component("a" + "é" * 300).encode().decode()


def test_the_folder_of_a_lease_begins_with_codes() -> None:
    folder = names.lease_folder("0042", "12 rue des Lilas", "Montreuil", "A12", "B01234", "DUPONT Marie", 2026)

    assert folder == (
        "Immeubles", "0042 - 12 rue des Lilas, Montreuil", "Lot A12", "Bail B01234 - DUPONT Marie", "2026",
    )  # fmt: skip


def test_unattached_letters_stand_under_their_day() -> None:
    assert names.unattached_folder(date(2026, 1, 4)) == ("Non rattachés", "2026", "01", "04")


def test_owners_stand_under_their_name() -> None:
    assert names.owner_folder("Indivision Roche/Maillard", 2026) == (
        "Propriétaires",
        "Indivision Roche-Maillard",
        "2026",
    )


def test_what_a_lease_is_called_never_hides_its_code() -> None:
    folder = names.lease_folder("0042", "Résidence " * 20, "Lyon", "Garage 12 bis", "B01234", "DE LA TOUR " * 9, 2026)

    _, _, building, lot, lease, _ = fitted = names.fit(("A" * 28, *folder))

    assert building.startswith("0042 - Résidence")
    assert lot == "Lot Garage 12 bis"
    assert lease.startswith("Bail B01234 - DE LA")
    assert len("/".join(fitted)) <= names.FOLDER_CHARACTERS


def test_the_code_of_an_agency_survives_a_long_name() -> None:
    assert names.agency_folder("Régie Aubrelac [AG01]") == "Régie Aubrelac [AG01]"
    assert names.agency_folder("Cabinet " * 20 + "[AG01]").endswith(" [AG01]")
    assert len(names.agency_folder("Cabinet " * 20 + "[AG01]")) <= 28


def test_a_folder_is_known_by_its_code_and_not_by_its_label() -> None:
    before = ("Régie [AG01]", "Immeubles", "0042 - Les Lilas", "Lot A", "Bail B1 - DUPONT")
    after = ("Autre nom [AG01]", "Immeubles", "0042 - Les Roses", "Lot a", "Bail B1 - DURAND")

    identities = [[names.identity(path[: n + 1]) for n in range(5)] for path in (before, after)]

    assert identities[0] == identities[1]


def test_two_owners_with_a_dash_in_their_names_are_two() -> None:
    one, other = (("A [1]", "Propriétaires", f"SCI Dupont - {name}") for name in ("Martin", "Durand"))

    assert names.identity(one) != names.identity(other)


def test_a_code_with_a_dash_in_it_is_not_taken_for_code_and_label() -> None:
    one = names.lease_folder("0042", "", "", "", "B1 - 2", "X", 2026)[3]
    other = names.lease_folder("0042", "", "", "", "B1 - 3", "X", 2026)[3]

    assert names.identity(("A", "Immeubles", "", "", one)) != names.identity(("A", "Immeubles", "", "", other))


def test_a_path_too_long_is_shortened_at_its_longest_folder() -> None:
    fitted = names.fit(("Agence [AG01]", "x" * 110, "Bail B1 - " + "y" * 40, "2026"))

    assert len("/".join(fitted)) <= names.FOLDER_CHARACTERS
    assert fitted[0] == "Agence [AG01]"
    assert fitted[2].startswith("Bail B1 - ")


def test_a_path_of_too_many_folders_is_refused() -> None:
    with pytest.raises(ValueError, match="too many folders"):
        names.fit(("dix lettres",) * 30)


def test_a_title_tells_when_and_which_way() -> None:
    assert names.title(MOMENT, "Reçu", " Fuite\n ") == "2026-11-24 14h32 Reçu - Fuite"
    assert names.title(MOMENT, "Reçu", "") == "2026-11-24 14h32 Reçu"


def test_an_id_says_the_same_of_the_same_bytes_and_fits_the_telephone() -> None:
    ids = [names.whole_id(sha256(bytes([n])).hexdigest()) for n in range(200)]

    assert len(set(ids)) == 200
    assert all(len(each) == 52 for each in ids)
    assert not set("".join(ids)) & set("ilouILOU")


def test_ids_sort_like_the_digests_they_come_from() -> None:
    digests = sorted(sha256(bytes([n])).hexdigest() for n in range(200))

    assert all(names.whole_id(one) < names.whole_id(other) for one, other in pairwise(digests))


PROGRAM = b"MZ\x90\0" + bytes(60)


@pytest.mark.parametrize(
    ("name", "media_type", "content", "expected"),
    [
        ("photo fuite.jpeg", "image/jpeg", JPEG, "01 photo fuite.jpg"),
        ("scan.png", "image/png", JPEG, "01 scan.png.jpg"),
        ("", "application/pdf", b"%PDF-1.7\n", "01.pdf"),
        ("attestation.docx", "", b"PK\x03\x04" + bytes(40), "01 attestation.docx"),
        ("sans nom", "", b"PK\x03\x04" + bytes(40), "01 sans nom.zip"),
        ("note de M.Dupont", "text/plain", b"bonjour", "01 note de M.Dupont.txt"),
        ("rendez-vous.ics", "text/calendar", b"BEGIN:VCALENDAR\r\n", "01 rendez-vous.ics"),
        ("vide.pdf", "application/pdf", b"", "01 vide.pdf.txt"),
        ("donnees", "", b"a\0b\0c", "01 donnees.bin"),
        ("BMW.txt", "text/plain", b"BMW et PKW", "01 BMW.txt"),
        ("C:\\Users\\x\\lettre.txt", "text/plain", b"bonjour", "01 C--Users-x-lettre.txt"),
        ("../../x.txt", "text/plain", b"bonjour", "01 x.txt"),
        ("..", "text/plain", b"bonjour", "01.txt"),
    ],
)
def test_an_attachment_is_called_after_its_sender_s_name_and_its_own_bytes(
    name: str, media_type: str, content: bytes, expected: str
) -> None:
    assert names.attachment_name(1, name, media_type, content, 60) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("facture.pdf", PROGRAM),
        ("facture.pdf.exe", b"%PDF-1.7\n"),
        ("photo\u202egpj.exe", JPEG),
        ("macro.vbs", b"Dim x"),
        ("install", b"#!/bin/sh\n"),
        ("raccourci.LNK", b"x"),
        ("page.hta", b"<html>"),
        ("lib.so", b"\x7fELF" + bytes(40)),
    ],
)
def test_what_a_double_click_would_run_is_blocked(name: str, content: bytes) -> None:
    assert names.attachment_name(1, name, "application/pdf", content, 60).endswith(".bloqué")


def test_the_longest_attachment_keeps_its_number_and_extension() -> None:
    name = names.attachment_name(12, "devis " * 100 + ".pdf", "application/pdf", b"%PDF-1.7\n", 30)

    assert len(name) <= 30
    assert name.startswith("12 devis")
    assert name.endswith(".pdf")
