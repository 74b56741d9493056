"""What mail programs write between a person's own words and the rest: the table that `rules.reading` follows.

Every pattern is matched against one folded line (see `rules.fold`) cut at 400 characters, so that each test is short and
linear. The reason beside a row names the program or the practice it was seen from.
"""

# ruff: noqa: E501  a row of a table stays on its line

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that opens a part of the letter: `kind` is "quoted", "forwarded" or "signature"."""

    kind: str
    pattern: re.Pattern[str]
    reason: str


def _mark(kind: str, pattern: str, reason: str) -> Mark:
    return Mark(kind, re.compile(pattern), reason)


MARKS: tuple[Mark, ...] = (
    _mark("forwarded", r"^[-_* ]{2,}\s?(?:forwarded message|message transfere|message reexpedie|mail transfere|transfere)", "Gmail, Thunderbird, Orange"),
    _mark("forwarded", r"^(?:debut du message (?:transfere|reexpedie)|begin forwarded message)", "Apple Mail"),
    _mark("quoted", r"^[-_* ]{2,}\s?(?:message d'origine|message original|mail original|courriel original|original message|message initial)", "Outlook, Orange, Free (Zimbra), La Poste"),
    _mark("quoted", r"^(?:le|on)\b.{4,200}\b(?:a ecrit|wrote|a repondu|schrieb)\s?:?$", "Gmail, Apple, Thunderbird"),
    _mark("quoted", r"^.{0,120}<[^<> ]{3,80}@[^<> ]{3,80}>\s?(?:a ecrit|wrote)\s?:?$", "Gmail on a telephone, the date on the line above"),
    _mark("quoted", r"^(?:\S+ ){0,6}\S{1,60} (?:a ecrit|wrote)\s?:$", "hand-made or shortened attributions"),
    _mark("quoted", r"^(?:am|em|el|il|op|pa)\b.{4,200}\b(?:schrieb|escreveu|escribio|ha scritto|schreef|skrev)\b.{0,120}:$", "Gmail and others in German, Portuguese, Spanish, Italian, Dutch"),
    _mark("quoted", r"^_{20,}$", "Outlook on the web, before its header block"),
    _mark("signature", r"^-- ?$", "RFC 3676 section 4.3"),
    _mark("signature", r"^(?:envoye|telecharge|obtenez|obtenir outlook|sent|get outlook|provenance)\b.{0,12}\b(?:de|depuis|par|avec|a partir|from|via|pour|for|with)\b.{0,80}$", "telephones"),
    _mark("signature", r"^(?:ce (?:message|courriel|mail|courrier electronique)|this (?:e-?mail|message))\b.{0,120}\b(?:confidentiel|destine|destinataire|confidential|intended|exclusif)", "disclaimers"),
    _mark("signature", r"^(?:pensez a l'environnement|avant d'imprimer|n'imprimez|please consider the environment|sans virus|garanti sans virus|cet? e-?mail a ete verifie)", "footers of companies and of antivirus programs"),
)  # fmt: skip

HEADER = re.compile(
    r"^\*?(?:de|from|von|envoye(?: le)?|sent|date|a|to|cc|objet|subject|expediteur|destinataire|gesendet|betreff|enviad[ao](?: el| em)?|asunto|assunto|inviato|oggetto|verzonden|onderwerp)\s?\*?\s?:\s?\*?\s?\S?"
)
SENDER = re.compile(r"^\*?(?:de|from|von|da|van|expediteur)\s?\*?\s?:")
FORWARD_SUBJECT = re.compile(r"^\s*(?:re\s?:\s*)*(?:tr|fwd?|wg|transf(?:ert)?)\s?:")
CLOSING = re.compile(
    r"^(?:bien )?(?:cordialement|cdlt|cdt|respectueusement|sincerement|amicalement|salutations|bonne (?:journee|soiree|reception)|(?:best |kind |warm )?regards|yours|sincerely|merci d'avance|bien a vous|avec mes remerciements)\b.{0,60}$"
)
GREETING = re.compile(
    r"^(?:re )?(?:bonjour|bonsoir|bjr|bsr|slt|salut|coucou|hello|hi|hey|dear|good (?:morning|evening|afternoon)|madame|monsieur|mesdames|messieurs|cher|chere|mme|bonjou|mr|m\.)\b[^.!?]{0,60}$"
)
OPENING = re.compile(
    r"^(?:(?:re)?bonjour|bonsoir|bonjou|bonzour|bjr|bsr|slt|salut|coucou|hello|hi|hey|dear|madame|monsieur|mesdames|messieurs|ch[eè]re?s?|mme|mr|objet|(?:re|tr|fwd?) ?:)\b(?:\s(?:madame|monsieur|mesdames|messieurs|all|sir|a tous|à tous|mme|m\.))*\s?[,:!.]+\s*",
    re.IGNORECASE,
)
