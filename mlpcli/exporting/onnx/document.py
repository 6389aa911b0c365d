"""The ONNX document of a model: its whole graph, from the columns of a table to predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Final

from mlpcli.exporting.description import Description
from mlpcli.exporting.exporter import unsayable
from mlpcli.exporting.onnx.functions import either, not_finite, where
from mlpcli.exporting.onnx.graph import Graph, Value
from mlpcli.exporting.onnx.inputs import FORMAT, Given, Inputs, given_columns
from mlpcli.exporting.onnx.messages import Port, model_message
from mlpcli.exporting.onnx.network import scores
from mlpcli.exporting.onnx.notes import input_note, output_note, properties
from mlpcli.exporting.onnx.outputs import output_widths, predictions

LARGEST: Final = (1 << 31) - 1  # bytes, of any message


def document_of(description: Description) -> bytes:
    """The bytes of the document, the same for the same model. Raises ConfigError for what it cannot say."""
    given, widths = given_columns(description), output_widths(description.outputs)
    graph = Graph([*_names(given, widths), *widths])
    found = dict(computed(graph, description, given))
    for name, value in found.items():
        graph.named(name, value)
    inputs = [Port(one.column.name, one.dtype, 1, input_note(one, description)) for one in given]
    outputs = [
        Port(name, value.dtype, widths[name], output_note(name, description.outputs))
        for name, value in found.items()
    ]
    title = f"what `mlp predict` says of {', '.join(description.outputs.targets)}"
    message = model_message(graph, title, inputs, outputs, properties(description, given))
    if message.ByteSize() > LARGEST:
        raise unsayable(FORMAT, "the model is larger than 2 GiB, and no file of ONNX is")
    content: bytes = message.SerializeToString(deterministic=True)
    return content


def _names(given: Sequence[Given], outputs: dict[str, int]) -> Iterator[str]:
    """Those of the inputs. Raises ConfigError for one that is an output's too."""
    for name in (one.column.name for one in given):
        if name in outputs:
            why = "has the name of an output, and in ONNX a name means one thing"
            raise unsayable(FORMAT, f"column '{name}' {why}", "train with another name for the column")
        yield name


def computed(graph: Graph, description: Description, given: Sequence[Given]) -> Iterator[tuple[str, Value]]:
    """The outputs of the graph by name."""
    inputs = Inputs(graph, given, description.decimal)
    encodings = [inputs.encoded(features).cast(description.dtype) for features in description.encodings]
    bad = reduce(either, [not_finite(one) for one in encodings])
    # what cannot be used is 0 from here on: an index made of NaN might be any
    clean = [where(bad, 0.0, one) for one in encodings]
    widths = [sum(feature.width for feature in features) for features in description.encodings]
    each = [scores(one.steps, clean[one.encoding], widths[one.encoding]) for one in description.members]
    return predictions(description, each, bad)
