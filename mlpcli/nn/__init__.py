"""The network: layers forward and backward, losses, and the check that they agree."""
