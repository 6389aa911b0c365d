"""The parameters of an estimator as the config that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, get_args

from mlpcli.config.encode_spec import Numeric
from mlpcli.config.from_python import config_of
from mlpcli.config.load import Config
from mlpcli.config.spec import EarlyStoppingSpec
from mlpcli.errors import ConfigError, MlpError, Place, Problem
from mlpcli.sklearn.arrays import EACH, WEIGHT, Given
from mlpcli.sklearn.recipe import recipe_document
from mlpcli.sklearn.typed import check_random_state

# where in a config the parameters stand; one that is None is left to its default there
SECTIONS = {
    "data": ("target_scale", "target_transform", "target_clip", "validation"),
    "model": (
        "layers",
        "activation",
        "init",
        "bias",
        "dropout",
        "normalization",
        "residual",
        "numeric_embedding",
        "scaling",
    ),
    "training": (
        "epochs",
        "batch_size",
        "parts",
        "shuffle",
        "clip_norm",
        "dtype",
        "early_stopping",
        "average",
        "refit",
    ),
}
ALONE = ("loss", "l1", "l2", "schedule", "calibration", "threshold", "intervals")
PARAMETERS = Place("parameters")
IN_SECTIONS = "|".join(name for names in SECTIONS.values() for name in names)
ADAM = 'optimizer="adam"'
# what messages call things that are parameters here
WORDINGS = (
    (re.compile(rf"\b(?:{'|'.join(SECTIONS)})\.(?=(?:{IN_SECTIONS})\b)"), ""),
    (re.compile(r"\boptimizer\.(?=learning_rate\b)"), ""),
    (re.compile(rf"\bdata\.features\.{EACH}\.encode\b"), "encode"),
    (re.compile(r"^seed(?=:)"), "random_state"),
    (re.compile(r" below `data`"), ""),
    (re.compile(r"^leave the key out.*"), f"leave it out, or choose `{ADAM}`"),
    (re.compile(r"^set `iterations` of the optimizer instead$"), rf"\g<0>, or choose `{ADAM}`"),
    (re.compile(r"^known here: iterations, tolerance$"), rf"\g<0>; `{ADAM}` has it"),
    (re.compile(r"(?<=, )clip_norm: 1\.0(?=,)"), "`clip_norm=1.0`"),
)
# of a config, where Python is to be written
SETTING = re.compile(r"`(?:(\w+): ([^`]+)|([\[{][^`\"]*))`")
LOSS = "loss"
LARGEST_SEED = 2**31 - 1
ENCODINGS = tuple(name for name in get_args(Numeric) if name != "quantile")  # ranks know no weights


def config_of_parameters(parameters: Mapping[str, Any], given: Given) -> Config:
    """The config of a training on arrays; raises ConfigError where a parameter is wrong.

    Where they name a recipe, what they lack is as it says for these rows; DataError where it says nothing.
    """
    _require_share(parameters.get("validation"))
    _require_no_flag(parameters.get("early_stopping"))
    base = recipe_document(parameters["recipe"], given) if parameters.get("recipe") is not None else {}
    document: dict[str, Any] = {**base, "seed": seed_of(parameters.get("random_state"))}
    for section, names in SECTIONS.items():
        document[section] = {**base.get(section, {}), **_given(parameters, names)}
    document |= _given(parameters, ALONE)
    document["data"] |= {"train": "X", "target": given.targets, "task": given.task, "weight": WEIGHT}
    if "encode" in parameters:
        document["data"]["features"] = {EACH: {"encode": _encoding(parameters["encode"])}}
    if "ensemble" in parameters:
        document["ensemble"] = _ensemble(parameters["ensemble"])
    _require_folds(document)
    if base and not _validates(document):
        _leave_out_what_validates(document, parameters)
    document["class_weight"] = _class_weights(parameters.get("class_weight"), given)
    training, steps = document["training"], parameters.get("optimizer", base.get("optimizer"))
    training["metrics"] = _watched(training.get("early_stopping"), document.get("schedule"))
    document["optimizer"] = _optimizer(steps, parameters.get("learning_rate"))
    if not _watches_training_loss(training.get("early_stopping")):
        return config_of(document, PARAMETERS.source)
    stopping = _stopping_by_training_loss(training.pop("early_stopping"))
    config = config_of(document, PARAMETERS.source)
    training = config.spec.training.model_copy(update={"early_stopping": stopping})
    return replace(config, spec=config.spec.model_copy(update={"training": training}))


def _watches_training_loss(early_stopping: Any) -> bool:
    return isinstance(early_stopping, Mapping) and early_stopping.get("monitor") == LOSS


def _stopping_by_training_loss(asked: Mapping[str, Any]) -> EarlyStoppingSpec:
    """What a config does not have, whose runs stop by rows that do not train; raises ConfigError."""
    validated = {"train": "X", "target": "y", "validation": 0.5}
    training = {"early_stopping": {**asked, "monitor": "val_loss"}}
    probe = config_of({"data": validated, "training": training}, PARAMETERS.source).spec.training
    assert probe.early_stopping is not None, "it was just asked for"
    return probe.early_stopping.model_copy(update={"monitor": LOSS})


def _has_folds(document: Mapping[str, Any]) -> bool:
    ensemble = document.get("ensemble")
    return isinstance(ensemble, Mapping) and ensemble.get("folds") is not None


def _validates(document: Mapping[str, Any]) -> bool:
    return "validation" in document["data"] or _has_folds(document)


def _require_folds(document: Mapping[str, Any]) -> None:
    """Rows of their own, which a config may spare for intervals, are no parameter."""
    if document.get("intervals") is not None and not _has_folds(document):
        message = "intervals: need folds, each of which says what the others get wrong"
        raise ConfigError.of(message, PARAMETERS, 'for example `ensemble={"folds": 5}`')


def _leave_out_what_validates(document: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    """Where other networks than the recipe's have no rows that validate, what it does with such rows."""
    if "early_stopping" not in parameters:
        document["training"].pop("early_stopping", None)
    if "calibration" not in parameters:
        document.pop("calibration", None)


def explained(error: MlpError) -> str:
    """What an error says of parameters and arrays: these are no sections and lines of a config."""
    return "\n".join(line for problem in error.problems for line in _explained(problem))


def _explained(problem: Problem) -> Iterator[str]:
    where = f"{problem.place}: " if problem.place and problem.place.source != PARAMETERS.source else ""
    yield where + _as_parameters(problem.message)
    hint = problem.hint and problem.hint.partition("; `mlp train`")[0]
    if hint:
        yield f"hint: {_as_parameters(hint)}"


def _as_parameters(text: str) -> str:
    for wording, ours in WORDINGS:
        text = wording.sub(ours, text)
    return SETTING.sub(_in_python, text)


def _in_python(found: re.Match[str]) -> str:
    """A setting of a config, or its value alone, as Python writes it: words are texts."""
    name = f"{found[1]}=" if found[1] else ""
    value = re.sub(r"\b[A-Za-z_]\w*", r'"\g<0>"', found[2] or found[3])
    return f"`{name}{value}`"


def _require_share(validation: Any) -> None:
    """A config may also name files and columns, which arrays do not have."""
    if validation is not None and (isinstance(validation, bool) or not isinstance(validation, Real)):
        message = f"validation: expected a number above 0 and below 1, found {validation!r}"
        raise ConfigError.of(message, PARAMETERS)


def _require_no_flag(early_stopping: Any) -> None:
    """scikit-learn's is a boolean."""
    if isinstance(early_stopping, bool):
        message = f"early_stopping: expected a mapping, or None for none, found {early_stopping}"
        hint = 'for example `early_stopping={"patience": 10}` with `validation=0.1`'
        raise ConfigError.of(message, PARAMETERS, hint)


def _given(parameters: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: parameters[name] for name in names if parameters.get(name) is not None}


def _encoding(encode: Any) -> Any:
    """The encoding of every column; raises ConfigError for one that is for texts."""
    name = encode.get("name") if isinstance(encode, Mapping) else encode
    if not isinstance(name, str) or name not in ENCODINGS:
        message = f"encode: expected one of {', '.join(ENCODINGS)}, found {encode!r}"
        raise ConfigError.of(message, PARAMETERS)
    return encode


def _ensemble(ensemble: Any) -> Any:
    """A number alone is one of members."""
    is_number = isinstance(ensemble, Integral) and not isinstance(ensemble, bool)
    return {"members": ensemble} if is_number else ensemble


def _watched(*choices: Any) -> list[str]:
    """The metrics that decide something during training: no other one is computed."""
    monitors = [choice.get("monitor") for choice in choices if isinstance(choice, Mapping)]
    names = [name.removeprefix("val_") for name in monitors if isinstance(name, str)]
    return [name for name in dict.fromkeys(names) if name != "loss"]


def _class_weights(class_weight: Any, given: Given) -> Any:
    """Weights by the texts of the classes, as a config has them."""
    by_class = isinstance(class_weight, Mapping)
    if class_weight is None or (by_class and not class_weight):
        return None
    if given.task != "classification":
        message = f"class_weight: expected None, as this is a {given.task}, found {class_weight!r}"
        raise ConfigError.of(message, PARAMETERS, "the weights of rows are the `sample_weight` of `fit`")
    return _by_words(class_weight, given) if by_class else class_weight


def _by_words(class_weight: Mapping[Any, Any], given: Given) -> dict[str, Any]:
    """Weights by the texts of the classes, which the mapping has by value: True and 1.0 are the class 1.

    As in scikit-learn, a number also stands for a class that is its text.
    """
    words = dict(zip(given.classes, given.words, strict=True))
    weights = {}
    for label, weight in class_weight.items():
        word = words.get(label, words.get(str(label)))
        if word is None:
            hint = "there are " + ", ".join(map(repr, given.classes[:10]))
            raise ConfigError.of(f"class_weight: there is no class {label!r}", PARAMETERS, hint)
        weights[word] = weight
    return weights


def _optimizer(optimizer: Any, learning_rate: float | None) -> Any:
    if learning_rate is None:
        return optimizer
    options = optimizer if isinstance(optimizer, Mapping) else {"name": optimizer}
    return {**options, "learning_rate": learning_rate}


def seed_of(random_state: Any) -> int:
    """The seed: a number is one, anything else is asked for one."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(LARGEST_SEED))
