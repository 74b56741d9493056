"""A manager's answer is passed on once, whenever the program is killed."""

from tests.answers import TENANT, case_of, outlook
from tests.office import Office
from tests.stories.test_a_manager_answers import ANSWER, noticed


def test_killed_between_receipt_and_relay_it_goes_once(office: Office) -> None:
    ref, notice = noticed(office)
    office.deliver(outlook(notice, ANSWER))

    for tenths in range(6):
        office.killed_after(tenths / 10)
    office.once()

    sent = office.said_to(TENANT)[1:]
    assert len({message["Message-ID"] for message in sent}) == 1
    assert len({message.as_bytes() for message in sent}) == 1
    case = case_of(office, ref)
    assert case["status"] == "answered"
    assert [step["what"] for step in case["steps"]].count("answered") == 1
