"""What is fitted after the weights: a temperature, intervals, the threshold of the positive class."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from mlpcli.config.fields import Number, Word
from mlpcli.config.refusals import JsonSchema, expected, is_scalar, none_if_null, refusal
from mlpcli.config.shapes import Closed, Maybe, OneOrList

# of two classes; what is not here has no best threshold, or always the same
MaximizedName = Literal["f1", "f1_macro", "f1_weighted", "balanced_accuracy", "accuracy", "mcc"]
Share = Annotated[float, Number(above=0, at_most=1)]
Level = Annotated[float, Number(above=0, below=1)]


class ThresholdGoal(Closed):
    """What a threshold is to reach on the rows that it is chosen on; one of the three."""

    maximize: Annotated[
        Maybe[Annotated[MaximizedName, Word("a metric to maximize")]],
        Field(description="the metric that is to be as high as it can be"),
    ] = None
    precision: Annotated[
        Maybe[Share], Field(description="so much precision at least, with the most recall that goes with it")
    ] = None
    recall: Annotated[
        Maybe[Share], Field(description="so much recall at least, with the most precision that goes with it")
    ] = None

    @model_validator(mode="after")
    def _one_of_three(self) -> "ThresholdGoal":
        if sum(value is not None for _, value in self) != 1:
            raise refusal(
                "expected one of `maximize`, `precision` and `recall`", "for example `{maximize: f1}`"
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> JsonSchema:
        whole: JsonSchema = handler.resolve_ref_schema(handler(schema))
        goals = whole["properties"]
        for goal in goals.values():
            goal["anyOf"] = [form for form in goal["anyOf"] if form != {"type": "null"}]
            del goal["default"]
        return whole | {"minProperties": 1, "maxProperties": 1}


def _different(levels: tuple[float, ...]) -> tuple[float, ...]:
    for index, level in enumerate(levels):
        if level in levels[:index]:  # written in another way, which a list of texts lets pass
            raise refusal(f"{level:g} is listed twice", "take one of the two away", (index,))
    return levels


def _form(given: object) -> str:
    return "a number" if is_scalar(given) or isinstance(given, list) else "a goal"


def _threshold(given: object) -> object:
    """A list is neither of the two forms."""
    if isinstance(given, list):
        raise expected("a number above 0 and below 1, or a goal such as `{maximize: f1}`", given)
    return none_if_null(given)


Threshold: TypeAlias = Annotated[
    Annotated[
        Annotated[float, Number(above=0, below=1), Tag("a number")] | Annotated[ThresholdGoal, Tag("a goal")],
        Discriminator(_form),
    ]
    | None,
    BeforeValidator(_threshold),
]
Intervals: TypeAlias = Annotated[
    tuple[Level, ...], OneOrList("a level above 0 and below 1"), AfterValidator(_different)
]
CalibrationName: TypeAlias = Literal["temperature"]
