"""What the steps of a case say to a judge; and none is without its French name."""

import re
import tomllib
from pathlib import Path

import pytest

import daemon
import templates
from daemon.cases.history import more
from rules.clocks import Step
from tests.outgoing import NOON

PEOPLE = {"G1": "Delphine Faucheux", "G2": "Amaury Sissoko-Brun"}


@pytest.mark.parametrize(
    ("what", "detail", "told"),
    [
        ("answered", "(G1)", "par Delphine Faucheux"),
        ("answered", "phone vu avec elle, mardi (G1)", "par téléphone : vu avec elle, mardi, par Delphine Faucheux"),
        ("answered", "post 1A 234 (G1)", "par courrier : 1A 234, par Delphine Faucheux"),
        ("answered", "counter (gestion)", "au guichet, dans la boîte gestion"),
        ("paused", "tenant photos demandées (G1)", "locataire, photos demandées, par Delphine Faucheux"),
        ("followed", "artisan 2026-12-15 devis (G1)", "artisan, jusqu’au mardi 15 décembre 2026, devis, par Delphine Faucheux"),
        ("followed", "owner (G1)", "propriétaire, par Delphine Faucheux"),
        ("extended", "+3 une pièce manque (G1)", "3 jours de plus, une pièce manque, par Delphine Faucheux"),
        ("extended", "+1 (G1)", "un jour de plus, par Delphine Faucheux"),
        ("reminder", "2026-12-04 (G1)", "le vendredi 4 décembre 2026, par Delphine Faucheux"),
        ("handed", "G2 Tu prends ? (G1)", "Amaury Sissoko-Brun, par Delphine Faucheux"),
        ("noted", "le syndic traîne (G1)", "par Delphine Faucheux"),
        ("relabelled", "demande -> reclamation/travaux (gestion)", "Demande, désormais Réclamation, travaux, dans la boîte gestion"),
        ("joined by", "VM-2026-000002 (G1)", "VM-2026-000002, par Delphine Faucheux"),
        ("received", "G1", "par Delphine Faucheux"),
        ("breached", "(clock)", ""),
        ("bounced", "ewen@example.org", "ewen@example.org"),
        ("undelivered", "", ""),
    ],
)  # fmt: skip
def test_a_step_is_told_in_french(what: str, detail: str, told: str) -> None:
    assert more(Step(NOON, what, detail=detail), PEOPLE).replace("\N{NO-BREAK SPACE}", " ") == told


def test_every_step_that_is_ever_recorded_has_a_french_name() -> None:
    table = tomllib.loads((Path(templates.__file__).parent / "notices" / "words.toml").read_text())["steps"]
    root = Path(daemon.__file__).parent
    code = "\n".join(
        path.read_text() for folder in ("daemon", "archive") for path in (root.parent / folder).rglob("*.py")
    )

    recorded = set(re.findall(r'(?:what=|noted\()"([a-z ]+)"', code))

    assert len(recorded) > 20
    assert recorded - set(table) == set()
