"""Texts, numbers and comments as C has them, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mlpcli.errors import clean

LONGEST_LITERAL: Final = 4_000  # bytes; a compiler need not take 4,096
WIDTH: Final = 100

# of C99 to C23 and C++, and macros that <math.h>, <string.h>, <stdio.h> or a compiler may define
RESERVED_WORDS: Final = """
    alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char class compl complex
    concept const const_cast consteval constexpr constinit continue decltype default delete do double
    dynamic_cast else enum errno explicit export extern false far float for friend goto huge i386 if imaginary
    inline int interface linux long mutable namespace near new noexcept not not_eq nullptr operator or or_eq
    private protected public register reinterpret_cast requires restrict return short signed sizeof static
    static_assert static_cast stderr stdin stdout struct switch template this thread_local throw true try
    typedef typeid typename typeof union unix unsigned using virtual void volatile wchar_t while xor xor_eq
    BUFSIZ DOMAIN EDOM EILSEQ EOF ERANGE EXIT_FAILURE EXIT_SUCCESS FP_INFINITE FP_NAN FP_NORMAL FP_SUBNORMAL
    FP_ZERO HUGE HUGE_VAL HUGE_VALF HUGE_VALL I INFINITY MATH_ERRNO MAXFLOAT M_E M_PI NAN NDEBUG NULL OVERFLOW
    PLOSS SING TLOSS UNDERFLOW isfinite isinf isnan isnormal signbit
"""
RESERVED: Final = frozenset(RESERVED_WORDS.split())
# of C99 to C23: one of these names in the directory of a program would stand before the system's
HEADERS: Final = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
    stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar
    wchar wctype
"""
STANDARD_HEADERS: Final = frozenset(HEADERS.split())


def literal(text: str) -> str:
    """A text as a string literal: in ASCII, without what a trigraph could be."""
    found = []
    for byte in text.encode("utf-8", "surrogatepass"):
        character = chr(byte)
        if character in '"\\?':
            found.append(f"\\{character}")
        elif 32 <= byte < 127:
            found.append(character)
        else:
            found.append(f"\\{byte:03o}")
    return f'"{"".join(found)}"'


def comment(text: str) -> str:
    """A text that may stand in a comment: nothing in it ends one, begins one, or joins lines."""
    shown = clean(text, 100).replace("\\", "\\\\").replace("??", "? ?")
    return shown.replace("*/", "* /").replace("/*", "/ *")


def double(value: float) -> str:
    """A finite number in double precision, with all its digits, or NAN."""
    return "NAN" if value != value else repr(float(value))


def table(kind: str, name: str, values: Iterable[str]) -> str:
    """A table that never changes, with its values in lines."""
    lines = "\n".join(f"    {line}" for line in wrap_values(list(values)))
    return f"static const {kind} {name}[] = {{\n{lines}\n}};\n"


def wrap_values(values: Sequence[str]) -> list[str]:
    """Values with commas between, in lines."""
    lines, line = [], ""
    for value in values:
        if line and len(line) + len(value) + 2 > WIDTH:
            lines.append(line)
            line = ""
        line += f"{value}, " if line or value else value
    return [one.rstrip() for one in (*lines, line)]
