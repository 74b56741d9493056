"""Which documents a letter asks for: what is asked in words, and nothing more."""

from datetime import UTC, datetime

import pytest

from rules.commands import Name, commands
from rules.letter import Letter
from rules.requests import Paper, Wanted, wanted

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def asked(text: str, subject: str = "Demande", *, answers_notice: bool = False) -> Wanted:
    return wanted(Letter(subject=subject, text=text, received_at=NOW), answers_notice=answers_notice)


@pytest.mark.parametrize(
    ("text", "paper", "months"),
    [
        ("Bonjour, pouvez-vous m'envoyer ma quittance d'octobre svp ? Merci", Paper.RECEIPT, ["2026-10"]),
        ("J'aurais besoin des 3 dernières quittances de loyer.", Paper.RECEIPT, ["2026-08", "2026-09", "2026-10"]),
        ("Merci de me transmettre mes quittances de juillet à septembre 2026.", Paper.RECEIPT, ["2026-07", "2026-08", "2026-09"]),
        ("Je n'ai toujours pas reçu ma quittance de décembre.", Paper.RECEIPT, ["2025-12"]),
        ("Pourriez-vous m'envoyer l'avis d'échéance de décembre ?", Paper.NOTICE, ["2026-12"]),
        ("Il me faudrait une quittance, c'est pour la CAF.", Paper.RECEIPT, []),
        ("Pourriez-vous me renvoyer mon avis d'échéance de novembre ?", Paper.NOTICE, ["2026-11"]),
        ("Je souhaite obtenir un relevé de compte depuis mon entrée.", Paper.STATEMENT, []),
        ("Merci de m'envoyer une attestation de location pour la préfecture.", Paper.CERTIFICATE, []),
    ],
)  # fmt: skip
def test_a_document_that_is_asked_for(text: str, paper: Paper, months: list[str]) -> None:
    found = asked(text)

    assert found.papers == (paper,)
    assert [month.name for month in found.months] == months


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour, merci pour la quittance, bien reçue.",
        "Ma quittance de novembre comporte une erreur, pouvez-vous la corriger ?",
        "Bonjour, ci-joint mon attestation d'assurance, merci de me confirmer.",
        "Il y a une fuite sous l'évier, pouvez-vous envoyer un plombier ?",
        "Pouvez-vous me donner vos coordonnées bancaires ?",
        "En tant que propriétaire, j'aimerais le relevé de compte de gérance.",
        "> pouvez-vous m'envoyer ma quittance ?\n\nD'accord.",
    ],
)
def test_what_is_only_spoken_of_is_left_to_a_person(text: str) -> None:
    assert not asked(text, subject="Message")


@pytest.mark.parametrize(
    "text",
    [
        "Je préfère le papier pour mes avis d'échéance.",
        "Je ne souhaite plus recevoir mes quittances par mail.",
        "Merci d'arrêter, je veux recevoir mes avis par la poste.",
    ],
)
def test_whoever_prefers_paper_says_so_in_a_word(text: str) -> None:
    found = asked(text)

    assert found.on_paper
    assert found.papers == ()


def test_the_words_that_our_own_mail_proposes_suffice_in_answer_to_it() -> None:
    assert asked("je préfère le papier", "Re: Votre avis", answers_notice=True).on_paper
    assert not asked("Je préfère que vous passiez par la poste centrale", "Visite").on_paper
    assert not asked("Je souhaite recevoir mes avis par courrier électronique").on_paper


@pytest.mark.parametrize(
    ("text", "only"),
    [
        (
            "Bonjour,\nPouvez-vous m'envoyer mes quittances ? C'est pour mon dossier.\nMerci d'avance\nClémence Bonnefoy",
            True,
        ),
        ("Merci de m'envoyer ma quittance d'octobre. Il n'y a plus d'eau chaude dans la salle de bain.", False),
        ("Merci de m'envoyer ma quittance d'octobre. Par ailleurs je quitte le logement en janvier.", False),
    ],
)
def test_a_letter_that_says_more_is_not_answered_by_a_document_alone(text: str, only: bool) -> None:
    assert asked(text).only is only


# --- commands


def test_a_command_is_a_line_of_the_new_text() -> None:
    text = "Bonjour,\n#Envoyer sauf L00105, L00106\nMerci\n\n-- \n#envoyer\n"

    (found,) = commands(Letter(text=text))

    assert found.name is Name.SEND
    assert found.words == ("sauf", "L00105", "L00106")


@pytest.mark.parametrize(
    "text", ["> #envoyer", "je répondrai #envoyer demain", "Le 3 mai, compta a écrit :\n> #envoyer", ""]
)
def test_a_quotation_commands_nothing(text: str) -> None:
    assert commands(Letter(text=text)) == ()


def test_an_unknown_word_is_told_as_such() -> None:
    assert [one.name for one in commands(Letter(text="#Résolu\n#envoyer"))] == [None, Name.SEND]
