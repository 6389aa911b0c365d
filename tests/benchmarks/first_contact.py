"""What becomes of files that nobody prepared: `init`, `train`, `evaluate` and `predict` of each, unedited.

    python tests/benchmarks/first_contact.py FOLDER [--targets 2] [--epochs 2] [--jobs 1] [-o RESULTS.jsonl]

Every .csv and .tsv of FOLDER is taken with some of its columns as targets: the last one, and others by
chance (the same ones each time). A line of RESULTS for each says which command ended it with which
message; lines that are there already are not computed again. Prints how many came through, and the
messages by how often they came. A table that is refused with a message may well be right to be refused;
a config of `init` that does not train, a trained model that cannot judge its own file, and exit code 1
never are.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from typer.testing import CliRunner

from mlpcli.cli import app

COMMANDS = ("init", "train", "evaluate", "predict")
NAMED = re.compile(r"'[^']*'|`[^`]*`|[\d.,]+\d|\d|\S+\.(csv|tsv|yaml)\S*")


def targets_of(path: Path, count: int) -> list[str]:
    """The last column of a file, then others by chance."""
    names = list(map(str, pd.read_csv(path, nrows=0, sep=None, engine="python").columns))
    others = names[:-1]
    random.Random(path.name).shuffle(others)
    return [names[-1], *others][:count]


def contact(case: tuple[Path, str], epochs: int) -> dict[str, Any]:
    """How far one file came with one target, and what was said."""
    path, target = case
    with tempfile.TemporaryDirectory() as folder:
        config, run = Path(folder, "config.yaml"), Path(folder, "run")
        model = str(run / "model.npz")
        arguments = {
            "init": [str(path), "--target", target, "-o", str(config), "--recipe", "quick"],
            "train": [str(config), "-q", "--no-plots", "-o", str(run), "--set", f"training.epochs={epochs}"],
            "evaluate": [model, str(path), "--json"],
            "predict": [model, str(path), "-o", str(Path(folder, "predictions.csv"))],
        }
        for command in COMMANDS:
            result = CliRunner().invoke(app, [command, *arguments[command]], catch_exceptions=True)
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                error = result.exception
                problems = [str(problem.message) for problem in getattr(error, "problems", ())]
                return verdict(path, target, command, problems or [f"BUG {type(error).__name__}: {error}"])
        return verdict(path, target, "done", [])


def verdict(path: Path, target: str, ended: str, said: list[str]) -> dict[str, Any]:
    """A line of the results."""
    return {"file": path.name, "target": target, "ended": ended, "said": said[:3]}


def cases(folder: Path, count: int, done: set[tuple[str, str]]) -> Iterator[tuple[Path, str]]:
    """The files and targets that have no result yet."""
    for path in sorted(folder.iterdir()):
        if path.suffix in {".csv", ".tsv"}:
            yield from ((path, name) for name in targets_of(path, count) if (path.name, name) not in done)


def main() -> None:
    """Go through the folder, then sum up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--targets", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("-o", "--out", type=Path, default=Path("first_contact.jsonl"))
    options = parser.parse_args()
    lines = options.out.read_text("utf-8").splitlines() if options.out.exists() else []
    results = [json.loads(line) for line in lines]
    todo = list(cases(options.folder, options.targets, {(it["file"], it["target"]) for it in results}))
    with ProcessPoolExecutor(options.jobs) as pool, options.out.open("a", encoding="utf-8") as out:
        for result in pool.map(partial(contact, epochs=options.epochs), todo, chunksize=4):
            out.write(json.dumps(result) + "\n")
            out.flush()
            results.append(result)
    print(", ".join(f"{name}: {n:,}" for name, n in Counter(it["ended"] for it in results).most_common()))
    said = Counter((it["ended"], NAMED.sub("…", it["said"][0])) for it in results if it["said"])
    for (command, message), n in said.most_common():
        print(f"{n:6,}  {command:8}  {message}")


if __name__ == "__main__":
    main()
