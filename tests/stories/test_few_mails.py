"""What a manager isn't told, and what isn't said to a tenant, where the agency has set it so."""

from tests.answers import MANAGER, TENANT, outlook
from tests.office import LISTS, letter, text_of
from tests.rounds import Rounds

GAS = "Bonjour, ça sent très fort le gaz dans la cuisine, que dois-je faire ?"
ASKED = "Bonjour, pourriez-vous m'envoyer ma quittance de loyer d'octobre ? Merci d'avance."


def test_who_works_in_the_shared_mailbox_hears_of_what_cannot_wait_only(rounds: Rounds) -> None:
    office = rounds.office
    head, *lines = (LISTS / "managers.csv").read_text().splitlines()
    file = office.folder / "managers.csv"
    file.write_text("\n".join([f"{head},works_in", *(f"{line},shared" for line in lines)]) + "\n")
    office.command("import", "managers", str(file))

    rounds(letter())
    rounds(letter("ewen.legoff@example.org", "Odeur de gaz", GAS))

    leak, gas = rounds.of("L00101"), rounds.of("L00102")
    assert [gas["ref"] in str(mail["Subject"]) for mail in office.said_to(MANAGER)] == [True]
    assert leak["status"] == gas["status"] == "open"
    assert len(office.said_to(TENANT)) == 1, "the tenant is told all the same"


def test_an_answer_is_prepared_and_sent_by_nobody_where_requests_are_not_answered(rounds: Rounds) -> None:
    office = rounds.office
    office.configure(more="[notices]\nanswer_requests = false\n")

    rounds(letter(TENANT, "Quittance", ASKED))

    (ref,) = rounds.refs()
    assert rounds.case(ref)["status"] == "open"
    notice = rounds.notice(ref)
    assert "Réponse prête, à relire" in text_of(notice)
    assert not [part for part in office.said_to(TENANT)[0].walk() if part.get_filename()]
    rounds(outlook(notice, "Bonjour, voici votre quittance."))
    assert rounds.case(ref)["status"] == "answered"
