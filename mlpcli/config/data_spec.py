"""The data: which file, which columns are what, how they are split, encoded and read."""

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from mlpcli.config.feature_spec import Features, MissingSpec, ScaleSpec
from mlpcli.config.fields import Flag, LocalPath, Number, Text, Word
from mlpcli.config.parse_spec import ParseSpec, TargetParse
from mlpcli.config.refusals import expected, is_scalar, none_if_null, refusal, value_of
from mlpcli.config.shapes import Closed, Maybe, OneOrList

Task = Literal["regression", "classification", "multilabel"]
Column = Annotated[str, Text("a column name")]
Columns = Annotated[tuple[Column, ...], OneOrList("a column name", nulls=("", "null", "~"))]


class SplitColumn(Closed):
    """The rows whose cell in a column is a value."""

    column: Annotated[Column, Field(description="the column that says which part a row is in")]
    value: Annotated[
        str, Text("a value of the split column"), Field(description="the cell of the rows taken")
    ]


# one or several, each the path of a file or a pattern such as parts/*.csv
Paths = Annotated[
    tuple[Annotated[str, LocalPath("the path of a table")], ...],
    OneOrList("the path of a table", shortest=1),
]


def _part_form(given: object) -> str:
    """How a part of the data was named: as a fraction, a path, several paths or by a column."""
    if isinstance(given, list | tuple):
        return "paths"
    if not is_scalar(given):
        return "by column"
    number = isinstance(value_of(given), int | float) and not isinstance(value_of(given), bool)
    return "a fraction" if number else "a path"


def _part(given: object) -> object:
    """A boolean is none of the forms, and neither is a list of nothing."""
    if given in ([], ()) or isinstance(value_of(given), bool):
        raise expected("a fraction, a path or {column: NAME, value: TEXT}", given)
    return none_if_null(given)


HeldOut: TypeAlias = Annotated[
    Annotated[
        Annotated[float, Number(above=0, below=1), Tag("a fraction")]
        | Annotated[
            str,
            LocalPath("a fraction, a path or {column: NAME, value: TEXT}", words_only=True),
            Tag("a path"),
        ]
        | Annotated[
            tuple[Annotated[str, LocalPath("the path of a table", words_only=True)], ...],
            Field(json_schema_extra={"minItems": 1}),  # which `_part` sees to
            Tag("paths"),
        ]
        | Annotated[SplitColumn, Tag("by column")],
        Discriminator(_part_form),
    ]
    | None,
    BeforeValidator(_part),
]


def _one_character(text: str) -> str:
    if len(text) != 1 or text in '"\r\n':
        hint = 'a tab is written `"\\t"`, with double quotes' if text in {"\\t", "tab"} else None
        raise refusal(f"expected one character between fields, found '{text}'", hint)
    if not text.isascii() or not (text.isprintable() or text == "\t"):
        message = f"expected a printable character of ASCII or a tab, found '{text}'"
        raise refusal(message, "write the file with a comma, a semicolon or a tab between fields")
    return text


def _known_encoding(text: str) -> str:
    try:
        "a".encode(text)  # an empty text would not even look the encoding up
    except (LookupError, ValueError):
        raise refusal(
            f"expected a text encoding that Python knows, found '{text}'",
            "common ones are utf-8, latin-1, cp1252 and utf-16",
        ) from None
    return text


class DataSpec(Closed):
    """What the network learns from."""

    train: Annotated[
        Paths,
        Field(
            description="the training data: .csv, .tsv, .jsonl (each with .gz or .zst), .parquet, .arrow, "
            ".sqlite or .duckdb, of at most 100,000 columns; relative to this config. Several files of the "
            "same columns are listed, or named by a pattern: parts/*.csv"
        ),
    ]
    table: Annotated[
        Maybe[Annotated[str, Text("the name of a table")]],
        Field(description="the table of a database whose rows are meant; default: the only one"),
    ] = None
    query: Annotated[
        Maybe[Annotated[str, Text("a query")]],
        Field(description="the query that gives the rows of a database, with an ORDER BY: `SELECT ...`"),
    ] = None
    target: Annotated[
        tuple[Column, ...],
        OneOrList("a column name", shortest=1),
        Field(description="the column to predict, or a list of columns"),
    ]
    task: Annotated[
        Maybe[Annotated[Task, Word("a task")]],
        Field(description="default: decided by the loss, else by the target's values"),
    ] = None
    positive: Annotated[
        Maybe[Annotated[str, Text("a class")]],
        Field(
            description="of two classes the one that precision, recall, f1 and average_precision are about; "
            "default: the last in order"
        ),
    ] = None
    features: Annotated[
        Maybe[Features],
        Field(
            description="the input columns: a list, or a mapping with an encoding each; "
            "default: every column that is nothing else"
        ),
    ] = None
    target_scale: Annotated[
        Maybe[ScaleSpec],
        Field(
            description="scaling of regression targets; default: standardize where loss and output allow it"
        ),
    ] = None
    target_transform: Annotated[
        Maybe[Annotated[Literal["none", "log1p"], Word("a transform of the target")]],
        Field(
            description="with log1p the network learns log(1 + y), which is then scaled; predictions and "
            "metrics are those of y, which has to be above −1; default: none"
        ),
    ] = None
    target_clip: Annotated[
        Maybe[Annotated[bool, Flag()]],
        Field(
            description="whether predicted numbers stay within the least and the largest of the training "
            "rows' target; default: false"
        ),
    ] = None
    target_parse: Annotated[
        Maybe[TargetParse],
        Field(
            description="how the numbers of the target are decorated, as `parse` says of a feature; or a "
            "mapping from targets to that. Makes it a regression"
        ),
    ] = None
    exclude: Annotated[Columns, Field(description="columns that are not features")] = ()
    id: Annotated[Columns, Field(description="columns carried through to predictions")] = ()
    weight: Annotated[Maybe[Column], Field(description="the column of sample weights")] = None
    validation: Annotated[
        HeldOut,
        Field(description="a fraction of all rows, a path, or {column: NAME, value: TEXT}; default: none"),
    ] = None
    test: Annotated[HeldOut, Field(description="like validation; used for the final metrics only")] = None
    calibration: Annotated[
        HeldOut,
        Field(description="like validation; the rows that `intervals` are fitted on, and nothing else"),
    ] = None
    stratify: Annotated[
        Maybe[Annotated[bool, Flag()]],
        Field(
            description="whether splits by fraction keep the shares of classes; default: in classification, "
            "unless there is a group or an order"
        ),
    ] = None
    group: Annotated[
        Maybe[Column],
        Field(description="the column whose equal values stay together: no split comes between their rows"),
    ] = None
    order: Annotated[
        Maybe[Column],
        Field(
            description="the column of numbers or dates along which splits are cut: "
            "the last rows test, those before validate"
        ),
    ] = None
    missing: Annotated[
        MissingSpec, Field(description="what to do about missing cells, where a feature does not say")
    ] = MissingSpec(name="error")
    na_values: Annotated[
        tuple[Annotated[str, Text("a text")], ...],
        OneOrList("a text"),
        Field(
            description="texts that mean missing, besides the empty field; "
            "among numbers a number goes by its value"
        ),
    ] = ()
    separator: Annotated[
        Maybe[Annotated[str, Text("one character between fields"), AfterValidator(_one_character)]],
        Field(description="what stands between fields; default: a comma, a tab for .tsv"),
    ] = None
    decimal: Annotated[
        Literal[".", ","], Word("a decimal mark"), Field(description="the decimal mark of numbers")
    ] = "."
    encoding: Annotated[
        str,
        Text("a text encoding"),
        AfterValidator(_known_encoding),
        Field(description="the encoding of the files"),
    ] = "utf-8"

    cache: Annotated[
        Literal["auto", "memory", "disk"],
        Word("auto, memory or disk"),
        Field(
            description="where the data are while the network trains: in memory, or in files without a name "
            "beside the run, which are gone when it ends; auto: in memory while there is enough. No result "
            "depends on it, and no model knows of it"
        ),
    ] = "auto"

    @property
    def parts(self) -> dict[str, float | str | tuple[str, ...] | SplitColumn | None]:
        """The parts that do not train, as they are named."""
        return {"validation": self.validation, "calibration": self.calibration, "test": self.test}

    @property
    def files(self) -> dict[str, tuple[str, ...]]:
        """The paths of the parts that have files of their own."""
        named = {"train": self.train, **self.parts}
        paths = {part: (path,) if isinstance(path, str) else path for part, path in named.items()}
        return {part: path for part, path in paths.items() if isinstance(path, tuple)}

    @property
    def decorations(self) -> dict[str, ParseSpec]:
        """How the numbers of each column are decorated whose are."""
        features = {name: feature.parse for name, feature in (self.features or {}).items()}
        given = self.target_parse
        targets = dict.fromkeys(self.target, given) if isinstance(given, ParseSpec) else given or {}
        return {name: parse for name, parse in {**features, **targets}.items() if parse is not None}
