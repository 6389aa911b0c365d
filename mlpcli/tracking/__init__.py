"""Runs told to trackers of experiments: from their directories after the fact, or as they go."""
