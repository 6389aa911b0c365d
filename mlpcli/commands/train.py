"""`mlp train`: from a config to a run directory with a model that predicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlpcli.artifacts.run_directory import Existing
from mlpcli.commands.assertions import Assertion, parse_assertions
from mlpcli.commands.parts_table import PART_NAMES
from mlpcli.commands.summary import dry_run_document, dry_run_summary, run_summary
from mlpcli.commands.tracked import tracked
from mlpcli.config.fields import suggestion
from mlpcli.config.load import Config
from mlpcli.errors import CheckFailedError, DivergedError, ExitCode, UsageError
from mlpcli.run import training
from mlpcli.run.experiment import Experiment
from mlpcli.run.resolved_config import resolved_text
from mlpcli.run.results import REMEDIES, WORSE, Results
from mlpcli.run.shared_rows import shared_rows
from mlpcli.run.study import Study, study_of
from mlpcli.run.training import Finished, RunOptions, Trained
from mlpcli.storage.cache import Cache
from mlpcli.storage.rank_rows import CacheOfRanks
from mlpcli.terminal.console import Console, reading
from mlpcli.training.unused_classes import unused_remark


@dataclass(frozen=True)
class TrainOptions:
    """What the command line says besides the config."""

    run: RunOptions
    max_parameters: int
    dry_run: bool
    fail_worse_than_baseline: bool
    assertions: Sequence[str]
    json: bool
    track: str | None = None


def train(config: Config, options: TrainOptions, console: Console) -> ExitCode:
    """Train as the config says and show how good the model is."""
    claims = parse_assertions(options.assertions)
    with cache_of(config, options.run) as cache:
        return _trained(config, options, claims, cache, console)


def cache_of(config: Config, options: RunOptions) -> Cache:
    """Where the data are: of several processes that train one network, with all of them."""
    mode, output = config.spec.data.cache, training.output_of(config, options)
    if options.ranks is None or config.spec.ensemble is not None:
        return Cache(mode, output)
    return CacheOfRanks(mode, output, options.ranks)


def _trained(
    config: Config, options: TrainOptions, claims: Sequence[Assertion], cache: Cache, console: Console
) -> ExitCode:
    study = prepared_study(config, options, cache, console)
    require_answers(claims, study)
    if options.dry_run:
        return report_dry_run(study, options, console)
    name = training.output_of(study.config, options.run).name
    with tracked(options.track, name, console) as tracking:
        done = training.train(study, replace(options.run, listeners=tracking.listeners), console)
        tracking.done(done.output)
        if isinstance(done, Finished):
            report_finished(done, options, console)
            return checked(claims, done.results)
        report(study, done, options, console)
        return checked(claims, done.results.document())


def prepared_study(config: Config, options: TrainOptions, cache: Cache, console: Console) -> Study:
    """The run that the config describes, once its notes are told."""
    with console.doing(reading(config.input_paths(("data", "train"))[0])):
        study = study_of(config, options.max_parameters, cache)
    if cache.note is not None:
        console.note(cache.note)
    for note in study.whole.prepared.notes:
        console.note(note)
    for warning in study.whole.prepared.warnings:
        console.warn(warning)
    return study


def existing(*, resume: bool, finish: bool, overwrite: bool) -> Existing:
    """What the command line says about a run that is there already; raises UsageError for contradictions."""
    if resume and overwrite:
        raise UsageError.of("--resume and --overwrite exclude each other", hint="give one of them")
    if finish and not resume:
        hint = "`mlp train CONFIG --resume --finish` makes the model of a run that was stopped"
        raise UsageError.of("--finish goes with --resume", hint=hint)
    if finish:
        return Existing.FINISH
    return Existing.RESUME if resume else Existing.OVERWRITE if overwrite else Existing.MOVE_ASIDE


def report_dry_run(study: Study, options: TrainOptions, console: Console) -> ExitCode:
    """Show what would be trained."""
    training.resources_of(study, options.run)  # raises where the model could not be saved
    if options.json:
        console.document(dry_run_document(study))
    else:
        console.lines(dry_run_summary(study, resolved_text(study.whole, Path())))
    return ExitCode.DONE


def report_finished(done: Finished, options: TrainOptions, console: Console) -> None:
    """Say that there is nothing to go on with; the results are those that the run has written."""
    console.note(f"the run in {done.output} is finished: nothing left to do")
    if options.json:
        console.document({**done.results, "output": str(done.output)})


def remarks(experiment: Experiment, results: Results) -> Iterator[str]:
    """What the table of results does not say by itself."""
    yield from shared_rows(experiment)
    if results.worse_held_out:
        parts = " and ".join(PART_NAMES[name] for name in results.worse_held_out)
        yield f"the loss on the {parts} rows is above that of a constant prediction"
    if results.unused:
        yield unused_remark(results.unused)
    if experiment.config.spec.class_weight is not None and experiment.decoder.probabilistic:
        yield "with class_weight the probabilities are not the shares of the rows that have a class"


def report(study: Study, trained: Trained, options: TrainOptions, console: Console) -> None:
    """Show the results; raises DivergedError where the command line calls such bad ones a failure."""
    results, worse = trained.results, trained.results.status == "worse_than_baseline"
    console.note(f"wrote {trained.output}: {', '.join(trained.files)}")
    if worse and options.fail_worse_than_baseline:
        raise DivergedError.of(WORSE, hint=f"try {REMEDIES}")
    if options.json:
        console.document({**results.document(), "output": str(trained.output)})
    else:
        console.lines(run_summary(study, trained.members, results))
    if worse:
        console.warn(f"{WORSE}: try {REMEDIES}")
    for remark in remarks(trained.done.kept.study.whole, results):
        console.note(remark)


def require_answers(claims: Sequence[Assertion], study: Study) -> None:
    """Raise UsageError for a claim about what the run will not say: before anything is trained."""
    known = answers(study)
    for claim in claims:
        if claim.metric not in known:
            message = f"the results of this run have no '{claim.metric}'"
            raise UsageError.of(message, claim.place, suggestion(claim.metric, known))


def answers(study: Study) -> list[str]:
    """What a claim may be about: `test.accuracy`, `cv.loss`."""
    parts = [*study.whole.parts, *(["cv"] if study.folds else [])]
    return [f"{part}.{name}" for part in parts for name in ("loss", *study.whole.metrics)]


def checked(claims: Sequence[Assertion], results: Mapping[str, Any]) -> ExitCode:
    """All claims hold; raises CheckFailedError where one does not."""
    folds = {name: own["mean"] for name, own in results.get("cross_validation", {}).items()}
    parts = {**{name: results.get(name, {}) for name in PART_NAMES}, "cv": folds}
    values = {f"{part}.{name}": value for part, own in parts.items() for name, value in own.items()}
    missed = [problem for claim in claims if (problem := claim.miss(values)) is not None]
    if missed:
        raise CheckFailedError(*missed)
    return ExitCode.DONE
