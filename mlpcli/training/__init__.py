"""Training: the loop, what watches it, and the metrics that judge it."""
