"""Shell commands that mend a table, as hints give them: each works as it is printed, packed files too."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

LONGEST = 400  # characters of a command that a person still reads


@dataclass(frozen=True)
class Mending:
    """A file, and the stages through which its bytes become lines of UTF-8, such as `gunzip -c`."""

    name: str
    stages: tuple[str, ...] = ()

    def through(self, command: str, to: str) -> str:
        """The command over the whole file: what it puts out is a new file."""
        first, *rest = (*self.stages, command)
        return f"{' | '.join([self._over(first), *rest])} > {self._output(to)}"

    def below(self, command: str, kept_from: int) -> str:
        """The line that a command prints, and below it the lines of the file from a certain one on."""
        tail = f"tail -n +{kept_from}"
        own = [*self.stages, *([tail] if kept_from > 1 else [])] or ["cat"]
        rows = " | ".join([self._over(own[0]), *own[1:]])
        return f"{{ {command}; {rows}; }} > {self._output('named')}"

    def from_line(self, line: int) -> str:
        """The file without the lines before this one."""
        return self.through(f"tail -n +{line}", "table")

    def up_to_line(self, line: int) -> str:
        """The file without the lines after this one."""
        return self.through(f"head -n {line}", "table")

    def _over(self, command: str) -> str:
        if self.name == "stdin":
            return command
        reads_standard_input_alone = command.startswith("tr ")
        file = shlex.quote(self.name)
        return f"{command} < {file}" if reads_standard_input_alone else f"{command} {file}"

    def _output(self, stem: str) -> str:
        """A new file, with the ending of this one, which may say how it is separated."""
        name = PurePath(self.name.removesuffix(".gz"))
        output = f"{stem}{name.suffix or '.csv'}"
        return output if output != name.name else f"new-{output}"


def joined(fields: Sequence[str], separator: str) -> str:
    """Fields as one line of a file, in quotes where they need them."""
    special = ('"', separator, "\n", "\r")
    return separator.join(
        '"' + field.replace('"', '""') + '"' if any(sign in field for sign in special) else field
        for field in fields
    )


def printed(line: str) -> str:
    """The command that prints a line."""
    if "\t" not in line:
        return f"echo {shlex.quote(line)}"
    escaped = line.replace("\\", r"\\").replace("%", "%%").replace("\t", r"\t") + r"\n"
    return f"printf {shlex.quote(escaped)}"


def letters(count: int) -> list[str]:
    """So many names for columns, as spreadsheets have them: a to z, then aa, ab, ..."""
    names = []
    for number in range(1, count + 1):
        name = ""
        while number:
            number, rest = divmod(number - 1, 26)
            name = chr(ord("a") + rest) + name
        names.append(name)
    return names
