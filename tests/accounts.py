"""The sample agency's accounts, as `rules` takes them: sixty leases, their people and their movements."""

import csv
import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from rules import labels
from rules.house import Bank, House, Legal
from rules.ledger import Entry, Kind
from rules.notice import Lease, Named
from rules.plan import Role

DATA = Path(__file__).parent / "data" / "agency"

# How the sample words those who are not (or no longer) party to a lease.
ROLES = {"occupant": Role.OCCUPANT, "garant": Role.GUARANTOR, "quitté": Role.FORMER}

HOUSE = House(
    name="Régie Aubrelac",
    city="Lyon",
    address=("9 place de la Martinière-aux-Exemples", "69001 Lyon"),
    phone="04 65 71 20 10",
    email="gestion@aubrelac.test",
    emergency_phone="04 65 71 20 99",
    colour="#0F5B66",
    bank=Bank("Régie Aubrelac – compte gérance", "FR7630006000011234567890189", "AGRIFRPPXXX", "FR00ZZZ000000"),
    legal=Legal(
        "Régie Aubrelac SARL", "40 000 €", "SIREN 000 000 000", "9 place de la Martinière-aux-Exemples, 69001 Lyon",
        "Gestion immobilière", "CPI 6901 2099 000 000 042", "CCI Lyon Métropole", "Caution Mutuelle Fictive",
    ),
)  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def balances() -> dict[str, Decimal]:
    return {row["lease_id"]: Decimal(row["balance_eur_at_2026-10-31"]) for row in rows("balances.csv")}


@cache
def movements() -> dict[str, list[Entry]]:
    accounts: defaultdict[str, list[Entry]] = defaultdict(list)
    for row in rows("movements.csv"):
        day, debit, credit = date.fromisoformat(row["date"]), Decimal(row["debit_eur"]), Decimal(row["credit_eur"])
        accounts[row["lease_id"]].append(Entry(day, Kind(row["kind"]), row["label"], debit, credit, row["reference"]))
    return dict(accounts)


@cache
def leases() -> dict[str, tuple[Lease, tuple[Named, ...]]]:
    return {row["lease_id"]: (_lease(row), _people(row)) for row in rows("leases.csv")}


def entry(day: str, kind: str, label: str, debit: str = "0", credit: str = "0", reference: str = "") -> Entry:
    return Entry(date.fromisoformat(day), Kind(kind), label, Decimal(debit), Decimal(credit), reference)


def _lease(row: dict[str, str]) -> Lease:
    return Lease(
        id=row["lease_id"],
        start=date.fromisoformat(row["start_date"]),
        end=date.fromisoformat(row["end_date"]),
        rent=Decimal(row["rent_eur"]),
        charges=Decimal(row["charges_eur"]),
        other=Decimal(row["other_eur"]),
        mandate=row["mandate_no"],
        owner=row["owner_name"],
        property=row["property_name"],
        lot=row["lot"],
        address=row["address"],
        postcode=row["postcode"],
        city=row["city"],
        payment=labels.mode(row["payment_method"]),
        mandate_reference=row["mandate_reference"],
        insurance_until=date.fromisoformat(row["insurance_expiry"]) if row["insurance_expiry"] else None,
    )


def _people(row: dict[str, str]) -> tuple[Named, ...]:
    tenant = Named(Role.TENANT, row["tenant_last_name"], row["tenant_first_name"], row["tenant_civility"])
    return (tenant, *(_co_tenant(text.strip()) for text in row["co_tenants"].split(";") if text.strip()))


def _co_tenant(text: str) -> Named:
    role = next((role for word, role in ROLES.items() if word in text), Role.CO_TENANT)
    words = re.sub(r"\(.*\)", "", text).split()
    return Named(role, " ".join(w for w in words if w.isupper()), " ".join(w for w in words if not w.isupper()))
