"""Several people look after one building, and one of them may be away: each case is somebody's, and answered once."""

from pathlib import Path

from tests.answers import MANAGER, OTHER, TENANT, case_of, outlook, reply, steps
from tests.office import LISTS, Office, letter, text_of
from tests.stories.test_a_manager_answers import ANSWER, answers, noticed

TRABOULES = "Résidence Les Traboules"


def shared_by_both(office: Office) -> None:
    """M. Sissoko-Brun shares Mme Faucheux's building."""
    lines = (LISTS / "managers.csv").read_text().splitlines()
    told = [f"{line},{TRABOULES if line.startswith('G2,') else ''}" for line in lines[1:]]
    file = Path(office.folder / "managers.csv")
    file.write_text("\n".join([f"{lines[0]},shared_properties", *told]) + "\n")
    assert office.command("import", "managers", str(file)) == "managers: 0 added, 1 updated, 4 unchanged\n"
    assert office.command("import", "managers", str(file)) == "managers: 0 added, 0 updated, 5 unchanged\n"


def test_each_has_the_notice_and_the_first_answer_is_the_answer(office: Office) -> None:
    shared_by_both(office)
    ref, hers = noticed(office)
    (his,) = office.said_to(OTHER)
    assert len(office.said_to(MANAGER)) == 1
    assert "Il est aussi pour M. Sissoko-Brun : la première réponse vaut pour tous." in text_of(hers)
    assert "Il est aussi pour Mme Faucheux" in text_of(his)

    said = "Bonjour, nous passons vendredi matin."
    office.deliver(outlook(his, said, sender=f"Amaury Sissoko-Brun <{OTHER}>"), outlook(hers, ANSWER))
    office.once()

    (answer,) = answers(office)
    assert str(answer["From"]).startswith("Amaury Sissoko-Brun")
    assert "nous passons vendredi" in text_of(answer)
    case = case_of(office, ref)
    assert case["status"] == "answered"
    assert case["manager"] == "G1"  # in whose charge it stays
    assert steps(office, ref).count("answered") == 1
    told = text_of(office.said_to(MANAGER)[-1])
    assert "Amaury Sissoko-Brun a déjà répondu" in told
    assert "nous passons vendredi" in told


def test_whoever_stands_in_for_an_absent_manager_has_the_notices_at_once(office: Office) -> None:
    away = letter(
        MANAGER, "Réponse automatique : absente", "Je suis absente jusqu'au 31/12.", Auto_Submitted="auto-replied"
    )
    office.deliver(away)
    office.once()

    office.deliver(letter(Message_ID="<leak@example.org>"))
    office.once()

    assert office.said_to(MANAGER) == []
    (notice,) = office.said_to(OTHER)
    assert "Vous recevez cet avis pendant l’absence de Mme Faucheux." in text_of(notice)
    told = text_of(office.said_to(TENANT)[0])
    assert "M. Amaury Sissoko-Brun s’en charge" in told, "the tenant is told whoever answers, and that line"
    assert "Faucheux" not in told
    office.deliver(outlook(notice, ANSWER, sender=f"Amaury Sissoko-Brun <{OTHER}>"))
    office.once()
    (answer,) = answers(office)
    assert str(answer["From"]).startswith("Amaury Sissoko-Brun")

    # she writes again: she is back
    back = reply(notice, "#note je suis rentrée", Subject="Rentrée", In_Reply_To="", References="")
    office.deliver(back)
    office.once()
    office.deliver(letter(subject="Volet", text="Bonjour, mon volet est bloqué, merci d'envoyer quelqu'un."))
    office.once()
    assert "Volet" in str(office.said_to(MANAGER)[-1]["Subject"])
