"""What a study file names, made by Optuna: samplers, pruners, and a sampler anew for every trial."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from optuna import pruners, samplers
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from mlpcli.searching.storage import quietly
from mlpcli.searching.study_file import StudyFile
from mlpcli.searching.study_spec import HyperbandSpec, MedianSpec, NoPrunerSpec, TpeSpec, WilcoxonSpec

LOOKS: Final = 25  # at a training, where the study file says nothing: each is a record in the storage


class Grid(samplers.GridSampler):
    """Optuna's, which at the end of the grid stops whoever drives it; here the number of trials does."""

    def after_trial(self, *_: Any) -> None:
        """Nothing."""


def seed_of(seed: int, number: int) -> int:
    """The seed of a trial's own random numbers, of 32 bits, as samplers take them."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint32)[0])


def sampler_of(study: StudyFile, number: int) -> BaseSampler:
    """The sampler that chooses for the trial of a number.

    Each trial has random numbers of its own: so they are the same whoever asks for it, whether in one go or
    after a stop, and no two workers begin with the same choices.
    """
    with quietly():
        return _sampler_of(study, number)


def _sampler_of(study: StudyFile, number: int) -> BaseSampler:
    spec, seed = study.spec.sampler, seed_of(study.spec.seed, number)
    of_study = seed_of(study.spec.seed, 0)  # where there is one order of all trials
    if isinstance(spec, TpeSpec):
        return samplers.TPESampler(seed=seed, n_startup_trials=spec.startup, constant_liar=True)
    if spec.name == "grid":
        grid = {dimension.key: list(dimension.all() or ()) for dimension in study.space}
        return Grid(grid, seed=of_study)
    if spec.name == "cmaes":
        return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    if spec.name == "qmc":
        return samplers.QMCSampler(scramble=True, seed=of_study, warn_independent_sampling=False)
    return samplers.RandomSampler(seed=seed)


def pruner_of(study: StudyFile) -> BasePruner:
    """The pruner that the file names."""
    spec = study.spec.pruner
    if isinstance(spec, MedianSpec):
        return pruners.MedianPruner(n_startup_trials=spec.startup, n_warmup_steps=spec.warmup)
    if isinstance(spec, HyperbandSpec):
        most = study.base.spec.training.epochs
        least = min(spec.warmup, most)
        return pruners.HyperbandPruner(
            min_resource=least, max_resource=max(most, least + 1), reduction_factor=spec.factor
        )
    if isinstance(spec, WilcoxonSpec):
        return pruners.WilcoxonPruner(p_threshold=spec.p)
    return pruners.NopPruner()


def epochs_between_looks(study: StudyFile) -> int | None:
    """After how many epochs a trial may be ended each time; None where none is ended by its epochs."""
    spec = study.spec.pruner
    if isinstance(spec, NoPrunerSpec | WilcoxonSpec):
        return None
    return spec.every or max(1, round(study.base.spec.training.epochs / LOOKS))
