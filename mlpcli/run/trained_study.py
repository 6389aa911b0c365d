"""A run whose networks have been trained, once or twice: which are kept, and which are judged by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

from mlpcli.arrays import Matrix
from mlpcli.run.member import TrainedMember
from mlpcli.run.member_scores import MemberScores, scores_of_all
from mlpcli.run.study import Study


@dataclass(frozen=True, eq=False)
class TrainedStudy:
    """The networks of a run, trained; `refit` the same ones, trained again on all rows that may train.

    What a run says of rows that validate is said by the networks that had not seen them, and all else by
    those that are kept.
    """

    study: Study
    members: Sequence[TrainedMember]
    refit: TrainedStudy | None = None

    @property
    def kept(self) -> TrainedStudy:
        """The networks that predict."""
        return self.refit or self

    @property
    def trainings(self) -> list[TrainedMember]:
        """Every training that there was."""
        return [*self.members, *(self.refit.members if self.refit else ())]

    @property
    def best_epochs(self) -> list[int]:
        """The epoch whose weights each network has."""
        return [member.fitted.best_epoch for member in self.members]

    @cached_property
    def scores_of_members(self) -> list[MemberScores]:
        """What each network says."""
        return [member.scores for member in self.members]

    @cached_property
    def scores(self) -> Mapping[str, Matrix]:
        """What all say together (rows, outputs) of each part."""
        return scores_of_all(self.study, self.scores_of_members)

    def by_part(self) -> dict[str, TrainedStudy]:
        """Which networks each part is judged by, in the order of the parts."""
        kept = self.kept
        return {part: self if part == "val" else kept for part in self.study.whole.parts}


def refit_of(study: Study, best: Sequence[int]) -> Study | None:
    """The run that trains again, each network to the epoch that was best; None where none is asked for.

    Of folds all networks train for the mean of the best epochs: the rows that say so are few for each.
    """
    again = study.refit
    if again is None:
        return None
    epochs = [round(fmean(best))] * len(best) if study.folds else best
    members = [replace(member, most_epochs=most) for member, most in zip(again.members, epochs, strict=True)]
    return replace(again, members=tuple(members))
