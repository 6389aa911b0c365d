"""How a column becomes numbers: the words for encodings, their options, and formats of dates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from mlpcli.config.date_format import is_time_alone, known_format
from mlpcli.config.fields import Flag, Text, Whole, Word, known_word
from mlpcli.config.refusals import JsonSchema, expected, is_scalar, refusal
from mlpcli.config.shapes import Closed, Maybe, OneOrList

ENCODINGS = {
    "standardize": "(x − mean) / std; a constant column becomes 0",
    "minmax": "(x − min) / (max − min), to 0..1",
    "maxabs": "x / max |x|",
    "robust": "(x − median) / (75 % quantile − 25 % quantile), by the range where the two are the same",
    "robust_clip": "v / √(1 + (v/3)²), between −3 and 3, of v = (x − median) / (75 % quantile − 25 % "
    "quantile) or, where the two are the same, by half the range; a constant column is 0",
    "quantile": "the rank of x from 0 to 1, between up to 1,000 quantiles; or made normal by `output`",
    "piecewise_linear": "how far x has come in each of up to `bins` bins between quantiles, from 0 to 1",
    "none": "x as it is",
    "one_hot": "a column of 0 and 1 for each category; one that training did not have is all 0",
    "embed": "a learnt vector for each category; one that training did not have is all 0",
    "ordinal": "the position in `categories`, from 0",
    "log1p": "log(1 + x), then standardized; for amounts and counts above −1",
    "datetime": "dates and times: their parts as numbers, those that come again as sine and cosine",
}
POLICIES = {
    "error": "a missing cell is an error",
    "mean": "the mean of the training rows; the most frequent category of a text column",
    "median": "the median of the training rows; the most frequent category of a text column",
    "most_frequent": "the most frequent value of the training rows",
    "constant": "a value given: `{constant: VALUE}`",
    "category": "a category of its own; for text columns",
    "drop": "the row is left out of the training data; an error in other rows",
}
SCALES = {
    "none": "the target as it is",
    "standardize": "(y − mean) / std",
    "minmax": "(y − min) / (max − min), to 0..1",
    "maxabs": "y / max |y|",
    "divide": "y / a number given: `{divide: NUMBER}`",
}


def names_schema(words: Mapping[str, str], *others: str) -> JsonSchema:
    """The schema of a name alone, with what each means; `others` cannot stand alone."""
    names = [{"const": name, "description": decoder} for name, decoder in words.items() if name not in others]
    return {"oneOf": names}


Scaling = Literal[
    "standardize", "minmax", "maxabs", "robust", "robust_clip"
]  # a center and a scale of the numbers
Numeric = Literal[Scaling, "quantile", "piecewise_linear", "none", "log1p"]
Encoding = Literal[Numeric, "one_hot", "embed", "ordinal", "datetime"]
NUMERIC_ENCODINGS = frozenset(get_args(Numeric))
# the options that an encoding has; one of them has no meaning without
OPTIONS: dict[str, tuple[str, ...]] = {
    "quantile": ("output",),
    "piecewise_linear": ("bins",),
    "one_hot": ("min_count", "scaling"),
    "embed": ("width", "min_count"),
    "ordinal": ("categories",),
    "datetime": ("parts", "cyclic", "format"),
}
NEEDED = {"ordinal": "categories"}
OPTION_NAMES = tuple(dict.fromkeys(option for options in OPTIONS.values() for option in options))
MOST_UNITS = 1_000  # of an embedding
MOST_BINS = 1_000

Distribution = Literal["uniform", "normal"]
DatePart = Literal[
    "year", "month", "day", "day_of_week", "day_of_year", "hour", "minute", "second", "timestamp"
]
# what comes after the last of these is the first again
CYCLIC_PARTS = frozenset({"month", "day_of_week", "day_of_year", "hour", "minute", "second"})
TIME_PARTS = ("hour", "minute", "second")
Categories: TypeAlias = Annotated[
    tuple[Annotated[str, Text("a category")], ...], OneOrList("a category", shortest=1)
]
DateParts: TypeAlias = Annotated[
    tuple[Annotated[DatePart, Word("a part of a date")], ...], OneOrList("a part of a date", shortest=1)
]


class EncodeSpec(Closed):
    """How a feature's values become numbers; an option is None where the encoding has none of that name."""

    name: Encoding
    categories: Annotated[Categories | None, Field(description="all categories, in their order")] = None
    output: Annotated[
        Maybe[Annotated[Distribution, Word("a distribution")]],
        Field(description="what the ranks become: uniform, 0 to 1 (the default), or normal"),
    ] = None
    bins: Annotated[
        Maybe[Annotated[int, Whole(1, MOST_BINS)]],
        Field(
            description="how many bins at the most: quantiles that are equal make fewer, and so do few rows; "
            "default: 48"
        ),
    ] = None
    width: Annotated[
        Maybe[Annotated[int | Literal["auto"], Whole(1, MOST_UNITS, word="auto")]],
        Field(
            description="how many numbers stand for a category; default: auto, 1.6 · categories^0.56 but at "
            "most 50"
        ),
    ] = None
    min_count: Annotated[
        Maybe[Annotated[int, Whole(2, 2**53)]],
        Field(
            description="categories with fewer training rows share one level, and so do categories that "
            "training did not have; default: each has its own"
        ),
    ] = None
    scaling: Annotated[
        Maybe[Annotated[Scaling, Word("a scaling")]],
        Field(description="how the columns of 0 and 1 are scaled, each by itself; default: not at all"),
    ] = None
    parts: Annotated[
        Maybe[DateParts],
        Field(
            description="the parts of a date that become inputs; default: those of year, month, day, "
            "day_of_week that differ in the training rows, and hour where these have times of day; of times "
            "alone hour, minute and second; a timestamp is days since 1970"
        ),
    ] = None
    cyclic: Annotated[
        Maybe[Annotated[bool, Flag()]],
        Field(
            description="whether month, day_of_week, day_of_year, hour, minute and second are a sine and a "
            "cosine (the default) instead of a standardized number"
        ),
    ] = None
    format: Annotated[
        Maybe[Annotated[str, Text("a format of dates"), AfterValidator(known_format)]],
        Field(
            description='how the dates are written, such as `"%d.%m.%Y"`, or `"%H:%M"` for times alone; '
            "epoch and epoch_ms are seconds and milliseconds since 1970; default: 2024-01-31, or with a time "
            "2024-01-31T18:05; the clock counts as it is written, whatever its distance from UTC"
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, given: object) -> object:
        if isinstance(given, EncodeSpec):
            return given
        if is_scalar(given):
            given = {"name": given}
        if not isinstance(given, dict) or "name" not in given:
            hint = next(
                (_purpose(key) for key in OPTION_NAMES if isinstance(given, dict) and key in given), None
            )
            raise expected("an encoding, by name or as a mapping with `name`", given, hint)
        name = known_word("an encoding", get_args(Encoding), given["name"])
        if NEEDED.get(name, "name") not in given:
            hint = "write `{encode: ordinal, categories: [low, middle, high]}`"
            raise refusal("ordinal needs its categories, in their order", hint)
        for option in (key for key in given if key in OPTION_NAMES and key not in OPTIONS.get(name, ())):
            raise refusal(f"`{option}` has no effect on {name}", _purpose(option), (option,))
        return {**given, "name": name}

    @model_validator(mode="after")
    def _times_have_no_day(self) -> Self:
        days = [part for part in self.parts or () if part not in TIME_PARTS]
        if days and is_time_alone(self.format):
            hint = f"it has {', '.join(TIME_PARTS)}"
            raise refusal(f"a time written as {self.format} has no {days[0]}", hint, ("parts",))
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        properties = handler.resolve_ref_schema(handler(schema))["properties"]
        return {"anyOf": [NAMES_ALONE, *(_form(name, properties) for name in OPTIONS)]}


NAMES_ALONE = names_schema(ENCODINGS, *NEEDED)


def _purpose(option: str) -> str:
    takers = " and ".join(name for name, options in OPTIONS.items() if option in options)
    return f"`{option}` is for {takers}"


def _form(name: str, properties: dict[str, Any]) -> JsonSchema:
    """The schema of the mapping of one encoding with its options."""
    needed = [NEEDED[name]] if name in NEEDED else []
    return {
        "type": "object",
        "description": ENCODINGS[name],
        "properties": {"name": {"const": name}} | {option: properties[option] for option in OPTIONS[name]},
        "required": ["name", *needed],
        "additionalProperties": False,
    }
