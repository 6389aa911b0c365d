"""Which column is what: target, weight, split, or feature; every column that is named must be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isnan

from mlpcli.config.encode_spec import NUMERIC_ENCODINGS
from mlpcli.config.nodes import Key
from mlpcli.config.spec import DataSpec, FeatureSpec, Spec, SplitColumn, possible_tasks
from mlpcli.errors import DataError, NotThereError, Problem, WrongSetting
from mlpcli.tables.columns import number_of
from mlpcli.tables.header import Header
from mlpcli.tables.reader import Reader
from mlpcli.tables.table import Wanted


@dataclass(frozen=True)
class Roles:
    """The columns of the training file that are used, and as what."""

    features: dict[str, FeatureSpec]
    targets: tuple[str, ...]
    weight: tuple[str, ...]
    splits: tuple[str, ...]
    cuts: tuple[str, ...] = ()  # the columns by whose values fractions are cut

    def wanted(self) -> Wanted:
        """How features, weight and split columns are read; the targets depend on the task."""
        numbers: list[str] = []
        texts: list[str] = []
        either: list[str] = []
        for name, spec in self.features.items():
            if spec.parse is not None:
                numbers.append(name)
            elif spec.encode is None:
                either.append(name)
            else:
                (numbers if spec.encode.name in NUMERIC_ENCODINGS else texts).append(name)
        cuts = (name for name in self.cuts if name not in either)
        return Wanted((*numbers, *self.weight), (*texts, *self.splits), tuple(either)) + Wanted(
            texts=tuple(cuts)
        )


def assign_roles(data: DataSpec, header: Header) -> Roles:
    """The roles that the settings give to the columns of the training file.

    Raises NotThereError for columns that are not there, DataError where no feature is left.
    """
    _require_named(data, header)
    parts = [part for part in data.parts.values() if isinstance(part, SplitColumn)]
    splits = tuple(dict.fromkeys(part.column for part in parts))
    weight = () if data.weight is None else (data.weight,)
    cuts = tuple(name for name in (data.group, data.order) if name is not None)
    named = (*data.exclude, *data.id, *splits, *weight, *cuts, *data.target)
    used = {header.own(name) for name in named}
    features = data.features or {name: FeatureSpec() for name in header.names if name not in used}
    if not features:
        hint = f"the columns are: {', '.join(header.names[:10])}"
        raise DataError(Problem("no column is left to be a feature", header.place, hint))
    return Roles(dict(features), data.target, weight, splits, cuts)


def _require_named(data: DataSpec, header: Header) -> None:
    named = list(named_columns(data))
    wanted = [name for _, name in named]
    wrong = [
        WrongSetting(key, f"{header.source} has no column '{name}'", header.suggestion(name, wanted))
        for key, name in named
        if header.own(name) is None
    ]
    if wrong:
        raise NotThereError(*wrong[:5])


def named_columns(data: DataSpec) -> Iterator[tuple[Key, str]]:
    """Every column that the settings name, with the key that names it."""
    yield from _listed("target", data.target)
    yield from _listed("features", data.features or ())
    yield from _listed("exclude", data.exclude)
    yield from _listed("id", data.id)
    if data.weight is not None:
        yield ("data", "weight"), data.weight
    for key, name in (("group", data.group), ("order", data.order)):
        if name is not None:
            yield ("data", key), name
    for key, part in data.parts.items():
        if isinstance(part, SplitColumn):
            yield ("data", key, "column"), part.column


def _listed(key: str, names: Iterable[str]) -> Iterator[tuple[Key, str]]:
    return ((("data", key, name), name) for name in names)


def columns_to_read(spec: Spec, reader: Reader) -> Wanted:
    """What training reads of its file. Classes keep their text; a target that may be numbers is either."""
    roles = assign_roles(spec.data, reader.header)
    wanted = roles.wanted()
    tasks = possible_tasks(spec)
    if tasks == {"regression"}:
        return wanted + Wanted(numbers=roles.targets)
    if "regression" not in tasks:
        return wanted + Wanted(texts=roles.targets)
    many = tuple(name for name in roles.targets if _holds_many_numbers(name, reader))
    few = tuple(name for name in roles.targets if name not in many)
    return wanted + Wanted(texts=few, either=many)


def _holds_many_numbers(name: str, reader: Reader) -> bool:
    """Whether the first rows hold more than two numbers, so that the column has no two classes of numbers."""
    position = reader.header.positions[name]
    texts = {row[position] for row in reader.sample if len(row) > position}
    notation = reader.notation
    numbers = {number_of(text, notation.decimal) for text in texts if text not in notation.missing}
    return sum(not isnan(number) for number in numbers - set(notation.missing_numbers.tolist())) > 2
