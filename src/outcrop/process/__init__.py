"""Between noise and data: pure mathematics, no networks."""
