"""What the agency remembers: the document tree (GED) and the database that indexes it."""
