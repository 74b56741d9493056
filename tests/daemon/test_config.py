"""The configuration file: what it gives when it is right, and every way in which it may be wrong, told at once."""

import re
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.checks.advice import missing_particulars, warnings
from daemon.config import Config, default_path, load, secret_problems
from daemon.errors import ConfigError

SMALLEST = """
[agency]
name = "Cabinet Exemple"
address = "gestion@agence.test"

[storage]

[[mailbox]]
name = "gestion"
address = "gestion@agence.test"
host = "imap.agence.test"
user = "gestion"
password_file = "imap-password"

[smtp]
host = "smtp.agence.test"
"""

AS_DESIGNED = """
[agency]
name = "Cabinet Exemple"
address = "gestion@agence.test"
timezone = "Europe/Paris"             # or America/Martinique
holidays = "FR"                       # FR, FR-MQ, FR-GP, FR-GF, FR-RE, FR-YT, ...
hours = "mon-thu 09:00-12:30, 14:00-18:00; fri 09:00-12:30, 14:00-17:00"
emergency_phone = "04 65 71 20 99"
closed = ["2026-08-15..2026-08-31"]   # besides public holidays; a [[site]] may have its own
supervisor = "direction@agence.test"  # escalations, weekly figures
accounting = "compta@agence.test"     # exports in, runs to approve
admin = "admin@agence.test"           # the daemon's own troubles

[agency.legal]                        # loi Hoguet, art. 92
card = "CPI 6901 2099 000 000 042"
issuer = "CCI Lyon Métropole"
activity = "Gestion immobilière"
guarantor = "Caution Mutuelle Fictive, 1 place des Exemples, 75000 Paris"
seat = "9 place de la Martinière-aux-Exemples, 69001 Lyon"

[[site]]
name = "Martinique"
timezone = "America/Martinique"
holidays = "FR-MQ"
hours = "mon-fri 08:00-12:30, 14:00-17:00"

[storage]
state = "state"
database = "sqlite:///state/vaguemestre.db"
archive = "GED"

[[mailbox]]
name = "gestion"
address = "gestion@agence.test"
host = "imap.agence.test"
port = 993
security = "tls"
user = "gestion"
password_file = "imap-password"
mode = "act"
answer_since = "2026-11-20"

[lmtp]
listen = "127.0.0.1:8024"

[smtp]
host = "smtp.agence.test"
port = 587
security = "starttls"
user = "gestion"
password_file = "smtp-password"

[deadlines]
letter = "72h"
request = "48h"
counting = "calendar"

[security]
authserv = ["mx.agence.test"]
"""

OAUTH = 'password_file = "imap-password"', '[mailbox.oauth]\ntoken_url = "https://t.test/token"\nclient_id = "id"\n'


def loaded(folder: Path, text: str) -> Config:
    path = folder / "vaguemestre.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return caught.value.problems


def changed(old: str, new: str) -> str:
    assert old in SMALLEST
    return SMALLEST.replace(old, new, 1)


# --- what it gives


def test_the_smallest_file_is_enough(tmp_path: Path) -> None:
    config = loaded(tmp_path, SMALLEST)

    assert config.storage.state == tmp_path / "state"
    assert config.storage.database == f"sqlite:///{tmp_path}/state/vaguemestre.db"
    assert config.storage.archive == tmp_path / "GED"
    assert config.mailbox[0].port == 993
    assert config.smtp.port == 587
    assert config.deadlines.letter == timedelta(hours=72)


def test_the_file_of_the_design_loads_as_it_is_written(tmp_path: Path) -> None:
    config = loaded(tmp_path, AS_DESIGNED)

    assert config.agency.legal.card == "CPI 6901 2099 000 000 042"
    assert config.mailbox[0].answer_since == date(2026, 11, 20)
    assert config.mailbox[0].password_file == tmp_path / "imap-password"
    assert config.lmtp is not None
    assert config.security.authserv == ("mx.agence.test",)
    assert missing_particulars(config) == []


def test_a_path_is_relative_to_the_file_and_not_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "vaguemestre.toml").write_text(SMALLEST + '[lmtp]\nlisten = "run/lmtp"\n')
    monkeypatch.chdir(elsewhere)

    config = load(Path("../vaguemestre.toml"))

    assert config.storage.archive.resolve() == tmp_path / "GED"
    assert config.storage.archive.is_absolute()
    assert config.lmtp is not None
    assert Path(config.lmtp.listen).resolve() == tmp_path / "run/lmtp"


def test_the_database_follows_the_state_unless_it_is_said(tmp_path: Path) -> None:
    config = loaded(tmp_path, changed("[storage]", '[storage]\nstate = "/var/lib/vaguemestre/state"'))

    assert config.storage.database == "sqlite:////var/lib/vaguemestre/state/vaguemestre.db"


def test_a_postgresql_url_is_left_as_it_is(tmp_path: Path) -> None:
    url = "postgresql://vm@db.test/vm?passfile=/etc/vaguemestre/pgpass"

    assert loaded(tmp_path, changed("[storage]", f'[storage]\ndatabase = "{url}"')).storage.database == url


def test_a_site_has_the_clock_of_the_agency_unless_it_has_its_own(tmp_path: Path) -> None:
    config = loaded(tmp_path, AS_DESIGNED)
    site = config.site[0]

    assert (site.name, site.timezone, site.holidays) == ("Martinique", "America/Martinique", "FR-MQ")
    assert site.emergency_phone == "04 65 71 20 99"
    assert site.closed == config.agency.closed
    assert config.office("martinique") == site
    assert config.office("Lyon") == config.agency


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("2m", 120), ("72h", 259_200), ("5d", 432_000), ("1h30m", 5400)],
)
def test_a_time_is_a_number_with_its_unit(tmp_path: Path, text: str, seconds: int) -> None:
    config = loaded(tmp_path, SMALLEST + f'[deadlines]\nletter = "{text}"\n')

    assert config.deadlines.letter == timedelta(seconds=seconds)


def test_a_file_saved_by_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "vaguemestre.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode())

    assert load(path).agency.name == "Cabinet Exemple"


def test_the_command_line_can_leave_the_path_to_the_environment() -> None:
    assert default_path({}) == Path("/etc/vaguemestre/vaguemestre.toml")
    assert default_path({"VAGUEMESTRE_CONFIG": ""}) == Path("/etc/vaguemestre/vaguemestre.toml")
    assert default_path({"VAGUEMESTRE_CONFIG": "/srv/vm.toml"}) == Path("/srv/vm.toml")


def test_a_day_in_toml_s_own_notation_is_taken_too(tmp_path: Path) -> None:
    text = changed('user = "gestion"', 'user = "gestion"\nanswer_since = 2026-11-20').replace(
        "[storage]", "closed = [2026-12-24]\n[storage]"
    )

    config = loaded(tmp_path, text)

    assert config.mailbox[0].answer_since == date(2026, 11, 20)
    assert config.agency.closed == ("2026-12-24",)


# --- what is wrong with one key: the key, the value, the cure


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # what is missing
        ("[agency]", "[agence]", r"^agency: missing; add \[agency\] and its keys under it$"),
        ('host = "smtp.agence.test"', "", r'^smtp\.host: missing; add host = "mail\.agence\.test"$'),
        ('user = "gestion"', "", r"^mailbox\[gestion\]\.user: missing"),
        ('name = "gestion"', "", r"^mailbox\[1\]\.name: missing"),
        # what is unknown
        ("[agency]", "[agence]", r"^agence: unknown key \(value a table\); did you mean 'agency'\?"),
        ("[storage]", '[storage]\narchives = "GED"', r"^storage\.archives: .*'GED'.*did you mean 'archive'\?"),
        ("[storage]", '[storage]\nanswer_since = "2026-01-01"', r"answer_since: .*it belongs in \[mailbox\]"),
        ("[storage]", '[storage]\nzzz = "1"', r"^storage\.zzz: .*known ones are state, database, archive"),
        # what has another shape
        ("[[mailbox]]", "[mailbox]", r"^mailbox: value a table: it is a table: write \[\[mailbox\]\]"),
        ("[smtp]", "[[smtp]]", r"^smtp: value a list: it is a table: write \[smtp\]"),
        ('host = "smtp.agence.test"', "host = 7", r"^smtp\.host: value 7: it must be text"),
        ("[smtp]", '[smtp]\nport = "587"', r"^smtp\.port: value '587': it must be a whole number, without quotes"),
        ("[smtp]", "[smtp]\nport = true", r"^smtp\.port: value True: it must be a whole number"),
        ("[smtp]", "[smtp]\nport = 65536", r"^smtp\.port: value 65536: it must be at most 65535"),
        ("[smtp]", "[smtp]\nport = 0", r"^smtp\.port: value 0: it must be at least 1"),
        ("[smtp]", '[smtp]\nnull_sender = "no"', r"^smtp\.null_sender: value 'no': it must be true or false"),
        ("[smtp]", '[smtp]\nsecurity = "ssl"', r"^smtp\.security: value 'ssl': it must be 'tls', 'starttls' or 'none'"),
        ("[storage]", 'closed = "2026-12-24"\n[storage]', r"^agency\.closed: value '2026-12-24': it must be a list"),
        ("[smtp]", "[limits]\nthreshold = 1.5\n[smtp]", r"^limits\.threshold: value 1\.5: it must be at most 1"),
        ("[smtp]", '[limits]\nthreshold = "high"\n[smtp]', r"^limits\.threshold: value 'high': it must be a number"),
        (
            "[smtp]",
            "[limits]\nanswers_per_hour = 0\n[smtp]",
            r"^limits\.answers_per_hour: value 0: it must be at least 1",
        ),
        # times and days
        ("[smtp]", "[smtp]\ntimeout = 60", r"^smtp\.timeout: value 60: a time is a number with its unit"),
        ("[smtp]", '[smtp]\ntimeout = "60"', r"^smtp\.timeout: value '60': a time is a number with its unit"),
        ("[smtp]", '[smtp]\ntimeout = "0s"', r"^smtp\.timeout: value '0s': a time is more than zero"),
        ("[smtp]", '[smtp]\ntimeout = "999999999d"', r"'999999999d': a time is more than zero and at most a year"),
        ("[smtp]", '[deadlines]\ncounting = "hours"\n[smtp]', r"value 'hours': it must be 'calendar' or 'business'"),
        ('user = "gestion"', 'user = "g"\nanswer_since = "20/11"', r"answer_since: value '20/11': it must be a day"),
        (
            'user = "gestion"',
            'user = "g"\nmode = "dry"',
            r"^mailbox\[gestion\]\.mode: value 'dry': .*'act' or 'observe'",
        ),
        # the office
        ("[storage]", 'timezone = "Europe/Pari"\n[storage]', r"^agency\.timezone: value 'Europe/Pari': .*Europe/Paris"),
        ("[storage]", 'timezone = "../Paris"\n[storage]', r"^agency\.timezone: value '\.\./Paris'"),
        ("[storage]", 'timezone = "Europe"\n[storage]', r"^agency\.timezone: value 'Europe'"),
        ("[storage]", 'holidays = "FR-XX"\n[storage]', r"^agency\.holidays: value 'FR-XX': .*FR-MQ"),
        ("[storage]", 'hours = "mon 9-12"\n[storage]', r"^agency\.hours: value 'mon 9-12': .*09:00-12:30"),
        ("[storage]", 'closed = ["2026-02-30"]\n[storage]', r"^agency\.closed\[1\]: value '2026-02-30'"),
        ("[storage]", 'closed = ["2026-08-31..2026-08-15"]\n[storage]', r"closed\[1\]: .*run backwards"),
        ("[storage]", "closed = [7]\n[storage]", r"^agency\.closed\[1\]: value 7: a closed day is text"),
        ("[storage]", '[[site]]\nname = "Nord"\nholidays = "BE"\n[storage]', r"^site\[Nord\]\.holidays: value 'BE'"),
        # addresses, hosts, places
        ("[storage]", 'admin = "Moi <moi@agence.test>"\n[storage]', r"^agency\.admin: value 'Moi <moi@agence.test>'"),
        ("[storage]", 'admin = "moi"\n[storage]', r"^agency\.admin: value 'moi': it is no e-mail address"),
        ('host = "smtp.agence.test"', 'host = "smtp.agence.test:587"', r"^smtp\.host: .*the port has a key of its own"),
        ('host = "smtp.agence.test"', 'host = "smtp://x"', r"^smtp\.host: value 'smtp://x'"),
        ("[smtp]", '[lmtp]\nlisten = "8024"\n[smtp]', r"^lmtp\.listen: value '8024': it is neither"),
        ("[smtp]", '[lmtp]\nlisten = "127.0.0.1:0"\n[smtp]', r"^lmtp\.listen: value '127.0.0.1:0'"),
        ("[storage]", '[storage]\ndatabase = "mysql://x"', r"^storage\.database: value 'mysql://x': .*sqlite:///"),
        ("[storage]", '[storage]\ndatabase = "sqlite://vm.db"', r"^storage\.database: value 'sqlite://vm.db': .*three"),
        ("[storage]", '[storage]\ndatabase = "sqlite:///:memory:"', r"^storage\.database: .*is a file"),
        ("[storage]", '[storage]\narchive = ""', r"^storage\.archive: value '': it is empty"),
        ("[storage]", '[storage]\narchive = "state/GED"', r"^storage\.archive: value 'state/GED': .*stand apart"),
        ("[storage]", '[storage]\nstate = "GED/state"', r"^storage\.archive: .*stand apart"),
        # in clear
        ("[smtp]", '[smtp]\nsecurity = "none"', r"^smtp\.security: value 'none': .*in clear to 'smtp.agence.test'"),
        # folders
        ("[smtp]", '[mailbox.folders]\nworks = "Demandes"\n[smtp]', r"^mailbox\[gestion\]\.folders: .*'Demandes'"),
        (
            "[smtp]",
            '[mailbox.folders]\nworks = ""\n[smtp]',
            r"^mailbox\[gestion\]\.folders\.works: value '': it is empty",
        ),
    ],
)
def test_a_wrong_value_is_quoted_with_its_key_and_its_cure(tmp_path: Path, old: str, new: str, said: str) -> None:
    told = problems(tmp_path, changed(old, new) if old != 'host = "smtp.agence.test"' else _relay(new))

    assert [problem for problem in told if re.search(said, problem)], told


def _relay(line: str) -> str:
    return SMALLEST.replace('[smtp]\nhost = "smtp.agence.test"', f"[smtp]\n{line}")


def test_no_mailbox_at_all_is_a_problem(tmp_path: Path) -> None:
    without = "mailbox = []\n" + re.sub(r"\[\[mailbox\]\].*(?=\[smtp\])", "", SMALLEST, flags=re.DOTALL)

    assert problems(tmp_path, without) == ["mailbox: value a list: at least one [[mailbox]] is needed"]


def test_every_problem_is_told_at_once_and_each_once(tmp_path: Path) -> None:
    text = (
        SMALLEST.replace("gestion@agence.test", "gestion", 1)
        .replace('password_file = "imap-password"', "port = 0")
        .replace("[storage]", "[storage]\nstat = 1")
        + '[lmtp]\nlisten = "x"\n'
    )

    told = problems(tmp_path, text)

    keys = [problem.partition(":")[0] for problem in told]
    assert sorted(keys) == [
        "agency.address",
        "lmtp.listen",
        "mailbox[gestion].password",
        "mailbox[gestion].port",
        "storage.stat",
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "::1"])
def test_a_connection_in_clear_is_for_this_machine_only(tmp_path: Path, host: str) -> None:
    config = loaded(tmp_path, _relay(f'host = "{host}"\nsecurity = "none"'))

    assert config.smtp.security == "none"


def test_two_mailboxes_cannot_have_one_name(tmp_path: Path) -> None:
    box = SMALLEST[SMALLEST.index("[[mailbox]]") : SMALLEST.index("[smtp]")]

    told = problems(tmp_path, SMALLEST + box.replace('"gestion"', '"Gestion"', 1))

    assert told == ["mailbox.name: value 'gestion' is given 2 times; a name is given once"]


# --- files that can't be read


def test_a_missing_file_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file or directory; name the file by --config"):
        load(tmp_path / "nowhere.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)


def test_a_line_that_is_not_toml_is_shown_with_its_number(tmp_path: Path) -> None:
    told = problems(tmp_path, changed('host = "imap.agence.test"', "host = imap.agence.test"))

    assert len(told) == 1
    assert "line 11: 'host = imap.agence.test': " in told[0]


def test_a_line_that_may_hold_a_secret_is_not_shown(tmp_path: Path) -> None:
    told = problems(tmp_path, changed('password_file = "imap-password"', "password = hunter2"))

    assert "line 13: (not shown)" in told[0]
    assert "hunter2" not in told[0]


def test_a_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    assert "a bracket isn't closed" in problems(tmp_path, SMALLEST + "[security]\nauthserv = [")[0]


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "vaguemestre.toml"
    path.write_bytes(SMALLEST.replace("Cabinet", "Régie").encode("cp1252"))

    with pytest.raises(ConfigError, match="line 3 isn't UTF-8; save the file as UTF-8"):
        load(path)


# --- secrets


@pytest.mark.parametrize("key", ["password", "client_secret", "refresh_token"])
def test_a_secret_in_the_file_is_refused_with_the_cure_and_never_quoted(tmp_path: Path, key: str) -> None:
    told = problems(tmp_path, changed('password_file = "imap-password"', f'{key} = "hunter2"'))

    assert f'put it in a file and write {key}_file = "..."' in told[0]
    assert "hunter2" not in "".join(told)


def test_a_secret_written_where_a_name_belongs_is_not_quoted(tmp_path: Path) -> None:
    told = problems(tmp_path, changed('password_file = "imap-password"', 'password_env = "hunter 2"'))

    assert "value of 8 characters (not shown)" in told[0]
    assert "hunter" not in told[0]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "mailbox[gestion].password: missing; write one of password_file, password_env, password_credential (or a"),
        (
            'password_file = "a"\npassword_env = "B"',
            "mailbox[gestion].password: given by password_file and password_env;",
        ),
        ("[mailbox.oauth]\n{known}", "mailbox[gestion].oauth.client_secret: missing; write one of client_secret_file"),
        (
            'password_file = "a"\n[mailbox.oauth]\n{known}client_secret_file = "c"',
            "mailbox[gestion].password_file: there is an [oauth] table too; keep one of the two",
        ),
        (
            '[mailbox.oauth]\n{known}client_secret_file = "c"\nrefresh_token_file = "r"',
            "mailbox[gestion].oauth.refresh_token_file: the grant client_credentials has no refresh token;",
        ),
        ('[mailbox.oauth]\n{known}grant = "refresh_token"', "mailbox[gestion].oauth.refresh_token: missing;"),
        (
            '[mailbox.oauth]\n{known}client_secret_file = "c"\nclient_secret_env = "C"',
            "mailbox[gestion].oauth.client_secret: given by client_secret_file and client_secret_env;",
        ),
        (
            '[mailbox.oauth]\ntoken_url = "http://t.test"\nclient_id = "i"\nclient_secret_env = "C"',
            "mailbox[gestion].oauth.token_url: value 'http://t.test': a token URL begins with https://",
        ),
        ('password_credential = "../x"', "mailbox[gestion].password_credential: value of 4 characters (not shown)"),
    ],
)
def test_a_secret_comes_from_exactly_one_place(tmp_path: Path, lines: str, said: str) -> None:
    known = 'token_url = "https://t.test/token"\nclient_id = "id"\n'
    told = problems(tmp_path, changed('password_file = "imap-password"', lines.format(known=known)))

    assert len(told) == 1
    assert told[0].startswith(said)


def test_a_relay_with_a_user_needs_its_password_and_the_reverse(tmp_path: Path) -> None:
    assert problems(tmp_path, SMALLEST + 'user = "gestion"')[0].startswith("smtp.password: missing; write one of")
    assert problems(tmp_path, SMALLEST + 'password_env = "P"')[0].startswith("smtp.password_env: it has no user")


def test_a_password_is_read_late_and_without_its_line_end(tmp_path: Path) -> None:
    config = loaded(tmp_path, SMALLEST)
    secret = tmp_path / "imap-password"

    secret.write_text("p a s s \n")
    assert config.mailbox[0].password() == "p a s s "

    secret.write_text("rotated\r\n")
    assert config.mailbox[0].password() == "rotated"


def test_a_password_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = loaded(tmp_path, changed('password_file = "imap-password"', 'password_env = "VM_TEST_PASSWORD"'))

    with pytest.raises(
        ConfigError, match=r"gestion on imap\.agence\.test: password_env: .*'VM_TEST_PASSWORD' isn't set"
    ):
        config.mailbox[0].password()

    monkeypatch.setenv("VM_TEST_PASSWORD", "secret")
    assert config.mailbox[0].password() == "secret"


def test_a_password_comes_from_a_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = loaded(tmp_path, changed('password_file = "imap-password"', 'password_credential = "imap"'))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))

    assert "LoadCredential=imap" in secret_problems(config, {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})[0]

    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "imap").write_text("secret")
    assert config.mailbox[0].password() == "secret"


def test_the_secrets_of_oauth_are_read_late_too(tmp_path: Path) -> None:
    text = changed(*OAUTH).replace(
        "[smtp]", 'grant = "refresh_token"\nrefresh_token_file = "r"\nclient_secret_file = "c"\n[smtp]'
    )
    config = loaded(tmp_path, text)
    (tmp_path / "r").write_text("refresh\n")
    (tmp_path / "c").write_text("client\n")
    oauth = config.mailbox[0].oauth

    assert oauth is not None
    assert (oauth.refresh_token(), oauth.client_secret()) == ("refresh", "client")
    assert [secret.key for secret in config.secrets()] == [
        "mailbox[gestion].oauth.client_secret",
        "mailbox[gestion].oauth.refresh_token",
    ]


def test_a_public_client_has_no_secret(tmp_path: Path) -> None:
    text = changed(*OAUTH).replace("[smtp]", 'grant = "refresh_token"\nrefresh_token_file = "r"\n[smtp]')
    oauth = loaded(tmp_path, text).mailbox[0].oauth

    assert oauth is not None
    assert oauth.client_secret() == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no file '{path}'; write the secret in it"),
        (b"\n", "'{path}' is empty"),
        (b"one\ntwo\n", "'{path}' has several lines"),
        (b"\xe9\n", "'{path}' isn't UTF-8"),
    ],
)
def test_a_secret_that_cannot_be_read_is_told_before_the_start(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    config = loaded(tmp_path, SMALLEST)
    path = tmp_path / "imap-password"
    if content is not None:
        path.write_bytes(content)

    told = secret_problems(config, {})

    assert len(told) == 1
    assert told[0].startswith("mailbox[gestion].password_file: " + said.format(path=path))


def test_a_secret_that_everybody_may_read_is_a_warning(tmp_path: Path) -> None:
    config = loaded(tmp_path, AS_DESIGNED)
    path = tmp_path / "imap-password"
    path.write_text("secret\n")

    path.chmod(0o644)
    assert [warning for warning in warnings(config) if "chmod 640" in warning and str(path) in warning]

    path.chmod(0o640)
    assert warnings(config) == []
    assert not [problem for problem in secret_problems(config, {}) if str(path) in problem]


# --- what is only worth a word


def test_what_is_missing_of_the_legal_particulars_is_named(tmp_path: Path) -> None:
    config = loaded(tmp_path, SMALLEST + '[agency.legal]\ncard = "CPI 1"\n')

    told = warnings(config)

    assert missing_particulars(config) == ["issuer", "activity", "guarantor", "seat"]
    assert "agency.legal.seat: missing, and loi Hoguet wants it on every letter" in told
    assert any(warning.startswith("agency.admin: missing") for warning in told)


def test_a_password_in_the_database_url_is_warned_of_and_not_quoted(tmp_path: Path) -> None:
    config = loaded(tmp_path, changed("[storage]", '[storage]\ndatabase = "postgresql://vm:hunter2@db.test/vm"'))

    told = [warning for warning in warnings(config) if warning.startswith("storage.database")]

    assert len(told) == 1
    assert "hunter2" not in told[0]


@pytest.mark.parametrize(
    ("listen", "exposed"), [("127.0.0.1:8024", 0), ("[::1]:8024", 0), ("/run/x", 0), ("0.0.0.0:24", 1)]
)
def test_an_open_lmtp_port_is_warned_of(tmp_path: Path, listen: str, exposed: int) -> None:
    config = loaded(tmp_path, SMALLEST + f'[lmtp]\nlisten = "{listen}"\n')

    assert len([warning for warning in warnings(config) if warning.startswith("lmtp.listen")]) == exposed


def test_no_key_of_the_design_is_refused() -> None:
    data: dict[str, Any] = tomllib.loads(AS_DESIGNED)

    assert Config.model_validate(data).agency.name == "Cabinet Exemple"
