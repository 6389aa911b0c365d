"""The document of a report: valid by its schema, read back to the same, refused where it is another one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.report.document import ReportDocument, read_document, report_schema
from tests.support.sample_reports import SAMPLES

SCHEMA = report_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["title"] == "mlp report"


def test_every_key_says_what_it_is_for() -> None:
    models = [SCHEMA, *(model for model in SCHEMA["$defs"].values() if "properties" in model)]
    silent = [
        (model["title"], name)
        for model in models
        for name, schema in model["properties"].items()
        if "description" not in schema
    ]
    assert not silent


@pytest.mark.parametrize("name", SAMPLES)
def test_a_document_is_valid_and_reads_back(name: str) -> None:
    document: ReportDocument = SAMPLES[name]
    content = document.content()
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(content))] == []
    assert read_document(content) == document
    assert read_document(content).content() == content


def changed(**keys: Any) -> bytes:
    return json.dumps({**json.loads(SAMPLES["two classes"].content()), **keys}).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[]", "the metadata is not a JSON object"),
        (b'{"format": "mlp-model"}', "this is no report of a run"),
        (changed(version=2), "the report is of another version of mlp"),
        (changed(epochs=2), "epochs: Extra inputs are not permitted"),
        (changed(name="x" * 121), "name: String should have at most 120 characters"),
    ],
)
def test_another_file_is_refused_in_words(data: bytes, message: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_document(data)
    assert caught.value.message == message
