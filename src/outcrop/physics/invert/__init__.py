"""From measurements to the ground with a stated regularisation: the baselines of neural inversion."""
