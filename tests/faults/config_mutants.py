"""C6: configs with changed characters and words, and trees of known and unknown keys: refused, or a spec."""

from __future__ import annotations

import json
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mlpcli.config.load import load_config
from mlpcli.config.spec import Spec
from mlpcli.errors import ConfigError
from tests.faults.bytes_mutator import mutant_of
from tests.faults.commands import ROOT
from tests.faults.figure import Figure

QUICK, FULL = 500, 20_000
LONGEST = 10.0  # seconds for one config; a thousand times what is usual, so only a hang is more
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
WORDS = [
    "data", "train", "target", "features", "model", "layers", "activation", "loss", "optimizer", "schedule",
    "training", "name", "epochs", "auto", "relu", "softmax", "sgd", "adam", "lbfgs", "one_hot",
    "standardize", "validation", "test", "column", "value", "seed", "l2", "null", "true", "~", "0", "1",
    "-1", "0.5", "1e400", "010", ".nan", ".inf", "1_000", "0x10", "''", "'1'", "[]", "{}", "[", "]", "{",
    "}", ":", ",", "-", "?", "|", ">", "&", "*", "!", "%", "@", "`", "\"", "'", "#", "---", "...", "<<:",
    "&a", "*a", "!!int", "\t", "\n",
]  # fmt: skip


def run(times: int) -> Iterator[Figure]:
    """A third of each kind of mutant."""
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "configs").glob("*.yaml"))]
    makers: dict[str, Callable[[random.Random], bytes]] = {
        "bytes of a config changed": lambda rng: of_bytes(rng, rng.choice(texts)),
        "words of a config changed": lambda rng: of_words(rng, rng.choice(texts)),
        "trees of keys and values": of_trees,
    }
    for what, make in makers.items():
        yield of_kind(what, make, -(-times // len(makers)))


def of_kind(what: str, make: Callable[[random.Random], bytes], times: int) -> Figure:
    """So many mutants of one kind."""
    figure = Figure("C6", what, f"ConfigError or a spec, at most {LONGEST:.0f} s", least=times)
    figure.facts |= {"refused": 0, "accepted": 0}
    rng, slowest = random.Random(6), 0.0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "c.yaml"
        for number in range(times):
            path.write_bytes(make(rng))
            start = time.perf_counter()
            judge(path, figure, number)
            slowest = max(slowest, time.perf_counter() - start)
    figure.facts["slowest in ms"] = round(1000 * slowest)
    figure.check(slowest < LONGEST, "too slow")
    return figure


def judge(path: Path, figure: Figure, number: int) -> None:
    """Read one config; what is accepted must be a spec, what is refused must say where it is wrong."""
    figure.count += 1
    try:
        accepted = load_config(path)
    except ConfigError as error:
        figure.add("refused")
        figure.check(error.problems and str(error).startswith("mlp: error: "), f"mutant {number}: {error}")
    except Exception as error:  # whatever it is, it is what is looked for
        figure.check(False, f"mutant {number}: {type(error).__name__}: {error}: {path.read_bytes()!r}")
    else:
        figure.add("accepted")
        figure.check(isinstance(accepted.spec, Spec), f"mutant {number} is no spec")


def of_bytes(rng: random.Random, text: str) -> bytes:
    """A config with damaged bytes."""
    data = text.encode()
    return mutant_of(data, rng, [(0, len(data))])


def of_words(rng: random.Random, text: str) -> bytes:
    """A config in which some words, signs or spaces are lost, doubled, swapped or replaced."""
    tokens = TOKEN.findall(text)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        match rng.randrange(4):
            case 0:
                tokens[at] = ""
            case 1:
                tokens[at] *= 2
            case 2:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case _:
                tokens[at] = rng.choice(WORDS)
    return "".join(tokens).encode()


def of_trees(rng: random.Random) -> bytes:
    """A config with known and unknown values at random places of it, as JSON, which is YAML."""
    document: dict[str, Any] = {"data": {"train": "t.csv", "target": "y"}}
    for _ in range(rng.randrange(1, 5)):
        here = document
        for key in rng.choices(WORDS[:25], k=rng.randrange(2)):
            inner = here.setdefault(key, {})
            here = inner if isinstance(inner, dict) else here
        here[rng.choice(WORDS)] = _tree(rng, 3)
    return json.dumps(document).encode()


def _tree(rng: random.Random, depth: int) -> Any:
    match rng.randrange(6 if depth else 3):
        case 0:
            return rng.choice(WORDS)
        case 1:
            return rng.choice((0, 1, -1, 10**400, 0.5, 1e308, 2**63, None, True, ""))
        case 2:
            return "".join(rng.choices(WORDS, k=3))
        case 3 | 4:
            return {rng.choice(WORDS): _tree(rng, depth - 1) for _ in range(rng.randrange(4))}
        case _:
            return [_tree(rng, depth - 1) for _ in range(rng.randrange(4))]
