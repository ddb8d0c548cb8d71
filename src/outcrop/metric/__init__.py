"""Scores in pure NumPy, each a formula on sums that add over samples; `table.METRICS` lists them."""
