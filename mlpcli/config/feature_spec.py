"""How one column becomes numbers: encodings of features, missing cells, scaling of targets."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from mlpcli.config.encode_spec import NAMES_ALONE, OPTION_NAMES, POLICIES, SCALES, EncodeSpec, names_schema
from mlpcli.config.fields import Flag, Number, Text, known_word
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.config.refusals import JsonSchema, expected, is_scalar, refusal, text_of, value_of
from mlpcli.config.shapes import Closed, Maybe, OneOrList

Policy = Literal["error", "mean", "median", "most_frequent", "constant", "category", "drop"]
Scale = Literal["none", "standardize", "minmax", "maxabs", "divide"]

A_VALUE: JsonSchema = {"type": ["string", "number", "boolean", "null"]}


def _name_or_key(what: str, names: Sequence[str], key: str, given: object) -> dict[str, Any]:
    """A name alone, `{name: NAME}` or `{KEY: VALUE}`, as a mapping that always has the name."""
    if is_scalar(given):
        given = {"name": given}
    if not isinstance(given, dict):
        raise expected(what, given)
    if "name" not in given:
        if key not in given:
            raise refusal(f"expected {what}, found a mapping without `{key}`", f"write `{{{key}: VALUE}}`")
        return {**given, "name": key}
    if text_of(given["name"]) == key and key not in given:
        raise refusal(f"expected {what}, found '{key}' without its value", f"write `{{{key}: VALUE}}`")
    name = known_word(what, names, given["name"])
    if key in given and name != key:
        raise refusal(f"`{key}` has no effect next to {name}", f"write `{{{key}: VALUE}}` alone", (key,))
    return {**given, "name": name}


def _name_or_key_schema(words: Mapping[str, str], key: str, value: JsonSchema) -> JsonSchema:
    keyed: JsonSchema = {
        "type": "object",
        "properties": {key: value},
        "required": [key],
        "additionalProperties": False,
    }
    return {"anyOf": [names_schema(words, key), keyed | {"description": words[key]}]}


class MissingSpec(Closed):
    """What to do about missing cells: a policy by name, or `{constant: VALUE}`."""

    policy: Policy = Field(alias="name", default="error")
    value: Annotated[str | None, Text("a value for missing cells")] = Field(alias="constant", default=None)

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, given: object) -> object:
        if isinstance(given, MissingSpec):
            return given
        return _name_or_key("a policy for missing cells", get_args(Policy), "constant", given)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchema:
        return _name_or_key_schema(POLICIES, "constant", A_VALUE)


class ScaleSpec(Closed):
    """The scaling of regression targets: by name, or `{divide: NUMBER}`."""

    name: Scale = "none"
    number: Annotated[float | None, Number(above=0)] = Field(alias="divide", default=None)

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, given: object) -> object:
        if isinstance(given, ScaleSpec):
            return given
        return _name_or_key("a scaling of the target", get_args(Scale), "divide", given)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchema:
        return _name_or_key_schema(SCALES, "divide", {"type": "number", "exclusiveMinimum": 0})


class FeatureSpec(Closed):
    """One input column: an encoding by name, or `{encode: ENCODING, missing: POLICY}`, both optional."""

    encode: Annotated[
        Maybe[EncodeSpec],
        Field(description="default: one_hot for text, standardize for numbers"),
    ] = None
    missing: Annotated[Maybe[MissingSpec], Field(description="default: data.missing")] = None
    parse: Annotated[
        Maybe[ParseSpec],
        Field(
            description="how the numbers are decorated, for cells such as `$1,200.00`, `23.4 kmpl` or `12 %`"
        ),
    ] = None
    indicator: Annotated[
        Maybe[Annotated[bool, Flag()]],
        Field(description="whether an input of 0 and 1 says that the cell was missing; default: false"),
    ] = None

    na_values: Annotated[
        Maybe[Annotated[tuple[Annotated[str, Text("a text")], ...], OneOrList("a text", shortest=1)]],
        Field(description="texts that mean missing in this column alone, besides `data.na_values`"),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, given: object) -> object:
        if isinstance(given, FeatureSpec):
            return given
        if is_scalar(given):
            return {} if value_of(given) is None else {"encode": given}
        if not isinstance(given, dict):
            raise expected("an encoding or a mapping with `encode` and `missing`", given)
        own = {"name", *OPTION_NAMES}
        options = {key: value for key, value in given.items() if key in own}
        if options and ("encode" not in given or is_scalar(given["encode"])):
            rest = {key: value for key, value in given.items() if key not in own}
            rest["encode"] = {**({"name": given["encode"]} if "encode" in given else {}), **options}
            return rest
        return given

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        whole = handler.resolve_ref_schema(handler(schema))
        others = {key: value for key, value in whole["properties"].items() if key != "encode"}
        encodings = handler.resolve_ref_schema(whole["properties"]["encode"]["anyOf"][0])["anyOf"]
        flat = [_flat(form, others) for form in encodings if "properties" in form]
        return {"anyOf": [NAMES_ALONE, {"type": "null"}, whole, *flat]}


def _flat(form: JsonSchema, others: JsonSchema) -> JsonSchema:
    """The schema of an encoding's options beside the other settings of the feature."""
    name = form["properties"]["name"]
    return {
        **form,
        "properties": {"encode": name, **form["properties"], **others},
        "required": [key for key in form["required"] if key != "name"],
        "anyOf": [{"required": ["encode"]}, {"required": ["name"]}],
    }


class ByColumn:
    """Features by column: a mapping, or a list of names whose encodings are then inferred."""

    def named(self, given: object) -> object:
        """The mapping meant."""
        if not isinstance(given, dict):
            names = OneOrList("a column name", shortest=1).listed(given)
            given = {Text("a column name").check(name): {} for name in names}
        if not given:
            raise refusal(
                "expected at least one feature, found none", "leave the key out to use every column"
            )
        return given

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.named, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        names: JsonSchema = {"type": "array", "items": A_VALUE, "minItems": 1, "uniqueItems": True}
        return {"anyOf": [names, handler(schema) | {"minProperties": 1}, A_VALUE]}


Features: TypeAlias = Annotated[dict[str, FeatureSpec], ByColumn()]
