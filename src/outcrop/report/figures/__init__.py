"""One file per family of figures; every function takes plain arrays and returns a matplotlib Figure."""
