"""Sentences in which somebody leaves, said in so many words: the table behind the alert of a departure.

The learned model weighs a whole letter, and one plain sentence at the end of a long complaint weighs little in it. A row is
looked for in one folded sentence (numbers written `0`); what stands last in a row, looked for in the same sentence, silences
it: a supposition, a neighbour, a holiday, a technician's keys. Gaps are bounded so that every search is linear.
"""

# ruff: noqa: E501  a row of a table stays on its line

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rules.finder import Finder


@dataclass(frozen=True, slots=True)
class Announcement:
    name: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str]
    reason: str


def _row(name: str, pattern: str, unless: str, reason: str) -> Announcement:
    return Announcement(name, re.compile(pattern), re.compile(unless), reason)


_MAYBE: Final = r"\b(?:si|s'il|s'ils|au cas|eventuel\w*|peut-etre|un jour|hypothese|hesit\w+|imagin\w+|suppos\w+|sinon|fini(?:r|s|rai|ra|rons) par|voisine?s?|en vacances|en conges?|annul\w*|retract\w*|pas question|faudrait|(?:aimer|voudr)(?:ais|ait|ions|aient)|if|whether|would|unless)\b"
_I: Final = r"\b(?:je|j'|j|jme|jvais|jve|nous|on)\s?"
_GO: Final = r"(?:vous |me |m'|en |y |vais |allons |va |dois |devons |doit |compte |comptons |prevois de |pense |souhaite |souhaitons |desire |entends |voudrais )*"
_HOMES: Final = r"appart\w*|logement|maison|studio|lieux|lieu|chambre|local|garage|box|parking|emplacement|cave|villa|duplex|t0|f0|residence|immeuble|place|kaz"
_PLACE: Final = rf"(?:{_HOMES})"
_KEYS: Final = r"(?:cles?|clefs?|trousseaux?|badges?|bips?)"

ANNOUNCEMENTS: tuple[Announcement, ...] = (
    _row("in lieu of notice", r"\b(?:valant|vaut|vaudra|tient lieu|tenant lieu|tiendra lieu|consider\w+ (?:ceci|cela|ce \w+|cette lettre|la presente|donc|bien)?)\b.{0,30}\b(?:conge|preavis|dedite|resiliation|depart)\b", r"\b(?:ne vaut|pas|votre|vos|annul\w*|nul)\b", "a letter that says it is one"),
    _row("gives notice", _I + r"(?:vous |ai |avons |a |viens de |vais |allons |souhaite |souhaitons |desire |tiens a |me permets de |soussigne\w* )*(?:donn|pos|depos|notifi|signifi|present|adress|envo|remet|fai)\w*\b.{0,25}\b(?:mon|notre|ma|le|un|de)\s(?:lettre de |courrier de |propre )?(?:conge|preavis|dedite|resiliation|depart)\b", _MAYBE + r"|\b(?:n'ai|n'a|n'avons|jamais|employeur|patron|travail|boulot|ne donn\w+|conge pour|personne|rien|maternite|agence actuelle|ancien\w* agence|sans solde|parental)\b", "the act itself"),
    _row("leaves a place", _I + _GO + r"(?:quitter?|quittons|quitterai|quitterons|quittera|liberer?|liberons|libererai|libererons|liberera|vider|viderai|viderons|rends|rendre|rendrai|rendons|rendrons|rendra|restituer?|restituerai)\s(?:donc |bien |definitivement |effectivement |aussi |tous |toutes |vos |votre |ce |cet |cette |l'|le |la |les |mon |notre |nos |mes )*" + _PLACE + r"\b", _MAYBE + r"|\b(?:ne quitt\w+|plus tot|le matin|actuel\w*|cherch\w+|que (?:je|nous) do\w+|le temps de|vous m'\w+|tr|cles? (?:de|du) (?:technicien|local)|chaque|tous les)\b", "the home is given up"),
    _row("moves", _I + r"(?:vais |allons |va |dois |devons |compte |comptons )?(?:demenager?|demenageons|demenagerai|demenagerons|demenagera)\b|\bchang(?:e|er|eons|erai|erons) (?:de |d')(?:logement|appart\w*|maison)\b|\b(?:me|nous) demenagent?\b", _MAYBE + r"|\b(?:ne demenag\w+|pas|meme residence|la prochaine fois|bureau|ke je|fille|fils|jamais|meuble|depuis|l'an|viens de|venons|quand|lorsque)\b", "a removal told of oneself"),
    _row("slips off", r"\b(?:je me|jme|je m'|on se|nous nous) ?(?:casse|tire|barre|taille|en vais definitivement|en va definitivement)\b|\b(?:je|on) (?:degage|mets les voiles|met les voiles|plie bagages?|pars definitivement|part definitivement|pars vivre|part vivre|partons vivre|pars m'installer|partons nous installer|pars habiter)\b", _MAYBE, "leaving, in everyday words"),
    _row("does not stay", _I + r"(?:ne |n')?(?:reste|resterai|resterons|restons|restera|serai|serons|sera|continue|continuerai)\s(?:pas|plus)\b.{0,25}\b(?:apres|au-dela|la\b|locataires?|chez vous|dans (?:le|l'|mon|votre|vos)|a partir|le bail|ici)", _MAYBE + r"|\b(?:pas la (?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|le 0|cette|demain|ce)|seul)\b", "no longer there from then on"),
    _row("does not renew", _I + r"(?=.{0,80}\b(?:pas|plus|non)\b)(?:ne |n'|entends? |souhait\w+ |veu\w+ |compte |comptons |vais |allons |pense |desire |en )*(?:pas |plus )?(?:renouvel\w+|reconduire|reconduis|reconduirai|prolonger|garder|conserver|continuer|garde|gardons|conserve|conservons|garderai|conserverai)\b (?:pas |plus )?.{0,25}\b(?:bail|contrat|location|an de plus|annee|" + _HOMES + r")\b", _MAYBE + r"|\b(?:reconduction|vous|proprietaire|frais|mandat|jamais|garde (?:bien )?(?:sur )?l'|garde le|garde la|garde mon|renouvelle le)", "the lease is let lapse"),
    _row("ends the lease", _I + _GO + r"(?:resilier?|resilions|resilierai|mets fin|mettons fin|met fin|mettre fin|mettre un terme|mets un terme|romps|rompre|arreter?|arretons|stopper?|denoncer?)\b.{0,25}\b(?:bail|location|contrat|occupation|" + _HOMES + r")\b", _MAYBE + r"|\b(?:assurance|electri\w+|internet|abonnement|edf|engie|gaz|eau|entretien|travail|bruit|vous)\b", "the lease or one part of what is rented"),
    _row("where the keys go", r"\b(?:ou|a qui|chez qui|quand|dans quelle boite|comment)\b.{0,30}\b(?:rendre|remettre|deposer|glisser|laisser|rends|remets|depose|rend|laisse)\b.{0,12}\b(?:les|mes|nos|vos|ses|le|mon)\s" + _KEYS + r"\b|\b(?:rendrai|rendrons|rendrez|rends|rendons|remettrai|remettrons|rendra|rendu|rapporterai|deposerai|glisserai|laisserai)\b.{0,12}\b(?:les|mes|nos|vos|ses)\s" + _KEYS + r"\b", _MAYBE + r"|\b(?:actuel\w*|ancien\w*|il y a|depuis|un locataire|en theorie|tonte|refection|plombier|artisan|technicien|visite|double|duplicata|intervention|entreprise|serrurier|ouvrier|prete\w*|cave|chauffagiste)\b", "keys on their way back"),
    _row("empties a home", r"\b(?:rendre|vider|liberer|debarrasser|videra|viderons|vidons|libererons|rendrons)\b.{0,12}\b(?:son|sa|leur)\s" + _PLACE + r"\b", _MAYBE, "relatives clear a home"),
    _row("decided", r"\b(?:mon|notre|ma|sa|leur) (?:intention|decision|souhait|volonte) (?:est )?(?:de |d')(?:ne pas renouveler|quitter|liberer|partir|resilier|mettre fin|mettre un terme|demenager|rendre)\b", _MAYBE + r"|\b(?:travail|emploi|societe|mandat)\b", "formal letters"),
    _row("settles elsewhere", r"\b(?:m'installe|nous installons|m'installer|nous installer|m'installerai|s'installe|emmenage|emmenageons|emmenagerai|emmenagerons)\s(?:donc |definitivement )?(?:chez|a\b|dans|en|le 0|au)|\b(?:rentr|retourn|repart|part)\w*\b.{0,25}\bdefinitivement|\bdefinitivement\b.{0,25}\b(?:rentr|retourn|repart|part|quitt)\w*|\b(?:je|nous|on) (?:rentre|rentrons|retourne|retournons|retournerai|rentrerai) (?:vivre|habiter|au pays|m'installer|nous installer)\b", _MAYBE + r"|\b(?:chez moi|chez nous|colocataire|depuis|hier|votre|bureau\w*|nos locaux|avec moi|dans (?:mon|notre|votre|l'immeuble|la residence|le hall|la cour)|technicien|squat\w*|pigeons?|j'ai|quand j|quand n)\b", "where they will live"),
    _row("will not return", r"\b(?:ne reviendr(?:ai|a|ons|ont)|reviendr(?:ai|a|ons)|ne remonter(?:ai|a|ons)|n'habiter(?:ai|a|ons)) (?:pas|plus)\b|\b(?:n'habite|n'habitons|n'occupe|n'occupons|ne vis|ne vit|ne dors) (?:donc |deja )?plus\b.{0,20}\b(?:la|dans|ici|l'|le|a)\b", _MAYBE + r"|\b(?:technicien|plombier|artisan|sur (?:ce|le|la|cette|mes|ma)|avant|locataire depuis|caution|depot|ex)\b", "those who fled, the old who went to their children"),
    _row("whoever comes after", r"\b(?:pour|a|au|aux|et|que|sera|avec)\s(?:le|la|les|celui|celle|un|une|mon|notre)?\s?(?:prochaine?s? (?:locataires?|occupante?s?)|qui (?:viendra|prendra|me succedera|nous succedera)|successeurs?|d'apres\b|suivante?s? (?:y|la|choisira|en|aura))|\bqui (?:me|nous) succeder\w+|\b(?:celui|celle|ceux) (?:d'apres|qui (?:viendra|viendront|vient|prendra|prendront) (?:apres|la suite|derriere))", _MAYBE + r"|\b(?:precedent\w*|voisin\w*|quand un|votre annonce|collegue|gestionnaire)\b", "told by people who go"),
    _row("its last", r"\b(?:sera|est|c'est|ce sera)\s(?:donc )?(?:le|mon|notre|la|ma) (?:tout )?derni(?:er|ere)s? (?:loyer|mois|virement|prelevement|quittance|que|echeance|hiver|fois que)|\bwill be (?:my|our|the) last\b|\b(?:notre|mon) dernier (?:jour|mois|week-end|soir) (?:ici|dans|chez vous|le 0|,|est|sera)", _MAYBE + r"|\b(?:avertissement|rappel|relance|derniere fois que je (?:vous|le))\b", "last payments, last days"),
    _row("out of the lease", r"\b(?:sortir|sors|sort|sortons|retire\w*|enlev\w+|desolidaris\w+|degag\w+)\s(?:moi |mon nom |son nom )?(?:du|de ce|de notre|de mon) (?:bail|contrat de location|contrat)\b", _MAYBE + r"|\b(?:clause|article|frais|mandat|eau|entretien)\b", "one of several, or a couple that parts"),
    _row("free from then", r"\b" + _PLACE + r"(?: [a-z0]+){0,2} (?:sera|seront|est|serait) (?:donc |alors |entierement |deja |bien )?(?:libre|libere|rendue?|vide|vides|videe?|a vous|a votre disposition|disponible|a la disposition)\b.{0,30}\b(?:des|le|au|a partir|fin|pour|a compter|mi-|la semaine|debut|courant|0|en)\b|\b(?:apatiman|apatman|kaz)\S* .{0,10}\blib\b", _MAYBE + r"|\b(?:pas|annonce|visite\w*|candidat\w*|cherche|toujours|quand|travaux|technicien|vacances)\b", "the home is to let again"),
    _row("no further use", r"\b(?:n'aura|n'avons|n'ai|n'aurai|n'aurons|n'a|ai|avons|aurai|aurons)\s(?:donc |bientot )?plus (?:besoin|l'usage|usage|l'utilite|l'utilisation)\b.{0,12}\b(?:du|de l'|de la|de ce|de cet|de cette|de notre|de mon|des)\s?(?:petit |grand )?(?:deuxieme |second )?" + _PLACE + r"\b|\b" + _PLACE + r"(?: 0)? (?:ne|n')? ?(?:me |nous )?(?:sert|serviront?|servira) plus\b", _MAYBE, "a garage, a second home"),
    _row("one's removal", r"\b(?:mon|notre|jour du|date du|jour de mon|son) demenagement\b|\b(?:camion|demenageurs?|remorque|fourgon) (?:est |sont |sera |vient |viennent |arrive |passe )(?:reserve\w* |la |prevu\w* )?(?:le|pour|samedi|dimanche|lundi|vendredi|mardi|mercredi|jeudi|a 0|au|demain)|\bmove[- ]?out date|\bvan is booked", _MAYBE + r"|\b(?:depuis|apres|suite a|livr\w+|canape|meme residence|lors de|emmenag\w+|entree|encombrants|matelas|du 0|l'an)\b", "its day is set"),
    _row("rehoused", r"\b(?:m'a|nous a|l'a|m'ont|nous ont|est|suis|sommes) (?:ete )?(?:reloge\w*)\b|\b(?:ai|avons|a) (?:obtenu|eu|accepte|decroche) (?:un|une|mon|notre|le|l') ?(?:logement|appart\w*|hlm|maison|place en|place a)\b|\b(?:je|nous|on) (?:prends|prend|prenons) (?:un|une) (?:studio|appart\w*|maison|t0|logement)\b", _MAYBE + r"|\b(?:provisoire\w*|hotel|chez vous|temporaire\w*|votre agence)\b", "another home is granted"),
    _row("in English", r"\b(?:i|we|i'm|we're|i'll|we'll|im)\b.{0,20}\b(?:moving out|move out|leaving (?:the|my|our|for good)|vacat\w+|giving (?:you )?(?:my |our |one |a )?(?:month|notice)|give (?:you )?(?:my |our )?notice|terminat\w+|not renewing|won't (?:be )?renew\w*|hand(?:ing)? (?:back|over)|return(?:ing)? the keys)\b", _MAYBE + r"|\b(?:neighbou?rs?|not (?:leaving|moving)|maybe|might)\b", "people from abroad"),
    _row("in Creole", r"\b(?:mwen|man|moin|mi|nou|an) (?:ka |ke |va |sava |kay )?(?:kite|kit|rann|remet|demenaje)\b.{0,20}\b(?:kaz|apatman|lojman|lakle|kle|studio|la kaz|appart\w*)", _MAYBE, "Antilles, Guyane, Réunion"),
)  # fmt: skip

_FINDER: Final = Finder([row.pattern for row in ANNOUNCEMENTS])


@lru_cache(maxsize=500)
def announced(plain: str) -> tuple[Announcement, ...]:
    """The rows met in a folded sentence."""
    return tuple(row for row in map(ANNOUNCEMENTS.__getitem__, _FINDER.met(plain)) if not row.unless.search(plain))
