"""From what each member says of its rows to what all of them say of all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix
from mlpcli.data.folds import Fold
from mlpcli.run.study import Study
from mlpcli.training.combined import combined
from mlpcli.training.decoder import OutputDecoder

# by part of the whole the parts of members whose rows count there
COUNTING: Final = {"train": ("train", "val"), "val": ("val",)}


@dataclass(frozen=True, eq=False)
class MemberScores:
    """What a member says of the rows of its parts, in the order of each, and how that is read."""

    of_parts: Mapping[str, Matrix]
    decoder: OutputDecoder


def scores_of_all(study: Study, members: Sequence[MemberScores]) -> dict[str, Matrix]:
    """The scores of all members together, for the rows of each part of the whole.

    With folds a row that trains counts by all members that have it, trained by it or not, and one that
    validates by those alone that it validates.
    """
    if study.is_single:
        return dict(members[0].of_parts)
    decoder, decoders = study.whole.decoder, [member.decoder for member in members]
    if not study.folds:
        return {
            part: combined([member.of_parts[part] for member in members], decoders, decoder)
            for part in study.whole.parts
        }
    count = len(study.whole.prepared.train.x)
    found = {
        part: _by_row(
            [_spread(own, fold, parts, count) for own, fold in zip(members, study.folds, strict=True)],
            decoders,
            decoder,
        )
        for part, parts in COUNTING.items()
    }
    for part in study.whole.parts:
        if part not in found:
            found[part] = combined([member.of_parts[part] for member in members], decoders, decoder)
    return found


@dataclass(frozen=True, eq=False)
class _Spread:
    """Scores (n, outputs) of some of all rows, and which these are."""

    scores: Matrix
    there: Array


def _spread(member: MemberScores, fold: Fold, parts: Sequence[str], count: int) -> _Spread:
    outputs = member.of_parts["val"].shape[1]
    spread = _Spread(np.zeros((count, outputs), member.of_parts["val"].dtype), np.zeros(count, dtype=bool))
    for part, rows in (("train", fold.train), ("val", fold.validation)):
        if part in parts:
            spread.scores[rows] = member.of_parts[part]
            spread.there[rows] = True
    return spread


def _by_row(members: Sequence[_Spread], decoders: Sequence[OutputDecoder], decoder: OutputDecoder) -> Matrix:
    """The combined scores of the rows that some member has, each by those that have it."""
    there = np.stack([member.there for member in members], axis=1)
    rows = np.flatnonzero(there.any(axis=1))
    patterns, which = np.unique(there[rows], axis=0, return_inverse=True)
    found: Matrix | None = None
    for number, pattern in enumerate(patterns):
        own = rows[which == number]
        having = np.flatnonzero(pattern).tolist()
        scores = combined([members[k].scores[own] for k in having], [decoders[k] for k in having], decoder)
        if found is None:
            found = np.empty((len(rows), scores.shape[1]), scores.dtype)
        found[which == number] = scores
    assert found is not None, "each fold has rows"
    return found


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows of the whole that validate, each with the number, from 1, of the fold that it does so in.

    `scores` (n, outputs) of the member of that fold, as the whole reads them.
    """

    rows: Indices
    folds: Indices
    scores: Matrix


def held_out_scores(study: Study, members: Sequence[MemberScores]) -> HeldOut:
    """What each member says of the rows that validate it, in the order of the rows, then of the folds."""
    parts = [combined([member.of_parts["val"]], [member.decoder], study.whole.decoder) for member in members]
    rows = np.concatenate([fold.validation for fold in study.folds])
    numbers = np.repeat(np.arange(1, len(parts) + 1), [len(part) for part in parts])
    order = np.lexsort((numbers, rows))
    return HeldOut(rows[order], numbers[order], np.concatenate(parts)[order])
