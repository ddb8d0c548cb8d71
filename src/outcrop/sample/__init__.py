"""From noise to data: integrators of a denoiser or a velocity, and guidance towards observations."""
