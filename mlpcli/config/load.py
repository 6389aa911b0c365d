"""A config file and the command line's changes to it, read, checked and joined with its places."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mlpcli.config.document import MAX_BYTES, parse_document
from mlpcli.config.explain import explain, place_of, written_key
from mlpcli.config.nodes import Key, ListNode, MappingNode, Node, ScalarNode, Value, trace, tree
from mlpcli.config.overrides import override, put
from mlpcli.config.refusals import text_of
from mlpcli.config.rules import findings
from mlpcli.config.spec import FULL_BATCH, Spec
from mlpcli.errors import ConfigError, Place, Problem, SettingError

PLACEHOLDER = "?"  # stands in for what is required and missing; no rule reads it


def without_errors(errors: Iterable[ErrorDetails], root: MappingNode) -> tuple[dict[str, Any], list[Key]]:
    """The config as dicts and lists without its wrong settings, and the keys of these."""
    rest = tree(root)
    wrong = [_setting(error, root) for error in errors]
    for key in wrong:
        _remove(rest, key)
    data = rest.setdefault("data", {})
    if isinstance(data, dict):
        missing = [name for name in ("train", "target") if name not in data]
        data.update(dict.fromkeys(missing, PLACEHOLDER))
        wrong += [("data", name) for name in missing]
    return rest, wrong


def _setting(error: ErrorDetails, root: MappingNode) -> Key:
    """The smallest whole setting that an error spoils: an item spoils its list, a name its choice."""
    key = written_key(error, root)
    while key and (isinstance(key[-1], int) or key[-1] == "name"):
        key = key[:-1]
    return key


def _remove(rest: Any, key: Key) -> None:
    for part in key[:-1]:
        rest = rest[part] if isinstance(rest, dict) and part in rest else None
    if isinstance(rest, dict) and key:
        rest.pop(key[-1], None)


@dataclass(frozen=True)
class Config:
    """What a config file and the command line together ask for; `is_mapping` where Python gave it instead.

    `contents` are those of files that are in memory alone, by the part of the data: Python gave frames.
    """

    spec: Spec
    path: Path
    root: MappingNode
    is_mapping: bool = False
    contents: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The config as written, the command line's changes included, in plain values."""
        return {
            key: plain(entry.node, _value_as_written if key == "data" else _value)
            for key, entry in self.root.entries.items()
        }

    def with_root(self, root: MappingNode) -> Config:
        """The config of another tree in its place; raises ConfigError."""
        return replace(self, spec=check(root), root=root)

    def problem(self, key: Key, message: str, hint: str | None = None) -> ConfigError:
        """An error about the setting at a key, such as `("model", "layers", 0)`, to be raised."""
        return ConfigError(Problem(message, place_of(self.root, key), hint))

    @contextmanager
    def places(self) -> Iterator[None]:
        """Where a SettingError is raised within, raise what it stands for, with the places of its keys."""
        try:
            yield
        except SettingError as error:
            problems = (Problem(it.message, place_of(self.root, it.key), it.hint) for it in error.settings)
            raise error.placed(*problems) from error

    def input_path(self, key: Key) -> Path:
        """The file named at a key: relative to the config file, or to here if the command line named it."""
        entry = trace(self.root, key)[1]
        if entry is None or not isinstance(entry.node, ScalarNode):
            raise KeyError(key)
        return (self.path.parent if self.is_in_file(key) else Path()) / entry.node.text

    def input_paths(self, key: Key) -> tuple[Path, ...]:
        """The files named at a key, one or a list of them."""
        entry = trace(self.root, key)[1]
        if entry is None or not isinstance(entry.node, ListNode):
            return (self.input_path(key),)
        return tuple(self.input_path((*key, index)) for index in range(len(entry.node.items)))

    def is_in_file(self, key: Key) -> bool:
        """Whether a setting stands in the config file, and does not come from the command line."""
        return place_of(self.root, key).source == str(self.path)


def load_config(path: Path, overrides: Sequence[str] = (), seed: int | None = None) -> Config:
    """Read and check a config. Raises one ConfigError with everything that is wrong."""
    root = parse_document(read_file(path), str(path))
    for assignment in overrides:
        root = override(root, assignment)
    if seed is not None:
        place = Place(f"--seed {seed}")
        root = put(root, ("seed",), ScalarNode(str(seed), True, place), place)
    return Config(check(root), path, root)


def read_file(path: Path) -> bytes:
    """The first bytes of a config file, one more than are allowed."""
    place = Place(str(path))
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError.of(
            "expected a config file, found nothing there", place, _files_nearby(path)
        ) from None
    except IsADirectoryError:
        raise ConfigError.of("expected a config file, found a directory", place, _configs_in(path)) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ConfigError.of(f"the config file cannot be read: {reason or error}", place) from None


def _files_nearby(path: Path) -> str | None:
    """A name in the same directory that may have been meant."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"there is no directory {path.parent}"
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {path.parent / close[0]}?" if close else None


def _configs_in(path: Path) -> str | None:
    try:
        names = sorted(entry.name for entry in path.iterdir() if entry.suffix in {".yaml", ".yml"})
    except OSError:
        return None
    return f"did you mean {path / names[0]}?" if names else None


def check(root: MappingNode) -> Spec:
    """The spec that a tree stands for. What pydantic and the rules find wrong is raised together."""
    try:
        spec = Spec.model_validate(tree(root))
    except ValidationError as error:
        errors = error.errors(include_url=False)
        problems = [explain(details, root) for details in errors]
        raise ConfigError(*_in_order([*problems, *_rule_problems_besides(errors, root)])) from None
    broken = [Problem(it.message, place_of(root, it.key), it.hint) for it in findings(spec)]
    if broken:
        raise ConfigError(*_in_order(broken))
    return _settled(spec)


def _rule_problems_besides(errors: Iterable[ErrorDetails], root: MappingNode) -> list[Problem]:
    """What the rules find in the rest of a config, once what is wrong in itself is taken away."""
    rest, wrong = without_errors(errors, root)
    try:
        spec = Spec.model_validate(rest)
    except ValidationError:
        return []
    return [Problem(it.message, place_of(root, it.key), it.hint) for it in findings(spec, wrong)]


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, those in the file first, from its top to its end."""
    return sorted(dict.fromkeys(problems), key=lambda problem: _position(problem.place))


def _position(place: Place | None) -> tuple[bool, int, int]:
    if place is None or place.line is None:
        return True, 0, 0
    return False, place.line, place.column or 0


def _settled(spec: Spec) -> Spec:
    """The spec with the batch size that a full-batch optimizer stands for."""
    if spec.optimizer.name not in FULL_BATCH:
        return spec
    training = spec.training.model_copy(update={"batch_size": "full"})
    return spec.model_copy(update={"training": training})


def plain(node: Node, leaf: Callable[[ScalarNode], Value]) -> Any:
    """The nodes as dicts and lists, each scalar as `leaf` gives it."""
    if isinstance(node, MappingNode):
        return {key: plain(entry.node, leaf) for key, entry in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item, leaf) for item in node.items]
    return leaf(node)


def _value(node: ScalarNode) -> Value:
    return node.value


def _value_as_written(node: ScalarNode) -> Value:
    """The value, or the text if the value would be written otherwise: `1.50` may be a column."""
    return node.value if node.text in {"", text_of(node.value)} else node.text
