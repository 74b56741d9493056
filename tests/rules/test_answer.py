"""What a mail of our own people is: an answer, something to pass on, or neither."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rules.answer import (
    Course,
    addresses_somebody,
    answered_at,
    course,
    spoken,
    status_after,
    travelling,
    without_addresses,
)
from rules.letter import Address, Attachment, Letter

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
OURS, TENANT = "gestion@aubrelac.test", "clemence@example.org"
NAMES = ["Delphine Faucheux"]


def mail(
    text: str = "Bonjour.",
    to: tuple[str, ...] = (OURS,),
    cc: tuple[str, ...] = (),
    subject: str = "RE: Fuite",
    **more: object,
) -> Letter:
    addresses = {"to": tuple(Address("", one) for one in to), "cc": tuple(Address("", one) for one in cc)}
    return Letter(text=text, subject=subject, received_at=NOON, **addresses, **more)  # type: ignore[arg-type]


def said(text: str) -> str:
    return spoken(mail(text), NAMES, date(2026, 11, 24)).text


def test_the_signature_with_its_telephone_stays_here() -> None:
    assert (
        said("Le plombier passe jeudi.\n\nCordialement,\nMme Delphine FAUCHEUX\n04 65 71 20 11")
        == "Le plombier passe jeudi.\n\nCordialement,"
    )


@pytest.mark.parametrize(
    "signature",
    [
        "D. Faucheux\n06 12 34 56 78",
        "Mme Faucheux\nService gestion\nPortable 06 12 34 56 78",
        "Delphine FAUCHEUX | Gestionnaire\nLigne directe 06 12 34 56 78",
        "Faucheux Delphine – Gestionnaire\n06 12 34 56 78",
        "*Delphine Faucheux*\n06 12 34 56 78",
        "Delphine\n06 12 34 56 78",
        "DF",
        "Delphine Faucheux\n#immobilier #gestionlocative",
        "Obtenir Outlook pour iOS<https://aka.ms/o0ukef>",
        "Envoyé avec Proton Mail",
    ],
)
@pytest.mark.parametrize("closing", ["Cordialement,", ""])
def test_a_signature_stays_here_whatever_its_form(signature: str, closing: str) -> None:
    found = spoken(mail(f"Le plombier passe jeudi.\n{closing}\n{signature}"), NAMES, date(2026, 11, 24))

    assert found.text == f"Le plombier passe jeudi.\n{closing}".strip()
    assert found.commands == ()


@pytest.mark.parametrize(
    "text",
    [
        "Je vous confirme que\nDelphine\npassera jeudi.",
        "Bonjour,\n\nDelphine Faucheux, votre gestionnaire, passera jeudi.\nÀ 14 h.",
        "Choisissez :\n\nA\n\nB",
    ],
)
def test_a_name_within_a_letter_signs_nothing(text: str) -> None:
    assert said(text) == text


def test_a_command_below_a_signature_is_one() -> None:
    found = spoken(mail("C'est réparé.\n\nDelphine Faucheux\n04 65 71 20 11\n#clos"), NAMES, date(2026, 11, 24))

    assert (found.text, [command.word for command in found.commands]) == ("C'est réparé.", ["clos"])


def test_what_stands_for_a_picture_is_no_text() -> None:
    assert said("Voici le plan :\n[cid:image001.png@01DC5D]\nÀ jeudi.") == "Voici le plan :\n\nÀ jeudi."


def test_a_translated_cut_cuts() -> None:
    assert said("À jeudi.\n\n– Reply above this line –\n\nNew case VM-2026-000001.\n\nWhy: leak") == "À jeudi."
    assert said("Bonjour,\n\n- plombier jeudi -\n\nÀ bientôt.") == "Bonjour,\n\n- plombier jeudi -\n\nÀ bientôt."


def test_nothing_under_the_cut_is_the_writer_s() -> None:
    assert (
        said("Le plombier passe jeudi.\n\n– Répondez au-dessus de cette ligne –\nNouveau dossier")
        == "Le plombier passe jeudi."
    )


def test_an_answer_below_a_marked_quotation_is_kept() -> None:
    text = (
        "Régie a écrit :\n> – Répondez au-dessus de cette ligne –\n> Classement : travaux\n\nLe plombier passe jeudi."
    )

    assert said(text) == "Le plombier passe jeudi."


def test_a_token_is_read_and_never_travels() -> None:
    token = "VM-2026-000001.igjmhknvnnwy64op.c3ggvymkactv.ay2j5asiskszv6jrnxslyisu"

    found = spoken(mail(f"#clos\n\n{token}\n"), NAMES, date(2026, 11, 24))

    assert found.tokens == (token.lower(),)
    assert found.empty


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bonjour,",
        "Bonjour,\n\nCordialement,",
        "\n\nDelphine Faucheux\nRégie",
        "#",
        "👍",
        "👍 Delphine Faucheux a réagi à votre message :",
    ],
)
def test_a_greeting_a_closing_and_a_thumb_say_nothing(text: str) -> None:
    assert spoken(mail(text), NAMES, date(2026, 11, 24)).empty


@pytest.mark.parametrize(
    ("letter", "where"),
    [
        (mail(), Course.INSIDE),
        (mail(to=(TENANT,)), Course.WRITTEN),
        (mail(to=(TENANT,), cc=(OURS,)), Course.WRITTEN),
        (mail(cc=(TENANT,)), Course.WRITTEN),
        (mail(to=("plombier@example.com",), cc=(OURS,)), Course.ELSEWHERE),
        (mail(cc=("plombier@example.com",)), Course.INSIDE),
        (mail(subject="TR: Fuite"), Course.ELSEWHERE),
        (mail(to=()), Course.DRAFT),
        (mail(to=(TENANT,), headers=(("x-unsent", "1"),)), Course.DRAFT),
    ],
)
def test_where_a_mail_went_says_what_it_is(letter: Letter, where: Course) -> None:
    assert course(letter, frozenset({TENANT}), frozenset({OURS})) is where


def test_an_answer_left_when_its_clock_says_unless_that_can_t_be() -> None:
    asked = NOON - timedelta(hours=3)

    assert answered_at(mail(date=NOON - timedelta(hours=1)), asked, NOON) == NOON - timedelta(hours=1)
    assert answered_at(mail(date=asked - timedelta(days=400)), asked, NOON) == NOON
    assert answered_at(mail(date=NOON + timedelta(hours=1)), asked, NOON) == NOON
    assert answered_at(mail(), asked, NOON) == NOON


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Bonjour Madame,\n\nLe plombier passe jeudi.", True),
        ("Madame,\nle plombier passe jeudi.", True),
        ("Monsieur Benaïssa a rappelé\nil est furieux.", False),
        ("Bonjour Madame,", False),
        ("elle est passée, le plombier vient mardi", False),
    ],
)
def test_a_letter_is_told_from_a_note(text: str, is_one: bool) -> None:
    assert addresses_somebody(text) is is_one


def test_works_go_on_after_the_answer() -> None:
    assert (status_after(""), status_after("works"), status_after("owner")) == ("answered", "waiting", "waiting")


def test_our_people_s_addresses_are_the_agency_s_in_what_travels() -> None:
    assert (
        without_addresses("Écrivez à D.Faucheux@aubrelac.test.", ["d.faucheux@aubrelac.test"], OURS)
        == f"Écrivez à {OURS}."
    )


def test_files_travel_and_logos_don_t() -> None:
    plan = Attachment("plan.pdf", "application/pdf", b"%PDF")
    logo = Attachment("image001.png", "image/png", bytes(4000), inline=True)
    photo = Attachment("photo.jpg", "image/jpeg", bytes(90_000), inline=True)
    enclosed = Attachment("lettre.eml", "message/rfc822", b"From: x")

    assert travelling((plan, logo, photo, enclosed)) == (plan, photo)
