"""Everything we say by mail: composed once, kept, handed over by one door."""
