"""Whether a run that is to go on has nothing left to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlpcli.artifacts.model_file import read_model
from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.artifacts.strict_json import loads
from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.run.resolved_config import resolved_text
from mlpcli.run.resume import refuse_other_model
from mlpcli.run.study import REFIT, Study
from mlpcli.run.trained_study import TrainedStudy

LAST_FILE = "config.yaml"  # of those that every finished run has, the one written last
ALWAYS = ("model.npz", "history.csv", "metrics.json", LAST_FILE)


def is_finished_without_a_checkpoint(study: Study, run: RunDirectory) -> bool:
    """Whether the directory has the whole run, whose optimizer keeps no state that says so.

    Raises DataError or ConfigError where it has another one.
    """
    if not isinstance(study.config.spec.optimizer, QuasiNewtonSpec) or not _is_whole(run):
        return False
    refuse_other_model(study.whole, read_model(run.path / "model.npz").meta)
    return _is_this_run(study, run)


def is_finished_already(done: TrainedStudy, run: RunDirectory) -> bool:
    """Whether nothing was trained now, and the directory has the results of as many epochs as there are.

    They are of fewer where a run was finished by hand and then went on, to more epochs or to a refit.
    """
    fits = [member.fitted for member in done.trainings]
    if any(fitted.past < len(fitted.history) for fitted in fits) or not _is_whole(run):
        return False
    epochs = max(len(member.fitted.history) for member in done.members)
    is_same = written_results(run).get("epochs") == epochs and is_refitted(run) == (done.refit is not None)
    return is_same and _is_this_run(done.study, run)


def written_results(run: RunDirectory) -> Mapping[str, Any]:
    """The content of metrics.json; nothing where that cannot be read."""
    try:
        return loads(run.read("metrics.json"))
    except FileFormatError:
        return {}


def is_refitted(run: RunDirectory) -> bool:
    """Whether the directory has the results of networks that were trained again on all rows."""
    return _is_whole(run) and REFIT in written_results(run)


def _is_whole(run: RunDirectory) -> bool:
    """Whether some run was finished here, and nothing of it has been lost."""
    return all(map(run.has, ALWAYS))


def _is_this_run(study: Study, run: RunDirectory) -> bool:
    """Whether the last file is this very run's: one that was finished and then went on has another."""
    return run.read(LAST_FILE) == resolved_text(study.whole, run.output).encode()
