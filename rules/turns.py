"""Turns of phrase: what tenants say when they leave, complain, ask, or aren't tenants at all. A table of rules.

Each row is looked for in one folded sentence at a time (see `rules.fold`), with the numbers written `0`. A turn does not
decide alone: whether its sentence asks, denies or supposes is noted beside it, and training on the corpus gives each of these
its weight. Gaps are bounded (`.{0,40}`), so that a hostile text costs no more than a long one.
"""

# ruff: noqa: E501  a row of a table stays on its line

import re
from dataclasses import dataclass

from rules.finder import Finder


@dataclass(frozen=True, slots=True)
class Turn:
    name: str
    pattern: re.Pattern[str]
    reason: str


_HOME = r"(?:appartement|appart|logement|maison|studio|lieux|t0|f0|chambre|local|garage|box|parking|emplacement|cave|duplex|villa|loft|bureau|place|cles?|clefs?|trousseaux?|badges?|bips?)"
_LEASE = r"(?:bail|location|contrat|occupation)"
_NOTICE = r"(?:conge|pre-?avis|dedite|resiliation|depart)"


def _turn(name: str, pattern: str, reason: str) -> Turn:
    return Turn(name, re.compile(pattern), reason)


TURNS: tuple[Turn, ...] = (
    # --- somebody leaves ---
    _turn("leave", r"\b(?:je|j'|j|nous|on|jve|jvais)\s?(?:vais |vas |allons |va |vous |nous |me |m'|en |m'en |s'en |compte |comptons |souhaite |souhaitons |dois |devons |desire |prevois de |pense )*(?:quitter?|quittons|quitterai|quitterons|quittera|kite|pars|part|partons|partir|partirai|partirons|partira|demenager?|demenageons|demenagerai|demenagerons|liberer?|liberons|libererai|libererons|libere|vais|allons|va)\b", "the writer goes away; the mood beside it tells a wish from a fact"),
    _turn("firm", r"\b(?:vous )?(?:informe|informons|annonce|annoncons|notifie|notifions|previens|prevenons|signifie|fais part|faisons part|confirme|confirmons|fais savoir|faire savoir|faire part)\b.{0,60}(?:quitt|part(?:s|ir|ons)\b|depart|conge\b|preavis|liber|resili|demenag|fin\b|decision)", "an announcement in due form"),
    _turn("give_notice", rf"\b(?:donn|pos|depos|adress|signifi|notifi|envo[iy]|present|remet|post|fais|faire|trouver|trouverez|recevrez|voici|ci-joint|joint)\w*\b.{{0,30}}\b(?:mon|notre|ma|un|son|leur|le|nos|de|du)\s(?:lettre de |courrier de |propre |recommande de )?{_NOTICE}\b", "giving notice"),
    _turn("end_lease", rf"(?:resili\w*|romp\w*|rupture|mettre fin|mets fin|mettons fin|met fin|mettre un terme|terme|arret\w+|stopp\w*|cess\w+)\b.{{0,35}}\b(?:{_LEASE}|{_HOME})\b", "ending the lease, or one part of what is rented"),
    _turn("no_renewal", r"\b(?:ne|n'|pas|non|sans)\b.{0,30}(?:renouvel|reconduct|recondui|prolong|garder?\b|gardons|gardera|conserver?\b)", "letting the lease lapse"),
    _turn("hand_back", rf"\b(?:ren[ds]|rends|rendre|rendrai|rendrons|rendons|rendu|remets?|remettre|remettrai|remise|restitu\w+|depos\w+|laiss\w+|rapport\w+|donn\w+)\b.{{0,40}}\b(?:les|mes|nos|le|l'|la|mon|son|ses|de|des|vos)\s?{_HOME}\b", "keys and places handed back"),
    _turn("exit_report", r"\b(?:etat des lieux|edl)\b.{0,12}\bsort|\bpre-?etat\b|\bsortant", "the inventory on leaving"),
    _turn("last_rent", r"\bderni(?:er|ere)s?\s(?:loyer|virement|mois|prelevement|quittance|echeance|jour|semaine|nuit|mensualite)", "last payments"),
    _turn("successor", r"\b(?:prochaine?s?|futurs?|future|nouveaux?|nouvelle|suivante?s?|autre)\s(?:locataires?|occupante?s?)|\ble suivant|\bla suivante|\blocataires? (?:suivant|d'apres|qui (?:suit|arrive|vient))|\b(?:qui|me|nous) succede|\bcel(?:ui|le) qui (?:viendra|vient|prend|arrive|reprend)|\bmes? successeurs?|\brelouer\b|\bnext tenant|\bnext person", "whoever comes after"),
    _turn("new_home", r"\b(?:j'ai|jai|ai|nous avons|avons|on a)\s(?:enfin |bien |finalement |deja )?(?:trouve|achete|signe|obtenu|accepte|eu|pris|fait construire|dit oui|visite)\b.{0,50}\b(?:appartement|appart|logement|maison|pavillon|studio|t0|poste|hlm|place|attribution|villa|ailleurs|mieux|plus grand|plus petit|moins cher|location|bail|compromis|notaire|residence|rez-de-chaussee)", "another home is found"),
    _turn("move_in", r"\b(?:emmenag\w+|m'installe\w*|s'installe\w*|nous installons|vais vivre|vais habiter|allons vivre|va vivre|vient vivre|part vivre|parti vivre|partie vivre|pars vivre|partons vivre|habiter chez|vivre chez|vivre avec|retourne(?:r|rai)? (?:vivre )?(?:chez|en|a|au)|rentre(?:r|rai|rons|ns)? (?:definitivement|au pays|chez mes|chez ma)|rejoin\w+)", "moving in elsewhere"),
    _turn("transfer", r"\bmut(?:e|ee|es|ation)\b|\bnouveau (?:poste|travail|boulot|job|emploi)|\bnouvel emploi|\bfin d[e'] (?:mes |ses |nos )?(?:etudes|stage|contrat|mission|cdd)|\bmon (?:stage|contrat|cdd) (?:se termine|finit|s'acheve)|\blicenci|\bperte d'emploi|\bdemission", "work that moves people"),
    _turn("gone_then", r"\b(?:serai|serons|sera|seront)\s(?:deja |alors )?(?:plus (?:la|ici|chez|locataires?|dans)|partis?|partie|loin|installe|dans (?:ma|notre|mon) (?:nouv|futur))|\bplus (?:personne|rien) (?:dans|a) l|\bn'habit\w+ plus|\bhabite plus", "gone by then"),
    _turn("elder_home", r"\b(?:ehpad|maison de retraite|foyer-logement|foyer logement|residence (?:autonomie|senior|seniors|services)|unite (?:protegee|de soins|fermee)|long sejour|famille d'accueil|accueil familial)\b", "an old tenant moves to a home"),
    _turn("off_lease", r"\b(?:retir|enlev|sort|ot|ray|desolidaris)\w*\b.{0,25}\b(?:du bail|du contrat|mon nom|de la location)", "one of two tenants leaves the lease"),
    _turn("truck", r"\b(?:camion|demenageurs?|monte-?meubles?|cartons?|utilitaire|fourgon|garde-meubles?|remorque)\b", "a removal"),
    _turn("empty", r"\b(?:vid(?:e|er|ons|erai|erons|ee|es)|debarrass\w+)\b.{0,25}\b(?:appartement|appart|logement|maison|studio|lieux|tout|pour le|avant le|ce week|samedi|dimanche)|\b(?:appartement|appart|logement|maison|studio|tout) (?:est|sera) (?:deja |enfin )?(?:vide|libre)", "clearing out"),
    _turn("meters", r"\b(?:relev|index|compteur|coup|ferm|resili|arret)\w*\b.{0,40}\b(?:compteurs?|eau|electricite|edf|gaz|abonnement|internet|pdl|box)\b", "meters and supplies closed on leaving"),
    _turn("deposit_back", r"\b(?:rendr|renvo|recuper|restitu|retour|envo|vers|rembours|prepar)\w*\b.{0,25}\b(?:caution|depot de garantie|garantie)", "the deposit wanted back: on leaving, or late"),
    _turn("en_leave", r"\b(?:moving out|move out|leaving|vacat\w+|giving notice|my notice|one month'?s notice|end (?:of )?(?:my|our|the) (?:lease|tenancy)|terminat\w+|won't be renewing|not renew\w*|moving (?:to|back)|relocat\w+|hand(?:ing)? (?:back|over)|return the keys|back home|for good)\b", "English"),
    _turn("kr_leave", r"\b(?:ka kite|ke kite|mi kit|mi kite|kit la kaz|mi sava|ka pati|ke pati|ka vire|mi artourn viv|ka rann|rann lakle|remet lakle)\b", "Antillean and Réunion creole"),
    # --- but doesn't, or has already ---
    _turn("threat", r"\bfini(?:r|s|rai|rons|ra|rez|t)\s(?:bien )?par\b|\bsinon\b|\ba ce rythme|\bsi (?:rien|ca continue|cela continue|vous ne|vs|on ne|personne)\b|\bvous chercherez|\bdernier avertissement|\bor else\b|\bif nothing|\bif this", "threats"),
    _turn("suppose", r"\b(?:si|au cas ou|quand bien meme|dans l'hypothese|imaginons|admettons|supposons)\b.{0,15}\b(?:je|j'|nous|on|un jour|jamais|locataire|il fallait)\b", "hypotheses"),
    _turn("undecided", r"\b(?:rien (?:n'est )?(?:de |encore )?(?:decide|fait|sur|signe)|pas (?:encore )?(?:decide|sur|sure|certain)|je ne decide rien|simple (?:question|curiosite|information|renseignement)|par curiosite|pour (?:info|information|savoir|plus tard)|me renseigne|juste (?:pour )?(?:savoir|comprendre)|j'hesite|on hesite|on reflechit|je reflechis|pas (?:l'|mon |notre )?intention|question de principe|just (?:curious|wondering)|no plans)\b", "only asking"),
    _turn("notice_rules", r"\b(?:combien|quel|quelle|comment|delai|duree)\b.{0,40}\b(?:preavis|pour partir|pour quitter|conge|previ)\b", "how leaving works in general, or asked while leaving"),
    _turn("known_notice", rf"\b(?:mon|notre|le|ma|du|de mon|de notre|suite a mon|suite a notre)\s(?:lettre de )?{_NOTICE}\b.{{0,40}}\b(?:du 0|le 0|est bien|a ete|deja|recu|recue|enregistre|accepte|valide|confirme|en cours|prevu|prevue|pose|envoye|depose)\b|\b(?:avez|ont|a) (?:bien )?(?:recu|pris|note|enregistre|confirme|accepte)\b.{{0,30}}{_NOTICE}|\bcomme (?:prevu|convenu)", "a departure notified before"),
    _turn("since_left", r"\b(?:depuis|apres|suite a|a la suite de|lors de)\s(?:mon|notre|ma|son)\s(?:depart|sortie|demenagement|etat des lieux)|\b(?:ai|avons|j'ai|a) (?:quitte|libere|rendu)\b.{0,40}\b(?:depuis|il y a|le 0|en (?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre))|\banci(?:en|enne|ens)\s(?:locataire|appartement|logement)|\bex-?locataire", "gone for some time"),
    _turn("withdraw", r"\b(?:annul|retract|retir|reven(?:ir|ons)|reviens|renonc|oubli)\w*\b.{0,30}\b(?:conge|preavis|depart|lettre|decision|resiliation|demande)|\bnon avenue?|\bfinalement\b.{0,25}\b(?:reste|restons|garde|gardons)|\bje (?:garde|reste)\b|\bnous (?:gardons|restons)\b|\bon (?:garde|reste)\b", "taking it back, staying"),
    _turn("not_going", r"\b(?:ne|n)\s?(?:pars|partons|quitte|quittons|demenage|demenageons|bouge|bougerai|partirai|partirons|part|quitterai)\b.{0,12}\b(?:pas|plus|jamais)\b|\bpas question de (?:partir|quitter)|\bje ne pars\b|\bne compte (?:pas|aller)", "not going"),
    _turn("holidays", r"\ben conges?\b|\bconges? (?:d'ete|annuels?|maternite|paternite|parental|maladie|sans solde|payes?|scolaires?)|\bvacances\b|\ben voyage\b|\ben deplacement|\ben cure\b|\bprendre des conges|\bposer? (?:un|des) (?:jour|conge)", "homonyms of congé and départ"),
    _turn("comes_back", r"\b(?:revien\w*|reviendr\w*|rentrer?(?:ai|ons)? (?:le|fin|debut|en|lundi|dimanche)|de retour|mon retour|notre retour|back (?:on|in|by)|artourn)\b", "an absence that ends"),
    _turn("others_leave", r"\b(?:mon|ma|mes|le|la|les|un|une|des|votre|notre|nos|vos)\s(?:voisine?s?|fille|fils|soeur|frere|amie?s?|locataires?|gardiene?|collegues?|proprietaire)\b.{0,40}\b(?:part|parti|partie|partis|quitte\w*|demenag\w*|s'en va|libere)\b", "somebody else leaves"),
    _turn("their_notice", r"\b(?:votre|le|ce|un|du|son|vos)\sconges?\s(?:pour|delivre|que vous|du bailleur|que (?:j'ai|nous avons) recu)|\bconge pour (?:vente|vendre|reprise)|\breprise (?:du logement|pour)|\bvous (?:me|nous) (?:donnez|avez donne) conge|\bexpuls", "the landlord's notice"),
    # --- who writes ---
    _turn("my_tenant", r"\b(?:mon|ma|mes|nos|notre)\s(?:locataires?|bien|biens|mandat|bailleur|mandants?)\b|\bcompte rendu de ger|\brelevé de ger|\breleve de ger|\brevenus fonciers|\ben tant que (?:bailleur|proprietaire)|\bje suis (?:le |la )?(?:proprietaire|bailleur|bailleresse)|\bproprietaire (?:du|de la|de l|bailleur)|\bgestion de mon|\brelocation\b", "an owner"),
    _turn("your_tenant", r"\b(?:votre|vos|ta|tes)\s(?:locataires?|mandants?|clients?|lots?|occupants?)\b|\blocataires? que vous|\bvous gerez", "people outside speak of our tenants"),
    _turn("outsider", r"\bpas (?:votre |un |une )?(?:locataire|client|cliente)\b|\bpas locataire chez|\b(?:j'habite|habitons|habite) (?:en face|a cote|au 0|la maison)|\bmitoyen|\bje suis (?:le |la |votre |un |une )?(?:voisin|voisine|coproprietaire|riverain|commercant|gerant)|\berreur de destinataire|\bjamais (?:loue|habite|ete locataire)", "not a tenant"),
    _turn("tradesman", r"\b(?:devis|ht|ttc|bon d'intervention|bon de commande|ordre de service|notre technicien|nos equipes|notre intervention|nos tarifs|notre facture|nos factures|facture n|attestations? d'entretien|chantier)\b|\bintervention (?:chez|du|effectuee|realisee)|\b(?:suis|sommes|est) passes?\b.{0,20}\bchez\b", "tradesmen"),
    _turn("candidate", r"\b(?:votre|vos|l'|cette|une) ?annonces?\b|\bdossier de (?:location|candidature)|\bma candidature|\bcandidat|\b(?:je|on|nous) (?:re)?cherch\w+ (?:un|une|a louer|actuellement)|\brecherche (?:un|une|d'un)|\btoujours (?:dispo|disponible|libre|a louer)|\bvisiter\b|\bfuturs? locataires?\b|\blooking for an? (?:flat|apartment|studio|room)", "people who want to rent"),
    _turn("by_machine", r"\bmessage (?:automatique|genere)|\bne pas repondre|\bdo not reply|\bnoreply|\bautomatically (?:generated|sent)|\bse desinscrire|\bdesabonn|\bunsubscribe|\bwebinaire|\bnewsletter|\bout of (?:the )?office|\bactuellement absente?|\babsente? du (?:bureau|0)|\bde retour le 0|\bundeliver|\bcould not be delivered|\bn'a pas pu etre (?:remis|distribue|delivre)|\bcliquez\b|\bhttps?\b|\bvotre compte (?:sera|est|a ete) (?:suspendu|bloque|limite)", "machines, bulk, fraud"),
    # --- thanks ---
    _turn("it_works", r"\b(?:tout|c'est|ca|il|elle|est)\s(?:re)?(?:marche|fonctionne|repare|regle|resolu|rentre dans l'ordre|bon|parfait|impeccable|nickel)\b|\bne (?:fuit|coule|goutte) plus|\bplus (?:de|aucune?) (?:fuite|probleme|bruit|odeur|souci)|\bremarche|\brefonctionne|\ba (?:tout |bien )?(?:repare|change|remplace|regle)|\best (?:venu|passe|repare|reparee|arrive|arrivee)\b|\bbien (?:recu|arrive|arrivee|note)\b|\ball (?:fixed|good)|\bworks (?:now|again|fine)", "mended, received"),
    _turn("no_answer_needed", r"\b(?:rien a (?:ajouter|redire|faire)|ne (?:faites|repondez) (?:rien|pas)|pas (?:besoin|la peine) de (?:repondre|venir|me repondre)|desolee? (?:du|pour le) derangement|no need to reply|ne vous derangez pas|n'en tenez pas compte|ne pas en tenir compte)\b", "nothing is asked"),
    _turn("praise", r"\b(?:bravo|felicit\w+|remerciements?|tenais a (?:vous )?(?:remercier|dire|feliciter)|grand merci|merci (?:encore|beaucoup|infiniment|mille)|mille mercis|bonne continuation|bon souvenir|meilleurs voeux|bonne annee|joyeux noel)\b", "thanks and wishes"),
    # --- asking ---
    _turn("want_paper", r"\b(?:envo\w+|transmett\w+|fourn\w+|adress\w+|parvenir|obtenir|avoir|besoin|faut|faudrait|etabl\w+|rempl\w+|sign\w+|demande|reclame|veut|retrouv\w+|perdu|egare|recevoir|refaire|faire)\b.{0,40}\b(?:quittances?|attestations?|copies?|justificatifs?|bail|documents?|recus?|duplicata|rib|formulaires?|certificats?|releves?|papiers?|tampon|etat des lieux d'entree|contrat|avis d'echeance|receipts?|lease|kitance|papie)\b", "a paper is wanted"),
    _turn("sends_paper", r"\b(?:ci-?joint\w*|ci joint\w*|trouverez|trouver|en piece jointe|en pj|voici|joins|joint|jointe|transmets|attached|envoie)\b.{0,40}\b(?:attestation|rib|certificat|justificatif|assurance|ramonage|entretien|photos?|constat|pieces?|bulletins?|formulaire|document|releve)", "a paper is sent"),
    _turn("may_i", r"\b(?:puis-je|puis je|peut-on|peut on|pourrait-on|pourrais-je|pourrions-nous|ai-je le droit|a-t-on le droit|est-il possible|est il possible|serait-il possible|serait il possible|est-ce possible|possible de|possible d'|autorisation|autorise|permis|accord (?:du|de la) proprietaire|j'aimerais|je souhaiterais|nous souhaiterions|je voudrais|nous voudrions|je souhaite|may i|can i|could i|am i allowed)\b", "asking leave"),
    _turn("could_you", r"\b(?:pouvez-vous|pouvez vous|pourriez-vous|pourriez vous|pourrais-tu|auriez-vous|avez-vous|merci de (?:bien vouloir )?(?:m'|me |nous )|veuillez (?:m'|me|nous)|dites-moi|can you|could you|please (?:send|let|tell))", "asking something of us"),
    _turn("more_time", r"\b(?:echelonn|etal|echeancier|plusieurs fois|en (?:0|deux|trois|quatre) fois|delai|report|decal|differ|retard)\w*\b.{0,40}\b(?:loyer|paiement|payer|regul\w*|charges|dette|mensualites?|virement|prelevement)|\b(?:payer|paierai|regler|reglerai|virer|verser)\b.{0,40}\b(?:le 0|plus tard|en (?:0|deux|trois) fois|debut|fin|des que)", "asking for time"),
    _turn("no_complaint", r"\b(?:rien a (?:reclamer|reprocher|signaler)|(?:ne|pas)\b.{0,12}\b(?:reclame|reclamation|conteste|plains|plainte|reproche|urgent|grave|presse)|sans (?:vouloir )?(?:contester|me plaindre)|pas de (?:reclamation|souci|probleme)|tout va bien|ras\b|ce n'est pas une (?:plainte|reclamation))\b", "no complaint, says the writer"),
    # --- complaining ---
    _turn("still", r"\btoujours (?:pas|rien|aucune?|en panne|le meme|sans|la|autant)\b|\bpas encore\b|\bdepuis (?:0|des|plus|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|hier|ce matin|le 0|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|noel|trois|deux|quatre|cinq|six|bientot|presque)\b|\bca fait (?:0|deux|trois|des|plus|une)|\bcela fait\b|\bvoila (?:0|deux|trois|des)|\bencore une fois\b|\brelanc|\b0e (?:mail|message|fois|relance)", "it has lasted"),
    _turn("contest", r"\b(?:contest\w+|refus\w+ de (?:payer|regler)|ne (?:paierai|paierons|dois|devons) (?:pas|rien)|n'ai pas a (?:payer|regler)|rembours\w+|recredit\w+|trop[- ]percu|rectifi\w+|a tort|deux fois|en double|erreur\w*|erron\w+|injustifi\w+|abusi\w+|illegal\w*|d'ou (?:vient|viennent|sort))\b", "a sum is contested"),
    _turn("demand", r"\b(?:j'exige|nous exigeons|exige|mets en demeure|met en demeure|mettons en demeure|mise en demeure|somme|j'attends|nous attendons|veux|faites (?:quelque chose|le necessaire|cesser|en sorte)|je vous demande de (?:faire|bien vouloir faire|rembours|intervenir|mettre)|a votre charge|vous incombe|obligation)\b", "demands"),
    _turn("send_help", r"\b(?:envo\w+|faire (?:venir|passer|intervenir)|faites (?:venir|passer|intervenir)|mand\w+|besoin|vienne|venir|passer|intervenir|intervention|prevoir|programmer|attends)\b.{0,30}\b(?:quelqu'un|plombier|electricien|chauffagiste|technicien|serrurier|artisan|couvreur|menuisier|entreprise|reparer|reparateur|ascensoriste|voir|constater|professionnel|depanneur|desinsect\w*|moun|boug)\b", "somebody is to come and mend"),
    _turn("not_working", r"\b(?:ne|n)\s?(?:marche|fonctionne|chauffe|ferme|s'ouvre|ouvre|s'allume|repond|tient|demarre|sonne|tire|descend|remonte|monte|s'arrete|s'eteint|coule|se ferme|se referme|s'evacue)\w*\b.{0,12}\b(?:plus|pas|mal)\b|\b(?:en panne|hors service|hs|casse\w*|bloque\w*|bouche\w*|fuit|fuite|fuites|goutte|degat des eaux|infiltration\w*|moisi\w*)\b|\b(?:plus|pas|sans|aucun) (?:d'|de )?(?:eau chaude|chauffage|eau|electricite|courant|lumiere|pression)\b|\bnot working|\bdoesn't work|\bbroken|\bleak\w*", "something does not work"),
    _turn("people", r"\b(?:voisine?s?|vwazen|vwazin|neighbou?rs?|enfants|gamins|jeunes|chiens?|occupants?|squatteurs?|gardiene?|votre (?:collegue|agent|stagiaire|employee?|collaborat\w+|technicien|negociateur|hotesse|plombier))\b.{0,60}\b(?:bruit|musique|cri\w*|hurl\w*|aboi\w*|insult\w*|menac\w*|fum\w*|jett\w*|jet\w*|tap\w*|fete\w*|sal\w*|raccroch\w*|ton|parle\w*|refus\w*|gar\w*|occup\w*|entr\w*|nuit|noise|music|loud|party|barking|rude)\b", "what people do to people"),
)  # fmt: skip

_FINDER = Finder([turn.pattern for turn in TURNS])


def turns_in(plain: str) -> list[Turn]:
    """The turns of phrase met in a folded sentence."""
    return [TURNS[place] for place in _FINDER.met(plain)]
