"""The service: what the unit promises, and what `make install` puts where. Nothing of this machine is touched."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "systemd" / "vaguemestre.service"
GUIDE = ROOT / "docs" / "administrateur.md"
SYSTEMD = shutil.which("systemd-analyze")

needs_systemd = pytest.mark.skipif(SYSTEMD is None, reason="systemd-analyze is not installed (Debian: systemd)")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to the service's user")

NEWER_THAN_DEBIAN_12 = ("RestartSteps", "RestartMaxDelaySec")


def settings() -> dict[str, list[str]]:
    """Every setting of the unit, with its values in order."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, env=os.environ | environment)


# --- the unit


@needs_systemd
def test_the_exposure_of_the_unit_is_small() -> None:
    told = run("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT).stdout

    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert found is not None, told
    assert float(found[1]) <= 1.7  # 1.1 on Debian 12; newer versions of systemd weigh otherwise


@needs_systemd
def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(re.sub(r"(?m)^ExecStart=.*", "ExecStart=/bin/true", UNIT.read_text()))

    complaints = [
        line for line in run("systemd-analyze", "verify", "--man=no", unit).stderr.splitlines() if UNIT.name in line
    ]

    assert [line for line in complaints if not any(key in line for key in NEWER_THAN_DEBIAN_12)] == []


def test_the_unit_starts_again_after_a_failure_but_not_after_a_faulty_configuration() -> None:
    unit = settings()

    assert unit["Type"] == ["notify"]
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == ["2"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert "WatchdogSec" in unit
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]


def test_the_unit_hands_over_the_credentials_that_the_guide_names() -> None:
    guide = GUIDE.read_text("utf-8")

    assert [name for name in settings()["LoadCredential"] if f"`{name}`" not in guide] == []


def test_the_example_keeps_everything_where_the_unit_may_write() -> None:
    state = Path("/var/lib") / settings()["StateDirectory"][0]
    example = (ROOT / "vaguemestre.example.toml").read_text("utf-8")

    places = re.findall(r'(?m)^(?:state|archive) = "(.+?)"', example)

    assert len(places) == 2
    assert all(Path(place).is_relative_to(state) for place in places)


@needs_root
@pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed (Debian: systemd)"
)
def test_the_user_and_the_folders_are_made_with_the_rights_that_the_guide_tells(tmp_path: Path) -> None:
    etc = tmp_path / "etc" / "vaguemestre"
    etc.mkdir(parents=True)
    (etc / "imap-password").write_text("secret\n")
    tmp_path.chmod(0o755)

    made = run("systemd-sysusers", f"--root={tmp_path}", UNIT.with_suffix(".sysusers.conf"))
    ruled = run("systemd-tmpfiles", f"--root={tmp_path}", "--create", UNIT.with_suffix(".tmpfiles.conf"))

    assert (made.returncode, ruled.returncode) == (0, 0), made.stderr + ruled.stderr
    user = next(line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines() if "vaguemestre" in line)
    owner, group = int(user[2]), int(user[3])
    assert rights(etc) == (0, group, 0o750)
    assert rights(etc / "imap-password") == (0, group, 0o640)
    assert rights(tmp_path / "var/lib/vaguemestre") == (owner, group, 0o750)


def rights(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid, found.st_mode & 0o777


PRINTING = """
import ctypes
from weasyprint import HTML
PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    raise SystemExit("this kernel can't refuse it")
print(HTML(string="<p style='font-family: sans-serif'>Œuvre à l’été : 12,50 €</p>").write_pdf()[:5])
"""


@pytest.mark.skipif(
    ctypes.CDLL(None).prctl(66, 0, 0, 0, 0) < 0,
    reason="Linux 6.3 or later is needed to refuse executable memory to a process",
)
def test_a_page_is_printed_without_memory_that_is_writable_and_executable() -> None:
    """MemoryDenyWriteExecute= of the unit forbids it, and cffi, under WeasyPrint, is known to want some."""
    assert settings()["MemoryDenyWriteExecute"] == ["yes"]

    printed = run(sys.executable, "-c", PRINTING)

    assert (printed.stdout, printed.stderr) == ("b'%PDF-'\n", "")


# --- make install

OFFLINE = "--no-deps --no-index --no-build-isolation"  # the dependencies are those of the tests' own environment


def install(into: Path) -> subprocess.CompletedProcess[str]:
    borrowed = sysconfig.get_path("purelib")
    return run(
        "make", "install", f"DESTDIR={into}", f"PYTHON={sys.executable}", f"PIP_FLAGS={OFFLINE}", PYTHONPATH=borrowed
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("machine")
    done = install(into)
    assert done.returncode == 0, done.stdout + done.stderr
    return into


def test_everything_is_installed_where_the_unit_looks_for_it(installed: Path) -> None:
    program = settings()["ExecStart"][0].split()[0]
    guide = settings()["Documentation"][0].removeprefix("file:")

    assert os.access(installed / program[1:], os.X_OK)
    assert (installed / guide[1:]).read_bytes() == GUIDE.read_bytes()
    assert (installed / "etc/systemd/system/vaguemestre.service").read_bytes() == UNIT.read_bytes()
    assert (installed / "etc/sysusers.d/vaguemestre.conf").is_file()
    assert (installed / "etc/tmpfiles.d/vaguemestre.conf").is_file()
    assert (installed / "usr/local/bin/vaguemestre").readlink() == Path(program)


def test_the_installed_configuration_is_the_example_and_not_for_everybody(installed: Path) -> None:
    config = installed / "etc/vaguemestre/vaguemestre.toml"

    assert config.read_bytes() == (ROOT / "vaguemestre.example.toml").read_bytes()
    assert config.stat().st_mode & 0o777 == 0o640


def test_the_installed_program_holds_every_room(installed: Path) -> None:
    rooms = next(installed.glob("opt/vaguemestre/lib/python3*/site-packages"))

    assert {room.name for room in rooms.iterdir()} >= {"daemon", "rules", "archive", "templates"}
    assert any((rooms / "templates" / "mails").iterdir())


def test_a_second_installation_leaves_the_configuration_alone_and_says_what_to_edit(installed: Path) -> None:
    config = installed / "etc/vaguemestre/vaguemestre.toml"
    before = config.read_bytes()
    config.write_bytes(b"# mine\n")

    done = install(installed)

    assert config.read_bytes() == b"# mine\n"
    assert f"edit   {config} (yours, left as it is)" in done.stdout
    config.write_bytes(before)


def test_only_root_installs_for_real(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)

    done = run("make", "install", "DESTDIR=", PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert done.returncode != 0
    assert "only root can; sudo make install" in done.stderr
