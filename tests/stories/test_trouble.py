"""Whatever goes wrong, nothing is lost, the others go on, and a person is told."""

import imaplib
import json
import os
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.incoming import Arrival, Incoming
from tests.office import LISTS, Office, letter, text_of, until

TENANT = "clemence.bonnefoy@example.org"


def test_a_relay_that_is_gone_delays_the_answer_and_nothing_else(office: Office) -> None:
    office.deliver(letter())
    port = office.sink.port
    office.config.write_text(office.config.read_text().replace(f"port = {port}", "port = 1"))

    said = office.start("run", "--once")
    _, log = office.finish(said)

    assert said.returncode == 1
    assert "127.0.0.1:1" in log
    assert len(office.cases()) == 1
    assert office.json("status")["outbox_waiting"] == 2
    office.configure()
    office.once()
    assert len(office.said_to(TENANT)) == 1


def test_a_mailbox_that_is_gone_holds_up_no_other(office: Office) -> None:
    second = office.user + "-bis"
    office.configure(mailbox=office.second_mailbox())
    office.config.write_text(office.config.read_text().replace(f"port = {office.dovecot.port}", "port = 1", 1))
    with office.dovecot.person(second) as person:
        person.put(letter(), date=datetime.now(UTC))

    process = office.start("run", "--once")
    office.finish(process)

    assert process.returncode == 1
    assert len(office.said_to(TENANT)) == 1


def test_a_refused_answer_reaches_the_manager_and_stops_nobody(office: Office) -> None:
    office.sink.acts[TENANT] = ["550 5.1.1 no such user"]
    office.deliver(letter(), letter("ewen.legoff@example.org", "Volet", "Bonjour, mon volet est bloqué, merci."))

    office.once()
    office.once()

    assert len(office.said_to("ewen.legoff@example.org")) == 1
    told = [text_of(one) for one in office.said_to("d.faucheux@aubrelac.test") if "n’est pas arrivé" in text_of(one)]
    assert len(told) == 1
    assert TENANT in told[0]
    (failed,) = [row for row in office.json("outbox") if row["state"] == "failed"]
    assert "550" in failed["error"]
    office.command("outbox", "retry", str(failed["id"]))
    office.once()
    assert len(office.said_to(TENANT)) == 1


def test_a_disk_that_is_full_loses_nothing_and_says_where(office: Office, small_disk: Path) -> None:
    shutil.copytree(office.folder / "state", small_disk / "state")
    told = office.config.read_text()
    told = told.replace('state = "state"', f'state = "{small_disk}/state"').replace('"GED"', f'"{small_disk}/GED"')
    office.config.write_text(told)
    large = letter(subject="Fuite avec photo", attachments=(("photo.bin", bytes(100_000)),))
    office.once()
    filler = small_disk / "filler"
    free = os.statvfs(small_disk)
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize - 60_000))
    office.deliver(large)

    process = office.start("run", "--once")
    _, said = office.finish(process)

    assert process.returncode == 1
    assert f"no space left under {small_disk}" in said
    assert office.said_to(TENANT) == []
    assert office.folders() == {"INBOX": 1}
    filler.unlink()
    office.once()
    assert len(office.said_to(TENANT)) == 1
    assert large in {path.read_bytes() for path in (small_disk / "GED").rglob("*.eml")}
    verifier = ["bash", f"{small_disk}/GED/_ged/verifier.sh"]
    assert subprocess.run(verifier, check=False, capture_output=True).returncode == 0


def test_a_faulty_list_is_refused_whole_with_the_number_of_each_line(office: Office) -> None:
    faulty = office.folder / "leases.csv"
    head, first, second, *_ = (LISTS / "leases.csv").read_text("utf-8").splitlines(keepends=True)
    faulty.write_text("".join([head, first.replace("L00101", "L09999"), second.replace("2025-09-01", "2025-13-01")]))

    process = office.start("import", "leases", str(faulty))
    _, said = office.finish(process)

    assert process.returncode == 1
    assert "line 3, start_date '2025-13-01'" in said
    assert "line 2" not in said
    with sqlite3.connect(office.folder / "state" / "vaguemestre.db") as database:
        assert database.execute("SELECT count(*) FROM lease WHERE id = 'L09999'").fetchone() == (0,)


def test_a_relay_that_refuses_the_null_sender_is_told_once_and_one_pass_after_the_cure_all_goes(office: Office) -> None:
    office.sink.refuses_null = "550 5.7.1 not without a sender"
    office.deliver(letter(), letter("ewen.legoff@example.org", "Volet", "Bonjour, mon volet est bloqué, merci."))

    office.once()
    office.once()

    assert len(office.said_to("d.faucheux@aubrelac.test")) == 2, "the notices of the two cases, and no failure"
    (told,) = office.said_to("admin@aubrelac.test")
    assert "« null_sender = false »" in text_of(told)
    assert "550 5.7.1 not without a sender" in text_of(told)
    assert {row["state"] for row in office.json("outbox")} == {"deferred"}
    office.config.write_text(office.config.read_text().replace("[smtp]", "[smtp]\nnull_sender = false"))
    for row in office.json("outbox"):
        office.command("outbox", "retry", str(row["id"]))
    office.once()
    assert len(office.said_to(TENANT)) == len(office.said_to("ewen.legoff@example.org")) == 1
    assert len(office.said_to("admin@aubrelac.test")) == 1


def test_ten_answers_a_day_to_one_address_and_the_rest_are_held(office: Office) -> None:
    office.deliver(
        *(letter(TENANT, f"Panne {n}", f"Bonjour, la lampe numéro {n} du couloir est en panne.") for n in range(12))
    )

    office.once()

    assert len(office.cases()) == 12
    assert len(office.said_to(TENANT)) == 10
    assert [row["state"] for row in office.json("outbox")] == ["held", "held"]
    assert len(office.said_to("admin@aubrelac.test")) == 1


def test_a_fault_of_ours_in_one_place_of_a_pass_stops_no_other(office: Office) -> None:
    office.once()
    with sqlite3.connect(office.folder / "state" / "vaguemestre.db") as database:
        database.execute("CREATE TRIGGER broken BEFORE UPDATE ON cursor BEGIN SELECT RAISE(ABORT, 'no'); END")
    database.close()
    office.deliver(letter())

    broken = office.start("run", "--once")
    _, said = office.finish(broken)

    assert broken.returncode == 1
    assert "event=crashed where=imap/gestion error=IntegrityError" in said
    assert len(office.said_to(TENANT)) == 1


def test_a_letter_that_can_hardly_be_read_is_filed_all_the_same(office: Office) -> None:
    broken = (
        b"From: =?utf-8?B?!!!?= <"
        + TENANT.encode()
        + b">\r\nSubject: =?nope?Q?=ff?=\r\nContent-Type: multipart/mixed; "
        b"boundary=\r\nContent-Transfer-Encoding: base64\r\n\r\n\xff\xfe\x00 fuite " + b"\x80" * 3000
    )
    office.deliver(broken, letter("ewen.legoff@example.org", "Volet", "Bonjour, mon volet est bloqué, merci."))

    office.once()

    assert len(office.said_to("ewen.legoff@example.org")) == 1
    with office.person() as person:
        standing = {raw for folder in office.folders() for raw in person.letters(folder).values()}
    assert {path.read_bytes() for path in office.filed()} >= {raw for raw in standing if b"=?nope?" in raw}
    status = office.json("status")
    assert status["seen"] == status["filed"] + status["duplicates"] + status["quarantined"] == 2


def test_a_letter_in_hand_at_three_deaths_goes_to_quarantine_and_comes_back(office: Office) -> None:
    office.deliver(letter())
    incoming = office.folder / "state" / "incoming"
    _collect_only(office)
    (digest,) = [path.stem for path in incoming.glob("*.eml")]
    (incoming / f"{digest}.tries").write_text("2\n")
    (incoming / "in-hand").write_text(f"{digest}\n")

    office.once()

    (case,) = office.cases()
    assert case["status"] == "open"
    (held,) = office.json("quarantine")
    assert "three times" in held["reason"]
    assert office.said_to(TENANT) == []
    assert case["lease"] == "L00101", "the address still says whose letter it is"
    assert len(office.said_to("d.faucheux@aubrelac.test")) == 1
    assert office.folders()["Quarantaine"] == 1

    verifier = ["bash", str(office.tree / "_ged" / "verifier.sh")]
    (kept,) = (office.tree / "_ged" / "quarantaine").rglob("*.eml")
    assert kept.read_bytes() in office.all_letters()
    assert subprocess.run(verifier, check=False, capture_output=True).returncode == 0

    office.command("quarantine", "retry", held["id"])
    office.once()

    assert office.json("quarantine") == []
    (again,) = office.cases()
    assert (again["ref"], again["lease"], again["label"]) == (case["ref"], "L00101", "reclamation/travaux")
    assert len(office.said_to(TENANT)) == 1
    status = office.json("status")
    assert (status["seen"], status["filed"], status["quarantined"]) == (1, 1, 0)
    assert "Quarantaine" not in office.folders()
    assert office.folders()["R&AOk-clamations/Travaux"] == 1
    assert subprocess.run(verifier, check=False, capture_output=True).returncode == 0


def test_a_letter_damaged_on_the_disk_is_told_kept_and_fetched_again(office: Office) -> None:
    lost = letter("ewen.legoff@example.org", "Volet", "Bonjour, mon volet est bloqué, merci.")
    office.deliver(letter())
    _collect_only(office)
    state = office.folder / "state"
    now = datetime.now(UTC)
    by_lmtp = Arrival("lmtp", now, now, lmtp_id="7", envelope_sender="ewen.legoff@example.org")
    Incoming(state).receive(lost, by_lmtp)
    for file in (state / "incoming").glob("*.eml"):
        file.chmod(0o640)
        file.write_bytes(file.read_bytes()[:-20])
    office.deliver(letter("l.kaya@example.org", "Ascenseur", "Bonjour, l'ascenseur est en panne, merci."))

    office.once()

    assert [case["sender"] for case in office.cases()] == ["l.kaya@example.org"]
    told = {text_of(one) for one in office.said_to("admin@aubrelac.test")}
    assert len(told) == 2
    (gone,) = [text for text in told if "ne peut pas être redemandée" in text]
    assert "de ewen.legoff@example.org" in gone
    assert {path.read_bytes() for path in (state / "damaged").glob("*.eml")} == {letter()[:-20], lost[:-20]}
    _let_a_debt_fall_due(office)
    office.once()

    assert len(office.said_to(TENANT)) == 1
    assert len(office.said_to("admin@aubrelac.test")) == 2
    status = office.json("status")
    assert status["seen"] == status["filed"] == 2


def _let_a_debt_fall_due(office: Office) -> None:
    """A letter that a mailbox owes us was asked for long ago."""
    database = sqlite3.connect(office.folder / "state" / "vaguemestre.db", isolation_level=None)
    ((name, value),) = database.execute("SELECT name, value FROM fact WHERE name LIKE 'withheld/%'").fetchall()
    long_ago = json.dumps(dict.fromkeys(json.loads(value), "2026-01-01T00:00:00+00:00"))
    database.execute("UPDATE fact SET value = ? WHERE name = ?", (long_ago, name))
    database.close()


def _collect_only(office: Office) -> None:
    """A letter in `incoming/`, and no further: as a death leaves it."""
    with office.person() as person:
        ((uid, raw),) = person.letters().items()
    now = datetime.now(UTC)
    Incoming(office.folder / "state").receive(
        raw, Arrival("imap", now, now, "gestion", "INBOX", _validity(office), uid)
    )


def _validity(office: Office) -> int:
    client = imaplib.IMAP4("127.0.0.1", office.dovecot.port)
    client.login(office.user, "secret")
    status, data = client.status("INBOX", "(UIDVALIDITY)")
    client.logout()
    assert status == "OK"
    return int(data[0].split()[-1].rstrip(b")"))


def test_a_locked_database_is_waited_for(office: Office) -> None:
    office.deliver(letter())
    office.once()
    other = sqlite3.connect(office.folder / "state" / "vaguemestre.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    office.deliver(letter("ewen.legoff@example.org", "Volet", "Bonjour, mon volet est bloqué, merci."))

    process = office.start("run", "--once")
    with pytest.raises(TimeoutError):
        process.wait(4)
    other.execute("ROLLBACK")
    office.finish(process)

    assert process.returncode == 0
    assert len(office.said_to("ewen.legoff@example.org")) == 1


def test_a_second_daemon_is_refused_with_the_pid_of_the_first(office: Office) -> None:
    first = office.start("run")
    lock = office.folder / "state" / "run.lock"
    until(lambda: lock.exists() and str(first.pid) in lock.read_text().split())

    second = office.start("run", "--once")
    _, said = office.finish(second)

    assert second.returncode == 1
    assert str(first.pid) in said


def test_a_tree_that_can_t_be_entered_is_named(office: Office) -> None:
    office.tree.write_text("somebody's file, where the tree should be")
    started = office.start("run", "--once")

    _, said = office.finish(started)

    assert started.returncode == 1
    assert str(office.tree) in said
    assert "Traceback" not in said


def test_a_wrong_configuration_says_all_its_problems_and_exits_with_2(office: Office) -> None:
    office.config.write_text(
        office.config.read_text().replace('security = "none"', 'security = "nono"').replace("state = ", "stat = ")
    )

    process = office.start("run", "--once")
    _, said = office.finish(process)

    assert process.returncode == 2
    assert said.count("'nono'") == 2
    assert "stat" in said
