"""What our own people write, and what they order by it."""
