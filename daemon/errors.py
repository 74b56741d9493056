"""The three kinds of failure; each is classified at the edge that saw it.

A problem in a letter is none of them: it is data (quarantine, with its reason).
"""


class ConfigError(Exception):
    """The configuration can't be used: stop at the start. `problems` holds them all, with their values and cures."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Temporary(Exception):  # noqa: N818  a word of the trade (RFC 3463: 4.x.x)
    """It may work later: retry with backoff. The text is for the operator."""


class Permanent(Exception):  # noqa: N818  a word of the trade (RFC 3463: 5.x.x)
    """It will never work: record it and tell a person. The text is for the operator."""
