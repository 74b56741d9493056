"""What the agency says: every French sentence that leaves the house stands in these folders."""
