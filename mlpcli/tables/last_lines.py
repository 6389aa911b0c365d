"""What stands after the last row of a file: lines that hold nothing, which are left out."""

from __future__ import annotations

import shlex

LINE_ENDS = b"\r\n"
# ^Z, with which old systems end a text
END_MARK = b"\x1a"
SPACES = b" \t"
SUMS = {"total", "totals", "grand total", "sum", "mean", "average", "gesamt", "summe", "mittelwert", "totale"}


def nothing_of(separator: str) -> bytes:
    """What lines that hold nothing are made of, where there are several columns."""
    return LINE_ENDS + END_MARK + SPACES + separator.encode()


def without_empty_rows(separator: str) -> str:
    """The command that takes out all lines that hold nothing."""
    return f"grep -v {shlex.quote(f'^[{separator}[:space:]]*$')}"


def without_last_lines(content: bytes, nothing: bytes, source: str) -> tuple[bytes, list[str]]:
    """The content up to the last line that holds something, which ends in a line feed; and notes."""
    text = len(content.rstrip(nothing))
    if not text:
        return b"", _notes(content, source)
    end = content.find(b"\n", text)
    last, rest = (content, b"") if end < 0 else (content[:end], content[end + 1 :])
    stripped = last.rstrip(LINE_ENDS)
    ended = stripped.removesuffix(END_MARK)
    marked = END_MARK if ended != stripped else b""
    return ended + b"\n", _notes(marked + rest, source)


def sum_of(content: bytes, separator: str) -> tuple[int, str] | None:
    """Where the last of some whole lines begins, and its first word, if that is one that a sum has."""
    start = content.rfind(b"\n", 0, len(content) - 1) + 1
    word = content[start:].split(separator.encode(), 1)[0].strip(b'" \t\r\n').decode()
    return (start, word) if word.casefold() in SUMS else None


def _notes(rest: bytes, source: str) -> list[str]:
    """What is said about lines that are left out; blank ones are no lines of any table."""
    notes = []
    lines = [line for line in rest.replace(END_MARK, b"").split(b"\n") if line.strip(LINE_ENDS)]
    if lines:
        which = "1 line is" if len(lines) == 1 else f"{len(lines):,} lines are"
        notes.append(f"{source}: {which} left out at the end, with nothing between the separators")
    if END_MARK in rest:
        notes.append(f"{source}: a ^Z at the end is left out")
    return notes
