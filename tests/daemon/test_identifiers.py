"""Our Message-IDs and bounce addresses: stable, signed, and nobody else's."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from daemon.errors import ConfigError
from daemon.sending.identifiers import Signer, load_secret, marks, subject_token

SIGNER = Signer(b"\x07" * 32)
CASE = "VM-2026-000123"


def test_the_same_thing_said_has_the_same_message_id() -> None:
    once, again = (SIGNER.message_id("ack/1", CASE, "agence.test") for _ in range(2))

    assert once == again
    assert once.startswith(f"<{CASE}.")
    assert once.endswith("@agence.test>")


def test_two_things_said_in_one_case_have_two_message_ids() -> None:
    assert SIGNER.message_id("ack/1", CASE, "a.test") != SIGNER.message_id("notice/1", CASE, "a.test")


def test_a_message_id_of_ours_proves_its_case() -> None:
    message_id = SIGNER.message_id("ack/1", CASE, "agence.test")

    assert SIGNER.case_of(message_id) == CASE


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda text: text.strip("<>"), lambda text: f" {text} "])
def test_it_still_does_after_what_mail_systems_do_to_it(change: object) -> None:
    assert callable(change)
    message_id = SIGNER.message_id("ack/1", CASE, "agence.test")

    assert SIGNER.case_of(change(message_id)) == CASE


def test_it_still_does_after_the_agency_changed_its_domain() -> None:
    assert SIGNER.case_of(SIGNER.message_id("ack/1", CASE, "old-name.test")) == CASE


def test_a_message_without_a_case_is_ours_and_proves_no_case() -> None:
    message_id = SIGNER.message_id("digest/1", None, "agence.test")

    assert SIGNER.is_ours(message_id)
    assert SIGNER.case_of(message_id) is None


def test_the_case_of_a_signed_message_id_cant_be_exchanged() -> None:
    message_id = SIGNER.message_id("ack/1", CASE, "agence.test")

    assert SIGNER.case_of(message_id.replace("000123", "000124")) is None
    assert not SIGNER.is_ours(message_id.replace(CASE, "VM"))


def test_another_secret_proves_nothing() -> None:
    message_id = Signer(b"\x08" * 32).message_id("ack/1", CASE, "agence.test")

    assert SIGNER.case_of(message_id) is None


@pytest.mark.parametrize(
    "strange", ["", "<>", "@", "<CAF+abc@mail.gmail.com>", f"<{CASE}@agence.test>", f"<{CASE}.aaaa.bbbb@x>", "é" * 5000]
)
def test_a_strangers_message_id_is_nobodys(strange: str) -> None:
    assert not SIGNER.is_ours(strange)


def test_a_message_id_fits_on_a_line() -> None:
    assert len(SIGNER.message_id("k" * 500, CASE, "une-agence-au-nom-assez-long.example.test")) < 120


LAST_DAY = date(2027, 5, 22)


def granted(holder: str = "G1", case: str = CASE) -> list[str]:
    """The two ways in which a notice bears the leave to answer it."""
    return [
        f"<{SIGNER.token('notice/1', case, holder, LAST_DAY)}@agence.test>",
        SIGNER.case_address("gestion@agence.test", case, holder, LAST_DAY),
    ]


@pytest.mark.parametrize("token", granted())
@pytest.mark.parametrize(
    ("holder", "today", "holds"),
    [
        ("G1", LAST_DAY, True),
        ("G1", LAST_DAY + timedelta(days=1), False),
        ("G2", LAST_DAY, False),
    ],
)
def test_leave_to_answer_is_one_persons_up_to_a_day(token: str, holder: str, today: date, holds: bool) -> None:
    grant = SIGNER.grant(token)

    assert grant is not None
    assert grant.case == CASE
    assert SIGNER.holds(grant, holder, today) is holds


@pytest.mark.parametrize("token", granted())
def test_leave_to_answer_cant_be_changed_for_another_case_or_a_later_day(token: str) -> None:
    later = granted()[0].split(".")[2][-4:]
    changed = [token.lower().replace("000123", "000124"), token.lower().replace(later.lower(), "zzzz")]

    assert [SIGNER.grant(one) for one in changed if one != token.lower()] == [None] * 2


def test_a_bounce_address_leads_back_to_its_row() -> None:
    address = SIGNER.bounce_address("gestion@agence.test", 4711, "notice_case/abc")

    named = SIGNER.bounced(address.upper())

    assert address.startswith("gestion+b-4711-")
    assert address.endswith("@agence.test")
    assert named is not None
    assert named[0] == 4711
    assert marks(named[1], "notice_case/abc")
    assert not marks(named[1], "notice_case/abd")


def test_the_row_of_a_bounce_address_cant_be_exchanged() -> None:
    address = SIGNER.bounce_address("gestion@agence.test", 4711, "notice_case/abc")

    assert SIGNER.bounced(address.replace("4711", "4712")) is None
    assert SIGNER.bounced("gestion@agence.test") is None


def test_a_bounce_address_keeps_within_the_64_characters_of_a_local_part() -> None:
    address = SIGNER.bounce_address("gestion.locative@agence.test", 9_999_999, "key")

    assert len(address.partition("@")[0]) <= 64


def test_a_subject_shows_the_case_in_brackets() -> None:
    assert subject_token(CASE) == "[VM-2026-000123]"


def test_the_secret_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    state = tmp_path / "state"

    first, second = load_secret(state), load_secret(state)

    assert first == second
    assert len(first) == 32
    assert [path.name for path in state.iterdir()] == ["message-id.key"]
    assert (state / "message-id.key").stat().st_mode & 0o777 == 0o600


def test_two_processes_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from daemon.sending.identifiers import load_secret; "
    code += "sys.stdout.write(load_secret(Path(sys.argv[1])).hex())"
    root = Path(__file__).parents[2]

    started = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path / "state"], cwd=root, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    secrets = {process.communicate()[0] for process in started}

    assert len(secrets) == 1
    assert secrets == {load_secret(tmp_path / "state").hex()}


def test_a_damaged_secret_is_never_replaced_in_silence(tmp_path: Path) -> None:
    (tmp_path / "message-id.key").write_bytes(b"short")

    with pytest.raises(ConfigError, match=r"message-id\.key: 5 bytes instead of 32; put the copy back"):
        load_secret(tmp_path)
