"""What each encoding, each policy for missing cells and each scaling does, for editors and the reference."""

from __future__ import annotations

from collections.abc import Mapping

from mlpcli.config.refusals import JsonSchema

ENCODINGS = {
    "standardize": "(x − mean) / std; a constant column becomes 0",
    "minmax": "(x − min) / (max − min), to 0..1",
    "maxabs": "x / max |x|",
    "robust": "(x − median) / (75 % quantile − 25 % quantile); a constant column becomes 0",
    "quantile": "the rank of x from 0 to 1, between up to 1,000 quantiles; or made normal by `output`",
    "none": "x as it is",
    "one_hot": "a column of 0 and 1 for each category; one that training did not have is all 0",
    "embed": "a learnt vector for each category; one that training did not have is all 0",
    "ordinal": "the position in `categories`, from 0",
    "log1p": "log(1 + x), then standardized; for amounts and counts above −1",
    "datetime": "dates and times: their parts as numbers, those that come again as sine and cosine",
}
POLICIES = {
    "error": "a missing cell is an error",
    "mean": "the mean of the training rows; the most frequent category of a text column",
    "median": "the median of the training rows; the most frequent category of a text column",
    "most_frequent": "the most frequent value of the training rows",
    "constant": "a value given: `{constant: VALUE}`",
    "category": "a category of its own; for text columns",
    "drop": "the row is left out of the training data; an error in other rows",
}
SCALES = {
    "none": "the target as it is",
    "standardize": "(y − mean) / std",
    "minmax": "(y − min) / (max − min), to 0..1",
    "maxabs": "y / max |y|",
    "divide": "y / a number given: `{divide: NUMBER}`",
}


def names_schema(words: Mapping[str, str], *others: str) -> JsonSchema:
    """The schema of a name alone, with what each means; `others` cannot stand alone."""
    names = [{"const": name, "description": meaning} for name, meaning in words.items() if name not in others]
    return {"oneOf": names}
