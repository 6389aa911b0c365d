"""From a config to a model, and from a model to predictions: what commands, Python and estimators call."""
