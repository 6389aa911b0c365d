"""`mlp search`: what is tried, what is kept, that it can be trained again, and that it goes on."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("optuna")

from optuna.exceptions import StorageInternalError

from mlpcli.cli import together
from mlpcli.commands.search import Teller
from mlpcli.errors import OutputError
from mlpcli.run.predictor import open_model
from mlpcli.searching import storage, trial_run, worker
from mlpcli.searching.claims import Claims
from mlpcli.searching.study_file import load_study
from mlpcli.searching.study_store import Standing, StudyStore
from mlpcli.terminal.console import Console
from mlpcli.terminal.console import number as number_
from tests.support.running import arrays, mlp, ok, results, tree
from tests.support.studies import SPACE, document, failing, searched, states, trials, write_study

RATE = "\n  optimizer.learning_rate: {low: 1e-3, high: 1e-1, log: true}\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("search"))


@pytest.fixture(scope="module")
def done(study: Path) -> Path:
    """A search of six trials."""
    return searched(study, "--trials", 6)


def test_trial_0_is_the_config_as_it_is(study: Path, done: Path) -> None:
    ok("train", study.parent / "c.yaml", "-o", study.parent / "own", "--no-plots", "-q")
    own, first = arrays(study.parent / "own"), arrays(done / "trials" / "0000")
    assert all((own[name] == first[name]).all() for name in own if name != "meta")
    assert (study.parent / "own" / "history.csv").read_bytes() == (
        done / "trials" / "0000" / "history.csv"
    ).read_bytes()


def test_every_trial_can_be_trained_again(study: Path, done: Path) -> None:
    for number in (0, 4):
        run = done / "trials" / f"{number:04d}"
        ok("train", run / "config.yaml", "-o", study.parent / "again", "--no-plots", "-q", "--overwrite")
        assert results(study.parent / "again") == results(run)
        assert (study.parent / "again" / "config.yaml").read_bytes().count(b"t.csv") == 1


def test_the_best_config_gives_the_bytes_of_the_winner(study: Path, done: Path) -> None:
    rows = trials(done)
    best = min(rows, key=lambda row: float(row["val_loss"]))
    ok("train", done / "best.yaml", "-o", study.parent / "best", "--no-plots", "-q")
    assert results(study.parent / "best") == results(done / "trials" / f"{int(best['trial']):04d}")
    assert f"trial {best['trial']}, val_loss" in (done / "best.yaml").read_text("utf-8")


def test_a_score_is_that_of_the_run(done: Path) -> None:
    for row in trials(done):
        run = done / "trials" / f"{int(row['trial']):04d}"
        metrics = json.loads((run / "metrics.json").read_text("utf-8"))
        assert float(row["val_loss"]) == metrics["val"]["loss"]


def test_finished_trials_keep_no_checkpoint(done: Path) -> None:
    assert not list(done.glob("trials/*/checkpoint*"))


def test_the_same_study_is_the_same_also_in_two_goes(study: Path, done: Path) -> None:
    searched(study, "--trials", 2, out="goes")
    assert len(trials(study.parent / "goes")) == 2
    again = searched(study, "--trials", 6, out="goes")
    assert (again / "trials.csv").read_bytes() == (done / "trials.csv").read_bytes()
    before = (again / "journal.log").read_bytes()
    searched(study, "--trials", 6, out="goes")
    assert (again / "journal.log").read_bytes() == before, "there was nothing left to do"


def test_several_workers_try_as_many(study: Path) -> None:
    found = searched(study, "--trials", 5, "--jobs", 2, out="two")
    assert states(found) == ["complete"] * 5
    run = found / "trials" / "0004"
    ok("train", run / "config.yaml", "-o", study.parent / "again", "--no-plots", "-q", "--overwrite")
    assert results(study.parent / "again") == results(run)


def test_test_rows_choose_nothing(tmp_path: Path) -> None:
    """With other labels on them another study is the same but for what it says of them."""
    found = []
    for name, swapped in (("one", "oak"), ("two", "elm")):
        path = write_study(tmp_path / name, data={"test": "test.csv"})
        text = (tmp_path / name / "t.csv").read_text("utf-8")
        (tmp_path / name / "test.csv").write_text(text.replace("oak", swapped), "utf-8")
        found.append(document(path, "--trials", 4))
    one, two = (tmp_path / name / "s" / "trials.csv" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert found[0]["best"]["test"]["accuracy"] != found[1]["best"]["test"]["accuracy"]


def test_what_is_said_at_the_end(study: Path, done: Path) -> None:
    said = ok("search", study, "-o", done, "--trials", 6)
    assert said.out.startswith("6 trials: 6 complete\n")
    assert "the best score is optimistic" in said.out
    assert "test rows, by the best trial: loss" in said.out
    assert "what matters: " in said.out
    document_ = json.loads(ok("search", study, "-o", done, "--trials", 6, "--json").out)
    assert document_["trials"] == {"total": 6, "complete": 6, "pruned": 0, "failed": 0, "running": 0}
    assert document_["direction"] == "minimize"
    assert document_["config"]["trial"] == 0
    assert sum(document_["importance"].values()) == pytest.approx(1)


def test_a_terminal_shows_how_far_the_study_is(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trials of before included, and the best score by now."""
    shown: list[str] = []
    monkeypatch.setattr(Console, "show", lambda _self, text, **_: shown.append(text(60)))
    for number in (1, 2):
        ok("search", study, "-o", study.parent / "seen", "--trials", number)
    first, second = (number_(float(row["val_loss"])) for row in trials(study.parent / "seen"))
    best = min(first, second)
    assert shown == [
        "0/1 trial",
        f"1/1 trial, best val_loss {first}",
        f"1/2 trials, best val_loss {first}",
        f"2/2 trials, best val_loss {best}",
    ]
    assert Teller(load_study(study), None, Console()).line(Standing(1, None)) == "1 trial"


def test_without_test_rows_that_is_said(tmp_path: Path) -> None:
    study = write_study(tmp_path, data={"test": 0.0001}, space=RATE)
    text = (tmp_path / "c.yaml").read_text("utf-8").replace(', "test": 0.0001', "")
    (tmp_path / "c.yaml").write_text(text, "utf-8")
    assert "there are no test rows" in ok("search", study, "-o", tmp_path / "s", "--trials", 1).out


def test_scores_that_do_not_compare_are_warned_of(tmp_path: Path) -> None:
    space = RATE + "  class_weight: {choices: [balanced, null]}\n  data.validation: {low: 0.1, high: 0.4}\n"
    said = ok("search", write_study(tmp_path, space=space), "-o", tmp_path / "s", "--trials", 1).err
    assert "warning: trials differ in data.validation: scores on other rows do not compare\n" in said
    assert "trials differ in class_weight: losses in other units do not compare: write `metric:`" in said


def test_a_metric_that_the_config_does_not_compute_is_added(tmp_path: Path) -> None:
    found = document(write_study(tmp_path, "metric: val_mcc"), "--trials", 2)
    assert found["direction"] == "maximize"
    assert "mcc" in (tmp_path / "s" / "best.yaml").read_text("utf-8")
    assert "mcc" in found["best"]["test"]


def test_a_metric_of_another_task_is_refused(tmp_path: Path) -> None:
    done = failing(write_study(tmp_path, "metric: val_rmse"), "--trials", 2)
    assert done.code == 3
    assert "study.yaml:2:9: metric: metric 'rmse' is not for classification" in done.err


def test_a_key_whose_own_value_is_none_of_those_tried_is_left_alone(tmp_path: Path) -> None:
    study = write_study(tmp_path, space=SPACE + "  l2: {low: 1e-6, high: 1e-2, log: true}\n")
    said = ok("search", study, "-o", tmp_path / "s", "--trials", 3)
    assert "what that has for l2 is none of what is tried" in said.err
    assert [row["l2"] == "" for row in trials(tmp_path / "s")] == [True, False, False]
    assert "l2: 0.0\n" in (tmp_path / "s" / "trials" / "0000" / "config.yaml").read_text("utf-8")


def test_null_is_a_choice_like_others(tmp_path: Path) -> None:
    """In the table and on the page: what is not tried is an empty cell."""
    space = "\n  training.clip_norm: {choices: [null, 0.5]}\n  l2: {choices: [0.5, 0.25]}\n"
    found = searched(write_study(tmp_path, "sampler: grid", space, training={"epochs": 1}))
    rows = trials(found)
    assert {row["training.clip_norm"] for row in rows} == {"null", "0.5"}
    assert "training.clip_norm<td>null<td>" in (found / "report.html").read_text("utf-8")


@pytest.mark.parametrize("sampler", ["random", "qmc", "cmaes", "{name: tpe, startup: 1}"])
def test_samplers(sampler: str, tmp_path: Path) -> None:
    if sampler == "cmaes":
        pytest.importorskip("cmaes")
    space = RATE + "  l1: {low: 0.0, high: 0.1}\n"
    found = searched(write_study(tmp_path, f"sampler: {sampler}", space), "--trials", 6)
    assert states(found) == ["complete"] * 6
    rates = {row["optimizer.learning_rate"] for row in trials(found)}
    assert len(rates) == 6


def test_a_grid_is_tried_once_and_ends(tmp_path: Path) -> None:
    space = "\n  training.batch_size: {low: 8, high: 10}\n  training.shuffle: {choices: [true, false]}\n"
    study = write_study(tmp_path, "sampler: grid", space, training={"epochs": 1})
    rows = trials(searched(study, "--trials", 9))
    assert len(rows) == 7
    assert len({(row["training.batch_size"], row["training.shuffle"]) for row in rows[1:]}) == 6
    assert rows[1]["training.shuffle"] in {"true", "false"}


def test_a_trial_that_promises_little_is_ended(tmp_path: Path) -> None:
    space = "\n  optimizer.learning_rate: {choices: [0.01, 1e-9]}\n"
    head = "sampler: random\npruner: {name: median, startup: 1, every: 1}"
    found = searched(write_study(tmp_path, head, space, training={"epochs": 6}), "--trials", 10)
    rows = trials(found)
    ended = [row for row in rows if row["state"] == "pruned"]
    assert ended
    assert all(int(row["epochs"]) < 6 and row["optimizer.learning_rate"] != "0.01" for row in ended)
    run = found / "trials" / f"{int(ended[0]['trial']):04d}"
    assert not (run / "model.npz").exists()
    ok("train", run / "config.yaml", "-o", tmp_path / "whole", "--no-plots", "-q")


def test_hyperband_ends_some_too(tmp_path: Path) -> None:
    space = "\n  optimizer.learning_rate: {low: 1e-7, high: 0.1, log: true}\n"
    head = "sampler: random\npruner: {name: hyperband, warmup: 1, factor: 2, every: 1}"
    found = searched(write_study(tmp_path, head, space, training={"epochs": 8}), "--trials", 12)
    assert {"pruned", "complete"} == set(states(found))


def test_folds_are_cut_and_ended_by_a_signed_rank_test(tmp_path: Path) -> None:
    space = "\n  optimizer.learning_rate: {choices: [0.05, 1e-9]}\n"
    head = "folds: 4\nsampler: random\npruner: {name: wilcoxon, p: 0.3}"
    found = searched(write_study(tmp_path, head, space, data={"validation": None}), "--trials", 6)
    assert "pruned" in states(found)
    best = json.loads((found / "trials" / "0000" / "metrics.json").read_text("utf-8"))
    assert float(trials(found)[0]["val_loss"]) == best["cross_validation"]["loss"]["mean"]
    ok("train", found / "best.yaml", "-o", tmp_path / "best", "--no-plots", "-q")


def test_a_trial_that_diverges_fails_with_its_reason(tmp_path: Path) -> None:
    space = "\n  optimizer: {choices: [{name: sgd, learning_rate: 1e30}, adam]}\n"
    found = document(write_study(tmp_path, "sampler: random", space, data={"target": "size"}), "--trials", 8)
    failed = [row for row in trials(tmp_path / "s") if row["state"] == "failed"]
    assert found["trials"]["failed"] == len(failed) > 0
    assert "diverged" in failed[0]["reason"] or "finite" in failed[0]["reason"]
    assert found["best"]["trial"] == 0


def test_settings_that_do_not_go_together_are_a_trial_that_fails(tmp_path: Path) -> None:
    space = "\n  model.layers: {choices: [[auto, 4, auto], [auto, 4, 4, auto]]}\n"
    space += "  model.dropout: {choices: [[0.1], [0.1, 0.1]]}\n"
    study = write_study(tmp_path, "sampler: random", space, model={"dropout": [0.1]})
    assert failing(study).code == 3, "each choice has to go with the config by itself"


def test_where_every_trial_fails_so_does_the_search(tmp_path: Path) -> None:
    optimizer = {"name": "sgd", "learning_rate": 1e30}
    study = write_study(
        tmp_path, space="\n  l2: {choices: [0.0]}\n", data={"target": "size"}, optimizer=optimizer
    )
    done = failing(study, "--trials", 2)
    assert done.code == 7
    assert "no trial of 2 has a score" in done.err
    assert "hint: trial 0 failed: " in done.err
    assert not (tmp_path / "s" / "best.yaml").exists()


def test_a_study_of_another_file_is_refused(study: Path, done: Path) -> None:
    other = study.with_name("other.yaml")
    other.write_text(study.read_text("utf-8").replace("1e-3", "1e-4"), "utf-8")
    found = failing(other, "-o", done, "--study-name", "study")
    assert found.code == 3
    assert "the study that is there is of another file: the space changed since" in found.err


def test_a_directory_has_one_study(study: Path, done: Path) -> None:
    """Trials of another one would be in the same directories, and its best config too."""
    before = tree(done)
    found = failing(study, "-o", done, "--study-name", "other", "--trials", 1)
    assert found.code == 2
    assert f"in {done} is the study 'study', and not 'other'\nhint: --study-name study goes on" in found.err
    assert tree(done) == before


def test_two_studies_share_a_storage_by_their_names(study: Path, done: Path) -> None:
    other = study.with_name("named.yaml")
    other.write_text(study.read_text("utf-8").replace("1e-3", "1e-4"), "utf-8")
    url = f"journal:{done / 'journal.log'}"
    assert document(other, "--storage", url, "--trials", 1, out="n")["trials"]["total"] == 1


def test_a_database_is_for_one_worker(study: Path) -> None:
    url = f"sqlite:///{study.parent / 'study.db'}"
    assert document(study, "--storage", url, "--trials", 2, out="db")["trials"]["complete"] == 2
    found = failing(study, "--storage", url, "--jobs", 2)
    assert found.code == 2
    assert "sqlite: is for one worker" in found.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://x", "expected journal:PATH"),
        ("grpc://x", "expected grpc://HOST:PORT"),
        ("grpc://x:65536", "expected grpc://HOST:PORT"),
        ("journal:", "found no path"),
        ("mysql+nodriver://u:secret@h/d", "the study cannot be opened"),
    ],
)
def test_a_storage_that_is_none(study: Path, url: str, said: str) -> None:
    found = failing(study, "--storage", url)
    assert found.code in {2, 6}
    assert said in found.err
    assert "secret" not in found.err


def test_a_driver_that_is_missing_is_named(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optuna says that there is none, and the error before which one."""

    def missing(_url: str) -> Any:
        raise ImportError("Failed to import DB access module") from ModuleNotFoundError(name="psycopg")

    monkeypatch.setattr(storage, "_database", missing)
    found = failing(study, "--storage", "postgresql://h/d")
    assert found.code == 2
    assert "needs psycopg, which is not installed\nhint: pip install 'psycopg[binary]'\n" in found.err


def test_what_a_server_fails_with_is_said_in_its_own_words() -> None:
    class InactiveError(Exception):
        def details(self) -> str:
            return "failed to connect to all addresses"

    InactiveError.__module__ = "grpc._channel"
    failed = pytest.raises(OutputError, match="failed: failed to connect to all")
    with failed, storage.storage_errors("grpc://localhost:1"):
        raise InactiveError("<_InactiveRpcError of RPC that terminated with:")


@pytest.mark.parametrize("content", [b"\xad\x00", b'{"a": 1}\n', b"text\n", b'{"op_code": 99}\n'])
def test_a_journal_that_is_none_is_left_alone(study: Path, content: bytes) -> None:
    path = study.parent / "none.log"
    path.write_bytes(content)
    found = failing(study, "--storage", f"journal:{path}", "--trials", 1)
    assert found.code == 6
    assert path.read_bytes() == content
    assert "none.log: expected a journal of Optuna, found something else\nhint: move it away" in found.err


def test_without_optuna_it_says_what_to_install(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    found = failing(study)
    assert found.code == 2
    assert "pip install 'mlpcli[search]'" in found.err


def test_a_disk_that_fails_ends_the_search(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OutputError.of("cannot write: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(trial_run, "train_in", full)
        assert failing(study, "-o", study.parent / "full").code == 6
    found = document(study, "--trials", 2, out="full")
    assert found["trials"]["complete"] == 2, "what was under way is taken over"


def test_a_storage_that_fails_on_the_way_is_no_bug(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise StorageInternalError("the database is locked\n(Background on this error at: ...)")

    with monkeypatch.context() as patch:
        patch.setattr(worker, "settle", locked)
        found = failing(study, "-o", study.parent / "locked", "--trials", 2)
    assert found.code == 6
    assert "the storage of the study failed: the database is locked\n" in found.err
    assert document(study, "--trials", 2, out="locked")["trials"]["complete"] == 2


def test_after_a_signal_it_goes_on(study: Path, done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes while a trial trains: it is saved, and taken over by the next call."""
    beats = 0

    def beat(_self: object) -> bool:
        nonlocal beats
        beats += 1
        if beats == 20:
            signal.raise_signal(signal.SIGTERM)
        return beats >= 20

    with monkeypatch.context() as patch:
        patch.setattr(worker._Beat, "__call__", beat)
        found = failing(study, "-o", study.parent / "stopped", "--trials", 6)
    assert found.code == 128 + signal.SIGTERM
    assert "call it again to go on" in found.err
    assert states(study.parent / "stopped")[-1] == "running"
    said = ok("search", study, "-o", study.parent / "stopped", "--trials", 6).err
    assert "taken over" in said
    assert (study.parent / "stopped" / "trials.csv").read_bytes() == (done / "trials.csv").read_bytes()


def test_who_has_nothing_left_to_begin_waits_for_the_others(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker trains the last trial; when it has died that is taken over."""
    directory = study.parent / "waiting"
    searched(study, "--trials", 1, out="waiting")
    file = load_study(study)
    store = StudyStore.opened(file, "study", storage.storage_of(None, directory), sha256_of(directory))
    other = Claims(store, directory, 2, 600.0).next()
    assert other.__enter__() is not None
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            other.__exit__(None, None, None)

    monkeypatch.setattr(worker.time, "sleep", sleep)
    assert "trial 1, taken over" in ok("search", study, "-o", directory, "--trials", 2).err
    assert len(slept) == 3
    assert states(directory) == ["complete"] * 2


def sha256_of(directory: Path) -> str:
    """The hash of the data, as the model of the first trial knows it."""
    return str(open_model(directory / "trials" / "0000" / "model.npz").file.meta.data.sha256)


def test_of_processes_launched_together_the_first_alone_writes(
    study: Path, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here one after the other: the second has tried all before the first begins."""
    directory = study.parent / "launched"
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setenv("PMI_RANK", "1")
    said = ok("search", study, "-o", directory, "--trials", 6)
    assert said.out == said.err == ""
    assert not (directory / "trials.csv").exists()
    monkeypatch.setenv("PMI_RANK", "0")
    assert ok("search", study, "-o", directory, "--trials", 6).out.startswith("6 trials: 6 complete")
    assert (directory / "trials.csv").read_bytes() == (done / "trials.csv").read_bytes()


@pytest.mark.parametrize(("rank", "times"), [(0, 1), (1, 0)])
def test_what_all_of_them_find_wrong_the_first_alone_says(
    rank: int, times: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setenv("PMI_RANK", str(rank))
    monkeypatch.setattr(together, "FIRST_WORD", 0.0)
    said = mlp("search", tmp_path / "no.yaml")
    assert (said.code, said.out, said.err.count("mlp: error")) == (3, "", times)


def test_time_that_is_up_ends_it(study: Path) -> None:
    assert document(study, "--timeout", 1e-9, "--trials", 6, out="late")["trials"]["total"] == 0
    assert ok("search", study, "--timeout", 1e-9, "-o", study.parent / "late").out == "0 trials\n"


def test_a_directory_without_its_journal_loses_no_run(study: Path) -> None:
    found = searched(study, "--trials", 1, out="lost")
    (found / "journal.log").unlink()
    searched(study, "--trials", 1, out="lost")
    assert (found / "trials" / "0000.1" / "model.npz").exists()
    shutil.rmtree(found)
