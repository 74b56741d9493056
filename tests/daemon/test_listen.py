"""LMTP on real sockets: what the mail server before us says and hears."""

import errno
import gc
import os
import re
import smtplib
import socket
import stat
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.durable import Disk, FsyncFailed
from archive.incoming import Arrival, Incoming
from daemon.config import Lmtp
from daemon.errors import ConfigError
from daemon.listen import Listener

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
OURS = ("gestion@agence.test", "Compta@Agence.test")
LETTER = b"From: lea@exemple.test\r\nSubject: Fuite\r\n\r\nIl y a une fuite.\r\n"


class Wire:
    """A raw socket that speaks LMTP by hand: libraries hide how many replies came."""

    def __init__(self, address: str | tuple[str, int]) -> None:
        self.socket = socket.create_connection(address) if isinstance(address, tuple) else _unix(address)
        self.socket.settimeout(20)
        self._file = self.socket.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def reply(self) -> str:
        lines = [self._file.readline().decode().rstrip("\r\n")]
        while lines[-1][3:4] == "-":
            lines.append(self._file.readline().decode().rstrip("\r\n"))
        return "\n".join(lines)

    def say(self, line: str) -> str:
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def begin(self, *recipients: str, sender: str = "lea@exemple.test") -> list[str]:
        self.reply()
        self.say("LHLO mx.agence.test")
        self.say(f"MAIL FROM:<{sender}>")
        return [self.say(f"RCPT TO:<{recipient}>") for recipient in recipients]

    def data(self, content: bytes) -> None:
        assert self.say("DATA").startswith("354")
        self.socket.sendall(content + b".\r\n")

    def has_more(self) -> bool:
        """Whether an answer came that nobody asked for: NOOP's must be the next one."""
        return not self.say("NOOP").startswith("250 2.0.0 OK")


def _unix(path: str) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX)
    connected.connect(path)
    return connected


class Counter:
    """A listener and what it has kept."""

    def __init__(self, state: Path, disk: Disk, listen: str, size_limit: int) -> None:
        self.incoming = Incoming(state, disk=disk)
        self.told = threading.Semaphore(0)
        self.fatal: list[BaseException] = []
        self.listener = Listener(
            Lmtp.model_construct(listen=listen, size_limit=size_limit),
            OURS,
            self.incoming,
            on_letters=self.told.release,
            on_fatal=self.fatal.append,
            now=lambda: NOW,
        )

    @property
    def port(self) -> int:
        return int(self.listener.address[1])

    def kept(self) -> list[tuple[bytes, tuple[Arrival, ...]]]:
        return [self.incoming.read(digest) for digest in self.incoming.waiting()]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Counter]]:
    counters: list[Counter] = []

    def open_counter(disk: Disk | None = None, listen: str = "127.0.0.1:0", size_limit: int = 1 << 20) -> Counter:
        counter = Counter(tmp_path, disk or Disk(), listen, size_limit)
        counter.listener.start()
        counters.append(counter)
        return counter

    yield open_counter
    for counter in counters:
        counter.listener.stop()
        counter.incoming.close()


@pytest.fixture
def counter(opened: Callable[..., Counter]) -> Counter:
    return opened()


def test_each_recipient_gets_an_answer_of_its_own(counter: Counter) -> None:
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(*OURS)

        wire.data(LETTER)

        assert [wire.reply()[:9], wire.reply()[:9]] == ["250 2.0.0", "250 2.0.0"]
        assert not wire.has_more()


def test_a_letter_for_two_of_our_mailboxes_is_one_letter_with_its_envelope(counter: Counter) -> None:
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(*OURS)
        wire.data(LETTER)
        wire.reply()

        [(raw, (arrival,))] = counter.kept()

        assert raw == LETTER
        assert (arrival.source, arrival.received_at) == ("lmtp", NOW)
        assert (arrival.envelope_sender, arrival.envelope_recipients) == ("lea@exemple.test", OURS)


def test_the_null_sender_is_kept_as_such(counter: Counter) -> None:
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(OURS[0], sender="")
        wire.data(LETTER)
        wire.reply()

        [(_, (arrival,))] = counter.kept()

        assert arrival.envelope_sender == ""


class Held(Disk):
    """Stops before the last fsync of a letter until it is let go on."""

    def __init__(self) -> None:
        super().__init__(self._hold)
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.holding = False

    def _hold(self, effect: str) -> None:
        if self.holding and effect == "fsync folder incoming":
            self.reached.set()
            self.go_on.wait(20)


def test_250_is_said_only_when_the_letter_is_on_the_disk(opened: Callable[..., Counter]) -> None:
    disk = Held()
    counter = opened(disk)
    disk.holding = True
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(OURS[0])
        wire.data(LETTER)
        assert disk.reached.wait(20)
        wire.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            wire.socket.recv(1)
        wire.socket.settimeout(20)

        disk.go_on.set()

        assert wire.socket.recv(9) == b"250 2.0.0"


def test_a_recipient_that_is_not_ours_is_refused_and_the_others_are_not(counter: Counter) -> None:
    with closing(Wire(counter.listener.address)) as wire:
        answers = wire.begin("gestion+relance@agence.test", "inconnu@agence.test", "GESTION@agence.test")
        wire.data(LETTER)

        assert [answer[:9] for answer in answers] == ["250 2.1.5", "550 5.1.1", "250 2.1.5"]
        assert [wire.reply()[:3], wire.reply()[:3]] == ["250", "250"]
        assert not wire.has_more()


class Failing(Disk):
    def __init__(self, code: int) -> None:
        super().__init__(self._fail)
        self.code = 0
        self._later = code

    def break_now(self) -> None:
        self.code = self._later

    def _fail(self, effect: str) -> None:
        if self.code and effect.startswith("write"):
            raise OSError(self.code, os.strerror(self.code))


@pytest.mark.parametrize(("code", "answer"), [(errno.ENOSPC, "452 4.3.1"), (errno.EIO, "451 4.3.0")])
def test_when_the_fault_is_ours_the_sender_keeps_the_letter(
    opened: Callable[..., Counter], code: int, answer: str
) -> None:
    disk = Failing(code)
    counter = opened(disk)
    disk.break_now()
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(*OURS)

        wire.data(LETTER)

        assert [wire.reply()[:9], wire.reply()[:9]] == [answer, answer]
        assert not wire.has_more()
        assert counter.kept() == []


def test_after_a_disk_was_full_the_same_connection_takes_letters_again(opened: Callable[..., Counter]) -> None:
    disk = Failing(errno.ENOSPC)
    counter = opened(disk)
    disk.break_now()
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(OURS[0])
        wire.data(LETTER)
        wire.reply()
        disk.code = 0

        wire.say("MAIL FROM:<lea@exemple.test>")
        wire.say(f"RCPT TO:<{OURS[0]}>")
        wire.data(LETTER)

        assert wire.reply().startswith("250")
        assert [raw for raw, _ in counter.kept()] == [LETTER]


def test_a_failed_fsync_is_told_to_those_who_must_end_the_process(opened: Callable[..., Counter]) -> None:
    broken = threading.Event()

    def fail(effect: str) -> None:
        if broken.is_set() and effect.startswith("fsync"):
            raise FsyncFailed("the disk lies")

    counter = opened(Disk(fail))
    broken.set()
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(OURS[0])

        wire.data(LETTER)

        assert wire.reply().startswith("451")
        assert [type(error) for error in counter.fatal] == [FsyncFailed]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"", b""),
        (b"..\r\n", b".\r\n"),
        (b"a\r\n..b\r\n...\r\n", b"a\r\n.b\r\n..\r\n"),
        (b"\r\n\r\n", b"\r\n\r\n"),
        (b"a\0b\xff\r\n", b"a\0b\xff\r\n"),
        (b"bare\n.\nline ends\r\n", b"bare\n.\nline ends\r\n"),
        (b"carriage\r.\rreturns\r\n", b"carriage\r.\rreturns\r\n"),
        (b"x" * 100_000 + b"\r\n", b"x" * 100_000 + b"\r\n"),
    ],
    ids=["nothing", "a dot", "dots", "empty lines", "NUL and 8 bits", "bare LF", "bare CR", "a long line"],
)
def test_the_bytes_of_a_letter_are_kept_as_they_came(counter: Counter, sent: bytes, kept: bytes) -> None:
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(OURS[0])

        wire.data(sent)

        assert wire.reply().startswith("250")
        assert [raw for raw, _ in counter.kept()] == [kept]
        assert not wire.has_more()


def test_the_next_letter_may_follow_the_final_dot_at_once(counter: Counter) -> None:
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(OURS[0])

        wire.say("DATA")
        wire.socket.sendall(LETTER + b".\r\nMAIL FROM:<b@exemple.test>\r\nRCPT TO:<gestion@agence.test>\r\nQUIT\r\n")

        assert [wire.reply()[:9] for _ in range(4)] == ["250 2.0.0", "250 2.0.0", "250 2.1.5", "221 2.0.0"]


def test_a_client_that_does_not_wait_for_354_keeps_its_letter(counter: Counter) -> None:
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(OURS[0])

        wire.socket.sendall(b"DATA\r\n" + LETTER + b".\r\n")

        assert wire.reply().startswith("354")
        assert wire.reply().startswith("451 4.5.0")
        assert counter.kept() == []


def test_the_size_limit_is_announced_and_kept(opened: Callable[..., Counter]) -> None:
    counter = opened(size_limit=50_000)
    with closing(Wire(counter.listener.address)) as wire:
        wire.reply()
        offered = wire.say("LHLO mx.agence.test")

        too_large = wire.say("MAIL FROM:<lea@exemple.test> SIZE=50001")

        assert "250-SIZE 50000" in offered.split("\n")
        assert too_large.startswith("552")


def test_a_letter_over_the_limit_is_refused_for_each_recipient_and_the_next_one_taken(
    opened: Callable[..., Counter],
) -> None:
    counter = opened(size_limit=50_000)
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(*OURS)
        wire.data(b"a line of some length\r\n" * 20_000)
        refused = [wire.reply()[:9], wire.reply()[:9]]

        wire.say("MAIL FROM:<lea@exemple.test>")
        wire.say(f"RCPT TO:<{OURS[0]}>")
        wire.data(LETTER)

        assert refused == ["552 5.3.4", "552 5.3.4"]
        assert wire.reply().startswith("250")
        assert [raw for raw, _ in counter.kept()] == [LETTER]


def test_what_rfc_2033_and_accents_want_is_offered(counter: Counter) -> None:
    with closing(Wire(counter.listener.address)) as wire:
        wire.reply()

        offered = wire.say("LHLO mx.agence.test")

        for keyword in ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"):
            assert f"250-{keyword}" in offered.split("\n")
        assert wire.say("HELO mx").startswith("500")
        assert wire.say("MAIL FROM:<léa@exemple.test> BODY=8BITMIME SMTPUTF8").startswith("250")


def test_a_sender_that_is_not_utf8_is_no_reason_to_refuse(counter: Counter) -> None:
    with closing(Wire(counter.listener.address)) as wire:
        wire.reply()
        wire.say("LHLO mx.agence.test")
        wire.socket.sendall(b"MAIL FROM:<l\xe9a@exemple.test>\r\n")
        wire.reply()
        wire.say(f"RCPT TO:<{OURS[0]}>")

        wire.data(LETTER)

        assert wire.reply().startswith("250")
        assert counter.kept()[0][1][0].envelope_sender == "l\ufffda@exemple.test"


def test_a_connection_cut_within_a_letter_leaves_nothing(counter: Counter) -> None:
    with closing(Wire(counter.listener.address)) as cut, closing(Wire(counter.listener.address)) as wire:
        cut.begin(OURS[0])
        cut.say("DATA")
        cut.socket.sendall(LETTER)
        cut.close()

        wire.begin(OURS[0])
        wire.data(LETTER + b"another\r\n")

        assert wire.reply().startswith("250")
        assert [raw for raw, _ in counter.kept()] == [LETTER + b"another\r\n"]


def test_a_stop_finishes_the_letter_in_hand(tmp_path: Path) -> None:
    disk = Held()
    counter = Counter(tmp_path, disk, "127.0.0.1:0", 1 << 20)
    counter.listener.start()
    disk.holding = True
    with closing(Wire(counter.listener.address)) as wire:
        wire.begin(OURS[0])
        wire.data(LETTER)
        assert disk.reached.wait(20)
        stopping = threading.Thread(target=counter.listener.stop)
        stopping.start()

        disk.go_on.set()

        assert wire.reply().startswith("250")
        stopping.join(20)
        assert not stopping.is_alive()
    counter.incoming.close()


def test_smtplib_agrees(counter: Counter) -> None:
    with smtplib.LMTP("127.0.0.1", counter.port) as client:
        refused = client.sendmail("lea@exemple.test", [OURS[0]], LETTER)

    assert refused == {}
    assert counter.told.acquire(timeout=20)


# --- where it listens


def test_a_unix_socket_is_for_the_group_and_goes_away_with_us(tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    counter = Counter(tmp_path, Disk(), str(path), 1 << 20)
    counter.listener.start()
    with closing(Wire(str(path))) as wire:
        wire.begin(OURS[0])
        wire.data(LETTER)
        kept = wire.reply()

    mode = stat.S_IMODE(path.stat().st_mode)
    counter.listener.stop()
    counter.incoming.close()

    assert kept.startswith("250")
    assert mode == 0o660
    assert not path.exists()


def test_the_socket_of_a_killed_daemon_is_replaced(tmp_path: Path, opened: Callable[..., Counter]) -> None:
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))

    counter = opened(listen=str(path))

    with closing(Wire(str(counter.listener.address))) as wire:
        assert wire.reply().startswith("220")


def test_who_has_just_called_when_it_stops_is_hung_up_on(tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    counter = Counter(tmp_path, Disk(), str(path), 1 << 20)
    counter.listener.start()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        counter.listener.stop()
        gc.collect()

    assert [str(one.message) for one in heard if one.category is ResourceWarning] == []
    counter.incoming.close()


def test_the_socket_of_a_living_daemon_is_not(tmp_path: Path, opened: Callable[..., Counter]) -> None:
    path = tmp_path / "lmtp"
    opened(listen=str(path))
    second = Counter(tmp_path, Disk(), str(path), 1 << 20)

    with pytest.raises(ConfigError, match="another program listens"):
        second.listener.start()

    second.incoming.close()


def test_a_port_that_is_taken_is_told_with_its_name(tmp_path: Path, counter: Counter) -> None:
    taken = f"127.0.0.1:{counter.port}"
    second = Counter(tmp_path, Disk(), taken, 1 << 20)

    with pytest.raises(ConfigError, match=rf"{re.escape(taken)}.*Address already in use"):
        second.listener.start()

    second.incoming.close()


def test_other_machines_may_not_hand_letters_over(tmp_path: Path) -> None:
    counter = Counter(tmp_path, Disk(), "0.0.0.0:8024", 1 << 20)

    with pytest.raises(ConfigError, match="open to other machines"):
        counter.listener.start()

    counter.incoming.close()
