"""The kinds of scalar that the config language has, each refusing what it is not in one plain sentence.

Pydantic's own constraints would save the hooks, 35 lines, and need the scalars unwrapped before them. They
tell the first bound that is broken and never what was found: of the 298 messages that are kept for wrong
configs, 91 would be other ones (python tests/benchmarks/decisions.py --only types).
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from mlpcli.config.choice_synonyms import CHOICE_HINTS_ELSEWHERE, CHOICES_ELSEWHERE, METRICS_ELSEWHERE
from mlpcli.config.nodes import means_no_finite_number, resolve
from mlpcli.config.refusals import JsonSchema, expected, found, is_scalar, refusal, text_of, value_of

LARGEST = 1e308  # of the numbers in a config
CLOSE = 0.7  # how alike two words have to be for one to have been meant as the other


@dataclass(frozen=True, eq=False, repr=False)
class Number:
    """A finite number within bounds. Whole numbers are numbers; booleans are not."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None

    @property
    def words(self) -> str:
        """`a number of at least 0 and below 1`."""
        bounds = [
            f"{words} {bound:g}"
            for words, bound in (
                ("above", self.above),
                ("of at least", self.at_least),
                ("below", self.below),
                ("at most", self.at_most),
            )
            if bound is not None
        ]
        return " ".join(["a number", " and ".join(bounds)]).rstrip()

    def contains(self, number: float) -> bool:
        """Whether a number is finite and within the bounds."""
        return (
            math.isfinite(number)
            and (self.above is None or number > self.above)
            and (self.at_least is None or number >= self.at_least)
            and (self.below is None or number < self.below)
            and (self.at_most is None or number <= self.at_most)
        )

    def check(self, given: object) -> float:
        """The number given."""
        value = value_of(given)
        if isinstance(value, str) and means_no_finite_number(value):
            raise expected(self.words.replace("a number", "a finite number"), given)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise expected(self.words, given, _unquote(value))
        if abs(value) > LARGEST:
            raise expected(f"{self.words}, no larger than {LARGEST:g}", given)
        if not self.contains(float(value)):
            raise expected(self.words, given)
        return float(value)

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchema:
        bounds = {
            "exclusiveMinimum": self.above,
            "minimum": self.at_least,
            "exclusiveMaximum": self.below,
            "maximum": self.at_most,
        }
        return {"type": "number"} | {name: bound for name, bound in bounds.items() if bound is not None}


def _unquote(value: object) -> str | None:
    """What to do about a number in quotes."""
    looks_like = resolve(value) if isinstance(value, str) else None
    is_number = isinstance(looks_like, int | float) and not isinstance(looks_like, bool)
    return "take the quotes away" if is_number else None


@dataclass(frozen=True, eq=False, repr=False)
class Whole:
    """A whole number within bounds; where `word` is set, that word is accepted too."""

    at_least: int
    at_most: int
    word: str | None = None

    @property
    def words(self) -> str:
        """`a whole number of at least 1 or auto`."""
        unbounded = self.at_most >= 10**9
        bounds = f"of at least {self.at_least}" if unbounded else f"from {self.at_least} to {self.at_most}"
        return f"a whole number {bounds}" + (f" or {self.word}" if self.word else "")

    def check(self, given: object) -> int | str:
        """The number, or the word."""
        value = value_of(given)
        if self.word is not None and value == self.word:
            return self.word
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise expected(self.words, given, _unquote(value))
        if value > self.at_most:
            both = f"from {self.at_least} to {self.at_most}"
            raise expected(self.words.replace(f"of at least {self.at_least}", both), given)
        if value < self.at_least or value != int(value):
            raise expected(self.words, given)
        return int(value)

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchema:
        number: JsonSchema = {"type": "integer", "minimum": self.at_least, "maximum": self.at_most}
        return number if self.word is None else {"anyOf": [number, {"const": self.word}]}


class Flag:
    """`true` or `false`."""

    def check(self, given: object) -> bool:
        """The boolean given."""
        value = value_of(given)
        if not isinstance(value, bool):
            looks_like = {"yes": "true", "on": "true", "no": "false", "off": "false"}
            ours = looks_like.get(str(value).lower(), str(value).lower())
            hint = f"write `{ours}`" if ours in {"true", "false"} else None
            raise expected("true or false", given, hint)
        return value

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchema:
        return {"type": "boolean"}


@dataclass(frozen=True, eq=False, repr=False)
class Word:
    """One of the words of the Literal that it annotates; `what` says what they are: `a task`."""

    what: str

    def __get_pydantic_core_schema__(self, source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        words = get_args(source)
        return core_schema.no_info_plain_validator_function(
            lambda given: known_word(self.what, words, given), metadata={"words": list(words)}
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchema:
        return {"enum": schema.get("metadata", {})["words"]}


def known_word(what: str, words: Sequence[str], given: object) -> str:
    """The word given, if it is one of `words`."""
    if not is_scalar(given):
        raise expected(what, given, listing(words))
    text = text_of(given)
    if text not in words:
        raise expected(what, given, suggestion(text, words))
    return text


def listing(words: Sequence[str]) -> str:
    """All the words there are; in quotes signs, and `none`, which after `there are` says something else."""
    quoted = (f'"{word}"' if "'" in word else f"'{word}'" for word in words)
    plain = (word.isidentifier() and word != "none" for word in words)
    shown = (word if bare else text for word, bare, text in zip(words, plain, quoted, strict=True))
    return "there are " + ", ".join(shown)


def suggestion(text: str, words: Sequence[str]) -> str:
    """What was probably meant: our name for another tool's, a word close by, or else all there are."""
    lower = text.lower()
    prefix = "val_" if lower.startswith("val_") else ""  # of a metric on the validation rows
    for elsewhere in (CHOICES_ELSEWHERE, METRICS_ELSEWHERE):
        ours = prefix + elsewhere.get(lower.removeprefix(prefix), "")
        if ours in words:
            return f"it is called `{ours}` here{CHOICE_HINTS_ELSEWHERE.get((lower, ours), '')}"
    close = difflib.get_close_matches(lower, words, n=1, cutoff=CLOSE)
    return f"did you mean `{close[0]}`?" if close else listing(words)


@dataclass(frozen=True, eq=False, repr=False)
class Text:
    """A text: any scalar, taken as its source text; `what` says what it stands for: `a column name`."""

    what: str

    def check(self, given: object) -> str:
        """The source text."""
        if not is_scalar(given):
            raise expected(self.what, given)
        text = text_of(given)
        if not text:
            raise refusal(
                f"expected {self.what}, found {'nothing' if found(given) == 'nothing' else 'an empty text'}"
            )
        return text

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchema:
        # a number, a boolean or a null stands for the text that it is written as
        return {"type": ["string", "number", "boolean", "null"]}


URL = r"[A-Za-z][A-Za-z0-9+.-]*://"


@dataclass(frozen=True, eq=False, repr=False)
class LocalPath:
    """The path of a local file or directory, as it is written; `words_only` where a number is none."""

    what: str
    words_only: bool = False

    def check(self, given: object) -> str:
        """The path as written."""
        value = value_of(given)
        if self.words_only and isinstance(value, int | float):
            raise expected(self.what, given)
        path = "" if value is None else Text(self.what).check(given)
        if not path or re.match(URL, path):
            raise expected(self.what, given, "only local files are supported" if path else None)
        if "\n" in path or "\r" in path:
            raise refusal(f"expected {self.what}, found a text of several lines")
        return path

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchema:
        kinds: list[str] = [] if self.words_only else ["number", "boolean"]
        return {"type": ["string", *kinds] if kinds else "string", "minLength": 1}
