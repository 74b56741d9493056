"""A notice is answered at the address of its case, once `check` has seen that mail to such an address comes back."""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.answers import MANAGER, TENANT, case_of, reply, steps
from tests.office import OURS, Office, until
from tests.outgoing import html_of
from tests.smtp import Taken
from tests.stories.test_a_manager_answers import ANSWER, answers, noticed
from tests.stories.test_who_speaks_for_the_agency import BELIEVED


def probes(office: Office) -> list[Taken]:
    return [one for one in office.sink.accepted if "vm-0000-000000" in one.recipient]


def told(findings: list[dict[str, Any]]) -> dict[str, Any]:
    return next(finding for finding in findings if finding["name"] == "case address")


def test_once_a_probe_is_back_a_reply_without_its_thread_is_heard(office: Office) -> None:
    checking = office.start("check", "--json")
    until(lambda: probes(office))
    office.deliver(probes(office)[0].raw)
    printed, _ = office.finish(checking)

    assert "a probe came back" in printed
    ref, notice = noticed(office)
    address = str(notice["Reply-To"])
    assert address.startswith(f"gestion+{ref.lower()}.")
    assert len(address.partition("@")[0]) <= 64

    office.deliver(reply(notice, ANSWER, to=address.upper(), In_Reply_To="", References="", Subject="Votre fuite"))
    office.once()

    (answer,) = answers(office)
    assert OURS in str(answer["From"])
    assert case_of(office, ref)["status"] == "answered"
    # a link has no thread: its address names the case, and what a tenant reads proves nobody
    link = next(link for link in re.findall(r'href="(mailto:[^"]+)"', html_of(notice.as_bytes())) if "%23clos" in link)
    desk = unquote(urlsplit(link).path)
    assert desk.startswith(f"gestion+{ref.lower()}.")
    assert desk != address
    theirs: dict[str, Any] = {"In_Reply_To": "", "References": "", "Subject": "Votre fuite"}
    office.configure(more=BELIEVED)
    passed = b"Authentication-Results: mx.aubrelac.test; dkim=pass header.d=aubrelac.test\r\n"
    office.deliver(passed + reply(notice, "Le plombier est passé, c'est réparé.", to=TENANT, cc=desk, **theirs))
    office.once()
    office.deliver(reply(notice, "#clos", to=desk, **theirs))
    office.once()
    assert steps(office, ref)[-2:] == ["wrote", "unproven"]
    # the probe is nobody's letter
    assert office.json("status")["seen"] == 4
    assert [case["ref"] for case in office.cases()] == [ref]
    assert not [one for one in office.filed() if b"vm-0000-000000" in one.read_bytes().lower()]
    with office.person() as person:
        assert not any(b"vm-0000" in raw for raw in person.letters("INBOX").values())


def test_a_check_that_cannot_wait_says_so_and_the_next_one_concludes(office: Office) -> None:
    first = told(office.json("check"))
    _, before = noticed(office)
    office.deliver(probes(office)[0].raw)
    office.once()  # the daemon has it before anybody looks
    second = told(office.json("check"))

    assert first["ok"]
    assert "isn't back yet; check again" in first["message"]
    assert before["Reply-To"] == OURS
    assert "a probe came back" in second["message"]
    assert len(probes(office)) == 1
    assert office.json("status")["seen"] == 1
    assert office.said_to(MANAGER) != []


def test_a_relay_that_knows_no_such_address_is_told_with_the_cure(office: Office) -> None:
    office.sink.refuses_tags = True

    printed = office.command("check", "--json", expect=1)

    assert "[smtp] bounce_address = false" in printed
    _, notice = noticed(office)
    assert notice["Reply-To"] == OURS
