"""Solvers of differential equations on grids, differentiable, with the order of each tested."""
