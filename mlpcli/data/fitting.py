"""Fits the encoding of every input column, inferred where it is not stated, on the training rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from mlpcli.arrays import Indices, Vector
from mlpcli.config.spec import EncodeSpec, FeatureSpec, MissingSpec
from mlpcli.data.category_feature import CategoryFeature
from mlpcli.data.encoder import ENCODINGS, InputEncoder
from mlpcli.data.feature import Feature, NothingThereError
from mlpcli.data.indicator_feature import MissingFeature
from mlpcli.data.numbers_together import fit_together, runs_of
from mlpcli.data.scaling import SCALINGS
from mlpcli.errors import DataError, Place, Problem
from mlpcli.parallel.ordered_map import in_order
from mlpcli.tables.columns import Kind, kind_of
from mlpcli.tables.date_formats import likely_format
from mlpcli.tables.decorations import Decoration, decoration_of
from mlpcli.tables.spellings import is_code, merge
from mlpcli.tables.table import Table, TrainingRows

MAX_LEVELS = 100  # of a column whose encoding is inferred
OFTEN = 5  # rows, from which on something can be learnt of a level
MAX_CATEGORIES = 10_000  # of any column


@dataclass(frozen=True)
class FittedInputs:
    """The encoder of the inputs, and what a person should know about the columns."""

    encoder: InputEncoder
    notes: tuple[str, ...]


def fit_inputs(
    features: Mapping[str, FeatureSpec],
    default: MissingSpec,
    table: Table,
    rows: Indices,
    repetitions: Vector | None = None,
) -> FittedInputs:
    """Fit the features on some rows of a table, which count in scales as often as `repetitions` says.

    DataError names every column that cannot be fitted.
    """

    fitting = _Fitting(features, default, TrainingRows(table, rows, repetitions))
    columns = list(chain.from_iterable(in_order(fitting.columns, runs_of(features, len(rows)))))
    problems = [problem for column in columns for problem in column.problems]
    if problems:
        raise DataError(*problems[:5])
    fitted = tuple(feature for column in columns for feature in column.features)
    notes = [note for column in columns for note in column.notes]
    if not fitted:
        raise DataError.of("no column is left to learn from", Place(table.source), "; ".join(notes[:3]))
    constant = [name for column in columns for name in column.constant]
    return FittedInputs(InputEncoder(fitted), (*notes, *_notes(constant)))


@dataclass(frozen=True)
class _Fitting:
    """What columns are fitted by: their settings, the policy where one has none, the rows."""

    features: Mapping[str, FeatureSpec]
    default: MissingSpec
    train: TrainingRows

    def columns(self, names: Sequence[str]) -> list[_Column]:
        """What comes of columns that have one spec: all at once where that can be."""
        spec = self.features[names[0]]
        found = fit_together(names, spec, spec.missing or self.default, self.train)
        if found is None:
            return [self.column(name) for name in names]
        return [_Column([one], [one.name] if constant else []) for one, constant in found]

    def column(self, name: str) -> _Column:
        """What comes of a column by itself."""
        spec, train = self.features[name], replace(self.train, table=self.train.table.only(name))
        policy = spec.missing or self.default
        try:
            return _fitted(name, spec, policy, train)
        except NothingThereError as error:
            # a rare column that the split left no value of, where the config says what a missing cell means
            left_out = f"{error.problems[0].message}: left out, as it tells the network nothing"
            return _Column(problems=error.problems) if policy.policy == "error" else _Column(notes=[left_out])
        except DataError as error:
            return _Column(problems=error.problems)


class _Column(NamedTuple):
    """What came of one column: its features, those of them that are constant, or why there are none."""

    features: Sequence[Feature] = ()
    constant: Sequence[str] = ()
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()


def _fitted(name: str, spec: FeatureSpec, policy: MissingSpec, train: TrainingRows) -> _Column:
    """The features of a column. Raises DataError."""
    column, rows = train.table, train.rows
    encode = spec.encode or EncodeSpec(name=_inferred(name, column, rows))
    feature = ENCODINGS[encode.name].fit(name, encode, policy, train)
    if isinstance(feature, CategoryFeature):
        _require_levels(feature, spec, column, rows)
    found = (feature, MissingFeature.beside(feature)) if spec.indicator else (feature,)
    constant = [_label(one) for one in found if one.is_constant(column, rows)]
    return _Column(found, constant, notes=list(_remarks(feature, column, rows, spec)))


def _category_notes(table: Table, name: str, rows: Indices, spec: FeatureSpec) -> Iterator[str]:
    """What was taken for one category, and that texts may be amounts where no encoding is stated."""
    counts, notation = table.text(name, rows).counts(), table.notation
    some = {text: n for text, n in counts.items() if text not in notation.missing}
    yield from merge(some, notation.decimal).notes(name, "category")
    found = None if spec.encode else decoration_of(some, notation.decimal)
    if found is not None:
        yield f"column '{name}': {found.seen}, taken as texts{_as_numbers(name, found)}"


def _as_numbers(name: str, found: Decoration) -> str:
    """How to have amounts as numbers, if all cells agree."""
    if found.parse is None:
        return ""
    feature = f"{name}: {{encode: standardize, parse: {found.parse.written}}}"
    return f"{found.of_file}; as numbers: `features: {{{feature}}}`"


def _notes(constant: list[str]) -> tuple[str, ...]:
    if not constant:
        return ()
    more = f" and {len(constant) - 10} more" if len(constant) > 10 else ""
    return (f"constant columns, which tell the network nothing: {', '.join(constant[:10])}{more}",)


def _remarks(feature: Feature, table: Table, rows: Indices, spec: FeatureSpec) -> Iterator[str]:
    """What a person should know about a feature."""
    if isinstance(feature, CategoryFeature):
        yield from _category_notes(table, feature.name, rows, spec)
    scaling = SCALINGS.get(feature.encode)
    if scaling is not None and scaling.remark is not None:
        remark = scaling.remark(table.number(feature.name, rows).known)
        if remark is not None:
            yield f"column '{feature.name}': {remark}"


def _require_levels(feature: CategoryFeature, spec: FeatureSpec, table: Table, rows: Indices) -> None:
    """DataError where there are too many categories, or too few rows of each."""
    name, levels = feature.name, len(feature.categories) + len(feature.other)
    if levels > (MAX_CATEGORIES if spec.encode else min(MAX_LEVELS, len(rows) / 2)):
        raise DataError(_too_many(feature, table, rows))
    if not feature.categories:
        least = spec.encode.min_count if spec.encode else None
        message = f"column '{name}': no category is in `min_count`, {least}, training rows"
        hint = f"ask for fewer, or leave the column out: `exclude: [{name}]`"
        raise DataError(Problem(message, Place(table.source), hint))


def _inferred(name: str, table: Table, rows: Indices) -> str:
    """`standardize` where every training cell is a number or stands where one should, else `one_hot`.

    What begins with 0, as 08001, is a code and no number.
    """
    if name in table.numbers:
        return "standardize"
    parse = table.notation.decorations.get(name)
    for piece in table.text_pieces(name, rows):
        coded = any(map(is_code, piece.trimmed().levels))
        if coded or piece.numbers(table.notation, parse).bad.hold_text:
            return "one_hot"
    return "standardize"


def _too_many(feature: CategoryFeature, table: Table, rows: Indices) -> Problem:
    name, levels = feature.name, len(feature.categories) + len(feature.other)
    found = f"{levels:,} different texts in {len(rows):,} training rows"
    message = f"column '{name}': {found}, too many for {feature.encode}"
    decimal, missing = table.notation.decimal, table.notation.missing
    column = table.text(name, rows)
    counts = {level: count for level, count in column.counts().items() if level not in missing}
    texts = [level for level in counts if kind_of(level, decimal) is Kind.TEXT]
    better = "embed" if levels > MAX_LEVELS else "one_hot"
    hint = f"leave it out (`exclude: [{name}]`), or state its encoding (`features: {{{name}: {better}}}`)"
    if 2 * sum(count for count in counts.values() if count >= OFTEN) >= sum(counts.values()):
        line = f"`{name}: {{encode: embed, min_count: {OFTEN}}}`"
        hint = f"write {line} under `features` (`mlp init` lists the others too), or `exclude: [{name}]`"
    if levels > MAX_CATEGORIES:
        hint = f"leave it out (`exclude: [{name}]`): at most {MAX_CATEGORIES:,} can be told apart"
    form, amounts = likely_format(texts), decoration_of(column.counts(), decimal)
    if form is not None:
        option = f', format: "{form}"' if form else ""
        hint = f"its texts look like dates: `features: {{{name}: {{encode: datetime{option}}}}}`; or {hint}"
    elif amounts is not None:
        hint = f"they are {amounts.seen}{_as_numbers(name, amounts)}; or {hint}"
    elif 0 < len(texts) <= levels // 2:
        first = rows[int(column.where(texts[:1]).argmax())]
        odd = f"'{texts[0]}' in {table.spot(int(first))}"
        hint = f"most of its cells are numbers, but not {odd}; or {hint}"
    return Problem(message, Place(table.source), hint)


def _label(feature: Feature) -> str:
    return feature.input_names[0] if isinstance(feature, MissingFeature) else feature.name
