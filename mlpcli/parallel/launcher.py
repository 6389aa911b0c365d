"""What a launcher such as mpiexec says of this process in its environment: which of how many it is.

Whoever is not launched so neither imports an MPI library nor waits for one. SLURM_* alone says nothing: every
shell inside an allocation has those.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from mlpcli.errors import UsageError

# of MPICH, Intel MPI and Cray; of Open MPI; of Slurm's own PMIx, which leaves the number to Slurm
SAYING: Final = (
    ("PMI_RANK", "PMI_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"),
)
DIGITS: Final = re.compile("[0-9]{1,9}")


def rank_and_size(environment: Mapping[str, str] = os.environ) -> tuple[int, int] | None:
    """This process's number among those that were launched together, from 0, and how many these are.

    None where no launcher started it. Raises UsageError where the environment says something else than that.
    """
    for rank_name, size_name in SAYING:
        if rank_name not in environment:
            continue
        found = f"{rank_name}={environment[rank_name]} and {size_name}={environment.get(size_name, '')}"
        rank, size = (_number(environment.get(name, "")) for name in (rank_name, size_name))
        if rank is None or size is None or rank >= size:
            message = f"expected a launcher to say which process of how many this is, found {found}"
            raise UsageError.of(message, hint=f"unset {rank_name} to run this process alone")
        return rank, size
    return None


def is_of_open_mpi(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the launcher is Open MPI's, under which another library ends the process as it begins."""
    (first, _), (of_open_mpi, _), _ = SAYING
    return of_open_mpi in environment and first not in environment


def is_one_of_several() -> bool:
    """Whether it was launched together with others; raises UsageError as `rank_and_size` does."""
    launched = rank_and_size()
    return launched is not None and launched[1] > 1


def _number(text: str) -> int | None:
    return int(text) if DIGITS.fullmatch(text) else None
