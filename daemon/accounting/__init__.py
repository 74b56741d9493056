"""The exchange with accounting: its exports and its printed notices in, contacts and lists out."""
