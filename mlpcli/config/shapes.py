"""How scalars are put together: closed mappings, one or a list, a name or a mapping with options."""

from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from mlpcli.config.fields import listing, suggestion
from mlpcli.config.refusals import (
    JsonSchema,
    empty_if_null,
    expected,
    is_scalar,
    none_if_null,
    refusal,
    text_of,
    value_of,
)

T = TypeVar("T")

# tags of forms; with a space, which no key has, so that an error's location cannot be mistaken
ONE = "one for all"
EACH = "one for each"

BUILDING = Lock()  # a model that one thread builds is not yet fit to be used by another


class Closed(BaseModel):
    """Settings that cannot change, and that know every key they may be given."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(Closed):
    """One of the models of a choice, of which a config names few: it is built when it is first named."""

    model_config = ConfigDict(defer_build=True)


Maybe = Annotated[T | None, BeforeValidator(none_if_null)]  # null means: not set


class MayBeEmpty:
    """A section whose keys are all left out, or commented out, is its defaults."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(empty_if_null, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        section = handler(schema)
        needed = handler.resolve_ref_schema(section).get("required")
        return section if needed else {"anyOf": [section, {"type": "null"}]}


Section = Annotated[T, MayBeEmpty()]


def one_or_each(given: object) -> str:
    """Which of the two forms of a setting was used: one for all, or a list with one for each."""
    return EACH if isinstance(given, list | tuple) else ONE


@dataclass(frozen=True, eq=False, repr=False)
class OneOrList:
    """A list of texts without repetition, where one text alone stands for the list of it.

    `what` says what is in the list: `a column`; a plain null written as one of `nulls` is the empty list.
    """

    what: str
    shortest: int = 0
    nulls: tuple[str, ...] = ()

    def listed(self, given: object) -> list[object]:
        """The list meant."""
        if is_scalar(given):
            empty = value_of(given) is None and text_of(given) in self.nulls
            return [] if empty else [given]
        if not isinstance(given, list | tuple):
            raise expected(f"{self.what} or a list of them", given)
        seen: set[str] = set()
        texts = [(index, text_of(item)) for index, item in enumerate(given) if is_scalar(item)]
        for index, text in texts:
            if text in seen:
                raise refusal(f"'{text}' is listed twice", "take one of the two away", (index,))
            seen.add(text)
        if len(given) < self.shortest:
            raise refusal(f"expected {self.what} or a list of them, found an empty list")
        return list(given)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        array = handler(schema)
        array |= {"uniqueItems": True} | ({"minItems": self.shortest} if self.shortest else {})
        return {"anyOf": [array["items"], array]}


@dataclass(frozen=True, eq=False, repr=False)
class Choice:
    """One of several models told apart by `name`, written as the name alone or as a mapping with options.

    `default` is meant where a mapping has options but no name. `implied` is a key and the name it stands for:
    `{from: FILE}` is the initializer `from_file`, which has no other way to be written.
    """

    what: str
    default: str | None = None
    implied: tuple[str, str] = ("", "")

    def __get_pydantic_core_schema__(self, source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        models = _by_name(source)
        names = [name for name in models if name != self.implied[1]]
        # the models' own schemas are no part of this one, so that they need not be there yet
        choices: dict[Any, CoreSchema] = {
            name: core_schema.no_info_plain_validator_function(partial(_validated, model))
            for name, model in models.items()
        }
        return core_schema.no_info_before_validator_function(
            lambda given: self._named(names, given),
            core_schema.tagged_union_schema(choices, "name"),
            metadata={"models": models},
        )

    def _named(self, names: list[str], given: object) -> object:
        """The mapping with its name, whichever way the choice was written."""
        if isinstance(given, BaseModel):
            return given
        if is_scalar(given):
            return {"name": self._known(names, given, ())}
        if not isinstance(given, dict):
            raise expected(f"{self.what}, by name or as a mapping with `name`", given)
        if "name" in given:
            return {**given, "name": self._known(names, given["name"], ("name",))}
        key, implied = self.implied
        name = implied if key in given else self.default
        if name is None:
            raise refusal(
                f"expected {self.what}, found a mapping without the key `name`",
                listing(names),
            )
        return {**given, "name": name}

    def _known(self, names: list[str], given: object, at: tuple[str, ...]) -> str:
        text = text_of(given) if is_scalar(given) else ""
        if text in names:
            return text
        message = expected(self.what, given).message()
        raise refusal(message, suggestion(text, names), at)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        models: dict[str, type[BaseModel]] = schema.get("metadata", {})["models"]
        whole = core_schema.tagged_union_schema({name: _built(it) for name, it in models.items()}, "name")
        options = handler(whole)["oneOf"]
        alone: list[str] = []
        for option in options:
            definition = handler.resolve_ref_schema(option)
            name = definition["properties"]["name"]
            names = name.get("enum", [name.get("const")])
            required = definition.get("required", [])
            if names[0] == self.implied[1]:
                del definition["properties"]["name"]
                continue
            if not set(required) - {"name"}:
                alone += names
            if names[0] != self.default and "name" not in required:
                definition["required"] = ["name", *required]
        return {"anyOf": [{"enum": alone}, *options]}


def _by_name(union: Any) -> dict[str, type[BaseModel]]:
    models = get_args(union) or (union,)
    return {name: model for model in models for name in get_args(model.model_fields["name"].annotation)}


def _built(model: type[BaseModel]) -> CoreSchema:
    with BUILDING:
        model.model_rebuild()
    return model.__pydantic_core_schema__


def _validated(model: type[BaseModel], given: object) -> BaseModel:
    _built(model)
    return model.model_validate(given)
