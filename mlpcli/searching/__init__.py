"""Settings found by trying: a study file, Optuna's choice of what to try next, and a run for each trial."""
