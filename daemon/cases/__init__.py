"""What becomes of a case after it was opened."""
