"""Managers answer from any program, any mailbox, with whom they like in copy: each time what a careful secretary does."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from archive.records import Contact, Person
from tests.answers import MANAGER, OTHER, TENANT, outlook, reply, thunderbird
from tests.office import OURS, letter, text_of
from tests.rounds import Rounds, history
from tests.stories.test_who_speaks_for_the_agency import BELIEVED

NEIGHBOUR = "ewen.legoff@example.org"
PASSED = b"Authentication-Results: mx.aubrelac.test; dkim=pass header.d=aubrelac.test\r\n"
LOST: dict[str, Any] = {"In_Reply_To": "", "References": ""}


def written(sender: str, number: int, **headers: str) -> EmailMessage:
    """A tenant's letter with a page beside its text, in which a line looks like a command."""
    text = f"Bonjour, il y a une fuite n° {number} sous l'évier de la cuisine. Sur la porte est écrit :\n#clos\nMerci."
    mail = parsed(letter(sender, f"Fuite {number}", text, Message_ID=f"<leak-{number}@example.org>", **headers))  # type: ignore[arg-type]
    mail.add_alternative(f"<html><body><p>{text.replace(chr(10), '<br>')}</p></body></html>", subtype="html")
    return mail


def parsed(raw: bytes) -> EmailMessage:
    found = BytesParser(policy=policy.SMTP).parsebytes(raw)
    assert isinstance(found, EmailMessage)
    return found


def test_from_the_shared_mailbox_in_outlook_and_in_thunderbird(rounds: Rounds) -> None:
    """The tenant has it already: nothing is sent twice, and what they are quoted as saying commands nothing."""
    office = rounds.office
    with office.person() as person:
        person.make("Sent")
    questions = written(TENANT, 1), written(NEIGHBOUR, 2)
    rounds(*(question.as_bytes() for question in questions))
    said = len(office.sink.accepted)

    with office.person() as person:
        person.put(
            outlook(questions[0], "Bonjour,\n\nLe plombier passe jeudi.", sender=OURS, to=TENANT),
            thunderbird(questions[1], "Bonjour,\n\nLe plombier passe mardi.", sender=OURS, to=NEIGHBOUR),
            folder="Sent",
        )
    rounds()
    rounds()

    for lease in ("L00101", "L00102"):
        case = rounds.of(lease)
        assert case["status"] == "answered", lease
        assert history(case) == ["opened", "answered"], lease
        assert [one["direction"] for one in case["messages"] if one["sender"] == OURS][-1] == "out"
    assert len(office.sink.accepted) == said


def test_the_co_tenant_stays_in_copy_and_nobody_else_does(rounds: Rounds) -> None:
    office = rounds.office
    gabin = "gabin.morel@example.org"
    rounds()
    person = Person.get(Person.lease == "L00118", Person.last_name == "MOREL")
    Contact.create(person=person, kind="email", value=gabin, source="test")
    rounds(written("apolline.saintcyr@example.org", 1, Cc=f"{gabin}, voisin@example.org").as_bytes())
    case = rounds.of("L00118")

    rounds(outlook(rounds.notice(case["ref"], OTHER), "Bonjour, le plombier passe jeudi.", sender=OTHER))

    (first,), (second,) = office.said_to("apolline.saintcyr@example.org")[1:], office.said_to(gabin)
    assert first.as_bytes() == second.as_bytes(), "one mail, which shows to whom it went"
    assert (first["To"], first["Cc"]) == ("apolline.saintcyr@example.org", gabin)
    assert office.said_to("voisin@example.org") == []
    assert history(rounds.of("L00118")).count("answered") == 1


def test_a_hidden_copy_of_a_mail_from_ones_own_account_counts(rounds: Rounds) -> None:
    office = rounds.office
    rounds(letter(Message_ID="<leak@example.org>"))
    (ref,) = rounds.refs()
    office.configure(more=BELIEVED)
    said = len(office.said_to(TENANT))
    hidden = reply(
        rounds.notice(ref),
        "Le plombier passe jeudi.",
        to=TENANT,
        Subject="Votre fuite",
        In_Reply_To="<leak@example.org>",
        References="",
    )

    rounds(b"Delivered-To: " + OURS.encode() + b"\r\n" + PASSED + hidden)

    assert rounds.case(ref)["status"] == "answered"
    assert len(office.said_to(TENANT)) == said
    assert MANAGER not in str(office.said_to(TENANT)[-1])


def test_what_was_said_at_the_counter_stops_the_clock_from_either_mailbox(rounds: Rounds) -> None:
    office = rounds.office
    rounds(written(TENANT, 1).as_bytes(), written(NEIGHBOUR, 2).as_bytes())

    rounds(outlook(rounds.notice(rounds.of("L00101")["ref"]), "#guichet elle est passée, le plombier vient mardi"))
    note = reply(rounds.notice(rounds.of("L00102")["ref"]), "#guichet il est passé", sender=OURS)
    with office.person() as person:
        person.put(note, folder="Sent")
    rounds()
    rounds()

    steps = [rounds.of(lease)["steps"][-1] for lease in ("L00101", "L00102")]
    assert [step["what"] for step in steps] == ["answered", "answered"]
    assert steps[0]["detail"] == "counter elle est passée, le plombier vient mardi (G1)"
    assert steps[1]["detail"] == "counter il est passé (gestion)"


def test_the_tenant_sees_one_thread_from_the_first_letter_to_the_last_answer(rounds: Rounds) -> None:
    office = rounds.office
    rounds(letter(Message_ID="<leak@example.org>"))
    (ref,) = rounds.refs()
    rounds(outlook(rounds.notice(ref), "Bonjour, le plombier passe jeudi."))
    first = office.said_to(TENANT)[-1]
    thread = f"<leak@example.org> {first['Message-ID']}"
    again = letter(
        TENANT,
        f"Re: {first['Subject']}",
        "Merci. À quelle heure ?",
        Message_ID="<again@example.org>",
        In_Reply_To=first["Message-ID"],
        References=thread,
    )

    rounds(again)
    rounds(thunderbird(rounds.notice(ref), "À 14 h."))

    second = office.said_to(TENANT)[-1]
    assert text_of(second).startswith("À 14 h.")
    assert str(first["Subject"]) == str(second["Subject"]) == f"Re: Fuite [{ref}]"
    assert second["In-Reply-To"] == "<again@example.org>"
    assert str(second["References"]).split() == [*thread.split(), "<again@example.org>"]
    assert {str(mail["From"].addresses[0].addr_spec) for mail in office.said_to(TENANT)} == {OURS}
    assert rounds.refs() == [ref]
