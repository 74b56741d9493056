"""Whether everything that the daemon needs is there."""
