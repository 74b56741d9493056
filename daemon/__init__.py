"""What the agency does: mail in, mail out, the clock, the commands."""
