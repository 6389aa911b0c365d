"""What libraries take of memory before there is any data: asked to take less, before they are loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def take_less() -> None:
    """Have OpenBLAS start with one thread, and pandas without pyarrow, in a process that has neither yet.

    OpenBLAS starts a thread for each processor as it is loaded, each with 40 MB of address space; where
    training wants more than one they come then. Whoever sets OPENBLAS_NUM_THREADS is heeded.
    """
    os.environ.setdefault("OPENBLAS_DEFAULT_NUM_THREADS", "1")
    sys.meta_path.insert(0, _WithoutArrow())


class _WithoutArrow(MetaPathFinder):
    """Tells pandas that there is no pyarrow while it is loaded, and nobody else.

    Where pandas finds it, it loads it, which takes 190 MB of address space and as long as pandas itself;
    who reads or writes what takes pyarrow loads it then.
    """

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Nothing of its own. Raises ModuleNotFoundError."""
        if fullname == "pyarrow" and _is_being_loaded("pandas"):
            raise ModuleNotFoundError("pandas does not need it", name=fullname)
        return None


def _is_being_loaded(package: str) -> bool:
    """Whether its own module has begun, and has not come to its version, which is near the end of it."""
    return package in sys.modules and not hasattr(sys.modules[package], "__version__")
