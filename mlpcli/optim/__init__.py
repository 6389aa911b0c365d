"""Optimizers: update rules on one flat vector; they know nothing of networks."""
