"""The networks in a model file, one or several, each with what it alone has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlpcli.arrays import Array
from mlpcli.artifacts.architecture_document import ArchitectureDocument, architecture_of
from mlpcli.artifacts.feature_schema import Feature
from mlpcli.artifacts.model_arrays import member_array
from mlpcli.artifacts.model_file import ModelFile
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.target import TargetEncoder
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network


@dataclass(frozen=True, eq=False)
class MemberFile:
    """What a model file has of one network: its shape, its features, its arrays by the names of one alone."""

    architecture: ArchitectureDocument
    features: Sequence[Feature]
    arrays: Mapping[str, Array]

    @property
    def inputs(self) -> InputEncoder:
        """How its inputs are encoded."""
        return inputs_of(self.features, self.arrays)

    def network(self, loss: Loss) -> Network:
        """The network with its weights."""
        shape = architecture_of(self.architecture, self.features)
        network = Network(shape, loss, dtype=self.architecture.dtype)
        network.load(self.arrays)
        return network

    def scaled(self, target: TargetEncoder) -> TargetEncoder:
        """The target as this network's outputs are scaled."""
        center, scale = (self.arrays[f"target.{name}"] for name in ("center", "scale"))
        return replace(target, center=center, scale=scale, bounds=self.arrays.get("target.bounds"))


def member_files(file: ModelFile) -> Iterator[MemberFile]:
    """Each network of a file."""
    meta, arrays = file.meta, file.arrays
    if not meta.members:
        yield MemberFile(meta.architecture, meta.features, arrays)
    for number, member in enumerate(meta.members):
        prefix = member_array(number, "")
        own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        yield MemberFile(member.architecture, member.features, own)


def inputs_of(features: Sequence[Feature], arrays: Mapping[str, Array]) -> InputEncoder:
    """The encoder that a file describes."""
    return InputEncoder.from_meta([feature.model_dump(mode="json") for feature in features], arrays)


def networks_of(file: ModelFile, members: Iterable[MemberFile]) -> list[Network]:
    """The networks of a file with their weights, one after the other."""
    loss = Loss(**file.meta.loss.model_dump())
    return [member.network(loss) for member in members]
