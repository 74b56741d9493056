"""What must ring whatever a letter is about: danger, a death, violence, an authority, private papers, a machine. Tables.

A row is looked for in one folded sentence (numbers written `0`), or in the sender's name, the subject or a file's name where it
says so. `unless` is looked for in the same sentence and silences the row. Gaps are bounded so that every search is linear.
`rules.classify` weighs danger, registered post and machines together with what the learned model says of the whole letter.
"""

# ruff: noqa: E501  a row of a table stays on its line

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rules.finder import Finder

_NEVER: Final = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True, eq=False)
class Alarm:
    kind: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str]
    reason: str


def _alarm(kind: str, pattern: str, reason: str, unless: str = "") -> Alarm:
    return Alarm(kind, re.compile(pattern, re.MULTILINE), re.compile(unless) if unless else _NEVER, reason)


_OVER = r"\b(?:plus (?:d'odeur|de fumee|de fuite|d'eau qui)|n'est plus|repare\w*|regle|verifie\w*|fausse alerte|si jamais|en cas d|en cas de|s'il y a|detecteur de fumee (?:bipe|sonne a vide)|assurance|l'an (?:dernier|passe)|l'annee derniere|exercice)\b"

# Danger to people now, or water running now. An open danger is told in the present and without "if".
URGENT: tuple[Alarm, ...] = (
    _alarm("gas", r"\b(?:odeurs?|sent|sens|senti|fuite|fuit|smell\w*|leak\w*|ka santi)\b.{0,30}\b(?:gaz|gas)\b|\b(?:gaz|gas)\b.{0,20}\b(?:fuit|fuite|leak|odeur|smell)", "one spark is enough", _OVER),
    _alarm("co", r"\b(?:monoxyde|carbon monoxide)\b|\b(?:maux de tete|mal a la tete|vertiges?|nausees?|malaise)\b.{0,60}\b(?:chaudiere|chauffe-eau|poele|chauffage)", "kills without a smell", _OVER),
    _alarm("co", r"\b(?:oxyde de carbone|perdu connaissance|oeufs? pourris?)\b|\b(?:tous|toutes|enfants|nous avons|petite?)\b.{0,40}\b(?:mal a la tete|tete lourde|vomi|nausees?|vertiges?)\b", "a gas that nobody sees", _OVER),
    _alarm("fire", r"\b(?:feu dans (?:la|le|l'|les)|a pris feu|ca fume (?:encore|toujours|noir|sous|dans|et))\b|\bfume encore\b|\b(?:mare|fuite|odeur) d'essence\b", "fire, or what feeds it", _OVER + r"|cheminee|barbecue|voisins? fume"),
    _alarm("electricity", r"\b(?:gresill\w+|crepit\w+|eclairs? bleus?)\b|\b(?:cables?|fils?|lignes?) (?:electriques? )?(?:est |sont )?(?:tombee?s?|nus?|a terre|arrachee?s?)\b", "what crackles, and wires on the ground", _OVER + r"|haut-parleur|interphone|radio|telephone"),
    _alarm("fire", r"\b(?:incendie|depart de feu|pris feu|prend feu|en feu|flammes?|on fire|dife)\b|\b(?:fumee|smoke)\b.{0,30}\b(?:sort|noire|tableau|prise|mur|compteur|partout|remplit|from)|\b(?:sent|odeur de|ca sent le) (?:le )?(?:brule|crame|plastique brule)", "fire", _OVER + r"|porte coupe-feu|plaque|barbecue"),
    _alarm("electricity", r"\b(?:etincelles?|sparks?|electrocut\w+|court-? ?circuit|chataigne|denudes?|a nu)\b|\bprend(?:s|re)? (?:le|du|un coup de) jus|\b(?:prise|interrupteur|tableau|fil|cable|compteur|douille)s?\b.{0,40}\b(?:fum\w+|noirci\w*|brul\w+|fond\w*|crepit\w+|grill\w+|eau)|\bdecharge\w*\b.{0,30}\b(?:touch|robinet|machine|douche|electri)|\beau\b.{0,60}\b(?:tableau|compteur|disjoncteur|prises?|lustre|plafonnier|electri\w+)", "electricity", _OVER),
    _alarm("water", r"\b(?:inond\w+|flood\w*|geyser|trombes|cascade|a flots?|a gros bouillons)\b|\b(?:eau|dlo|water|ca|sa)\b.{0,25}\b(?:coule|koule|monte|gicle|jaillit|tombe|pisse|ruisselle|deborde|sort|arrive|pouring|rising|coming|running)\b.{0,60}\b(?:plafond|partout|murs?|lustre|sans arret|s'arrete pas|palier|escalier|ceiling|everywhere|maintenant|en ce moment|now|toujours|fort|litres?|seaux?)|\bplafond\b.{0,40}\b(?:coule|degouline|ruisselle|dripping|pouring)|\b(?:grosse|enorme|importante|big|huge) (?:fuite|leak)|\b(?:eclate|explose|rompu|burst)\w*\b.{0,40}\b(?:tuyau|canalisation|chauffe-eau|flexible|pipe|colonne)|\b(?:tuyau|canalisation|flexible|pipe|colonne|ballon)\b.{0,30}\b(?:eclate|explose|rompu|lache|burst)", "water runs now", _OVER + r"|pas d'eau|sans eau|\bseche\b|inonde de (?:mails|pub)"),
    _alarm("water", r"\b(?:gicle|giclent|jaillit|pisse par|coul du plafon|coule du (?:plafond|luminaire|lustre|plafonnier))\b|\b(?:leau|l'eau|dlo|eau sale|lo)\b.{0,30}\b(?:monte|remonte|passe sous|continue de tomber|tombe (?:en|sur|directement)|partout|sort du mur|ka koule)\b|\b(?:rupture|rompu|pete)\b.{0,15}\b(?:flexible|tuyau|canalisation)|\btuyau\b.{0,20}\b(?:pete|creve|arrache)", "water comes, in everyday words", _OVER + r"|pas d'eau|sans eau|\b(?:prix|facture|charges|compteur|note)\b"),
    _alarm("collapse", r"\b(?:effondr|ecroul|s'affaiss)\w*|\b(?:plafond|balcon|plancher|toit|cheminee|garde-corps|mur|facade|corniche|tuiles?|volet|arbre)\b.{0,40}\b(?:tombe\w*|menace|arrache\w*|envol\w+|cede|bouge|descelle\w*)\b.{0,30}\b(?:trottoir|rue|cour|passants?|enfants?|tete|tomber|lit|nous)|\brisque de chute", "something falls on people", _OVER),
    _alarm("collapse", r"\b(?:garde-? ?corps|rambardes?|rampe|balcon|dalle|linteau|echafaudage|mur|souche de cheminee|facade|corniche|plancher|persiana|vantail|vitre|battant|antenne|poteau|plafond|plafon|escalier)\b.{0,60}\b(?:bouge\w*|penche\w*|pend|pendent|decrochee?|descelle\w*|affaissee?|detachee?|tombee?|tonbe|se balance|remue|s'est (?:couche|avance|ouvert)\w*)\b", "something is about to fall", _OVER + r"|\b(?:peinture|papier|tringle|rideau|lampe|ampoule|depuis (?:0|des) (?:mois|ans)|ecran|sonnette|carreau de faience)\b"),
    _alarm("trapped", r"\b(?:ascenseur|lift|elevator)\b.{0,60}\b(?:dedans|inside|avec (?:ma|mon|m\.|mme|un|une|deux)\b|cardiaque|malaise)", "people in a lift that stands still", _OVER),
    _alarm("trapped", r"\b(?:coince|bloque|enferme|prisonni|trapped|stuck|locked)\w*\b.{0,30}\b(?:ascenseur|dedans|dehors|palier|balcon|lift|elevator|inside|outside|cave)\b.{0,80}", "people locked in or out", _OVER + r"|depuis (?:0|des) (?:jours|semaines)|ascenseur (?:est )?bloque"),
    _alarm("cold_infant", r"\b(?:chauffage|chauffe|froid|degres?|heating|eau chaude|electricite|courant)\b.{0,120}\b(?:bebe|nourrisson|nouveau-ne|0 mois|prematur\w+|newborn|baby|oxygene|respirateur|dialyse)|\b(?:bebe|nourrisson|nouveau-ne|newborn|baby|oxygene|respirateur)\b.{0,120}\b(?:chauffage|froid|degres?|heating|electricite|courant)", "cold or dark with somebody fragile", _OVER),
    _alarm("violence", r"\b(?:couteau|arme|fusil|machette|barre de fer|batte)\b|\bmenac\w+ de (?:me |nous |la |le )?(?:tuer|mort|frapper|bruler)|\bpeur (?:de rentrer|pour (?:ma|notre|sa) vie)|\b(?:me|la|l'a|m'a|nous) (?:frappe|tape|bat|agresse)\w*\b.{0,40}\b(?:ce soir|hier|encore|maintenant|toujours)", "violence now"),
    _alarm("violence", r"\b(?:va|veut|vont) (?:me|nous|le|la|les|te|tous nous) tuer\b|\btape\w*\b.{0,30}\b(?:ma|la|dans ma|notre) porte\b.{0,60}\b(?:marteau|barre|pieds?|hurle|maintenant|en ce moment)", "somebody at the door"),
    _alarm("help", r"\b(?:pompiers|samu|ambulance|fire brigade)\b.{0,60}\b(?:appel\w+|sont|venus|la|called)|\bappel\w+ les pompiers", "rescuers are on their way", _OVER),
)  # fmt: skip

# A person's death, not a battery's.
DEATH: tuple[Alarm, ...] = (
    _alarm("deces", r"\bdeced\w+|\bdeces\b|\bobseques\b|\bfunerailles\b|\bdefunte?\b|\bpassed away\b|\bnous a quittes?\b|\bs'est eteinte?\b|\bsuccession (?:de|d'|morvan|[a-z]+)\b|\bheritiere?s\b|\bayants? droit\b|\bmouri\b", "the words of a death", r"succession de (?:panne|probleme|fuite|retard|locataire|artisan)\w*|\b(?:chien|chat|plante|poisson|oiseau|batterie|chaudiere)\b.{0,20}\bdeced"),
    _alarm("deces", r"\b(?:mari|epouse?|femme|mere|pere|maman|papa|fils|fille|soeur|frere|oncle|tante|grand-mere|grand-pere|locataire|monsieur|madame|compagnon|compagne|conjointe?|il|elle|mother|father|husband|wife)\b.{0,50}\b(?:est mort|est morte|etait mort|morte? (?:le|hier|cette|ce|dans|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)|died|is dead|est parti pour toujours)", "died, of a person", r"morte? de (?:rire|fatigue|trouille|honte|froid)"),
)  # fmt: skip

# Nothing cheerful is written to people who flee, and their address stays with us.
VIOLENCE: tuple[Alarm, ...] = (
    _alarm("violences", r"\bviolences?\b|\bviolent\w*\b.{0,20}\b(?:conjoint|mari|ex|compagnon|pere|fils)|\bordonnance de protection|\btelephone grave danger|\bdomestic (?:violence|abuse)|\brestraining order|\bfemmes? battues?", "the words of the law and of associations", r"\b(?:vents?|tempete|orages?|pluies?|cyclone|rafales?)\b"),
    _alarm("violences", r"\b(?:me|m'|nous|l'|la)\s?(?:a |ont )?(?:frapp\w+|bat(?:tue?)?\b|tap(?:e|ee)\b|agress\w+|etrangl\w+|sequestr\w+|menac\w+ de mort|menace\w* avec|cogn\w+|viole\w*|harcel\w+ (?:sexuel|physique))|\b(?:agression|agressee?|coups et blessures|menaces? de mort|hit me|beats me|threatened (?:me|to kill))\b", "said by the person hurt", r"\b(?:musique|lumiere|odeur|bruit|froid)\b.{0,20}\bagress"),
    _alarm("violences", r"\b(?:fui|fuir|fuis|enfuie?|sauvee?)\b.{0,40}\b(?:domicile|maison|conjoint|mari|lui|enfants)|\bfoyer d'urgence|\blieu sur\b|\bmis(?:e)? a l'abri|\b(?:main courante|porte plainte|depot de plainte|depose plainte)\b.{0,60}\b(?:contre (?:mon|lui|mon ex)|mari|conjoint|ex|compagnon)|\bconjoint violent|\bex[- ](?:mari|conjoint|compagnon)\b.{0,60}\b(?:menac|peur|frapp|plainte|adresse|dire ou)", "fleeing a home"),
)  # fmt: skip

# An authority, a lawyer or a commission writes: a person answers, and within 72 hours. Looked for in the sender's name.
INSTITUTION_SENDER: Final = re.compile(
    r"\b(?:caf|caisse d'allocations|msa|mairie|ville de|prefecture|sous-prefecture|ars|agence regionale|service (?:communal )?d'hygiene|hygiene|schs|surendettement|banque de france|tribunal|greffe|juge|conciliat\w+|mediat\w+|defenseur des droits|commissaires? de justice|huissiers?|avocate?s?|maitre|me|selarl|scp|commission|cdc|ddets|ddcs|dalo|tresor public|finances publiques|dgfip|impots|police|gendarmerie|commissariat|conseil departemental|departement|ccas|udaf|adil|clcv|cnl|confederation|association de (?:defense|locataires)|protection juridique|juridica|mjpm|mandataire judiciaire|procureur|prud'hommes|lawyer|solicitor|bailiff|court)\b"
)
INSTITUTION: tuple[Alarm, ...] = (
    _alarm("institution", r"\b(?:en (?:ma|notre) qualite d|agissant (?:au nom|pour|en qualite)|conseil de (?:m|mme|mon|ma|monsieur|madame)|intervenons (?:pour|au titre|en qualite)|mandates? par|ai l'honneur de vous (?:signifier|notifier)|je suis (?:le|la) conseil|mon client|ma cliente|mes clients|notre (?:adherente?|assuree?|societaire)|my client|on behalf of (?:my|our) client)\b", "somebody speaks for another party", r"votre client"),
    _alarm("institution", r"\bcommission (?:de surendettement|departementale|de conciliation|de mediation|dalo)\b.{0,80}\b(?:declare\w*|recevab\w+|vous (?:informe|notifie|convoque|invite)|a decide|saisie|seance)|\bdossier (?:a ete )?(?:declare|juge) recevable|\bmesures imposees|\bplan conventionnel", "over-indebtedness commission (code de la consommation, L. 722-2)"),
    _alarm("institution", r"\b(?:arrete|mise en demeure|procedure|rapport|controle|visite)\b.{0,30}\b(?:de peril|d'insalubrite|d'hygiene|de salubrite|de la caf|de decence|de non-?decence|reglement sanitaire|prefectoral|municipal)|\breglement sanitaire departemental|\bnon-?decence\b.{0,80}\b(?:conservation|consignation|allocation)|\bconservation de l'allocation", "town hall, health agency, CAF"),
    _alarm("institution", r"\b(?:saisie-?attribution|avis a tiers detenteur|saisie administrative|assignation|vous (?:etes|etes par la presente) (?:convoque|assigne|cite)e?|acte d'huissier|commandement de|tentative (?:prealable )?de conciliation|reunion de conciliation|requete)\b.{0,80}\b(?:audience|tribunal|conciliat\w+|signifi\w+|tiers|creance|juge|mairie)", "courts and bailiffs"),
)  # fmt: skip

# Medical or social matters: the notice to the manager goes without the attachments.
SENSITIVE: tuple[Alarm, ...] = (
    _alarm("sensible", r"\b(?:certificats? medica\w+|dossier medical|compte[- ]rendu (?:medical|d'hospitalisation|operatoire)|ordonnance (?:medicale|du medecin)|arret (?:de travail|maladie)|hospitalis\w+|a l'hopital|chimio\w*|cancers?|tumeur|dialyse|avc|infarctus|alzheimer|parkinson|epileps\w+|psychiatr\w+|depressi\w+|burn[- ]?out|schizo\w+|bipolaire|autis\w+|handicap\w*|invalidite|mdph|aah|fauteuil roulant|asthm\w+|bronchiolit\w+|sclerose|diabet\w+|vih|grossesse|enceinte de|accouch\w+|fausse couche|oxygene a domicile|sous oxygene|operee? d\w*|cure de desintoxication|alcool\w+ (?:dependance|isme)|curatelle|tutelle|sauvegarde de justice|mjpm|raisons? de sante|etat de sante|mon medecin|disab\w+|pregnan\w+|medical certificate|in hospital)\b", "health", r"place (?:handicap\w*|pmr)|stationnement handicap\w*|enceinte de (?:la|l'|musique)"),
    _alarm("sensible", r"\b(?:rsa|minima sociaux|surendett\w+|fsl|aide sociale|assistante? sociale?|travailleu\w+ socia\w+|demandeuse? d'asile|titre de sejour|refugiee?|incarcer\w+|detention|prison|bulletins? de (?:salaire|paie)|avis d'impos\w+|jugement de divorce|ordonnance de protection|violences (?:conjugales|familiales)|licenciement|attestation (?:pole emploi|france travail)|casier)\b", "social matters"),
)  # fmt: skip
SENSITIVE_FILE: Final = re.compile(
    r"certif\w*[ _.-]{0,2}med|medical|hopital|hospital|mdph|handicap|invalid|grossesse|ordonnance|arret[ _-]{0,2}(?:travail|maladie)|bulletin|salaire|paie|impot|impos|caf\b|rsa|attestation[ _-]{0,2}(?:caf|rsa|pole|chomage)|jugement|divorce|plainte|deces|livret|cni|identite|passeport|sejour|social"
)

# Sent, deposited or handed over against proof; a letter only promised isn't.
REGISTERED: tuple[Alarm, ...] = (
    _alarm("registered", r"^(?:par |envoi en |en |objet ?: ?)?(?:lettre )?(?:recommandee?|lrar|lr/ar|rar)\b|\blettre recommandee (?:avec|a\.?r|n|electronique)|\blr ?/? ?ar n|\blrar\b|\brecommandee? (?:electronique|n|avec a)|\bar ?24\b|\bmaileva\b|\blre\b|\blettre ar\b|\b0[acd] 0 0\b|\bar recu\b", "written on the letter, or a service's notice", r"\b(?:faut-il|dois-je|suivra|suit|demain|votre (?:lettre )?recommand|vous m'avez|recu (?:un|une|votre)|avis de passage|sera|vais|va partir|part (?:demain|lundi)|recevrez|attendez|partira|a venir|prochain|accept(?:ez|eriez)-vous)"),
    _alarm("registered", r"\b(?:remise?s?|deposee?s?|donnee?|apportee?)\b.{0,25}\b(?:en main|en mains|contre (?:decharge|recepisse|signature|recu))|\bcontre (?:decharge|emargement|recepisse)|\bmain propre|\b(?:remis|depose|donne|laisse|porte|amene)\w*\b.{0,60}\bcontre (?:signature|decharge|recepisse|tampon)|\b(?:letter|notice|conge|lettre|courrier)\b.{0,60}\b(?:handed in|tamponnee?s?|stamped)\b|\b(?:handed|gave|hand-delivered)\b.{0,40}\b(?:your (?:front )?(?:desk|office|counter|reception)|the (?:girl|lady|man|person) at)", "handed over against a receipt", r"\b(?:puis-je|peut-on|faut-il|viendrai|passerai|sera)\b"),
    _alarm("registered", r"\b(?:envoye|poste|adresse|expedie|parti|transmis|depose)\w*\b.{0,40}\brecommand\w+|\brecommandee?\b.{0,3}(?: (?:est|a ete))? ?(?:parti|envoye|poste|expedie|recu|depose)\w*\b|\b(?:posted|sent|mailed)\b.{0,40}\bregistered (?:mail|post|letter)|\b(?:envoye|poste) (?:le|un|en) reco\b", "posted already", r"\b(?:vais|sera|serai|dois|faut|demain|suivra|partira|partiront|vous m'avez|votre)\b"),
    _alarm("registered", r"\b(?:pli|lettre|courrier|envoi|recommandee?)\b.{0,60}\b(?:en attente|a retirer|en instance|vous attend|disponible pendant 0 jours|consultable)\b|\b(?:0|quinze) jours? (?:pour|afin de) (?:l'accepter|la (?:retirer|recuperer|consulter|lire)|le (?:retirer|recuperer|consulter|lire)|accepter|en prendre connaissance)\b|\b(?:accepter|refuser) (?:ou (?:de )?refuser )?(?:ce|cet|le|l') ?(?:pli|envoi|recommande)|\bregistered (?:e-?mail|letter|item)\b.{0,60}\b(?:waiting|accept|collect)|\bavis de (?:depot|mise a disposition)\b.{0,40}\b(?:recommand\w+|lre|pli)", "a service of registered mail on line, whatever its name: fifteen days run (CPCE R53-3)", r"\b(?:affranchissement|frais|colis|amende|votre (?:lettre )?recommand|0,0 ?(?:eur|€)|douane|livraison|plombier|convocation)\b"),
)  # fmt: skip

# Files that are the proof of it, or a scan of it.
REGISTERED_FILE: Final = re.compile(
    r"(?:^|[^a-z])(?:lrar|lre|recommandee?|reco|ar|decharge|recepisse)(?![a-z])|preuve[ _-]?(?:de[ _-]?)?depot|avis[ _-]?(?:de[ _-]?)?reception|tamponn|stamped"
)

# Machines, bulk senders and frauds, where no header tells. Looked for in the sender's name or address...
MACHINE_SENDER: Final = re.compile(
    r"no[-_. ]?reply|ne[-_. ]?pas[-_. ]?repondre|nepasrepondre|do[-_. ]?not[-_. ]?reply|donotreply|mailer[- ]?daemon|postmaster|\bdaemon\b|notifications?\b|\bnotif\b|\bnewsletter|\binfolettre|\bscan\w*|numeris\w*|copieur|multifonction|photocop\w*|imprimante|xerox|ricoh|konica|bizhub|kyocera|\bcanon\b|workcentre|\bmfp\b|messagerie[- ]vocale|voicemail|repondeur|\brobot\b|\bbot\b|automat\w+|\bauto\b|formulaire|\bportail\b|espace (?:client|locataire)|site (?:web|internet)|webform|passerelle|\bsms\b|\bsupport\b|\balertes?\b|webmaster|\bsysteme?\b|publipostage|mailing|\bfax\b|lettres?[- ](?:certifiees?|recommandees?)|recommande[- ]?(?:en[- ]ligne|num\w*|electronique)|\bar24\b|maileva|\blre\b|e-?post|google (?:agenda|calendar)|docusign|yousign|sign'?up|planning\b.{0,20}auto|ticket|extranet|\bged\b|\bgmao\b|wordpress|helpdesk|assistant virtuel|chatbot|enquete|\bcopie[- ]|registered mail|fiche d'etablissement|serveur vocal|standard (?:vocal|telephonique)|messageri|antispam|filtre|calendrier|signature[- ]?(?:doc|elec)"
)
MACHINE: tuple[Alarm, ...] = (
    _alarm("machine", r"\b(?:message|courriel|mail|e-?mail|notification|reponse|courrier)\b.{0,12}\b(?:automatique\w*|genere\w*|envoye automatiquement)|\bautomatic(?:ally)?\b.{0,12}\b(?:reply|generated|sent)|\b(?:ne pas|merci de ne pas|do not|please do not) (?:y )?(?:repondre|reply)|\bauto-?reply|\breponse automatique|\bsent automatically", "says so itself", r"\b(?:votre|vos|vous|relance)\b.{0,12}\b(?:message|reponse|relance|mail|courrier)\w* automatique"),
    _alarm("machine", r"\b(?:actuellement|je suis|serai|suis) (?:actuellement )?absente?s?\b.{0,40}\b(?:du|jusqu|bureau|0|conge)|\babsente? du (?:bureau|0)|\bout of (?:the )?office|\bde retour le 0|\ba mon retour\b|\b(?:ne (?:consulte|lis|releve)|aurai pas acces|limited access|n'est plus relevee?)\b.{0,30}\b(?:mails?|messages?|messagerie|email|adresse)?|\ben (?:mon|son) absence\b|\ben cas d'urgence\b.{0,30}\bcontact|\bne fais plus partie|\ba quitte (?:l'entreprise|la societe|ses fonctions)|\bfor urgent matters", "out of office", r"\b(?:voisin|cle|cles|clef|technicien|appartement|logement)\b"),
    _alarm("machine", r"\b(?:undeliver\w+|delivery (?:status|failed|has failed)|non (?:remis|distribue|delivre)|n'a (?:pas )?pu etre (?:remis|distribue|delivre|livre)|could not be delivered|couldn't be delivered|user unknown|mailbox (?:full|unavailable)|boite (?:est )?pleine|permanent(?: fatal)? errors?|returned mail|echec de (?:la )?remise|adresse introuvable|nicht zugestellt|unzustellbar)\b|\b0 0\.0\.0\b", "a bounce"),
    _alarm("machine", r"\b(?:se desinscrire|desinscri\w+|se desabonner|desabonn\w+|unsubscribe|ne plus recevoir (?:cette|ces|nos|de)|to stop receiving|stop receiving|repondez stop|reply stop|voir (?:ce mail |la version )?en ligne|lire dans le navigateur|vous recevez cet e-?mail|au sommaire|webinaire|webinar|newsletter|inscrivez-vous|essai gratuit|free (?:demo|survey|trial)|book a (?:free )?demo|offre (?:speciale|exceptionnelle|limitee|reservee)|code promo|profitez d|-0 ?%)", "bulk mail"),
    _alarm("machine", r"\b(?:cliquez|cliquer|click)\b.{0,40}\b(?:ici|lien|here|link|suivant|dessous)|\bhttps?\b|\b(?:votre|your) (?:compte|acces|boite|mot de passe|account|password|mailbox)\b.{0,40}\b(?:suspend\w*|bloque\w*|expire\w*|cloture\w*|limite\w*|pleine|suspended|expires?)|\b(?:confirm|verifi|valid|mett\w+ a jour)\w*\b.{0,30}\b(?:vos|votre|your)\b.{0,20}\b(?:coordonnees|informations|identite|mot de passe|compte|donnees|coordonne|account|password|details)|\bfrais (?:de livraison|d'affranchissement|de douane)|\b(?:beneficiaire|gagnant|eligible)\b.{0,40}\b(?:remboursement|versement|somme|bon|lot)|\bvirement (?:urgent|confidentiel)|\bchangement d(?:e|'|e nos |e notre ) ?(?:coordonnees bancaires|iban|rib|banque)\b.{0,60}\b(?:notre|nos|agence|prochain)|\b(?:notre|nos) nouve(?:au|lles?|aux) (?:rib|iban|coordonnees)|\b(?:gift cards?|cartes? cadeaux?|bitcoin|western union|inheritance|million)\b", "fraud"),
    _alarm("machine", r"^(?:lu|non lu|read|not read|accuse de lecture|acceptee?|accepted|refusee?|declined|provisoire|tentative|annulee?) ?(?:\([a-z]+\))? ?[:-]|\b(?:accuse de lecture|read receipt|(?:votre|your) (?:message|e-?mail|courriel)\b.{0,120}\b(?:a ete lu|was read|a ete supprime|was deleted|a bien ete (?:recu|transmis))|(?:a|have|has) (?:accepte|refuse|decline|accepted|declined)\w* (?:cette|votre|your|the) invitation|organisateur ?:)", "read receipts and calendars"),
    _alarm("machine", r"\b(?:ticket|di-0|demande d'intervention|reference|dossier|signalement)\b.{0,40}\b(?:cree|reouverte?|clos|cloture|resolu|mis a jour|passe au statut|pris en charge|created|closed)\b|\b(?:modifi\w+|chang\w+)\b.{0,12}\bobjet de ce message|\ba (?:laisse|depose) un (?:avis|message|document)\b|\bdocument (?:a ete |est )?(?:depose|partage)|\bdeposant ?:|\bmessage associe|\btexte ?:|\bcommentaire(?: libre)? ?:|\bvisiteur ?:|\bassistant ?:|\btranscription\b|\benquete\b.{0,30}\brepondu|\bnouvel avis\b|\b(?:nous )?(?:repondrons|reponse)\b.{0,40}\b(?:bientot|sous 0|dans un delai|dans les meilleurs delais)\b|\bdelai de reponse actuel|\bliste de diffusion|\bcopie (?:automatique|expediteur)|\breponse a ce courriel non suivie|\bne repondez pas a ce(?:t|tte)? ?(?:e-?mail|mail|courriel|message)|\b(?:nous avons bien recu|merci de nous avoir)\b.{0,20}\b(?:votre message|votre demande|ecrit|contacte)", "tickets, extranets, chats, surveys"),
    _alarm("machine", r"\b(?:\(ocr\)|reconnaissance de caracteres|texte extrait|indexe ged|lu par la machine)\b|^\W*ocr\W", "what a scanner read"),
    _alarm("machine", r"\b(?:one registered item|registered e-?mail|accept within|acceptez sous|date limite d'acceptation|horodatage qualifie|intitule saisi|objet indique par l'expediteur|expediteur ?:.{0,80}(?:objet|mention) ?:)", "registered mail on line, any service"),
    _alarm("machine", r"\b(?:seo|backlinks?|referencement|growth|leads?|visibilite|avis (?:negatifs|google)|portails?|annuaire professionnel|essai (?:offert|gratuit)|affordable|site web|your website|on se cale|0 minutes au telephone|inter-cabinet|a saisir|exclusivite|revue de presse|notre (?:note|dossier|offre|solution|logiciel|plateforme)|decouvrez (?:notre|nos)|specialiste de|partenaires? des (?:agences|gestionnaires))\b", "prospecting", r"\b(?:mon|ma|mes) (?:bail|loyer|logement|appartement)\b"),
    _alarm("machine", r"\b(?:no longer work|have left the company|mailbox is (?:not|no longer)|n'est pas (?:releve|consulte)e?|ne lis (?:rien|pas)|je lis rien|je trierai|sera lu|seront lus|mon remplacement est assure|pas (?:de|une barre de) reseau|pas lire mes (?:mails|messages)|update your records|auto:|absence pour conge)\b", "absences told in other words"),
    _alarm("machine", r"\b(?:nouveau message vocal|transcription (?:automatique|du message)|duree 0:0|numerise depuis|numerisation|document numerise|nombre de pages|veuillez ouvrir le (?:document|fichier) joint|scanned (?:from|document)|nouvelle demarche|formulaire\b.{0,30}\b(?:transmis|recu|soumis|envoye|rempli)|demande (?:transmise|deposee) (?:depuis|via)|via le (?:site|formulaire|portail)|depuis (?:l'espace|le portail|l'application)|sms (?:de|recu)|avis de depot|preuve de depot|pli\b.{0,40}\b(?:disponible|attend|attente|acceptation)|lettre recommandee (?:electronique|en ligne|numerique)\b.{0,80}\b(?:disponible|attente|vous (?:a ete|attend)|adresse|acceptation|accepter)|0 jours pour|quinze jours pour|accuse de reception de votre (?:courriel|message|demande|mail)|a propose une nouvelle heure|invitation ?:|vous etes invite|ticket n|numero de ticket)\b", "copiers, portals, registered mail on line"),
)  # fmt: skip

# Words that an acknowledgement must not hand back in its quotation marks.
UNFIT: Final = re.compile(
    r"\b(?:connards?|connasses?|encule\w*|salopards?|salopes?|batards?|putains?|putes?|merde\w*|foutre|foutez|foutus?|chier|chiant\w*|cons?|conneries?|abrutis?|debiles?|cretins?|imbeciles?|ordures? que vous|voleurs?|escrocs?|arnaqueurs?|incapables?|incompetents?|menteurs?|bande de|honte a vous|minables?|fils de|ta gueule|nique\w*|fuck\w*|shit|bastards?|assholes?|idiots?|crooks?|thieves|liars?)\b"
    r"|https?|www\.|@|<[a-z/!]|\b(?:fr|be|ch|de|lu)\d\d[ \d]{8,}|(?:\d[ .-]?){9,}|[{}\[\]|]"
)

_ALL: Final = (*URGENT, *DEATH, *VIOLENCE, *INSTITUTION, *SENSITIVE, *REGISTERED, *MACHINE)
_FINDER: Final = Finder([alarm.pattern for alarm in _ALL])


@lru_cache(maxsize=500)
def ringing(plain: str) -> frozenset[Alarm]:
    """The rows of all tables that ring in a folded sentence."""
    return frozenset(alarm for alarm in map(_ALL.__getitem__, _FINDER.met(plain)) if not alarm.unless.search(plain))
