"""From raw bytes to a `Letter`: once, at the edge."""
