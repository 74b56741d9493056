"""Is a letter truly from the address that it bears? (RFC 8601)

The agency's own mail server writes what it found in Authentication-Results, and takes out what a sender wrote in its
name. Only the topmost such header of a trusted server counts, and only a pass that is aligned with the From (RFC 7489
3.1): a passing SPF of somebody else's domain proves nothing.
"""

from collections.abc import Collection, Sequence

from authres import AuthenticationResultsHeader
from authres.core import AuthenticationResult, AuthResError

from rules.letter import Letter

HEADER = "authentication-results"


def is_aligned(letter: Letter, authserv: Collection[str]) -> bool:
    """Whether a trusted server says that the From's domain vouches for this letter."""
    domain = letter.sender.address.rpartition("@")[2].casefold()
    if not domain or any(defect.startswith("from:") for defect in letter.defects):
        return False
    return any(_vouches(result, domain) for result in _told(letter, authserv))


def is_refuted(letter: Letter, authserv: Collection[str]) -> bool:
    """Whether a trusted server says that the From's domain disowns this letter (DMARC)."""
    found = _told(letter, authserv)
    return any(str(one.method).casefold() == "dmarc" and str(one.result).casefold() == "fail" for one in found)


def is_internal(letter: Letter, mark: str) -> bool:
    """Whether it bears the `Header: value` that the mailbox's own host writes on what its users send, and only it."""
    name, _, value = (part.strip() for part in mark.partition(":"))
    return bool(name and value) and letter.header(name).casefold() == value.casefold()


def _told(letter: Letter, authserv: Collection[str]) -> Sequence[AuthenticationResult]:
    """What the topmost header of a trusted server says."""
    trusted = {name.casefold() for name in authserv}
    for value in letter.header_all(HEADER):
        found = _read(value)
        if found is not None and str(found.authserv_id or "").casefold() in trusted:
            return list(found.results)
    return ()


def _read(value: str) -> AuthenticationResultsHeader | None:
    try:
        return AuthenticationResultsHeader.parse(f"Authentication-Results: {' '.join(value.split())}")
    except (AuthResError, ValueError, IndexError):
        return None


def _vouches(result: object, domain: str) -> bool:
    if str(getattr(result, "result", "")).casefold() != "pass":
        return False
    named = {str(one.name).casefold(): str(one.value or "") for one in getattr(result, "properties", ())}
    match str(getattr(result, "method", "")).casefold():
        case "dmarc":
            return _same(named.get("from", ""), domain)
        case "dkim":
            return _same(named.get("d", "") or named.get("i", ""), domain)
        case "spf":
            return _same(named.get("mailfrom", ""), domain)
    return False


def _same(named: str, domain: str) -> bool:
    """The same domain, or one below it (relaxed alignment); never a wider one: `fr` is above them all."""
    vouching = named.rpartition("@")[2].strip(". ").casefold()
    return bool(vouching) and (vouching == domain or vouching.endswith(f".{domain}"))
