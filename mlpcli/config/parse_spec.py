"""How the numbers of a column are decorated: a currency sign, a unit, thousands apart."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from mlpcli.config.fields import Text, Word
from mlpcli.config.refusals import expected, refusal, value_of
from mlpcli.config.shapes import Closed, Maybe

HINT = 'write what all cells share: `{prefix: "$", suffix: " kg", thousands: ","}`, or some of it'
# what a number may begin or end with, the minus sign of typesetters too; amounts may be `Rs.500` and `10+`
SIGNS = {"before": "+-\u2212,", "after": ".,"}


def _not_of_the_number(where: str, text: str, edge: str) -> str:
    """The text, if its edge towards the number cannot be taken for a part of it."""
    what = f"expected what stands {where} the number"
    if not edge:
        raise refusal(f"{what}, found nothing but blanks")
    if edge.isdigit() or edge in SIGNS[where]:
        raise refusal(f"{what}, found '{text}', where '{edge}' could be a part of the number")
    return text


def _prefix(text: str) -> str:
    return _not_of_the_number("before", text, text.strip()[-1:])


def _suffix(text: str) -> str:
    return _not_of_the_number("after", text, text.strip()[:1])


class ParseSpec(Closed):
    """What stands around and inside the numbers of a column; blanks at its ends do not count."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    prefix: Annotated[
        Maybe[Annotated[str, Text("what stands before the number"), AfterValidator(_prefix)]],
        Field(description='what stands before the number, such as `"$"`'),
    ] = None
    suffix: Annotated[
        Maybe[Annotated[str, Text("what stands after the number"), AfterValidator(_suffix)]],
        Field(description='what stands after the number, such as `" kmpl"` or `"%"`'),
    ] = None
    thousands: Annotated[
        Maybe[Annotated[Literal[",", ".", " ", "'"], Word("what stands between thousands")]],
        Field(
            description="what stands between thousands, in groups of three (or of two before the last, as in "
            "12,34,567); where it is the decimal mark, the other of point and comma is that"
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _from_mapping(cls, given: object) -> object:
        if isinstance(given, ParseSpec):
            return given
        if not isinstance(given, dict):
            raise expected("a mapping with `prefix`, `suffix` or `thousands`", given, HINT)
        if all(value_of(value) is None for value in given.values()):
            raise refusal("expected `prefix`, `suffix` or `thousands`, found none of them", HINT)
        return given

    @property
    def options(self) -> dict[str, Any]:
        """What is stated, in the order of the keys."""
        return {name: value for name, value in self if value is not None}

    @property
    def written(self) -> str:
        """The decoration as YAML has it, in one line."""
        texts = (f"{name}: {json.dumps(text, ensure_ascii=False)}" for name, text in self.options.items())
        return "{" + ", ".join(texts) + "}"


def _form(given: object) -> str:
    """Whether one decoration is given, or a mapping with one for each target."""
    each = list(given.values()) if isinstance(given, dict) else []
    return "by target" if each and all(isinstance(one, dict | ParseSpec) for one in each) else "of all"


TargetParse: TypeAlias = Annotated[
    Annotated[ParseSpec, Tag("of all")] | Annotated[dict[str, ParseSpec], Tag("by target")],
    Discriminator(_form),
]
