"""A model file as one document of plain values: what `mlp inspect --json` prints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from mlpcli.artifacts.architecture_document import architecture_of
from mlpcli.artifacts.feature_schema import EmbeddedFeature
from mlpcli.artifacts.model_file import ModelFile
from mlpcli.data.encoder import InputEncoder
from mlpcli.nn.architecture import Architecture


def facts_of(file: ModelFile) -> dict[str, Any]:
    """Everything that the file holds but the weights themselves."""
    meta = file.meta.model_dump(mode="json")
    shape = meta.pop("architecture")
    architecture = architecture_of(file.meta.architecture, file.meta.features)
    layers = list(_layers(shape, architecture))
    parts = ("center", "scale", "bounds") if file.meta.target.clip else ("center", "scale")
    fitted = {part: file.arrays[f"target.{part}"].tolist() for part in parts}
    return {
        "sha256": file.sha256,
        "format": {"name": meta.pop("format"), "version": meta.pop("version")},
        "mlp": meta.pop("mlp"),
        "versions": meta.pop("versions"),
        "task": meta.pop("task"),
        **({"embeddings": list(_embeddings(file))} if architecture.embeddings else {}),
        **_before(shape, architecture),
        "layers": layers,
        "parameters": architecture.count_parameters(),
        "dtype": shape["dtype"],
        "loss": meta.pop("loss"),
        "target": {**_target(meta.pop("target")), **fitted},
        **meta,
        "features": list(_features(file, meta["features"])),
    }


def _target(document: dict[str, Any]) -> dict[str, Any]:
    """The target, with the positive one of two classes also where nobody chose it."""
    if document["task"] != "classification" or len(document["classes"]) != 2:
        return document
    return {"positive": document["classes"][-1], **document}


def _embeddings(file: ModelFile) -> Iterator[dict[str, Any]]:
    """Each embedded column: its table's name, how many vectors it has, and how wide they are."""
    embedded = (feature for feature in file.meta.features if isinstance(feature, EmbeddedFeature))
    for number, feature in enumerate(embedded):
        yield {
            "name": f"embeddings.{number}",
            "column": feature.name,
            "levels": feature.levels,
            "width": feature.width,
            "parameters": feature.levels * feature.width,
        }


def _before(shape: dict[str, Any], architecture: Architecture) -> dict[str, Any]:
    """What else stands before the first layer, if anything."""
    counts, facts = architecture.parameters_by_part(), {}
    if architecture.numeric_embedding is not None:
        columns = len(architecture.numeric_embedding.columns)
        own = {"columns": columns, "parameters": counts["numeric_embedding"]}
        facts["numeric_embedding"] = {**shape["numeric_embedding"], **own}
    if architecture.scaling:
        facts["scaling"] = {"inputs": architecture.widths[0], "parameters": counts["scaling"]}
    return facts


def _layers(shape: dict[str, Any], architecture: Architecture) -> Iterator[dict[str, Any]]:
    """Each weight layer: its shape, its activation, the dropout after it, its parameters."""
    dropout, counts = [*shape["dropout"], 0.0], architecture.parameters_by_part()
    for index, (inputs, outputs) in enumerate(pairwise(shape["layers"])):
        hidden = index < len(shape["layers"]) - 2
        normalization = (
            {"normalization": shape["normalization"]} if "normalization" in shape and hidden else {}
        )
        yield {
            "name": f"layers.{index}",
            "inputs": inputs,
            "outputs": outputs,
            **normalization,
            "activation": shape["activations"][index],
            "bias": shape["bias"],
            "dropout": dropout[index],
            **({"residual": True} if architecture.has_shortcut(index) else {}),
            "parameters": counts[f"layers.{index}"],
        }


def _features(file: ModelFile, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each input column with its encoding and the numbers fitted for it."""
    encoder = InputEncoder.from_meta(entries, file.arrays)
    for entry, feature in zip(entries, encoder.features, strict=True):
        yield {**entry, **feature.facts()}
