"""Numbers that say which and not how much: the names of rows, and codes."""

from __future__ import annotations

import re

import numpy as np

from mlpcli.arrays import Vector

# the last word of a name
IDS = {"id", "ids", "uuid", "guid", "index", "idx", "key", "pk", "rowid", "userid", "customerid"}
NUMBERS = {"no", "nr", "num", "number", "nummer", "ref", "serial", "record", "row"}
CODES = {
    "code", "zip", "zipcode", "postcode", "postal", "plz", "phone", "telephone", "tel", "mobile", "fax",
    "ssn", "isbn", "ean", "upc", "sku", "barcode", "fips", "account", "acct", "iban", "imei",
}  # fmt: skip
RANKS = {"rank", "ranking", "place", "position", "order"}  # as different, and amounts
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
NEARLY = 0.99  # of the cells are different from each other
CALLED = 0.9  # where the name says it too
SOME = 20  # rows, below which all may be different by chance
DENSE = 3  # places for each value, with which amounts would meet
MEETINGS = 10  # of two equal amounts that chance would bring
DIGITS, ROUND = 8, 0.3  # fewer than this share of ids, and more of amounts, end with 0
BINS = 20
YEARS = (1500, 2200)


def words_of(name: str) -> list[str]:
    """The words of a name, in small letters: `customerId` and `customer_id` are customer and id."""
    return [word.lower() for word in WORD.findall(name)]


def called_id(name: str) -> bool:
    """Whether a column is called like what names a row, or a thing that has rows."""
    return bool(IDS.intersection(words_of(name)[-1:]))


def called_code(name: str) -> bool:
    """Whether a column is called like an id or a code that several rows may have."""
    words = words_of(name)
    first = (CODES - {"code", "account", "mobile"}).intersection(words[:1])
    return bool(first or (CODES | IDS - {"index", "idx", "key"}).intersection(words[-1:]))


def are_whole(numbers: Vector) -> bool:
    """Whether no number has a fraction; the first of many amounts has one mostly."""
    parts = (numbers[:SOME], numbers[SOME:])
    return not any((part - np.floor(part) != 0).any() for part in parts)  # many times as fast as `% 1`


def is_numbering(known: Vector) -> bool:
    """Whether whole numbers go up by one from row to row."""
    if len(known) < 3 or known[1] - known[0] != 1:
        return False
    return bool(np.all(np.diff(known) == 1)) and not _are_years(known)


def naming(name: str, known: Vector, distinct: int) -> str | None:
    """Why numbers, in the order of the rows, seem to name rows; None where they do not."""
    share = distinct / max(1, len(known))
    if len(known) < 2 or not are_whole(known) or _are_years(known):
        return None
    words = words_of(name)
    called = called_id(name) or bool((NUMBERS | CODES).intersection(words[-1:]))
    if called and share >= CALLED and distinct > 2:
        return "nearly every row has another one" if share < 1 else "different in every row"
    if len(known) < SOME or share < NEARLY or RANKS.intersection(words):
        return None
    return _drawn_once(known, distinct)


def _drawn_once(known: Vector, distinct: int) -> str | None:
    """Why whole numbers that are nearly all different seem to be no amounts, which would meet by chance."""
    span = float(known.max() - known.min()) + 1
    if span <= DENSE * distinct:
        return f"{distinct:,} different whole numbers that leave few gaps"
    if distinct == len(known) and _meetings(known) >= MEETINGS:
        return f"{distinct:,} whole numbers, no two the same"
    if _same_length(known) and np.mean(known % 10 == 0) < ROUND:
        return "nearly all different, and all as long"
    return None


def _are_years(known: Vector) -> bool:
    return bool(known.min() >= YEARS[0] and known.max() <= YEARS[1])


def _meetings(known: Vector) -> float:
    """How many pairs of equal numbers to expect, had each been drawn from where these are, with repetition.

    n² / 2 · Σ p²/w over bins with as many numbers each: p is their share, w how many whole numbers a bin has.
    """
    edges = np.quantile(known, np.linspace(0, 1, BINS + 1))
    widths = np.maximum(np.diff(edges), 1.0)
    return float(len(known) ** 2 / 2 * np.sum(1 / (BINS**2 * widths)))


def _same_length(known: Vector) -> bool:
    low, high = float(known.min()), float(known.max())
    return low >= 10 ** (DIGITS - 1) and len(str(int(low))) == len(str(int(high)))
