"""What the metadata of a model file may say: every key, its type and its bounds; anything else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mlpcli.artifacts.architecture_document import ArchitectureDocument
from mlpcli.artifacts.calibration_schema import CalibrationDocument, IntervalsDocument
from mlpcli.artifacts.exact import (
    MAX_CATEGORIES,
    MAX_FEATURES,
    Count,
    Digest,
    Exact,
    Few,
    Items,
    Number,
    Positive,
    Release,
    Separator,
    Text,
    Width,
    Word,
    few_keys,
    without,
)
from mlpcli.artifacts.feature_schema import Feature
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.config.data_spec import Task
from mlpcli.config.loss_spec import LossSpec
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.memory import MOST_MEMBERS
from mlpcli.parallel.threads import LIMIT

Scores: TypeAlias = Few[Number | None]
OfTargets: TypeAlias = Annotated[dict[Text, Scores], Field(max_length=MAX_FEATURES)]
PartName = Literal["train", "val", "cal", "test"]

SINGLE, SEVERAL = 1, 2  # versions of files of one network, and of several
AFTERWARDS = ("calibration", "threshold", "intervals")  # what is fitted after the weights


class Target(Exact):
    """The columns that are predicted, the classes in the order of the outputs, the positive one of two.

    `parse` says of columns how their numbers are decorated; it is left out where none is, and so are
    `transform` and `clip` where nothing is done with numbers.
    """

    columns: Annotated[Items[Text], Field(min_length=1, max_length=MAX_FEATURES)]
    task: Task
    classes: Annotated[Items[Text], Field(max_length=MAX_CATEGORIES)]
    outputs: Width
    parse: Annotated[dict[Text, ParseSpec], BeforeValidator(few_keys)] = Field(default_factory=dict)
    positive: Text | None = None
    transform: Literal["log1p"] | None = None
    clip: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> Target:
        if self.positive is not None and (len(self.classes) != 2 or self.positive not in self.classes):
            raise PydanticCustomError("positive", "the positive class is none of two")
        return self

    @model_serializer(mode="wrap")
    def _known(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        keys: dict[str, Any] = serialize(self)
        keys["parse"] = {name: one.options for name, one in self.parse.items()}
        return without(keys, {"positive": None, "parse": {}, "transform": None, "clip": False})


class OwnMarks(Exact):
    """Texts that mean a missing cell in one column alone."""

    column: Text
    na_values: Items[Text]


class CsvDialect(Exact):
    """How the training file was written, and so how inputs are read.

    `own_na_values` is left out where no column has some.
    """

    separator: Separator | None
    decimal: Literal[".", ","]
    encoding: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_:-]{1,40}$")]
    na_values: Items[Text]
    own_na_values: Annotated[Items[OwnMarks], Field(max_length=MAX_FEATURES)] = ()

    @model_serializer(mode="wrap")
    def _used(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without(serialize(self), {"own_na_values": []})


class RowSample(Exact):
    """Which training rows the model has digests of: how many, below which mark, and with which salt."""

    count: Positive
    below: Annotated[int, Field(ge=1, le=1 << 32)]
    salt: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class TrainingData(Exact):
    """How many rows trained the model, and the fingerprint of all rows that were read for it.

    `digests` only where the model has some; `profile` where it says how their columns are distributed, in so
    many bins; `columns` where it has a fingerprint of each of them, of so many bits.
    """

    rows: Positive
    sha256: Digest
    digests: RowSample | None = None
    profile: Literal[20] | None = None
    columns: Literal[64] | None = None

    @model_serializer(mode="wrap")
    def _known(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without(serialize(self), {"digests": None, "profile": None, "columns": None})


class Training(Exact):
    """How the run went; the fingerprint of the file of its starting weights only where there was one."""

    epochs: Count
    best_epoch: Count
    status: Literal["finished", "early_stopped", "stopped", "worse_than_baseline"]
    optimizer: Word
    schedule: Word
    parameters: Positive
    init_sha256: Digest | None = None

    @model_serializer(mode="wrap")
    def _known(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without(serialize(self), {"init_sha256": None})


class MemberDocument(Exact):
    """One network of several: its own shape, the encoding fitted on its own rows, how its training went."""

    architecture: ArchitectureDocument
    features: Annotated[Items[Feature], Field(min_length=1, max_length=2 * MAX_FEATURES)]
    rows: Positive
    training: Training


class ModelMeta(Exact):
    """The whole metadata of a model file.

    Where several networks predict together, `members` are these, and what else there is of a network is that
    of all rows that train any of them; a file of one network, which older versions read too, has none.
    What was fitted after the weights is there where it was asked for.
    """

    format: Literal["mlp-model"]
    version: Literal[1, 2]
    mlp: Release
    versions: Few[Release]
    task: Task
    architecture: ArchitectureDocument
    loss: LossSpec
    features: Annotated[Items[Feature], Field(min_length=1, max_length=2 * MAX_FEATURES)]
    target: Target
    id: Items[Text]
    csv: CsvDialect
    config: dict[str, Any]  # whatever it is, it came out of the strict JSON reader
    data: TrainingData
    training: Training
    metrics: Annotated[dict[PartName, Few[Number | Scores | OfTargets | None]], BeforeValidator(few_keys)]
    threads: Annotated[int, Field(ge=1, le=LIMIT)]
    members: Annotated[Items[MemberDocument], Field(max_length=MOST_MEMBERS)] = ()
    calibration: CalibrationDocument | None = None
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    intervals: IntervalsDocument | None = None

    @property
    def columns_of_errors(self) -> int:
        """How many kinds of error its intervals have: one for each target, of classes their misfit."""
        return 1 if self.target.classes else len(self.target.columns)

    @model_validator(mode="after")
    def _of_its_version(self) -> ModelMeta:
        if bool(self.members) != (self.version == SEVERAL):
            raise PydanticCustomError(
                "members", "several networks are in files of version 2, one in version 1"
            )
        return self

    @model_serializer(mode="wrap")
    def _used(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without(serialize(self), {"members": [], **dict.fromkeys(AFTERWARDS)})


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], document: Mapping[str, Any]) -> Model:
    """The typed metadata; raises FileFormatError naming the first key that is wrong."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        where = ".".join(["metadata", *map(str, problems[0]["loc"])])
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise FileFormatError(f"{where}: {problems[0]['msg']}{more}") from error
