"""What stands in for an array while a formula is traced: it computes nothing and remembers everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import numpy as np

Formula: TypeAlias = Callable[..., Mapping[str, Any]]
"""Takes arrays and numbers, gives arrays or numbers by name; elementwise, in NumPy's own words."""

_order = count()


class Expression(np.lib.mixins.NDArrayOperatorsMixin):
    """An operation on other expressions, or a leaf: a name or a constant.

    NumPy's functions and operators, met with one of these, make another one of it (NEP 13), but for a factor
    of 1, which is left out. `order` tells which of two was written first.
    """

    def __init__(self, operation: np.ufunc | str | float, operands: tuple[Expression, ...] = ()) -> None:
        self.operation = operation
        self.operands = operands
        self.order = next(_order)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Expression:
        """`ufunc(*inputs)`, remembered; anything beyond a plain call is not an elementwise formula."""
        if method != "__call__" or options:
            raise TypeError(f"{ufunc.__name__}.{method} with {sorted(options)} is not elementwise")
        if ufunc.signature is not None or ufunc.nout != 1:
            raise TypeError(f"{ufunc.__name__} does not make one value of each entry")
        operands = tuple(expression(value) for value in inputs)
        if ufunc is np.multiply:
            operands = tuple(one for one in operands if one.operation != 1.0) or operands[:1]
        return operands[0] if len(operands) < ufunc.nin else Expression(ufunc, operands)

    def __bool__(self) -> bool:
        """An `if`, or `np.where`, that asks for entries: they are not there yet."""
        raise TypeError("a formula cannot ask whether its entries are true: see mlpcli.kernels.kernel")


def expression(value: Any) -> Expression:
    """`value` itself, or a constant."""
    return value if isinstance(value, Expression) else Expression(float(value))


@dataclass(frozen=True)
class Traced:
    """A formula taken apart: what it takes, its operations in the order they were written, what it gives.

    Operations that no result needs are left out.
    """

    leaves: Mapping[str, Expression]
    operations: tuple[Expression, ...]
    results: Mapping[str, Expression]

    @classmethod
    def of(cls, formula: Formula, names: tuple[str, ...]) -> Traced:
        """What `formula` does to what has these names, in its order."""
        leaves = {name: Expression(name) for name in names}
        results = {name: expression(value) for name, value in formula(*leaves.values()).items()}
        needed: dict[int, Expression] = {}
        pending = list(results.values())
        while pending:
            one = pending.pop()
            if one.operands and one.order not in needed:
                needed[one.order] = one
                pending += one.operands
        return cls(leaves, tuple(needed[order] for order in sorted(needed)), results)
