"""`mlp explain`: which columns a model's predictions depend on, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlpcli.commands.column_names import apart, several
from mlpcli.commands.evaluate import metrics_of
from mlpcli.commands.explain_report import Explanation, document_of, report_lines
from mlpcli.data.decided import features_of_columns
from mlpcli.data.encoding import labelled_batches
from mlpcli.errors import DataError, ExitCode, Place, UsageError
from mlpcli.explaining.dependence import Asked, Dependence, dependence
from mlpcli.explaining.grids import Grid, grid_of
from mlpcli.explaining.importance import Effort, importances
from mlpcli.explaining.unseen_rows import UnseenRows
from mlpcli.run.column_digests import is_training_table
from mlpcli.run.labelled_rows import labelling_of
from mlpcli.run.member_files import inputs_of
from mlpcli.run.predictor import Model, open_model
from mlpcli.run.profiles import profiles_of_model
from mlpcli.run.questions import Questioned, questioned_rows
from mlpcli.tables.patterns import open_input
from mlpcli.tables.reader import Reader
from mlpcli.tables.row_digest import RowDigest
from mlpcli.tables.source import ALL_THERE_IS, Chosen
from mlpcli.terminal.console import Console, counted, reading
from mlpcli.terminal.progress import counting_rows
from mlpcli.training.metrics import objection

MOST_ROWS = 10_000  # of a file, drawn by chance
MOST_PRODUCTS = 1e11  # a minute or so; of wide tables fewer rows are used, and fewer repeats
TOLERATED = 0.1  # of the rows may equal a training row: in many tables some do


@dataclass(frozen=True)
class ExplainOptions:
    """What the command line says besides the model and the input."""

    repeats: int
    seed: int
    metric: str | None
    groups: Sequence[str]
    pdp: Sequence[str]
    json: bool
    force: bool
    expect_sha256: str | None
    chosen: Chosen = ALL_THERE_IS


def explain(model_path: Path, source: str, options: ExplainOptions, console: Console) -> ExitCode:
    """Say what the predictions for rows of `source` depend on. Raises DataError for training rows."""
    model = open_model(model_path, options.expect_sha256)
    columns = list(dict.fromkeys(feature.name for feature in model.inputs.features))
    metric = metric_of(model, options.metric)
    groups = apart([several(text, "--group", columns, least=2) for text in options.groups], "--group")
    asked = [several(text, "--pdp", columns, most=2) for text in options.pdp]
    curves = _Curves.of(model, str(model_path), options.seed) if asked else None
    with open_input(source, model.form, options.chosen) as reader, console.doing(reading(source)):
        rows = read_rows(model, reader, options, console)
    with console.doing(f"shuffling {counted(len(columns), 'column')}"):
        effort = Effort(options.repeats, options.seed, None, MOST_PRODUCTS)
        found = importances([rows.rows], model.decoder, metric, effort, groups)
        drawn = [curves.along(rows.rows, names) for names in asked] if curves else []
    explanation = Explanation(replace(found, of_rows=rows.of_rows), drawn, rows.training_rows)
    if options.json:
        console.document(document_of(explanation))
    else:
        console.lines(report_lines(explanation, model.decoder))
    return ExitCode.DONE


def metric_of(model: Model, asked: str | None) -> str:
    """The metric that importance is told in: the one that was asked for, else the first that was reported."""
    if asked is None:
        return next(name for name in (*metrics_of(model, []), "") if name != "loss") or _first(model)
    output = model.file.meta.architecture.activations[-1].name
    problem = objection(asked, model.target.task, len(model.target.classes), output)
    if problem is not None:
        raise UsageError.of(problem.message, Place(f"--metric {asked}"), problem.hint)
    return asked


def _first(model: Model) -> str:
    """The metric of a model whose training reported none."""
    return "rmse" if model.target.task == "regression" else "accuracy"


def read_rows(model: Model, reader: Reader, options: ExplainOptions, console: Console) -> Questioned:
    """The labelled rows of an input, some of them of a long one; raises DataError where they trained."""
    labelling, digest = labelling_of(model, reader, (), console), RowDigest()
    batches = labelled_batches(reader, model.inputs, model.dtype, labelling, digest)
    told = counting_rows(console, batches, lambda batch: len(batch.y))
    found = questioned_rows(model, told, MOST_ROWS, options.seed)
    console.notes(reader.last_notes)
    if is_training_table(model, digest.digest()):
        found = replace(found, training_rows=min(found.of_rows, model.file.meta.data.rows))
    known = found.training_rows
    if known is None or not known:
        return found
    remark = f"{known:,} of {counted(found.of_rows, 'row')} trained the model, or are equal to one that did"
    if known > TOLERATED * found.of_rows and not options.force:
        hint = "give rows that it has not seen (`splits.csv` of the run says which these are), or --force"
        raise DataError.of(
            f"{remark}: what seems to matter to those is partly noise", Place(reader.header.source), hint
        )
    console.note(remark)
    return found


@dataclass(frozen=True, eq=False)
class _Curves:
    """What the dependence of a model on a column, or two, is computed by."""

    model: Model
    grids: dict[str, Grid]
    seed: int

    @classmethod
    def of(cls, model: Model, path: str, seed: int) -> _Curves:
        profiles = profiles_of_model(model.file, path).columns
        features = inputs_of(model.file.meta.features, model.file.arrays).features
        grids = {one.name: grid_of(one, profiles[one.name]) for one in features_of_columns(features)}
        return cls(model, grids, seed)

    def along(self, rows: UnseenRows, names: Sequence[str]) -> Dependence:
        grids = [self.grids[name] for name in names]
        return dependence([rows], self.model.decoder, grids, Asked(seed=self.seed))
