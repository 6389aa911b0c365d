"""Who trains which trial: one whose process has died is free; of another machine's nobody knows at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from optuna.trial import TrialState

from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.searching.claims import MOST_BEGINNINGS, OWNER, Claims, turn
from mlpcli.searching.storage import storage_of
from mlpcli.searching.study_file import load_study
from mlpcli.searching.study_store import StudyStore
from tests.support.studies import write_study

SHA256 = "0" * 64
STALE = 600.0


@pytest.fixture
def claims(tmp_path: Path) -> Claims:
    """Those of a new study of five trials."""
    file = load_study(write_study(tmp_path))
    directory = tmp_path / "s"
    store = StudyStore.opened(file, "study", storage_of(None, directory), SHA256)
    return Claims(store, directory, 5, STALE)


def test_trials_are_given_out_one_after_the_other(claims: Claims) -> None:
    with claims.next() as first, claims.next() as second:
        assert first is not None
        assert second is not None
        assert (first.number, second.number) == (0, 1)
        assert not first.taken_over
        assert first.directory.output.name == "0000"
        assert claims.others_at_work()


def test_no_more_are_given_out_than_there_are(claims: Claims) -> None:
    with claims.next() as one, claims.next() as two, claims.next() as three:
        assert None not in (one, two, three)
        with claims.next() as four, claims.next() as five, claims.next() as six:
            assert None not in (four, five)
            assert six is None


def test_a_trial_that_was_left_is_taken_over_with_its_values(claims: Claims) -> None:
    with claims.next() as left:
        assert left is not None
    with claims.next() as found:
        assert found is not None
        assert (found.number, found.taken_over) == (0, True)
        assert found.values == left.values


def test_a_trial_that_is_held_is_not(claims: Claims) -> None:
    with claims.next() as held, claims.next() as other:
        assert held is not None
        assert other is not None
        assert other.number != held.number


@pytest.mark.parametrize(("silent", "taken"), [(0.0, False), (STALE - 60, False), (STALE + 60, True)])
def test_a_trial_of_another_machine_is_free_after_a_long_silence(
    claims: Claims, silent: float, taken: bool
) -> None:
    with claims.next() as left:
        assert left is not None
    seen = int(time.time() - silent)
    left.trial.set_user_attr(OWNER, {"host": "elsewhere", "directory": "/s", "begun": 1, "seen": seen})
    with claims.next() as found:
        assert found is not None
        assert (found.number == left.number) is taken


def test_a_sign_of_life_is_left(claims: Claims) -> None:
    with claims.next() as claim:
        assert claim is not None
        owner = claim.trial.user_attrs[OWNER]
        claim.trial.set_user_attr(OWNER, {**owner, "seen": 0})
        claims.sign_of_life(claim)
        assert claim.trial.user_attrs[OWNER] == {**owner, "seen": pytest.approx(time.time(), abs=60)}
        claims.store.study.tell(claim.number, 1.0)
        claims.sign_of_life(claim)  # somebody else has finished it: nothing to be said


def test_a_trial_that_kills_its_process_again_and_again_is_given_up(claims: Claims) -> None:
    for _ in range(MOST_BEGINNINGS):
        with claims.next() as left:
            assert left is not None
            assert left.number == 0
    with claims.next() as another:
        assert another is not None
        assert another.number == 1
    given_up = claims.store.trials()[0]
    assert given_up.state is TrialState.FAIL
    assert "killed 6 times" in given_up.user_attrs["reason"]


def test_a_trial_that_ended_between_two_looks_is_left_alone(
    claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    with claims.next() as left:
        assert left is not None
    enter = RunDirectory.__enter__

    def ended_meanwhile(run: RunDirectory) -> RunDirectory:
        claims.store.study.tell(0, 1.0, skip_if_finished=True)
        return enter(run)

    monkeypatch.setattr(RunDirectory, "__enter__", ended_meanwhile)
    with claims.next() as found:
        assert found is not None
        assert (found.number, found.taken_over) == (1, False)


def test_what_another_program_enqueues_is_tried_next(claims: Claims) -> None:
    with claims.next():
        claims.store.study.enqueue_trial({"optimizer.learning_rate": 0.05, "model.layers": "[auto, 4, auto]"})
        with claims.next() as found:
            assert found is not None
            assert found.values["optimizer.learning_rate"] == 0.05


def test_on_a_disk_without_locks_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("fcntl.flock", refused)
    with turn(tmp_path / "s"):
        assert (tmp_path / "s").is_dir()
