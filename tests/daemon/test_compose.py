"""The bytes that leave: headers, encodings, what is enclosed, and what nobody can slip in."""

import re
from email import message_from_bytes, policy

import pytest

from archive.records import Case, Message, Outgoing
from daemon.errors import Permanent
from daemon.sending.carrier import Carrier
from daemon.sending.compose import Composer
from daemon.sending.dossier import open_dossiers
from tests.outgoing import (
    GIST,
    LETTER,
    NOON,
    SIGNER,
    TENANT,
    MailRoom,
    configuration,
    html_of,
    mailbox,
    parsed,
    text_of,
)

EIGHT_BITS = Carrier(eight_bit=True)


def enclosing(room: MailRoom, letter: bytes, carrier: Carrier = EIGHT_BITS, **details: object) -> bytes:
    """A notice about that letter."""
    config = configuration()
    row = room.say("notice_case", room.case(), details)
    return Composer(config, SIGNER, lambda _digest: letter).compose(open_dossiers([row], config)[0], NOON, carrier).raw


# --- headers


def test_an_answer_says_in_every_way_that_it_is_automatic(mail_room: MailRoom) -> None:
    mail = parsed(mail_room.compose(mail_room.say(case=mail_room.case())))

    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["From"] == "Régie Aubrelac <gestion@aubrelac.test>"
    assert mail["To"] == TENANT
    assert mail["MIME-Version"] == "1.0"


def test_an_answer_stands_in_the_thread_of_the_question(mail_room: MailRoom) -> None:
    row = mail_room.say(case=mail_room.case(), details={"references": ["a@x.test", "b@x.test"]})

    mail = parsed(mail_room.compose(row))

    assert mail["In-Reply-To"] == "<question-1@example.org>"
    assert mail["References"].split() == ["<a@x.test>", "<b@x.test>", "<question-1@example.org>"]


def test_a_long_thread_keeps_its_first_and_its_last_messages(mail_room: MailRoom) -> None:
    row = mail_room.say(case=mail_room.case(), details={"references": [f"{n}@x.test" for n in range(500)]})

    references = parsed(mail_room.compose(row))["References"].split()

    assert len(references) == 20
    assert references[0] == "<0@x.test>"
    assert references[-1] == "<question-1@example.org>"


def test_no_message_id_can_break_out_of_its_header(mail_room: MailRoom) -> None:
    hostile = ["a@x>\r\nBcc: all@x.test", "b@x <c@x>", "é@x", "d@x" * 1000, "good@x.test"]

    mail = mail_room.compose(mail_room.say(case=mail_room.case(), details={"references": hostile}))

    assert parsed(mail)["References"].split() == ["<good@x.test>", "<question-1@example.org>"]
    assert parsed(mail)["Bcc"] is None


def test_a_mail_composed_twice_has_the_same_message_id_and_proves_its_case(mail_room: MailRoom) -> None:
    case = mail_room.case()
    row = mail_room.say(case=case)

    first, second = mail_room.compose(row), mail_room.compose(row)

    assert first == second
    assert parsed(first)["Message-ID"] == f"<{first.message_id}>"
    assert SIGNER.case_of(first.message_id) == case.ref
    assert SIGNER.case_of(str(parsed(first)["X-Vaguemestre"])) == case.ref


def test_the_subject_is_theirs_with_the_reference_once(mail_room: MailRoom) -> None:
    case = mail_room.case(subject="RE: Re : TR: Fuite sous l'évier [VM-2026-000001] https://x.test/a")

    mail = parsed(mail_room.compose(mail_room.say(case=case)))

    assert mail["Subject"] == "Re: Fuite sous l'évier [VM-2026-000001]"


def test_a_letter_without_subject_is_answered_under_ours(mail_room: MailRoom) -> None:
    mail = parsed(mail_room.compose(mail_room.say(case=mail_room.case(subject="  "))))

    assert mail["Subject"] == "Votre message [VM-2026-000001]"


@pytest.mark.parametrize(
    "hostile",
    [
        "Fuite\r\nBcc: all@x.test",
        "Fuite\nBcc: all@x.test\n\n<script>",
        "Fuite\u2028Bcc: all@x.test",
        "Fuite\x00\x1b[31m",
        "=?utf-8?q?Fuite=0D=0ABcc:_all@x.test?=",
        "é" * 5000,
        "mot " * 3000,
        "x" * 5000,
    ],
)
def test_no_subject_can_add_a_header_or_a_long_line(mail_room: MailRoom, hostile: str) -> None:
    raw = mail_room.compose(mail_room.say(case=mail_room.case(subject=hostile))).raw
    head = raw.partition(b"\r\n\r\n")[0]

    assert parsed(raw)["Bcc"] is None
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\x00" not in head
    assert len(str(parsed(raw)["Subject"])) < 150


def test_no_name_of_an_agency_can_break_the_from_header(mail_room: MailRoom) -> None:
    row = mail_room.say(case=mail_room.case())

    for name in ('Régie "Les Deux\r\nBcc: x@x.test', 'Cabinet A, B & "C" <x>', "a" * 300, "=?utf-8?q?x?="):
        mail = parsed(mail_room.compose(row, configuration(name=name)))

        assert mail["From"].addresses[0].addr_spec == "gestion@aubrelac.test"
        assert len(mail["From"].addresses) == 1
        assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "recipient", ["", "nobody", "a@b\r\nBcc: c@d", "a b@c.test", "<a@b.test>", "a@b@c.test", "a@" + "x" * 300]
)
def test_what_is_no_address_is_refused_and_quoted(mail_room: MailRoom, recipient: str) -> None:
    row = mail_room.say(case=mail_room.case(), recipient=recipient)

    with pytest.raises(Permanent, match="is no e-mail address"):
        mail_room.compose(row)


def test_a_domain_beyond_ascii_travels_in_ascii(mail_room: MailRoom) -> None:
    row = mail_room.say(case=mail_room.case(), recipient="marie@été.test")

    assert parsed(mail_room.compose(row))["To"] == "marie@xn--t-9fab.test"


def test_a_local_part_beyond_ascii_needs_a_relay_that_takes_it(mail_room: MailRoom) -> None:
    row = mail_room.say(case=mail_room.case(), recipient="hélène@example.org")

    with pytest.raises(Permanent, match=r"'hélène@example\.org' isn't ASCII"):
        mail_room.compose(row)
    raw = mail_room.compose(row, carrier=Carrier(utf8_addresses=True)).raw
    assert "To: hélène@example.org\r\n".encode() in raw


def test_a_reply_comes_back_to_the_mailbox_that_the_letter_came_to(mail_room: MailRoom) -> None:
    config = configuration(mailbox=(mailbox("lyon"), mailbox("martinique")))
    answer, notice = mail_room.say(case=mail_room.case()), mail_room.say("notice_case", mail_room.case())

    assert parsed(mail_room.compose(answer, config))["Reply-To"] == "lyon@aubrelac.test"
    assert parsed(mail_room.compose(answer))["Reply-To"] is None  # the sender's address is the mailbox
    assert parsed(mail_room.compose(notice))["Reply-To"] == "gestion@aubrelac.test"


def test_the_date_is_on_the_offices_clock(mail_room: MailRoom) -> None:
    overseas = mail_room.case(lease="L00201", manager="G5")

    assert parsed(mail_room.compose(mail_room.say(case=mail_room.case())))["Date"].endswith("12:00:00 +0100")
    assert parsed(mail_room.compose(mail_room.say(case=overseas)))["Date"].endswith("07:00:00 -0400")


def test_answers_go_with_a_null_sender_and_the_rest_with_a_bounce_address(mail_room: MailRoom) -> None:
    answer, notice = mail_room.say(case=mail_room.case()), mail_room.say("notice_case", mail_room.case())
    usual, no_null, neither = (
        Composer(configuration(smtp=smtp), SIGNER, lambda _digest: LETTER)
        for smtp in ({}, {"null_sender": False}, {"null_sender": False, "bounce_address": False})
    )

    assert usual.envelope_sender(answer) == ""
    assert SIGNER.bounced(usual.envelope_sender(notice)) is not None
    assert SIGNER.bounced(no_null.envelope_sender(answer)) is not None
    assert neither.envelope_sender(answer) == "gestion@aubrelac.test"


# --- bodies


def test_plain_text_is_never_escaped_and_html_always_is(mail_room: MailRoom) -> None:
    words = "plus d'eau chaude & <script>alert(1)</script> depuis lundi"
    mail = mail_room.compose(mail_room.say(case=mail_room.case(), details={"gist": words}))

    assert "plus d’eau chaude & <script>alert(1)</script> depuis lundi" in text_of(mail)
    assert "&#" not in text_of(mail)
    assert "&amp; &lt;script&gt;alert(1)&lt;/script&gt;" in html_of(mail)
    assert "<script" not in html_of(mail)


def test_the_html_calls_for_nothing_from_elsewhere(mail_room: MailRoom) -> None:
    page = html_of(mail_room.compose(mail_room.say(case=mail_room.case())))

    assert re.findall(r"<(?:img|link|script|iframe|object)|url\(|https?:", page) == []


@pytest.mark.parametrize("carrier", [Carrier(), EIGHT_BITS])
def test_every_line_is_short_enough_and_the_words_are_the_same_either_way(
    mail_room: MailRoom, carrier: Carrier
) -> None:
    mail = mail_room.compose(mail_room.say(case=mail_room.case()), carrier=carrier)

    assert max(len(line) for line in mail.raw.split(b"\r\n")) <= 998
    assert mail.raw.isascii() is not carrier.eight_bit
    assert "l’eau goutte sous l’évier" in text_of(mail)
    assert parsed(mail).defects == []


def test_an_unknown_mail_is_a_clear_error(mail_room: MailRoom) -> None:
    with pytest.raises(Permanent, match="there is no mail 'acknowledgement_of_nothing'"):
        mail_room.compose(mail_room.say("acknowledgement_of_nothing", mail_room.case()))


def test_details_that_are_unreadable_cost_the_quotation_only(mail_room: MailRoom) -> None:
    mail = mail_room.compose(mail_room.say(case=mail_room.case(), details="{not json"))

    assert "Votre message du mardi 24 novembre nous est bien parvenu." in text_of(mail)


# --- what a notice encloses


def test_the_letter_travels_inside_the_notice_byte_for_byte(mail_room: MailRoom) -> None:
    letter = "Subject: Été\r\n\r\nFuite à l'évier\r\n".encode()

    raw = enclosing(mail_room, letter)

    assert b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit" in raw
    assert letter in raw
    assert "La lettre est jointe." in text_of(raw)


@pytest.mark.parametrize(
    ("letter", "carrier"),
    [
        (b"Subject: x\r\n\r\n" + b"a" * 999 + b"\r\n", EIGHT_BITS),
        ("Subject: x\r\n\r\nété\r\n".encode(), Carrier()),
        (b"Subject: x\r\n\r\nbare\nline end\r\n", EIGHT_BITS),
        (b"Subject: x\r\n\r\nnul\x00\r\n", EIGHT_BITS),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" * 3000, EIGHT_BITS),
    ],
    ids=["long line", "eight bits", "bare line end", "nul", "3,000 nestings"],
)
def test_a_letter_that_smtp_cant_carry_goes_as_a_file(mail_room: MailRoom, letter: bytes, carrier: Carrier) -> None:
    raw = enclosing(mail_room, letter, carrier)

    files = list(message_from_bytes(raw, policy=policy.default).iter_attachments())
    assert [file.get_filename() for file in files] == ["lettre.eml"]
    assert files[0].get_content_type() == "application/octet-stream"
    assert files[0].get_content() == letter
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_a_sensitive_letter_stays_where_it_is_and_the_notice_says_so(mail_room: MailRoom) -> None:
    by_alert = enclosing(mail_room, LETTER, decision={"alerts": ["sensible"]})
    by_plan = enclosing(mail_room, LETTER, attach=False)

    assert LETTER not in by_alert + by_plan
    assert "elle peut contenir des documents médicaux ou sociaux" in text_of(by_alert)
    assert "La lettre n’est pas jointe" in text_of(by_plan)


def test_a_letter_larger_than_the_relay_takes_is_not_enclosed(mail_room: MailRoom) -> None:
    raw = enclosing(mail_room, LETTER + b"a\r\n" * 4000, Carrier(size=15_000))

    assert len(raw) < 15_000
    assert "vous la trouverez dans la boîte gestion@aubrelac.test" in text_of(raw)


def test_a_letter_that_broke_us_goes_as_a_file(mail_room: MailRoom) -> None:
    row = mail_room.say("notice_quarantine", mail_room.case(to_sort=True), {"reason": "RecursionError"})

    raw = mail_room.compose(row, carrier=EIGHT_BITS).raw

    assert b"message/rfc822" not in raw
    assert b"application/octet-stream" in raw


def test_a_letter_that_is_not_to_be_had_doesnt_stop_its_notice(mail_room: MailRoom) -> None:
    def lost(_digest: str) -> bytes:
        raise FileNotFoundError

    config = configuration()
    row = mail_room.say("notice_case", mail_room.case())

    raw = Composer(config, SIGNER, lost).compose(open_dossiers([row], config)[0], NOON).raw

    assert "La lettre n’est pas jointe" in text_of(raw)


# --- what a manager reads


def test_a_notice_tells_the_manager_everything_at_a_glance(mail_room: MailRoom) -> None:
    details = {
        "gist": GIST,
        "party": "tenant",
        "name": "Clémence Bonnefoy",
        "decision": {"confidence": 0.917, "because": "« fuite »", "alerts": ["depart"]},
        "suggestions": [{"lease": "L00102", "reasons": ["même nom", "adresse citée"]}],
    }
    case = mail_room.case(related="VM-2026-000099")
    row = mail_room.say("notice_case", case, details, urgent=True)

    mail = mail_room.compose(row)
    text = text_of(mail)

    assert parsed(mail)["Subject"] == "URGENT – Réclamation, travaux : Fuite sous l'évier [VM-2026-000001]"
    assert parsed(mail)["Auto-Submitted"] == "auto-generated"
    for told in (
        "URGENT : nouveau dossier VM-2026-000001.",
        "Clémence Bonnefoy <clemence.bonnefoy@example.org>, locataire",
        "Téléphone : 06 39 98 22 86",
        "L00101, lot A12, Résidence Les Traboules, 14 rue du Puits-d'Amour, 69005 Lyon",
        "au plus tard vendredi 27 novembre 2026 à 12 h",
        "Réclamation, travaux (92 %)",
        "Pourquoi : « fuite »",
        "Un départ est possible",
        "L00102 (même nom, adresse citée)",
        "#rattacher L00102 : c’est bien ce bail",
        "#fusionner VM-2026-000099 : c’est la même affaire",
        "répondez simplement à ce message",
    ):
        assert told in text


def test_a_case_to_sort_is_shown_without_a_guess(mail_room: MailRoom) -> None:
    text = text_of(mail_room.compose(mail_room.say("notice_case", mail_room.case(to_sort=True))))

    assert "à trier : déplacez la lettre dans le dossier qui convient" in text
    assert "Classement : À trier" in text


def test_a_failure_says_which_mail_to_whom_and_what_to_do(mail_room: MailRoom) -> None:
    failed = mail_room.say(case=mail_room.case(), error="550 5.1.1 no such user")
    row = mail_room.say("notice_failed", Case.get(), {"of": failed.id, "recipient": TENANT, "refused": True})

    mail = mail_room.compose(row)

    assert parsed(mail)["Subject"] == f"Message non remis à {TENANT} [VM-2026-000001]"
    for told in (TENANT, "refusé par le serveur", "550 5.1.1 no such user", "06 39 98 22 86", f"retry {failed.id}"):
        assert told in text_of(mail)


def test_another_persons_letter_is_shown_though_it_has_no_case(mail_room: MailRoom) -> None:
    Message.create(
        digest="quote", id="quote", direction="in", subject="Devis", sender="plomberie@example.net", received_at=NOON,
        path="x", sidecar="y",
    )  # fmt: skip
    row = mail_room.say("notice_letter", None, {"party": "other", "gist": "Notre devis"}, answers="quote")

    mail = mail_room.compose(row)

    assert parsed(mail)["Subject"] == "Lettre reçue : Devis"
    assert "plomberie@example.net" in text_of(mail)


def test_a_dossier_of_several_rows_mixes_none_of_them(mail_room: MailRoom) -> None:
    here, there = mail_room.case(), mail_room.case(lease="L00201", manager=None, sender="autre@example.org")
    rows = [mail_room.say(case=there), mail_room.say("notice_breaker", None, {}), mail_room.say(case=here)]

    overseas, alone, mainland = open_dossiers(rows, configuration())

    assert (overseas.manager and overseas.manager.id, overseas.phone) == ("G5", "")  # through the building
    assert (alone.case, alone.letter, alone.manager) == (None, None, None)
    assert (mainland.manager and mainland.manager.id, mainland.phone) == ("G1", "0639982286")
    assert Outgoing.select().count() == 3
