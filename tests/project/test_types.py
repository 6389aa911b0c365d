"""What is written with the package passes a strict type checker, as does the package itself in `.ci/run`.

It reads all that is imported, which takes long: `pytest -m slow tests/project/test_types.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def readme_code() -> str:
    section = (ROOT / "README.md").read_text("utf-8").partition("## From Python")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL))


@pytest.mark.slow
def test_users_code_has_no_error(tmp_path: Path) -> None:
    """The sample's, and that of the README: estimators are scikit-learn's for a checker too."""
    api = pytest.importorskip("mypy.api")
    readme = tmp_path / "readme.py"
    readme.write_text(readme_code(), encoding="utf-8")
    sample = ROOT / "tests" / "support" / "typed_sample.py"
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--follow-imports=silent"]
    options += ["--cache-dir", str(tmp_path / "cache")]
    out, error, code = api.run([*options, str(sample), str(readme)])
    assert (out.startswith("Success"), error, code) == (True, "", 0), out
