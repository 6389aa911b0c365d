"""From a graph to the messages of ONNX, in versions that most runtimes know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from mlpcli.exporting.onnx.graph import ML, Graph, Node

# the oldest versions that have all the operators
OPSET: Final = 17
ML_OPSET: Final = 3
IR_VERSION: Final = 8
ROWS: Final = "rows"


@dataclass(frozen=True)
class Port:
    """An input or an output of a graph: (rows, width) of a type, with a note for people."""

    name: str
    dtype: np.dtype[Any]
    width: int
    note: str = ""

    @property
    def message(self) -> onnx.ValueInfoProto:
        """It in ONNX."""
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        return helper.make_tensor_value_info(self.name, kind, [ROWS, self.width], self.note)


def model_message(
    graph: Graph, title: str, inputs: Sequence[Port], outputs: Sequence[Port], about: Mapping[str, str]
) -> onnx.ModelProto:
    """A model of these inputs and outputs, with metadata `about` it."""
    nodes, constants = graph.needed(port.name for port in outputs)
    content = helper.make_graph(
        [_node(node) for node in nodes],
        title,
        [port.message for port in inputs],
        [port.message for port in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
    message = onnx.ModelProto(
        ir_version=IR_VERSION, producer_name="mlp", opset_import=versions, graph=content, doc_string=title
    )
    for key, text in about.items():
        message.metadata_props.add(key=key, value=text)
    return message


def _node(node: Node) -> onnx.NodeProto:
    inputs, output = node.inputs, node.output
    return helper.make_node(node.operator, inputs, [output], output, domain=node.domain, **node.attributes)
