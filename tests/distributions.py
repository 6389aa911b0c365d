"""The package as others get it: `python -m tests.distributions [--only 3.12]`, which takes minutes.

Builds the sdist and the wheel, has twine check them, and installs the wheel in a new virtual environment of
every Python from 3.11 on that is found, with the newest dependencies and, on the first, with the lowest that
are allowed. Each writes a config, trains it and predicts; with the newest ones mypy checks a program
that imports the package. Needs `pip install build twine`.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (
    ".git",
    ".venv",
    "build",
    "dist",
    "runs",
    "studies",
    "fetched",
    "__pycache__",
    ".*_cache",
    "*.egg-info",
)
FIRST, LAST = 11, 14
TYPED = "import mlpcli\nrun: mlpcli.Run = mlpcli.train('iris.yaml')\n"


def built(directory: Path) -> tuple[Path, Path]:
    """The sdist and the wheel, built from a copy of the tree: nothing is left in the tree itself."""
    copy = directory / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    command = [
        sys.executable,
        "-m",
        "build",
        "--outdir",
        str(directory / "dist"),
        str(copy),
    ]
    subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (sdist,), (wheel,) = ((directory / "dist").glob(pattern) for pattern in ("*.tar.gz", "*.whl"))
    return sdist, wheel


def checked(files: Sequence[Path]) -> str:
    """What twine says of them; raises CalledProcessError where it has something to say."""
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def lowest() -> list[str]:
    """The dependencies, each as the lowest version that is allowed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [re.sub(">=", "==", dependency) for dependency in project["dependencies"]]


def pythons() -> Iterator[tuple[str, str]]:
    """The versions that are there, and where: on the path, or of pyenv."""
    of_pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(FIRST, LAST + 1):
        own = sorted(of_pyenv.glob(f"3.{minor}.*/bin/python"))
        found = str(own[-1]) if own else shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
            yield f"3.{minor}", found


def tried(python: str, wheel: Path, constraints: Sequence[str], directory: Path) -> None:
    """Install the wheel and use it as a person would; raises CalledProcessError."""

    def call(*command: str) -> None:
        environment = {"PATH": f"{directory}/bin:{os.environ['PATH']}", "HOME": str(directory)}
        subprocess.run(command, check=True, cwd=directory, env=environment, capture_output=True, text=True)

    subprocess.run([python, "-m", "venv", str(directory)], check=True)
    pip = [str(directory / "bin" / "pip"), "install", "--quiet", str(wheel), *constraints]
    subprocess.run(pip, check=True, capture_output=True, text=True)
    shutil.copy(ROOT / "data" / "iris.csv", directory / "iris.csv")
    mlp = str(directory / "bin" / "mlp")
    call(mlp, "init", "iris.csv", "--target", "species", "--recipe", "quick")
    call(mlp, "train", "iris.yaml", "-o", "run")
    call(mlp, "predict", "run/model.npz", "iris.csv", "-o", "predictions.csv")
    assert (directory / "share" / "man" / "man1" / "mlp.1").exists()
    assert (directory / "run" / "report.html").exists()
    (directory / "program.py").write_text(TYPED, "utf-8")
    if not constraints:
        subprocess.run([str(directory / "bin" / "pip"), "install", "--quiet", "mypy"], check=True)
        call(str(directory / "bin" / "mypy"), "--strict", "program.py")


def main() -> int:
    """Build, check, install, use; 1 where something fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.distributions", description=__doc__)
    parser.add_argument("--only", metavar="VERSION", help="this Python alone: 3.12")
    only = parser.parse_args().only
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        sdist, wheel = built(Path(name))
        print(checked([sdist, wheel]), end="")
        for place, (version, python) in enumerate(pythons()):
            for words, constraints in (("newest", []), ("lowest", lowest())):
                if (only and version != only) or (words == "lowest" and place):
                    continue
                try:
                    tried(python, wheel, constraints, Path(name) / f"{version}-{words}")
                    print(f"Python {version}, {words} dependencies: ok", flush=True)
                except subprocess.CalledProcessError as error:
                    failed = 1
                    print(f"Python {version}, {words} dependencies: {error}\n{error.stdout}\n{error.stderr}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
