"""The daemon that runs for good: it hears at once, stops politely, and reads its configuration again when asked."""

import os
import queue
import signal
import smtplib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.office import OURS, Office, letter, text_of, until

OTHER = "ewen.legoff@example.org"
TENANT = "clemence.bonnefoy@example.org"


class Systemd:
    """The side of sd_notify that systemd has: a datagram socket, and somebody who always reads it."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._said: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while said := self._socket.recv(4096).decode():
            self._said.put(said)

    def wait_for(self, word: str) -> str:
        while True:
            said = self._said.get(timeout=30)
            if word in said:
                return said

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(10)
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    path = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    listening = Systemd(path)
    yield listening
    listening.close()


def test_it_says_ready_feeds_the_watchdog_and_stops_politely(office: Office, systemd: Systemd) -> None:
    daemon = office.start("run")

    systemd.wait_for("READY=1")
    assert "open cases" in systemd.wait_for("STATUS=")
    systemd.wait_for("WATCHDOG=1")
    daemon.send_signal(signal.SIGTERM)
    systemd.wait_for("STOPPING=1")
    _, log = office.finish(daemon, 40)

    assert daemon.returncode == 0
    assert "event=stopped" in log


def test_neither_process_outlives_the_other(office: Office, systemd: Systemd) -> None:
    daemon = office.start("run")
    systemd.wait_for("READY=1")
    (sender,) = children(daemon.pid)
    os.kill(sender, signal.SIGKILL)
    systemd.wait_for("STOPPING=1")  # the letters in hand are not to blame: they are finished
    _, log = office.finish(daemon, 60)

    assert daemon.returncode == os.EX_SOFTWARE
    assert "event=sender_died" in log

    daemon = office.start("run")
    systemd.wait_for("READY=1")
    (sender,) = children(daemon.pid)
    daemon.send_signal(signal.SIGKILL)
    office.finish(daemon, 60)
    until(lambda: not Path(f"/proc/{sender}").exists() or "Z" in Path(f"/proc/{sender}/stat").read_text().split()[2])

    daemon = office.start("run")
    systemd.wait_for("READY=1")
    daemon.send_signal(signal.SIGTERM)
    office.finish(daemon, 60)

    assert daemon.returncode == 0


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_letter_is_answered_as_soon_as_it_comes_in_each_mailbox(office: Office, systemd: Systemd) -> None:
    office.configure(mailbox=office.second_mailbox())
    office.start("run")
    systemd.wait_for("READY=1")
    until(lambda: office.json("status")["last_fetch_at"])

    office.deliver(letter())
    with office.dovecot.person(f"{office.user}-bis") as person:
        person.put(letter(OTHER, "Volet", "Bonjour, mon volet est bloqué, merci."), date=datetime.now(UTC))

    until(lambda: len(office.said_to(TENANT)) == len(office.said_to(OTHER)) == 1, 20)
    until(lambda: office.folders().get("Accus&AOk-s") == 1, 20)
    assert office.folders() == {"R&AOk-clamations/Travaux": 1, "Accus&AOk-s": 1}


def test_danger_passes_a_hundred_mails_that_are_leaving(office: Office) -> None:
    office.sink.slowness = 0.15
    strangers = [f"personne{number}@example.org" for number in range(60)]
    office.deliver(*(letter(one, "Fuite", "Bonjour, mon robinet fuit depuis hier, merci.") for one in strangers))
    office.start("run")
    until(lambda: len(office.sink.accepted) > 0, 40)

    office.deliver(letter(TENANT, "Odeur de gaz", "Bonjour, ça sent très fort le gaz dans la cuisine, j'ai peur."))

    until(lambda: office.said_to(TENANT), 40)
    passed = [one.recipient for one in office.sink.accepted].index(TENANT)
    assert passed < 70  # of about 120


def test_letters_come_by_lmtp_and_by_imap_and_are_one(office: Office) -> None:
    where = office.folder / "lmtp.sock"
    office.configure(more=f'[lmtp]\nlisten = "{where}"')
    office.start("run")
    until(where.exists)
    raw = letter()

    with smtplib.LMTP(str(where)) as client:
        assert client.sendmail(TENANT, [OURS], raw) == {}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(TENANT, ["autre@ailleurs.test"], raw)
    office.deliver(b"Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0100\r\n" + raw)

    until(lambda: office.json("status")["seen"] == 2)
    until(lambda: len(office.said_to(TENANT)) == 1)
    assert len(office.cases()) == 1


def test_sighup_takes_a_good_configuration_and_keeps_the_old_one_otherwise(office: Office, systemd: Systemd) -> None:
    office.sink.refuses_null = "550 5.7.1 not without a sender"
    daemon = office.start("run")
    systemd.wait_for("READY=1")
    office.deliver(letter(OTHER, "Volet", "Bonjour, mon volet est bloqué, merci."))
    until(lambda: office.said_to("admin@aubrelac.test"))
    office.config.write_text(office.config.read_text() + "\n[nonsense]\n")
    daemon.send_signal(signal.SIGHUP)
    until(lambda: "event=reload_refused" in daemon.said)
    office.configure(mailbox="move = false")
    office.config.write_text(office.config.read_text().replace("[smtp]", "[smtp]\nnull_sender = false"))
    daemon.send_signal(signal.SIGHUP)
    until(lambda: "event=reloaded" in daemon.said)
    until(lambda: len(office.said_to(OTHER)) == 1, 20)

    office.deliver(letter())

    until(lambda: len(office.said_to(TENANT)) == 1, 20)
    assert office.folders()["INBOX"] == 1
    daemon.send_signal(signal.SIGTERM)
    office.finish(daemon, 40)


def test_a_reload_that_can_t_be_served_keeps_the_old_one_and_none_leaves_anything_open(
    office: Office, systemd: Systemd
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f'[lmtp]\nlisten = "127.0.0.1:{taken.getsockname()[1]}"'
        office.configure(more=listen)
        refused = office.start("run")
        _, said = office.finish(refused, 30)
        office.configure()
        daemon = office.start("run")
        systemd.wait_for("READY=1")
        until(lambda: office.json("status")["last_fetch_at"])
        before = descriptors(daemon.pid)
        office.configure(more=listen)
        daemon.send_signal(signal.SIGHUP)
        systemd.wait_for("READY=1")
    for _ in range(3):
        office.configure()
        daemon.send_signal(signal.SIGHUP)
        systemd.wait_for("READY=1")

    assert (refused.returncode, "lmtp.listen" in said) == (2, True)
    assert "event=reload_refused" in daemon.said
    until(lambda: descriptors(daemon.pid) <= before)
    office.deliver(letter())
    until(lambda: len(office.said_to(TENANT)) == 1, 20)


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_a_mailbox_that_comes_back_is_served_again(office: Office) -> None:
    daemon = office.start("run")
    until(lambda: office.json("status")["last_fetch_at"])

    office.dovecot.kill()
    until(lambda: "event=imap_lost" in daemon.said)
    office.dovecot.start()
    office.deliver(letter())

    until(lambda: len(office.said_to(TENANT)) == 1, 60)


def test_the_answer_tells_the_day_in_the_words_of_the_office(office: Office) -> None:
    office.deliver(
        letter("nadiege.theodose@example.org", "Fuite", "Bonjour, il y a une fuite dans la cuisine."),
        date=datetime.now(UTC),
    )

    office.once()

    (case,) = office.cases()
    due = datetime.fromisoformat(case["due_at"])
    assert (due - datetime.fromisoformat(case["received_at"])).total_seconds() == 72 * 3600
    (answer,) = office.said_to("nadiege.theodose@example.org")
    assert any(f"dans {half}" in text_of(answer) for half in ("la matinée", "l’après-midi"))
