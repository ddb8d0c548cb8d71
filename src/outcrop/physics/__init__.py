"""Equations, what is known of their solutions, and what a network has to learn of them: no networks here."""
