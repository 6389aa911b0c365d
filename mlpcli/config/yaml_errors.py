"""PyYAML's words for a syntax error, and ours."""

from __future__ import annotations

import re

from mlpcli.errors import clean

# patterns of PyYAML's texts: what to say instead, and what to do
SYNTAX: tuple[tuple[str, str, str | None], ...] = (
    (
        r"mapping values are not allowed here",
        "expected a new line before another `key: value`",
        "quote a text that holds `: `, and keep the keys of one level in one column",
    ),
    (r"found character '\\t'", "expected spaces, found a tab", "indent with spaces"),
    (r"found character '([@`%])'", "expected a value, found `{0}`", "quote a text that begins with `{0}`"),
    (r"could not find expected ':'", "expected `:` after a key", "write `key: value`, with a space"),
    (r"found unexpected end of stream", "expected a closing quote, found the end", None),
    (r"found unexpected document separator", "expected a closing quote, found the end of a document", None),
    (
        r"expected <block end>, but found '<(block mapping start|block sequence start)>'",
        "expected the indentation of the lines above, found another",
        "keys of one level begin in one column",
    ),
    (
        r"expected <block end>, but found '<scalar>'",
        "expected the end of the value, found more text",
        "quote the whole value",
    ),
    (
        r"expected <block end>, but found '-'",
        "expected a key, found a list item",
        "indent the list below its key",
    ),
    (
        r"expected <block end>",
        "expected a key or the end of a level",
        "check brackets, commas and indentation",
    ),
    (r"expected ',' or '([\]}])'", "expected `,` or `{0}`", "a list ends with `]`, a mapping with `}}`"),
    (
        r"expected the node content",
        "expected a value",
        "close brackets, and quote a text that begins with a sign",
    ),
    (
        r"found undefined alias|expected alphabetic or numeric",
        "expected a value",
        "quote a text with `*` or `&`",
    ),
    (r"tag", "tags are not supported", "quote a text that begins with `!`"),
    (r"found unknown escape character '(.)'", "expected a known escape, found `\\{0}`", "use single quotes"),
    (r"expected escape sequence of", "expected hexadecimal digits after the escape", "use single quotes"),
    (
        r"sequence entries are not allowed here",
        "expected a value, found a list item",
        "begin the list on a new line",
    ),
    (r"duplicate|directive|%", "YAML directives are not supported", "take the line with % away"),
    (r"expected '<document start>'", "expected one value, found more", "check the indentation"),
)


def explain_yaml_error(problem: str) -> tuple[str, str | None]:
    """The message and the hint for a problem in PyYAML's words."""
    for pattern, message, hint in SYNTAX:
        match = re.search(pattern, problem)
        if match:
            return message.format(*match.groups()), hint.format(*match.groups()) if hint else None
    return f"this is not valid YAML: {clean(problem)}", None
