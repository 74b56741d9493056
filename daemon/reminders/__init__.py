"""What people are told of the clocks that run."""
