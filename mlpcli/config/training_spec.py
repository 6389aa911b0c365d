"""The training: how long, in which batches, when to stop, what to report."""

from typing import Annotated, Literal

from pydantic import Field

from mlpcli.config.fields import Flag, Number, Text, Whole, Word
from mlpcli.config.metric_names import MetricName
from mlpcli.config.shapes import Closed, Maybe, OneOrList
from mlpcli.config.shuffle_spec import Shuffle
from mlpcli.parallel.threads import LIMIT


class EarlyStoppingSpec(Closed):
    """Stop when a quantity on the validation rows has stopped improving; keep the best weights."""

    monitor: Annotated[
        str, Text("a quantity of the history"), Field(description="`val_loss`, or `val_` and a metric")
    ] = "val_loss"
    patience: Annotated[
        int | Literal["none"],
        Whole(1, 10**9, word="none"),
        Field(
            description="epochs without improvement after which the run stops; with `none` it does not, and "
            "the best weights are still kept"
        ),
    ] = 20
    min_delta: Annotated[
        float, Number(at_least=0), Field(description="better means better by more than this")
    ] = 0.0
    keep: Annotated[
        Literal["first", "last"],
        Word("first or last"),
        Field(description="whose weights are kept of epochs that are equally good"),
    ] = "first"


class AverageSpec(Closed):
    """A running mean of the weights, which is what predicts."""

    ema: Annotated[
        float,
        Number(above=0, below=1),
        Field(
            description="share of the mean so far at every update, less in the first updates: "
            "min(ema, (1 + t)/(10 + t)) at update t"
        ),
    ]


class TrainingSpec(Closed):
    """How the network is trained."""

    epochs: Annotated[
        int, Whole(1, 10**9), Field(description="passes over the training rows; not for bfgs and lbfgs")
    ] = 100
    batch_size: Annotated[
        int | Literal["full"],
        Whole(1, 10**9, word="full"),
        Field(
            description="rows per update; more than there are means all; bfgs, lbfgs and rprop: always full"
        ),
    ] = 32
    parts: Annotated[
        int | Literal["auto"],
        Whole(1, LIMIT, word="auto"),
        Field(
            description="into how many parts the rows of an update are cut, whose gradients are added up in "
            "their order: the model depends on it, and not on how many threads, processes or machines "
            "compute the parts; auto: by `--threads`, else by the shapes and the processors, at most 4"
        ),
    ] = "auto"
    shuffle: Annotated[
        Shuffle,
        Field(
            description="whether each epoch has its own order of rows; with {blocks: ROWS} blocks of rows "
            "that follow each other come in a random order, and so do the rows inside of each: for data "
            "larger than memory, whose rows are in no order. It is another training"
        ),
    ] = True
    clip_norm: Annotated[
        Maybe[Annotated[float, Number(above=0)]],
        Field(description="largest norm of the whole gradient; longer ones are scaled down to it"),
    ] = None
    dtype: Annotated[
        Maybe[Annotated[Literal["float32", "float64"], Word("a dtype")]],
        Field(description="precision; default: float32, with bfgs and lbfgs float64"),
    ] = None
    early_stopping: Annotated[
        Maybe[EarlyStoppingSpec],
        Field(description="when to stop before `epochs`; default: never"),
    ] = None
    average: Annotated[
        Maybe[AverageSpec],
        Field(
            description="a mean of the weights over the updates, by which epochs are judged and which is the "
            "model; training goes on with the weights; default: none"
        ),
    ] = None
    refit: Annotated[
        bool,
        Flag(),
        Field(
            description="whether networks are trained once more, on all rows but those that test or "
            "calibrate, to the epoch that was best (with folds: the rounded mean of their best epochs), and "
            "these are kept; validation rows are still judged by the first ones, as is the history"
        ),
    ] = False
    metrics: Annotated[
        Maybe[Annotated[tuple[Annotated[MetricName, Word("a metric")], ...], OneOrList("a metric")]],
        Field(description="what to report besides the loss; default: sensible ones by task"),
    ] = None
    checkpoint_every: Annotated[
        int,
        Whole(1, 10**9),
        Field(description="epochs between two checkpoints that `--resume` can go on from"),
    ] = 1
