"""Which prepared answer a request gets."""

import pytest

from rules.drafts import Draft, draft


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Pouvez-vous m'envoyer la quittance de septembre ?", Draft.RECEIPT),
        ("Je voudrais le relevé de mon compte", Draft.STATEMENT),
        ("Il me faut une attestation de location pour la CAF", Draft.CERTIFICATE),
        ("Pouvez-vous me renvoyer votre RIB ?", Draft.BANK),
        ("Comment résilier mon bail, quel est le préavis ?", Draft.LEAVING),
        ("Faut-il renvoyer l'attestation d'assurance ?", Draft.INSURANCE),
        ("À quelle heure ouvre l'agence ?", None),
    ],
)
def test_the_words_of_a_request_choose_its_answer(said: str, found: Draft | None) -> None:
    assert draft("demande", said) == found


@pytest.mark.parametrize("label", ["reclamation/travaux", "depart", "hors-sujet"])
def test_nothing_else_gets_one(label: str) -> None:
    assert draft(label, "la quittance est fausse") is None
