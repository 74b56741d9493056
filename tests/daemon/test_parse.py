"""What we read in a letter. Each pair `tests/data/mails/NAME.eml` and `NAME.json` is a case: add one, and no code."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from daemon.reading.parse import MOST_REFERENCES, MOST_TEXT, parse, unflow
from rules.letter import Address, Letter

MAILS = sorted((Path(__file__).parents[1] / "data" / "mails").glob("*.eml"))
NOW = datetime(2026, 11, 24, 9, 12, 15, tzinfo=UTC)


def read(text: str | bytes, **changes: Any) -> Letter:
    """A letter written in a test: LF is enough."""
    raw = text.encode() if isinstance(text, str) else text
    return parse(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), received_at=NOW, **changes)


def head(*lines: str) -> Letter:
    """A letter of these header lines and a body."""
    return read("\n".join((*lines, "", "Bonjour")))


def pair(addresses: tuple[Address, ...]) -> list[list[str]]:
    return [[each.name, each.address] for each in addresses]


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_a_letter_is_read_as_a_person_would(path: Path) -> None:
    letter = parse(path.read_bytes(), received_at=NOW)

    found = {
        "sender": [letter.sender.name, letter.sender.address],
        "reply_to": pair(letter.reply_to),
        "to": pair(letter.to),
        "cc": pair(letter.cc),
        "subject": letter.subject,
        "date": letter.date and letter.date.isoformat(),
        "message_id": letter.message_id,
        "in_reply_to": list(letter.in_reply_to),
        "references": list(letter.references),
        "text": letter.text.split("\n"),
        "attachments": [[each.name, each.media_type, len(each.content), each.inline] for each in letter.attachments],
        "defects": list(letter.defects),
    }
    assert {key: value for key, value in found.items() if value} == json.loads(path.with_suffix(".json").read_bytes())


def test_a_letter_knows_its_bytes_and_what_the_transport_said() -> None:
    raw = b"From: lea@exemple.test\r\n\r\nBonjour\r\n"

    letter = parse(raw, received_at=NOW, envelope_sender="", envelope_recipients=("gestion@agence.test",))

    assert (letter.digest, letter.size, letter.received_at) == (sha256(raw).hexdigest(), len(raw), NOW)
    assert (letter.envelope_sender, letter.envelope_recipients) == ("", ("gestion@agence.test",))


def test_the_headers_keep_their_order_and_are_unfolded_and_decoded() -> None:
    letter = head("X-B: one\n two", "Subject: =?utf-8?q?=C3=A9t=C3=A9?=", "x-b:three", "X-A:")

    assert letter.headers == (("x-b", "one two"), ("subject", "été"), ("x-b", "three"), ("x-a", ""))
    assert letter.header_all("X-B") == ("one two", "three")


# --- who


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("lea@exemple.test", "", "lea@exemple.test"),
        ("<lea@exemple.test>", "", "lea@exemple.test"),
        ("lea@exemple.test (Léa Martin)", "Léa Martin", "lea@exemple.test"),
        ('"Martin, Léa" <lea@exemple.test>', "Martin, Léa", "lea@exemple.test"),
        ('"=?utf-8?Q?L=C3=A9a?= Martin" <lea@exemple.test>', "Léa Martin", "lea@exemple.test"),
        ('"lea@exemple.test" <lea@exemple.test>', "", "lea@exemple.test"),
        ("Léa Martin lea@exemple.test", "", "lea@exemple.test"),
        ("Léa [Martin] <lea@exemple.test>", "Léa [Martin]", "lea@exemple.test"),
        ("LEA@Exemple.TEST", "", "LEA@Exemple.TEST"),
        ("léa@exemple.test", "", "léa@exemple.test"),
        ("=?utf-8?Q?victime=40exemple.test=2C?= <lea@exemple.test>", "victime@exemple.test,", "lea@exemple.test"),
        ("=?utf-8?Q?Lea=0D=0ABcc:_autre=40exemple.test?= <lea@exemple.test>", None, "lea@exemple.test"),
        ("MAILER-DAEMON", "MAILER-DAEMON", ""),
        ('"Mail Delivery" <MAILER-DAEMON>', "Mail Delivery", ""),
    ],
)
def test_the_sender_is_read_from_what_people_and_machines_write(written: str, name: str | None, address: str) -> None:
    sender = head(f"From: {written}").sender

    assert sender.address == address
    assert name is None or sender.name == name
    assert "\n" not in sender.name + sender.address


def test_a_display_name_never_makes_a_sender() -> None:
    letter = head('From: "victime@exemple.test" <lea@exemple.test>')

    assert letter.sender == Address("victime@exemple.test", "lea@exemple.test")


def test_an_ambiguous_sender_is_nobody() -> None:
    letter = head("From: lea@exemple.test paul@exemple.test")

    assert letter.sender.address == ""
    assert letter.defects[0].startswith("from: no address in")


def test_several_from_headers_give_the_first_and_a_defect() -> None:
    letter = head("From: lea@exemple.test", "From: paul@exemple.test")

    assert letter.sender.address == "lea@exemple.test"
    assert "from: 2 of them, the first is kept" in letter.defects


def test_without_a_from_the_sender_header_then_the_envelope_speaks() -> None:
    by_header = head("Sender: Secrétariat <lea@exemple.test>")
    by_envelope = read("Subject: x\n\nBonjour", envelope_sender="lea@exemple.test")
    nobody = read("Subject: x\n\nBonjour", envelope_sender="")

    assert by_header.sender == Address("Secrétariat", "lea@exemple.test")
    assert by_envelope.sender == Address("", "lea@exemple.test")
    assert nobody.sender == Address()
    assert all("from: missing" in letter.defects for letter in (by_header, by_envelope, nobody))


def test_a_group_without_members_is_nobody() -> None:
    letter = head("From: lea@exemple.test", "To: undisclosed-recipients:;", "Cc: Amis: a@exemple.test, b@exemple.test;")

    assert letter.to == ()
    assert pair(letter.cc) == [["", "a@exemple.test"], ["", "b@exemple.test"]]


# --- when


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Tue, 24 Nov 2026 10:12:13 +0100", "2026-11-24T09:12:13+00:00"),
        ("24 Nov 2026 10:12 +0100", "2026-11-24T09:12:00+00:00"),
        ("Tue, 24 Nov 2026 10:12:13 +0100 (heure normale)", "2026-11-24T09:12:13+00:00"),
        ("Tue, 24 Nov 26 10:12:13 GMT", "2026-11-24T10:12:13+00:00"),
        ("Mon, 24 Nov 2026 10:12:13 +0100", "2026-11-24T09:12:13+00:00"),  # a wrong weekday
        ("Tue, 24 Nov 2026 10:12:60 +0000", "2026-11-24T10:13:00+00:00"),  # a leap second
        ("Tue, 24 Nov 2026 9:12:13 +0000", "2026-11-24T09:12:13+00:00"),  # one digit: mail-parser refuses it
        ("Tue, 24 Nov 2026 10:12:13", "2026-11-24T10:12:13+00:00"),  # no zone
    ],
)
def test_a_date_is_read_in_the_forms_that_are_seen(written: str, read_as: str) -> None:
    letter = head("From: lea@exemple.test", "Message-ID: <1@exemple.test>", f"Date: {written}")

    assert letter.date is not None
    assert (letter.date.isoformat(), letter.defects) == (read_as, ())


@pytest.mark.parametrize(
    ("written", "defect"),
    [
        ("hier", "can't be read"),
        ("Tue, 24 Nov 12345678901 10:12:13 +0100", "can't be read"),
        ("Tue, 42 Nov 2026 10:12:13 +0100", "can't be read"),
        ("Fri, 01 Jan 0001 00:00:00 +1400", "can't be"),
        ("Thu, 01 Jan 1970 00:00:00 +0000", "can't be true"),
        ("Fri, 31 Dec 9999 23:59:59 -1200", "can't be"),
    ],
)
def test_a_date_that_says_nothing_is_none_with_its_words(written: str, defect: str) -> None:
    letter = head("From: lea@exemple.test", "Message-ID: <1@exemple.test>", f"Date: {written}")

    assert letter.date is None
    [said] = letter.defects
    assert written[:40] in said
    assert defect in said


# --- which


def test_identifiers_lose_their_brackets_and_folds() -> None:
    letter = head(
        "Message-ID:\n <1@exemple.test>",
        "In-Reply-To: <2@agence.test> (message de Gestion)",
        "References: <1@agence.test>\n <2@agence.test><1@agence.test>",
    )

    assert letter.message_id == "1@exemple.test"
    assert letter.in_reply_to == ("2@agence.test",)
    assert letter.references == ("1@agence.test", "2@agence.test")


def test_identifiers_without_brackets_are_identifiers_too() -> None:
    letter = head("Message-ID: 1@exemple.test", "References: 1@agence.test, 2@agence.test", "In-Reply-To: Your letter")

    assert (letter.message_id, letter.references) == ("1@exemple.test", ("1@agence.test", "2@agence.test"))
    assert letter.in_reply_to == ()


def test_only_the_newest_references_are_kept() -> None:
    letter = head("References: " + " ".join(f"<{number}@agence.test>" for number in range(5000)))

    assert len(letter.references) == MOST_REFERENCES
    assert letter.references[-1] == "4999@agence.test"


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        ("=?utf-8?Q?D=C3=A9?= =?utf-8?Q?part?=", "Départ"),
        ("=?utf-8?B?RMOp?=\n =?utf-8?B?cGFydA==?=", "Départ"),
        ("=?utf-8?B?RMM=?= =?utf-8?B?qXBhcnQ=?=", "Départ"),  # a character cut in two
        ("=?utf-8?Q?D=C3=A9part?= du 3", "Départ du 3"),
        ("Re: =?iso-8859-1*fr?Q?D=E9part?=", "Re: Départ"),
        ("=?utf-8?Q?Départ en l'air?=", "Départ en l'air"),
        ("=?utf-8?B?RMOpcGFydA?=", "Départ"),  # padding forgotten
        ("=?utf-8?Q?ligne=0D=0ABcc:_x?=", "ligne Bcc: x"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("=?utf-8?Q?jamais fini", "=?utf-8?Q?jamais fini"),
        ("De\u0301part", "Départ"),  # a Mac's accents
        ("C:\\users\\u12", "C:\\users\\u12"),
    ],
)
def test_a_subject_is_decoded(written: str, subject: str) -> None:
    assert head(f"Subject: {written}").subject == subject


# --- the text


def parts(kind: str, *entities: str) -> str:
    body = "".join(f"--b\n{entity}\n" for entity in entities)
    return f"From: lea@exemple.test\nContent-Type: multipart/{kind}; boundary=b\n\n{body}--b--\n"


PLAIN = "Content-Type: text/plain; charset=utf-8\n\n{}"
HTML = "Content-Type: text/html; charset=utf-8\n\n<p>{}</p>"


def test_of_two_forms_the_plain_one_is_read() -> None:
    assert read(parts("alternative", PLAIN.format("en clair"), HTML.format("en couleur"))).text == "en clair"


@pytest.mark.parametrize("plain", ["", "\u00a0\n", "Votre messagerie ne lit pas le HTML."])
def test_a_plain_form_that_says_nothing_gives_way_to_the_html(plain: str) -> None:
    assert read(parts("alternative", PLAIN.format(plain), HTML.format("en couleur"))).text == "en couleur"


def test_texts_that_follow_each_other_are_both_read() -> None:
    assert read(parts("mixed", PLAIN.format("un"), HTML.format("deux"), PLAIN.format("trois"))).text == (
        "un\n\ndeux\n\ntrois"
    )


def test_a_text_with_a_name_is_an_attachment() -> None:
    named = 'Content-Type: text/plain; name="bail.txt"\nContent-Disposition: inline\n\nle bail'

    letter = read(parts("mixed", PLAIN.format("voici"), named))

    assert letter.text == "voici"
    assert [(each.name, each.content, each.inline) for each in letter.attachments] == [("bail.txt", b"le bail", True)]


def test_a_named_text_that_is_all_there_is_is_read_too() -> None:
    named = 'Content-Type: text/plain; name="message.txt"\nContent-Disposition: inline\n\nIl y a une fuite'

    letter = read(parts("mixed", named))

    assert letter.text == "Il y a une fuite"
    assert len(letter.attachments) == 1


def test_an_attached_text_is_not_the_letter() -> None:
    attached = "Content-Type: text/plain\nContent-Disposition: attachment\n\nvieux courrier"

    letter = read(parts("mixed", attached))

    assert letter.text == ""
    assert [each.content for each in letter.attachments] == [b"vieux courrier"]


def test_a_forwarded_letter_is_an_attachment_with_its_own_bytes() -> None:
    inner = "From: autre@exemple.test\nContent-Type: text/plain; charset=utf-8\n\n>From me: je pars\n\n--b"
    letter = read(parts("mixed", PLAIN.format("voyez"), f"Content-Type: message/rfc822\n\n{inner}x"))

    [forwarded] = letter.attachments
    assert letter.text == "voyez"
    assert forwarded.media_type == "message/rfc822"
    assert forwarded.content == f"{inner}x".replace("\n", "\r\n").encode()


def test_a_digest_holds_letters() -> None:
    letter = read(parts("digest", "\nFrom: a@exemple.test\n\nun", "\nFrom: b@exemple.test\n\ndeux"))

    assert [each.media_type for each in letter.attachments] == ["message/rfc822", "message/rfc822"]


def test_an_invitation_beside_the_text_is_an_attachment() -> None:
    calendar = "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR"

    letter = read(parts("alternative", PLAIN.format("rendez-vous"), calendar))

    assert letter.text == "rendez-vous"
    assert [each.media_type for each in letter.attachments] == ["text/calendar"]


def test_lines_that_flow_are_joined_and_quotations_stay_apart() -> None:
    text = "un \ndeux\n> trois \n> quatre\n>> cinq\n-- \nLéa"

    assert unflow(text, joined=False) == "un deux\n> trois quatre\n>> cinq\n-- \nLéa"
    assert unflow("漢 \n字", joined=True) == "漢字"


def test_invisible_characters_and_odd_spaces_do_not_reach_the_rules() -> None:
    letter = read("Content-Type: text/plain; charset=utf-8\n\n\ufeffJe\u00a0pars\u200b\0 le 3\u202f!\r\n\r\n")

    assert letter.text == "Je pars le 3 !"


def test_a_text_without_end_is_cut_and_said_to_be() -> None:
    letter = read("From: lea@exemple.test\n\n" + "à l'aide\n" * 100_000)

    assert len(letter.text) == MOST_TEXT
    assert any(defect.startswith("text: ") for defect in letter.defects)


# --- transfer encodings


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        ("base64", "Ym9uam91cg==", b"bonjour"),
        ("BASE64 ", "Ym9u\n\nam91cg", b"bonjour"),
        ("base64", "Ym9u!!am91cg==\n-- \nantivirus", b"bonjour"),
        ("base64", "Ym9uam91cgx", b"bonjour\x0c"[:7] + b"\x0c"),
        ("quoted-printable", "bon=\njour=E9=ZZ", b"bonjour\xe9=ZZ"),
        ("x-uuencode", "begin 644 a.txt\n'8F]N:F]U<@``\n`\nend", b"bonjour"),
        ("8bit", "bonjour", b"bonjour"),
        ("inconnu", "bonjour", b"bonjour"),
    ],
)
def test_a_transfer_encoding_is_undone_as_far_as_it_goes(encoding: str, body: str, content: bytes) -> None:
    head_lines = f"Content-Type: application/pdf\nContent-Transfer-Encoding: {encoding}"

    letter = read(parts("mixed", f"{head_lines}\n\n{body}"))

    assert letter.attachments[0].content == content


def test_a_text_that_only_claims_to_be_base64_is_read_as_it_is() -> None:
    letter = read("Content-Transfer-Encoding: base64\nContent-Type: text/plain\n\nBonjour, il y a une fuite d'eau !")

    assert letter.text == "Bonjour, il y a une fuite d'eau !"
    assert "base64: announced, but the text isn't encoded" in letter.defects


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Content-Disposition: attachment; filename*=utf-8''d%C3%A9g%C3%A2t%20des%20eaux.pdf", "dégât des eaux.pdf"),
        ('Content-Disposition: attachment; filename*0="un "; filename*1="deux.pdf"', "un deux.pdf"),
        ("Content-Disposition: attachment; filename*=iso-8859-1''d%E9p%F4t.pdf", "dépôt.pdf"),
        ("Content-Disposition: attachment; filename*=inconnu''d%E9p%F4t.pdf", "dépôt.pdf"),
        ("Content-Disposition: attachment; filename=dépôt.pdf", "dépôt.pdf"),
        ('Content-Disposition: attachment; filename="a;b.pdf"', "a;b.pdf"),
        ("Content-Disposition: attachment; filename*0*=utf-8''a; filename*=utf-8''b", None),
        ("Content-Disposition: attachment", ""),
    ],
)  # fmt: skip
def test_a_file_name_is_what_the_sender_wrote(header: str, name: str | None) -> None:
    letter = read(parts("mixed", f"Content-Type: application/pdf\n{header}\n\nx"))

    assert name is None or letter.attachments[0].name == name
    assert len(letter.attachments) == 1


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("=?utf-8?q?Ma=C3=AFlle=0D=0ABcc:_v2@evil.example?=", "Maïlle Bcc: v2@evil.example"),
        ("=?utf-8?q?Le_Goff,_Ma=C3=AFlle?=", "Le Goff, Maïlle"),
        ("=?utf-8?q?Le_Goff?= =?utf-8?q?=2C_Ma=C3=AFlle?=", "Le Goff, Maïlle"),
        ("EncodedWord7", "EncodedWord7"),
    ],
)
def test_what_an_encoded_name_hides_never_costs_the_address(written: str, name: str) -> None:
    raw = f"From: {written} <maelle.legoff@example.net>\r\nSubject: x\r\n\r\nbody".encode()

    sender = parse(raw, received_at=datetime(2026, 11, 24, tzinfo=UTC)).sender

    assert sender == Address(name, "maelle.legoff@example.net")


def test_an_encoded_word_in_an_address_stands_for_nobody_else() -> None:
    """RFC 2047, 5 forbids it there: it is kept as it was written, and no other mailbox is made of it."""
    raw = b"From: =?utf-8?q?Ma?= <=?utf-8?q?a=0D=0Ab?=@example.org>\r\nSubject: x\r\n\r\nbody"

    sender = parse(raw, received_at=datetime(2026, 11, 24, tzinfo=UTC)).sender

    assert sender == Address("Ma", "=?utf-8?q?a=0D=0Ab?=@example.org")
