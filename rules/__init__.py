"""What the agency decides: pure functions and tables; no file, no clock, no network."""
