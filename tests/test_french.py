"""What we write, read as the tenant, the manager and the judge would: `templates/mails` in every variant."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from archive.records import Outgoing
from daemon.config import Config, Legal
from daemon.render import environment
from daemon.sending.compose import Composed
from tests.outgoing import LEGAL, PROMISE, MailRoom, configuration, html_of, parsed, text_of

MAILS = Path(__file__).parent.parent / "templates" / "mails"
ANSWERS = sorted(path.stem for path in MAILS.glob("acknowledgement*.txt"))
NOTICES = sorted(path.stem for path in MAILS.glob("notice*.txt"))
DEPARTURES = ("acknowledgement_departure", "acknowledgement_departure_registered")
LABELS = ("reclamation/travaux", "reclamation/comptabilite", "reclamation/autre", "demande")
NB = "\N{NO-BREAK SPACE}"

FULL = {
    "gist": "Bonjour, c'est la deuxième fois que le chauffage tombe en panne !",
    "promise": PROMISE,
    "name": "Ewen Le Goff",
    "party": "tenant",
    "decision": {"confidence": 0.5, "because": "« chauffage »", "alerts": ["depart", "deces"]},
    "suggestions": [{"lease": "L00102", "reasons": ["même nom"]}, {"lease": "L00103", "reasons": []}],
    "silence": "follow-up",
    "reason": "RecursionError",
    "estimate": "trois mois",
    "appointment": {"due": "2026-11-27T11:00:00+00:00", "sequence": 1, "method": "PUBLISH"},
    "instead_of": "Mme Beauregard-Élisé",
    "beside": ["M. Sissoko-Brun", "Mme D'Haene"],
}
BARE: dict[str, Any] = {"phone": "", "emergency_phone": "", "postal_address": "", "legal": Legal()}

Variant = Callable[[MailRoom, str], tuple[Outgoing, Config]]


def full(room: MailRoom, template: str) -> tuple[Outgoing, Config]:
    case = room.case(related="VM-2026-000099")
    failed = room.say(case=case, error="550 5.1.1 no such user")
    return room.say(template, case, FULL | {"of": failed.id, "recipient": "x@example.org"}), configuration()


def bare(room: MailRoom, template: str) -> tuple[Outgoing, Config]:
    """No lease, no manager, no words, no promise, no telephone, no particulars."""
    case = room.case(lease=None, manager=None, because="", subject="", party="unknown")
    failed = room.say(case=case)
    return room.say(template, case, {"of": failed.id}), configuration(**BARE)


def caseless(room: MailRoom, template: str) -> tuple[Outgoing, Config]:
    failed = room.say()
    return room.say(template, None, {"of": failed.id}), configuration(**BARE)


VARIANTS: tuple[Variant, ...] = (full, bare, caseless)
OF_A_CASE = ("notice_case", "notice_follow_up")
EVERY_MAIL = [
    pytest.param(template, variant, id=f"{template}-{variant.__name__}")
    for template in ANSWERS + NOTICES
    for variant in VARIANTS
    if not (variant is caseless and template in OF_A_CASE)
]


def words(text: str) -> list[str]:
    return re.findall(r"[\w@.+’'-]*\w", text)


def told(mail: Composed) -> str:
    """The text above the particulars."""
    return text_of(mail).partition("\n\n-- \n")[0]


def readable(page: str) -> str:
    body = page.partition("<body")[2].partition(">")[2]
    return unescape(re.sub(r"<[^>]+>", " ", body.replace("</tr>", "\n"))).replace(NB, " ")


# --- every mail, whatever is known


@pytest.mark.parametrize(("template", "variant"), EVERY_MAIL)
def test_it_reads_well_with_any_part_missing(mail_room: MailRoom, template: str, variant: Variant) -> None:
    row, config = variant(mail_room, template)

    text = text_of(mail_room.compose(row, config))
    faults = re.findall(
        r"None|undefined|\{[{%]| {2}| [,.)]|\(\)|\( |,,|[^.]\.\.[^.]|: *\n(?!\n- )|« »|<>|\n{3}", text, re.MULTILINE
    )

    assert faults == [], text


@pytest.mark.parametrize(("template", "variant"), EVERY_MAIL)
def test_its_two_forms_say_the_same_words(mail_room: MailRoom, template: str, variant: Variant) -> None:
    row, config = variant(mail_room, template)

    mail = mail_room.compose(row, config)
    page = readable(html_of(mail))

    first_line = words(config.agency.name)  # stands at the top of the page
    assert sorted(words(page)) == sorted(words(text_of(mail)) + first_line)


@pytest.mark.parametrize("template", ANSWERS + NOTICES)
def test_its_typography_is_french(mail_room: MailRoom, template: str) -> None:
    row, config = full(mail_room, template)
    mail = mail_room.compose(row, config)

    for form in ("plain", "html"):
        body = parsed(mail).get_body((form,))
        assert body is not None
        written = (
            str(body.get_content())
            if form == "plain"
            else re.sub(r"<[^>]+>", "", str(body.get_content()).replace("</td>", " "))
        )
        assert re.findall(r" [;:!?»]|« |[^\s(]«|\w[!?»]\w", written) == []


@pytest.mark.parametrize("path", [*MAILS.glob("*"), MAILS.parent / "fr.toml"], ids=lambda path: path.name)
def test_apostrophes_are_typographic(path: Path) -> None:
    assert (
        re.findall(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu)'\w+", re.sub(r"^#.*", "", path.read_text(), flags=re.MULTILINE))
        == []
    )


@pytest.mark.parametrize("path", sorted(MAILS.glob("*.txt")), ids=lambda path: path.name)
def test_every_mail_is_a_pair_that_compiles(path: Path) -> None:
    for twin in (path.name, f"{path.stem}.html"):
        environment().get_template(twin)


@pytest.mark.parametrize("template", ANSWERS + NOTICES)
def test_the_particulars_of_the_law_stand_on_it(mail_room: MailRoom, template: str) -> None:
    row, config = full(mail_room, template)

    text = text_of(mail_room.compose(row, config))

    for particular in ("Régie Aubrelac", *LEGAL.model_dump().values()):  # décret 72-678 art. 92
        assert particular in text.rpartition("\n-- \n")[2]


def test_missing_particulars_leave_no_trace(mail_room: MailRoom) -> None:
    row = mail_room.say(case=mail_room.case())
    legal = Legal(activity="Gestion immobilière", guarantor="Caution Fictive")

    footer = text_of(mail_room.compose(row, configuration(legal=legal))).rpartition("\n-- \n")[2]

    assert footer == "Régie Aubrelac\nGestion immobilière – garantie : Caution Fictive\n"


# --- the acknowledgement (tone.md)


def test_it_says_what_they_told_us_who_answers_by_when_and_what_would_help(mail_room: MailRoom) -> None:
    text = text_of(mail_room.compose(mail_room.say(case=mail_room.case())))

    assert text.startswith(
        "Bonjour,\n\n"
        "Vous nous signalez : « depuis hier soir l’eau goutte sous l’évier ». Mme Delphine Faucheux s’en charge et vous "
        "répondra au plus tard vendredi 27 novembre, dans la matinée. Sa ligne directe : 04 65 71 20 11.\n\n"
        "Pour aller plus vite, répondez à ce message avec une ou deux photos, les heures où l’on peut accéder au logement "
        "et un numéro de téléphone.\n\n"
        "Bien à vous,\nRégie Aubrelac\n\n"
        "Ce message est automatique ; une personne prend la suite. Votre dossier : VM-2026-000001\n"
    )


def test_photos_that_came_are_not_asked_for(mail_room: MailRoom) -> None:
    row = mail_room.say(case=mail_room.case(), details={"attachments": 2})

    assert "photo" not in text_of(mail_room.compose(row))


@pytest.mark.parametrize("template", ANSWERS)
@pytest.mark.parametrize("label", LABELS)
def test_it_admits_nothing_promises_nothing_and_names_no_category(
    mail_room: MailRoom, template: str, label: str
) -> None:
    row = mail_room.say(template, mail_room.case(label=label))

    text = told(mail_room.compose(row)).casefold()

    assert (
        re.findall(
            r"\bfaute|responsab|rembours|indemni|réparation|travaux|devis|\barticle\b|\bloi\b|confiance|72|48 ?h|décen|"
            r"réclamation|demande diverse|comptabilité|urgente?\b|catégorie",
            text,
        )
        == []
    )


@pytest.mark.parametrize("template", ANSWERS)
def test_it_says_that_it_is_automatic_and_ends_with_the_case(mail_room: MailRoom, template: str) -> None:
    text = told(mail_room.compose(mail_room.say(template, mail_room.case())))

    assert "automatique" in text
    assert text.endswith("Votre dossier : VM-2026-000001")
    assert "fiche" not in text


# --- danger


@pytest.mark.parametrize(
    ("danger", "first"),
    [
        ("gas", "Odeur de gaz : sortez avant de téléphoner"),
        ("co", "Malaise ou maux de tête près d’un appareil de chauffage : sortez avant de téléphoner"),
        ("fire", "Feu ou fumée : sortez avant de téléphoner"),
        ("electricity", "Électricité : ne touchez à rien"),
        ("water", "Si vous le pouvez sans risque, fermez l’arrivée d’eau."),
        ("other", "Si vous sentez une odeur de gaz, sortez avant de téléphoner."),
        ("unheard of", "Si vous sentez une odeur de gaz, sortez avant de téléphoner."),
    ],
)
def test_in_danger_the_numbers_come_first(mail_room: MailRoom, danger: str, first: str) -> None:
    row = mail_room.say("acknowledgement_urgent", mail_room.case(urgent=True), {"urgent": True, "danger": danger})

    text = text_of(mail_room.compose(row))
    numbers, _, rest = text.partition("Bonjour,")

    assert numbers.startswith(first)
    assert "18 ou 112" in numbers
    assert "04 65 71 20 99" in numbers
    assert "Nous prévenons tout de suite Mme Delphine Faucheux." in rest
    assert "novembre" not in rest.replace("mardi 24 novembre", "")  # no day to wait for


@pytest.mark.parametrize("danger", ["gas", "other"])
def test_the_gas_number_is_given_on_its_network_only(mail_room: MailRoom, danger: str) -> None:
    details = {"urgent": True, "danger": danger}
    mainland = mail_room.say("acknowledgement_urgent", mail_room.case(), details)
    overseas = mail_room.say("acknowledgement_urgent", mail_room.case(lease="L00201", manager="G5"), details)
    unknown = mail_room.say("acknowledgement_urgent", mail_room.case(lease=None, manager=None), details)
    island = configuration(holidays="FR-MQ")

    assert "0 800 47 33 33" in text_of(mail_room.compose(mainland))
    assert "0 800 47 33 33" not in text_of(mail_room.compose(overseas))
    assert "0596 00 00 99" in text_of(mail_room.compose(overseas))
    assert "0 800 47 33 33" in text_of(mail_room.compose(unknown))
    assert "0 800 47 33 33" not in text_of(mail_room.compose(unknown, island))


def test_the_gas_number_has_no_place_under_a_leak(mail_room: MailRoom) -> None:
    row = mail_room.say("acknowledgement_urgent", mail_room.case(), {"danger": "water"})

    assert "0 800" not in text_of(mail_room.compose(row))


# --- a departure (law.md A1, A4)

NO_DATE = r"\d{1,2}[/.-]\d{1,2}|\b\d{1,2} ?(?:er)? (?:jan|fév|mar|avr|mai|juin|juil|août|sept|oct|nov|déc)|\b20\d\d\b(?!-\d{6})"
NEVER = (
    "accusé de réception", "prenons note", "prenons acte", "accepté", "non valable", "n’est pas valable", "état des lieux",
    "rendez-vous", "trois mois", "un mois", "3 mois", "1 mois", "article",
)  # fmt: skip


@pytest.mark.parametrize("template", DEPARTURES)
@pytest.mark.parametrize("lease", ["L00101", "L00102", None])
def test_an_answer_to_a_departure_can_never_pass_for_an_acceptance(
    mail_room: MailRoom, template: str, lease: str | None
) -> None:
    case = mail_room.case(label="depart", lease=lease, subject="AR de mon préavis, départ le 31/01/2027")
    row = mail_room.say(template, case, FULL | {"gist": "je quitte le logement le 31 janvier 2027"})

    mail = mail_room.compose(row)
    said = f"{parsed(mail)['Subject']}\n{told(mail)}"

    assert re.findall(NO_DATE, said.replace(case.ref, "")) == []
    assert [word for word in NEVER if word in said.casefold()] == []
    assert "Votre message [VM-2026-000001]" in said


@pytest.mark.parametrize("template", DEPARTURES)
def test_it_says_the_ways_that_count_where_when_and_from_when(mail_room: MailRoom, template: str) -> None:
    text = text_of(mail_room.compose(mail_room.say(template, mail_room.case(label="depart"))))

    for said in (
        "rien n’est perdu",
        "la lettre recommandée avec avis de réception",
        "remise en main propre, contre récépissé ou émargement",
        "l’acte de commissaire de justice",
        "la lettre recommandée électronique qualifiée",
        "9 place de la Martinière-aux-Exemples, 69001 Lyon",
        "du lundi au jeudi de 9 h à 12 h 30 et de 14 h à 18 h ; le vendredi de 9 h à 12 h 30 et de 14 h à 17 h",
        "Le préavis court à partir du jour où nous recevons la lettre",
        "déjà postée",
        "sans aucun détail",
    ):
        assert said in text


def test_a_furnished_tenant_is_not_asked_for_papers_that_change_nothing(mail_room: MailRoom) -> None:
    row = mail_room.say("acknowledgement_departure", mail_room.case(label="depart", lease="L00102"))

    assert "justificatif" not in text_of(mail_room.compose(row))


def test_overseas_gives_its_own_counter(mail_room: MailRoom) -> None:
    case = mail_room.case(label="depart", lease="L00201", manager=None)

    text = text_of(mail_room.compose(mail_room.say("acknowledgement_departure", case)))

    assert "31 boulevard des Hibiscus, 97200 Fort-de-France" in text
    assert "les lundi, mardi et jeudi de 7 h 30 à 13 h et de 14 h à 16 h 30" in text


# --- care, strangers, those to sort


def test_condolences_are_for_a_death_only(mail_room: MailRoom) -> None:
    death = mail_room.say("acknowledgement_care", mail_room.case(), {"alerts": ["deces"]})
    violence = mail_room.say("acknowledgement_care", mail_room.case(), {"alerts": ["violences"]})
    both = mail_room.say("acknowledgement_care", mail_room.case(), {"alerts": ["deces", "violences"]})

    assert "sincères condoléances" in text_of(mail_room.compose(death))
    assert "condoléances" not in text_of(mail_room.compose(violence)) + text_of(mail_room.compose(both))


@pytest.mark.parametrize("alerts", [["deces"], ["violences"], []])
def test_care_says_nothing_that_a_telephone_must_not_show(mail_room: MailRoom, alerts: list[str]) -> None:
    case = mail_room.case(label="depart", subject="Je pars, il me frappe")
    row = mail_room.say("acknowledgement_care", case, {"alerts": alerts, "gist": "il me frappe", "promise": PROMISE})

    mail = mail_room.compose(row)
    said = f"{parsed(mail)['Subject']} {text_of(mail)}".casefold()

    assert re.findall(r"frappe|violen|congé|préavis|départ|bail", said) == []
    assert ("va vous téléphoner" in said) == (alerts == ["deces"])
    assert ("ne vous téléphonerons pas sans votre accord" in said) == (alerts != ["deces"])


def test_a_stranger_learns_nothing_about_anybody(mail_room: MailRoom) -> None:
    case = mail_room.case(party="unknown")  # whatever lease it may have been joined to

    for template in ANSWERS:
        text = text_of(mail_room.compose(mail_room.say(template, case, {"urgent": True, "danger": "gas"})))

        assert re.findall("Faucheux|Bonnefoy|Traboules|L00101|20 11", text) == []


def test_a_stranger_is_asked_for_the_lease_and_the_name(mail_room: MailRoom) -> None:
    row = mail_room.say("acknowledgement_unknown", mail_room.case(party="unknown", lease=None, manager=None))

    text = text_of(mail_room.compose(row))

    assert "votre nom et votre prénom" in text
    assert "la référence de votre bail" in text
    assert "au plus tard vendredi 27 novembre, dans la matinée" in text


def test_a_letter_to_sort_is_promised_an_answer_and_not_quoted(mail_room: MailRoom) -> None:
    row = mail_room.say("acknowledgement_neutral", mail_room.case(to_sort=True))

    text = text_of(mail_room.compose(row))

    assert "vous répondra au plus tard vendredi 27 novembre, dans la matinée" in text
    assert "évier" not in text
