"""Every way a command can fail: its exit code and the message that a person reads."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import zip_longest
from typing import ClassVar, Self


class ExitCode(IntEnum):
    """What a shell script can tell from `$?`; the README has the same table."""

    DONE = 0
    BUG = 1
    USAGE = 2
    CONFIG = 3
    DATA = 4
    MODEL = 5
    OUTPUT = 6
    DIVERGED = 7
    BUSY = 8
    MEMORY = 9
    CHECK_FAILED = 10


def clean(text: object, limit: int = 200) -> str:
    """Text from outside, safe on a terminal: control and invisible characters escaped, cut at `limit`."""
    whole = str(text)
    shown = whole[:limit]
    safe = "".join(c if printable(c) else c.encode("unicode_escape").decode() for c in shown)
    return safe + "…" if len(whole) > limit else safe


# control, format, surrogate, private, unassigned; line and paragraph separators
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(character: str) -> bool:
    """Whether a character only shows something, and changes nothing else on a terminal."""
    return character == " " or unicodedata.category(character) not in UNPRINTABLE


@dataclass(frozen=True)
class Place:
    """Where a problem is: a file, or a command-line option, with a line and a column where there is one.

    `source_line` is the text of the line, without its end, where showing it with a caret helps.
    """

    source: str
    line: int | None = None
    column: int | None = None
    source_line: str | None = None

    def __str__(self) -> str:
        numbers = [str(n) for n in (self.line, self.column) if n is not None]
        return ":".join([clean(self.source), *numbers])

    def excerpt(self) -> list[str]:
        """The source line and the caret below its column, or nothing."""
        if self.source_line is None or self.column is None:
            return []
        start = max(0, self.column - 60)
        shown = self.source_line[start : start + 100]
        before = clean(shown[: self.column - 1 - start])
        return ["  " + clean(shown), "  " + " " * len(before) + "^"]


@dataclass(frozen=True)
class Problem:
    """One mistake: what was expected and what was found, where, and what to do next. At most four lines."""

    message: str
    place: Place | None = None
    hint: str | None = None

    def lines(self) -> list[str]:
        """The message as printed: `mlp: error: PLACE: message`, excerpt, hint."""
        where = f"{self.place}: " if self.place else ""
        lines = [f"mlp: error: {where}{clean(self.message, 1000)}"]
        if self.place:
            lines += self.place.excerpt()
        if self.hint:
            lines.append(f"hint: {clean(self.hint, 1000)}")
        return lines


class MlpError(Exception):
    """A failure with a message for a person and an exit code for a script."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """All problems as printed; of neighbours with the same hint only the last one says it."""
        following = [problem.hint for problem in self.problems[1:]]
        told = [
            replace(problem, hint=None) if problem.hint == later else problem
            for problem, later in zip_longest(self.problems, following)
        ]
        return [line for problem in told for line in problem.lines()]

    def __reduce__(self) -> tuple[type[MlpError], tuple[Problem, ...]]:
        """Copied and sent to another process by what it was made of."""
        return type(self), self.problems

    @classmethod
    def of(cls, message: str, place: Place | None = None, hint: str | None = None) -> MlpError:
        """The error made of a single problem."""
        return cls(Problem(message, place, hint))


class UsageError(MlpError):
    """The command line is wrong."""

    exit_code = ExitCode.USAGE


class ConfigError(MlpError):
    """The configuration is wrong, a limit that it breaks included."""

    exit_code = ExitCode.CONFIG


class DataError(MlpError):
    """The data is wrong, a limit included."""

    exit_code = ExitCode.DATA


class ModelError(MlpError):
    """The model file is wrong, a limit included."""

    exit_code = ExitCode.MODEL


class OutputError(MlpError):
    """An output could not be written; what was there before is intact."""

    exit_code = ExitCode.OUTPUT


class DivergedError(MlpError):
    """Training met a loss, a gradient or a weight that is not finite."""

    exit_code = ExitCode.DIVERGED


class BusyError(MlpError):
    """The run directory is in use by another run."""

    exit_code = ExitCode.BUSY


class MemoryLimitError(MlpError):
    """Out of memory, or not enough by estimate on this machine."""

    exit_code = ExitCode.MEMORY


class CheckFailedError(MlpError):
    """A check that was asked for failed."""

    exit_code = ExitCode.CHECK_FAILED


@dataclass(frozen=True)
class WrongSetting:
    """One mistake about a setting: its key, such as `("data", "target")`, what is wrong, what to do next."""

    key: tuple[str | int, ...]
    message: str
    hint: str | None = None


class SettingError(Exception):
    """Settings that do not go with the data, by their keys: whoever has the config knows the places.

    `placed` is the error that it becomes there.
    """

    placed: ClassVar[type[MlpError]] = ConfigError

    def __init__(self, *settings: WrongSetting) -> None:
        self.settings = settings
        super().__init__("\n".join(setting.message for setting in settings))

    @classmethod
    def of(cls, key: tuple[str | int, ...], message: str, hint: str | None = None) -> Self:
        """The error about a single setting."""
        return cls(WrongSetting(key, message, hint))


class NotThereError(SettingError):
    """Settings that name a file or a column which is not there: the data is wrong as much as they are."""

    placed: ClassVar[type[MlpError]] = DataError
