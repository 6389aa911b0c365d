"""What is told message by message: points as they come, the rest at the end, and nothing twice."""

from __future__ import annotations

import io
import json
from pathlib import Path
from unittest.mock import patch

import pytest

from mlpcli.cli import following
from mlpcli.cli.following import follow
from mlpcli.tracking.follower import EVERY, Follower
from mlpcli.tracking.record import read_record
from tests.support.running import ok, write_config, write_table
from tests.support.trackers import Remembering


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four epochs."""
    directory = tmp_path_factory.mktemp("run")
    write_table(directory)
    config = write_config(directory / "c.yaml", training={"epochs": 4})
    ok("train", config, "-o", directory / "run", "--no-plots", "-q")
    return directory / "run"


@pytest.fixture(scope="module")
def several(run: Path) -> Path:
    """One of two networks."""
    config = write_config(run.parent / "two.yaml", training={"epochs": 2}, ensemble={"members": 2})
    ok("train", config, "-o", run.parent / "several", "--no-plots", "-q")
    return run.parent / "several"


def message(**content: object) -> str:
    return json.dumps(content) + "\n"


def point(epoch: int) -> str:
    return message(point={"epoch": epoch, "loss": 1.0 / epoch, "f1": None})


def follow_with(tracker: Remembering, lines: list[str], seconds: float = EVERY) -> str | None:
    """Follow messages that are so many seconds apart."""
    now = iter(range(1000))
    return Follower(tracker, "name", lambda: next(now) * seconds).follow(lines)


def test_points_come_as_they_are_and_the_end_tells_what_is_missing(run: Path) -> None:
    tracker = Remembering()
    assert follow_with(tracker, [point(2), point(3), message(run=str(run))]) == "here"
    assert tracker.calls == ["begin name", "points", "points", "points", "complete"]
    assert [one.epoch for one in tracker.told] == [2, 3, 1, 4]
    assert tracker.told[0].values == {"loss": 0.5}
    assert tracker.completed is not None
    assert tracker.completed.sha256 == read_record(run).sha256


def test_of_several_networks_each_is_told_as_it_goes_and_their_mean_at_the_end(several: Path) -> None:
    tracker = Remembering()
    record = read_record(several)
    first = {name: value for name, value in record.points[0].values.items() if name.startswith("member_1/")}
    row = {"epoch": 1, **{name.removeprefix("member_1/"): value for name, value in first.items()}}
    assert follow_with(tracker, [message(point=row, member=1), message(run=str(several))]) == "here"
    assert tracker.told[0] == (1, first)
    told: dict[tuple[str, int], float] = {}
    for epoch, values in tracker.told:
        assert not {(name, epoch) for name in values} & told.keys(), "nothing twice"
        told |= {(name, epoch): value for name, value in values.items()}
    everything = {(name, epoch): value for epoch, values in record.points for name, value in values.items()}
    assert told == everything


def test_points_that_come_fast_are_told_together(run: Path) -> None:
    tracker = Remembering()
    follow_with(tracker, [point(1), point(2), point(3), point(4), message(run=str(run))], EVERY / 3)
    assert tracker.calls == ["begin name", "points", "points", "points", "complete"]
    assert sorted(one.epoch for one in tracker.told) == [1, 2, 3, 4]


def test_without_a_point_all_is_told_at_the_end_unless_it_is_known(run: Path) -> None:
    tracker = Remembering()
    assert follow_with(tracker, [message(run=str(run))]) == "here"
    assert tracker.calls == ["logged", "begin run", "points", "complete"]
    known = Remembering(known=read_record(run).sha256)
    assert follow_with(known, [message(run=str(run))]) == "there"
    assert known.calls == ["logged"]


def test_a_training_without_an_end_is_abandoned() -> None:
    tracker = Remembering()
    assert follow_with(tracker, [point(1), point(2), point(3)], EVERY / 3) is None
    assert tracker.calls == ["begin name", "points", "points", "abandon"]
    assert [one.epoch for one in tracker.told] == [1, 2, 3]
    nothing = Remembering()
    assert follow_with(nothing, []) is None
    assert nothing.calls == []


@pytest.mark.parametrize("fails", ["points", "complete"])
def test_a_tracker_that_raises_is_told_that_it_is_over(run: Path, fails: str) -> None:
    for lines in ([point(1), message(run=str(run))], [message(run=str(run))]):
        tracker = Remembering(fails=fails)
        with pytest.raises(ConnectionError):
            follow_with(tracker, lines)
        assert tracker.calls[-1] == "abandon"


def test_a_process_whose_parent_is_gone_ends_soon() -> None:
    """However long its tracker hangs."""
    happened: list[object] = []
    there = iter([True, True, False])
    following.outlive(lambda: next(there), happened.append, lambda: happened.append("end"))
    assert happened == [following.LOOK, following.LOOK, following.AFTER, "end"]


def test_the_process_says_where_the_run_is_or_why_not(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for tracker, code, last in (
        (Remembering(), 0, "here"),
        (Remembering(fails="begin"), 1, "ConnectionError: no begin today and more of it"),
    ):
        with patch("sys.stdin", io.StringIO(point(1) + message(run=str(run)))):
            assert follow(["mlflow", "name"], lambda _name, _experiment, one=tracker: one) == code
        assert capsys.readouterr().out.splitlines()[-1] == last
    with patch("sys.stdin", io.StringIO("")):
        assert follow(["mlflow", "name"], lambda _name, _experiment: Remembering()) == 0
    assert capsys.readouterr().out == ""
