"""Equations of physics: their solvers, the forward models of measurements, and inversion without networks."""
