"""E2: model files with changed bytes, also ones whose checksums and sizes were made right again.

A mutant of the file's bytes must be refused, or hold what the original holds. A mutant of what a member
holds, stored in a sound archive, may be accepted with other numbers, as nothing else tells them apart; it
must still be refused politely or be a model that keeps every promise of the format.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator

import numpy as np

from mlpcli.artifacts.model_file import ModelFile, model_content, parse_model
from mlpcli.artifacts.source_file import FileFormatError
from tests.faults.bytes_mutator import mutant_of
from tests.faults.figure import Figure
from tests.support.hostile_models import good_model, zipped

QUICK, FULL = 5_000, 200_000


def run(times: int) -> Iterator[Figure]:
    """As many mutants of the file; a tenth as many of its members."""
    yield of_bytes(times)
    yield of_members(times // 10)


def of_bytes(times: int) -> Figure:
    """Mutants of the whole file."""
    figure = Figure("E2", "bytes of a model file changed", "refused, or the same content", least=times)
    figure.facts |= {"refused": 0, "same": 0}
    data, rng = good_model(), random.Random(2)
    original, headers = parse_model(data), headers_of(data)
    for number in range(times):
        mutant = mutant_of(data, rng, headers)
        found = outcome(mutant, figure, number)
        if found is not None:
            figure.add("same")
            figure.check(same(found, original), f"mutant {number} was accepted with other content")
    return figure


def of_members(times: int) -> Figure:
    """Mutants of one member, in an archive that is sound."""
    figure = Figure("E2", "one member changed, checksums right", "refused, or a sound model", least=times)
    figure.facts |= {"refused": 0, "accepted": 0}
    with zipfile.ZipFile(io.BytesIO(good_model())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    rng, names = random.Random(3), list(members)
    for number in range(times):
        # the metadata, where most can go wrong, as often as all the arrays together
        name = "meta.npy" if number % 2 else rng.choice(names)
        content = mutant_of(members[name], rng, [(0, 128)])
        found = outcome(zipped((members | {name: content}).items()), figure, number)
        if found is not None:
            figure.add("accepted")
            figure.check(written_again(found), f"mutant {number} of {name}: accepted, and cannot be written")
    return figure


def outcome(data: bytes, figure: Figure, number: int) -> ModelFile | None:
    """The model that a mutant is read as; None where it was refused, which is counted."""
    figure.count += 1
    try:
        return parse_model(data)
    except FileFormatError:
        figure.add("refused")
    except Exception as error:  # whatever it is, it is what is looked for
        figure.check(False, f"mutant {number}: {type(error).__name__}: {error}")
    return None


def headers_of(data: bytes) -> list[tuple[int, int]]:
    """Where the headers are: around every member's name, and the directory at the end."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        starts = [member.header_offset for member in archive.infolist()]
        return [*((start, start + 200) for start in starts), (archive.start_dir, len(data))]


def same(found: ModelFile, original: ModelFile) -> bool:
    """Whether two models are the same but for the hash of their files."""
    return (
        found.meta == original.meta
        and found.arrays.keys() == original.arrays.keys()
        and all(np.array_equal(found.arrays[name], array) for name, array in original.arrays.items())
    )


def written_again(found: ModelFile) -> bool:
    """Whether what was read is a model that could have been written, so every rule of the format holds."""
    model_content(found.meta.model_dump(mode="json"), found.arrays)
    return True
