"""How good `mlp init` + `mlp train` is, unedited, on thirty tables, beside what one would use in its place.

    python tests/benchmarks/init_quality.py tables FOLDER --archives DIR
    python tests/benchmarks/init_quality.py run FOLDER CONTENDER ... -o RESULTS.jsonl --python PEERS_PYTHON
    python tests/benchmarks/init_quality.py report FOLDER RESULTS.jsonl ... [--base CONTENDER] [--each]
                                                                        [--contenders CONTENDER ...]

`tables` fetches packages into DIR, checks their sha256 and writes FOLDER/NAME.csv and FOLDER/tables.json:
178 to 60,000 rows, both tasks, 2 to 26 classes, texts, missing cells, up to 181 columns. They are two halves,
`choose` and `report`: constants are chosen on the first alone. Needs scikit-learn, rdata, pip, apt-get and
dpkg. FOLDER may well be data/fetched/quality, which git ignores.

`run` splits every table into training and test rows, three to one, the same for all contenders of a seed,
and appends one JSON object a line: table, seed, contender, error (1 - accuracy, or the root mean square error
over the standard deviation of the test target), log_loss, cpu (user and system seconds of the fit and its
children), wall. What the file has already is not run again. A contender is one of

    sklearn-mlp  hist-gb  lightgbm  catboost  realmlp-td-s  realmlp-td  realmlp-td-ce  tabm-d

with its defaults, one thread, run by PEERS_PYTHON (`pip install torch pytabkit lightgbm catboost` there), or

    NAME=RECIPE[@TREE][,KEY=VALUE...]

which is `mlp` of a working tree (default: this one). RECIPE `init` is what `mlp init` writes, `bare` a config
that names file and target alone (and `missing: median` where cells are missing), anything else goes to `mlp
init --recipe`; KEY=VALUE goes to `mlp train --set`. Its seconds are those of both commands from their start,
those of the others are those of the fit alone, imports and reading left out.

`report` prints means over tables for each half (see `quality/report.py`), of all results or of some
contenders on the tables that all of these have.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from quality import report
from quality.peers import PEERS
from quality.runner import Contender, Mlp, Peer, measured
from quality.tables import Table, listed, written

TREE = Path(__file__).resolve().parents[2]
HALVES = ("choose", "report")


def contender(text: str, python: str) -> tuple[str, Contender]:
    """Name and contender of what the command line calls it."""
    if text in PEERS:
        return text, Peer(text, python)
    name, equals, rest = text.partition("=")
    if not equals:
        raise SystemExit(f"{text!r} is neither NAME=RECIPE nor one of {', '.join(PEERS)}")
    recipe, *overrides = re.split(r",(?=[a-z][\w.-]*=)", rest)  # a value may have commas too
    recipe, _, tree = recipe.partition("@")
    return name, Mlp(Path(tree or TREE).resolve(), recipe, tuple(overrides))


def arguments() -> argparse.Namespace:
    """What is asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    tables, run, told = (commands.add_parser(name) for name in ("tables", "run", "report"))
    for command in (tables, run, told):
        command.add_argument("folder", type=Path)
    tables.add_argument("--archives", type=Path, required=True)
    run.add_argument("contenders", nargs="+")
    run.add_argument("-o", "--out", type=Path, required=True)
    run.add_argument("--python", default=sys.executable)
    run.add_argument("--seeds", type=int, nargs="+", default=[0])
    told.add_argument("results", type=Path, nargs="+")
    told.add_argument("--base", default="mlp-today")
    told.add_argument("--contenders", nargs="+", help="these alone, on the tables that all of them have")
    told.add_argument("--each", action="store_true", help="the values of every table too")
    for command in (run, told):
        command.add_argument("--only", nargs="+", default=[], metavar="TABLE")
        command.add_argument("--half", choices=HALVES)
        command.add_argument("--most-rows", type=int, default=1 << 30)
    return parser.parse_args()


def show(asked: argparse.Namespace, chosen: list[Table]) -> None:
    """Print the report of the tables that are asked for."""
    results = report.read(asked.results)
    if asked.contenders:
        results = {key: value for key, value in results.items() if key[0] in asked.contenders}
        chosen = report.shared(results, chosen)
    for title, task in (("all", None), ("classes", "classification"), ("numbers", "regression")):
        for half in HALVES:
            group = [one for one in chosen if one.half == half and task in {None, one.task}]
            if group:
                print(f"\n### {half}, {title}: {len(group)} tables\n")
                print(report.markdown(results, group, asked.base))
    if asked.each:
        for key in ("error", "log_loss", "cpu"):
            print(f"\n{report.each_table(results, chosen, key)}")


def main() -> None:
    """Do what is asked."""
    asked = arguments()
    if asked.command == "tables":
        for table in written(asked.folder, asked.archives):
            print(table)
        return
    chosen = [
        one
        for one in listed(asked.folder)
        if (not asked.only or one.name in asked.only)
        and asked.half in {None, one.half}
        and one.rows <= asked.most_rows
    ]
    if asked.command == "report":
        show(asked, chosen)
        return
    contenders = dict(contender(text, asked.python) for text in asked.contenders)
    for line in measured(asked.folder, chosen, asked.seeds, contenders, asked.out):
        print({key: round(x, 4) if isinstance(x, float) else x for key, x in line.items()}, flush=True)


if __name__ == "__main__":
    main()
