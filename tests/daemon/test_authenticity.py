"""Whether a letter is truly from the address that it bears."""

import pytest

from daemon.reading.authenticity import is_aligned
from rules.letter import Address, Letter

OURS = ("mx.agence.test",)


def said(*results: str, sender: str = "compta@agence.test", defects: tuple[str, ...] = ()) -> bool:
    headers = tuple(("authentication-results", one) for one in results)
    return is_aligned(Letter(sender=Address("", sender), headers=headers, defects=defects), OURS)


@pytest.mark.parametrize(
    "result",
    [
        "mx.agence.test; dmarc=pass header.from=agence.test",
        "mx.agence.test; dkim=pass header.d=agence.test",
        "mx.agence.test; spf=pass smtp.mailfrom=compta@agence.test",
        "MX.agence.test; dkim=fail header.d=agence.test; spf=pass smtp.mailfrom=agence.test",
        "mx.agence.test; dkim=pass header.d=mail.agence.test",
    ],
)
def test_an_aligned_pass_of_a_trusted_server_is_believed(result: str) -> None:
    assert said(result)


@pytest.mark.parametrize(
    "results",
    [
        (),
        ("mx.other.test; dmarc=pass header.from=agence.test",),
        ("mx.agence.test; dmarc=fail header.from=agence.test",),
        ("mx.agence.test; dkim=pass header.d=evil.test",),
        ("mx.agence.test; spf=pass smtp.mailfrom=x@evil.test",),
        ("mx.agence.test; dkim=pass header.d=test",),
        ("mx.agence.test; dkim=pass header.d=notagence.test",),
        ("mx.agence.test; spf=fail smtp.mailfrom=evil.test", "mx.agence.test; dmarc=pass header.from=agence.test"),
        ("not a header at all;;;=",),
    ],
)
def test_anything_else_is_not(results: tuple[str, ...]) -> None:
    assert not said(*results)


def test_two_senders_are_nobody() -> None:
    assert not said(
        "mx.agence.test; dmarc=pass header.from=agence.test", defects=("from: 2 of them, the first is kept",)
    )
