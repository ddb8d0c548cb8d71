"""Networks: one architecture per file, each on ONE example, channels last; `table` lists them without importing JAX."""
