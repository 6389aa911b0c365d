"""What searching costs, and what pruning saves.

    python tests/benchmarks/searches.py [iris] [digits]

iris: 100 trials by two workers; clock and processor time. digits: the same 40 trials at random, without and
with the median pruner, by two metrics; the epochs that were trained and the best score of each.
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITH_VALIDATION = "  validation: 0.2\n"
SPACE = """space:
  optimizer.learning_rate: {low: 1e-4, high: 1e-1, log: true}
  training.batch_size: {choices: [16, 32, 64]}
  l2: {low: 1e-6, high: 1e-1, log: true}
"""


def search(directory: Path, head: str, *flags: str) -> list[dict[str, str]]:
    """The trials of a search in a directory that has `c.yaml`."""
    (directory / "study.yaml").write_text(f"config: c.yaml\n{head}\n{SPACE}", "utf-8")
    command = [sys.executable, "-m", "mlpcli", "search", "study.yaml", "-q", "-o", "s", *flags]
    subprocess.run(command, cwd=directory, check=True)
    with (directory / "s" / "trials.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def place_config(directory: Path, name: str) -> None:
    """A shipped config with validation rows."""
    text = (ROOT / "configs" / f"{name}.yaml").read_text("utf-8")
    text = text.replace("../data/", f"{ROOT}/data/").replace("data:\n", f"data:\n{WITH_VALIDATION}")
    (directory / "c.yaml").write_text(text, "utf-8")


def iris() -> None:
    """The time of 100 trials."""
    with tempfile.TemporaryDirectory() as name:
        place_config(Path(name), "iris")
        began, before = time.monotonic(), processor_time()
        trials = search(Path(name), "", "--trials", "100", "--jobs", "2")
        clock, used = time.monotonic() - began, processor_time() - before
    print(f"iris: {len(trials)} trials, {clock:.1f} s by the clock, {used:.1f} s of processor time")


def processor_time() -> float:
    """Seconds that the processes which this one has started, and that have ended, took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def digits() -> None:
    """The epochs of the same trials, without and with pruning: by the loss, and by a score of steps."""
    for metric, pruner in (("val_loss", "median"), ("val_accuracy", "{name: median, warmup: 15, every: 1}")):
        found = {}
        for chosen in ("none", pruner):
            with tempfile.TemporaryDirectory() as name:
                place_config(Path(name), "digits")
                head = f"sampler: random\nmetric: {metric}\npruner: {chosen}"
                trials = search(Path(name), head, "--trials", "40")
            epochs = sum(int(trial["epochs"]) for trial in trials)
            whole = [float(trial[metric]) for trial in trials if trial["state"] == "complete"]
            ended = sum(trial["state"] == "pruned" for trial in trials)
            best = min(whole) if metric == "val_loss" else max(whole)
            print(f"digits, {metric}, pruner {chosen}: {epochs} epochs, {ended} pruned, best {best:.6f}")
            found[chosen] = epochs
        before, after = found.values()
        print(f"digits, {metric}: {1 - after / before:.0%} of the epochs saved", flush=True)


if __name__ == "__main__":
    for chosen in sys.argv[1:] or ("iris", "digits"):
        {"iris": iris, "digits": digits}[chosen]()
