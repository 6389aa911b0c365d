"""A formula with a place for every value: which array each of its operations writes into.

What may stand in a formula. It is a Python function of arrays and numbers that gives arrays by name, as
`lambda z, b: {"z": np.maximum(z + b, 0.0)}`. It is run once, on stand-ins that remember what is done to them
(`expression`), and from then on every operation is one call of NumPy's that writes into an array made
beforehand (`in_place`): as one would write it by hand with `out=`, and with the same bits as without.

*Operations.* The operators, and every ufunc, NumPy's or SciPy's, that makes one value of each entry:
`np.exp`, `np.maximum`, `np.sign`, `scipy.special.ndtr`. Whatever looks at other entries is refused
(`np.add.reduce`, `@`), and so are options of a ufunc (`out=`, `where=`) and two results (`np.modf`).

*Numbers.* A Python float is a constant, and arithmetic between floats is Python's own. What changes from run
to run is a coefficient. Work out before what concerns coefficients alone: `c.rate * c.gain` would be
multiplied once for every entry.

*Choosing.* `if` may ask for an option, which is there when the formula is traced, never for an entry, which
is not: that is refused. `np.where` cannot stand here, because it is no ufunc: a stand-in never hears of it
(NEP 13). Entries are chosen among with `np.maximum`, `np.minimum` and `np.sign`: with s = sign z, max(s, 0)
is 1 where z > 0 and else 0.

*Comparisons* have to be results of their own, as the `gate` of relu: true and false are written to an array
of booleans, which no number can share, and temporaries are arrays of numbers.

*Temporaries.* A value that is no result yet has a place of its own, unless the array of a result is free.
The steps of `nn` share one array for this, so their formulas may need one; the planner insists. Order helps:
what is read for the last time makes room. An optimizer's formula may need more: its blocks are short.

*Complex numbers.* The gradient check runs values, not derivatives, on complex z.
There `np.maximum` and `np.minimum` go by the real part, as they should; `np.abs` and `np.sign` do not: for
|z| write max(z, −z).
"""

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
    """Register allocation, with arrays for registers: one walk through the operations (a linear scan).

    A value leaves its place when it has been read for the last time.
    """

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
