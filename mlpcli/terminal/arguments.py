"""The arguments and flags that several commands share, and the words that some of them take."""

from __future__ import annotations

import re
from copy import copy
from enum import StrEnum
from itertools import zip_longest
from math import inf
from pathlib import Path
from typing import Annotated

import typer

from mlpcli.memory import MAX_PARAMETERS, MOST_MEMBERS
from mlpcli.parallel.shares import Shard
from mlpcli.parallel.threads import LIMIT

Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="The YAML file.", show_default=False)]
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="A model.npz.", show_default=False)]
RunOutput = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="DIR", help="The run directory. Default: runs/CONFIG.")
]
Sha256 = Annotated[
    str | None, typer.Option("--expect-sha256", metavar="HEX", help="Refuse any other model file.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key: optimizer.learning_rate=1e-2. Repeatable."
    ),
]
Folds = Annotated[
    int | None,
    typer.Option(
        min=2,
        max=MOST_MEMBERS,
        metavar="K",
        help="Cross-validate: a network for each of K parts of the rows.",
    ),
]
Assertions = Annotated[
    list[str] | None,
    typer.Option("--assert", metavar="CLAIM", help="Exit 10 unless it holds: 'accuracy>=0.9'. Repeatable."),
]
RunAssertions = Annotated[
    list[str] | None,
    typer.Option(
        "--assert", metavar="CLAIM", help="Exit 10 unless it holds: 'cv.accuracy>=0.9'. Repeatable."
    ),
]
Confidence = Annotated[
    bool, typer.Option("--ci", help="95 % bootstrap intervals of the metrics: what other rows would change.")
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by", metavar="COLUMN", help="Scores of each value of COLUMN, of numbers by quarters. Repeatable."
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar="P",
        help="Predict the positive one of two classes from this probability on.",
    ),
]
Curves = Annotated[
    bool, typer.Option("--curves", help="ROC, precision-recall and reliability; points with --json.")
]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Override the config's seed.")]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=LIMIT,
        metavar="N",
        help="Threads, or processes for large steps. Default: by the shapes.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything, show config and layers, train nothing.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the run directory's checkpoint.")]
Finish = Annotated[
    bool, typer.Option("--finish", help="With --resume: train no further, make the model of what there is.")
]
Ids = Annotated[
    list[str] | None, typer.Option("--id", metavar="COL", help="An input column to keep. Repeatable.")
]
IncludeInputs = Annotated[bool, typer.Option("--include-inputs", help="Keep every input column.")]
PredictionsOut = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="A .csv, .tsv or .jsonl (with .gz, .zst), .parquet, .arrow. Default: stdout.",
    ),
]
RowsShard = Annotated[
    Shard | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        parser=Shard.read,
        help="The I-th of N parts of the rows: all outputs, one after the other, are the whole.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="An unseen category is an error.")]
OverwriteFile = Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")]
Interval = Annotated[
    float | None,
    typer.Option(metavar="LEVEL", help="Add intervals, of classes sets, that hold the truth so often: 0.9."),
]
Against = Annotated[
    Path | None, typer.Option(metavar="FILE.npz", help="Compare the gradients in FILE with ours.")
]
Every = Annotated[bool, typer.Option("--all", help="Every entry, of networks beyond 50,000 parameters too.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace the run that is there instead of moving it aside.")
]
NoPlots = Annotated[bool, typer.Option("--no-plots", help="Write no report and no pictures.")]
FailWorse = Annotated[
    bool,
    typer.Option(
        "--fail-worse-than-baseline", help="Exit 7 where a constant prediction would have been better."
    ),
]
MaxParams = Annotated[
    int,
    typer.Option(
        "--max-params",
        min=1,
        metavar="N",
        show_default=False,
        help=f"Refuse networks with more parameters. Default: {MAX_PARAMETERS:,}.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Warnings and errors only.")]


class OnBadRow(StrEnum):
    """What becomes of a row that cannot be encoded."""

    ERROR = "error"
    EMPTY = "empty"


BadRow = Annotated[
    OnBadRow, typer.Option("--on-bad-row", help="What becomes of a row that cannot be encoded.")
]


class Method(StrEnum):
    """How the gradient check estimates derivatives."""

    CENTRAL = "central"
    COMPLEX_STEP = "complex-step"


class TaskName(StrEnum):
    """What is to be learnt."""

    REGRESSION = "regression"
    CLASSIFICATION = "classification"
    MULTILABEL = "multilabel"


Targets = Annotated[
    list[str], typer.Option("--target", metavar="COL", help="The column to predict. Repeatable.")
]
Task = Annotated[
    TaskName | None,
    typer.Option(metavar="NAME", help="regression, classification or multilabel. Default: by the target."),
]


class RecipeOption(StrEnum):
    """How much is done for the best prediction."""

    QUICK = "quick"
    STRONG = "strong"
    BEST = "best"


Recipe = Annotated[
    RecipeOption,
    typer.Option(metavar="NAME", help="quick, strong (default) or best: how much to do for few errors."),
]


def with_folds(overrides: list[str] | None, folds: int | None) -> list[str]:
    """So many folds where `--folds` says so, and then what `--set` changes, of these too."""
    return [*([] if folds is None else [f"ensemble={{folds: {folds}}}"]), *(overrides or ())]


def positive(value: float | None) -> float | None:
    """Refuse a number that is not above 0."""
    if value is not None and not 0 < value < inf:
        raise typer.BadParameter(f"expected a number above 0, found {value:g}")
    return value


InjectError = Annotated[
    str | None,
    typer.Option(
        "--inject-error",
        metavar="[LAYER]",
        help="Break the gradient of a layer (1, embeddings.0, numeric_embedding, scaling) on purpose.",
    ),
]
NAMED_LAYER = re.compile(r"-?\d+|(layers|embeddings)\.\d+|numeric_embedding|scaling")


def with_default_layer(arguments: list[str]) -> list[str]:
    """The arguments with layer 0 behind an `--inject-error` that names none: its value may be left out."""
    given: list[str] = []
    for argument, following in zip_longest(arguments, arguments[1:], fillvalue=""):
        given.append(argument)
        if argument == "--inject-error" and not NAMED_LAYER.fullmatch(following):
            given.append("0")
    return given


def with_named_command(app: typer.Typer, arguments: list[str]) -> typer.Typer:
    """The application with no command but the one that comes first: building them all takes longer.

    It is 4 % of what a wrong config waits for (python tests/benchmarks/decisions.py --only start). Whatever
    else comes first, a wrong name or `--help`, is answered with all commands at hand.
    """
    named = [it for it in app.registered_commands if it.callback and [it.callback.__name__] == arguments[:1]]
    chosen = copy(app)
    chosen.registered_commands = named or app.registered_commands
    return chosen
