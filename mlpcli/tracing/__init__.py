"""One training step written down: every number of the forward pass, of the backward pass, of the update."""
