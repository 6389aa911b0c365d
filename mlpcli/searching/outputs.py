"""What a study leaves besides its trials: a table of them, the best as a config, and a page."""

from __future__ import annotations

from pathlib import Path

from mlpcli.artifacts.atomic import bytes_content, write_atomically
from mlpcli.searching.page import study_page
from mlpcli.searching.study_file import StudyFile
from mlpcli.searching.trial_config import complete_text, config_with
from mlpcli.searching.trial_rows import TrialRows
from mlpcli.searching.tried import Found, Tried
from mlpcli.terminal.console import counted, number


def write_outputs(file: StudyFile, found: Found, rows: TrialRows, directory: Path) -> tuple[str, ...]:
    """Write trials.csv, and best.yaml where there is a best trial; their names. Raises OutputError.

    `mlp train` makes the model of the best trial of best.yaml.
    """
    write_atomically(directory / "trials.csv", bytes_content(found.content()))
    best = found.best
    if best is None:
        return ("trials.csv",)
    config = config_with(file, best.values)
    text = head_of(file, found, best) + complete_text(file, config, rows.of(config), directory)
    write_atomically(directory / "best.yaml", bytes_content(text.encode()))
    return ("trials.csv", "best.yaml")


def head_of(file: StudyFile, found: Found, best: Tried) -> str:
    """What best.yaml says above the config of the best trial."""
    complete = counted(len(found.complete), "trial")
    said = f"trial {best.number}, {found.metric} {number(best.value)}"
    return (
        f"# The best of {complete} of {file.path.name}: {said}.\n"
        "# That score is optimistic, as it was chosen for being the best: test rows say how good it is.\n"
    )


def write_page(file: StudyFile, found: Found, directory: Path) -> tuple[str, ...]:
    """Write the page of the study; its name. Raises OutputError."""
    write_atomically(directory / "report.html", bytes_content(study_page(file, found)))
    return ("report.html",)
