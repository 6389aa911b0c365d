"""What a model file says besides its weights: everything that predicting and auditing need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlpcli import __version__
from mlpcli.arrays import Array, Matrix
from mlpcli.artifacts.architecture_document import architecture_document
from mlpcli.artifacts.model_arrays import COLUMNS, DIGESTS, ERRORS, member_array
from mlpcli.artifacts.model_file import fitting_content
from mlpcli.artifacts.model_schema import SEVERAL, SINGLE
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.calibration.calibrated import NOT_CALIBRATED, Calibrated
from mlpcli.config.data_spec import DataSpec
from mlpcli.drift.profile import BINS
from mlpcli.errors import ConfigError
from mlpcli.run.build import options_of
from mlpcli.run.calibrating import calibration_documents, error_arrays, intervals_document
from mlpcli.run.column_digests import BITS, column_digests
from mlpcli.run.experiment import Experiment
from mlpcli.run.fit import FitResult
from mlpcli.run.member import TrainedMember, as_trained
from mlpcli.run.member_scores import MemberScores
from mlpcli.run.profiles import arrays_of_profiles
from mlpcli.run.provenance import config_document, versions
from mlpcli.run.results import Results
from mlpcli.run.study import Study


def csv_document(data: DataSpec) -> dict[str, Any]:
    """How the files are written, in a model file; `own_na_values` where some column has any."""
    common = data.model_dump(mode="json", include={"separator", "decimal", "encoding", "na_values"})
    features = (data.features or {}).items()
    own = [{"column": name, "na_values": list(one.na_values)} for name, one in features if one.na_values]
    return {**common, **({"own_na_values": own} if own else {})}


def model_document(
    study: Study, trained: Sequence[TrainedMember], results: Results, threads: int
) -> dict[str, Any]:
    """The metadata of the model file."""
    experiment = study.whole
    prepared, network = experiment.prepared, experiment.network
    return {
        "format": "mlp-model",
        "version": SINGLE if study.is_single else SEVERAL,
        "mlp": __version__,
        "versions": versions(),
        "task": prepared.task,
        "architecture": architecture_document(network.architecture, network.dtype.name),
        "loss": options_of(prepared.loss),
        "features": prepared.inputs.meta(),
        "target": prepared.target.meta(),
        "id": list(experiment.config.spec.data.id),
        "csv": csv_document(experiment.config.spec.data),
        "config": config_document(experiment),
        "data": data_document(experiment),
        "training": {**trained[0].document["training"], **results.ends},
        "metrics": {name: results.document()[name] for name in results.parts},
        "threads": threads,
        **({} if study.is_single else {"members": [member.document for member in trained]}),
        **calibration_documents(results.calibrated),
        **intervals_document(results.calibrated),
    }


def require_savable(study: Study, threads: int) -> None:
    """Raise ConfigError where no model file could hold what would be trained: before it is."""
    nothing = Results({}, {}, {}, "finished", 0, 0)
    fitted = FitResult([], None, "finished")
    try:
        with np.errstate(all="ignore"):  # no weight is trained yet
            one = as_trained(study.whole, fitted, MemberScores({}, study.whole.decoder))
            each = [one] * len(study.members)
            fitting_content(model_document(study, each, nothing, threads), model_arrays(study, each))
    except FileFormatError as error:
        hint = "use fewer layers, fewer members, or columns with fewer or shorter categories"
        raise ConfigError.of(f"no model file can hold this model: {error.message}", None, hint) from error


def data_document(experiment: Experiment) -> dict[str, Any]:
    """What it was trained on."""
    known = experiment.row_digests
    rows = {"rows": len(experiment.prepared.train.x), "sha256": experiment.prepared.sha256}
    sample = {"count": len(known.digests), "below": known.below, "salt": known.salt}
    return {**rows, "digests": sample, "profile": BINS, "columns": BITS}


def model_arrays(
    study: Study,
    trained: Sequence[TrainedMember],
    fitted: Calibrated = NOT_CALIBRATED,
    scores: Matrix | None = None,
) -> Mapping[str, Array]:
    """The arrays of the model file: those of each network, and what belongs to all of them.

    `scores` are what all say of the training rows, once they are trained.
    """
    of_rows = {
        DIGESTS: study.whole.row_digests.digests,
        COLUMNS: column_digests(study.whole.prepared),
        **arrays_of_profiles(study.whole, scores),
    }
    if study.is_single:
        return {**trained[0].arrays, **of_rows}
    of_members = {
        member_array(number, name): array
        for number, member in enumerate(trained)
        for name, array in member.arrays.items()
    }
    of_members |= {member_array(number, ERRORS): errors for number, errors in enumerate(error_arrays(fitted))}
    prepared = study.whole.prepared
    return {**prepared.inputs.arrays(), **prepared.target.arrays(), **of_rows, **of_members}
