"""Who is named in a lease, and in what capacity: the `co_tenants` column read into people with roles.

The agency's software keeps one free line: `TRAORÉ Fatoumata (épouse, cotitulaire) ; DIALLO Awa (garante)`. A capacity
decides what a person may be told and sent, so it is never guessed: a wording that the table doesn't know whole makes
the person `unclear`, and a manager reads it. Nobody is dropped.

The couple: a tenant line `M. et Mme TRAORÉ Ibrahim` stands for two people under one name. It stays one tenant, the
couple, whose first name is the one given; a spouse named among the co-tenants completes it, an unnamed one is not
invented.
"""

import re
from dataclasses import dataclass

from rules.fold import fold
from rules.plan import Role


@dataclass(frozen=True, slots=True)
class PersonWords:
    """Somebody named in a lease. `wording` is the text that said so; `unclear` says what a person must read in it."""

    last_name: str
    first_name: str
    role: Role
    civility: str = ""
    wording: str = ""
    unclear: str = ""


# A wording, folded and whole, and the role it gives. None: a tie of family that leaves the role to the words beside it.
# The third column is why.
_WORDINGS: tuple[tuple[str, Role | None, str], ...] = (
    ("cotitulaire", Role.CO_TENANT, "named in the contract"),
    ("co-titulaire", Role.CO_TENANT, "named in the contract"),
    ("cotitulaire du bail", Role.CO_TENANT, "named in the contract"),
    ("titulaire", Role.CO_TENANT, "named in the contract"),
    ("titulaire du bail", Role.CO_TENANT, "named in the contract"),
    ("colocataire", Role.CO_TENANT, "loi 89-462, art. 8-1: a party to the contract"),
    ("co-locataire", Role.CO_TENANT, "loi 89-462, art. 8-1: a party to the contract"),
    ("colocatrice", Role.CO_TENANT, "loi 89-462, art. 8-1: a party to the contract"),
    ("coloc", Role.CO_TENANT, "loi 89-462, art. 8-1: a party to the contract"),
    ("locataire", Role.CO_TENANT, "named in the contract"),
    ("époux", Role.CO_TENANT, "C. civ. art. 1751: the lease of spouses belongs to both"),
    ("épouse", Role.CO_TENANT, "C. civ. art. 1751: the lease of spouses belongs to both"),
    ("mari", Role.CO_TENANT, "C. civ. art. 1751: the lease of spouses belongs to both"),
    ("son époux", Role.CO_TENANT, "C. civ. art. 1751: the lease of spouses belongs to both"),
    ("son épouse", Role.CO_TENANT, "C. civ. art. 1751: the lease of spouses belongs to both"),
    ("occupant", Role.OCCUPANT, "lives there, signed nothing"),
    ("occupante", Role.OCCUPANT, "lives there, signed nothing"),
    ("occupant majeur", Role.OCCUPANT, "lives there, signed nothing"),
    ("occupante majeure", Role.OCCUPANT, "lives there, signed nothing"),
    ("hébergé", Role.OCCUPANT, "lives there, signed nothing"),
    ("hébergée", Role.OCCUPANT, "lives there, signed nothing"),
    ("non titulaire", Role.OCCUPANT, "lives there, signed nothing"),
    ("enfant", Role.OCCUPANT, "lives with a parent who holds the lease"),
    ("enfant mineur", Role.OCCUPANT, "lives with a parent who holds the lease"),
    ("fils mineur", Role.OCCUPANT, "lives with a parent who holds the lease"),
    ("fille mineure", Role.OCCUPANT, "lives with a parent who holds the lease"),
    ("garant", Role.GUARANTOR, "C. civ. art. 2288: answers for the debt, has no right to the home"),
    ("garante", Role.GUARANTOR, "C. civ. art. 2288: answers for the debt, has no right to the home"),
    ("caution", Role.GUARANTOR, "C. civ. art. 2288: answers for the debt, has no right to the home"),
    ("caution solidaire", Role.GUARANTOR, "C. civ. art. 2288: answers for the debt, has no right to the home"),
    ("se porte caution", Role.GUARANTOR, "C. civ. art. 2288: answers for the debt, has no right to the home"),
    ("a quitté le logement", Role.FORMER, "no longer there; whether still bound by the contract, a person says"),
    ("a quitté les lieux", Role.FORMER, "no longer there; whether still bound by the contract, a person says"),
    ("parti", Role.FORMER, "no longer there"),
    ("partie", Role.FORMER, "no longer there"),
    ("sorti", Role.FORMER, "no longer there"),
    ("sortie", Role.FORMER, "no longer there"),
    ("sorti du bail", Role.FORMER, "no longer there"),
    ("sortie du bail", Role.FORMER, "no longer there"),
    ("ancien locataire", Role.FORMER, "no longer there"),
    ("ancienne locataire", Role.FORMER, "no longer there"),
    ("décédé", Role.FORMER, "no mail may be addressed to the dead"),
    ("décédée", Role.FORMER, "no mail may be addressed to the dead"),
    ("père", None, "family"),
    ("mère", None, "family"),
    ("frère", None, "family"),
    ("soeur", None, "family"),
    ("fils", None, "family: alone, it does not say whether this person signed"),
    ("fille", None, "family: alone, it does not say whether this person signed"),
    ("fils majeur", None, "family: alone, it does not say whether this person signed"),
    ("fille majeure", None, "family: alone, it does not say whether this person signed"),
    ("grand-mère", None, "family"),
    ("grand-père", None, "family"),
    ("oncle", None, "family"),
    ("tante", None, "family"),
    ("employeur", None, "no family, and no capacity either"),
    ("ami", None, "no family, and no capacity either"),
    ("amie", None, "no family, and no capacity either"),
    ("conjoint", None, "in common speech a spouse or a partner: alone, it says neither"),
    ("conjointe", None, "in common speech a spouse or a partner: alone, it says neither"),
    ("compagnon", None, "C. civ. art. 515-8: holds nothing without a signature"),
    ("compagne", None, "C. civ. art. 515-8: holds nothing without a signature"),
    ("concubin", None, "C. civ. art. 515-8: holds nothing without a signature"),
    ("concubine", None, "C. civ. art. 515-8: holds nothing without a signature"),
    ("pacsé", None, "C. civ. art. 1751: only if both asked for it"),
    ("pacsée", None, "C. civ. art. 1751: only if both asked for it"),
    ("partenaire", None, "C. civ. art. 1751: only if both asked for it"),
    ("partenaire de pacs", None, "C. civ. art. 1751: only if both asked for it"),
    ("séparé", None, "still bound by the contract until more is known"),
    ("séparée", None, "still bound by the contract until more is known"),
    ("divorcé", None, "C. civ. art. 1751: the judge says to whom the lease goes"),
    ("divorcée", None, "C. civ. art. 1751: the judge says to whom the lease goes"),
    ("ex-époux", None, "C. civ. art. 1751: the judge says to whom the lease goes"),
    ("ex-épouse", None, "C. civ. art. 1751: the judge says to whom the lease goes"),
)
_ROLES = {fold(wording): role for wording, role, _ in _WORDINGS}
_SPOUSE = {fold(word) for word in ("époux", "épouse", "mari", "son époux", "son épouse")}  # a tie before a capacity

_CIVILITIES = {
    "m. et mme": "M. et Mme",
    "m et mme": "M. et Mme",
    "mr et mme": "M. et Mme",
    "monsieur et madame": "M. et Mme",
    "m.": "M.",
    "m": "M.",
    "mr": "M.",
    "monsieur": "M.",
    "mme": "Mme",
    "mme.": "Mme",
    "madame": "Mme",
    "mlle": "Mme",
    "mlle.": "Mme",
    "mademoiselle": "Mme",  # circulaire 5575/SG of 2012: no longer used
}  # fmt: skip  longest first

# Written before a person's name, as folded; whatever else stands there ("SARL", "Sté") is no person's.
_TITLES = frozenset(_CIVILITIES) | {
    fold(one) for one in (
        "Mme et M.", "Messieurs", "MM.", "Mesdames", "Mmes", "Dr", "Docteur", "Me", "Maître", "Pr", "Professeur",
    )
}  # fmt: skip

# What a tenant that isn't a person has in its name: forms of company, then what other bodies call themselves.
_BODIES = frozenset(
    fold(one) for one in (
        "SARL", "EURL", "SAS", "SASU", "SCI", "SCP", "SCM", "SCCV", "SNC", "SCOP", "SCIC", "SELARL", "SELAS", "SELURL",
        "EARL", "GAEC", "GIE", "EIRL", "société", "sté", "association", "asso", "entreprise", "établissement",
        "établissements", "ets", "fondation", "syndicat", "copropriété", "commune", "mairie", "fédération",
        "coopérative", "mutuelle", "indivision", "succession", "cabinet",
    )
)  # fmt: skip

_REMARK = re.compile(r"[(,\[]|\s[-–—]\s")  # where a name ends and what is said of it begins
_PARTS = re.compile(r"[,;/()\[\]]|\s[-–—]\s|\bet\b")
_LOWER_PREFIX = re.compile(r"^(?:[dl]['’]|Mc|Mac|De|Le|La|Du|O['’])(?=[A-ZÀ-ÖØ-Þ])")
_PARTICLES = {"de", "du", "des", "la", "le", "van", "von", "der", "den", "dos", "da", "di", "ben", "el", "dit"}


def parse_people(text: str, default_last_name: str = "") -> tuple[PersonWords, ...]:
    """The people of a `co_tenants` line, in its order.

    `default_last_name` is the tenant's, for a person given by a first name alone. Pure; never raises.
    """
    entries = (" ".join(entry.split()) for entry in _entries(text))
    return tuple(_person(entry, default_last_name) for entry in entries if entry)


def split_civility(name: str) -> tuple[str, str]:
    """`M. et Mme Ø. Lindqvist` is a civility in its usual form and a name; the civility is `''` when there is none."""
    folded = fold(name)
    for words, civility in _CIVILITIES.items():
        if folded.startswith(f"{words} "):
            return civility, name[len(words) :].strip()
    return "", name


def is_body(civility: str, name: str) -> bool:
    """A company, an association, an estate: whoever rents and is no person. `SA` is a surname too, after a title."""
    words = set(re.split(r"[^\w]+", fold(f"{civility} {name}").replace(".", "")))
    return bool(words & _BODIES) or ("sa" in words and not is_title(civility))


def is_title(civility: str) -> bool:
    """`M.`, `Mme`, `Docteur`: what a person is addressed by."""
    return fold(civility).strip() in _TITLES


def _entries(text: str) -> list[str]:
    """Cut at semicolons and line breaks, but not inside brackets that close."""
    entries, end, bracket = [], len(text), ""
    for place in range(len(text) - 1, -1, -1):
        if text[place] in "()":
            bracket = text[place]
        elif text[place] in ";\n\r" and bracket != ")":
            entries.append(text[place + 1 : end])
            end = place
    return [text[:end], *reversed(entries)]


def _person(entry: str, default_last_name: str) -> PersonWords:
    name, remark = _split_remark(entry)
    civility, name = split_civility(name)
    last, first, doubt = _split_name(name, default_last_name)
    if fold(last) == fold(default_last_name):
        last = default_last_name  # as the family writes it, rather than in capitals
    role, unknown = _capacity(remark)
    return PersonWords(last, first, role, civility, entry, unknown or doubt)


def _split_remark(entry: str) -> tuple[str, str]:
    found = _REMARK.search(entry)
    return (entry[: found.start()].strip(), entry[found.start() :].strip()) if found else (entry, "")


def _capacity(remark: str) -> tuple[Role, str]:
    """The role that a remark gives, and what in it a person must read. Without a remark, somebody is a co-tenant."""
    parts = [part.strip(" .:'\"-") for part in _PARTS.split(fold(remark))]
    parts = [part for part in parts if part]
    if not parts:
        return Role.CO_TENANT, ""
    known = [part for part in parts if part in _ROLES]
    roles = _decisive(known)
    if len(known) == len(parts) and len(roles) == 1:
        return roles.pop(), ""
    return Role.UNCLEAR, remark


def _decisive(parts: list[str]) -> set[Role]:
    """The roles that the wordings give; being a spouse counts when nothing else is said (`épouse, garante`)."""
    roles = {role for part in parts if part not in _SPOUSE and (role := _ROLES[part])}
    spouses = {role for part in parts if part in _SPOUSE and (role := _ROLES[part])}
    alone = all(part in _SPOUSE for part in parts)
    return roles or (spouses if alone else set())


def _split_name(name: str, default_last_name: str) -> tuple[str, str, str]:
    """Last name, first name, and a doubt. The last name is the part in capitals, with the particles before it."""
    words = name.split()
    if not words:
        return default_last_name, "", "a capacity without a name"
    if count := _last_name_words(words, default_last_name):
        return " ".join(words[:count]), " ".join(words[count:]), ""
    if len(words) == 1 and default_last_name:
        return default_last_name, name, ""
    return name, "", "which word is the last name" if len(words) > 1 else ""


def _last_name_words(words: list[str], default_last_name: str) -> int:
    """How many words from the start are the last name, 0 when nothing tells."""
    capitals = _capitals(words)
    if 0 < capitals < len(words):
        return capitals
    if _same_start(words, default_last_name):
        return len(default_last_name.split())
    return max(1, capitals - 1) if capitals else 0  # all in capitals: in a lease's line the first name comes last


def _same_start(words: list[str], default_last_name: str) -> bool:
    """The line begins with the tenant's own last name, however it is written, and goes on with a first name."""
    wanted = fold(default_last_name).split()
    return bool(wanted) and len(words) > len(wanted) and fold(" ".join(words)).split()[: len(wanted)] == wanted


def _capitals(words: list[str]) -> int:
    """How many words from the start are the last name; 0 when none is in capitals."""
    count = 0
    while count < len(words) and (_is_capitals(words[count]) or fold(words[count]) in _PARTICLES):
        count += 1
    while count and not _is_capitals(words[count - 1]):
        count -= 1  # a particle that no capitals follow belongs to nothing
    return count


def _is_capitals(word: str) -> bool:
    letters = [c for c in _LOWER_PREFIX.sub("", word) if c.isalpha()]
    return len(letters) > 1 and all(c == c.upper() for c in letters)
