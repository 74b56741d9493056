"""What the daemon understands of a letter. Clear letters only: how often it errs on hard ones is `bench/classify.py`'s business."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from rules import weights
from rules.classify import classify
from rules.letter import Address, Alert, Attachment, Label, Letter

CLEAR = [
    (Label.DEPARTURE, "Préavis", "Bonjour, je vous informe que je quitte le logement le 31 mai. Quand faire l'état des lieux de sortie ?"),
    (Label.DEPARTURE, "", "jte rend les clé de l'appart le 15 jai trouvé autre chose"),
    (Label.DEPARTURE, "Moving out", "Hello, we are moving out at the end of June. Where should we return the keys?"),
    (Label.DEPARTURE, "", "Mwen ka kité kay-la fen mwa-a, ki jan mwen ka rann lakle-a ?"),
    (Label.WORKS, "Chaudière", "Bonjour, la chaudière est en panne depuis trois jours, nous n'avons plus d'eau chaude."),
    (Label.WORKS, "no heating", "Hi, the heating has stopped working in our flat. Could you send someone to repair it?"),
    (Label.ACCOUNTS, "Prélèvement", "Vous m'avez prélevé deux fois le loyer de mars, merci de me rembourser."),
    (Label.ACCOUNTS, "Caution", "J'ai quitté le logement il y a trois mois et mon dépôt de garantie n'est toujours pas rendu."),
    (Label.COMPLAINT, "Bruit", "Le voisin du dessus met la musique à fond toutes les nuits, je n'en peux plus."),
    (Label.REQUEST, "Quittance", "Pourriez-vous m'envoyer ma quittance de loyer de juin ? Merci d'avance."),
    (Label.REQUEST, "Question", "Est-ce que j'ai le droit de repeindre la chambre en bleu ?"),
    (Label.OFF_TOPIC, "Merci", "Merci beaucoup, le plombier est passé et tout fonctionne. Bonne journée !"),
    (Label.OFF_TOPIC, "Gestion", "Bonjour, je suis propriétaire, mon locataire a-t-il payé son loyer ? Merci d'envoyer le compte rendu de gérance."),
    (Label.OFF_TOPIC, "Votre annonce", "Bonjour, votre annonce du T3 m'intéresse, peut-on visiter l'appartement samedi ?"),
]  # fmt: skip


def letter(text: str, subject: str = "", **fields: object) -> Letter:
    return Letter(subject=subject, text=text, **fields)  # type: ignore[arg-type]  # the fields a test names


@pytest.mark.parametrize(("label", "subject", "text"), CLEAR)
def test_a_clear_letter_is_understood(label: Label, subject: str, text: str) -> None:
    assert classify(letter(text, subject)).label is label


# --- precedence and traps


def test_a_departure_told_in_passing_is_raised() -> None:
    text = "Le robinet goutte encore, mais ce sera pour le prochain locataire : nous rendons les clés le 28."

    assert Alert.DEPARTURE in classify(letter(text, "robinet")).alerts


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Congés", "Je serai en congé du 3 au 20 août, merci de ne pas programmer le passage du technicien."),
        ("Fuite", "Il y a une fuite d'eau sous l'évier de la cuisine, merci d'envoyer un plombier."),
        ("Caution", "Pouvez-vous me dire quel garant accepter pour la caution de mon colocataire ?"),
    ],
)
def test_homonyms_are_no_departure(subject: str, text: str) -> None:
    verdict = classify(letter(text, subject))

    assert verdict.label is not Label.DEPARTURE


def test_what_is_quoted_does_not_decide() -> None:
    text = "Merci, la chaudière est toujours en panne.\n\n> Votre congé et votre départ sont enregistrés.\n> L'état des lieux de sortie aura lieu le 3."

    assert classify(letter(text, "Re: chaudière")).label is Label.WORKS


def test_a_forward_without_words_is_judged_by_what_it_forwards() -> None:
    below = (
        "De : M. Roy\nEnvoyé : lundi\nObjet : congé\n\nJe vous donne mon préavis et je quitte le logement le 30 juin."
    )

    assert classify(letter(f"Pour suite à donner.\n\n{below}", "TR: congé")).label is Label.DEPARTURE


def test_an_empty_letter_with_a_telling_file_is_judged_by_the_file() -> None:
    scan = (Attachment(name="lettre_conge_logement_12.pdf"),)

    assert Alert.DEPARTURE in classify(letter("", "Scan", attachments=scan)).alerts


# --- flags and alerts


@pytest.mark.parametrize(
    "text",
    [
        "Ça sent très fort le gaz dans l'appartement, que faire ?",
        "L'eau coule du plafond sur le tableau électrique, venez vite !",
        "Plus de chauffage depuis hier et nous avons un bébé de deux mois, il fait 13 degrés.",
        "The ceiling is flooding, water is pouring everywhere right now",
    ],
)
def test_danger_is_urgent(text: str) -> None:
    assert classify(letter(text, "urgent")).urgent


def test_a_slow_drip_is_not_urgent() -> None:
    assert not classify(letter("Le robinet de la salle de bains goutte un peu, rien de pressé.", "robinet")).urgent


def test_a_letter_sent_by_registered_post_says_so() -> None:
    text = "Lettre recommandée avec accusé de réception\n\nMadame, je vous notifie mon congé du logement."

    assert classify(letter(text, "Congé")).registered


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Un pli vous attend", "Un courrier recommandé électronique vous a été adressé par un particulier. Vous disposez de 15 jours pour l'accepter."),
        ("AR24 : nouvelle LRE", "Une lettre recommandée électronique est en attente. L'identité de l'expéditeur vous sera révélée après acceptation."),
        ("La Poste", "Vous avez reçu une lettre recommandée en ligne. Vous avez 15 jours pour en prendre connaissance."),
        ("Maileva", "Avis de dépôt d'un envoi recommandé. Accepter ce pli ou refuser ce pli."),
        ("Congé", "Je vous ai envoyé le reco samedi (1A 203 455 6781 2), je pars le 31 mars."),
        ("Préavis", "La lettre de congé, je l'ai remise ce matin à votre comptoir, contre signature."),
        ("notice", "I posted my notice by registered mail this afternoon, I am leaving flat 17 in April."),
    ],
)  # fmt: skip
def test_registered_post_is_known_whoever_carried_it(subject: str, text: str) -> None:
    assert classify(letter(text, subject)).registered


def test_a_scan_whose_name_says_so_is_registered() -> None:
    scan = (Attachment(name="LRAR_conge_appartement_3eG.pdf"), Attachment(name="preuve_depot.jpg"))

    assert classify(letter("", "Scan", attachments=scan)).registered


@pytest.mark.parametrize(
    "text",
    [
        "Un recommandé partira samedi si personne ne vient réparer la porte.",
        "Votre colis est en attente, réglez les frais de 1,95 eur sous 15 jours.",
    ],
)
def test_what_is_only_promised_or_asked_is_not_registered(text: str) -> None:
    assert not classify(letter(text)).registered


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("noreply@portail.test", "Votre facture", "Ceci est un message automatique, merci de ne pas répondre. Votre facture est disponible."),
        ("J. Roy", "Réponse automatique", "Je suis absente du bureau jusqu'au 12, je vous répondrai à mon retour."),
        ("MAILER-DAEMON", "Undelivered Mail", "Your message could not be delivered: user unknown."),
        ("Lettre pro", "Newsletter", "Au sommaire cette semaine. Pour vous désinscrire, cliquez ici."),
    ],
)  # fmt: skip
def test_a_machine_is_known_by_its_text_alone(sender: str, subject: str, text: str) -> None:
    assert classify(letter(text, subject, sender=Address(name=sender))).automated


def test_a_header_is_enough_to_know_a_machine() -> None:
    headers = (("auto-submitted", "auto-replied"),)

    assert classify(letter("Oui, le radiateur est froid.", headers=headers)).automated


@pytest.mark.parametrize(
    ("alert", "sender", "text"),
    [
        (Alert.DEATH, "Émilie", "Ma mère, votre locataire, est décédée le 14. Que dois-je faire ?"),
        (Alert.VIOLENCE, "Léa", "Mon compagnon m'a frappée, j'ai dû fuir le domicile avec les enfants."),
        (Alert.INSTITUTION, "Maître Colin, avocat", "Conseil de M. Roy, je vous mets en demeure de réparer."),
        (Alert.INSTITUTION, "", "La commission de surendettement déclare le dossier de Mme Roy recevable."),
        (Alert.SENSITIVE, "Paul", "Je suis hospitalisé pour un cancer, mon loyer aura du retard."),
    ],
)
def test_what_a_person_must_know_rings(alert: Alert, sender: str, text: str) -> None:
    assert alert in classify(letter(text, sender=Address(name=sender))).alerts


@pytest.mark.parametrize(
    ("alert", "text"),
    [
        (Alert.DEATH, "La pile de la télécommande est morte, comment en avoir une autre ?"),
        (Alert.DEATH, "Mes lettres sont restées lettre morte."),
        (Alert.INSTITUTION, "La CAF me demande une attestation de loyer."),
        (Alert.VIOLENCE, "Le vent violent a arraché le volet."),
    ],
)
def test_homonyms_do_not_ring(alert: Alert, text: str) -> None:
    assert alert not in classify(letter(text, sender=Address(name="Paul Roy"))).alerts


# --- the verdict as a whole


def test_the_verdict_says_why_in_one_sentence_with_the_senders_words() -> None:
    verdict = classify(letter("La chaudière est en panne, nous n'avons plus d'eau chaude.", "Chaudière"))

    assert verdict.because.endswith(".")
    assert "chaudière" in verdict.because.lower()
    assert verdict.runner_up is not verdict.label
    assert 0 < verdict.confidence <= 1


DECIDED = [
    ("Bonjour, merci pour le ramoneur. La chaudière est en panne depuis mardi. Bon week-end. Zoé", "La chaudière est en panne depuis mardi"),
    ("Bonsoir Madame, je quitte le studio le 31 août. Il fait beau. Où rendre les clés ?", "je quitte le studio le 31 août"),
    ("Ma sœur vous salue. Vous m'avez prélevé deux fois le loyer de mars.", "Vous m'avez prélevé deux fois le loyer de mars"),
    ("Le voisin du dessus hurle toutes les nuits. Cordialement, Paul Radiateur", "Le voisin du dessus hurle toutes les nuits"),
    ("Pourriez-vous m'envoyer ma quittance de juin ? Belle journée, Ana Fuite", "Pourriez-vous m'envoyer ma quittance de juin ?"),
    ("Hello, I hope you are well. The heating has stopped working in our flat.", "The heating has stopped working in our flat"),
    ("Joli printemps. La prise de la cuisine fait des étincelles et fume. Le robinet goutte.", "La prise de la cuisine fait des étincelles et fume"),
    ("Bonjour, je suis propriétaire d'un T2 que vous gérez, mon locataire a-t-il payé ?", "je suis propriétaire d'un T2 que vous gérez, mon locataire a-t-il payé ?"),
    ("Mwen ka kité kay-la fen mwa-a.", "Mwen ka kité kay-la fen mwa-a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "passage"), DECIDED)
def test_the_sentence_that_decided_is_quoted(text: str, passage: str) -> None:
    assert f"«\u00a0{passage}\u00a0»" in classify(letter(text)).because


def test_of_a_departure_by_death_it_is_the_death_that_is_quoted() -> None:
    verdict = classify(
        letter("Ma mère, Mme Payet, est décédée dimanche. Que dois-je faire pour le logement ?", "Décès")
    )

    assert verdict.label is Label.DEPARTURE
    assert "est décédée dimanche" in verdict.because


def test_of_a_long_sentence_only_the_part_that_tells_is_quoted() -> None:
    told = (
        "Ma grand-mère, qui avait connu la rue avant le tramway, disait que tout finit par s'user, "
        "et comme la chaudière ne démarre plus depuis lundi matin, je pense souvent à elle, à ses tisanes et à ses chats"
    )

    because = classify(letter(f"{told}.")).because

    assert "la chaudière ne démarre plus" in because
    assert len(because) < 200


def test_a_departure_that_is_only_plausible_is_quoted_too() -> None:
    text = "Le robinet de la cuisine goutte, il faudrait le plombier. De toute façon on déménage dans deux mois."

    verdict = classify(letter(text, "robinet qui fuit"))

    assert Alert.DEPARTURE in verdict.alerts
    assert "on déménage dans deux mois" in verdict.because


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Je suis hospitalisée pour une chimio, mon loyer aura du retard.", "chimio"),
        ("Appelez-moi au 06 12 34 56 78 pour la fuite du radiateur.", "06 12"),
        ("Remboursez sur FR76 3000 4000 0500 0001 2345 678 le loyer prélevé deux fois.", "FR76"),
    ],
)
def test_what_is_private_is_not_quoted(text: str, hidden: str) -> None:
    assert hidden not in classify(letter(text)).because


def test_a_letter_without_words_is_told_by_its_file() -> None:
    scan = (Attachment(name="lettre_conge_logement_12.pdf"),)

    assert "«\u00a0lettre_conge_logement_12.pdf\u00a0»" in classify(letter("", attachments=scan)).because


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\x00",
        "?" * 5_000,
        "a" * 3_000_000,
        "je " * 3_000_000,
        "<html><body><p>" + "<br>" * 50_000,
        "je quitte " * 20_000 + "?",
        "eau " * 3_000,
        ("x" * 3_000 + "\n") * 20,
        "mon preavis du " * 5_000,
        "🙂" * 10_000,
    ],
    ids=range(11),
)
def test_no_text_breaks_or_holds_up_the_judgement(text: str) -> None:
    start = time.process_time()

    verdict = classify(letter(text, text[:20_000], sender=Address(text[:50_000], text[:50_000])))

    assert verdict.because
    assert time.process_time() - start < 3


def test_the_same_letter_gets_the_same_verdict() -> None:
    one = letter("La porte du hall ne ferme plus.", "porte")

    assert classify(one) == classify(one)


# --- the weights


def test_the_weights_are_small_and_quickly_read() -> None:
    raw = (Path(weights.__file__).parent / "weights.bin").read_bytes()

    start = time.process_time()
    weights.parse(raw)

    assert len(raw) < 4_000_000
    assert time.process_time() - start < 0.3


def test_weights_cut_short_are_refused_with_the_cure() -> None:
    raw = (Path(weights.__file__).parent / "weights.bin").read_bytes()

    with pytest.raises(ValueError, match=r"training\.train"):
        weights.parse(raw[:-1])


def test_judging_needs_nothing_but_the_standard_library() -> None:
    code = "import sys, rules.classify; print([m for m in ('numpy', 'scipy', 'sklearn') if m in sys.modules])"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "[]"
