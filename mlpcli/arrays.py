"""The names of array types used in signatures."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Matrix: TypeAlias = npt.NDArray[np.floating[Any]]  # two axes: rows are examples
Vector: TypeAlias = npt.NDArray[np.floating[Any]]  # one axis
Indices: TypeAlias = npt.NDArray[np.intp]
