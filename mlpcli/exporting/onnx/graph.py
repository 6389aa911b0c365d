"""An ONNX graph as it grows, and the values in it, with which NumPy's functions may be called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.exporting.onnx.operators import OPERATORS, TRUTHS, formula_of

ML: Final = "ai.onnx.ml"  # the domain of the operators for tables
OF_TABLES: Final = frozenset({"LabelEncoder"})
DOUBLE: Final = np.dtype(np.float64)
WHOLE: Final = np.dtype(np.int64)
TRUTH: Final = np.dtype(np.bool_)
TEXT: Final = np.dtype(object)

Attribute: TypeAlias = int | float | str | Sequence[int] | Sequence[str]


@dataclass(frozen=True, eq=False)
class Node:
    """An operator, with the names of what it takes and of what it makes."""

    operator: str
    domain: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]


class Graph:
    """Nodes and constants, each there once however often it is asked for.

    `taken` are names that none of them may have: those of the inputs and outputs, which are a user's.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._nodes: dict[tuple[str, tuple[str, ...], str], tuple[Node, Value]] = {}
        self._constants: dict[tuple[str, tuple[int, ...], str], tuple[Array, Value]] = {}

    def constant(self, array: npt.ArrayLike, dtype: npt.DTypeLike, name: str = "constant") -> Value:
        """An array of the graph's own, under a name like this one."""
        own = np.ascontiguousarray(array, dtype).reshape(np.shape(array))
        key = own.dtype.str, own.shape, sha256(own.tobytes()).hexdigest()
        if key not in self._constants:
            self._constants[key] = own, Value(self, self._free(name), own.dtype)
        return self._constants[key][1]

    def node(
        self, operator: str, inputs: Sequence[Value], dtype: npt.DTypeLike, /, **attributes: Attribute
    ) -> Value:
        """What an operator makes of some values."""
        names = tuple(value.name for value in inputs)
        key = operator, names, repr(sorted(attributes.items()))
        if key not in self._nodes:
            made = Value(self, self._free(operator.lower()), np.dtype(dtype))
            domain = ML if operator in OF_TABLES else ""
            self._nodes[key] = Node(operator, domain, names, made.name, attributes), made
        return self._nodes[key][1]

    def joined(self, values: Sequence[Value], axis: int = 1) -> Value:
        """Values side by side."""
        return values[0] if len(values) == 1 else self.node("Concat", values, values[0].dtype, axis=axis)

    def named(self, name: str, value: Value) -> None:
        """Let a value have a name of the graph's outputs."""
        node = Node("Identity", "", (value.name,), name, {})
        self._nodes["Identity", (value.name,), name] = node, Value(self, name, value.dtype)

    def needed(self, outputs: Iterable[str]) -> tuple[list[Node], dict[str, Array]]:
        """The nodes and the constants that some outputs are made of: derivatives, say, are not among them."""
        names, nodes = set(outputs), list[Node]()
        for node, _ in reversed(self._nodes.values()):
            if node.output in names:
                nodes.append(node)
                names.update(node.inputs)
        constants = {value.name: array for array, value in self._constants.values() if value.name in names}
        return nodes[::-1], constants

    def _free(self, name: str) -> str:
        """A name that nothing else has."""
        names = (f"{name}_{number}" if number else name for number in count())
        found = next(one for one in names if one not in self._taken)
        self._taken.add(found)
        return found


class Value(np.lib.mixins.NDArrayOperatorsMixin):
    """What goes from node to node: an array of rows, or a constant beside them.

    NumPy's functions, SciPy's, and Python's operators make nodes of it (NEP 13, NEP 18), so that a formula
    that was written for arrays is one for graphs. Numbers in it take the precision of the values.
    """

    def __init__(self, graph: Graph, name: str, dtype: np.dtype[Any]) -> None:
        self.graph, self.name, self.dtype = graph, name, dtype

    if TYPE_CHECKING:  # what NumPy's mixin makes of two arrays may be anything

        def __add__(self, other: Operand) -> Value: ...
        def __sub__(self, other: Operand) -> Value: ...
        def __mul__(self, other: Operand) -> Value: ...
        def __truediv__(self, other: Operand) -> Value: ...
        def __floordiv__(self, other: Operand) -> Value: ...
        def __mod__(self, other: Operand) -> Value: ...
        def __neg__(self) -> Value: ...
        def __lt__(self, other: Any) -> Value: ...
        def __le__(self, other: Any) -> Value: ...
        def __gt__(self, other: Any) -> Value: ...
        def __ge__(self, other: Any) -> Value: ...
        def __and__(self, other: Operand) -> Value: ...
        def __or__(self, other: Operand) -> Value: ...
        def __radd__(self, other: Operand) -> Value: ...
        def __rmul__(self, other: Operand) -> Value: ...

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """`ufunc(*inputs)` as a node, or as the nodes of a formula for it."""
        assert method == "__call__" and not options, ufunc
        if formula := formula_of(ufunc, self.dtype):
            return formula(*inputs)
        values = [self._beside(value) for value in inputs]
        return self.graph.node(OPERATORS[ufunc], values, TRUTH if ufunc in TRUTHS else self.dtype)

    def __array_function__(
        self, function: Callable[..., Any], _types: Any, inputs: Sequence[Any], _options: Any
    ) -> Value:
        """`np.where(condition, x, y)`: the one function in formulas that is no ufunc."""
        assert function is np.where, function
        condition, *choices = inputs
        known = next(value for value in choices if isinstance(value, Value))
        values = [known._beside(value) for value in choices]
        return self.graph.node("Where", [condition, *values], known.dtype)

    def cast(self, dtype: npt.DTypeLike) -> Value:
        """The same numbers in another precision, truths as 0 and 1."""
        from onnx.helper import np_dtype_to_tensor_dtype

        wanted = np.dtype(dtype)
        if wanted == self.dtype:
            return self
        return self.graph.node("Cast", [self], wanted, to=int(np_dtype_to_tensor_dtype(wanted)))

    def taken(self, places: npt.ArrayLike) -> Value:
        """Some of the columns of (rows, columns)."""
        return self.graph.node("Gather", [self, self._whole(places)], self.dtype, axis=1)

    def at(self, indices: Value) -> Value:
        """The entries, or rows, of a constant that are at indices of any shape."""
        return self.graph.node("Gather", [self, indices], self.dtype, axis=0)

    def shaped(self, *shape: int) -> Value:
        """The same entries in another shape, where 0 is the number of rows."""
        return self.graph.node("Reshape", [self, self._whole(shape)], self.dtype)

    def transposed(self, *axes: int) -> Value:
        """The axes in another order."""
        return self.graph.node("Transpose", [self], self.dtype, perm=axes)

    def mean_of_rows(self) -> Value:
        """(rows, 1)."""
        return self.graph.node("ReduceMean", [self], self.dtype, axes=[1], keepdims=1)

    def max_of_rows(self) -> Value:
        """(rows, 1)."""
        return self.graph.node("ReduceMax", [self], self.dtype, axes=[1], keepdims=1)

    def min_of_rows(self) -> Value:
        """(rows, 1)."""
        return self.graph.node("ReduceMin", [self], self.dtype, axes=[1], keepdims=1)

    def sum_of_rows(self) -> Value:
        """(rows, 1)."""
        return self.graph.node("ReduceSum", [self, self._whole([1])], self.dtype, keepdims=1)

    def largest_of_rows(self) -> Value:
        """The place of the first largest number of each row (rows, 1)."""
        return self.graph.node("ArgMax", [self], WHOLE, axis=1, keepdims=1)

    def _whole(self, numbers: npt.ArrayLike) -> Value:
        return self.graph.constant(numbers, WHOLE, "places")

    def _beside(self, value: Any) -> Value:
        return value if isinstance(value, Value) else self.graph.constant(value, self.dtype)


Operand: TypeAlias = Value | Array | float
