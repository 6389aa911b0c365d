"""A file of C while it is written: the helping functions that it uses, its tables, its own functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from mlpcli.exporting.c.words import LONGEST_LITERAL, literal, table

PARTS: Final = Path(__file__).parent / "parts"
# each helping part and those that it needs, in the order in which they stand in a file
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "rounded_float": (),
    "rounded_double": (),
    "known": (),
    "clipped": (),
    "rank": (),
    "uniform_rank": ("rank",),
    "normal_rank": ("rank",),
    "pieces": (),
    "find": (),
    "given": ("find",),
    "spaces": (),
    "number_text": ("spaces",),
    "among_numbers": ("number_text", "find"),
    "amount_meaning": ("number_text",),
    "truth_meaning": (),
    "plain_word": ("truth_meaning",),
    "text_meaning": ("plain_word",),
    "level": ("find",),
    "one_hot": (),
    "scaled_one_hot": (),
    "date": ("spaces",),
    "date_texts": ("date",),
    "iso_date": ("date_texts",),
    "epoch_date": ("date",),
    "formatted_date": ("date_texts",),
    "date_part": ("date",),
    "date_turn": ("date_part",),
    "affine": (),
    "lookup": (),
    "waves": (),
    "factors": (),
    "running_norm": (),
    "layer_norm": (),
    "mish_of": (),
    "activate": (),
    "activate_in_part": (),
    "add": (),
    "copy": (),
    "softmax": (),
    "log_sum_exp": (),
    "mean_softmax": ("log_sum_exp",),
    "mean_sigmoid": ("log_sum_exp",),
    "all_finite": (),
    "largest": (),
    "units": (),
    "few_digits": ("units",),
    "mean_numbers": ("units",),
}


@cache
def part(name: str) -> str:
    """The text of a part."""
    return (PARTS / f"{name}.c").read_text("utf-8")


class Source:
    """What a file needs so far; `longest` is the room for a text that is spelt in another way."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._fillings: dict[str, str] = {}
        self._tables: list[str] = []
        self._functions: list[str] = []
        self._names: dict[str, str] = {}
        self.longest = 64
        self.folded: set[str] = set()  # texts that are found in other spellings

    def use(self, name: str, **fillings: str) -> None:
        """Take a part, and what it needs; `fillings` stand in it where it has their names between @."""
        self._fillings |= fillings
        if name not in self._used:
            self._used.add(name)
            for needed in NEEDS[name]:
                self.use(needed)

    def uses(self, name: str) -> bool:
        """Whether a part is taken."""
        return name in self._used

    def named(self, stem: str, content: str) -> tuple[str, bool]:
        """The name of some content, and whether that is new: a stem, and a number where others have it."""
        name = self._names.get(content)
        if name is not None:
            return name, False
        taken, name, number = set(self._names.values()), stem, 2
        while name in taken:
            name, number = f"{stem}_{number}", number + 1
        self._names[content] = name
        return name, True

    def table(self, kind: str, stem: str, values: Iterable[str]) -> str:
        """The name of a table of such values; the same one is there once."""
        given = tuple(values)
        name, new = self.named(stem, f"{kind} {given!r}")
        if new:
            self._tables.append(table(kind, name, given))
        return name

    def texts(self, name: str, texts: Sequence[str]) -> str:
        """A table of texts."""
        return self.table("char *const", name, [self._text(text) for text in texts])

    def _text(self, text: str) -> str:
        content = text.encode("utf-8", "surrogatepass")
        if len(content) <= LONGEST_LITERAL:
            return literal(text)
        return self.table("char", "long_text", [f"'\\{byte:03o}'" for byte in (*content, 0)])

    def definition(self, stem: str, text: str) -> str:
        """The name of a definition among the tables, in it NAME; the same one is there once."""
        name, new = self.named(stem, text)
        if new:
            self._tables.append(text.replace("NAME", name, 1))
        return name

    def function(self, stem: str, text: str) -> str:
        """The name of a function of the file's own, likewise."""
        name, new = self.named(stem, text)
        if new:
            self._functions.append(text.replace("NAME", name, 1))
        return name

    def text(self) -> str:
        """All of it: parts, tables, functions."""
        parts = [self._filled(part(name)) for name in NEEDS if name in self._used]
        return "\n".join([*parts, *self._tables, *self._functions])

    def _filled(self, text: str) -> str:
        for name, filling in self._fillings.items():
            text = text.replace(f"@{name}@", filling)
        return text
