"""The rows that a run's networks have not seen, to explain these by: out of fold, or a part of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlpcli.arrays import Matrix
from mlpcli.calibration.calibrated import Calibrated
from mlpcli.explaining.unseen_rows import UnseenRows
from mlpcli.nn.network import Network
from mlpcli.run.calibrating import reads
from mlpcli.run.experiment import Experiment
from mlpcli.run.member import TrainedMember
from mlpcli.run.trained_study import TrainedStudy
from mlpcli.training.combined import combined
from mlpcli.training.decoder import OutputDecoder


@dataclass(frozen=True, eq=False)
class Unseen:
    """Rows in parts, each with who judges it; how all are read, and what a person calls them."""

    parts: Sequence[UnseenRows]
    decoder: OutputDecoder
    what: str

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(len(part.x) for part in self.parts)


def unseen_rows(done: TrainedStudy, fitted: Calibrated) -> Unseen | None:
    """What judges a finished run best; None where every row trained.

    Of folds each network has the rows that validate it, encoded as it takes them. Otherwise the rows that
    test, or those that validate, which may have said when to stop.
    """
    decoder = reads(done.study, fitted).whole.decoder
    if done.study.folds:
        parts = []
        for member, trained in zip(done.study.members, done.members, strict=True):
            own = member.make()
            parts.append(_part(own, "val", _scores(own, [trained], decoder, is_alone=False)))
        return Unseen(parts, decoder, "rows out of fold")
    for part, judge in (("test", done.kept), ("val", done)):
        whole = judge.study.whole
        if part in whole.parts:
            read_by = reads(judge.study, fitted).whole.decoder
            said = _scores(whole, judge.members, read_by, is_alone=judge.study.is_single)
            what = {"test": "test rows", "val": "validation rows"}[part]
            return Unseen([_part(whole, part, said, len(judge.members))], read_by, what)
    return None


def _part(
    experiment: Experiment, part: str, scores: Callable[[Matrix], Matrix], networks: int = 1
) -> UnseenRows:
    split, inputs = experiment.parts[part], experiment.prepared.inputs
    products = experiment.network.layout.size * networks
    return UnseenRows(split.rows.x, split.truth, split.sample_weights, inputs, scores, products)


def _scores(
    experiment: Experiment, trained: Sequence[TrainedMember], decoder: OutputDecoder, *, is_alone: bool
) -> Callable[[Matrix], Matrix]:
    """What networks of this shape with the weights of the trained ones say, as the decoder reads it."""
    shape = experiment.network
    networks = [Network(shape.architecture, shape.loss, dtype=shape.dtype) for _ in trained]
    for network, member in zip(networks, trained, strict=True):
        network.load(member.arrays)
    if is_alone:
        return networks[0].scores
    readers = [member.scores.decoder for member in trained]
    return lambda x: combined([network.scores(x) for network in networks], readers, decoder)
