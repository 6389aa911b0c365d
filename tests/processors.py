"""The processors that this one can stand in for, and the tests of what depends on a processor's kernels.

    python -m tests.processors [--list] [PROCESSOR ...] [-- PYTEST ARGUMENTS]

OpenBLAS and NumPy choose their kernels by the processor, or by the environment. Runs the tests marked
`kernels`, or whatever pytest is told after `--`, once for each set of kernels that runs here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from numpy._core import _multiarray_umath

ROOT = Path(__file__).parents[1]
PRINT_KERNELS = """\
import numpy, threadpoolctl
numpy.ones((2, 2)).dot(numpy.ones(2))
print(*(i["architecture"] for i in threadpoolctl.threadpool_info() if i.get("internal_api") == "openblas"))
"""


class Processor(NamedTuple):
    """The name of its kernels in OpenBLAS, what they need, and the highest x86-64 level NumPy may use."""

    name: str
    needs: str
    level: int


# of kinds whose kernels are the same in the library that NumPy comes with, the others run as one of these
PROCESSORS = [
    Processor("Prescott", "SSE3", 2),
    Processor("Nehalem", "SSE42", 2),
    Processor("Sandybridge", "AVX", 2),
    Processor("Haswell", "AVX2", 3),
    Processor("Zen", "AVX2", 3),
    Processor("SkylakeX", "AVX512_SKX", 4),
    Processor("Cooperlake", "AVX512_SKX", 4),
]


def environment(processor: Processor) -> dict[str, str]:
    """What makes the libraries of a new process choose as they would on this processor."""
    levels = {"X86_V3": 3, "AVX2": 3, "FMA3": 3}
    beyond = [name for name in _multiarray_umath.__cpu_dispatch__ if levels.get(name, 4) > processor.level]
    return {"OPENBLAS_CORETYPE": processor.name, "NPY_DISABLE_CPU_FEATURES": " ".join(beyond)}


def kernels(env: Mapping[str, str]) -> str:
    """What OpenBLAS says that it has chosen; nothing where it is not OpenBLAS."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT_KERNELS], env={**os.environ, **env}, capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def runs_here(processor: Processor) -> bool:
    """Whether this one has the instructions."""
    features: Mapping[str, Any] = _multiarray_umath.__cpu_features__
    return bool(features.get(processor.needs))


def different() -> Iterator[Processor]:
    """Those that run here, one of each set of kernels."""
    found = {""}
    for processor in PROCESSORS:
        chosen = kernels(environment(processor)) if runs_here(processor) else ""
        if chosen not in found:
            found.add(chosen)
            yield processor


def run(processor: Processor, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """pytest in a process on this processor."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        env={**os.environ, **environment(processor)},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def main(arguments: list[str]) -> int:
    """The exit code is 1 where a test has failed on any."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    asked, told = arguments[:split], arguments[split + 1 :] or ["-m", "kernels"]
    chosen = [p for p in PROCESSORS if p.name in asked] or list(different())
    failed = 0
    for processor in chosen:
        print(f"{processor.name} ({kernels(environment(processor))}):", end=" ", flush=True)
        if "--list" in asked:
            print()
            continue
        done = run(processor, told)
        failed += done.returncode != 0
        print(done.stdout if done.returncode else done.stdout.rstrip().rsplit("\n", 1)[-1])
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
