"""Access tokens from a provider on loopback, and a real Dovecot that takes them by XOAUTH2."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from archive.durable import Disk
from daemon.config import OAuth
from daemon.errors import Permanent, Temporary
from daemon.mailbox.imap import Session
from daemon.mailbox.oauth import TokenSource, sasl
from tests.dovecot import free_port, running, user

__all__ = ["user"]

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class Provider(ThreadingHTTPServer):
    """Gives what `answers` holds, in turn, then the last again; remembers what it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.answers: list[tuple[int, Any]] = [
            (200, {"access_token": "a1", "expires_in": 3600, "token_type": "Bearer"})
        ]
        self.told: list[dict[str, str]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/token"

    def answer(self, told: dict[str, str]) -> tuple[int, Any]:
        with self.lock:
            self.told.append(told)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Desk(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        told = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self._say(*self.server.answer(told))

    def do_GET(self) -> None:
        """As Dovecot asks whether a token is good."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or urlsplit(self.path).query
        good = token.endswith("good-token")
        self._say(200 if good else 401, {"active": good, "email": "lea", "username": "lea"} if good else {})

    def _say(self, status: int, content: Any) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Desk:
    """A token source of a test, with a clock that the test turns."""

    def __init__(self, provider: Provider, folder: Path, *, disk: Disk | None = None, **settings: Any) -> None:
        self.now = NOW
        self.kept = folder / "state" / "oauth-gestion.json"
        self.refresh = folder / "refresh-token"
        (folder / "client-secret").write_text("the-secret\n")
        if not self.refresh.exists():
            self.refresh.write_text("first-refresh\n")
        said: dict[str, Any] = {
            "token_url": provider.url,
            "client_id": "the-client",
            "client_secret_file": folder / "client-secret",
            "refresh_token_file": self.refresh,
        }
        oauth = OAuth.model_validate(said | settings)
        self.source = TokenSource(oauth, self.kept, now=lambda: self.now, disk=disk or Disk())


def test_client_credentials_are_changed_for_a_token(provider: Provider, tmp_path: Path) -> None:
    desk = Desk(provider, tmp_path, scope="https://outlook.office365.com/.default")

    assert desk.source.token() == "a1"
    assert provider.told == [
        {
            "grant_type": "client_credentials",
            "client_id": "the-client",
            "client_secret": "the-secret",
            "scope": "https://outlook.office365.com/.default",
        }
    ]


def test_a_token_is_kept_until_five_minutes_before_its_end(provider: Provider, tmp_path: Path) -> None:
    desk = Desk(provider, tmp_path)
    provider.answers.append((200, {"access_token": "a2", "expires_in": 3600}))
    first = desk.source.token()

    desk.now = NOW + timedelta(minutes=54)
    kept = desk.source.token()
    desk.now = NOW + timedelta(minutes=55)
    renewed = desk.source.token()

    assert (first, kept, renewed) == ("a1", "a1", "a2")


@pytest.mark.parametrize(("expires_in", "minutes"), [("3600", 55), (None, 55), ("soon", 55), (240, 2)])
def test_a_lifetime_that_is_odd_is_understood(
    provider: Provider, tmp_path: Path, expires_in: object, minutes: int
) -> None:
    desk = Desk(provider, tmp_path)
    provider.answers.insert(0, (200, {"access_token": "a0", "expires_in": expires_in}))
    desk.source.token()

    desk.now = NOW + timedelta(minutes=minutes, seconds=-1)
    before = desk.source.token()
    desk.now = NOW + timedelta(minutes=minutes)

    assert (before, desk.source.token()) == ("a0", "a1")


def test_a_token_that_was_refused_is_asked_for_anew(provider: Provider, tmp_path: Path) -> None:
    desk = Desk(provider, tmp_path)
    provider.answers.append((200, {"access_token": "a2"}))
    desk.source.token()

    desk.source.forget()

    assert desk.source.token() == "a2"


def test_several_threads_make_one_request(provider: Provider, tmp_path: Path) -> None:
    desk = Desk(provider, tmp_path)
    threads = [threading.Thread(target=desk.source.token) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(provider.told) == 1


# --- refresh tokens


REFRESH: dict[str, Any] = {"grant": "refresh_token"}


def test_a_rotated_refresh_token_is_used_next_time_also_by_another_process(provider: Provider, tmp_path: Path) -> None:
    provider.answers = [(200, {"access_token": "a1", "refresh_token": "second-refresh"}), (200, {"access_token": "a2"})]
    Desk(provider, tmp_path, **REFRESH).source.token()

    Desk(provider, tmp_path, **REFRESH).source.token()

    assert [told["refresh_token"] for told in provider.told] == ["first-refresh", "second-refresh"]


def test_the_rotated_token_is_on_the_disk_before_the_access_token_is_used(provider: Provider, tmp_path: Path) -> None:
    provider.answers = [(200, {"access_token": "a1", "refresh_token": "second-refresh"})]
    effects: list[str] = []
    desk = Desk(provider, tmp_path, disk=Disk(effects.append), **REFRESH)

    desk.source.token()

    assert json.loads(desk.kept.read_text())["refresh_token"] == "second-refresh"
    assert desk.kept.stat().st_mode & 0o777 == 0o600
    assert effects[-4:] == [
        "write oauth-gestion.json.tmp",
        "fsync oauth-gestion.json.tmp",
        "rename to oauth-gestion.json",
        "fsync folder state",
    ]


@pytest.mark.parametrize("moment", ["write", "fsync oauth", "rename", "fsync folder"])
def test_a_death_while_it_is_kept_leaves_the_old_one_or_the_new_one(
    provider: Provider, tmp_path: Path, moment: str
) -> None:
    provider.answers = [(200, {"access_token": "a1", "refresh_token": "second-refresh"}), (200, {"access_token": "a2"})]

    def die(effect: str) -> None:
        if effect.startswith(moment):
            raise KeyboardInterrupt

    (tmp_path / "state").mkdir()
    with pytest.raises(KeyboardInterrupt):
        Desk(provider, tmp_path, disk=Disk(die), **REFRESH).source.token()

    assert Desk(provider, tmp_path, **REFRESH).source.token() == "a2"
    assert provider.told[-1]["refresh_token"] in ("first-refresh", "second-refresh")


def test_a_new_token_in_the_configuration_wins_over_a_kept_one(provider: Provider, tmp_path: Path) -> None:
    provider.answers = [(200, {"access_token": "a1", "refresh_token": "second-refresh"}), (200, {"access_token": "a2"})]
    desk = Desk(provider, tmp_path, **REFRESH)
    desk.source.token()

    desk.refresh.write_text("given-again\n")
    Desk(provider, tmp_path, **REFRESH).source.token()

    assert provider.told[-1]["refresh_token"] == "given-again"


def test_a_kept_file_that_is_damaged_is_passed_over(provider: Provider, tmp_path: Path) -> None:
    desk = Desk(provider, tmp_path, **REFRESH)
    desk.kept.parent.mkdir()
    desk.kept.write_text("[]")

    desk.source.token()

    assert provider.told[-1]["refresh_token"] == "first-refresh"


def test_a_public_client_tells_no_secret(provider: Provider, tmp_path: Path) -> None:
    Desk(provider, tmp_path, client_secret_file=None, **REFRESH).source.token()

    assert "client_secret" not in provider.told[0]


# --- what goes wrong


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (
            (400, {"error": "invalid_grant", "error_description": "AADSTS700082: the refresh token has expired"}),
            Permanent,
            "400 invalid_grant: AADSTS700082: the refresh token has expired",
        ),
        ((401, {"error": "invalid_client"}), Permanent, "401 invalid_client"),
        ((404, b"<html>"), Permanent, "404 Not Found"),
        ((302, b""), Permanent, "302 Found"),
        ((500, b""), Temporary, "500 Internal Server Error"),
        ((429, {}), Temporary, "429 Too Many Requests"),
        ((400, {"error": "temporarily_unavailable"}), Temporary, "400 temporarily_unavailable"),
        ((200, b"<html>"), Temporary, "isn't JSON"),
        ((200, []), Permanent, "isn't a JSON object"),
        ((200, {"token": "x"}), Permanent, "no access_token"),
    ],
)
def test_a_refusal_is_told_in_the_providers_words(
    provider: Provider, tmp_path: Path, answer: tuple[int, Any], kind: type[Exception], said: str
) -> None:
    provider.answers = [answer]

    with pytest.raises(kind) as refused:
        Desk(provider, tmp_path).source.token()

    assert said in str(refused.value)
    assert "the-secret" not in str(refused.value)


def test_a_provider_that_is_not_there_may_come_back(provider: Provider, tmp_path: Path) -> None:
    desk = Desk(provider, tmp_path, token_url=f"http://127.0.0.1:{free_port()}/token")

    with pytest.raises(Temporary, match="Connection refused"):
        desk.source.token()


# --- on the wire


def test_the_response_is_what_xoauth2_wants() -> None:
    assert sasl("lea", "t") == "user=lea\x01auth=Bearer t\x01\x01"


XOAUTH2 = """auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {}
}}"""


def test_a_real_server_takes_a_good_token_and_refuses_a_dead_one(provider: Provider, tmp_path: Path, user: str) -> None:
    provider.answers = [(200, {"access_token": "dead"}), (200, {"access_token": "good-token"})]
    told = tmp_path / "dovecot-oauth2.conf.ext"
    told.write_text(f"introspection_url = {provider.url}\nintrospection_mode = auth\nusername_attribute = email\n")
    with running(more=XOAUTH2.format(told)) as server:
        desk = Desk(provider, tmp_path)
        config = server.config("lea")

        with pytest.raises(Permanent, match="the token is refused"):
            Session(config, token=desk.source).__enter__()

        with Session(config, token=desk.source) as session:
            assert session.status("INBOX").uidnext == 1
