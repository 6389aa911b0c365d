"""Whether a checkpoint belongs to the run that is to go on from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlpcli.artifacts.checkpoint import Checkpoint
from mlpcli.artifacts.model_schema import ModelMeta
from mlpcli.commands.compose import STARTING_FILE
from mlpcli.commands.job import Job
from mlpcli.commands.model_document import config_document, versions
from mlpcli.config.mapping import config_of
from mlpcli.config.spec import Spec
from mlpcli.errors import ConfigError, DataError, Problem
from mlpcli.optim import schedules

# what a run that goes on may have more of
MAY_GROW = {("training", "epochs"), ("training", "early_stopping", "patience")}
AGAIN = "only training.epochs and patience may grow; for anything else train again without --resume"

Leaf = tuple[str | int, ...]


def resolved(spec: Spec) -> dict[str, Any]:
    """The whole config with its defaults, without where its files go: what a checkpoint is compared by."""
    return spec.model_dump(mode="json", exclude={"output"})


def refuse_changes(job: Job, saved: Checkpoint) -> None:
    """Raise DataError or ConfigError, naming every difference, unless the run is the one that was saved."""
    if saved.data_sha256 != job.prepared.sha256:
        raise DataError.of("the data is not what the checkpoint was trained on", None, AGAIN)
    refuse_other_start(job, saved.init_sha256)
    if saved.versions != versions():
        was, found = (", ".join(f"{k} {v}" for k, v in it.items()) for it in (saved.versions, versions()))
        raise ConfigError.of(f"the checkpoint was made with {was}; this is {found}", None, AGAIN)
    problems = list(_differences(job, saved.config, resolved(job.config.spec)))
    if problems:
        raise ConfigError(*problems)


def refuse_other_model(job: Job, meta: ModelMeta) -> None:
    """Raise DataError or ConfigError unless the finished model is what the config and its data would give."""
    if meta.data.sha256 != job.prepared.sha256:
        raise DataError.of("the data is not what the model in the run directory was trained on", None, AGAIN)
    refuse_other_start(job, meta.training.init_sha256)
    before, now = (resolved(config_of(document).spec) for document in (meta.config, config_document(job)))
    problems = list(_differences(job, before, now))
    if problems:
        raise ConfigError(*problems)


def refuse_other_start(job: Job, init_sha256: str | None) -> None:
    """Raise DataError where the file of the starting weights has changed; None: the run did not record it."""
    if init_sha256 in (None, job.init_sha256) or job.init_sha256 is None:
        return
    message = "the file is not the one whose weights the run began with"
    raise DataError(*job.config.problem(STARTING_FILE, message, AGAIN).problems)


def _differences(job: Job, saved: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[Problem]:
    before, now = dict(_leaves(saved)), dict(_leaves(asked))
    for key in {**before, **now}:
        was, found = before.get(key), now.get(key)
        if was == found or (key in MAY_GROW and _may_grow(job, key, was, found)):
            continue
        message = f"{'.'.join(map(str, key))}: the run has {was}, found {found}"
        yield from job.config.problem(key, message, AGAIN).problems


def _may_grow(job: Job, key: Leaf, was: Any, found: Any) -> bool:
    spec = job.config.spec
    fixed = key == ("training", "epochs") and schedules.CURVES[spec.schedule.name].depends_on_epochs
    return not fixed and isinstance(was, int) and isinstance(found, int) and found > was


def _leaves(document: Any, key: Leaf = ()) -> Iterator[tuple[Leaf, Any]]:
    """Every value of a config that is not itself a collection, by its key."""
    if isinstance(document, Mapping):
        for name, value in document.items():
            yield from _leaves(value, (*key, name))
    elif isinstance(document, list | tuple):
        for index, value in enumerate(document):
            yield from _leaves(value, (*key, index))
    else:
        yield key, document
