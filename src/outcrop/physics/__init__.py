"""Equations and what is known of their solutions; solvers, forward models and inversion; no networks here."""
