"""Killed between any two effects, the daemon says everything at least once, never in other words, and tells nobody twice.

A child process drains the outbox and dies at its n-th effect: before and after each commit, each filing, each message handed
over. The parent then starts again, as systemd would, and compares with a life without deaths.
"""

import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from archive.database import open_database
from archive.records import Errand, Outgoing
from daemon.sending.compose import Composer
from daemon.sending.outbox import Outbox
from daemon.sending.send import Relay
from tests.outgoing import LETTER, NOON, SIGNER, TENANT, configuration, move_in, parsed
from tests.smtp import Sink

# The child only drains and dies; it takes no lock that a thread of the parent may hold.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

NOBODY = "nobody@example.org"
Step = Callable[[], None]


@dataclass
class FrailRelay:
    """A relay whose process may die just before and just after a message is taken."""

    relay: Relay
    step: Step

    def connect(self) -> object:
        return self.relay.connect()

    def deliver(self, raw: bytes, sender: str, recipient: str) -> str:
        self.step()
        said = self.relay.deliver(raw, sender, recipient)
        self.step()
        return said

    def close(self) -> None:
        self.relay.close()


@dataclass
class House:
    """An agency's state folder, its tree (one file a mail) and its mail server."""

    folder: Path
    sink: Sink
    prepared: Path = field(init=False)

    def __post_init__(self) -> None:
        self.prepared = self.folder / "prepared.db"
        engine = open_database(f"sqlite:///{self.prepared}")
        room = move_in()
        case = room.case()
        room.say(case=case)
        room.say(case=case, recipient=NOBODY)  # the server refuses it, so the manager is told
        room.say("notice_case", case)
        room.say(case=case, recipient="other@example.org", urgent=True)
        engine.close()

    def renew(self) -> None:
        for path in self.folder.glob("live*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copy(self.prepared, self.folder / "live.db")
        (self.folder / "live-tree").mkdir()
        self.sink.taken.clear()
        self.sink.acts = {NOBODY: ["550 5.1.1 no such user"] * 9}

    def file(self, rows: Sequence[Outgoing]) -> None:
        for row in rows:
            path = self.folder / "live-tree" / row.digest
            if not path.exists():
                path.write_bytes(bytes(row.raw or b""))

    def live(self, minutes: int, step: Step = lambda: None) -> None:
        """One pass of a daemon, on a database of its own."""
        engine = open_database(f"sqlite:///{self.folder}/live.db")
        commit = engine.commit

        def frail_commit() -> None:
            step()
            commit()
            step()

        def frail_file(rows: Sequence[Outgoing]) -> None:
            step()
            self.file(rows)
            step()

        engine.commit = frail_commit  # type: ignore[method-assign]  # where a power cut would fall
        config = configuration(self.sink.port)
        relay = FrailRelay(Relay(config.smtp), step)
        composer = Composer(config, SIGNER, lambda _digest: LETTER)
        outbox = Outbox(config, composer, relay, frail_file)  # type: ignore[arg-type]  # a relay, and its death
        outbox.drain(NOON + timedelta(minutes=minutes))
        outbox.close()
        engine.close()

    def die(self, minutes: int, at: int) -> bool:
        """One pass in a child that gets SIGKILL at that effect. False when it finished before."""
        child = os.fork()
        if child == 0:
            left = at

            def step() -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            self.live(minutes, step)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        assert os.WIFSIGNALED(status) or status == 0
        return os.WIFSIGNALED(status)

    def remains(self) -> dict[str, object]:
        """What must be the same after any death: every row and its end, the copies that are owed, what is in the tree."""
        engine = open_database(f"sqlite:///{self.folder}/live.db")
        rows = [(row.key, row.recipient, row.state, row.message_id) for row in Outgoing.select().order_by(Outgoing.key)]
        owed = sorted(errand.key for errand in Errand.select())
        filed = {row.recipient: row.digest for row in Outgoing.select().where(Outgoing.filed)}
        engine.close()
        in_tree = {path.name for path in (self.folder / "live-tree").iterdir()}
        assert in_tree == set(filed.values())
        return {"rows": rows, "owed": owed}

    def heard(self) -> dict[str, Counter[bytes]]:
        """By Message-ID, the different bytes that the server took, and how often."""
        heard: dict[str, Counter[bytes]] = {}
        for one in self.sink.accepted:
            heard.setdefault(str(parsed(one.raw)["Message-ID"]), Counter())[one.raw] += 1
        return heard


@pytest.fixture
def house(tmp_path: Path, sink: Sink) -> House:
    made = House(tmp_path, sink)
    made.renew()
    return made


def without_deaths(house: House) -> tuple[dict[str, object], set[str]]:
    house.live(0)
    return house.remains(), set(house.heard())


def test_killed_between_any_two_effects_it_says_everything_and_nothing_else(house: House) -> None:
    remains, said = without_deaths(house)
    assert {one.recipient for one in house.sink.accepted} == {TENANT, "other@example.org", "d.faucheux@aubrelac.test"}

    at = 0
    house.renew()
    while house.die(0, at):
        house.live(1)
        assert house.remains() == remains, f"after a death at effect {at}"
        heard = house.heard()
        assert set(heard) == said, f"after a death at effect {at}"
        assert all(len(words) == 1 for words in heard.values()), f"other words after a death at effect {at}"
        assert sum(sum(words.values()) for words in heard.values()) <= len(said) + 1, "only the one in hand is repeated"
        house.renew()
        at += 1

    assert at > 20


@pytest.mark.slow
def test_so_it_does_after_a_second_death_during_the_recovery(house: House) -> None:
    remains, said = without_deaths(house)

    first = 0
    house.renew()
    while house.die(0, first):
        second = 0
        while house.die(1, second):
            house.live(2)
            assert house.remains() == remains, f"after deaths at effects {first} and {second}"
            assert set(house.heard()) == said
            assert all(len(words) == 1 for words in house.heard().values())
            house.renew()
            house.die(0, first)
            second += 4  # every pair would take minutes
        house.renew()
        first += 3
