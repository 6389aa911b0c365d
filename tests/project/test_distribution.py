"""What the package ships: the sdist has its tests and their data, the wheel all that runs, both are sound."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.distributions import built, checked, lowest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist and the wheel."""
    for package in ("build", "twine"):
        pytest.importorskip(package)
    return built(tmp_path_factory.mktemp("dist"))


def test_twine_has_nothing_to_say(distributions: tuple[Path, Path]) -> None:
    assert checked(distributions).count("PASSED") == 2


def test_the_wheel_has_all_that_is_no_module(distributions: tuple[Path, Path]) -> None:
    names = set(zipfile.ZipFile(distributions[1]).namelist())
    here = {
        path for path in (ROOT / "mlpcli").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    besides = {str(path.relative_to(ROOT)) for path in here} - {"mlpcli/README.md"}
    assert besides <= names
    assert any(name.endswith("share/man/man1/mlp.1") for name in names)
    assert not [name for name in names if name.startswith("tests")]


def test_the_metadata_say_what_there_is(distributions: tuple[Path, Path]) -> None:
    wheel = zipfile.ZipFile(distributions[1])
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert len(lowest()) == len([one for one in metadata.get_all("Requires-Dist", []) if "extra" not in one])


def collected(root: Path) -> list[str]:
    """The files of tests that pytest finds in a tree, with the number of tests in each."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-n", "0", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, "-m", ""], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if line.startswith("tests/")]


def test_the_suite_can_be_collected_from_the_sdist(distributions: tuple[Path, Path], tmp_path: Path) -> None:
    with tarfile.open(distributions[0]) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()
    found = collected(root)
    assert len(found) > 150
    assert found == collected(ROOT)
