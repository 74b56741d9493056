"""A session with a real Dovecot, and a person at work in the same mailbox."""

import pytest

from daemon.imap import Session, uid_set
from tests.dovecot import SECRET, SUNDAY, Dovecot, dovecot, user

__all__ = ["dovecot", "user"]


def letter(number: int, body: str = "Bonjour") -> bytes:
    head = f"From: locataire{number}@exemple.test\r\nSubject: Lettre {number}\r\nMessage-ID: <{number}@exemple.test>\r\n"
    return f"{head}\r\n{body}\r\n".encode()


def test_a_fetch_gives_the_bytes_and_never_marks_them_read(dovecot: Dovecot, user: str) -> None:
    with dovecot.person(user) as person, Session(dovecot.config(user), password=SECRET) as session:
        person.put(letter(1), letter(2))

        fetched = [one for batch in session.fetch("INBOX", 0) for one in batch]

        assert [one.raw for one in fetched] == [letter(1), letter(2)]
        assert [one.internal_date for one in fetched] == [SUNDAY, SUNDAY]
        assert person.flags() == {1: set(), 2: set()}
