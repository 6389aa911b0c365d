"""Small studies: a config with validation and test rows beside a study file, and what they leave."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from tests.support.running import Done, mlp, ok, write_config, write_table

SPACE = """
  optimizer.learning_rate: {low: 1e-3, high: 1e-1, log: true}
  model.layers: {choices: [[auto, 4, auto], [auto, 5, 3, auto]]}
"""


def write_study(directory: Path, head: str = "", space: str = SPACE, **sections: Any) -> Path:
    """A table, a config of four epochs, and a study of it; `head` are other lines of the study file."""
    directory.mkdir(parents=True, exist_ok=True)
    write_table(directory)
    data = {"validation": 0.25, "test": 0.2, **sections.pop("data", {})}
    training = {"epochs": 4, **sections.pop("training", {})}
    model = {"layers": ["auto", 4, "auto"], **sections.pop("model", {})}
    write_config(directory / "c.yaml", data=data, training=training, model=model, **sections)
    path = directory / "study.yaml"
    path.write_text(f"config: c.yaml\n{head}\nspace:{space}", "utf-8")
    return path


def searched(study: Path, *arguments: object, out: str = "s") -> Path:
    """Search; the study's directory."""
    ok("search", study, "-o", study.parent / out, "-q", *arguments)
    return study.parent / out


def document(study: Path, *arguments: object, out: str = "s") -> Any:
    """Search; what `--json` says."""
    return ok("search", study, "-o", study.parent / out, "-q", "--json", *arguments).document()


def failing(study: Path, *arguments: object) -> Done:
    """A search that does not succeed."""
    return mlp("search", study, "-o", study.parent / "s", *arguments)


def trials(directory: Path) -> list[dict[str, str]]:
    """The rows of trials.csv."""
    with (directory / "trials.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def states(directory: Path) -> list[str]:
    """The state of every trial."""
    return [row["state"] for row in trials(directory)]
