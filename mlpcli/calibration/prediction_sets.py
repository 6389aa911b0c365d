"""Sets of classes that hold the true one as often as a level says.

How little a class fits a row is −log(p_c / (1 − p_c)): the smaller the probability, the larger, and it tells
apart probabilities that are all nearly 1. With s_i that of the row's own class, on rows that did not train
(least ambiguous sets, Sadinle et al. 2019, arXiv 1609.00451):

    {c: misfit of c ≤ the k-th smallest s_i}.

By folds, as CV+ (Romano et al. 2020, arXiv 2006.02544): a class is in the set where its misfit, by the model
without fold k(i), is above s_i for fewer than k rows i. A set may be empty: none of the classes fits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.config.levels import rank
from mlpcli.training.class_scores import ClassScores


def misfit(scores: ClassScores, truth: Indices) -> Vector:
    """s_i of the class of each row (n,)."""
    return -scores.log_odds_of(truth)


def misfits(scores: ClassScores, classes: int) -> Matrix:
    """The misfit of every class for each row (n, classes)."""
    rows = len(scores.z)
    return np.stack([misfit(scores, np.full(rows, index)) for index in range(classes)], axis=1)


def sets_by_folds(of_models: Sequence[Matrix], known: Sequence[Vector], level: float) -> Array:
    """Which classes are in each set (m, classes): misfits by each fold's model, and s_i of each fold.

    A fold's s_i are ascending, and those of its own model, on the rows that did not train it.
    """
    below = [np.searchsorted(s, found, side="left") for found, s in zip(of_models, known, strict=True)]
    return np.asarray(np.sum(below, axis=0) < rank(level, sum(map(len, known))))


def words_of(sets: Array, classes: Sequence[str]) -> Array:
    """The sets (m, classes) as texts (m,): names with | between; in a name | is \\| and \\ is \\\\."""
    names = [name.replace("\\", "\\\\").replace("|", "\\|") for name in classes]
    different, which = np.unique(sets, axis=0, return_inverse=True)
    texts = ["|".join(name for name, there in zip(names, one, strict=True) if there) for one in different]
    return np.array(texts, dtype=object)[which.reshape(-1)] if len(sets) else np.empty(0, dtype=object)
