"""Whether the rows of a file are distributed as those that trained a model, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlpcli.data.decided import features_of_columns
from mlpcli.data.encoding import Batch
from mlpcli.data.feature import Feature
from mlpcli.data.observed import Codes, observed
from mlpcli.drift.tally import Tally, tally_of
from mlpcli.drift.verdict import ColumnDrift, drift_of
from mlpcli.run.member_files import inputs_of
from mlpcli.run.predictor import Model
from mlpcli.run.profiles import Profiles, predicted_columns


@dataclass(frozen=True, eq=False)
class Drift:
    """What became of each column, and of what is predicted, in `rows` rows beside those that trained."""

    rows: int
    training_rows: int
    columns: Mapping[str, ColumnDrift]
    predictions: Mapping[str, ColumnDrift]

    @property
    def moved(self) -> list[str]:
        """The columns that have moved, the one that has most first."""
        names = [name for name, one in self.columns.items() if one.moved]
        return sorted(names, key=lambda name: -self.columns[name].psi)


def drift_in(model: Model, profiles: Profiles, batches: Iterable[Batch]) -> Drift:
    """The drift of rows, counted as they come. Raises DataError for cells that cannot be used."""
    features = _features(model)
    columns = {name: tally_of(profile) for name, profile in profiles.columns.items()}
    predictions = {name: tally_of(profile) for name, profile in profiles.predictions.items()}
    rows = 0
    for batch in batches:
        scores, judged = model.scores(batch)
        judged.require_good()
        rows += len(batch.rows)
        for name, tally in columns.items():
            cells = observed(features[name], batch.table, batch.rows)
            tally.add(cells.of_rows if isinstance(cells, Codes) else cells)
        for name, values in predicted_columns(model.decoder, scores).items():
            predictions[name].add(values)
    return Drift(rows, model.file.meta.data.rows, _drifts(columns), _drifts(predictions))


def _features(model: Model) -> dict[str, Feature]:
    """Those of all training rows, which the profiles are of: members may have features of their own."""
    inputs = inputs_of(model.file.meta.features, model.file.arrays)
    return {feature.name: feature for feature in features_of_columns(inputs.features)}


def _drifts(tallies: Mapping[str, Tally]) -> dict[str, ColumnDrift]:
    return {name: drift_of(tally, len(tallies)) for name, tally in tallies.items()}
