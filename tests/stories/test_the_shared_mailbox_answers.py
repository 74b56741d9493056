"""Managers who work in the shared mailbox answer there; what they send stops the clock, and what we send doesn't."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from daemon.checks.sent import copies
from daemon.config import load
from tests.answers import MANAGER, TENANT
from tests.office import LISTS, OURS, letter, text_of
from tests.rounds import Rounds, history

NOW = datetime.now(UTC).replace(microsecond=0)
RECEIVED = NOW - timedelta(hours=3)
WRITTEN = NOW - timedelta(hours=1)


def opened(rounds: Rounds) -> str:
    """A case of three hours ago, in a mailbox whose folder of sent mail is watched."""
    with rounds.office.person() as person:
        person.make("Sent")
    rounds.office.deliver(letter(Message_ID="<leak@example.org>"), date=RECEIVED)
    rounds()
    (ref,) = rounds.refs()
    return ref


def mail(to: str = TENANT, text: str = "Bonjour, le plombier passe jeudi.", **headers: str) -> bytes:
    """What a mail program leaves in `Sent`."""
    message = EmailMessage(policy=SMTP)
    message["From"] = headers.pop("From", OURS)
    if to:
        message["To"] = to
    message["Subject"] = headers.pop("Subject", "RE: Fuite")
    message["Date"] = headers.pop("Date", WRITTEN.strftime("%a, %d %b %Y %H:%M:%S +0000"))
    message["Message-ID"] = headers.pop("Message_ID", "<answer-1@aubrelac.test>")
    for key, value in ({"In_Reply_To": "<leak@example.org>"} | headers).items():
        message[key.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def sent(rounds: Rounds, *raws: bytes, flags: str = r"(\Seen)", folder: str = "Sent") -> None:
    with rounds.office.person() as person:
        person.put(*raws, folder=folder, flags=flags, date=NOW)
    rounds()


def test_an_answer_in_sent_stops_the_clock_when_it_was_written(rounds: Rounds) -> None:
    office = rounds.office
    ref = opened(rounds)
    said = len(office.sink.accepted)

    sent(rounds, mail())

    case = rounds.case(ref)
    assert case["status"] == "answered"
    assert case["answered_at"] == WRITTEN
    assert len(office.sink.accepted) == said
    (filed,) = [side for side in office.sidecars() if side.get("kind") == "answer"]
    assert (filed["direction"], filed["case"]) == ("out", ref)
    assert "Bail L00101" in next(str(path) for path in office.filed() if " Envoyé - RE" in path.name)
    assert office.folders()["Sent"] == 1, "nothing is moved out of it"


def test_a_clock_that_lies_is_not_believed(rounds: Rounds) -> None:
    ref = opened(rounds)

    sent(rounds, mail(Date="Mon, 23 Nov 2020 10:00:00 +0000"))

    assert rounds.case(ref)["answered_at"] == NOW


def test_an_answer_in_a_further_sent_folder_counts(rounds: Rounds) -> None:
    office = rounds.office
    ref = opened(rounds)
    with office.person() as person:
        person.make("Envoy&AOk-s")
    rounds()

    office.configure(mailbox='[mailbox.folders]\nsent = "Envoyés"\n')
    rounds()
    sent(rounds, mail(), folder="Envoy&AOk-s")

    assert rounds.case(ref)["status"] == "answered"


def test_what_we_sent_ourselves_is_never_an_answer(rounds: Rounds) -> None:
    office = rounds.office
    ref = opened(rounds)
    (ours,) = office.said_to(TENANT)
    rewritten = ours.as_bytes().replace(str(ours["Message-ID"]).encode(), b"<provider-made@outlook.test>")

    sent(rounds, ours.as_bytes(), rewritten, mail(Auto_Submitted="auto-replied", Message_ID="<robot@aubrelac.test>"))

    case = rounds.case(ref)
    assert (case["status"], case["answered_at"]) == ("open", None)
    assert history(rounds.case(ref)) == ["opened", "automatic"]


def test_a_draft_a_forward_and_a_wrong_address_stop_nothing(rounds: Rounds) -> None:
    ref = opened(rounds)

    sent(rounds, mail(Message_ID="<draft@aubrelac.test>"), flags=r"(\Draft)")
    sent(rounds, mail("plombier@example.com", Message_ID="<fwd@aubrelac.test>", Subject="TR: Fuite"))
    sent(rounds, mail("clemence.bonefoy@example.org", Message_ID="<wrong@aubrelac.test>"))

    assert rounds.case(ref)["status"] == "open"
    assert history(rounds.case(ref)) == ["opened", "draft", "copied", "copied"]


def test_a_copy_to_the_agency_counts_once(rounds: Rounds) -> None:
    office = rounds.office
    ref = opened(rounds)
    answer = mail(From=f"Delphine Faucheux <{MANAGER}>", Cc=OURS)
    seen = b"Authentication-Results: mx.aubrelac.test; dmarc=pass header.from=aubrelac.test\r\n" + answer
    office.configure(more='[security]\nauthserv = ["mx.aubrelac.test"]')

    rounds(seen)
    sent(rounds, answer)

    assert rounds.case(ref)["status"] == "answered"
    assert history(rounds.case(ref)).count("answered") == 1
    assert len(office.said_to(TENANT)) == 1


def test_a_command_to_ourselves_is_obeyed(rounds: Rounds) -> None:
    office = rounds.office
    ref = opened(rounds)

    sent(rounds, mail(OURS, "#tél vu avec la locataire, le plombier passe jeudi"))

    case = rounds.case(ref)
    assert case["status"] == "answered"
    assert "plombier passe jeudi" in case["steps"][-1]["detail"]
    assert text_of(office.said_to(TENANT)[0])


def test_a_command_that_slipped_into_an_answer_is_told_to_whoever_is_in_charge(rounds: Rounds) -> None:
    office = rounds.office
    ref = opened(rounds)

    sent(rounds, mail(text="Bonjour, le plombier passe jeudi.\n\n#fermez\n#rappel 31/02"))

    case = rounds.case(ref)
    assert case["status"] == "answered"
    told = text_of(office.said_to(MANAGER)[-1])
    assert f"Des commandes n’ont pas été suivies dans le dossier {ref} :" in told
    assert "- #fermez : " in told
    assert "- #rappel 31/02 : " in told
    assert len(office.said_to(TENANT)) == 1


def test_the_list_of_commands_is_asked_for_from_the_shared_mailbox_too(rounds: Rounds) -> None:
    office = rounds.office
    opened(rounds)

    sent(rounds, mail(OURS, "#aide"))

    told = text_of(office.said_to(MANAGER)[-1])
    assert "Les commandes, chacune seule sur sa ligne :" in told
    assert "pas été suivie" not in told


def test_an_answer_that_left_no_copy_is_noticed_by_check(rounds: Rounds) -> None:
    office = rounds.office
    with office.person() as person:
        person.make("Sent")
    rounds(letter(Message_ID="<leak@example.org>"))
    (ref,) = rounds.refs()

    def told() -> str:
        ((well, message),) = copies(load(office.config), datetime.now(UTC))
        assert well
        return message

    nobody = told()
    head, *lines = (LISTS / "managers.csv").read_text().splitlines()
    file = office.folder / "managers.csv"
    file.write_text("\n".join([f"{head},works_in", *(f"{line},shared" for line in lines)]) + "\n")
    office.command("import", "managers", str(file))
    waiting = told()
    with office.person() as person:
        person.put(mail(), folder="Sent", date=NOW)
    rounds()
    seen = told()
    acknowledged = office.said_to(TENANT)[0]["Message-ID"]
    rounds(letter(subject="Re: Fuite", text="Merci, à jeudi.", In_Reply_To=acknowledged))
    lost: dict[str, Any] = {"References": f"{acknowledged} <delegate@outlook.test>"}
    rounds(letter(subject="Re: Fuite", text="Merci de votre réponse, jeudi me va.", **lost))
    blind = told()

    assert "nobody works in the shared mailbox" in nobody
    assert "answer a letter there, then check again" in waiting
    assert "is seen (last on" in seen
    assert blind.startswith(f"warning: {ref}: ")
    assert "MessageCopyForSentAsEnabled" in blind
    assert "in copy (Cc)" in blind
