"""Losses: what is minimised. `table` lists them without importing JAX; `loss` says what every loss provides."""
