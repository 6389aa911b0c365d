"""What a report says first: what was learnt, how good it is, how sure that is, and what to distrust."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from mlpcli.artifacts.exact import Count, Exact, Items, Positive
from mlpcli.config.data_spec import Task
from mlpcli.report.blocks import Capped, Name, PartName, Score, Sentence

Status: TypeAlias = Literal["finished", "early_stopped", "stopped", "worse_than_baseline"]


class Judged(Exact):
    """The rows by which the run is judged on the page: those of the test, else those that validate."""

    part: PartName = Field(description="Which part of the data it is.")
    words: Name = Field(description="What a person calls these rows: `test`, `validation`, `out-of-fold`.")
    rows: Count = Field(description="How many there are.")
    sentence: Sentence = Field(description="Whether they are new to the networks, in words.")


class Distrust(Exact):
    """A reason to trust the run less than its figures say."""

    kind: Literal[
        "worse_than_baseline",
        "unsure",
        "few_rows",
        "training_rows",
        "chosen_on_these_rows",
        "overfit",
        "still_falling",
        "stopped",
        "leak",
        "class_never_predicted",
        "badly_calibrated",
        "class_weight",
        "data",
    ] = Field(description="What it is about.")
    severity: Literal["warning", "note"] = Field(description="A warning is read first.")
    text: Sentence = Field(description="The reason, in one or two sentences.")


class Summary(Exact):
    """What a person reads who reads nothing else."""

    task: Task = Field(description="What kind of target is predicted.")
    targets: Capped[Name] = Field(description="The columns that are predicted.")
    classes: Capped[Name] = Field(description="The classes in the order of the outputs; none of numbers.")
    positive: Name | None = Field(None, description="The positive one of two classes.")
    judged: Judged = Field(description="The rows by which the run is judged.")
    main: Score = Field(description="The metric that says most about the run, on those rows.")
    verdict: Literal["better", "unsure", "worse"] = Field(
        description="Whether the interval of the main metric is on the better side of a constant prediction."
    )
    learnt: Sentence = Field(description="What was learnt from what, in a sentence.")
    good: Sentence = Field(description="How good it is, beside a constant prediction, in a sentence.")
    distrust: Items[Distrust] = Field(description="What to distrust, warnings first.")
    status: Status = Field(description="How the training ended.")
    epochs: Count = Field(description="How many epochs there were, of several networks at the most.")
    best_epoch: Count = Field(description="The epoch whose weights are kept.")
    networks: Positive = Field(description="How many networks predict together.")
    ending: Sentence = Field(description="How the training ended, in a sentence.")
