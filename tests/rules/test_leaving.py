"""Sentences in which somebody leaves are found, and what only looks like one isn't."""

import pytest

from rules.classify import classify, marks, signs
from rules.leaving import ANNOUNCEMENTS, announced
from rules.letter import Alert, Label, Letter
from rules.tagging import sentence_of, sentences

SAID = [
    ("in lieu of notice", "Le présent courrier vaut congé."),
    ("gives notice", "Je vous donne mon préavis d'un mois."),
    ("leaves a place", "Nous libérerons l'appartement le 3 mars."),
    ("moves", "De toute façon on déménage dans un mois."),
    ("slips off", "Je me casse le 15."),
    ("does not stay", "Vous savez que je reste pas après Noël ?"),
    ("does not renew", "Je ne souhaite pas continuer un an de plus."),
    ("ends the lease", "J'arrête le box à la fin du trimestre."),
    ("where the keys go", "À qui remettre les clés samedi ?"),
    ("empties a home", "Il nous faudra vider son appartement."),
    ("decided", "Je vous confirme ma décision de quitter les lieux."),
    ("settles elsewhere", "Le 3 je m'installe chez ma sœur, à Rennes."),
    ("will not return", "Maman est chez nous et ne reviendra pas."),
    ("whoever comes after", "Laissez, ce sera pour le prochain locataire."),
    ("its last", "Ce sera notre dernier loyer."),
    ("out of the lease", "Ma compagne reste, moi je sors du bail."),
    ("free from then", "Le studio sera libre le 30."),
    ("no further use", "Nous n'avons plus l'utilité du garage."),
    ("one's removal", "Le camion est réservé pour samedi."),
    ("rehoused", "La mairie m'a relogée."),
    ("moves on a date", "Au pire, sinon tant pis : on déménage dans un mois."),
    ("will have left", "Nous aurons quitté la résidence avant Noël."),
    ("another date", "Puis-je sortir le 15 décembre au lieu du 30 novembre ?"),
    ("one way", "Mon billet du 29 est un aller simple."),
    ("day of freeing", "Libération des lieux : 30 septembre."),
    ("subject of a registered notice", "Objet saisi : lettre de congé, bail d'habitation."),
    ("encloses it", "Veuillez trouver ci-joint mon congé."),
    ("somebody takes over", "Mon copain reprend ma chambre."),
    ("would rather go", "Dans ces conditions, je préfère partir."),
    ("in English", "We are moving out in June."),
    ("in Creole", "Mwen ka kité kay-la, mwen ka rann lakle-a."),
]
UNSAID = [
    "Si rien ne change, je quitte l'appartement.",
    "Le voisin du dessus déménage samedi.",
    "Je ne déménage pas.",
    "Nous rendons les clés au plombier demain.",
    "Je quitte mon logement actuel et cherche un studio.",
    "Faut-il un préavis pour le parking ?",
    "On aimerait changer d'appartement.",
    "Je pars en vacances le 12.",
    "La résiliation de mon assurance est faite.",
    "Comment faire pour donner mon préavis ?",
    "Si on déménage le 3, quel loyer ?",
    "Je vous ai donné congé en mai.",
    "Le rendez-vous peut-il être le 15 au lieu du 12 ?",
    "Objet : rétractation de mon congé, bail du 3 mai.",
    "L'appartement du dessus est vide au-dessus de chez nous.",
]


def names(text: str) -> set[str]:
    return {row.name for row in announced(sentence_of(text).plain)}


@pytest.mark.parametrize(("name", "text"), SAID)
def test_somebody_who_leaves_is_heard(name: str, text: str) -> None:
    assert name in names(text)


def test_each_row_has_its_sentence() -> None:
    assert [name for name, _ in SAID] == [row.name for row in ANNOUNCEMENTS]


@pytest.mark.parametrize("text", UNSAID)
def test_what_only_looks_like_leaving_is_not_taken_for_it(text: str) -> None:
    assert not names(text)


def test_one_plain_sentence_at_the_end_of_a_long_complaint_raises_a_departure() -> None:
    complaint = "La régularisation de l'an dernier reste sans justificatif, malgré mes trois courriers. " * 12
    letter = Letter(subject="Charges", text=f"Madame,\n\n{complaint}\n\nEnfin, je libérerai les lieux le 30 juin.")

    assert Alert.DEPARTURE in classify(letter).alerts


def test_what_a_sentence_says_is_added_to_what_the_model_thinks() -> None:
    thought = dict.fromkeys([*(label.value for label in Label), "leaving", "urgent", "registered"], -1.0)

    said = marks(thought, signs(Letter(), sentences("Nous libérons l'appartement le 3. Ça sent le gaz.")))
    unsaid = marks(thought, signs(Letter(), sentences("Merci de votre réponse.")))

    assert said["leaving"] > unsaid["leaving"] + 1
    assert said["urgent"] > unsaid["urgent"] == -1
