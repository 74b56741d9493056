"""The cases as tables for people, in the eighty columns of a terminal or of a pipe."""

import io
from datetime import datetime, timedelta

import pytest
from rich.console import Console, RenderableType

from archive.records import Message, Step
from daemon import board, report
from tests.outgoing import NOON, MailRoom, configuration

HOUR = timedelta(hours=1)
LONG = "clemence.bonnefoy-delattre.de-la-rochefoucauld@messagerie-professionnelle.example.org"


def printed(*parts: RenderableType, width: int = 80) -> list[str]:
    console = Console(width=width, file=io.StringIO())
    board.show(parts, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def shown(now: datetime, width: int = 80) -> list[str]:
    return printed(board.cases(report.cases(now), configuration(), now), width=width)


@pytest.mark.parametrize("width", [80, 160])
def test_each_case_is_one_line_with_its_reference_whole(mail_room: MailRoom, width: int) -> None:
    refs = [
        mail_room.case(
            subject="Charges [2025] : je conteste la régularisation " * 3, label="reclamation/comptabilite"
        ).ref,
        mail_room.case(lease=None, manager=None, sender=LONG, label="hors-sujet", urgent=True).ref,
    ]

    lines = shown(NOON, width)

    for ref in refs:
        (line,) = [line for line in lines if ref in line]
        assert "27 Nov 12:00" in line
        assert "72 h 00" in line
    assert any("comptabilite" in line and "L00101" in line and "G1" in line and "Charg" in line for line in lines)
    assert any("hors-sujet !" in line and "clemence" in line for line in lines)
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"due_at": NOON - HOUR * 3}, "late 3 h 00"),
        ({"due_at": NOON - HOUR * 24 * 9}, "late 9 d"),
        ({"due_at": NOON - HOUR, "answered_at": NOON - HOUR * 2}, "answered"),
        ({"due_at": NOON - HOUR, "status": "waiting", "paused_at": NOON - HOUR * 2}, "waiting"),
        ({"due_at": NOON - HOUR, "status": "closed"}, "closed"),
    ],
)
def test_it_says_which_are_late_and_which_are_not(mail_room: MailRoom, changes: dict[str, object], left: str) -> None:
    case = mail_room.case(**changes)

    (line,) = [line for line in shown(NOON) if case.ref in line]

    assert line.rstrip().endswith(left)


def test_a_time_is_that_of_the_office_in_charge(mail_room: MailRoom) -> None:
    case = mail_room.case(lease="L00201", manager="G5")

    (line,) = [line for line in shown(NOON) if case.ref in line]

    assert "27 Nov 07:00" in line


def test_a_due_time_of_another_year_says_so(mail_room: MailRoom) -> None:
    case = mail_room.case(due_at=NOON + timedelta(days=90))

    (line,) = [line for line in shown(NOON) if case.ref in line]

    assert "22 Feb 2027" in line


def test_one_case_tells_everything_and_cuts_no_path(mail_room: MailRoom) -> None:
    case = mail_room.case(sender=LONG, due_at=NOON - HOUR)
    path = f"Régie Aubrelac [AG01]/Immeubles/0001 - {'Résidence Les Traboules ' * 6}/2026/Reçu [w9n4c7be].eml"
    Message.update(path=path, id="w9n4c7be").where(Message.case == case.ref).execute()
    Step.create(case=case.ref, at=NOON, what="opened", message="letter-1")
    Step.create(case=case.ref, at=NOON + HOUR, what="answered", message="", detail="phone [vu] avec elle (G1)")
    mail_room.say(case=case)
    found = report.case(case.ref)
    assert found is not None

    lines = printed(*board.case(found, configuration(), NOON))

    text = "\n".join(" ".join(line.split()) for line in lines)
    assert any(line.split()[:2] == ["due_at", "24"] and "11:00 !" in line for line in lines), "late, and marked so"
    assert "24 Nov 12:00 opened w9n4c7be" in text
    assert "24 Nov 13:00 answered" in text
    assert "phone [vu] avec elle (G1)" in text
    assert f"w9n4c7be  {path}" in lines
    assert any("acknowledgement" in line and "clemence.bo" in line for line in lines)
    assert max(len(line) for line in lines if path not in line) <= 80
