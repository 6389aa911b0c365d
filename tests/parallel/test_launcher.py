"""What the environment says of a process that was launched together with others."""

from __future__ import annotations

import pytest

from mlpcli.errors import UsageError
from mlpcli.parallel.launcher import is_one_of_several, rank_and_size

LAUNCHED = [
    {"PMI_RANK": "2", "PMI_SIZE": "4", "PMI_FD": "9"},
    {"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4", "PMIX_RANK": "2"},
    {"PMIX_RANK": "2", "SLURM_STEP_NUM_TASKS": "4", "SLURM_NTASKS": "8"},
]


@pytest.mark.parametrize("environment", LAUNCHED, ids=lambda names: next(iter(names)))
def test_every_launcher_says_which_of_how_many(environment: dict[str, str]) -> None:
    assert rank_and_size(environment) == (2, 4)


@pytest.mark.parametrize("environment", [{}, {"SLURM_PROCID": "2", "SLURM_NTASKS": "4"}])
def test_a_shell_inside_an_allocation_was_not_launched(environment: dict[str, str]) -> None:
    assert rank_and_size(environment) is None


@pytest.mark.parametrize(
    "environment",
    [
        {"PMI_RANK": "first", "PMI_SIZE": "4"},
        {"PMI_RANK": "4", "PMI_SIZE": "4"},
        {"PMI_RANK": "-1", "PMI_SIZE": "4"},
        {"PMIX_RANK": "0"},
    ],
)
def test_what_makes_no_sense_is_told_with_what_was_found(environment: dict[str, str]) -> None:
    (name, rank), *_ = environment.items()
    with pytest.raises(UsageError, match=f"{name}={rank} and .*\n.*unset {name}"):
        rank_and_size(environment)


@pytest.mark.parametrize(("size", "several"), [("1", False), ("2", True)])
def test_a_process_alone_is_none_of_several(
    monkeypatch: pytest.MonkeyPatch, size: str, several: bool
) -> None:
    monkeypatch.setenv("PMI_RANK", "0")
    monkeypatch.setenv("PMI_SIZE", size)
    assert is_one_of_several() is several
