"""From a config to matrices: split, fitted on training rows alone, weighted, and every mistake named."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.load import load_config
from mlpcli.data.dataset import Prepared
from mlpcli.data.labels import Dataset
from mlpcli.errors import ConfigError, DataError
from tests.support.tables import config_for, prepare

PENGUINS = """species,island,mass,sex,year,part,w
Adelie,Torgersen,3750,male,2007,train,1
Adelie,Torgersen,3800,female,2007,train,2
Adelie,Biscoe,3250,female,2008,train,1
Gentoo,Biscoe,5000,male,2008,train,0
Gentoo,Biscoe,4900,female,2009,train,1
Gentoo,Biscoe,5200,male,2009,train,1
Adelie,Dream,3300,male,2007,val,4
Gentoo,Biscoe,4600,female,2008,val,1
Adelie,Torgersen,3500,female,2009,test,1
"""
BASE = ["target: species", "exclude: [part, w]"]
BY_COLUMN = [*BASE, "validation: {column: part, value: val}", "test: {column: part, value: test}"]


def same(first: Prepared, second: Prepared) -> bool:
    """Whether two preparations are equal in every byte."""

    def key(data: Dataset | None) -> object:
        return None if data is None else [None if a is None else a.tobytes() for a in vars(data).values()]

    parts = [(key(one.train), key(one.validation), key(one.test)) for one in (first, second)]
    arrays = [
        [a.tobytes() for a in (*one.inputs.arrays().values(), *one.target.arrays().values())]
        for one in (first, second)
    ]
    return parts[0] == parts[1] and arrays[0] == arrays[1] and first.inputs.meta() == second.inputs.meta()


def test_a_split_column_says_which_rows_are_what(tmp_path: Path) -> None:
    """Rows that no part claims train; what they have is fitted on them alone."""
    prepared = prepare(config_for(tmp_path, PENGUINS, BY_COLUMN))
    assert prepared.inputs.names == (
        "island=Biscoe",
        "island=Torgersen",
        "mass",
        "sex=female",
        "sex=male",
        "year",
    )
    mass = np.array([3750, 3800, 3250, 5000, 4900, 5200])
    np.testing.assert_allclose(prepared.train.x[:, 2], (mass - mass.mean()) / mass.std(), rtol=1e-14)
    assert prepared.train.y[:, 0].tolist() == [0, 0, 0, 1, 1, 1]
    assert prepared.validation is not None
    assert prepared.validation.x[:, :2].tolist() == [[0, 0], [1, 0]]
    assert prepared.test is not None
    assert len(prepared.test.x) == 1
    assert prepared.notes == (
        "column 'island': 1 cell holds a category in the validation rows "
        "that training did not have ('Dream')",
    )


def test_other_rows_change_nothing_that_is_fitted(tmp_path: Path) -> None:
    """Whatever validation and test rows hold."""
    changed = PENGUINS.replace("Dream,3300", "Biscoe,99999").replace("Torgersen,3500,female", "Biscoe,1,male")
    for target in ("species", "mass"):
        lines = [f"target: {target}", *BY_COLUMN[1:]]
        first = prepare(config_for(tmp_path, PENGUINS, lines))
        second = prepare(config_for(tmp_path, changed, lines))
        assert first.inputs == second.inputs
        assert first.train.x.tobytes() == second.train.x.tobytes()
        assert first.train.y.tobytes() == second.train.y.tobytes()


@given(st.permutations(range(7)))
def test_the_order_of_columns_never_matters(
    tmp_path_factory: pytest.TempPathFactory, order: Sequence[int]
) -> None:
    """Features that are named keep the order of the config, whatever that of the file."""
    shuffled = "".join(
        ",".join(line.split(",")[i] for i in order) + "\n" for line in PENGUINS.strip().split("\n")
    )
    directory = tmp_path_factory.mktemp("order")
    lines = ["target: species", "features: [year, island, mass, sex]", "validation: 0.3"]
    first = prepare(config_for(directory, PENGUINS, lines))
    assert same(first, prepare(config_for(directory, shuffled, lines)))


def test_parts_by_fraction(tmp_path: Path) -> None:
    """Their sizes, with the classes in the shares of the whole."""
    csv = "x,y\n" + "".join(f"{i},{'abbb'[i % 4]}\n" for i in range(100))
    prepared = prepare(config_for(tmp_path, csv, ["target: y", "validation: 0.2", "test: 0.12"]))
    assert prepared.validation is not None
    assert prepared.test is not None
    sizes = [(len(part.y), part.y.sum()) for part in (prepared.train, prepared.validation, prepared.test)]
    assert sizes == [(68, 51), (20, 15), (12, 9)]


def test_the_split_needs_only_the_seed(tmp_path: Path) -> None:
    """The same config gives the same bytes, another seed other rows."""
    lines = ["target: species", "exclude: [part, w, island]", "validation: 0.3"]
    config = config_for(tmp_path, PENGUINS, lines)
    assert same(prepare(config), prepare(config))
    others = [prepare(load_config(config.path, seed=seed)) for seed in range(1, 6)]
    assert any(not same(prepare(config), other) for other in others)


def test_rows_with_missing_cells_are_dropped_before_a_split_by_fraction(tmp_path: Path) -> None:
    """Fractions are of the rows that are left; a missing target goes with them."""
    csv = "x,z,y\n" + "".join(f"{i if i % 5 else ''},1,{i if i != 7 else ''}\n" for i in range(50))
    lines = ["target: y", "missing: drop", "validation: 0.2"]
    prepared = prepare(config_for(tmp_path, csv, lines))
    assert prepared.validation is not None
    assert (len(prepared.train.x), len(prepared.validation.x)) == (31, 8)
    assert prepared.notes[0] == "11 rows with missing cells are dropped"
    one = ["target: y", "features: {x: {missing: drop}, z: none}"]
    with pytest.raises(DataError, match=r"t.csv:9: column 'y': a missing value"):
        prepare(config_for(tmp_path, csv, one))


def test_rows_that_a_split_column_claims_are_never_dropped(tmp_path: Path) -> None:
    """A validation row without a value would change what is measured."""
    csv = PENGUINS.replace("Dream,3300", "Biscoe,")
    with pytest.raises(DataError) as caught:
        prepare(config_for(tmp_path, csv, [*BY_COLUMN, "missing: drop"]))
    assert caught.value.problems[0].message == "column 'mass': a missing value, and no policy for it"


def test_other_files(tmp_path: Path) -> None:
    """Validation and test rows from files of their own: other order, more columns, other line ends."""
    (tmp_path / "val.csv").write_bytes(b"w,species,mass\r\n5,Gentoo,4000\r\n1,Adelie,3600\r\n")
    (tmp_path / "test.tsv").write_text("mass\tspecies\n1\tAdelie\n")
    lines = ["target: species", "features: [mass]", "validation: val.csv", "test: test.tsv"]
    prepared = prepare(config_for(tmp_path, PENGUINS, lines))
    assert prepared.validation is not None
    assert prepared.validation.y.tolist() == [[1], [0]]
    assert prepared.test is not None
    assert len(prepared.train.x) == 9
    hashes = [prepared.digests[part].sha256 for part in ("train", "validation", "test")]
    assert prepared.sha256 == hashlib.sha256("".join(hashes).encode()).hexdigest()


def test_the_digest_of_one_file_is_that_of_its_rows(tmp_path: Path) -> None:
    """Not of the columns that are not read, nor of what does not change a cell."""
    config = config_for(tmp_path, PENGUINS, BASE)
    prepared = prepare(config)
    assert prepared.sha256 == prepared.digests["train"].sha256
    (tmp_path / "t.csv").write_text(PENGUINS.replace("\n", "\r\n"), newline="")
    assert prepare(config).sha256 == prepared.sha256
    (tmp_path / "t.csv").write_text(PENGUINS.replace("3", "4", 1))
    assert prepare(config).sha256 != prepared.sha256


def test_ids_targets_weights_splits_and_excluded_columns_are_no_features(tmp_path: Path) -> None:
    """All others are, in the order of the file."""
    lines = [
        "target: species",
        "id: sex",
        "weight: w",
        "exclude: island",
        "test: {column: part, value: test}",
    ]
    prepared = prepare(config_for(tmp_path, PENGUINS, lines))
    assert prepared.inputs.names == ("mass", "year")


@pytest.mark.parametrize(
    ("lines", "messages"),
    [
        (
            ["target: specis", "exclude: [Island]", "weight: mas", "validation: {column: prt, value: val}"],
            [
                "t.csv has no column 'specis'",
                "t.csv has no column 'Island'",
                "t.csv has no column 'mas'",
                "t.csv has no column 'prt'",
            ],
        ),
        (["target: species", "features: {masss: none}"], ["t.csv has no column 'masss'"]),
        (
            ["target: species", "exclude: [island, mass, sex, year, part, w]"],
            ["no column is left to be a feature"],
        ),
        (
            [*BASE, "validation: {column: part, value: valid}"],
            ["column 'part': no row holds 'valid', the value of the validation rows"],
        ),
        (
            [*BASE, "validation: {column: part, value: val}", "test: {column: sex, value: female}"],
            ["a row that is both validation and test"],
        ),
        (
            ["target: species", "features: [mass]", "validation: 0.5", "test: 0.4"],
            ["expected at least 10 rows (4 to validate, 4 to test, 2 to train), found 9"],
        ),
        (
            ["target: species", "features: {island: {encode: ordinal, categories: [Biscoe, Dream]}}"],
            [
                "column 'island': expected a category of the list given for it, found 'Torgersen' "
                "(and 2 more: lines 3, 10)"
            ],
        ),
        (
            ["target: part", "features: [mass]", "validation: {column: species, value: Gentoo}"],
            ["column 'part': the class 'x' is none of those in the training rows"],
        ),
    ],
)
def test_mistakes(
    lines: list[str], messages: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All the columns that are not there at once; each with the place in the config or the file."""
    monkeypatch.chdir(tmp_path)
    csv = PENGUINS.replace("Gentoo,Biscoe,4600,female,2008,val", "Gentoo,Biscoe,4600,female,2008,x")
    config = config_for(tmp_path, csv if "target: part" in lines else PENGUINS, lines)
    with pytest.raises(DataError) as caught:
        prepare(config)
    found = [problem.message.replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    assert found == messages


@pytest.mark.parametrize(
    ("target", "rest", "csv", "message"),
    [
        ("y", "", "x,y\n1,5\n2,\n3,7\n", "t.csv:3: column 'y': a missing value"),
        ("y", "loss: poisson", "x,y\n1,5\n2,-1\n3,7\n", "t.csv:3: column 'y': expected a count"),
        ("y", "", "x,y\n1,a\n2,a\n3,a\n", "t.csv: column 'y': only the class 'a' in the training rows"),
        ("y", "", "x,y\n", "t.csv: there are no rows after the header"),
        ("y", "", "x,y\n1,5\n", "t.csv: expected at least 2 rows (2 to train), found 1"),
        ("y", "", "x,y\n1,5\n2,6\n3,inf\n4,9\n", "t.csv:4: column 'y': expected a number, found 'inf'"),
        ("[y, z]", "", "x,y,z\n1,5,1\n2,6,2\n3,a,3\n", "t.csv:4: column 'y': expected a number, found 'a'"),
        ("y", "", "x,y\n1,5\n1e999,6\n3,9\n", "t.csv:3: column 'x': expected a number, found '1e999'"),
    ],
)  # fmt: skip
def test_cells_that_cannot_be_used(target: str, rest: str, csv: str, message: str, tmp_path: Path) -> None:
    """With file, line and column."""
    with pytest.raises(DataError) as caught:
        prepare(config_for(tmp_path, csv, [f"target: {target}"], rest))
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(f"mlp: error: {message}")


def test_a_file_that_is_not_there_is_an_error_of_the_data(tmp_path: Path) -> None:
    """At its place in the config, with the name that may have been meant."""
    config = config_for(tmp_path, PENGUINS, BASE)
    (tmp_path / "t.csv").rename(tmp_path / "tt.csv")
    with pytest.raises(DataError) as caught:
        prepare(config)
    assert str(caught.value).split("\n") == [
        f"mlp: error: {tmp_path}/c.yaml:2:10: there is no file {tmp_path}/t.csv",
        "    train: t.csv",
        "           ^",
        f"hint: did you mean {tmp_path}/tt.csv?",
    ]


def test_a_path_of_the_command_line_starts_where_that_is(tmp_path: Path) -> None:
    """So says the hint, where there is nothing to be meant."""
    config = config_for(tmp_path, PENGUINS, BASE)
    (tmp_path / "t.csv").unlink()
    for overrides, start in (([], "in a config starts at the config's own"), (["data.train=zz"], "given ")):
        with pytest.raises(DataError, match=f"hint: a path {start}"):
            prepare(load_config(config.path, overrides))


def test_a_split_column_of_another_class_is_refused_where_stratify_asks_for_classes(tmp_path: Path) -> None:
    """A regression has no shares to keep, which only the data told."""
    csv = "x,y\n" + "".join(f"{i},{i}\n" for i in range(20))
    with pytest.raises(ConfigError) as caught:
        prepare(config_for(tmp_path, csv, ["target: y", "validation: 0.2", "stratify: true"]))
    assert caught.value.problems[0].message == "expected false, as this is a regression, found true"


def test_texts_stay_as_they_are_in_the_file(tmp_path: Path) -> None:
    """Leading zeros, spaces, NA and None: classes and categories alike."""
    csv = "k,y\n01,NA\n1, x\n01,None\n1,NA\n01, x\n1,None\n"
    prepared = prepare(config_for(tmp_path, csv, ["target: y", "features: {k: one_hot}"]))
    assert prepared.target.classes == (" x", "NA", "None")
    assert prepared.inputs.names == ("k=01", "k=1")


def test_decimal_commas_and_words_for_missing(tmp_path: Path) -> None:
    """As the config states them."""
    csv = "a;b;y\n1,5;?;2,5\n-;u;3,5\n2,5;v;4\n3,5;u;5\n3,5;v;5\n"
    lines = ["target: y", 'separator: ";"', 'decimal: ","', 'na_values: ["?", "-"]', "missing: median"]
    prepared = prepare(config_for(tmp_path, csv, lines))
    assert prepared.inputs.arrays()["inputs.fill"].tolist() == [3.0]
    assert prepared.inputs.meta()[1]["fill"] == "u"
    assert prepared.target.center.tolist() == [4.0]
