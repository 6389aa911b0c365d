"""Tables as files in the format that their name asks for: some rows at a time, and all or nothing."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from mlpcli.artifacts.atomic import Content, write_atomically
from mlpcli.config.file_names import DUCKDB, SQLITE, compression_of, separator_by_suffix, suffix_of
from mlpcli.errors import UsageError
from mlpcli.extras import optional
from mlpcli.run.predictions_arrow import write_arrow, write_parquet
from mlpcli.run.predictions_csv import Columns, CsvLayout, Stream, Unflushed, write_csv, write_tables
from mlpcli.run.predictions_json import write_json_lines
from mlpcli.tables import zstandard
from mlpcli.tables.patterns import paths_of
from mlpcli.terminal.console import STDOUT, result_stream


class Writer(Protocol):
    """Writes the columns of these names, some rows at a time, into a stream, which it leaves open.

    Each column is an array of numbers, with NaN for a cell without one, or one of objects: texts, and None
    for an empty cell. Nothing is written before there are rows: where those at the front are wrong, there is
    no output.
    """

    def __call__(self, stream: Stream, names: Sequence[str], tables: Iterable[Columns]) -> None:
        """Write a whole file."""


# by the suffix, which may have that of a compression behind it where the format is text
TEXT: dict[str, Writer] = {".jsonl": write_json_lines, ".ndjson": write_json_lines}
BINARY: dict[str, Writer] = {".parquet": write_parquet, ".arrow": write_arrow, ".feather": write_arrow}
WRITTEN = ".csv, .tsv, .jsonl (each with .gz or .zst), .parquet, .arrow"


def writer_of(out: Path | None, *, headed: bool = True) -> Writer:
    """What writes a file of this name: CSV where it says nothing else, with the names if it is `headed`.

    Raises UsageError.
    """
    if out is None:
        return partial(write_csv, layout=CsvLayout(headed=headed))
    suffix, packed = suffix_of(out.name), compression_of(out.name)
    if suffix in (*SQLITE, *DUCKDB) or (suffix in BINARY and packed):
        raise UsageError.of(f"-o {out}: no table is written as {suffix}{packed}", None, f"write {WRITTEN}")
    if suffix in BINARY:
        optional("pyarrow", f"-o {out}: writing {suffix}")
        return BINARY[suffix]
    return TEXT.get(suffix, partial(write_csv, layout=CsvLayout(separator_by_suffix(out.name), headed)))


def write_table(
    out: Path | None,
    names: Sequence[str],
    tables: Iterable[Columns],
    *,
    headed: bool = True,
    more: Iterable[bytes] = (),
) -> None:
    """Write the columns of these names, some rows at a time: CSV to stdout, or all or nothing to a file.

    CSV begins with the names only where it is `headed`: elsewhere the rows go on from those of another file.
    What is `more` comes last: rows that are written already, as `write_rows` writes them.
    """
    if out is None or out == STDOUT:
        stream = result_stream()
        write_tables(stream, names, tables, CsvLayout(headed=headed))
        for piece in more:
            stream.buffer.write(piece)
        stream.flush()
        return
    writer = writer_of(out, headed=headed)

    def content(stream: Stream) -> None:
        writer(stream, names, tables)
        for piece in more:
            stream.write(piece)

    write_atomically(out, compressed(content, out.name))


def write_rows(out: Path | None, stream: Stream, names: Sequence[str], tables: Iterable[Columns]) -> None:
    """Write the rows alone as they stand in a file of this name, before it is compressed."""
    writer_of(out, headed=False)(stream, names, tables)


def is_text(out: Path | None) -> bool:
    """Whether rows in a file of this name may be put together from pieces."""
    return out is None or suffix_of(out.name) not in BINARY


def compressed(content: Callable[[Stream], None], name: str) -> Content:
    """What writes the same content as the name of the file says that it is compressed."""

    def by_gzip(stream: BinaryIO) -> None:
        # neither a name nor the time: the same predictions are the same bytes
        with gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as handle:
            content(Unflushed(handle))

    def by_zstandard(stream: BinaryIO) -> None:
        with zstandard.packing(stream, name) as handle:
            content(Unflushed(handle))

    return {".gz": by_gzip, ".zst": by_zstandard}.get(compression_of(name), content)


def refuse_to_replace(out: Path | None, *sources: str) -> None:
    """Raise UsageError where the output is one of the files that are read for it."""
    if out is None or out == STDOUT:
        return
    for source in (path for given in sources for path in map(str, paths_of(Path(given)))):
        same = False
        with suppress(OSError, ValueError):  # what is not there is reported when it is opened
            same = source != str(STDOUT) and out.is_file() and out.samefile(source)
        if same:
            raise UsageError.of(f"-o {out}: {source} would be lost", hint="name another file")
