"""What several networks say together: the mean of their outputs, again as scores.

For probabilities these are the scores of the mean probability, computed by logarithms, so that no digit is
lost near 0 or 1: of K networks, over k,

    softmax   log Σ_k softmax(z_k) − log K        sigmoid   log Σ_k σ(z_k) − log Σ_k σ(−z_k)

Anything else is the mean in the target's units. Sums go from one network to the next: NumPy's over that axis
add up a single row in another order than many, and a prediction depends on its row alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.nn.total_loss import IDENTITY
from mlpcli.training.class_scores import blocks
from mlpcli.training.decoder import OutputDecoder

EXPONENTIAL = "exponential"


def decoder_of_several(decoder: OutputDecoder) -> OutputDecoder:
    """How to read scores of networks together of which each is read by this one, but for its scaling."""
    return decoder if _keeps_output(decoder) else replace(decoder, output=IDENTITY)


def combined(scores: Sequence[Matrix], decoders: Sequence[OutputDecoder], decoder: OutputDecoder) -> Matrix:
    """The scores (n, outputs) that `decoder`, one of several, reads the mean of all networks' outputs from.

    `scores` (n, outputs) of each, and how each is read. Probabilities in float64, numbers in the precision
    that the networks have.
    """
    found = np.empty(scores[0].shape, np.float64 if decoder.probabilistic else scores[0].dtype)
    with np.errstate(all="ignore"):
        for rows in blocks(*scores[0].shape):
            found[rows] = _combined([own[rows] for own in scores], decoders, decoder)
    return found


def _combined(scores: Sequence[Matrix], decoders: Sequence[OutputDecoder], decoder: OutputDecoder) -> Matrix:
    if decoder.probabilistic:
        z = np.stack([own.astype(np.float64) for own in scores])
        return _of_softmax(z) if decoder.output.name == "softmax" else _of_sigmoid(z)
    outputs = _total(own.outputs(z) for own, z in zip(decoders, scores, strict=True)) / len(scores)
    scaled = decoder.target.scaled(outputs)
    return np.log(scaled) if decoder.output.name == EXPONENTIAL else scaled


def _of_softmax(z: Array) -> Matrix:
    """log of the mean over k of softmax(z_k), z (K, n, outputs)."""
    z -= _log_sum_exp(z)
    return np.asarray(_log_total(z) - np.log(len(z)))


def _of_sigmoid(z: Array) -> Matrix:
    """The log-odds of the mean over k of σ(z_k), z (K, n, outputs): log σ(z) = −log(1 + e^−z)."""
    yes, no = (_log_total(-np.logaddexp(0.0, sign * z)) for sign in (-1.0, 1.0))
    return np.asarray(yes - no)


def _log_sum_exp(z: Array) -> Array:
    """log Σ e^z over the outputs, an axis that stays; none of them infinite."""
    largest = z.max(axis=2, keepdims=True)
    return np.asarray(largest + np.log(np.exp(z - largest).sum(axis=2, keepdims=True)))


def _log_total(z: Array) -> Matrix:
    """log Σ over k of e^z_k, z (K, n, outputs); none of them infinite."""
    largest = z.max(axis=0)
    return np.asarray(largest + np.log(_total(np.exp(own - largest) for own in z)))


def _total(matrices: Iterable[Matrix]) -> Matrix:
    """The sum of matrices, one after the other."""
    return reduce(np.add, matrices)


def _keeps_output(decoder: OutputDecoder) -> bool:
    """Whether the mean of outputs has a score of its own."""
    return decoder.output.name in {"identity", EXPONENTIAL} or decoder.probabilistic
