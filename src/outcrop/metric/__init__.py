"""Scores in pure NumPy: each a formula on sums that add up over samples. `table.METRICS` lists them without importing them."""
