"""Rules between the settings of the data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from mlpcli.config.date_format import read_date
from mlpcli.config.encode_spec import NUMERIC_ENCODINGS
from mlpcli.config.file_names import is_database, separator_by_suffix
from mlpcli.config.nodes import Key, resolve
from mlpcli.config.refusals import Finding
from mlpcli.config.spec import DataSpec, Spec, SplitColumn, only, possible_tasks

ROLES = {
    "target": "a target",
    "weight": "the column of weights",
    "features": "a feature",
    "exclude": "excluded",
    "id": "an id column",
    "split": "the split column",
    "group": "the column of groups",
    "order": "the column of the order",
}
FOR_KIND = {"number": "mean and median", "date": "most_frequent and {constant: DATE}"}
# none of these makes a column a feature, so nothing is lost when one has two of them
NO_FEATURES = ("exclude", "id", "split", "group", "order")
# what cuts the rows may be a feature where it is listed as one: the month of a date says much of later rows
HARMLESS_TOGETHER = (
    *map(frozenset, combinations(NO_FEATURES, 2)),
    frozenset({"split"}),
    frozenset({"features", "group"}),
    frozenset({"features", "order"}),
)


def each_column_has_one_role(spec: Spec) -> Iterator[Finding]:
    """A column that is named twice would silently be only one of the two."""
    named: dict[str, list[tuple[str, Key]]] = {}
    for role, column, key in _named_columns(spec.data):
        named.setdefault(column, []).append((role, key))
    for column, roles in named.items():
        for (role, _), (second_role, key) in combinations(roles, 2):
            if {role, second_role} not in HARMLESS_TOGETHER:
                yield Finding(
                    key,
                    f"column '{column}' is {ROLES[role]} and {ROLES[second_role]}",
                    "a column can be one of the two",
                )


def _named_columns(data: DataSpec) -> Iterator[tuple[str, str, Key]]:
    for column in data.target:
        yield "target", column, ("data", "target", column)
    if data.weight is not None:
        yield "weight", data.weight, ("data", "weight")
    for role, cut in (("group", data.group), ("order", data.order)):
        if cut is not None:
            yield role, cut, ("data", role)
    for role, columns in (("features", data.features or ()), ("exclude", data.exclude), ("id", data.id)):
        for column in columns:
            yield role, column, ("data", role, column)
    for part, named in data.parts.items():
        if isinstance(named, SplitColumn):
            yield "split", named.column, ("data", part, "column")


def parts_leave_training_rows(spec: Spec) -> Iterator[Finding]:
    """The fractions of the parts that do not train have to sum to less than 1."""
    shares = {name: part for name, part in spec.data.parts.items() if isinstance(part, float)}
    if len(shares) > 1 and sum(shares.values()) >= 1:
        listed = [f"{name} {share:g}" for name, share in shares.items()]
        message = f"{', '.join(listed[:-1])} and {listed[-1]} leave no rows to train on"
        yield Finding(("data", list(shares)[-1]), message, "their sum has to be below 1")


def parts_differ(spec: Spec) -> Iterator[Finding]:
    """Two parts cannot be the same file or the same rows."""
    for (one, first), (other, second) in combinations(spec.data.parts.items(), 2):
        if first == second and isinstance(second, str | tuple | SplitColumn):
            yield Finding(("data", other), f"{one} and {other} are the same rows", "leave one of them out")


def one_thing_chooses_rows_of_a_database(spec: Spec) -> Iterator[Finding]:
    """A table or a query says which rows of a database are meant; other files have no such choice."""
    data = spec.data
    key = "query" if data.table is None else "table"
    if data.table is not None and data.query is not None:
        yield Finding(
            ("data", "query"), "table and query are two ways to choose rows", "leave one of them out"
        )
    elif (data.table or data.query) and not any(
        is_database(path) for paths in data.files.values() for path in paths
    ):
        hint = "databases end in .sqlite, .sqlite3, .db or .duckdb"
        yield Finding(("data", key), f"{key} is for databases, and {data.train[0]} is none", hint)


def stratify_needs_classes(spec: Spec) -> Iterator[Finding]:
    """Only classes have shares to keep."""
    task = only(possible_tasks(spec))
    if spec.data.stratify and task is not None and task != "classification":
        yield Finding(("data", "stratify"), f"stratify is for classification, the task is {task}")


def a_positive_class_needs_classes(spec: Spec) -> Iterator[Finding]:
    """One class of two can be the positive one."""
    task = only(possible_tasks(spec))
    if spec.data.positive is not None and task is not None and task != "classification":
        yield Finding(("data", "positive"), f"positive is for classification, the task is {task}")


def one_thing_decides_where_to_cut(spec: Spec) -> Iterator[Finding]:
    """Shares of classes, whole groups and an order in time are three ways to cut the same rows."""
    data = spec.data
    if data.group is not None and data.order is not None:
        message = "group and order are two ways to cut the same rows"
        hint = "group keeps rows together, order lets later rows test: leave one of them out"
        yield Finding(("data", "order"), message, hint)
    for key, column in (("group", data.group), ("order", data.order)):
        if column is not None and data.stratify:
            message = f"splits along `{key}: {column}` cannot keep the shares of classes"
            yield Finding(("data", "stratify"), message, f"leave stratify out, or {key}")


def separator_is_not_the_decimal_mark(spec: Spec) -> Iterator[Finding]:
    """One character cannot be both."""
    data = spec.data
    if (data.separator or separator_by_suffix(data.train[0])) == data.decimal:
        yield Finding(
            ("data", "decimal"),
            f"'{data.decimal}' is the decimal mark and the separator",
            "files with decimal commas mostly have `separator: ;`",
        )


def scaled_targets_are_numbers(spec: Spec) -> Iterator[Finding]:
    """Classes are not scaled, and counts are not below 0."""
    scale, task = spec.data.target_scale, only(possible_tasks(spec))
    if scale is None or scale.name == "none":
        return
    if task is not None and task != "regression":
        yield Finding(("data", "target_scale"), f"target_scale is for regression, the task is {task}")
    elif spec.loss is not None and spec.loss.counts and scale.name == "standardize":
        message = f"{spec.loss.name} needs targets of at least 0, and standardize makes some negative"
        yield Finding(("data", "target_scale"), message, "leave target_scale out, or divide")


def treated_targets_are_numbers(spec: Spec) -> Iterator[Finding]:
    """Classes have no logarithm and no range; a loss of counts takes a logarithm of its own."""
    task, transform = only(possible_tasks(spec)), spec.data.target_transform
    if transform == "none":
        transform = None
    asked = {"target_transform": transform is not None, "target_clip": spec.data.target_clip}
    for key, is_asked in asked.items():
        if is_asked and task is not None and task != "regression":
            yield Finding(("data", key), f"{key} is for regression, the task is {task}")
    if transform is not None and spec.loss is not None and spec.loss.counts:
        message = f"{spec.loss.name} is for counts as they are, and {transform} makes others of them"
        yield Finding(("data", "target_transform"), message, "leave one of the two out")


def decorated_columns_are_numbers(spec: Spec) -> Iterator[Finding]:
    """What stands around a number means nothing where the column is a text or a date."""
    for name, feature in (spec.data.features or {}).items():
        encode = feature.encode
        if feature.parse is not None and encode is not None and encode.name not in NUMERIC_ENCODINGS:
            message = f"`parse` has no effect on {encode.name}"
            yield Finding(("data", "features", name, "parse"), message, "it is for numbers: standardize, ...")


def decorated_targets_are_numbers(spec: Spec) -> Iterator[Finding]:
    """Classes are texts; and a decoration is one of a target."""
    given, task = spec.data.target_parse, only(possible_tasks(spec))
    if given is not None and task is not None and task != "regression":
        yield Finding(("data", "target_parse"), f"target_parse is for regression, the task is {task}")
    for name in given if isinstance(given, dict) else ():
        if name not in spec.data.target:
            hint = f"the targets are: {', '.join(spec.data.target[:10])}"
            yield Finding(("data", "target_parse", name), f"'{name}' is no target", hint)


def policies_fit_encodings(spec: Spec) -> Iterator[Finding]:
    """What stands in for a missing number is a number, and for a missing date a date."""
    for name, feature in (spec.data.features or {}).items():
        encode, missing = feature.encode, feature.missing
        if missing is None or encode is None or encode.name not in NUMERIC_ENCODINGS | {"datetime"}:
            continue
        kind = "date" if encode.name == "datetime" else "number"
        key: Key = ("data", "features", name, "missing")
        if missing.policy == "category":
            message = f"category is for text, and {encode.name} makes '{name}' a {kind}"
            yield Finding(key, message, f"{FOR_KIND[kind]} are for {kind}s")
        elif missing.policy == "constant" and not _is_of(kind, missing.value or "", encode.format):
            yield Finding((*key, "constant"), f"expected a {kind} for '{name}', found '{missing.value}'")


def _is_of(kind: str, text: str, form: str | None) -> bool:
    return _is_number(text) if kind == "number" else read_date(text, form) is not None


def indicators_have_something_to_say(spec: Spec) -> Iterator[Finding]:
    """Where a missing cell is an error, or its row is dropped, none is left to indicate."""
    for name, feature in (spec.data.features or {}).items():
        policy = (feature.missing or spec.data.missing).policy
        if feature.indicator and policy in {"error", "drop"}:
            yield Finding(
                ("data", "features", name, "indicator"),
                f"'{name}' has an indicator of missing cells, and `missing: {policy}` leaves none",
                "`missing: median` fills them, and so do mean, most_frequent and {constant: VALUE}",
            )


def _is_number(text: str) -> bool:
    value = resolve(text)
    return isinstance(value, int | float) and not isinstance(value, bool)


def targets_fit_task(spec: Spec) -> Iterator[Finding]:
    """Several targets are several numbers or several labels, never the classes of one."""
    count, loss = len(spec.data.target), spec.loss
    if count > 1 and spec.data.task == "classification":
        yield Finding(
            ("data", "target"),
            f"classification has one target, found {count}",
            "several columns of 0 and 1 are `task: multilabel`",
        )
    elif count > 1 and spec.data.task is None and loss is not None and not possible_tasks(spec):
        yield Finding(
            ("data", "target"),
            f"{loss.name} has one target, found {count}",
            "several columns of 0 and 1 go with binary_cross_entropy",
        )


def class_weight_needs_classes(spec: Spec) -> Iterator[Finding]:
    """Weights of classes need the classes of one target."""
    task = only(possible_tasks(spec))
    if spec.class_weight is not None and task is not None and task != "classification":
        message = f"class_weight is for classification, the task is {task}"
        yield Finding(("class_weight",), message, "rows have weights through `data.weight`")
