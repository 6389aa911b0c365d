"""Classes that are far from equally frequent: which is rare, and what shows how well it is predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNEVEN = 0.4  # of the share that every class would have if all were equally frequent
# the first one goes by in training, and is drawn beside the loss
SHOWING = ("balanced_accuracy", "f1_macro", "accuracy")
SHOWING_TWO = ("average_precision", "roc_auc", "f1_macro", "accuracy")


@dataclass(frozen=True)
class Balance:
    """How the rows are spread over classes: the rarest one, and its share of the rows."""

    classes: tuple[str, ...]
    rarest: str
    share: float

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Balance:
        """That of classes in their order, with their rows; of several rarest the last."""
        classes = tuple(counts)
        rarest = min(reversed(classes), key=lambda name: counts[name])
        return cls(classes, rarest, counts[rarest] / sum(counts.values()))

    @property
    def uneven(self) -> bool:
        """Whether a model that never predicts the rarest class would look good."""
        return self.share < UNEVEN / len(self.classes)

    @property
    def positive(self) -> str | None:
        """Of two classes the one that metrics should be about: the rare one, else the last in order."""
        if len(self.classes) != 2:
            return None
        return self.rarest if self.uneven else self.classes[-1]

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that show it; none but the usual ones where nothing hides."""
        if not self.uneven:
            return ()
        return SHOWING_TWO if len(self.classes) == 2 else SHOWING

    @property
    def remark(self) -> str:
        """What to say of the rarest class, where it is rare."""
        return f"; '{self.rarest}' only {100 * self.share:.2g} % of the rows" if self.uneven else ""
