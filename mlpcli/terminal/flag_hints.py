"""What an unknown flag may have meant: a flag of ours, or a setting of the config."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Sequence
from itertools import dropwhile, takewhile

CLOSE = 0.7  # how alike two flags have to be for one to have been meant as the other
# what other tools call the flags
FLAGS_ELSEWHERE = {
    "--output": "--out",
    "--output-dir": "--out",
    "--output-file": "--out",
    "--force": "--overwrite",
    "--label": "--target",
    "--jobs": "--threads",
    "--n-jobs": "--threads",
    "--workers": "--threads",
    "--silent": "--quiet",
    "--continue": "--resume",
}
# the setting that is meant where a whole section is named
OF_A_SECTION = {"data": "data.train", "training.early_stopping": "training.early_stopping.patience"}


def meant_by_flag(flag: str, flags: Sequence[str], arguments: Sequence[str]) -> str | None:
    """What to type for an unknown flag: one of the command's, or `--set` with the key of that name."""
    paths = all_paths()
    written = next(
        (it.partition("=")[0] for it in arguments if it.startswith(flag)), flag
    )  # -lr is read as -l
    word = written.lstrip("-").replace("-", "_")
    ours = FLAGS_ELSEWHERE.get(flag, f"--{paths.get(word, '')}")
    if ours in flags:
        return f"it is called `{ours}` here"
    if word in paths or word.removeprefix("no_") in paths or word.partition(".")[0] in paths:
        return setting(word, paths, flags, values_of(written, arguments))
    by_flag = {f"--{it.replace('_', '-')}": it for it in paths}
    close = difflib.get_close_matches(flag, [*flags, *by_flag], n=1, cutoff=CLOSE)
    if not close:
        return None
    if close[0] in flags:
        return f"did you mean `{close[0]}`?"
    return setting(by_flag[close[0]], paths, flags, values_of(written, arguments))


def all_paths() -> dict[str, str]:
    """The dotted path of every key by its last word, and by the names that other tools have for it."""
    from mlpcli.config.key_paths import key_paths
    from mlpcli.config.synonyms import KEYS_ELSEWHERE

    return {**key_paths(), **KEYS_ELSEWHERE}


def setting(word: str, paths: dict[str, str], flags: Sequence[str], values: Sequence[str]) -> str | None:
    """`--set PATH=VALUE` for a word that is a key, another tool's name of one, or a dotted key."""
    denied = word not in paths and word.startswith("no_")
    path = paths.get(word.removeprefix("no_") if denied else word, word)
    path = OF_A_SECTION.get(path, path)
    if path in {"model", "training"}:
        return None
    value = "false" if denied else written_value(path, values)
    typed = f"--set {shlex.quote(f'{path}={value}')}"
    if "--set" in flags:
        return f"that is a setting of the config: {typed}"
    return f"that is a setting of the training: mlp train CONFIG {typed}"


def written_value(path: str, values: Sequence[str]) -> str:
    """The value of a setting as YAML: hidden widths stand between those of the inputs and the outputs."""
    if path == "model.layers":
        hidden = re.findall(r"\d+", " ".join(values)) or ["16"]
        return f"[{', '.join(['auto', *hidden, 'auto'])}]"
    if len(values) > 1:
        return f"[{', '.join(values)}]"
    return values[0] if values else "VALUE"


def values_of(flag: str, arguments: Sequence[str]) -> list[str]:
    """What was given to a flag: behind its `=`, or after it; several where all are numbers."""
    written, *following = dropwhile(lambda it: it.partition("=")[0] != flag, (*arguments, flag))
    if "=" in written:
        return [written.partition("=")[2]]
    values = list(takewhile(is_value, following))
    return list(takewhile(is_number, values)) or values[:1]


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_value(text: str) -> bool:
    """Whether an argument is a value, and neither a flag nor the config."""
    return is_number(text) or not (text.startswith("-") or text.endswith((".yaml", ".yml")))
