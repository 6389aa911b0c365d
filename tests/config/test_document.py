"""YAML is read so that it means what it looks like, and everything else is refused with its place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpcli.config import document
from mlpcli.config.document import MAX_BYTES, MAX_DEPTH, MAX_EVENTS, parse_document
from mlpcli.config.nodes import ListNode, MappingNode, ScalarNode, trace, tree
from mlpcli.errors import ConfigError, ExitCode, Place


def read(text: str) -> MappingNode:
    return parse_document(text.encode(), "c.yaml")


def scalar(text: str) -> ScalarNode:
    node = read(f"key: {text}").entries["key"].node
    assert isinstance(node, ScalarNode)
    return node


def refused(data: bytes | str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_document(data.encode() if isinstance(data, str) else data, "c.yaml")
    assert caught.value.exit_code is ExitCode.CONFIG
    assert all(len(problem.lines()) <= 4 for problem in caught.value.problems)
    return str(caught.value)


NUMBERS = {
    "1e-3": 0.001,
    "1E-3": 0.001,
    "1E3": 1000.0,
    "1e3": 1000.0,
    "1.0e3": 1000.0,
    "2e+1": 20.0,
    "-.5": -0.5,
    "+.5": 0.5,
    ".5": 0.5,
    "5.": 5.0,
    "0.1": 0.1,
    "-0.0": -0.0,
    "0": 0,
    "-1": -1,
    "+7": 7,
    "12345678901234567890": 12345678901234567890,
    "1e-400": 0.0,
}


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_numbers_are_numbers(text: str, value: float) -> None:
    assert scalar(text).value == value
    assert type(scalar(text).value) is type(value)


TEXTS = """
no No NO off Off on On yes Yes y n True TRUE False Null NULL 010 -010 00 01.5 1_000 0x10 0o10 0b1
1:30 12:30 12:30:45 2024-01-01 2024-13-01 nan .nan NaN inf .inf -.inf Infinity 1e400 -1e400
. + e3 1e 1.2.3 ١٢٣ 1,5 = 5%
"""


@pytest.mark.parametrize("text", TEXTS.split())
def test_texts_stay_texts(text: str) -> None:
    assert scalar(text).value == text


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("null", None), ("~", None)])
def test_the_only_words_that_mean_something(text: str, value: object) -> None:
    assert scalar(text).value is value


def test_an_empty_value_is_null() -> None:
    assert scalar("").value is None


def test_thousands_of_digits_are_text() -> None:
    assert scalar("9" * 5000).value == "9" * 5000


@pytest.mark.parametrize("quoted", ["'1e-3'", '"1e-3"', "'true'", "'null'", "''"])
def test_a_quoted_scalar_is_text(quoted: str) -> None:
    node = scalar(quoted)
    assert node.value == quoted[1:-1] == node.text


def test_a_block_scalar_is_text() -> None:
    assert scalar("|-\n  1").value == "1"


def test_keys_are_their_source_text() -> None:
    assert list(read("{0: a, 1.50: b, no: c, 010: d, null: e, ~: f, 'x y': g, 12:30: h}").entries) == [
        "0",
        "1.50",
        "no",
        "010",
        "null",
        "~",
        "x y",
        "12:30",
    ]


def test_places_are_of_the_value_or_of_a_key_whose_value_begins_below() -> None:
    root = read("a: 1\nb:\n  - x\n  - {c: [2, 30]}\n")
    places = {
        ("a",): Place("c.yaml", 1, 4, "a: 1"),
        ("b",): Place("c.yaml", 2, 1, "b:"),
        ("b", 0): Place("c.yaml", 3, 5, "  - x"),
        ("b", 1, "c"): Place("c.yaml", 4, 9, "  - {c: [2, 30]}"),
        ("b", 1, "c", 1): Place("c.yaml", 4, 13, "  - {c: [2, 30]}"),
        ("b", 1, "d", "e"): Place("c.yaml", 4, 5, "  - {c: [2, 30]}"),
    }
    for key, place in places.items():
        entry = trace(root, key)[1]
        assert entry is not None
        assert entry.place == place


def test_a_text_names_an_item_of_a_list() -> None:
    assert trace(read("a: [x, 'y']"), ("a", "y"))[0] == ("a", "y")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_counts(ending: str) -> None:
    entry = trace(read(ending.join(["a: 1", "# é", "b: 2"])), ("b",))[1]
    assert entry is not None
    assert entry.place == Place("c.yaml", 3, 4, "b: 2")


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert list(parse_document(b"\xef\xbb\xbfa: 1", "c.yaml").entries) == ["a"]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "null", "~\n"])
def test_nothing_written_is_a_mapping_without_keys(text: str) -> None:
    assert read(text) == MappingNode({}, Place("c.yaml"))


REFUSED = [
    ("[1, 2]", ["c.yaml:1:1: expected keys such as `data:`, found a list", "  [1, 2]", "  ^"]),
    ("just text", ["c.yaml:1:1: expected keys such as `data:`, found 'just text'", "  just text", "  ^"]),
    (
        "a: 1\nb: 2\na: 3",
        [
            "c.yaml:3:1: the key `a` is given twice",
            "  a: 3",
            "  ^",
            "hint: the first is in line 1: take one away",
        ],
    ),
    (
        "0: 1\n'0': 2",
        [
            "c.yaml:2:1: the key `0` is given twice",
            "  '0': 2",
            "  ^",
            "hint: the first is in line 1: take one away",
        ],
    ),
    (
        "a: &x 1",
        [
            "c.yaml:1:4: anchors are not supported",
            "  a: &x 1",
            "     ^",
            "hint: take it away, or quote a text with `&`",
        ],
    ),
    (
        "a: *x",
        [
            "c.yaml:1:4: aliases are not supported",
            "  a: *x",
            "     ^",
            "hint: write the value out, or quote a text with `*`",
        ],
    ),
    ("a:\n  <<: {b: 1}", ["c.yaml:2:3: merge keys are not supported", "    <<: {b: 1}", "    ^"]),
    (
        "a: !!str 1",
        [
            "c.yaml:1:4: tags are not supported",
            "  a: !!str 1",
            "     ^",
            "hint: take it away, or quote a text with `!`",
        ],
    ),
    (
        "a: !x [1]",
        [
            "c.yaml:1:4: tags are not supported",
            "  a: !x [1]",
            "     ^",
            "hint: take it away, or quote a text with `!`",
        ],
    ),
    (
        "a: ! 1",
        [
            "c.yaml:1:4: tags are not supported",
            "  a: ! 1",
            "     ^",
            "hint: take it away, or quote a text with `!`",
        ],
    ),
    (
        "a: !foo!bar 1",
        [
            "c.yaml:1:4: tags are not supported",
            "  a: !foo!bar 1",
            "     ^",
            "hint: quote a text that begins with `!`",
        ],
    ),
    (
        "a: 1\n---\nb: 2",
        ["c.yaml:2:1: expected one document, found a second one after `---`", "  ---", "  ^"],
    ),
    (
        "%YAML 1.2\n---\na: 1",
        [
            "c.yaml:1:1: YAML directives are not supported",
            "  %YAML 1.2",
            "  ^",
            "hint: take the line with % away",
        ],
    ),
    ("? [1, 2]\n: 3", ["c.yaml:1:3: expected a text as a key, found a list", "  ? [1, 2]", "    ^"]),
    ("{a: 1}: 3", ["c.yaml:1:1: expected a text as a key, found a mapping", "  {a: 1}: 3", "  ^"]),
    ("?\n: 3", ["c.yaml:1:2: expected a key before `:`", "  ?", "   ^"]),
    (
        "{: 3}",
        [
            "c.yaml:1:2: expected a value",
            "  {: 3}",
            "   ^",
            "hint: close brackets, and quote a text that begins with a sign",
        ],
    ),
    (
        "a: b: c",
        [
            "c.yaml:1:5: expected a new line before another `key: value`",
            "  a: b: c",
            "      ^",
            "hint: quote a text that holds `: `, and keep the keys of one level in one column",
        ],
    ),
    (
        "a:\n\tb: 1",
        ["c.yaml:2:1: expected spaces, found a tab", "  \\tb: 1", "  ^", "hint: indent with spaces"],
    ),
    (
        "a: @x",
        [
            "c.yaml:1:4: expected a value, found `@`",
            "  a: @x",
            "     ^",
            "hint: quote a text that begins with `@`",
        ],
    ),
    ("a: 'x", ["c.yaml:1:6: expected a closing quote, found the end", "  a: 'x", "       ^"]),
    (
        "a: [1, 2\nb: 3",
        [
            "c.yaml:2:2: expected `,` or `]`",
            "  b: 3",
            "   ^",
            "hint: a list ends with `]`, a mapping with `}`",
        ],
    ),
    (
        "a:\n  b: 1\n c: 2",
        [
            "c.yaml:3:2: expected the indentation of the lines above, found another",
            "   c: 2",
            "   ^",
            "hint: keys of one level begin in one column",
        ],
    ),
    (
        'a: "x" y',
        [
            "c.yaml:1:8: expected the end of the value, found more text",
            '  a: "x" y',
            "         ^",
            "hint: quote the whole value",
        ],
    ),
    (
        "a: 1\nb",
        ["c.yaml:2:2: expected `:` after a key", "  b", "   ^", "hint: write `key: value`, with a space"],
    ),
    (
        'a: "\\q"',
        [
            "c.yaml:1:6: expected a known escape, found `\\q`",
            '  a: "\\q"',
            "       ^",
            "hint: use single quotes",
        ],
    ),
    ('a: "\\0"', ["c.yaml:1:4: expected text, found the character U+0000", '  a: "\\0"', "     ^"]),
    ('a: "\\ud800"', ["c.yaml:1:4: expected text, found the character U+D800", '  a: "\\ud800"', "     ^"]),
    ('a: "\\U00110000"', ["c.yaml:1:1: this is not valid YAML", '  a: "\\U00110000"', "  ^"]),
    ("a: \x07", ["c.yaml:1:4: expected printable text, found the character U+0007", "  a: \\x07", "     ^"]),
    (
        "a: 1\nb: \0",
        ["c.yaml:2:4: expected printable text, found the character U+0000", "  b: \\x00", "     ^"],
    ),
]


@pytest.mark.parametrize(("text", "lines"), REFUSED, ids=[repr(text) for text, _ in REFUSED])
def test_what_is_refused_and_in_which_words(text: str, lines: list[str]) -> None:
    assert refused(text) == "mlp: error: " + "\n".join(lines)


def test_everything_refused_is_told_at_once_a_syntax_error_included() -> None:
    message = refused("a: &x 1\nb: *x\nc: !t 1\na: 2\n<<: 3\nd: [")
    places = [line.split(" ")[2] for line in message.splitlines() if line.startswith("mlp: error")]
    assert places == [
        "c.yaml:1:4:",
        "c.yaml:2:4:",
        "c.yaml:3:4:",
        "c.yaml:4:1:",
        "c.yaml:5:1:",
        "c.yaml:6:5:",
    ]


ENCODINGS = [
    (
        "key: 1".encode("utf-16"),
        "mlp: error: c.yaml: expected UTF-8 text, found UTF-16\nhint: save the file as UTF-8",
    ),
    (
        "a: 1\nb: é".encode("latin-1"),
        "mlp: error: c.yaml:2: expected UTF-8 text, found the byte 0xe9\nhint: save the file as UTF-8",
    ),
    (b"\x89PNG\r\n\x1a\n\0\0", "mlp: error: c.yaml:1: expected UTF-8 text, found the byte 0x89"),
    (
        b"a: 1 # " + b"x" * MAX_BYTES,
        "mlp: error: c.yaml: expected a config of at most 4 MiB, found a larger file",
    ),
]


@pytest.mark.parametrize(("data", "message"), ENCODINGS)
def test_what_is_not_small_utf8_text_is_refused(data: bytes, message: str) -> None:
    assert refused(data) == message


def nested(depth: int) -> str:
    return "a: " + "[" * depth + "]" * depth


def test_nesting_has_a_limit() -> None:
    read(nested(MAX_DEPTH - 1))
    assert "expected at most 16 levels of nesting, found more" in refused(nested(MAX_DEPTH))


def test_the_number_of_values_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted with a smaller one: so many values take seconds to read."""
    assert MAX_EVENTS == 100_000
    monkeypatch.setattr(document, "MAX_EVENTS", 2_000)
    fixed = 8  # begin and end of stream, document, mapping and list
    full = "a: [" + "1," * (2_000 - fixed - 1) + "]"
    items = read(full).entries["a"].node
    assert isinstance(items, ListNode)
    assert len(items.items) == 2_000 - fixed - 1
    assert "expected a config of at most 2,000 values, found more" in refused(full.replace("[", "[1,1,"))


BOMBS = {
    "brackets": "[" * 60_000,
    "braces": "{" * 60_000,
    "dashes": "- " * 30_000,
    "questions": "? " * 30_000,
    "commas": "[" + "a," * 30_000,
    "anchors": "&a " * 20_000,
    "tags": "!a " * 20_000,
    "laughs": "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(30)),
    "itself": "a: &a [*a]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_files_are_given_up_early(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not timed, but counted: PyYAML is asked for no more events than the limits allow."""
    asked = 0
    parse = yaml.parse

    def counting(text: str, Loader: type[yaml.SafeLoader]) -> Iterator[yaml.Event]:
        nonlocal asked
        for event in parse(text, Loader):
            asked += 1
            yield event

    monkeypatch.setattr(yaml, "parse", counting)
    refused(BOMBS[name])
    assert asked <= MAX_EVENTS + 1


SIGNS = tuple("[]{}'\"\\#\t~@`-:?,\0\u2028\x85\ufeff\ud800\né")
WORDS = ("a", "b: ", "\n  ", "- ", "&x ", "*x", "!t ", "!!binary ", "<<: ", "? ", "|\n", ">-\n", " #", "1e3")
LINES = ("---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n", '"\\U00110000"', '"\\ud800"', '"\\x0"')
FRAGMENTS = st.sampled_from(SIGNS + WORDS + LINES)


@settings(deadline=None)
@given(st.lists(FRAGMENTS, max_size=40).map("".join) | st.text(max_size=60))
def test_whatever_the_text_only_config_errors_come_out(text: str) -> None:
    try:
        root = parse_document(text.encode("utf-8", "surrogatepass"), "c.yaml")
    except ConfigError:
        return
    assert isinstance(tree(root), dict)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_whatever_the_bytes_only_config_errors_come_out(data: bytes) -> None:
    try:
        parse_document(data, "c.yaml")
    except ConfigError as error:
        assert str(error).startswith("mlp: error: c.yaml")
