"""A manager moves a letter in their own mail client: the case follows, and the program learns."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.office import OURS, Office, letter, until
from tests.rounds import Rounds, history

WORKS, COMPLAINTS, DEPARTURES = "R&AOk-clamations/Travaux", "R&AOk-clamations/Autre", "D&AOk-parts"
TENANT = "clemence.bonnefoy@example.org"


def moved(office: Office, source: str, target: str) -> None:
    """Everything in a folder, as somebody at a mail client drags it."""
    with office.person() as person:
        person.move(person.letters(source), target, source)


def received(office: Office) -> dict[str, object]:
    """A leak that was filed, and put in its folder."""
    office.deliver(letter())
    office.once()
    (case,) = office.cases()
    assert office.folders()[WORKS] == 1
    return case


def leaking(rounds: Rounds) -> dict[str, object]:
    """The same, in this process."""
    rounds(letter())
    (case,) = rounds.office.cases()
    return case


def steps(office: Office, ref: object) -> list[str]:
    return [step["what"] for step in office.json("case", str(ref))["steps"]]


def test_a_letter_in_another_folder_is_another_kind_of_case_with_another_clock(rounds: Rounds) -> None:
    office = rounds.office
    before = leaking(rounds)

    moved(office, WORKS, "Demandes")
    rounds()

    (after,) = office.cases()
    assert (after["label"], after["status"]) == ("demande", "open")
    time = {name: datetime.fromisoformat(str(after[name])) for name in ("received_at", "due_at")}
    assert time["due_at"] - time["received_at"] == timedelta(hours=48)
    assert history(rounds.case(str(before["ref"]))) == ["opened", "relabelled"]
    assert office.folders()["Demandes"] == 1, "it stays where the manager put it"
    assert [row["label"] for row in office.json("learn", "list")] == ["demande"]
    journal = "".join(path.read_text() for path in office.tree.rglob("*.journal"))
    assert "\tRELABEL\t" in journal


def test_clos_is_over_and_the_inbox_is_not(rounds: Rounds) -> None:
    office = rounds.office
    case = leaking(rounds)

    moved(office, WORKS, "Clos")
    rounds()
    closed = office.cases()[0]["status"]
    moved(office, "Clos", "INBOX")
    rounds()

    assert closed == "closed"
    (after,) = office.cases()
    assert (after["status"], after["due_at"]) == ("open", case["due_at"])
    assert history(rounds.case(str(case["ref"]))) == ["opened", "closed", "reopened"]
    assert office.folders()["INBOX"] == 1
    assert office.json("learn", "list") == [], "a state is no lesson"


def test_a_letter_put_back_in_the_inbox_right_after_our_move_stays_there(rounds: Rounds) -> None:
    office = rounds.office
    leaking(rounds)

    moved(office, WORKS, "INBOX")
    rounds()
    rounds()

    assert office.cases()[0]["status"] == "open"
    assert office.folders()["INBOX"] == 1
    moved(office, "INBOX", DEPARTURES)
    rounds()
    assert office.cases()[0]["label"] == "depart"


def test_what_was_put_aside_by_mistake_becomes_a_case(rounds: Rounds) -> None:
    office = rounds.office
    office.deliver(
        letter("vente@example.net", "Offre", "Nos promotions du mois : -30 % sur les détecteurs. Se désinscrire.")
    )
    rounds()
    assert office.cases() == []
    assert office.folders()["Hors sujet"] == 1

    moved(office, "Hors sujet", "Demandes")
    rounds()

    (case,) = office.cases()
    assert (case["label"], case["status"], case["sender"]) == ("demande", "open", "vente@example.net")
    assert history(rounds.case(str(case["ref"]))) == ["opened"]


def test_twenty_one_moves_at_once_wait_for_a_word(rounds: Rounds) -> None:
    office = rounds.office
    office.deliver(
        *(letter(subject=f"Fuite {n}", text=f"Il y a une fuite n° {n} sous l'évier, merci.") for n in range(21))
    )
    rounds()
    assert office.folders()[WORKS] == 21

    moved(office, WORKS, "Demandes")
    rounds()
    rounds()

    assert {case["label"] for case in office.cases()} == {"reclamation/travaux"}
    assert len(office.said_to("direction@aubrelac.test")) == 1
    assert {row["state"] for row in office.json("learn", "list")} == {"to confirm"}
    office.command("learn", "confirm")
    rounds()
    assert {case["label"] for case in office.cases()} == {"demande"}


def test_many_moves_that_were_a_slip_are_forgotten(rounds: Rounds) -> None:
    office = rounds.office
    office.deliver(
        *(letter(subject=f"Fuite {n}", text=f"Il y a une fuite n° {n} sous l'évier, merci.") for n in range(21))
    )
    rounds()
    moved(office, WORKS, "Clos")
    rounds()

    office.command("learn", "dismiss")
    rounds()

    assert {case["status"] for case in office.cases()} == {"open"}
    assert office.json("learn", "list") == []


def test_a_deletion_a_copy_and_a_pile_of_one_s_own_mean_nothing(rounds: Rounds) -> None:
    office = rounds.office
    office.deliver(
        *(letter(subject=f"Fuite {n}", text=f"Il y a une fuite n° {n} sous l'évier, merci.") for n in range(3))
    )
    rounds()
    before = office.cases()

    with office.person() as person:
        first, second, third = person.letters(WORKS)
        person.throw_away([first], WORKS)
        person.copy([second], "Demandes", WORKS)
        person.make("Pile")
        person.move([third], "Pile", WORKS)
    rounds()

    assert office.cases() == before
    assert office.folders() == {WORKS: 1, "Demandes": 1, "Pile": 1, "Accus&AOk-s": 3}


def test_a_folder_that_was_renamed_is_made_again_and_watched_again(rounds: Rounds) -> None:
    office = rounds.office
    leaking(rounds)
    with office.person() as person:
        person.rename("Demandes", "Anciennes demandes")
        person.rename(WORKS, "Chantiers")
    rounds()

    assert office.cases()[0]["label"] == "reclamation/travaux"
    moved(office, "Chantiers", "Demandes")
    rounds()

    assert office.cases()[0]["label"] == "demande"


def test_while_it_runs_the_daemon_sees_a_move_by_itself(office: Office) -> None:
    office.configure(mailbox='poll = "1s"')
    office.deliver(letter())
    office.start("run")
    until(lambda: office.folders().get(WORKS) == 1, 60)

    moved(office, WORKS, COMPLAINTS)

    until(lambda: office.cases()[0]["label"] == "reclamation/autre", 60)


def arriving(sender: str, subject: str, text: str) -> bytes:
    """A letter as a mail server delivers it just now."""
    now = format_datetime(datetime.now(UTC))
    return letter(sender, subject, text, Date=now, Received=f"from mx.example.org by mx.aubrelac.test; {now}")


def test_a_letter_put_away_before_we_saw_it_is_a_letter_and_an_archive_is_not(rounds: Rounds) -> None:
    office = rounds.office
    before = letter("old@example.org", "Ancienne", "Il y avait une fuite.")
    with office.person() as person:
        person.make("Demandes")
        person.put(before, folder="Demandes", date=datetime.now(UTC))
    leaking(rounds)
    (own,) = [taken.raw for taken in office.sink.accepted if taken.recipient == TENANT]
    now = datetime.now(UTC)
    archive = [
        letter("ewen.legoff@example.org", f"Panne {n}", f"Bonjour, la lampe {n} est en panne.") for n in range(60)
    ]
    trace = "from mx by mx; Mon, 02 Mar 2026 09:00:00 +0100"
    copied = letter(
        "ewen.legoff@example.org", "Volet", "Volet bloqué.", Date="Mon, 02 Mar 2026 09:00:00 +0100", Received=trace
    )
    early = arriving("aissatou.ndiaye@example.org", "Badge", "Bonjour, le badge de l'immeuble ne marche plus, merci.")
    pushed_aside = arriving("emre.celik@example.org", "Merci", "Bonjour, il y a une fuite dans ma cuisine.")
    with office.person() as person:
        person.put(early, folder="Demandes", date=now)
        person.put(pushed_aside, folder='"Hors sujet"', date=now)
        person.put(*archive, folder=WORKS, date=datetime(2024, 3, 4, tzinfo=UTC))
        person.put(
            copied, own, arriving(OURS, "Re: Fuite", "Bonjour, le plombier passe demain."), folder=WORKS, date=now
        )
    standing = office.folders()

    rounds()

    assert office.folders() == standing, "everything stays where it was put"
    (case,) = [case for case in office.cases() if case["sender"] != TENANT]
    assert (case["sender"], case["label"]) == ("aissatou.ndiaye@example.org", "demande")
    assert len(office.said_to("aissatou.ndiaye@example.org")) == 1
    assert office.said_to("emre.celik@example.org") == office.said_to("ewen.legoff@example.org") == []
    filed = {path.read_bytes() for path in office.filed()}
    assert {early, pushed_aside} <= filed
    assert filed.isdisjoint({before, copied, *archive})
    status = office.json("status")
    assert (status["seen"], status["filed"], status["duplicates"]) == (3, 3, 0)

    moved(office, "Demandes", DEPARTURES)  # the archive of the first day with it
    rounds()

    assert [one["label"] for one in office.cases() if one["ref"] == case["ref"]] == ["depart"]
    assert len(office.cases()) == 2


def test_observing_watches_moves_and_changes_nothing(rounds: Rounds) -> None:
    office = rounds.office
    office.configure(mailbox='mode = "observe"')
    with office.person() as person:
        person.make("Demandes")
    office.deliver(letter())
    rounds()
    before = office.cases()

    moved(office, "INBOX", "Demandes")
    rounds()

    assert office.cases() == before
    assert office.folders() == {"Demandes": 1}


def test_old_letters_may_be_sorted_by_hand_and_open_nothing(rounds: Rounds) -> None:
    office = rounds.office
    office.deliver(letter(), date=datetime(2024, 3, 4, tzinfo=UTC))
    rounds()

    moved(office, "INBOX", WORKS)
    rounds()

    assert office.cases() == []


def test_a_move_that_teaches_can_be_undone_and_the_case_stays(rounds: Rounds) -> None:
    office = rounds.office
    leaking(rounds)
    moved(office, WORKS, "Demandes")
    rounds()
    (lesson,) = office.json("learn", "list")

    office.command("learn", "undo", lesson["id"])

    assert office.json("learn", "list")[0]["state"] == "undone"
    assert office.cases()[0]["label"] == "demande"
    office.command("learn", "undo", lesson["id"], expect=1)


def test_ten_corrections_of_a_turn_of_phrase_change_the_eleventh(rounds: Rounds) -> None:
    office = rounds.office
    turns = [
        "Bonjour, pourriez-vous me faire passer le référent sérénité cette semaine ?",
        "Madame, nous aurions besoin du référent sérénité chez nous.",
        "Bonjour, est-ce que le référent sérénité viendra à notre étage ?",
        "C'est pour le passage du référent sérénité, quand est-il disponible ?",
        "Le référent sérénité est demandé au troisième gauche.",
        "Bonjour, je souhaite un passage du référent sérénité, je suis là le matin.",
        "Bonsoir, merci de programmer le référent sérénité pour le studio.",
        "Veuillez faire venir le référent sérénité, salutations distinguées.",
        "Pouvez-vous me dire si le référent sérénité est prévu chez moi ?",
        "Nous attendons le référent sérénité, merci de nous donner une date.",
    ]
    office.deliver(*(letter(subject="Bonjour", text=text) for text in turns))
    rounds()
    with office.person() as person:
        for folder in person.folders() - {WORKS, "R&AOk-clamations", "Accus&AOk-s"}:
            if uids := person.letters(folder):
                person.move(uids, WORKS, folder)
    rounds()
    assert len(office.json("learn", "list")) >= 8

    eleventh = office.folder / "eleventh.eml"
    eleventh.write_bytes(
        letter(subject="Passage", text="Bonjour, le référent sérénité pourrait-il passer jeudi chez moi ?")
    )
    printed = office.command("classify", "--explain", str(eleventh))
    (told,) = [office.json("classify", "--explain", str(eleventh))]

    assert told["label"] == "reclamation/travaux"
    assert told["explain"]["agency"]["lessons"]
    assert "reclassées à l'agence" in told["because"]
    assert "referent serenite" in printed


def test_a_death_between_seeing_and_recording_loses_nothing_and_does_nothing_twice(office: Office) -> None:
    case = received(office)
    for tenths, target in enumerate((COMPLAINTS, "Demandes", "Clos", WORKS), start=1):
        with office.person() as person:
            source = next(f for f in (WORKS, COMPLAINTS, "Demandes", "Clos") if person.letters(f))
        moved(office, source, target)
        office.killed_after(tenths / 10)
        office.once()

    (after,) = office.cases()
    assert (after["label"], after["status"]) == ("reclamation/travaux", "open")
    told = steps(office, case["ref"])
    assert [told.count(what) for what in ("relabelled", "closed")] == [3, 1]
    assert len(list(office.tree.rglob("*.e[0-9]*.json"))) == len(told) - 1
