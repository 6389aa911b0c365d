"""A model file put back to work: its network, its encoders, and what its outputs mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.artifacts.architecture_document import activation_of
from mlpcli.artifacts.model_arrays import DIGESTS, ERRORS, member_array
from mlpcli.artifacts.model_file import ModelFile, read_model
from mlpcli.artifacts.model_schema import ModelMeta
from mlpcli.calibration.conformal import FoldIntervals, Intervals, SplitIntervals
from mlpcli.calibration.said import Said
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import Batch
from mlpcli.data.joined_encoder import joined
from mlpcli.data.target import TargetEncoder
from mlpcli.errors import ModelError, Place, UsageError
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.parallel.per_thread import PerThread
from mlpcli.run.member_files import inputs_of, member_files, networks_of
from mlpcli.run.row_digests import Overlap, RowDigests
from mlpcli.tables.bad_cells import overflow_faults
from mlpcli.tables.columns import NumberColumn, TextColumn
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.table import Table
from mlpcli.training.combined import combined, decoder_of_several
from mlpcli.training.decoder import OutputDecoder, decoder_of

# how far the outputs for the stored rows may be from the stored ones, on another processor or NumPy
CHECK_TOLERANCE = {"float32": 1e-3, "float64": 1e-9}


@dataclass(frozen=True, eq=False)
class ModelMember:
    """One network of a model: which columns of the inputs are its own, and how its scores are read."""

    network: Network
    columns: slice
    decoder: OutputDecoder


@dataclass(frozen=True, eq=False)
class Model:
    """A model that predicts: `inputs` are those of each of its networks, side by side."""

    file: ModelFile
    members: tuple[ModelMember, ...]
    inputs: InputEncoder
    target: TargetEncoder
    decoder: OutputDecoder
    form: CsvFormat
    intervals: Intervals | None = None

    def __reduce__(self) -> tuple[Callable[[ModelFile], Model], tuple[ModelFile]]:
        """Copied and sent to another process as what its file holds, in which all else is once more."""
        return model_of, (self.file,)

    @cached_property
    def digests(self) -> Digests | None:
        """Those of the training rows; None where the model does not have them."""
        sample = self.file.meta.data.digests
        if sample is None:
            return None
        known = RowDigests(self.file.arrays[DIGESTS], sample.below, sample.salt)
        return Digests(
            known, inputs_of(self.file.meta.features, self.file.arrays) if self.file.meta.members else None
        )

    @property
    def loss(self) -> Loss:
        """What it was trained to make small."""
        return self.members[0].network.loss

    @property
    def dtype(self) -> str:
        """The precision of its networks."""
        return self.members[0].network.dtype.name

    @property
    def outputs(self) -> int:
        """How many there are for a row."""
        return self.members[0].network.architecture.widths[-1]

    @property
    def in_this_thread(self) -> Model:
        """The same model with scratch arrays that no other thread has, and this one keeps."""
        return self._per_thread.own()

    @cached_property
    def _per_thread(self) -> PerThread[Model]:
        return PerThread(self._with_scratch)

    def _with_scratch(self) -> Model:
        """No network can be used by two threads at once."""
        own = zip(self.members, networks_of(self.file, member_files(self.file)), strict=True)
        return replace(self, members=tuple(replace(member, network=network) for member, network in own))

    def predicts_from_nothing(self) -> bool:
        """Whether a row without any cell has a prediction: each feature has what stands for one."""
        wanted, row = self.inputs.wanted, np.zeros(1, np.intp)
        numbers = {name: [NumberColumn(np.full(1, np.nan))] for name in wanted.numbers}
        texts = {name: TextColumn(row, ("",)) for name in wanted.texts}
        return not self.inputs.encode(Table("", 1, None, self.form.notation, numbers, texts), row).faults

    def scores_of(self, x: Matrix) -> Matrix:
        """The scores (n, outputs) of rows of inputs: of several networks those of the mean output."""
        return self.said_of(x).scores

    def said_of(self, x: Matrix) -> Said:
        """The same with what each of several networks says."""
        if len(self.members) == 1:
            return Said(self.members[0].network.scores(x), self.decoder)
        each = [
            Said(member.network.scores(np.ascontiguousarray(x[:, member.columns])), member.decoder)
            for member in self.members
        ]
        together = combined([one.scores for one in each], [one.decoder for one in each], self.decoder)
        return Said(together, self.decoder, each)

    def scores(self, batch: Batch) -> tuple[Matrix, Batch]:
        """The scores for rows, and the rows with a fault where the outputs are not finite."""
        said, judged = self.said(batch)
        return said.scores, judged

    def said(self, batch: Batch) -> tuple[Said, Batch]:
        """The same with what each of several networks says."""
        with np.errstate(all="ignore"):
            said = self.said_of(batch.x)
            faults = overflow_faults(self.decoder.outputs(said.scores))
        return said, replace(batch, faults=(*batch.faults, *faults))


@dataclass(frozen=True, eq=False)
class Digests:
    """Those of the training rows, as encoded by `inputs`; None where those are the model's own inputs."""

    known: RowDigests
    inputs: InputEncoder | None

    def overlap(self, batch: Batch, y: Matrix, dtype: str) -> Overlap:
        """How many rows of a batch with these targets are training rows."""
        if self.inputs is None:
            return self.known.overlap(batch.x, y)
        x = self.inputs.encode(batch.table, batch.rows, self.inputs.zeros(len(batch.rows), dtype)).x
        return self.known.overlap(x, y)


def open_model(path: Path, sha256: str | None = None) -> Model:
    """Read a model file and check it on the rows it carries. Raises ModelError.

    `sha256`, where it is given, is what the file's bytes must have.
    """
    file = read_model(path)
    if sha256 is not None and sha256.lower() != file.sha256:
        raise ModelError.of(f"expected sha256 {sha256.lower()}, found {file.sha256}", Place(str(path)))
    model = model_of(file)
    for own, member in zip(member_files(file), model.members, strict=True):
        check_outputs(path, own.arrays, member.network)
    return model


def model_of(file: ModelFile) -> Model:
    """The model that a file holds."""
    meta = file.meta
    target = TargetEncoder.from_meta(meta.target.model_dump(mode="json"), file.arrays)
    plain = decoder_of(target, meta.loss.name, activation_of(meta.architecture.activations[-1]))
    decoder = calibrated_decoder(plain, meta)
    files = list(member_files(file))
    networks = networks_of(file, files)
    all_inputs = joined([one.inputs for one in files])
    members = tuple(
        ModelMember(network, columns, replace(decoder, target=one.scaled(target)))
        for one, network, columns in zip(files, networks, all_inputs.columns, strict=True)
    )
    if meta.members:
        decoder = decoder_of_several(decoder)
    inputs = all_inputs.inputs
    form = replace(format_of_model(meta), decorations={**inputs.decorations, **target.parse})
    return Model(file, members, inputs, target, decoder, form, intervals_of(file))


def calibrated_decoder(decoder: OutputDecoder, meta: ModelMeta) -> OutputDecoder:
    """The decoder with the temperature and the threshold of a model file."""
    temperature = None if meta.calibration is None else meta.calibration.temperature
    return replace(decoder, temperature=temperature, least=meta.threshold)


def intervals_of(file: ModelFile) -> Intervals | None:
    """The intervals of a model file."""
    asked = file.meta.intervals
    if asked is None:
        return None
    if not asked.folds:
        return SplitIntervals(asked.levels, np.array(asked.limits))
    names = (member_array(number, ERRORS) for number in range(len(asked.folds)))
    return FoldIntervals(asked.levels, tuple(file.arrays[name] for name in names))


def intervals_of_level(model: Model, level: float) -> Intervals:
    """The intervals of a model; raises UsageError for a level that it has none of."""
    known = () if model.intervals is None else model.intervals.levels
    if model.intervals is not None and level in known:
        return model.intervals
    if not known:
        hint = "`intervals: [0.9]` in the config of `mlp train` makes them"
        raise UsageError.of(f"interval {level:g}: the model has no intervals", None, hint)
    there = ", ".join(f"{one:g}" for one in known)
    raise UsageError.of(f"interval {level:g}: the model has intervals of {there}")


def format_of_model(meta: ModelMeta) -> CsvFormat:
    """How the files that the model reads are written, but for what is around their numbers."""
    csv = meta.csv
    own = {marks.column: marks.na_values for marks in csv.own_na_values}
    return CsvFormat(csv.separator, csv.decimal, csv.encoding, csv.na_values, own_na_values=own)


def check_outputs(path: Path, arrays: Mapping[str, Array], network: Network) -> None:
    """Raise ModelError unless the network gives the stored outputs for the stored rows."""
    expected = arrays["check.outputs"]
    with np.errstate(all="ignore"):
        found = network.predict(arrays["check.inputs"].astype(network.dtype))
    tolerance = CHECK_TOLERANCE[network.dtype.name] * max(1.0, float(np.abs(expected).max(initial=0.0)))
    if not np.allclose(found, expected, rtol=0.0, atol=tolerance):
        raise ModelError.of(
            "its outputs for the rows that it carries are not the ones stored with them",
            Place(str(path)),
            hint="the file was changed, or made by a version with other formulas: train it again",
        )
