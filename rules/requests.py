"""The documents that a tenant asks for by mail, and nothing else: a receipt, a notice, a statement, a certificate.

Conservative: a document must be asked for in words, in the writer's own text, and what isn't understood is left to a
person. Refusing a receipt is an offence (law of 6 July 1989, articles 21 and 3-4), so what is read here is either sent
at once or told to a person with the reason; nothing is dropped.
"""

# ruff: noqa: E501  a row of a table stays on its line

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rules import labels
from rules.fold import fold
from rules.letter import Letter
from rules.period import Period, month, months_from
from rules.reading import read


class Paper(StrEnum):
    """What may be sent at once."""

    RECEIPT = "receipt"
    NOTICE = "notice"
    STATEMENT = "statement"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a letter asks for. `months` are those named, oldest first; none: the latest.

    `only`: the letter says nothing else, so that the document answers it whole.
    """

    papers: tuple[Paper, ...] = ()
    months: tuple[Period, ...] = ()
    on_paper: bool = False  # no more notices by e-mail
    only: bool = False

    def __bool__(self) -> bool:
        return bool(self.papers) or self.on_paper


# A document, as people name it. The last column is why it is taken for that one.
_PAPERS: tuple[tuple[str, Paper, str], ...] = (
    (r"\bquittances?\b|\brecus? (?:de|du|des|pour (?:le|mon|mes)) (?:loyers?|paiements?|reglements?)", Paper.RECEIPT, "its name"),
    (r"\bavis d'?\s?echeances?\b|\bappels? de loyers?\b", Paper.NOTICE, "its names, the law's and the trade's"),
    (r"\breleves? (?:de |du |d[e']s? )?(?:mon |mes |notre )?(?:comptes?|situation)|\bhistorique (?:de|des) (?:mes |nos )?(?:loyers|paiements|reglements|versements)|\b(?:decompte|etat) (?:de |du )?(?:mon )?compte", Paper.STATEMENT, "its name, and what it holds"),
    (r"\b(?:attestation|certificat) (?:de |d')(?:location|hebergement locatif|residence|domicile|locataire|bail)\b|\bjustificatif de domicile\b", Paper.CERTIFICATE, "its name, and what it serves for"),
)  # fmt: skip

# Words that ask. A document that is only spoken of ("j'ai bien reçu la quittance") is not asked for.
_ASKS = re.compile(
    r"\b(?:pouvez|pourriez|pourrais|puis|peut|serait|possible|merci de|veuillez|svp|s'il vous plait|stp|besoin"
    r"|voudrais|voudrions|aimerais|aimerions|souhaite\w*|souhaiterais|demande|sollicite|envoyez|transmettez|adressez"
    r"|renvoyer|recevoir|obtenir|avoir|faire parvenir|m'envoyer|me transmettre|m'adresser|me fournir|il me faut"
    r"|me faudrait|reclame|pas (?:encore )?(?:recu|eu))\b"
)
# What says that the letter is about something else than having the document.
_OTHERWISE = re.compile(
    r"\b(?:conteste\w*|erreur|erron\w*|faux|fausse|rectifi\w*|corrig\w*|trop[- ]percu|assurance|gerance|proprietaire|mandat"
    r"|taxe|facture|etat des lieux|hebergement)\b"
)
_THANKED = re.compile(r"\b(?:bien recu|merci pour (?:la|le|les|votre|vos|l')|ci-?joint\w*|en piece jointe|en pj|je vous (?:joins|transmets|envoie))\b")  # fmt: skip

_PREFERS = re.compile(
    r"\b(?:je|nous|on)?\s?(?:prefere\w*|preferons|prefererais|voudrais|veux|souhaite\w*|repasser|revenir|retour)\b.{0,60}"
    r"\b(?:(?:le |du |au |en |version )papier|(?:par|la) (?:la )?poste|par (?:simple )?(?:courrier|voie postale)(?! electronique))\b"
    r"|\b(?:ne|n')\s?(?:veux|souhaite|desire|voulons|souhaitons)\w* (?:plus|pas)\b.{0,60}\b(?:par|en) (?:e-?mails?|mails?|courriels?|courrier electronique|voie electronique|forme electronique|numerique|dematerialis\w*)\b"
    r"|\b(?:arretez|cessez|stop)\b.{0,40}\b(?:e-?mails?|mails?|courriels?|dematerialis\w*)\b"
    r"|\bretire\w* mon (?:accord|consentement)\b"
)  # fmt: skip
_MONTHLY = re.compile(r"\b(?:avis|echeances?|quittances?|loyers?|papier)\b")

_LAST = re.compile(r"\b(\d{1,2}|deux|trois|quatre|cinq|six|douze) (?:derniere?s|derniers? mois|dernieres quittances|mois)\b")  # fmt: skip
_COUNTS = {"deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "douze": 12}
_BARE = re.compile(r"\b(janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\b(?:\s+(20\d\d))?")  # fmt: skip
_YEAR = re.compile(r"\b(?:annee|de|en|pour) (20\d\d)\b")
_TO = re.compile(r"\b(?:a|au|jusqu'a|jusqu'en)\s*$")

MOST_MONTHS = 36  # actions under the lease are barred after three years (art. 7-1)
LONGEST_ALONE = 60  # words of a letter that asks for a document and says nothing else
A_FEW = 3  # words of a sentence that say nothing by themselves: a greeting, a name
# What people say beside the document that they want: manners, and what it is for.
_BESIDE = re.compile(
    r"^(?:bonjour|bonsoir|madame|monsieur|cordialement|bien (?:a vous|cordialement)|salutations|sinceres|merci|d'avance|par avance|en vous remerciant|dans l'attente|je vous remercie|veuillez agreer|bonne (?:journee|reception|soiree)|envoye de mon)"
    r"|\b(?:c'est pour|j'en ai besoin|me le demande|me les demande|pour (?:mon|un|ma|une|la|le|l') ?(?:dossier|banque|prefecture|caf|impots|employeur|ecole|administration|demarche|pret|visale|apl))\b"
)
_SENTENCE = re.compile(r"[.!?;\n]+")
_NOISE = re.compile(r"[^\w' -]+")


def wanted(letter: Letter, *, answers_notice: bool = False) -> Wanted:
    """What `letter` asks for. `answers_notice`: it answers one of our monthly mails."""
    reading = read(letter)
    text = fold(f"{reading.subject}\n{reading.new}")
    own = fold(reading.new)
    on_paper = _prefers_paper(text, answers_notice=answers_notice)
    papers = () if on_paper else _papers(text, own)  # "no more receipts by mail" asks for none
    months = _months(text, letter.received_at.date(), ahead=papers == (Paper.NOTICE,)) if papers else ()
    return Wanted(papers, months, on_paper, only=bool(papers or on_paper) and _says_only(own))


def _papers(text: str, own: str) -> tuple[Paper, ...]:
    if not _ASKS.search(text) or _OTHERWISE.search(text) or _THANKED.search(own):
        return ()
    return tuple(dict.fromkeys(paper for pattern, paper, _ in _PAPERS if re.search(pattern, text)))


def _prefers_paper(text: str, *, answers_notice: bool) -> bool:
    flat = " ".join(text.split())
    return bool(_PREFERS.search(flat)) and (answers_notice or bool(_MONTHLY.search(flat)))


def _says_only(own: str) -> bool:
    """Short, and each sentence about the document or about nothing: whoever says more wants more than a document."""
    sentences = [" ".join(_NOISE.sub(" ", one).split()) for one in _SENTENCE.split(own)]
    told = [one for one in sentences if len(one.split()) > A_FEW]
    return len(own.split()) <= LONGEST_ALONE and all(_BESIDE.search(one) or _names_paper(one) for one in told)


def _names_paper(sentence: str) -> bool:
    return bool(_PREFERS.search(sentence)) or any(re.search(pattern, sentence) for pattern, _, _ in _PAPERS)


# --- which months


def _months(text: str, today: date, *, ahead: bool) -> tuple[Period, ...]:
    """The months that a letter names, oldest first; one to come only for a notice, which is sent `ahead`."""
    current = month(today.year, today.month)
    if found := _LAST.search(text):
        count = min(_COUNTS.get(found[1]) or int(found[1]), MOST_MONTHS)
        return _run(current, count)
    named = [_nearest(match, today, ahead=ahead) for match in _BARE.finditer(text)]
    if len(named) == 2 and _is_range(text):  # noqa: PLR2004  from one month to another
        named = _between(*sorted(named))
    if not named and (year := _YEAR.search(text)):
        named = [month(int(year[1]), number) for number in range(1, 13)]
    past = sorted({one for one in named if one.first <= current.last or ahead})
    return tuple(past[-MOST_MONTHS:])


def _run(last: Period, count: int) -> tuple[Period, ...]:
    found = [last.previous]
    while len(found) < count:
        found.append(found[-1].previous)
    return tuple(sorted(found))


def _nearest(match: re.Match[str], today: date, *, ahead: bool) -> Period:
    """The month of that name: of the year that is said, else the latest that has begun, or is the next."""
    number = labels.MONTHS[match[1]]
    if match[2]:
        return month(int(match[2]), number)
    year = today.year if number <= today.month + ahead else today.year - 1
    return month(year, number)


def _is_range(text: str) -> bool:
    first, second = list(_BARE.finditer(text))[:2]
    between = text[first.end() : second.start()]
    return bool(_TO.search(between)) and len(between) < 12  # noqa: PLR2004  "octobre 2025 à "


def _between(first: Period, last: Period) -> list[Period]:
    count = (last.first.year - first.first.year) * 12 + last.first.month - first.first.month + 1
    found = [first]
    while len(found) < min(count, MOST_MONTHS):
        found.append(
            months_from(date(found[-1].last.year + found[-1].last.month // 12, found[-1].last.month % 12 + 1, 1), 1)
        )
    return found
