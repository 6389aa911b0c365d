"""`report.json`: the whole of what the page of a run shows, so that a script can have all of it too.

A number is the one that is shown, before it is rounded. There is no date, no path of a machine, no duration:
the same run has the same document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from mlpcli.artifacts.exact import Exact, Items, Release
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.artifacts.strict_json import dumps, loads
from mlpcli.report.blocks import Capped, Cell, Name
from mlpcli.report.class_parts import Classes
from mlpcli.report.data_parts import DataFacts
from mlpcli.report.network_parts import ClassSurface, FittedCurve, Network, NumberSurface
from mlpcli.report.number_parts import Numbers
from mlpcli.report.row_parts import Importance, Worst
from mlpcli.report.score_parts import FoldScores, Groups, History, PartScores, TargetScores
from mlpcli.report.summary_part import Summary

VERSION: Final = 1


class Setting(Exact):
    """A key of the config that was written, as a dotted path, and its value as YAML has it."""

    key: Name = Field(description="The path: `data.target`.")
    value: Cell = Field(description="The value.")


class Config(Exact):
    """What was asked for."""

    text: Annotated[str, StringConstraints(max_length=1 << 16)] = Field(
        description="The config with every default, without a directory of a machine."
    )
    settings: Capped[Setting] = Field(description="The same key by key.")


class ReportDocument(Exact):
    """Everything that the page of a run shows."""

    format: Literal["mlp-report"] = Field(description="Which kind of document it is.")
    version: Literal[1] = Field(description="Of its format.")
    mlp: Release = Field(description="The version of mlp that wrote it.")
    name: Name = Field(description="What the run is called: the name of its config.")
    summary: Summary = Field(description="What matters most.")
    parts: Items[PartScores] = Field(description="The metrics of every part of the data.")
    targets: Capped[TargetScores] = Field(description="Of several targets: the metrics of each.")
    folds: Items[FoldScores] = Field(description="Of folds: the metrics in each.")
    history: History = Field(description="The loss and a metric over the epochs.")
    classes: Classes | None = Field(None, description="Of classes and labels.")
    numbers: Numbers | None = Field(None, description="Of numbers.")
    groups: Groups | None = Field(None, description="Scores by the values of a column.")
    importance: Importance | None = Field(None, description="Which columns matter.")
    worst: Worst | None = Field(None, description="Which rows are wrong.")
    data: DataFacts = Field(description="What was learnt from.")
    network: Network = Field(description="What learnt.")
    surface: Annotated[FittedCurve | ClassSurface | NumberSurface, Field(discriminator="kind")] | None = (
        Field(None, description="What it computes, of one or two numeric columns.")
    )
    config: Config = Field(description="The config of the run.")
    versions: dict[Name, Release] = Field(description="Of what computed the numbers.")

    def content(self) -> bytes:
        """What report.json holds."""
        return f"{dumps(self.model_dump(mode='json'))}\n".encode()


def read_document(data: bytes) -> ReportDocument:
    """The document that report.json holds; raises FileFormatError."""
    given = loads(data)
    if given.get("format") != "mlp-report":
        raise FileFormatError("this is no report of a run")
    if given.get("version") != VERSION:
        raise FileFormatError("the report is of another version of mlp")
    try:
        return ReportDocument.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise FileFormatError(f"{where}: {first['msg']}") from error


def report_schema() -> Mapping[str, Any]:
    """The JSON Schema of the document."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return head | ReportDocument.model_json_schema(mode="serialization") | {"title": "mlp report"}
