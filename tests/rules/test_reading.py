"""What a person wrote is told apart from what stands below it, whichever program sent it."""

import time

import pytest

from rules.letter import Letter
from rules.reading import asks_or_objects, gist, read

BELOW = "Nous vous rappelons que votre loyer est dû."

REPLIES = {
    "Outlook in French": f"Le volet est cassé.\n\nDe : Agence <a@agence.test>\nEnvoyé : mardi 3 mars 2026 10:00\nÀ : Moi\nObjet : Loyer\n\n{BELOW}",
    "Outlook in English": f"Le volet est cassé.\n\nFrom: Agence <a@agence.test>\nSent: Tuesday, March 3, 2026 10:00 AM\nTo: Me\nSubject: Rent\n\n{BELOW}",
    "Outlook with its line": f"Le volet est cassé.\n\n________________________________\nDe : Agence\nEnvoyé : mardi\nObjet : Loyer\n\n{BELOW}",
    "Gmail": f"Le volet est cassé.\n\nLe mar. 3 mars 2026 à 10:00, Agence <a@agence.test> a écrit :\n\n> {BELOW}\n",
    "Gmail in English": f"Le volet est cassé.\n\nOn Tue, Mar 3, 2026 at 10:00 AM Agence <a@agence.test> wrote:\n> {BELOW}",
    "Apple": f"Le volet est cassé.\n\n> Le 3 mars 2026 à 10:00, Agence <a@agence.test> a écrit :\n> \n> {BELOW}",
    "Thunderbird": f"Le volet est cassé.\n\nLe 03/03/2026 à 10:00, Agence a écrit :\n> {BELOW}",
    "Orange": f"Le volet est cassé.\n\n> Message du 03/03/26 10:00\n> De : Agence\n> A : moi\n> Objet : Loyer\n> {BELOW}",
    "an original message": f"Le volet est cassé.\n\n-----Message d'origine-----\nDe : Agence\nEnvoyé : mardi\n\n{BELOW}",
    "Free and Zimbra": f'Le volet est cassé.\n\n----- Mail original -----\nDe: "Agence"\nÀ: "Moi"\nObjet: Loyer\n\n{BELOW}',
    "La Poste": f"Le volet est cassé.\n\n-------- Message original --------\nDe : Agence\nDate : mardi\n\n{BELOW}",
    "Gmail in German": f"Le volet est cassé.\n\nAm Di., 3. März 2026 um 10:00 Uhr schrieb Agence <a@agence.test>:\n\n> {BELOW}",
    "Gmail in Portuguese": f"Le volet est cassé.\n\nEm ter., 3 de mar. de 2026 às 10:00, Agence <a@agence.test> escreveu:\n\n> {BELOW}",
    "Gmail in Spanish": f"Le volet est cassé.\n\nEl mar, 3 mar 2026 a las 10:00, Agence (<a@agence.test>) escribió:\n\n> {BELOW}",
    "Gmail in Italian": f"Le volet est cassé.\n\nIl giorno mar 3 mar 2026 alle ore 10:00 Agence <a@agence.test> ha scritto:\n\n> {BELOW}",
    "Outlook in German": f"Le volet est cassé.\n\nVon: Agence <a@agence.test>\nGesendet: Dienstag, 3. März 2026 10:00\nAn: Ich\nBetreff: Miete\n\n{BELOW}",
    "Outlook in Italian": f"Le volet est cassé.\n\nDa: Agence <a@agence.test>\nInviato: martedì 3 marzo 2026 10:00\nOggetto: Affitto\n\n{BELOW}",
    "an attribution without marks": f"Le volet est cassé.\n\nLe 3 mars 2026, Agence a écrit :\n\n{BELOW}",
}


def told(text: str, subject: str = "") -> Letter:
    return Letter(subject=subject, text=text)


@pytest.mark.parametrize("text", REPLIES.values(), ids=REPLIES)
def test_a_reply_is_cut_where_its_program_quotes(text: str) -> None:
    reading = read(told(text, "Re: Loyer"))

    assert reading.new == "Le volet est cassé."
    assert BELOW in reading.quoted


def test_answers_between_quoted_lines_are_the_writers_own() -> None:
    reading = read(told("Le 3 mars 2026, Agence a écrit :\n> Quel étage ?\nLe troisième.\n> Quel jour ?\nJeudi.\n"))

    assert reading.new == "Le troisième.\nJeudi."
    assert "Quel étage" in reading.quoted


def test_an_answer_below_the_quotation_is_read() -> None:
    reading = read(told("Le 3 mars 2026 à 10:00, Agence a écrit :\n> Votre départ est noté.\n\nLa date ne tient plus."))

    assert reading.new == "La date ne tient plus."


def test_a_forwarded_letter_is_kept_apart() -> None:
    text = "Pour suite à donner.\n\nDe : M. Roy\nEnvoyé : lundi\nObjet : congé\n\nJe quitte le logement."

    reading = read(told(text, "TR: congé"))

    assert reading.new == "Pour suite à donner."
    assert "Je quitte le logement." in reading.forwarded
    assert reading.quoted == ""


@pytest.mark.parametrize(
    "mark",
    ["---------- Forwarded message ---------", "-------- Message transféré --------", "Début du message réexpédié :"],
)
def test_a_forwarding_mark_opens_a_forwarded_part(mark: str) -> None:
    reading = read(told(f"Voir ci-dessous\n\n{mark}\nDe : moi\n\nLa cave est inondée."))

    assert reading.new == "Voir ci-dessous"
    assert "inondée" in reading.forwarded


@pytest.mark.parametrize(
    "foot", ["-- \nJ. Roy", "Envoyé de mon iPhone", "Sent from my Galaxy", "Obtenez Outlook pour Android"]
)
def test_what_a_telephone_adds_is_a_signature(foot: str) -> None:
    reading = read(told(f"La porte grince.\n\n{foot}"))

    assert reading.new == "La porte grince."
    assert foot.splitlines()[-1] in reading.signature


def test_a_sentence_that_begins_with_a_preposition_is_no_header() -> None:
    text = "De : la part de ma mère, je vous écris.\nElle voudrait une quittance."

    assert read(told(text)).new == text


def test_markup_sent_as_plain_text_is_no_word() -> None:
    text = '<html><body><p style="color:red">Le volet est <b>cassé</b>.</p><p>Merci <a@b.test></p></body></html>'

    assert read(told(text)).new == "Le volet est cassé.\nMerci <a@b.test>"


def test_nothing_is_thrown_away() -> None:
    text = "Un\n> deux\nDe : X\nEnvoyé : Y\nTrois\n-- \nQuatre"

    reading = read(told(text))
    parts = f"{reading.new}\n{reading.quoted}\n{reading.forwarded}\n{reading.signature}"

    assert all(line.strip() in parts for line in text.splitlines() if line.strip())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00" * 1000,
        "a" * 3_000,
        "De : " * 20_000,
        ">" * 100_000,
        "Le " + "x " * 50_000 + "a écrit",
        "<div>" * 100_000,
        "</a" + "<a " * 100_000,
        ("é" * 399 + "\n") * 1_000,
        "\n" * 200_000,
        "le " * 2_000_000,
        "______________________" * 10_000,
    ],
    ids=range(12),
)
def test_a_hostile_text_takes_no_longer_than_a_long_one(text: str) -> None:
    start = time.process_time()

    reading = read(told(text, text[:10_000]))
    gist(reading)

    assert time.process_time() - start < 2


# --- the sentence handed back


def test_the_gist_is_the_sentence_that_says_what_the_matter_is() -> None:
    text = "Bonjour,\nJ'espère que vous allez bien. Le radiateur de la chambre ne chauffe plus depuis lundi. Merci d'avance"

    assert gist(told(text)) == "Le radiateur de la chambre ne chauffe plus depuis lundi"


def test_the_gist_is_cut_at_a_word_and_stays_on_one_line() -> None:
    text = "Le radiateur de la chambre " + "qui donne sur la cour " * 20 + "ne chauffe plus."

    found = gist(told(text), limit=80)

    assert len(found) <= 80
    assert found.endswith("…")
    assert "\n" not in found


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour,\nCordialement",
        "Bonjour, bonne année à toute l'équipe !",
        "> Votre chaudière est réparée.",
        "Bande de voleurs, rendez-moi ma caution.",
        "La chaudière est en panne, voir https://photos.test/x",
        "Mon certificat médical pour mon cancer est joint, il me faut une attestation de loyer.",
        "Mon mari m'a frappée. Je voudrais une copie du bail.",
        "Ma mère est décédée. Comment rendre les clés de son logement ?",
        "Le loyer est viré de FR76 3000 6000 0112 3456 7890 189 comme convenu.",
    ],
)
def test_nothing_unfit_is_handed_back(text: str) -> None:
    assert gist(told(text)) == ""


def test_quotation_marks_inside_the_gist_are_of_the_second_rank() -> None:
    assert gist(told("Votre lettre dit « charges comprises », or je paie 35 euros de charges.")) == (
        "Votre lettre dit “ charges comprises ”, or je paie 35 euros de charges"
    )


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("Merci, mais je ne suis pas là jeudi. Vendredi ?", True),
        ("Jeudi ça n'est pas possible", True),
        ("Plutôt vendredi", True),
        ("Merci, pas de souci pour jeudi.", False),
        ("C'est réparé, merci beaucoup. Bonne journée !", False),
        ("Merci.\n> Êtes-vous là ?", False),
    ],
)
def test_thanks_are_told_from_a_question_and_from_a_reserve(text: str, does: bool) -> None:
    assert asks_or_objects(Letter(text=text)) is does
