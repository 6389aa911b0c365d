"""A model file put back to work: its network, its encoders, and what its outputs mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.artifacts.architecture_document import architecture_of
from mlpcli.artifacts.model_arrays import DIGESTS
from mlpcli.artifacts.model_file import ModelFile, read_model
from mlpcli.artifacts.model_schema import ModelMeta
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import Batch
from mlpcli.data.target import TargetEncoder
from mlpcli.errors import ModelError, Place
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.run.row_digests import RowDigests
from mlpcli.tables.bad_cells import overflow_faults
from mlpcli.tables.columns import NumberColumn, TextColumn
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.table import Table
from mlpcli.training.decoder import OutputDecoder, decoder_of

# how far the outputs for the stored rows may be from the stored ones, on another processor or NumPy
CHECK_TOLERANCE = {"float32": 1e-3, "float64": 1e-9}


@dataclass(frozen=True, eq=False)
class Model:
    """A model that predicts."""

    file: ModelFile
    network: Network
    inputs: InputEncoder
    target: TargetEncoder
    decoder: OutputDecoder
    form: CsvFormat

    @property
    def row_digests(self) -> RowDigests | None:
        """Those of the training rows; None where the model does not have them."""
        sample = self.file.meta.data.digests
        if sample is None:
            return None
        return RowDigests(self.file.arrays[DIGESTS], sample.below, sample.salt)

    @property
    def dtype(self) -> str:
        """The precision of the network."""
        return self.network.dtype.name

    @property
    def outputs(self) -> int:
        """How many the network has for a row."""
        return self.network.architecture.widths[-1]

    def predicts_from_nothing(self) -> bool:
        """Whether a row without any cell has a prediction: each feature has what stands for one."""
        wanted, row = self.inputs.wanted, np.zeros(1, np.intp)
        numbers = {name: [NumberColumn(np.full(1, np.nan))] for name in wanted.numbers}
        texts = {name: TextColumn(row, ("",)) for name in wanted.texts}
        return not self.inputs.encode(Table("", 1, None, self.form.notation, numbers, texts), row).faults

    def scores(self, batch: Batch) -> tuple[Matrix, Batch]:
        """The network's scores for rows, and the rows with a fault where its outputs are not finite."""
        with np.errstate(all="ignore"):
            scores = self.network.scores(batch.x)
            faults = overflow_faults(self.decoder.outputs(scores))
        return scores, replace(batch, faults=(*batch.faults, *faults))


def open_model(path: Path, sha256: str | None = None) -> Model:
    """Read a model file and check it on the rows it carries. Raises ModelError.

    `sha256`, where it is given, is what the file's bytes must have.
    """
    file = read_model(path)
    if sha256 is not None and sha256.lower() != file.sha256:
        raise ModelError.of(f"expected sha256 {sha256.lower()}, found {file.sha256}", Place(str(path)))
    meta = file.meta
    network = network_of(file)
    document = meta.model_dump(mode="json")
    inputs = InputEncoder.from_meta(document["features"], file.arrays)
    target = TargetEncoder.from_meta(document["target"], file.arrays)
    decoder = decoder_of(target, meta.loss.name, network.architecture.activations[-1])
    form = replace(format_of_model(meta), decorations={**inputs.decorations, **target.parse})
    check_outputs(path, file, network)
    return Model(file, network, inputs, target, decoder, form)


def format_of_model(meta: ModelMeta) -> CsvFormat:
    """How the files that the model reads are written, but for what is around their numbers."""
    csv = meta.csv
    own = {marks.column: marks.na_values for marks in csv.own_na_values}
    usual = usual_separator(meta.config)
    return CsvFormat(csv.separator, csv.decimal, csv.encoding, csv.na_values, usual, own_na_values=own)


def usual_separator(config: Mapping[str, Any]) -> str:
    """The separator that goes with the name of the training file: a pipe has no name of its own."""
    data = config.get("data")
    return CsvFormat().separator_of(str(data.get("train")) if isinstance(data, Mapping) else "")


def network_of(file: ModelFile) -> Network:
    """The network with the file's weights."""
    loss, dtype = Loss(**file.meta.loss.model_dump()), file.meta.architecture.dtype
    shape = architecture_of(file.meta.architecture, file.meta.features)
    network = Network(shape, loss, dtype=dtype)
    network.load(file.arrays)
    return network


def check_outputs(path: Path, file: ModelFile, network: Network) -> None:
    """Raise ModelError unless the network gives the stored outputs for the stored rows."""
    expected = file.arrays["check.outputs"]
    with np.errstate(all="ignore"):
        found = network.predict(file.arrays["check.inputs"].astype(network.dtype))
    tolerance = CHECK_TOLERANCE[network.dtype.name] * max(1.0, float(np.abs(expected).max(initial=0.0)))
    if not np.allclose(found, expected, rtol=0.0, atol=tolerance):
        raise ModelError.of(
            "its outputs for the rows that it carries are not the ones stored with them",
            Place(str(path)),
            hint="the file was changed, or made by a version with other formulas: train it again",
        )
