"""A formula with a place for every value: which array each of its operations writes into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from mlpcli.kernels.expression import Expression, Formula, Traced

Place: TypeAlias = str | int
"""An array by its name, or a temporary by its number."""

COMPARISONS = {np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal}


@dataclass(frozen=True, eq=False)
class Kernel:
    """An elementwise formula that takes `arrays` and `coefficients`, in this order, and gives arrays.

    A result is written to the array of its name: one that the formula takes, or one that is only written.
    """

    formula: Formula
    arrays: tuple[str, ...]
    coefficients: tuple[str, ...] = ()

    @cached_property
    def traced(self) -> Traced:
        """The operations."""
        return Traced.of(self.formula, self.arrays + self.coefficients)

    @cached_property
    def places(self) -> Mapping[int, Place]:
        """Where each value that is in an array is, by its order."""
        return _Placement(self).placed

    @property
    def temporaries(self) -> int:
        """How many arrays it needs besides its own."""
        return len({place for place in self.places.values() if isinstance(place, int)})


class _Placement:
    """Walks through the operations once; a value leaves its place when it has been read for the last time."""

    def __init__(self, kernel: Kernel) -> None:
        traced = kernel.traced
        read = [e.order for operation in traced.operations for e in _operands(operation)]
        self._readers = Counter(read + [e.order for e in traced.results.values()])
        self._owner: dict[int, str] = {}
        for name, e in traced.results.items():
            self._owner.setdefault(e.order, name)
        # an array of truth values holds nothing else
        self._writable = [name for name, e in traced.results.items() if e.operation not in COMPARISONS]
        self._free: list[Place] = [name for name in self._writable if name not in kernel.arrays]
        self._temporaries = 0
        self.placed: dict[int, Place] = {traced.leaves[name].order: name for name in kernel.arrays}
        for operation in traced.operations:
            self._leave(operation)
            self.placed[operation.order] = self._choose(operation)

    def _leave(self, operation: Expression) -> None:
        """Free the places of the operands that nothing reads any more: an operation may work in place."""
        for operand in _operands(operation):
            self._readers[operand.order] -= 1
            place = self.placed.get(operand.order)
            if self._readers[operand.order] == 0 and (isinstance(place, int) or place in self._writable):
                self._free.insert(0, place)

    def _choose(self, operation: Expression) -> Place:
        """The array the result belongs to, if it is free; else what was freed last; else a new temporary.

        A result that has to wait for its array waits in a temporary: in the array of another result it could
        be in the way.
        """
        own = self._owner.get(operation.order)
        if operation.operation in COMPARISONS:
            if own is None:
                raise TypeError("a comparison, which is true or false, has to be a result of its own")
            return own
        if own is not None and own in self._free:
            self._free.remove(own)
            return own
        allowed = [place for place in self._free if own is None or isinstance(place, int)]
        if allowed:
            self._free.remove(allowed[0])
            return allowed[0]
        self._temporaries += 1
        return self._temporaries - 1


def _operands(operation: Expression) -> list[Expression]:
    """The operands, each once."""
    return list({operand.order: operand for operand in operation.operands}.values())
