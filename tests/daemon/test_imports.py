"""The sample agency comes in, again, changed, and in any order."""

from datetime import date
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from peewee import Database, fn

from archive.records import Contact, Fact, Lease, Manager, Mandate, Movement, Owner, Person, Property, Share
from daemon.imports import KINDS, Report, import_file
from rules.plan import Role
from tests.agency import NOW, contents, imported, person, row_of, sample, take_in, told


def addresses(lease: str) -> list[tuple[str, str, str]]:
    query = Contact.select().join(Person).where(Person.lease == lease).order_by(Contact.id)
    return [(contact.kind, contact.value, contact.source) for contact in query]


def reached(whom: Any) -> list[str]:
    return [contact.value for contact in Contact.select().where(whom).order_by(Contact.id)]


# --- the whole agency, on both engines


def test_the_sample_agency_comes_in_whole(opened: Database) -> None:
    reports = [take_in(kind) for kind in KINDS]

    assert [(report.kind, report.added, report.updated, report.unchanged) for report in reports] == [
        ("leases", 60, 0, 0), ("owners", 15, 0, 0), ("managers", 5, 0, 0), ("movements", 3420, 0, 0),
    ]  # fmt: skip
    assert [told(report) for report in reports] == [[], [], [], []]
    counts = {table.__name__: table.select().count() for table in (Lease, Owner, Mandate, Property, Manager, Movement)}
    assert counts == {"Lease": 60, "Owner": 15, "Mandate": 15, "Property": 19, "Manager": 5, "Movement": 3420}


def test_the_same_files_again_change_nothing(opened: Database) -> None:
    for kind in KINDS:
        take_in(kind)
    before = contents()

    reports = [take_in(kind) for kind in KINDS]

    assert [(report.added, report.updated, report.unchanged) for report in reports] == [
        (0, 0, 60), (0, 0, 15), (0, 0, 5), (0, 0, 3420),
    ]  # fmt: skip
    assert contents() == before


def test_every_account_stands_where_accounting_says(opened: Database) -> None:
    take_in("leases")
    take_in("movements")

    balance = (fn.SUM(Movement.debit) - fn.SUM(Movement.credit)).alias("balance")
    cents: Any = Movement.select(Movement.lease, balance).group_by(Movement.lease).tuples()
    balances = {lease: Decimal(whole).scaleb(-2) for lease, whole in cents}

    assert balances == {row["lease_id"]: Decimal(row["balance_eur_at_2026-10-31"]) for row in sample("balances")}


def test_the_order_of_the_files_makes_no_difference(opened: Database) -> None:
    def agency() -> dict[str, object]:
        return {
            "managers": {row.name: row.manager_id for row in Property.select()},
            "owners": {row.number: row.owner.name for row in Mandate.select()},
            "leases": {row.id: (row.property.name, row.rent, row.start, row.channel) for row in Lease.select()},
            "contacts": sorted((contact.kind, contact.value) for contact in Contact.select()),
        }

    seen = []
    for order in permutations(("leases", "owners", "managers")):
        for table in (Contact, Person, Lease, Mandate, Owner, Property, Manager):
            table.delete().execute()
        for kind in order:
            take_in(kind)
        seen.append(agency())

    assert all(one == seen[0] for one in seen)
    assert len(seen[0]["managers"]) == 19  # type: ignore[arg-type]  # a dictionary


# --- what a lease brings


@pytest.mark.usefixtures("empty_agency")
def test_a_lease_is_kept_as_its_line_says() -> None:
    take_in("leases")

    lease = Lease.get_by_id("L00114")

    assert (lease.rent, lease.charges, lease.other, lease.deposit) == tuple(
        map(Decimal, ("712.44", "78", "45", "682.41"))
    )
    assert (lease.start, lease.end, lease.left_on) == (date(2022, 3, 1), date(2028, 2, 29), None)
    assert (lease.furnished, lease.tense_zone, lease.lot) == (False, True, "D2-15")
    assert (lease.channel, lease.consent_on, lease.payment) == ("email", date(2022, 2, 26), "direct_debit")
    assert (lease.mandate.owner.name, lease.property.name) == ("SARL Gones Patrimoine", "Les Alizés du Rhône")
    assert Lease.get_by_id("L00153").insurance_until is None


@pytest.mark.usefixtures("empty_agency")
def test_people_are_named_with_their_roles() -> None:
    take_in("leases")

    named = {(p.lease_id, p.last_name, p.first_name): p.role for p in Person.select()}

    assert named["L00105", "Traoré", "Ibrahim"] == Role.TENANT
    assert named["L00105", "Traoré", "Fatoumata"] == Role.CO_TENANT
    assert named["L00107", "VERMEULEN", "Lotte"] == Role.CO_TENANT
    assert named["L00115", "Ferreira da Costa", "Tiago"] == Role.OCCUPANT
    assert named["L00155", "Cléry", "Mégane"] == Role.GUARANTOR
    assert named["L00133", "Delannoy", "Sophie"] == Role.FORMER
    assert person("L00105", "Traoré", "Ibrahim").civility == "M. et Mme"


@pytest.mark.usefixtures("empty_agency")
def test_addresses_and_telephones_are_kept_in_order_and_normalised() -> None:
    take_in("leases")

    assert addresses("L00104") == [
        ("email", "serge.dalmeida@example.org", "import"),
        ("email", "s.dalmeida.pro@example.com", "import"),
        ("phone", "0639986147", "import"),
    ]
    assert addresses("L00109")[1] == ("phone", "0639985916", "import")
    assert addresses("L00138") == []


@pytest.mark.usefixtures("empty_agency")
def test_buildings_get_a_code_of_four_digits_in_the_order_of_the_file_and_keep_it(tmp_path: Path) -> None:
    take_in("leases")
    before = {row.name: row.code for row in Property.select()}

    imported(
        tmp_path,
        "leases",
        [*reversed(sample("leases")), row_of("leases", "L00101", lease_id="L1", property_name="Aa", address="1 rue A")],
    )

    after = {row.name: row.code for row in Property.select()}
    assert before["Résidence Les Traboules"] == "0001"
    assert after == before | {"Aa": "0020"}


@pytest.mark.usefixtures("empty_agency")
def test_a_building_that_changes_its_name_keeps_its_code(tmp_path: Path) -> None:
    take_in("leases")
    renamed = [
        row | {"property_name": "Villa Orange"} if row["property_name"] == "L'Orangerie" else row
        for row in sample("leases")
    ]

    report = imported(tmp_path, "leases", renamed)

    assert Property.get(Property.name == "Villa Orange").code == "0013"
    assert Property.select().count() == 19
    assert (report.updated, report.unchanged) == (1, 59)
    assert told(report) == [
        "line 39, property_name 'Villa Orange': taken for \"L'Orangerie\" under a new name, at the same address: it keeps its code 0013"
    ]


@pytest.mark.usefixtures("empty_agency")
def test_two_buildings_at_one_address_are_two_buildings(tmp_path: Path) -> None:
    rows = [row_of("leases", "L00138"), row_of("leases", "L00139", property_name="L'Orangerie, annexe")]

    imported(tmp_path, "leases", rows)

    assert [row.code for row in Property.select().order_by(Property.code)] == ["0001", "0002"]


@pytest.mark.usefixtures("empty_agency")
def test_names_are_recognised_whatever_their_case_accents_and_apostrophes(tmp_path: Path) -> None:
    take_in("leases")

    imported(
        tmp_path, "leases", [row_of("leases", "L00138", property_name="L’ORANGERIE", owner_name="consorts l'hostis")]
    )

    assert (Property.select().count(), Owner.select().count()) == (19, 15)


# --- what changes


@pytest.mark.usefixtures("empty_agency")
def test_a_changed_line_updates_its_lease_alone(tmp_path: Path) -> None:
    take_in("leases")
    rows = [row | {"rent_eur": "750,00"} if row["lease_id"] == "L00101" else row for row in sample("leases")]

    report = imported(tmp_path, "leases", rows)

    assert (report.added, report.updated, report.unchanged) == (0, 1, 59)
    assert Lease.get_by_id("L00101").rent == Decimal("750.00")


@pytest.mark.usefixtures("empty_agency")
def test_a_lease_that_vanished_from_the_file_is_kept_and_told(tmp_path: Path) -> None:
    take_in("leases")

    report = imported(tmp_path, "leases", sample("leases")[:58])

    assert Lease.select().count() == 60
    assert told(report) == [
        "lease_id 'L00159, L00160': 2 known and no longer in this file: kept; record the departure of those who left"
    ]


@pytest.mark.usefixtures("empty_agency")
def test_a_contact_that_a_manager_confirmed_survives_imports(tmp_path: Path) -> None:
    take_in("leases")
    tenant = person("L00101", "Bonnefoy", "Clémence")
    Contact.create(person=tenant, kind="email", value="nouvelle@example.org", source="G1")

    take_in("leases")
    imported(tmp_path, "leases", [row_of("leases", "L00101", tenant_email="autre@example.org")])

    assert sorted(addresses("L00101")) == [
        ("email", "autre@example.org", "import"),
        ("email", "nouvelle@example.org", "G1"),
        ("phone", "0639982286", "import"),
    ]


@pytest.mark.usefixtures("empty_agency")
def test_a_confirmed_contact_that_the_file_gives_too_stays_confirmed(tmp_path: Path) -> None:
    take_in("leases")
    tenant = person("L00101", "Bonnefoy", "Clémence")
    Contact.create(person=tenant, kind="email", value="nouvelle@example.org", source="G1")
    both = "clemence.bonnefoy@example.org; nouvelle@example.org"

    imported(tmp_path, "leases", [row_of("leases", "L00101", tenant_email=both)])
    again = imported(tmp_path, "leases", [row_of("leases", "L00101", tenant_email="clemence.bonnefoy@example.org")])

    assert again.unchanged == 1
    assert ("email", "nouvelle@example.org", "G1") in addresses("L00101")


@pytest.mark.usefixtures("empty_agency")
def test_a_corrected_name_is_the_same_person(tmp_path: Path) -> None:
    take_in("leases")
    tenant = person("L00101", "Bonnefoy", "Clémence")
    Contact.create(person=tenant, kind="email", value="nouvelle@example.org", source="G1")

    imported(tmp_path, "leases", [row_of("leases", "L00101", tenant_last_name="Bonnefoy-Roux")])

    assert values_of(Person.get_by_id(tenant.id)) == ("Bonnefoy-Roux", "Clémence", Role.TENANT)
    assert len(addresses("L00101")) == 3


@pytest.mark.usefixtures("empty_agency")
def test_a_new_tenant_inherits_no_address_of_the_former_one(tmp_path: Path) -> None:
    take_in("leases")
    former = person("L00101", "Bonnefoy", "Clémence")
    Contact.create(person=former, kind="email", value="privee@example.org", source="G1")
    newcomer = row_of(
        "leases",
        "L00101",
        tenant_last_name="Nguyen",
        tenant_first_name="Paul",
        tenant_email="p@example.org",
        tenant_phone="",
    )

    report = imported(tmp_path, "leases", [newcomer])

    people = {values_of(p): reached(Contact.person == p.id) for p in Person.select().where(Person.lease == "L00101")}
    assert people == {
        ("Nguyen", "Paul", Role.TENANT): ["p@example.org"],
        ("Bonnefoy", "Clémence", Role.FORMER): ["privee@example.org"],
    }
    assert any("has a confirmed contact: kept as former" in warning for warning in told(report))
    assert imported(tmp_path, "leases", [newcomer]).unchanged == 1


@pytest.mark.usefixtures("empty_agency")
def test_a_spouse_who_becomes_the_tenant_keeps_their_own_contacts(tmp_path: Path) -> None:
    take_in("leases")
    Contact.create(person=person("L00105", "Traoré", "Ibrahim"), kind="email", value="ibrahim@example.org", source="G1")
    Contact.create(
        person=person("L00105", "Traoré", "Fatoumata"), kind="email", value="fatoumata@example.org", source="G1"
    )
    changed = row_of("leases", "L00105", tenant_civility="Mme", tenant_first_name="Fatoumata", co_tenants="")

    imported(tmp_path, "leases", [changed])

    people = {
        values_of(p): reached((Contact.person == p.id) & (Contact.source == "G1"))
        for p in Person.select().where(Person.lease == "L00105")
    }
    assert people == {
        ("Traoré", "Fatoumata", Role.TENANT): ["fatoumata@example.org"],
        ("Traoré", "Ibrahim", Role.FORMER): ["ibrahim@example.org"],
    }


@pytest.mark.usefixtures("empty_agency")
def test_somebody_whom_a_manager_added_is_left_alone(tmp_path: Path) -> None:
    take_in("leases")
    Person.create(lease="L00101", role="occupant", last_name="Bonnefoy", first_name="Léa", source="G1")

    report = take_in("leases")

    assert report.unchanged == 60
    assert person("L00101", "Bonnefoy", "Léa")


@pytest.mark.usefixtures("empty_agency")
def test_people_who_are_no_longer_named_go_with_their_imported_contacts(tmp_path: Path) -> None:
    take_in("leases")

    imported(tmp_path, "leases", [row_of("leases", "L00118", co_tenants="ZIEGLER Jade")])

    assert [p.last_name for p in Person.select().where(Person.lease == "L00118").order_by(Person.id)] == [
        "Saint-Cyr",
        "ZIEGLER",
    ]


def values_of(someone: Person) -> tuple[str, str, str]:
    return someone.last_name, someone.first_name, someone.role


# --- owners and managers


@pytest.mark.usefixtures("empty_agency")
def test_an_owner_is_somebody_who_can_be_reached(tmp_path: Path) -> None:
    imported(
        tmp_path,
        "owners",
        [row_of("owners", "M. et Mme Ø. Lindqvist", mandates="1090;1091", owner_email="a@example.org; b@example.org")],
    )

    assert {mandate.number: mandate.owner.name for mandate in Mandate.select()} == dict.fromkeys(
        ["1090", "1091"], "M. et Mme Ø. Lindqvist"
    )
    (someone,) = Person.select()
    assert (someone.role, someone.civility, someone.last_name) == (Role.OWNER, "M. et Mme", "Ø. Lindqvist")
    assert reached(Contact.person == someone.id) == ["a@example.org", "b@example.org", "0639984642"]


@pytest.mark.usefixtures("empty_agency")
def test_a_mandate_that_changes_hands_is_told(tmp_path: Path) -> None:
    take_in("leases")

    by_owners = imported(tmp_path, "owners", [row_of("owners", "SCI Balisier", mandates="2003;1042")])
    by_leases = imported(tmp_path, "leases", [row_of("leases", "L00101")])

    assert (
        "line 2, mandates '1042': this mandate was 'Indivision Roche-Maillard''s, and is now this owner's"
        in told(by_owners)[-1]
    )
    assert "mandate 1042 was 'SCI Balisier''s, and is now this owner's" in told(by_leases)[-1]
    assert Mandate.get_by_id("1042").owner.name == "Indivision Roche-Maillard"


@pytest.mark.usefixtures("empty_agency")
def test_a_manager_has_an_office_a_stand_in_and_addresses(tmp_path: Path) -> None:
    rows = sample("managers")
    rows[0] |= {"email": "d.faucheux@aubrelac.test; delphine@aubrelac.test"}

    imported(tmp_path, "managers", rows)

    manager = Manager.get_by_id("G1")
    assert (manager.email, manager.phone, manager.site, manager.backup) == (
        "d.faucheux@aubrelac.test",
        "04 65 71 20 11",
        "Lyon",
        "G2",
    )
    assert reached(Contact.manager == "G1") == ["delphine@aubrelac.test"]
    assert manager.works_in == "own"


@pytest.mark.usefixtures("empty_agency")
def test_where_a_manager_works_is_kept_by_a_file_that_does_not_say(tmp_path: Path) -> None:
    imported(tmp_path, "managers", [row_of("managers", "G1", works_in="shared", backup_manager_id="")])

    imported(tmp_path, "managers", [row_of("managers", "G1", backup_manager_id="")])

    assert Manager.get_by_id("G1").works_in == "shared"


@pytest.mark.usefixtures("empty_agency")
def test_who_shares_a_building_is_kept_by_a_file_that_does_not_say_and_a_misspelt_name_is_told(tmp_path: Path) -> None:
    take_in("leases")
    rows = [row | {"shared_properties": ""} for row in sample("managers")]
    rows[1]["shared_properties"] = "résidence les traboules;Résidence Les Trabouls"

    report = imported(tmp_path, "managers", rows)
    imported(tmp_path, "managers", sample("managers"))

    assert [(share.manager_id, share.property.name) for share in Share.select()] == [("G2", "Résidence Les Traboules")]
    (warned,) = told(report)
    assert warned.endswith("no lease and no manager names it; did you mean 'Résidence Les Traboules'?")
    rows[1]["shared_properties"] = ""
    imported(tmp_path, "managers", rows)
    assert not Share.select().exists()


@pytest.mark.usefixtures("empty_agency")
def test_a_building_that_no_lease_names_is_made_and_told_with_the_nearest_name(tmp_path: Path) -> None:
    take_in("leases")
    rows = sample("managers")
    rows[0]["properties"] = "Résidence Les Trabouls;Le Clos des Canuts;L'Orée du Parc"

    report = imported(tmp_path, "managers", rows)

    assert told(report) == [
        "properties 'Résidence Les Traboules': it has leases and nobody in charge",
        "line 2, properties 'Résidence Les Trabouls': no lease names it: made with code 0020; did you mean 'Résidence Les Traboules'?",
    ]


@pytest.mark.usefixtures("empty_agency")
def test_a_building_passes_from_one_manager_to_another(tmp_path: Path) -> None:
    take_in("leases")
    take_in("managers")
    rows = sample("managers")
    rows[0]["properties"], rows[1]["properties"] = "Le Clos des Canuts", f"{rows[1]['properties']};L'Orée du Parc"

    report = imported(tmp_path, "managers", rows)

    charges = {row.name: row.manager_id for row in Property.select()}
    assert (charges["L'Orée du Parc"], charges["Résidence Les Traboules"]) == ("G2", None)
    assert told(report) == ["line 2, properties 'Résidence Les Traboules': no longer in G1's charge, nor in another's"]
    assert (report.updated, report.unchanged) == (1, 4)


@pytest.mark.usefixtures("empty_agency")
def test_a_manager_who_left_the_file_is_kept_and_told_while_in_charge(tmp_path: Path) -> None:
    take_in("managers")

    report = imported(tmp_path, "managers", sample("managers")[:4])

    assert Manager.select().count() == 5
    assert any(
        "manager_id 'G5': known and no longer in this file: kept; still in charge of Résidence Petit-Acajou" in w
        for w in told(report)
    )


# --- columns that a file of leases may leave out


@pytest.mark.usefixtures("empty_agency")
def test_a_lease_says_its_mandate_its_post_its_departure_and_its_term(tmp_path: Path) -> None:
    more = {
        "RUM": "RA-L00102-1",
        "postal_address": "27 rue des Tanneurs, 69003 Lyon",
        "departure_date": "30/11/2026",
        "term_months": "trimestriel",
    }

    imported(tmp_path, "leases", [without_mandate(row_of("leases", "L00102")) | more])

    lease = Lease.get_by_id("L00102")
    assert (lease.mandate_reference, lease.postal) == ("RA-L00102-1", "27 rue des Tanneurs, 69003 Lyon")
    assert (lease.left_on, lease.term_months) == (date(2026, 11, 30), 3)


def without_mandate(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if name != "mandate_reference"}


@pytest.mark.usefixtures("empty_agency")
def test_a_file_without_those_columns_leaves_what_is_known(tmp_path: Path) -> None:
    take_in("leases")

    report = imported(tmp_path, "leases", [without_mandate(row) for row in sample("leases")])

    assert (report.updated, report.unchanged) == (0, 60)
    assert Lease.get_by_id("L00101").mandate_reference == "RA-L00101-1"


# --- movements


@pytest.mark.usefixtures("empty_agency")
def test_files_of_movements_may_overlap(tmp_path: Path) -> None:
    take_in("leases")
    rows = sample("movements")
    imported(tmp_path, "movements", rows[:2000])

    report = imported(tmp_path, "movements", rows[1500:])

    assert (report.added, report.updated, report.unchanged) == (1420, 0, 500)
    assert Movement.select().count() == 3420


@pytest.mark.usefixtures("empty_agency")
def test_a_corrected_date_is_changed_and_told_and_never_counted_twice(tmp_path: Path) -> None:
    take_in("leases")
    take_in("movements")
    rows = sample("movements")
    rows[0] |= {"date": "2025-05-02"}

    report = imported(tmp_path, "movements", rows)

    assert (report.added, report.updated) == (0, 1)
    assert told(report) == [
        "line 2, reference 'APP-202505-L00101': corrected: it was 2025-05-01 appel, debit 728.21, credit 0.00; it is 2025-05-02 appel, debit 728.21, credit 0.00"
    ]


@pytest.mark.usefixtures("empty_agency")
def test_another_amount_is_taken_where_a_person_says_replace(tmp_path: Path) -> None:
    take_in("leases")
    take_in("movements")
    rows = sample("movements")
    rows[0] |= {"debit_eur": "730.00"}

    report = imported(tmp_path, "movements", rows, replace=True)

    assert (report.added, report.updated) == (0, 1)
    assert told(report) == [
        "line 2, reference 'APP-202505-L00101': corrected: it was 2025-05-01 appel, debit 728.21, credit 0.00; it is 2025-05-01 appel, debit 730.00, credit 0.00"
    ]


@pytest.mark.usefixtures("empty_agency")
def test_a_movement_that_vanished_from_its_time_is_kept_and_told(tmp_path: Path) -> None:
    take_in("leases")
    take_in("movements")
    rows = sample("movements")
    del rows[3]

    report = imported(tmp_path, "movements", rows)

    assert Movement.select().count() == 3420
    assert told(report) == [
        "1 lines known for this time are not in this file (L00103, APP-202505-L00103, Provision pour charges mai 2025 is one): kept"
    ]


@pytest.mark.usefixtures("empty_agency")
def test_a_later_month_alone_misses_nothing(tmp_path: Path) -> None:
    take_in("leases")
    rows = sample("movements")
    imported(tmp_path, "movements", [row for row in rows if row["date"] < "2026-10-01"])

    report = imported(tmp_path, "movements", [row for row in rows if row["date"] >= "2026-10-01"])

    assert told(report) == []
    assert report.unchanged == 0


# --- other forms of the file


@pytest.mark.usefixtures("empty_agency")
def test_the_agency_comes_in_as_a_spreadsheet_with_real_dates_and_numbers(tmp_path: Path) -> None:
    take_in("leases")
    take_in("movements")
    before = contents()

    for kind in ("leases", "movements"):
        report = imported_workbook(tmp_path, kind)
        assert (report.added, report.updated, told(report)) == (0, 0, [])

    assert contents() == before


def imported_workbook(folder: Path, kind: str) -> Report:
    book = Workbook()
    assert book.active is not None
    rows = sample(kind)
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append([native(column, value) for column, value in row.items()])
    path = folder / f"{kind}.xlsx"
    book.save(path)
    return import_file(kind, path, NOW)


def native(column: str, value: str) -> object:
    """As a person types it in a spreadsheet."""
    if column.endswith("_eur"):
        return float(value)
    if column == "date" or column.endswith(("_date", "_expiry")):
        return date.fromisoformat(value) if value else None
    if column in {"mandate_no", "postcode"}:
        return int(value)
    return value or None


@pytest.mark.usefixtures("empty_agency")
def test_the_agency_comes_in_as_french_excel_writes_it(tmp_path: Path) -> None:
    take_in("leases")
    before = contents()
    rows = sample("leases")
    french = [{column: as_french(column, value) for column, value in row.items()} for row in rows]
    path = tmp_path / "Export Baux.CSV"
    text = "\r\n".join(
        ";".join(f'"{cell}"' if ";" in cell else cell for cell in line)
        for line in [list(rows[0]), *[list(r.values()) for r in french]]
    )
    path.write_bytes(f"{text}\r\n".encode("utf-8-sig"))

    report = import_file("leases", path, NOW)

    assert (report.updated, report.unchanged, told(report)) == (0, 60, [])
    assert contents() == before


def as_french(column: str, value: str) -> str:
    if column.endswith("_eur"):
        return f"{Decimal(value):,}".replace(",", "\u202f").replace(".", ",")
    if value and column.endswith(("_date", "_expiry")):
        return date.fromisoformat(value).strftime("%d/%m/%Y")
    return {"yes": "OUI", "no": "NON", "email": "E-mail", "post": "Courrier"}.get(value, value)


@pytest.mark.usefixtures("empty_agency")
def test_the_instant_of_the_last_change_is_remembered() -> None:
    take_in("leases")

    assert Fact.get_by_id("imported/leases").value == NOW.isoformat()
