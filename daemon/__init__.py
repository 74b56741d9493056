"""What the agency does: mail in, mail out, the clock, the commands."""

__version__ = "0.1.0"
