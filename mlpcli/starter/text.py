"""A starter config as YAML text: a line for every setting, with a comment that says why."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from mlpcli.data.classes import single_rows
from mlpcli.errors import clean
from mlpcli.starter.choices import Starter
from mlpcli.starter.columns import Chosen, are_listed, have_gaps
from mlpcli.starter.lines import flow, inline, line, scalar
from mlpcli.starter.network_lines import network_lines
from mlpcli.starter.recipe_cost import rounded
from mlpcli.starter.task import words_of
from mlpcli.starter.words import words_of_marks
from mlpcli.survey.groups import dated, repeating_ids
from mlpcli.survey.tables import Survey
from mlpcli.terminal.console import counted


def starter_text(starter: Starter) -> str:
    """The config as text."""
    lines = [*_opening(starter), "", *_data(starter), "", *network_lines(starter)]
    return "\n".join(lines) + "\n"


def _opening(starter: Starter) -> Iterator[str]:
    rows, columns = counted(starter.survey.rows, "row"), counted(len(starter.survey.features), "column")
    yield f"# A starter config for {rows} and {columns}, the target aside; from `mlp init`."
    yield f"# It trains as it is: mlp train {clean(shlex.quote(starter.name))}"
    yield f"# {_costs(starter)}"
    yield "# All keys with their defaults and options: configs/REFERENCE.md of mlp, or `mlp schema`."
    yield from (f"# {clean(note, 300)}" for note in starter.survey.notes)
    yield line("seed: 0", "another seed: other splits, other starting weights")


def _costs(starter: Starter) -> str:
    """Which recipe it is, and about what each costs."""
    name, costs = starter.recipe.name, starter.costs
    count = starter.recipe.ensemble.count
    networks = "one network" if count == 1 else f"{count} networks"
    others = ", ".join(f"{other} {rounded(cost)}" for other, cost in costs.items() if other != name)
    takes = f"about {rounded(costs[name])} of one processor"
    return f"The recipe is {name}: {networks}, {takes}; init --recipe has others: {others}."


def _data(starter: Starter) -> Iterator[str]:
    targets = [target.name for target in starter.survey.targets]
    words = dict.fromkeys(words_of(starter.task, target) for target in starter.survey.targets)
    balance = starter.balance
    yield "data:"
    paths = starter.train
    yield line(f"train: {scalar(*paths) if len(paths) == 1 else flow(paths)}", "relative to this file", 2)
    target = scalar(targets[0]) if len(targets) == 1 else flow(targets)
    yield line(f"target: {target}", "; ".join(words) + (balance.remark if balance else ""), 2)
    yield line(f"task: {starter.task.name}", starter.task.why, 2)
    yield from _target_parse(starter)
    yield from _classes(starter)
    yield from _format(starter.survey)
    yield from _missing(starter)
    yield from _features(starter)
    yield from _excluded(starter)
    yield from _parts(starter)


def _classes(starter: Starter) -> Iterator[str]:
    """Which class of two is the positive one, and which classes can hardly be learnt."""
    if starter.balance is None:
        return
    positive = starter.balance.positive
    if positive is not None:
        setting = f"positive: {scalar(positive)}"
        about = "the class that precision, recall, f1 and average_precision are about"
        if starter.balance.uneven:
            yield line(setting, f"{about}: the rare one", 2)
        else:
            yield line(f"# {setting}", f"{about}: the last in order unless it is named", 2)
    single = single_rows(starter.survey.targets[0].counts)
    if single and starter.parts.training < 1:
        yield f"  # {clean(single, 160)}"


def _parts(starter: Starter) -> Iterator[str]:
    """The parts that are held out, and other ways to cut them that the table may ask for."""
    if starter.parts.validation:
        yield line(f"validation: {starter.parts.validation:g}", "of the rows, to see when to stop", 2)
    if starter.parts.test:
        yield line(f"test: {starter.parts.test:g}", "of the rows, kept aside to judge the model", 2)
    if starter.parts.training == 1 and not starter.recipe.ensemble.folds:
        return
    for column in repeating_ids(starter.survey.features):
        seen = f"{column.distinct:,} different in {column.present:,} rows"
        why = f"{seen}: if new rows are of new ones, keeps those of one on one side of a split"
        yield line(f"# group: {scalar(column.name)}", why, 2)
    for column in dated(starter.survey.features):
        why = "if later rows are predicted from earlier ones: the last test, those before validate"
        yield line(f"# order: {scalar(column.name)}", why, 2)


def _target_parse(starter: Starter) -> Iterator[str]:
    """How the numbers of the targets are decorated, once where that is the same for all."""
    targets = starter.survey.targets
    amounts = {target.name: target.amounts for target in targets if target.amounts is not None}
    if not amounts or starter.task.name != "regression":
        return
    written = {name: found.parse.written for name, found in amounts.items() if found.parse is not None}
    alike = len(written) == len(targets) and len(set(written.values())) == 1
    value = (
        next(iter(written.values())) if alike else inline({scalar(n): text for n, text in written.items()})
    )
    yield line(f"target_parse: {value}", "; ".join(dict.fromkeys(one.seen for one in amounts.values())), 2)


def _format(survey: Survey) -> Iterator[str]:
    form, chosen = survey.format, survey.chosen
    if chosen.table is not None:
        yield line(f"table: {scalar(chosen.table)}", "of the database", 2)
    if chosen.query is not None:
        yield line(f"query: {scalar(chosen.query)}", "the rows of the database", 2)
    if form.separator is not None:
        written = '"\\t"' if form.separator == "\t" else f'"{form.separator}"'
        yield line(f"separator: {written}", "found in the file", 2)
    if form.decimal != ".":
        yield line('decimal: ","', "found in the file", 2)
    if form.encoding != "utf-8":
        yield line(
            f"encoding: {form.encoding}", "the file is not UTF-8; look whether names and texts are right", 2
        )
    if form.na_values:
        found = f"found among numbers: {words_of_marks(survey.disguises.everywhere)}"
        yield line(f"na_values: {flow(form.na_values)}", found, 2)


def _missing(starter: Starter) -> Iterator[str]:
    """The policy of the whole table; features that are listed have their own where they need one."""
    lacking = starter.survey.targets_missing
    if lacking:
        where = f"the target of {counted(lacking, 'row')}"
        yield line("missing: drop", f"{where} is missing: nothing to learn there", 2)
    elif have_gaps(starter.columns):
        where = "in the other columns of new rows: " if are_listed(starter.columns, starter.survey) else ""
        yield line("missing: median", f"{where}the median, or the most frequent text", 2)


def _features(starter: Starter) -> Iterator[str]:
    if not are_listed(starter.columns, starter.survey):
        yield line("# features: every other column", "numbers are standardized, texts one-hot encoded", 2)
        for leak in starter.survey.leaks:
            yield f"  # {clean(leak.note, 160)}"
        return
    yield "  features:"
    for column in starter.columns:
        if column.encode is None:
            continue
        yield line(f"{scalar(column.name)}: {_encoding(column.encode, column)}", column.why, 4)


def _encoding(encode: str, column: Chosen) -> str:
    own = {"na_values": flow(column.na_values)} if column.na_values else {}
    options = {**column.options, **own}
    return inline({"encode": encode, **options}) if options else encode


def _excluded(starter: Starter) -> Iterator[str]:
    excluded = [column for column in starter.columns if column.encode is None]
    if excluded:
        yield "  exclude:"
    for column in excluded:
        yield line(f"- {scalar(column.name)}", column.why, 4)
