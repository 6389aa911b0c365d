"""The format `onnx`: its one file, what a person should know about it, and how it is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from mlpcli.errors import UsageError
from mlpcli.exporting.description import Description
from mlpcli.exporting.exporter import Answers, Cells, Naming, Scorer, without_intervals
from mlpcli.exporting.onnx.graph import TEXT
from mlpcli.exporting.onnx.inputs import FORMAT, given_columns
from mlpcli.exporting.onnx.notes import content_of
from mlpcli.exporting.onnx.running import answers_of, fed, runner_name, runner_of


class OnnxExporter:
    """A graph in one file."""

    name = FORMAT
    suffixes = (".onnx",)
    reads_texts = False

    @property
    def runner(self) -> str:
        """onnxruntime where it is installed."""
        return runner_name()

    def files(self, description: Description, _naming: Naming) -> tuple[bytes, ...]:
        """The file. Raises UsageError without the package onnx."""
        require_onnx()
        from mlpcli.exporting.onnx.document import document_of

        return (document_of(description),)

    def remarks(self, description: Description) -> Iterator[str]:
        """Which columns it is given in another way than a file has them, and how it compares texts."""
        given = given_columns(description)
        for one in given:
            if one.date is not None:
                yield f"column '{one.column.name}' is a number to the graph: {content_of(one)}"
        if any(one.dtype == TEXT for one in given):
            yield "the graph compares texts letter by letter: a blank more is another one, as is 1.00 for 1"
        yield from without_intervals(description)

    @contextmanager
    def scoring(self, paths: Sequence[Path], description: Description, _naming: Naming) -> Iterator[Scorer]:
        """Runs the file."""
        run, given = runner_of(paths[0].read_bytes()), given_columns(description)

        def score(cells: Cells) -> Answers:
            return answers_of(run(fed(cells, given)))

        yield score


def require_onnx() -> None:
    """Raise UsageError where the package is not installed."""
    if find_spec("onnx") is None:
        raise UsageError.of("the format onnx needs the package onnx", None, "pip install 'mlpcli[onnx]'")
