"""Whose letter it is: an equal address identifies, text only suggests."""

import time as stopwatch
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from rules.identity import Directory, LeaseEntry, ManagerEntry, OwnerEntry, PersonEntry
from rules.letter import Address, Letter
from rules.plan import Identity, Role, Suggestion
from rules.spelling import one_error_apart

NOW = datetime(2026, 11, 24, 13, 32, tzinfo=UTC)


def tenant(first: str, last: str, *emails: str, phone: str = "", role: Role = Role.TENANT) -> PersonEntry:
    return PersonEntry(role, last_name=last, first_name=first, emails=emails, phones=(phone,) if phone else ())


def lease(number: str, building: str, lot: str, *people: PersonEntry, **more: Any) -> LeaseEntry:
    streets = {
        "Résidence Les Traboules": "14 rue du Puits-d'Amour",
        "Les Alizés du Rhône": "112 rue de la Tréfilerie-Neuve",
        "Résidence Les Alizés": "22 rue des Balisiers",
        "5 rue de l'Épervière": "5 rue de l'Épervière",
        "Parking Épervière": "5 bis rue de l'Épervière",
    }
    entry = LeaseEntry(
        number, "1042", "Indivision Roche", building, address=streets.get(building, ""), lot=lot, people=people
    )
    return replace(entry, **{"manager": "G1", "site": "Lyon", **more})


LEASES = (
    lease("L00101", "Résidence Les Traboules", "A12", tenant("Clémence", "Bonnefoy", "clemence.bonnefoy@example.org")),
    lease("L00102", "Résidence Les Traboules", "A21", tenant("Ewen", "Le Goff", "ewen.legoff@example.org")),
    lease("L00103", "Résidence Les Traboules", "A22", tenant("Maëlle", "Le Goff", "maelle.legoff@example.net")),
    lease(
        "L00105", "Résidence Les Traboules", "B14",
        tenant("Ibrahim", "Traoré", "famille.traore@example.org", phone="06 39 98 36 30"),
        tenant("Fatoumata", "TRAORÉ", "famille.traore@example.org", role=Role.CO_TENANT),
    ),
    lease("L00106", "Le Clos des Canuts", "03", tenant("Aïssatou", "N'Diaye", "aissatou@example.org")),
    lease("L00109", "Le Clos des Canuts", "12", tenant("Jean", "Martin", "jean.martin@example.org")),
    lease("L00110", "L'Orée du Parc", "401", tenant("Jean-Luc", "Martin", "jl.martin@example.net")),
    lease(
        "L00113", "Les Alizés du Rhône", "D2-14",
        tenant("Karim", "Benaïssa", "karim.benaissa@example.org", "benaissa.k@example.net"),
    ),
    lease("L00119", "5 rue de l'Épervière", "3G", tenant("Nawal", "El Khattabi", "nawal@example.org")),
    lease("L00120", "Parking Épervière", "P07", tenant("Nawal", "El Khattabi", "nawal@example.org"), parking=True),
    lease("L00129", "Résidence Le Beffroi Rouge", "B09", tenant("Marie", "Lefebvre", "marie.lefebvre@example.org")),
    lease("L00130", "Résidence Le Beffroi Rouge", "B10", tenant("Marie-Ange", "Lefebvre-Lecomte", "ma@example.org")),
    lease(
        "L00133", "Cour des Brodeuses", "M5",
        tenant("Jérôme", "Delannoy", "jerome.delannoy@example.org"),
        tenant("Sophie", "Delannoy", "sophie@example.org", role=Role.FORMER),
        tenant("Michel", "Garant", "michel.garant@example.org", role=Role.GUARANTOR),
    ),
    lease("L00140", "Résidence Les Alizés", "101", tenant("Maryse", "Saint-Prix", "maryse@example.org")),
    lease("L00141", "Résidence Les Alizés", "104", tenant("Rodrigue", "Saint-Prix", "rodrigue@example.net")),
    lease("L00143", "Résidence Les Alizés", "204", tenant("Éric", "Jean-Baptiste", "eric@example.org")),
    lease("L00144", "Résidence Les Alizés", "301", tenant("Jean", "Baptiste", "jb@example.org"), site="Martinique"),
    lease("L00151", "Les Flamboyants", "T04", tenant("Anne", "Première", "commun@example.org")),
    lease("L00152", "Les Flamboyants", "C05", tenant("Zoé", "Seconde", "commun@example.org")),
    lease("L00160", "Les Flamboyants", "C06", tenant("Luc", "Parti", "luc@example.org"), left_on=date(2026, 6, 30)),
)  # fmt: skip
OWNERS = (
    OwnerEntry("Mme Anne-Sophie Ducrocq", ("1120",), ("ducrocq@example.org",), "G2"),
    OwnerEntry("Famille Un", ("1",), ("indivision@example.org",)),
    OwnerEntry("Famille Deux", ("2",), ("indivision@example.org",)),
    OwnerEntry("M. Martin Jean", ("3",), ("jean.martin@example.org",)),
)
MANAGERS = (
    ManagerEntry("G1", "Delphine Faucheux", ("d.faucheux@agence.test",), "Lyon"),
    ManagerEntry("G2", "Amaury Sissoko-Brun", ("a.sissoko@agence.test",), "Lille"),
)
DIRECTORY = Directory.of(LEASES, OWNERS, MANAGERS)


def identified(
    address: str = "inconnu@example.com", text: str = "", *, name: str = "", reply_to: str = "", subject: str = ""
) -> Identity:
    letter = Letter(
        received_at=NOW,
        sender=Address(name, address),
        subject=subject,
        text=text,
        reply_to=(Address("", reply_to),) if reply_to else (),
    )
    return DIRECTORY.identify(letter, f"{subject}\n{text}")


def suggested(text: str = "", *, name: str = "", subject: str = "", reply_to: str = "") -> tuple[Suggestion, ...]:
    found = identified(text=text, name=name, subject=subject, reply_to=reply_to)
    assert (found.party, found.lease, found.leases, found.method) == (Role.UNKNOWN, None, (), "")
    return found.suggestions


def leases_of(found: tuple[Suggestion, ...]) -> list[str]:
    return [one.lease for one in found]


# --- addresses


@pytest.mark.parametrize(
    "address",
    [
        "karim.benaissa@example.org",
        "Karim.Benaissa@Example.ORG",
        " karim.benaissa@example.org. ",
        "benaissa.k@example.net",
    ],
)
def test_every_known_address_of_a_tenant_identifies_them_however_it_is_written(address: str) -> None:
    assert identified(address) == Identity(
        Role.TENANT, "Karim Benaïssa", "L00113", ("L00113",), manager="G1", method="address"
    )


@pytest.mark.parametrize(
    ("address", "party", "name"),
    [
        ("michel.garant@example.org", Role.GUARANTOR, "Michel Garant"),
        ("sophie@example.org", Role.FORMER, "Sophie Delannoy"),
        ("luc@example.org", Role.FORMER, "Luc Parti"),
    ],
)
def test_an_address_also_tells_the_capacity(address: str, party: Role, name: str) -> None:
    found = identified(address)

    assert (found.party, found.name) == (party, name)
    assert found.lease is not None


@pytest.mark.parametrize(
    "address", ["karim.benaissa@example.com", "karim.benaissa+x@example.org", "arim.benaissa@example.org", ""]
)
def test_an_address_that_is_nearly_right_identifies_nobody(address: str) -> None:
    assert identified(address).party is Role.UNKNOWN


def test_an_owner_is_known_by_address_with_the_manager_who_answers_to_them() -> None:
    found = identified("ducrocq@example.org")

    assert (found.party, found.owner, found.manager) == (Role.OWNER, "Mme Anne-Sophie Ducrocq", "G2")
    assert DIRECTORY.site_of(found) == "Lille"


def test_two_owners_who_share_an_address_are_owners_and_neither_is_named() -> None:
    found = identified("indivision@example.org")

    assert (found.party, found.owner, found.name) == (Role.OWNER, None, "")


def test_a_manager_is_known_by_address() -> None:
    found = identified("d.faucheux@agence.test", "Les Traboules, lot A12")

    assert (found.party, found.manager, found.lease, found.suggestions) == (Role.MANAGER, "G1", None, ())


def test_a_tenant_who_is_also_an_owner_is_both() -> None:
    found = identified("jean.martin@example.org")

    assert (found.party, found.lease, found.owner) == (Role.TENANT, "L00109", "M. Martin Jean")


def test_a_household_that_shares_an_address_is_known_by_its_lease_and_nobody_is_named() -> None:
    found = identified("famille.traore@example.org")

    assert (found.party, found.lease, found.name) == (Role.TENANT, "L00105", "")


def test_strangers_who_share_an_address_are_not_told_apart_whatever_the_text_says() -> None:
    found = identified("commun@example.org", "Bonjour, Zoé Seconde, lot C05, Les Flamboyants", name="Zoé Seconde")

    assert (found.party, found.lease, found.leases, found.name) == (Role.UNCLEAR, None, (), "")
    assert leases_of(found.suggestions) == ["L00152", "L00151"]
    assert found.suggestions[0].score > found.suggestions[1].score


def test_a_reply_to_is_never_more_than_a_suggestion() -> None:
    found = suggested("Une fuite", reply_to="Karim.Benaissa@example.org")

    assert leases_of(found) == ["L00113"]
    assert found[0].score < 0.9
    assert "adresse de réponse karim.benaissa@example.org" in found[0].reasons


def test_a_tenant_without_address_is_not_every_letter_without_sender() -> None:
    directory = Directory.of([lease("L1", "Les Lilas", "A1", tenant("Léa", "Sans", "", " "))])

    assert directory.identify(Letter(received_at=NOW), "Une fuite").party is Role.UNKNOWN


def test_a_capacity_that_no_lease_should_hold_is_no_reason_to_stop() -> None:
    directory = Directory.of(
        [lease("L1", "Les Lilas", "A1", tenant("Léa", "Autre", "lea@example.org", role=Role.OTHER))]
    )

    found = directory.identify(Letter(received_at=NOW, sender=Address("", "lea@example.org")), "Une fuite")

    assert (found.party, found.lease) == (Role.OTHER, "L1")


def test_the_site_is_that_of_the_lease() -> None:
    assert DIRECTORY.site_of(identified("jb@example.org")) == "Martinique"
    assert DIRECTORY.site_of(identified("inconnu@example.com")) == ""


# --- several leases of one person


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Le chauffage ne marche plus", "L00119"),
        ("Bonjour, une question", "L00119"),
        ("Ma place de parking est occupée", "L00120"),
        ("Je résilie la location du box", "L00120"),
        ("Je rends le parking, je garde l'appartement", "L00120"),
        ("Je résilie le garage. Le logement, je le conserve.", "L00120"),
        ("Je quitte l'appartement et le parking", "L00119"),
        ("Le P07 est inondé", "L00120"),
        ("Bail L00120", "L00120"),
        ("Le 3G est inondé, la porte du parking aussi", "L00119"),
    ],
)
def test_flat_and_parking_of_one_tenant_are_told_apart_by_what_is_said(text: str, expected: str) -> None:
    found = identified("nawal@example.org", text)

    assert (found.lease, found.leases) == (expected, ("L00119", "L00120"))


def test_two_flats_of_one_tenant_that_nothing_tells_apart_leave_the_lease_open() -> None:
    both = tenant("Léa", "Double", "lea@example.org")
    directory = Directory.of([lease("L1", "Les Lilas", "A1", both), lease("L2", "Les Roses", "B2", both)])

    open_ = directory.identify(Letter(received_at=NOW, sender=Address("", "lea@example.org")), "Une fuite")
    told = directory.identify(Letter(received_at=NOW, sender=Address("", "lea@example.org")), "Une fuite au B2")

    assert (open_.party, open_.name, open_.lease, open_.leases) == (Role.TENANT, "Léa Double", None, ("L1", "L2"))
    assert told.lease == "L2"


def test_a_tenant_who_moved_within_the_agency_writes_about_the_new_flat() -> None:
    person = tenant("Léa", "Double", "lea@example.org")
    old = lease("L1", "Les Lilas", "A1", person, left_on=date(2026, 3, 31))
    directory = Directory.of([old, lease("L2", "Les Roses", "B2", person)])

    found = directory.identify(Letter(received_at=NOW, sender=Address("", "lea@example.org")), "Une fuite")

    assert (found.party, found.lease) == (Role.TENANT, "L2")


# --- suggestions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Concerne le bail L00113.", "L00113"),
        ("bail L 00113", "L00113"),
        ("réf. l-00113", "L00113"),
        ("mandat 1042, lot D2-14", "L00113"),
        ("Les Traboules, appartement A12", "L00101"),
        ("14 rue du Puits d'Amour, lot A 12", "L00101"),
        ("rappelez le 06.39.98.36.30", "L00105"),
        ("rappelez le +33 6 39 98 36 30", "L00105"),
        ("M. Bonnefoy Clémence", "L00101"),
        ("Cordialement\nClemence BONNEFOY", "L00101"),
        ("Cordialement\nClémence Bonefoy", "L00101"),
        ("Cordialement\nAissatou Ndiaye", "L00106"),
        ("Nom : EL KHATTABI Nawal", "L00119"),
        ("e-mail : benaissa.k@example.net", "L00113"),
    ],
)
def test_what_a_letter_says_suggests_a_lease_with_its_reasons(text: str, expected: str) -> None:
    found = suggested(text)

    assert found[0].lease == expected
    assert all(one.reasons for one in found)


def test_clues_add_up() -> None:
    by_name = suggested(name="Karim Benaïssa")[0]
    by_both = suggested("D2-14, Les Alizés du Rhône", name="Karim Benaïssa")[0]

    assert by_both.score > by_name.score
    assert by_both.reasons == ("nom « Karim Benaïssa »", "lot D2-14, Les Alizés du Rhône")


def test_the_name_in_an_unknown_address_counts_when_none_is_shown() -> None:
    found = identified("karim.benaissa92@example.com")

    assert (found.party, found.suggestions[0].lease) == (Role.UNKNOWN, "L00113")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bonjour, il y a une fuite.",
        "Le prix du parc me convient, merci",
        "L'article L 113 et la loi du 6 juillet 1989",
        "un T4 de 80 m2",
        "06 00 00 00 00",
    ],
)
def test_a_letter_that_says_nothing_suggests_nothing(text: str) -> None:
    assert suggested(text) == ()


@pytest.mark.parametrize("name", ["Nawal", "Jean", "Marie", "Clémence"])
def test_a_first_name_alone_suggests_little(name: str) -> None:
    assert all(one.score < 0.3 for one in suggested(name=name))


@pytest.mark.parametrize("name", ["Jean-Baptiste Noël", "Marie-Ange Martinez", "Lou-Anne Petit", "Martin Leroy"])
def test_strangers_with_common_words_in_their_names_are_not_taken_for_tenants(name: str) -> None:
    assert all(one.score < 0.3 for one in suggested(f"Cordialement\n{name}", name=name))


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("Jean Martin", {"L00109", "L00110"}),
        ("Marie Lefebvre", {"L00129", "L00130"}),
        ("Mme Le Goff", {"L00102", "L00103"}),
        ("Saint-Prix", {"L00140", "L00141"}),
        ("St Prix", {"L00140", "L00141"}),
        ("Jean Baptiste", {"L00143", "L00144"}),
    ],
)
def test_near_namesakes_are_both_listed_and_neither_is_likely(name: str, both: set[str]) -> None:
    found = suggested(name=name)

    assert set(leases_of(found)) == both
    assert all(one.score <= 0.45 for one in found)
    assert all("homonyme proche" in one.reasons[0] for one in found)


@pytest.mark.parametrize(
    ("name", "text", "first", "second"),
    [
        ("Jean-Luc Martin", "", "L00110", "L00109"),
        ("Jean Martin", "lot 12, Clos des Canuts", "L00109", "L00110"),
        ("Jean Martin", "L'Orée du Parc, lot 401", "L00110", "L00109"),
        ("Maëlle Le Goff", "", "L00103", "L00102"),
        ("Rodrigue Saint-Prix", "", "L00141", "L00140"),
        ("Éric Jean-Baptiste", "", "L00143", "L00144"),
        ("Jean Baptiste", "Jean Baptiste, 301", "L00144", "L00143"),
        ("Marie-Ange Lefebvre-Lecomte", "", "L00130", "L00129"),
    ],
)
def test_what_tells_namesakes_apart_puts_one_first_and_keeps_the_other(
    name: str, text: str, first: str, second: str
) -> None:
    found = suggested(text, name=name)

    assert leases_of(found)[:2] == [first, second]
    assert found[0].score > found[1].score


def test_a_lot_of_another_building_is_no_clue() -> None:
    assert "L00113" not in leases_of(suggested("Clos des Canuts, D2-14"))
    assert "L00141" not in leases_of(suggested("Les Alizés du Rhône, lot 104"))


def test_at_most_five_suggestions_are_made_best_first() -> None:
    found = suggested("Les Traboules : A12, A21, A22, B14. Mme Le Goff, M. Traoré. Les Alizés : 101, 104, 204, 301")

    assert len(found) == 5
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_a_lease_that_was_left_is_less_likely() -> None:
    assert suggested(name="Luc Parti")[0].score < suggested(name="Karim Benaïssa")[0].score


# --- spelling


@pytest.mark.parametrize("typed", ["bonefoy", "bonnnefoy", "bonnefoi", "bonenfoy", "onnefoy", "bonnefo", "bonnefoyx"])
def test_one_error_is_a_letter_added_missing_wrong_or_two_swapped(typed: str) -> None:
    assert one_error_apart("bonnefoy", typed)
    assert one_error_apart(typed, "bonnefoy")


@pytest.mark.parametrize("typed", ["bonnefoy", "bonefoi", "bnnofeoy", "bon", "", "yofennob"])
def test_two_errors_or_none_are_not_one(typed: str) -> None:
    assert not one_error_apart("bonnefoy", typed)


# --- cost


def test_ten_thousand_leases_cost_no_more_a_letter_than_sixty() -> None:
    many = Directory.of(
        lease(
            f"L{n:05}",
            f"Résidence {n // 20}",
            f"A{n % 20}",
            tenant(f"Prénom{n % 97}", f"Martin{n % 800}", f"{n}@example.org"),
        )
        for n in range(10_000)
    )
    letter = Letter(received_at=NOW, sender=Address("Prénom12 Martin12", "inconnu@example.com"))
    text = "Bonjour, il y a une fuite chez moi depuis lundi, appartement A12, et personne ne vient.\n" * 8 + "Martin12"

    start = stopwatch.perf_counter()
    for _ in range(100):
        many.identify(letter, text)

    assert (stopwatch.perf_counter() - start) / 100 < 0.005


def test_a_very_long_letter_is_read_at_its_ends_only() -> None:
    text = "Bonjour\n" + "12 " * 1_000_000 + "\nKarim Benaïssa, D2-14"

    start = stopwatch.perf_counter()
    found = suggested(text)

    assert found[0].lease == "L00113"
    assert stopwatch.perf_counter() - start < 0.1
