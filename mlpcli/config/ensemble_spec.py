"""Several networks in place of one: each trained by itself, their predictions averaged."""

from typing import Annotated

from pydantic import Field

from mlpcli.config.fields import Whole
from mlpcli.config.shapes import Closed, Maybe
from mlpcli.memory import MOST_MEMBERS


class EnsembleSpec(Closed):
    """Networks that are trained by themselves and predict together: the mean of what each puts out.

    With `folds` the rows that do not test are cut into so many parts; each part validates one member, which
    all other parts train.
    """

    members: Annotated[
        Maybe[Annotated[int, Whole(2, MOST_MEMBERS)]],
        Field(description="how many, all on the same rows, each with its own seed; or write `folds`"),
    ] = None
    folds: Annotated[
        Maybe[Annotated[int, Whole(2, MOST_MEMBERS)]],
        Field(description="how many parts, one member for each: cross-validation; or write `members`"),
    ] = None
    repeats: Annotated[
        int, Whole(1, MOST_MEMBERS), Field(description="how often the rows are cut into folds anew")
    ] = 1

    @property
    def count(self) -> int:
        """The number of members."""
        return self.members or (self.folds or 1) * self.repeats
