"""Bad data is told whole, each line with its number, its value and what to do; and nothing of it comes in."""

import subprocess
import sys
from pathlib import Path

import pytest
from peewee import Database

from archive.records import Lease, Movement, Property
from daemon.imports import ImportRefused, import_file
from tests.agency import AGENCY, NOW, contents, imported, refusal, row_of, sample, take_in, told

ROOT = Path(__file__).parent.parent.parent


# --- leases


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("lease_id", "", "line 2, lease_id: this cell may not be empty"),
        ("mandate_no", "", "line 2, mandate_no: this cell may not be empty"),
        ("owner_name", " ", "line 2, owner_name: this cell may not be empty"),
        ("property_name", "", "line 2, property_name: this cell may not be empty"),
        ("tenant_last_name", "", "line 2, tenant_last_name: this cell may not be empty"),
        (
            "tenant_email",
            "clemence@example",
            "line 2, tenant_email 'clemence@example': not an e-mail address; write name@domain.fr, and `;` between two",
        ),
        (
            "tenant_email",
            "a@example.org;b",
            "line 2, tenant_email 'b': not an e-mail address; write name@domain.fr, and `;` between two",
        ),
        ("furnished", "", "line 2, furnished: this cell may not be empty"),
        ("furnished", "peut-être", "line 2, furnished 'peut-être': write yes or no"),
        ("zone_tendue", "?", "line 2, zone_tendue '?': write yes or no"),
        ("start_date", "", "line 2, start_date: this cell may not be empty"),
        (
            "start_date",
            "31/02/2019",
            "line 2, start_date '31/02/2019': no such day (day is out of range for month); write 2026-11-24 or 24/11/2026",
        ),
        (
            "start_date",
            "2062-09-01",
            "line 2, start_date '2062-09-01': the year 2062 can't be right here; expected 1948 to 2028",
        ),
        (
            "end_date",
            "2062-08-31",
            "line 2, end_date '2062-08-31': the year 2062 can't be right here; expected 1948 to 2056",
        ),
        ("end_date", "2018-08-31", "line 2, end_date '2018-08-31': the lease ends before it starts (2019-09-01)"),
        ("rent_eur", "", "line 2, rent_eur: this cell may not be empty"),
        (
            "rent_eur",
            "-742.18",
            "line 2, rent_eur '-742.18': negative; write it without its sign, in the column for the other direction if there is one",
        ),
        (
            "rent_eur",
            "742.185",
            "line 2, rent_eur '742.185': more than two decimals; write 1234.00 for a thousand, or round to the cent",
        ),
        ("charges_eur", "abc", "line 2, charges_eur 'abc': not an amount; write euros and cents, such as 742.18"),
        ("notice_channel", "pigeon", "line 2, notice_channel 'pigeon': write email or post"),
        (
            "email_consent_date",
            "2062-01-01",
            "line 2, email_consent_date '2062-01-01': the year 2062 can't be right here; expected 1948 to 2027",
        ),
        (
            "payment_method",
            "viremant",
            "line 2, payment_method 'viremant': an unknown way to pay; write virement, prélèvement, chèque, espèces, carte or CAF",
        ),
    ],
)
@pytest.mark.usefixtures("empty_agency")
def test_a_wrong_cell_of_a_lease_is_told(tmp_path: Path, column: str, value: str, said: str) -> None:
    assert refusal(tmp_path, "leases", [row_of("leases", "L00101", **{column: value})]) == [said]


@pytest.mark.usefixtures("empty_agency")
def test_every_faulty_line_is_told_at_once_and_the_good_ones_stay_out(tmp_path: Path) -> None:
    rows = sample("leases")
    rows[3] |= {"rent_eur": "abc", "tenant_email": "x"}
    rows[40] |= {"start_date": "1/1/21"}

    faults = refusal(tmp_path, "leases", rows)

    assert [fault.partition(" '")[0] for fault in faults] == [
        "line 5, tenant_email",
        "line 5, rent_eur",
        "line 42, start_date",
    ]
    assert Lease.select().count() == 0


@pytest.mark.usefixtures("empty_agency")
def test_a_lease_given_twice_is_refused(tmp_path: Path) -> None:
    rows = [row_of("leases", "L00101"), row_of("leases", "L00102"), row_of("leases", "L00101", rent_eur="1")]

    assert refusal(tmp_path, "leases", rows) == [
        "line 4, lease_id 'L00101': this lease is on line 2 already: keep one of them"
    ]


@pytest.mark.usefixtures("empty_agency")
def test_a_mandate_of_two_owners_is_refused(tmp_path: Path) -> None:
    rows = [row_of("leases", "L00101"), row_of("leases", "L00102", owner_name="SCI Balisier")]

    assert refusal(tmp_path, "leases", rows) == [
        "line 3, owner_name 'SCI Balisier': mandate 1042 is 'Indivision Roche-Maillard''s on line 2: one of the two is wrong"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email_consent_date": ""}, "line 2, email_consent_date: notices go by e-mail and no consent is dated: they will be posted"),
        ({"email_consent_date": "2027-01-01"}, "line 2, email_consent_date '2027-01-01': notices go by e-mail and no consent is dated: they will be posted"),
        ({"tenant_email": ""}, "line 2, tenant_email: notices go by e-mail and there is no address: they will be posted"),
        ({"tenant_phone": "06 39 98"}, "line 2, tenant_phone '06 39 98': left out: a French number has ten digits; a foreign one begins with + and its country"),
        ({"co_tenants": "MARTIN Paul (voir dossier)"}, "line 2, co_tenants 'MARTIN Paul (voir dossier)': kept as unclear; a person must say what '(voir dossier)' means"),
        ({"couleur": "bleu"}, "line 1, couleur: an unknown column: it was left alone"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("empty_agency")
def test_what_a_person_should_see_is_a_warning_and_the_line_comes_in(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    report = imported(tmp_path, "leases", [row_of("leases", "L00101", **changes)])

    assert (report.added, told(report)) == (1, [said])


@pytest.mark.usefixtures("empty_agency")
def test_an_address_that_two_strangers_share_is_told(tmp_path: Path) -> None:
    rows = [row_of("leases", "L00101"), row_of("leases", "L00102", tenant_email="clemence.bonnefoy@example.org")]

    assert told(imported(tmp_path, "leases", rows)) == [
        "line 3, tenant_email 'clemence.bonnefoy@example.org': also the address of Mme Bonnefoy Clémence (line 2): see whose it is"
    ]


@pytest.mark.usefixtures("empty_agency")
def test_a_flat_and_a_parking_of_one_tenant_share_an_address_without_a_word(tmp_path: Path) -> None:
    assert told(imported(tmp_path, "leases", [row_of("leases", "L00119"), row_of("leases", "L00120")])) == []


@pytest.mark.usefixtures("empty_agency")
def test_a_building_with_two_addresses_keeps_the_first_each_time(tmp_path: Path) -> None:
    rows = [row_of("leases", "L00101"), row_of("leases", "L00102", address="1 rue Autre")]

    first, again = imported(tmp_path, "leases", rows), imported(tmp_path, "leases", rows)

    assert (
        told(first)
        == told(again)
        == [
            "line 3, address '1 rue Autre': another address than on line 2 for 'Résidence Les Traboules': that one was kept"
        ]
    )
    assert again.unchanged == 2


@pytest.mark.usefixtures("empty_agency")
def test_the_ten_thousandth_building_is_refused(tmp_path: Path) -> None:
    Property.create(code="9999", name="La dernière")

    (fault,) = refusal(tmp_path, "leases", [row_of("leases", "L00101")])

    assert fault == "line 2: 'Résidence Les Traboules' would be building 10000: codes have four digits"


# --- owners and managers


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"owner_name": ""}], "line 2, owner_name: this cell may not be empty"),
        (
            [{"owner_email": "x"}],
            "line 2, owner_email 'x': not an e-mail address; write name@domain.fr, and `;` between two",
        ),
        ([{}, {"mandates": "1"}], "line 3, owner_name 'SCI Balisier': it is on line 2 already: keep one of them"),
        ([{}, {"owner_name": "SCI Deux"}], "line 3, mandates '2003': it is on line 2 already: keep one of them"),
    ],
)
@pytest.mark.usefixtures("empty_agency")
def test_a_wrong_owner_is_told(tmp_path: Path, rows: list[dict[str, str]], said: str) -> None:
    assert refusal(tmp_path, "owners", [row_of("owners", "SCI Balisier", **changes) for changes in rows]) == [said]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"manager_id": ""}], "line 2, manager_id: this cell may not be empty"),
        ([{"email": ""}], "line 2, email: this cell may not be empty"),
        ([{"email": "x"}], "line 2, email 'x': not an e-mail address; write name@domain.fr, and `;` between two"),
        ([{"backup_manager_id": "G9"}], "line 2, backup_manager_id 'G9': no manager has this id"),
        ([{"backup_manager_id": "G1"}], "line 2, backup_manager_id 'G1': nobody stands in for themselves: leave it empty or name another manager"),
        ([{"works_in": "ailleurs"}], "line 2, works_in 'ailleurs': write own or shared"),
        ([{}, {"properties": ""}], "line 3, manager_id 'G1': it is on line 2 already: keep one of them"),
        ([{}, {"manager_id": "G2", "properties": "Le clos des canuts"}], "line 3, properties 'Le clos des canuts': it is in G1's charge on line 2; who shares it names it in shared_properties"),
        ([{"shared_properties": "Le clos des canuts"}], "line 2, shared_properties 'Le clos des canuts': it is in their own charge: name it once"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("empty_agency")
def test_a_wrong_manager_is_told(tmp_path: Path, rows: list[dict[str, str]], said: str) -> None:
    wanted = [row_of("managers", "G1") | {"backup_manager_id": ""} | changes for changes in rows]

    assert refusal(tmp_path, "managers", wanted) == [said]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (
            "mandate_reference",
            "RUM n°1 é",
            "line 2, mandate_reference 'RUM n°1 é': a mandate reference (RUM) has at most 35 letters, figures and signs, without accents",
        ),
        (
            "term_months",
            "4",
            "line 2, term_months '4': write 1, 2, 3, 6 or 12 (mensuel, trimestriel, semestriel, annuel)",
        ),
        (
            "departure_date",
            "2019-08-31",
            "line 2, departure_date '2019-08-31': the tenant leaves before the lease starts (2019-09-01)",
        ),
    ],
)
@pytest.mark.usefixtures("empty_agency")
def test_a_wrong_cell_of_an_optional_column_is_told(tmp_path: Path, column: str, value: str, said: str) -> None:
    assert refusal(tmp_path, "leases", [row_of("leases", "L00101") | {column: value}]) == [said]


# --- movements


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("date", "", "line 2, date: this cell may not be empty"),
        ("date", "2062-05-01", "line 2, date '2062-05-01': the year 2062 can't be right here; expected 1990 to 2027"),
        ("lease_id", "L99999", "line 2, lease_id 'L99999': no such lease: import the leases first"),
        ("kind", "divers", "line 2, kind 'divers': write appel, reglement, regularisation, avoir, frais"),
        ("label", "", "line 2, label: this cell may not be empty"),
        ("reference", "", "line 2, reference: this cell may not be empty"),
        (
            "debit_eur",
            "728.215",
            "line 2, debit_eur '728.215': more than two decimals; write 1234.00 for a thousand, or round to the cent",
        ),
        (
            "debit_eur",
            "-728.21",
            "line 2, debit_eur '-728.21': negative; write it without its sign, in the column for the other direction if there is one",
        ),
        ("credit_eur", "10.00", "line 2, credit_eur '10.00': a line has a debit or a credit, not both (debit 728.21)"),
    ],
)
@pytest.mark.usefixtures("empty_agency")
def test_a_wrong_cell_of_a_movement_is_told(tmp_path: Path, column: str, value: str, said: str) -> None:
    take_in("leases")

    assert refusal(tmp_path, "movements", [sample("movements")[0] | {column: value}]) == [said]


@pytest.mark.usefixtures("empty_agency")
def test_an_empty_side_is_zero_and_two_empty_sides_are_a_fault(tmp_path: Path) -> None:
    take_in("leases")
    row = sample("movements")[0]

    imported(tmp_path, "movements", [row | {"credit_eur": ""}])
    faults = refusal(tmp_path, "movements", [row | {"debit_eur": "", "credit_eur": ""}])

    assert Movement.get().credit == 0
    assert faults == ["line 2, debit_eur: neither a debit nor a credit: was the line cut?"]


@pytest.mark.usefixtures("empty_agency")
def test_a_reference_with_another_amount_is_refused_with_both_lines(tmp_path: Path) -> None:
    take_in("leases")
    rows = [*sample("movements")[:3], sample("movements")[0] | {"debit_eur": "730.00"}]

    assert refusal(tmp_path, "movements", rows) == [
        "line 5, reference 'APP-202505-L00101': line 2 has this reference and label for lease L00101 too (2025-05-01, debit 728.21, credit 0.00): which one is right?"
    ]


@pytest.mark.usefixtures("empty_agency")
def test_a_known_reference_with_another_amount_is_refused_whole_with_every_line(tmp_path: Path) -> None:
    take_in("leases")
    take_in("movements")
    rows = sample("movements")
    rows[0] |= {"debit_eur": "730.00"}
    rows[2] |= {"debit_eur": "0.00", "credit_eur": rows[2]["debit_eur"]}
    new = rows[3] | {"reference": "APP-NEW"}

    cure = "correct it by a contra-entry under another reference, or replace it (import movements --replace)"
    assert refusal(tmp_path, "movements", [*rows, new]) == [
        f"line 2, reference 'APP-202505-L00101': known with another amount (2025-05-01, debit 728.21, credit 0.00): {cure}",
        f"line 4, reference 'APP-202505-L00103': known with another amount (2025-05-01, debit 694.18, credit 0.00): {cure}",
    ]


@pytest.mark.usefixtures("empty_agency")
def test_a_line_written_twice_is_refused(tmp_path: Path) -> None:
    take_in("leases")
    rows = sample("movements")[:3]

    (fault,) = refusal(tmp_path, "movements", [*rows, rows[1]])

    assert fault.startswith("line 5, reference 'APP-202505-L00101': this is line 3 again: remove one")


@pytest.mark.usefixtures("empty_agency")
def test_movements_before_their_leases_are_refused_whole(tmp_path: Path) -> None:
    faults = refusal(tmp_path, "movements", sample("movements")[:5])

    assert faults == [
        f"line {n}, lease_id '{lease}': no such lease: import the leases first"
        for n, lease in enumerate(["L00101"] * 2 + ["L00103"] * 2 + ["L00104"], 2)
    ]


@pytest.mark.parametrize("kind", ["leases", "owners", "managers", "movements"])
@pytest.mark.usefixtures("empty_agency")
def test_an_export_cut_anywhere_changes_nothing_or_is_whole_lines(tmp_path: Path, kind: str) -> None:
    take_in("leases")
    data = (AGENCY / f"{kind}.csv").read_bytes()[:2500]
    path = tmp_path / f"{kind}.csv"
    before, refusals = contents(), 0

    for size in range(len(data) - 100, len(data)):
        path.write_bytes(data[:size])
        try:
            report = import_file(kind, path, NOW)
        except ImportRefused:
            refusals += 1
        else:
            before = contents()
            whole = data[:size].endswith((b"\n", b"\r"))
            assert whole or any("see that the last line is whole" in warning for warning in told(report))
            assert whole or kind != "movements"
        assert contents() == before

    assert refusals > 10


@pytest.mark.usefixtures("empty_agency")
def test_an_only_line_that_was_cut_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    path.write_text("owner_name;mandates;owner_email;owner_phone\nSCI Bal")

    with pytest.raises(ImportRefused, match="line 2 'SCI Bal': 1 values for 4 columns: the line was cut"):
        import_file("owners", path, NOW)


@pytest.mark.usefixtures("empty_agency")
def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    path.write_text("owner_name;mandates;owner_email;owner_phone\n")

    with pytest.raises(ImportRefused, match=r"owners\.csv has a header and no line"):
        import_file("owners", path, NOW)


# --- at the same time as others, and against a power cut


def test_two_imports_at_once_give_each_building_its_own_code(opened: Database, database_url: str) -> None:
    script = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from archive.database import open_database; from daemon.imports import import_file\n"
        "open_database(sys.argv[1]); sys.stdin.readline()\n"
        "import_file(sys.argv[2], Path(sys.argv[3]), datetime(2026, 11, 24, tzinfo=UTC))\n"
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", script, database_url, kind, AGENCY / f"{kind}.csv"],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for kind in ("leases", "managers", "leases", "owners")
    ]  # fmt: skip

    errors = [program.communicate("go\n")[1] for program in programs]

    assert [program.returncode for program in programs] == [0] * 4, errors
    assert sorted(row.code for row in Property.select()) == [f"{number:04d}" for number in range(1, 20)]
    assert Lease.select().count() == 60


def test_an_import_killed_in_the_middle_leaves_nothing(opened: Database, database_url: str) -> None:
    script = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from archive.database import open_database; from archive.records import Lease; from daemon.imports import import_file\n"
        "def stop(hook):\n"
        "    if hook.sql.startswith('INSERT INTO \"lease\"') and 'L00130' in hook.params:\n"
        "        print('half', flush=True); sys.stdin.readline()\n"
        "open_database(sys.argv[1]).query_hooks.append(stop)\n"
        "import_file('leases', Path(sys.argv[2]), datetime(2026, 11, 24, tzinfo=UTC))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, database_url, AGENCY / "leases.csv"],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stdout.readline() == "half\n"
        program.kill()

    assert Lease.select().count() == 0
    assert take_in("leases").added == 60
