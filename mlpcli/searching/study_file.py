"""A study file, read and checked together with the config that it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mlpcli.config.document import parse_document
from mlpcli.config.explain import Language, explain, place_of
from mlpcli.config.load import Config, load_config, read_file
from mlpcli.config.nodes import Key, MappingNode, ScalarNode, tree
from mlpcli.config.overrides import put
from mlpcli.errors import ConfigError, Place, Problem
from mlpcli.searching.dimensions import Dimension, Range
from mlpcli.searching.space import dimension_of
from mlpcli.searching.study_spec import StudySpec, WilcoxonSpec
from mlpcli.training.metrics import greater_is_better

STUDIES: Final = Language(
    StudySpec,
    {
        "params": "space",
        "parameters": "space",
        "search_space": "space",
        "objective": "metric",
        "algorithm": "sampler",
        "cv": "folds",
        "min": "low",
        "max": "high",
        "values": "choices",
        "categories": "choices",
    },
    {
        "config": "write `config: FILE.yaml`: the config that `mlp train` would train",
        "space": "write `space:` and below it `optimizer.learning_rate: {low: 1e-4, high: 1e-1, log: true}`",
    },
    {
        "direction": "a metric has its own: more of an accuracy is better, less of a loss",
        "type": "leave it out: `low` and `high` are whole numbers where the key takes no others",
        **dict.fromkeys(("trials", "n_trials"), "`mlp search STUDY --trials N` says how many"),
        "timeout": "`mlp search STUDY --timeout S` says how long",
        **dict.fromkeys(("jobs", "n_jobs"), "`mlp search STUDY --jobs N` says how many trials side by side"),
        "storage": "`mlp search STUDY --storage URL` says where",
    },
)

WHICH_ROWS: Final = frozenset(
    ("data", name)
    for name in ("train", "validation", "test", "calibration", "target", "group", "order", "stratify")
)
UNITS: Final = frozenset(
    {("loss",), ("class_weight",), ("data", "target_scale"), ("data", "target_transform"), ("data", "weight")}
)


def prefixes(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A key, and all that it is below."""
    return (path[:length] for length in range(1, len(path) + 1))


@dataclass(frozen=True, eq=False)
class StudyFile:
    """What a study file asks for: `base` is its config, `space` what is tried for which of its keys."""

    spec: StudySpec
    path: Path
    root: MappingNode
    base: Config
    space: tuple[Dimension, ...]

    def problem(self, key: Key, message: str, hint: str | None = None) -> ConfigError:
        """An error about what stands at a key of the file, to be raised."""
        return ConfigError(Problem(message, place_of(self.root, key), hint))

    @property
    def metric(self) -> str:
        """The metric by its own name: `loss`, `accuracy`."""
        return self.spec.metric.removeprefix("val_")

    @property
    def maximizes(self) -> bool:
        """Whether more of the metric is better."""
        return greater_is_better(self.metric)

    @property
    def cuts_folds(self) -> bool:
        """Whether every trial is cross-validated."""
        return self.base.spec.folds is not None

    @property
    def left_as_they_are(self) -> list[str]:
        """The keys that trial 0 leaves as the config has them: their own values are none of those tried."""
        return [dimension.key for dimension in self.space if dimension.own is None]

    @property
    def judging_otherwise(self) -> list[str]:
        """The keys by which trials differ in the rows that judge them: such scores do not compare."""
        return [one.key for one in self.space if WHICH_ROWS & set(prefixes(one.path))]

    @property
    def in_other_units(self) -> list[str]:
        """The keys by which the losses of trials differ in more than how good they are."""
        return [one.key for one in self.space if self.metric == "loss" and UNITS & set(prefixes(one.path))]

    @property
    def grid(self) -> int | None:
        """How many combinations there are, None where they cannot be counted."""
        number = 1
        for dimension in self.space:
            values = dimension.all()
            if values is None:
                return None
            number *= len(values)
        return number

    def marks(self, data_sha256: str) -> dict[str, str]:
        """What makes a study another one, each in short: trials of different studies cannot be compared."""
        space = "".join(dimension.described for dimension in self.space)
        config = self.base.spec.model_dump_json(exclude={"output"})
        return {
            "config": _digest(config),
            "metric": self.spec.metric,
            "space": _digest(space),
            "data": data_sha256,
        }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def load_study(path: Path) -> StudyFile:
    """Read and check a study file and its config. Raises one ConfigError with what is wrong with either."""
    root = parse_document(read_file(path), str(path))
    spec = _spec_of(root)
    base = _base_of(spec, path, root)
    study = StudyFile(spec, path, root, base, _space_of(spec, root, base))
    problems = [*_problems_together(study)]
    if problems:
        raise ConfigError(*problems)
    return study


def _spec_of(root: MappingNode) -> StudySpec:
    if "data" in root.entries and "config" not in root.entries:
        name = root.place.source
        hint = f"write one with `config: {Path(name).name}` and `space:`; `mlp train` trains this one"
        raise ConfigError.of("expected a study file, found a config", Place(name), hint)
    try:
        return StudySpec.model_validate(tree(root))
    except ValidationError as error:
        errors = error.errors(include_url=False)
        raise ConfigError(*dict.fromkeys(explain(details, root, STUDIES) for details in errors)) from None


def _base_of(spec: StudySpec, path: Path, root: MappingNode) -> Config:
    """The config that is searched, cross-validated where the study says so."""
    named = path.parent / spec.config
    if not named.exists():
        place = place_of(root, ("config",))
        message = f"config: expected a config file, found nothing at {named}"
        raise ConfigError.of(message, place, "a path in a study file starts at the study file's directory")
    base = load_config(named)
    if spec.folds is None:
        return base
    place = place_of(root, ("folds",))
    node = ScalarNode(str(spec.folds), True, place)
    return base.with_root(put(base.root, ("ensemble", "folds"), node, place))


def _space_of(spec: StudySpec, root: MappingNode, base: Config) -> tuple[Dimension, ...]:
    entries = root.entries["space"].node
    assert isinstance(entries, MappingNode)
    found: list[Dimension] = []
    problems: list[Problem] = []
    for key, one in spec.space.items():
        try:
            found.append(dimension_of(key, one, entries.entries[key], base))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*dict.fromkeys(problems))
    return tuple(found)


def _problems_together(study: StudyFile) -> Iterator[Problem]:
    """What cannot be wrong by itself."""
    spec = study.spec
    if not study.base.spec.validates:
        message = "metric: there are no validation rows to choose by, and test rows are not for choosing"
        hint = "write `folds: 5` here, or `validation: 0.2` below `data` in the config"
        yield Problem(message, place_of(study.root, ("metric",)), hint)
    by_folds = isinstance(spec.pruner, WilcoxonSpec)
    if spec.pruner.name != "none" and by_folds != study.cuts_folds:
        hint = "with folds a trial is ended between two of them: `pruner: wilcoxon`"
        if by_folds:
            hint = "without folds a trial is ended between two epochs: `pruner: median` or hyperband"
        what = "is for folds, of which there are none" if by_folds else "is not for folds"
        message = f"pruner: {spec.pruner.name} {what}"
        yield Problem(message, place_of(study.root, ("pruner",)), hint)
    if spec.sampler.name == "grid":
        yield from _problems_of_grid(study, study.space)


def _problems_of_grid(study: StudyFile, space: Sequence[Dimension]) -> Iterator[Problem]:
    for dimension in space:
        if isinstance(dimension, Range) and dimension.all() is None:
            message = f"space.{dimension.key}: a grid needs a `step` here, or `choices`"
            yield Problem(message, place_of(study.root, ("space", dimension.key)))
