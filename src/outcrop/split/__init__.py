"""Promise -> split -> audit: which examples train, and what the score on the others means."""
