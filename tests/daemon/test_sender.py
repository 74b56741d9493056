"""The process that sends, as the daemon sees it: never waited for, and known to be stuck or dead."""

import subprocess
import sys
from pathlib import Path

from tests.office import CONFIG

# In an interpreter of its own: it forks, which a process that has threads had better not do.
WATCHED = """
import os, signal, sys, time
from multiprocessing import active_children
from pathlib import Path
import daemon.sender
from daemon.app import open_app
from daemon.config import load
from daemon.sender import Sender

daemon.sender.SILENT = 0.5

def until(happens):
    deadline = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)

def send(number):
    (process,) = active_children()
    os.kill(process.pid, number)

config = load(Path(sys.argv[1]))
open_app(config).close()
sender = Sender(config, on_sent=lambda: None)
sender.start()
send(signal.SIGSTOP)
for _ in range(20_000):
    sender.wake()
until(lambda: not sender.is_well())
send(signal.SIGCONT)
until(lambda: sender.is_well())
sender.stop()
print("stopped", sender.has_died())

sender = Sender(config, on_sent=lambda: None)
sender.start()
send(signal.SIGKILL)
until(sender.has_died)
sender.stop()
"""


def test_a_sender_that_is_stuck_holds_up_nobody_and_one_that_has_died_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "vaguemestre.toml"
    path.write_text(CONFIG.format(imap_port=1, smtp_port=1, user="nobody", mailbox="", more=""))
    (tmp_path / "imap-password").write_text("secret")

    done = subprocess.run(
        [sys.executable, "-c", WATCHED, path], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout) == (0, "stopped False\n"), done.stderr
    assert done.stderr.count("event=sender_died exit_code=-9") == done.stderr.count("event=") == 1
