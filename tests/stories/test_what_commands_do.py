"""What each command of a manager does to its case, and what everybody then reads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rules.calendar import Calendar, parse_hours
from tests.answers import MANAGER, OTHER, TENANT, outlook
from tests.office import letter, text_of
from tests.rounds import Rounds, history

PARIS = ZoneInfo("Europe/Paris")
HOURS = Calendar(PARIS, "FR", parse_hours("mon-fri 09:00-12:30, 14:00-18:00"))
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = HOURS.working_days_after(NOW.astimezone(PARIS).date(), 8)
OWNER = "indivision.roche.maillard@example.net"

# Tenants of Mme Faucheux's, each with a leak.
TENANTS = {
    "L00101": TENANT,
    "L00102": "ewen.legoff@example.org",
    "L00103": "maelle.legoff@example.net",
    "L00104": "serge.dalmeida@example.org",
    "L00105": "famille.traore@example.org",
    "L00106": "aissatou.ndiaye@example.org",
    "L00107": "pieter.vanhoecke@example.org",
    "L00108": "berenice.delaferronniere@example.org",
    "L00109": "jean.martin@example.org",
    "L00110": "jl.martin@example.net",
    "L00111": "niamh.osullivan@example.org",
    "L00112": "soren.ostergaard@example.com",
}


def leak(lease: str, text: str = "") -> bytes:
    said = text or f"Bonjour, il y a une fuite sous l'évier du lot {lease}. Merci d'envoyer un plombier."
    return letter(TENANTS[lease], "Fuite", said)


def last(case: dict[str, Any]) -> str:
    return str(case["steps"][-1]["detail"])


def first_opening(case: dict[str, Any], column: str) -> bool:
    return bool(case[column] == HOURS.next_opening(HOURS.instant(LATER, 0)))


DAY = f"{LATER:%d/%m}"
BEFORE: dict[str, dict[str, Any]] = {}

Claim = Callable[[dict[str, Any]], bool]

# What is written in answer to the notice of a lease's leak, and what is so of its case afterwards.
COMMANDS: dict[str, tuple[str, dict[str, Claim]]] = {
    "L00101": ("#urgent", {"urgent": lambda case: case["urgent"] and case["status"] == "open"}),
    "L00102": (
        "#délai 3 jours le plombier attend une pièce, livrée lundi",
        {
            "three days more": lambda case: case["due_at"] - BEFORE["L00102"]["due_at"] == timedelta(days=3),
            "the reason as written": lambda case: last(case) == "+3 le plombier attend une pièce, livrée lundi (G1)",
        },
    ),
    "L00103": (f"#rappel {DAY}", {"on its day": lambda case: first_opening(case, "remind_at")}),
    "L00104": (
        f"#suivi {DAY}\n\nBonjour, le plombier passe jeudi.",
        {
            "answered, and open": lambda case: case["status"] == "waiting" and case["answered_at"] is not None,
            "until then": lambda case: case["waits_for"] == "works" and first_opening(case, "waits_until"),
        },
    ),
    "L00105": (
        "#nouveau L00113\nM. Benaïssa a appelé : la porte du hall ne ferme plus.",
        {"its own case is as it was": lambda case: case["status"] == "open" and history(case)[0] == "opened"},
    ),
    "L00106": (
        f"#attente artisan {DAY} devis demandé",
        {
            "the first answer is due all the same": lambda case: case["status"] == "open",
            "said once": lambda case: last(case) == f"artisan {LATER} devis demandé (G1)",
        },
    ),
    "L00107": (
        "#tél vu avec lui, le plombier passe mardi",
        {
            "answered": lambda case: case["status"] == "answered",
            "what was said": lambda case: last(case) == "phone vu avec lui, le plombier passe mardi (G1)",
        },
    ),
    "L00108": (
        "#note le syndic traîne, ne rien promettre",
        {
            "the clock runs": lambda case: case["status"] == "open",
            "noted": lambda case: last(case) == "le syndic traîne, ne rien promettre (G1)",
        },
    ),
    "L00109": (
        "#courrier 1A 234 567 8901 2",
        {"a day that isn't one is refused": lambda case: history(case)[-1] == "refused" and case["status"] == "open"},
    ),
    "L00110": (
        f"#courrier {NOW.astimezone(PARIS):%d/%m} n° 1A 234",
        {"answered by post": lambda case: case["status"] == "answered" and last(case) == "post n° 1A 234 (G1)"},
    ),
    "L00111": (
        "#demande",
        {
            "relabelled": lambda case: case["label"] == "demande",
            "a request's clock": lambda case: case["due_at"] - case["received_at"] == timedelta(hours=48),
        },
    ),
    "L00112": ("#pour Sissoko\nTu prends ?", {"handed over": lambda case: case["manager"] == "G2"}),
}


def test_each_command_does_what_it_says_and_no_tenant_reads_it(rounds: Rounds) -> None:
    office = rounds.office
    rounds(*(leak(lease) for lease in TENANTS))
    BEFORE.update({lease: rounds.of(lease) for lease in TENANTS})

    rounds(*(outlook(rounds.notice(BEFORE[lease]["ref"]), text) for lease, (text, _) in COMMANDS.items()))

    for lease, (text, claims) in COMMANDS.items():
        case = rounds.of(lease)
        for claim, is_so in claims.items():
            assert is_so(case), (text, claim, case)
    heard = {lease: office.said_to(address)[1:] for lease, address in TENANTS.items()}
    assert [lease for lease, mails in heard.items() if mails] == ["L00104"], "only the answer travels"
    assert text_of(heard["L00104"][0]).startswith("Bonjour, le plombier passe jeudi.")
    assert "#" not in text_of(heard["L00104"][0]).partition("\n-- \n")[0]

    # A call becomes a case, whose manager hears of it.
    new = rounds.of("L00113")
    assert (new["label"], new["manager"], new["sender"]) == ("reclamation/travaux", "G2", "karim.benaissa@example.org")
    assert "la porte du hall ne ferme plus" in text_of(rounds.notice(new["ref"], OTHER))

    # Who took over hears what the tenant writes next.
    handed = rounds.of("L00112")
    told = text_of(rounds.notice(handed["ref"], OTHER))
    assert "Tu prends ?" in told
    assert "De : Søren Østergaard <soren.ostergaard@example.com>, locataire" in told
    thread = office.said_to(TENANTS["L00112"])[0]["Message-ID"]
    rounds(letter(TENANTS["L00112"], "Re: Fuite", "Bonjour, la fuite empire.", In_Reply_To=thread))
    assert "la fuite empire" in str(rounds.notice(handed["ref"], OTHER))
    assert str(rounds.notice(handed["ref"], OTHER)["Subject"]).startswith("Suite")


# --- after a call


def test_the_tenant_of_a_case_from_a_call_is_answered_in_a_thread_of_their_own(rounds: Rounds) -> None:
    office = rounds.office
    rounds(leak("L00101"))
    notice = rounds.notice(rounds.of("L00101")["ref"])
    call = "M. Benaïssa a appelé : la porte du hall ne ferme plus."
    other = "M. Peyrachon est passé : il demande une quittance."
    rounds(outlook(notice, f"#nouveau L00113\n{call}"), outlook(notice, f"#nouveau L00117\n{other}"))
    new, without_mail = rounds.of("L00113"), rounds.of("L00117")

    opened = rounds.notice(new["ref"])
    rounds(
        outlook(opened, "Bonjour, le serrurier passe demain."),
        outlook(rounds.notice(without_mail["ref"]), "Bonjour, voici."),
    )

    told = text_of(opened)
    assert "De : Karim Benaïssa <karim.benaissa@example.org>, locataire" in told
    assert "Téléphone : 06 39 98 78 77" in told
    (answer,) = office.said_to("karim.benaissa@example.org")
    assert str(answer["Subject"]) == f"Re: {call} [{new['ref']}]"
    assert answer["In-Reply-To"] is None
    assert answer["References"] is None
    assert text_of(answer).startswith("Bonjour, le serrurier passe demain.")
    assert rounds.case(new["ref"])["status"] == "answered"
    assert history(rounds.case(without_mail["ref"]))[-1] == "unaddressed"
    assert "aucune adresse électronique" in text_of(rounds.notice(without_mail["ref"]))
    thread = answer["Message-ID"]
    rounds(letter("karim.benaissa@example.org", f"Re: {answer['Subject']}", "Merci, à demain.", In_Reply_To=thread))
    assert "joined" in history(rounds.case(new["ref"]))


# --- the owner must agree


def test_the_owner_is_asked_and_each_hears_only_what_is_theirs(rounds: Rounds) -> None:
    office = rounds.office
    rounds(leak("L00101"))
    ref = rounds.of("L00101")["ref"]
    notice = rounds.notice(ref)

    rounds(outlook(notice, "#accord\nDevis de 480 € pour la fuite sous l'évier : êtes-vous d'accord ?"))
    (asked,) = office.said_to(OWNER)
    waiting = rounds.case(ref)
    rounds(letter(OWNER, f"Re: {asked['Subject']}", "OK pour moi.", In_Reply_To=asked["Message-ID"]))
    agreed = rounds.case(ref)
    came = rounds.notice(ref)
    rounds(outlook(came, "Merci Madame, je lance les travaux."))
    thanked = rounds.case(ref)
    rounds(outlook(notice, "Bonjour, le plombier passe jeudi."))

    assert (waiting["status"], waiting["waits_for"], waiting["answered_at"]) == ("open", "owner", None)
    assert "Devis de 480 €" in text_of(asked)
    assert TENANT not in asked.as_string()
    assert "OK pour moi." in str(came)
    assert str(came["To"]) == MANAGER, "who is in charge of the case, not of most of the owner's leases"
    assert "n’est celle de personne" not in text_of(came)
    assert (agreed["status"], agreed["waits_for"]) == ("open", "")
    assert "Merci Madame" in text_of(office.said_to(OWNER)[-1])
    assert (thanked["status"], history(thanked)[-1]) == ("open", "wrote"), "the tenant still has no answer"
    assert [text_of(mail)[:20] for mail in office.said_to(TENANT)[1:]] == ["Bonjour, le plombier"]
    assert rounds.case(ref)["status"] == "answered"


# --- whose it is, and what belongs together


def test_a_lease_that_is_told_is_remembered_with_its_address(rounds: Rounds) -> None:
    writer = "karim@nouveau.example"
    rounds(letter(writer, "Chauffage", "Bonjour, je suis Karim Benaïssa, le radiateur est en panne. Merci."))
    (ref,) = rounds.refs()
    first = rounds.notice(ref, OTHER)

    rounds(outlook(first, "#rattacher L00113", sender=f"Amaury Sissoko-Brun <{OTHER}>"))
    rounds(letter(writer, "Volet", "Bonjour, mon volet roulant est bloqué, merci d'envoyer quelqu'un."))

    attached = rounds.case(ref)
    assert (attached["lease"], attached["manager"], attached["party"]) == ("L00113", "G2", "tenant")
    second = rounds.case(rounds.refs()[1])
    assert (second["lease"], second["party"]) == ("L00113", "tenant")
    assert "M. Amaury Sissoko-Brun s’en charge" in text_of(rounds.office.said_to(writer)[-1])


def test_two_cases_become_one_and_one_becomes_two(rounds: Rounds) -> None:
    office = rounds.office
    rounds(leak("L00101"), leak("L00102"))
    rounds(leak("L00101", "Bonjour, la fuite sous l'évier coule maintenant dans le placard. Merci de faire vite."))
    refs = rounds.refs("L00101")
    first, second = (rounds.case(ref) for ref in refs)
    neighbour = rounds.of("L00102")["ref"]

    notices = {ref: rounds.notice(ref) for ref in (*refs, neighbour)}
    rounds(outlook(notices[neighbour], f"#fusionner {first['ref']}"))
    assert "n’est pas du même bail" in text_of(rounds.notice(neighbour))
    rounds(outlook(notices[second["ref"]], f"#fusionner {first['ref']}"))

    one, gone = rounds.case(first["ref"]), rounds.case(second["ref"])
    assert (gone["status"], gone["merged"]) == ("closed", first["ref"])
    assert (one["status"], one["due_at"]) == ("open", first["due_at"]), "the earlier clock"
    assert len([one for one in one["messages"] if one["direction"] == "in"]) >= 2

    rounds(outlook(notices[first["ref"]], "#délai 3 jours la pièce est commandée"))
    rounds(outlook(notices[second["ref"]], "Bonjour, le plombier passe ce soir."))
    answered = rounds.case(first["ref"])
    assert answered["status"] == "answered", "an answer to the notice of the one that is gone goes to the other"
    assert rounds.case(second["ref"])["status"] == "closed"

    thread = office.said_to(TENANT)[-1]["Message-ID"]
    rounds(letter(TENANT, "Re: Fuite", "Autre chose : l'ampoule du palier est grillée.", In_Reply_To=thread))
    assert rounds.case(first["ref"])["status"] == "open"
    rounds(outlook(rounds.notice(first["ref"]), "#séparer"))

    parted = rounds.case(first["ref"])
    assert (parted["status"], parted["answered_at"]) == ("answered", answered["answered_at"])
    assert parted["due_at"] == answered["due_at"] == first["due_at"] + timedelta(days=3), "with the days given since"
    bulb = rounds.case(rounds.refs("L00101")[-1])
    assert (bulb["lease"], bulb["status"], bulb["sender"]) == ("L00101", "open", TENANT)
    assert bulb["due_at"] > first["due_at"]

    rounds(outlook(notices[neighbour], "#séparer"))
    assert "il n’y a rien à séparer" in text_of(rounds.notice(neighbour))
