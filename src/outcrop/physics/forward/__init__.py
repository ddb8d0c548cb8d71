"""What instruments measure over a given ground, differentiable in the ground."""
